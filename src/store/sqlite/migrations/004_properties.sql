-- Property definitions and groups: what a portal made itself, or changed of the predefined ones. Rows stay when a
-- definition is archived, so that versions go on.
CREATE TABLE definition (
  portal      INTEGER NOT NULL,
  object_type TEXT    NOT NULL,
  kind        TEXT    NOT NULL, -- property or group
  name        TEXT    NOT NULL,
  version     INTEGER NOT NULL,
  body        TEXT    NOT NULL, -- JSON
  PRIMARY KEY (portal, object_type, kind, name)
) STRICT, WITHOUT ROWID;
