-- People who sign in. A password is kept as what scrypt makes of it.
CREATE TABLE user (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  email      TEXT    NOT NULL UNIQUE COLLATE NOCASE,
  password   TEXT    NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
INSERT INTO sqlite_sequence (name, seq) VALUES ('user', 300000);

CREATE TABLE session (
  hash       BLOB    PRIMARY KEY,
  user       INTEGER NOT NULL REFERENCES user,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_user ON session (user, expires_at);

-- A person's consent that an app may act in a portal: its code, then the refresh token that the code was given for.
-- Its access tokens refer to it.
CREATE TABLE consent (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  portal          INTEGER NOT NULL REFERENCES portal,
  app             INTEGER NOT NULL REFERENCES app,
  user_id         INTEGER NOT NULL, -- who consented, as they were then
  user_email      TEXT    NOT NULL,
  scopes          TEXT    NOT NULL, -- a JSON array
  redirect_uri    TEXT    NOT NULL,
  code_challenge  TEXT,             -- S256
  code_hash       BLOB    NOT NULL UNIQUE,
  code_expires_at INTEGER NOT NULL,
  code_used_at    INTEGER,          -- a used code stays, so that its replay is known
  refresh_hash    BLOB    UNIQUE,   -- absent: not given yet, or revoked
  revoked_at      INTEGER           -- nothing more is issued for it
) STRICT;
CREATE INDEX consent_app ON consent (portal, app);
CREATE INDEX consent_dead ON consent (code_expires_at) WHERE refresh_hash IS NULL;

ALTER TABLE access_token ADD COLUMN expires_at INTEGER; -- absent: it lives until it is revoked
ALTER TABLE access_token ADD COLUMN consent INTEGER REFERENCES consent;
CREATE INDEX access_token_expiry ON access_token (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX access_token_consent ON access_token (consent, created_at) WHERE consent IS NOT NULL;
CREATE INDEX access_token_app ON access_token (portal, app);
