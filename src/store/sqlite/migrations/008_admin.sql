-- Who may make portals and apps. Access tokens are found by their installation, to be listed and revoked.
CREATE TABLE admin_key (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  hash       BLOB    NOT NULL UNIQUE,
  name       TEXT    NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX access_token_installed ON access_token (portal, app);
CREATE INDEX access_token_of_portal ON access_token (portal, hash);
