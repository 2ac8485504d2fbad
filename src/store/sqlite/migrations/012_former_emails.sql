-- E-mails that contacts had when they were archived: they are free for others, and their events say them still.
CREATE TABLE former_email (
  portal    INTEGER NOT NULL,
  key       TEXT    NOT NULL,
  object_id INTEGER NOT NULL,
  PRIMARY KEY (portal, key, object_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX former_email_contact ON former_email (portal, object_id);
