-- What a contact is known by stands in the order of contacts, where new ones come last; and as who owns it in the order of
-- keys, which takes e-mails of the newest contacts later: see keys.ts.
CREATE TABLE identity_of_contact (
  portal     INTEGER NOT NULL,
  object_id  INTEGER NOT NULL,
  kind       TEXT    NOT NULL,
  key        TEXT    NOT NULL, -- as it compares
  value      TEXT    NOT NULL, -- as it was sent; '': as it compares
  place      INTEGER NOT NULL, -- the contact's own
  is_primary INTEGER NOT NULL,
  PRIMARY KEY (portal, object_id, kind, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE identity_owner (
  portal     INTEGER NOT NULL,
  kind       TEXT    NOT NULL,
  key        TEXT    NOT NULL,
  object_id  INTEGER NOT NULL,
  place      INTEGER NOT NULL,
  is_primary INTEGER NOT NULL,
  PRIMARY KEY (portal, kind, key)
) STRICT, WITHOUT ROWID;
INSERT INTO identity_of_contact SELECT portal, object_id, kind, key, value, place, is_primary FROM identity
  ORDER BY portal, object_id, kind, key;
INSERT INTO identity_owner SELECT portal, kind, key, object_id, place, is_primary FROM identity
  ORDER BY portal, kind, key;
DROP TABLE identity;
ALTER TABLE identity_of_contact RENAME TO identity;

-- E-mails wait where utks do. Which of the oldest group are in the indexes is known to each process: what is moved once
-- more changes nothing, and a key that was the last one moved could be of somebody who was erased.
ALTER TABLE visitor_tail RENAME TO waiting;
ALTER TABLE waiting DROP COLUMN moved_portal;
ALTER TABLE waiting DROP COLUMN moved_utk;
ALTER TABLE waiting ADD COLUMN changes INTEGER NOT NULL DEFAULT 0; -- of what keys stand for

CREATE TRIGGER identity_changed AFTER UPDATE ON identity BEGIN
  UPDATE identity_owner SET object_id = new.object_id, place = new.place, is_primary = new.is_primary
  WHERE portal = old.portal AND kind = old.kind AND key = old.key;
  UPDATE waiting SET changes = changes + 1;
END;
CREATE TRIGGER identity_gone AFTER DELETE ON identity BEGIN
  DELETE FROM identity_owner WHERE portal = old.portal AND kind = old.kind AND key = old.key;
  UPDATE waiting SET changes = changes + 1;
END;
