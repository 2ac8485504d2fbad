-- Types that portals made themselves, and properties of which no two records have the same value.

-- A custom object: its type is `2-` and its number, which no other will ever have. Ids below these are HubSpot's own.
CREATE TABLE object_schema (
  n           INTEGER PRIMARY KEY AUTOINCREMENT,
  portal      INTEGER NOT NULL REFERENCES portal,
  name        TEXT    NOT NULL COLLATE NOCASE,
  version     INTEGER NOT NULL,
  archived_at INTEGER,
  body        TEXT    NOT NULL -- JSON
) STRICT;
CREATE UNIQUE INDEX object_schema_name ON object_schema (portal, name);
CREATE INDEX object_schema_met ON object_schema (name, portal);
INSERT INTO sqlite_sequence (name, seq) VALUES ('object_schema', 100000);

-- Whether there are records of a custom object: it is not archived while there are. Standard types are above '3'.
CREATE INDEX record_custom ON record (portal, object_type) WHERE archived_at IS NULL AND object_type < '3';

-- What finds the record by the value, where the property is unique and the record is there: see `uniqueKey`.
ALTER TABLE property ADD COLUMN unique_key TEXT;
CREATE INDEX property_unique ON property (unique_key) WHERE unique_key IS NOT NULL;
