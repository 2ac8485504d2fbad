-- Whom events are about: visitors that become known, people that are merged or erased, and what is known of them.

-- A utk may be free again, after its contact is archived or erased: then it has a place of its own anew.
DROP INDEX place_visitor;
CREATE UNIQUE INDEX place_visitor ON place (portal, utk) WHERE utk IS NOT NULL AND object_id IS NULL;

-- The record that this one was merged into, always one that remains.
ALTER TABLE record ADD COLUMN merged_into INTEGER;
CREATE INDEX record_merged ON record (portal, object_type, merged_into) WHERE merged_into IS NOT NULL;
-- Whose own a place is: for setting its properties, and for the reference when a place goes.
CREATE INDEX record_place ON record (place);
ALTER TABLE record ADD COLUMN updated_at INTEGER NOT NULL DEFAULT 0;
UPDATE record SET updated_at = created_at;

-- A record's properties stand at its own place; a visitor's wait at the visitor's, until the visitor is known.
CREATE TABLE property (
  place INTEGER NOT NULL,
  name  TEXT    NOT NULL,
  value TEXT    NOT NULL,
  at    INTEGER NOT NULL, -- the time of the event or call that said so: the newest wins
  PRIMARY KEY (place, name)
) STRICT, WITHOUT ROWID;

-- What a form said of a visit. Kept with the contact that it was about.
CREATE TABLE visit (
  id        INTEGER PRIMARY KEY,
  portal    INTEGER NOT NULL,
  object_id INTEGER NOT NULL,
  utk       TEXT,
  at        INTEGER NOT NULL,
  context   TEXT    NOT NULL -- JSON, as it came
) STRICT;
CREATE INDEX visit_contact ON visit (portal, object_id);
CREATE INDEX visit_utk     ON visit (portal, utk) WHERE utk IS NOT NULL;

-- E-mails of people who were erased, as keyed hashes: not readable, though who has the folder can try an address.
CREATE TABLE erased_email (
  portal INTEGER NOT NULL,
  hash   BLOB    NOT NULL,
  PRIMARY KEY (portal, hash)
) STRICT, WITHOUT ROWID;
CREATE TABLE erasing_key (key BLOB NOT NULL) STRICT;
INSERT INTO erasing_key VALUES (randomblob(32));

-- A row while what was erased may still be readable in the files: scrub.ts sees to it.
CREATE TABLE scrub_owed (owed INTEGER NOT NULL) STRICT;

-- Events that say an e-mail without standing on its contact: erasing the person takes it out of them.
CREATE TABLE mention (
  portal INTEGER NOT NULL,
  key    TEXT    NOT NULL,
  seq    INTEGER NOT NULL,
  PRIMARY KEY (portal, key, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX mention_event ON mention (seq);
