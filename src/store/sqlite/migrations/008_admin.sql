-- Who may make portals and apps.
CREATE TABLE admin_key (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  hash       BLOB    NOT NULL UNIQUE,
  name       TEXT    NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

-- To list a portal's tokens, and to find one by its id, which is the beginning of its hash.
CREATE INDEX access_token_of_portal ON access_token (portal, hash);
