-- How far bulk imports have come. A step of an import is committed with the events that it brought.
CREATE TABLE import (
  id           INTEGER PRIMARY KEY,
  portal       INTEGER NOT NULL REFERENCES portal,
  app          INTEGER NOT NULL REFERENCES app,
  head         BLOB    NOT NULL, -- digest of what the file begins with
  at           INTEGER NOT NULL, -- bytes of it that are done
  line         INTEGER NOT NULL, -- lines of it that are done
  last_line_at INTEGER NOT NULL, -- where the last of these begins
  last_line    BLOB    NOT NULL, -- its digest
  stored       INTEGER NOT NULL,
  refused      INTEGER NOT NULL,
  report_bytes INTEGER NOT NULL, -- of the report file that are written
  UNIQUE (portal, app, head)
) STRICT;

-- Lines that were refused and may not yet be in the report file.
CREATE TABLE import_refusal (
  import  INTEGER NOT NULL REFERENCES import,
  line    INTEGER NOT NULL,
  refusal TEXT    NOT NULL, -- JSON
  PRIMARY KEY (import, line)
) STRICT, WITHOUT ROWID;
