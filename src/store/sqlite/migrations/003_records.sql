-- The CRM around the timeline: archived records, what their properties were before, and who belongs to whom.

ALTER TABLE record ADD COLUMN archived_at INTEGER;

-- Searches find these by their value, in any letter case: INDEXED_PROPERTIES.
CREATE INDEX property_value ON property (name, lower(value), place)
  WHERE name IN ('domain', 'name', 'firstname', 'lastname', 'dealname', 'subject', 'phone', 'company');

-- Every value that a property was given. `property` has the one that holds.
CREATE TABLE property_change (
  seq    INTEGER PRIMARY KEY,
  place  INTEGER NOT NULL,
  name   TEXT    NOT NULL,
  value  TEXT    NOT NULL,
  at     INTEGER NOT NULL,
  source TEXT    NOT NULL -- the event's id, or what call it was
) STRICT;
CREATE INDEX property_change_name ON property_change (place, name, at);

-- Both directions stand here, each a row.
CREATE TABLE association (
  portal    INTEGER NOT NULL,
  from_type TEXT    NOT NULL,
  from_id   INTEGER NOT NULL,
  to_type   TEXT    NOT NULL,
  to_id     INTEGER NOT NULL,
  PRIMARY KEY (portal, from_type, from_id, to_type, to_id)
) STRICT, WITHOUT ROWID;
