-- A new contact writes less. Its own place is found by its record, and its record by its place: only places that became a
-- record's later (a visitor's, or of a contact that was merged into it) are looked for by whose they are.
ALTER TABLE place ADD COLUMN further INTEGER NOT NULL DEFAULT 0;
UPDATE place SET further = 1 WHERE object_id IS NOT NULL AND id IS NOT (
  SELECT r.place FROM record r
  WHERE r.portal = place.portal AND r.object_type = place.object_type AND r.id = place.object_id);
DROP INDEX place_owner;
CREATE INDEX place_further ON place (portal, object_type, object_id) WHERE further;
DROP INDEX record_place;

-- The places of visitors by their utks, but for those of the newest places, from `below` on: see utks.ts.
CREATE TABLE visitor (
  portal INTEGER NOT NULL,
  utk    TEXT    NOT NULL,
  place  INTEGER NOT NULL,
  PRIMARY KEY (portal, utk)
) STRICT, WITHOUT ROWID;
INSERT INTO visitor SELECT portal, utk, id FROM place WHERE utk IS NOT NULL ORDER BY portal, utk;
DROP INDEX place_visitor;
CREATE TABLE visitor_tail (
  below        INTEGER NOT NULL,
  erases       INTEGER NOT NULL, -- counted where the newest place is gone: its number comes again
  moved_portal INTEGER NOT NULL, -- of the places from `below` on, the next ones that go into the index are after this
  moved_utk    TEXT    NOT NULL,
  run          INTEGER NOT NULL  -- places that are sorted at once
) STRICT;
INSERT INTO visitor_tail SELECT coalesce(max(id), 0) + 1, 0, 0, '', 4096 FROM place;

-- An identity that was sent as it compares is not kept twice: '' stands for its key. It tells its contact's place.
ALTER TABLE identity ADD COLUMN place INTEGER NOT NULL DEFAULT 0;
UPDATE identity SET value = iif(value = key, '', value), place = coalesce((
  SELECT r.place FROM record r
  WHERE r.portal = identity.portal AND r.object_type = 'contacts' AND r.id = identity.object_id), 0);

-- Portals stay, and a place goes with its record: that SQLite looked for each of them cost a tenth of what a new contact
-- does. To take a reference away is to change the text, see SQLite's "Making Other Kinds Of Table Schema Changes".
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(replace(sql, ' REFERENCES portal', ''), ' REFERENCES place', '')
  WHERE type = 'table' AND name IN ('place', 'record', 'identity');
PRAGMA writable_schema = RESET;
