-- Who may call.
CREATE TABLE portal (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  name           TEXT    NOT NULL,
  lenient        INTEGER NOT NULL,
  time_zone      TEXT,
  next_object_id INTEGER NOT NULL DEFAULT 28001
) STRICT;

CREATE TABLE app (
  id                 INTEGER PRIMARY KEY AUTOINCREMENT,
  name               TEXT NOT NULL,
  client_id          TEXT NOT NULL UNIQUE,
  client_secret_hash BLOB,
  developer_key_hash BLOB UNIQUE,
  redirect_uris      TEXT NOT NULL, -- a JSON array
  scopes             TEXT NOT NULL  -- a JSON array
) STRICT;

CREATE TABLE installation (
  portal INTEGER NOT NULL REFERENCES portal,
  app    INTEGER NOT NULL REFERENCES app,
  PRIMARY KEY (portal, app)
) STRICT, WITHOUT ROWID;

CREATE TABLE access_token (
  hash       BLOB    PRIMARY KEY,
  portal     INTEGER NOT NULL,
  app        INTEGER NOT NULL,
  scopes     TEXT    NOT NULL, -- a JSON array
  created_at INTEGER NOT NULL,
  FOREIGN KEY (portal, app) REFERENCES installation
) STRICT, WITHOUT ROWID;

-- Ids below these are for the demo's.
INSERT INTO sqlite_sequence (name, seq) VALUES ('portal', 100000), ('app', 200000), ('template', 2000000);

CREATE TABLE template (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  app             INTEGER NOT NULL REFERENCES app,
  object_type     TEXT    NOT NULL,
  name            TEXT    NOT NULL,
  header_template TEXT,
  detail_template TEXT,
  tokens          TEXT    NOT NULL, -- a JSON array
  created_at      INTEGER NOT NULL,
  updated_at      INTEGER NOT NULL,
  archived_at     INTEGER,
  version         INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX template_app ON template (app) WHERE archived_at IS NULL;

-- What events are filed under. A record owns its own place; a visitor's place has no owner until the visitor is
-- known. Ownership is one row, however many events there are.
CREATE TABLE place (
  id          INTEGER PRIMARY KEY,
  portal      INTEGER NOT NULL REFERENCES portal,
  object_type TEXT    NOT NULL,
  object_id   INTEGER,
  utk         TEXT
) STRICT;
CREATE INDEX        place_owner   ON place (portal, object_type, object_id) WHERE object_id IS NOT NULL;
CREATE UNIQUE INDEX place_visitor ON place (portal, utk)                    WHERE utk IS NOT NULL;

CREATE TABLE record (
  portal      INTEGER NOT NULL REFERENCES portal,
  object_type TEXT    NOT NULL,
  id          INTEGER NOT NULL,
  place       INTEGER NOT NULL REFERENCES place, -- its own
  created_at  INTEGER NOT NULL,
  PRIMARY KEY (portal, object_type, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE identity (
  portal     INTEGER NOT NULL REFERENCES portal,
  kind       TEXT    NOT NULL,            -- 'email'
  key        TEXT    NOT NULL,            -- as it compares
  value      TEXT    NOT NULL,            -- as it was sent
  object_id  INTEGER NOT NULL,            -- the contact it stands for
  is_primary INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (portal, kind, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX identity_contact ON identity (portal, object_id);

-- Append-only, in order of arrival. The timeline's own index is beside it, see timeline_index.ts.
CREATE TABLE event (
  seq           INTEGER PRIMARY KEY,
  portal        INTEGER NOT NULL,
  template      INTEGER NOT NULL,
  id            TEXT    NOT NULL,
  place         INTEGER NOT NULL,
  timestamp     INTEGER NOT NULL,
  received_at   INTEGER NOT NULL,
  identified_by TEXT    NOT NULL, -- objectId, utk or email
  body          TEXT    NOT NULL  -- the event's JSON, without its id and objectId
) STRICT;
CREATE UNIQUE INDEX event_key ON event (portal, template, id);

CREATE TABLE timeline (
  place     INTEGER NOT NULL,
  timestamp INTEGER NOT NULL,
  seq       INTEGER NOT NULL,
  PRIMARY KEY (place, timestamp, seq)
) STRICT, WITHOUT ROWID;
