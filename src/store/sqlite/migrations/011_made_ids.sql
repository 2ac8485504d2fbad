-- An event that was sent without an id has '' here: its id is made of its seq, see made_ids.ts, and needs no key.
DROP INDEX event_key;
CREATE UNIQUE INDEX event_key ON event (portal, template, id) WHERE id <> '';

CREATE TABLE made_id_key (
  key BLOB NOT NULL -- of AES-128
) STRICT;
INSERT INTO made_id_key VALUES (randomblob(16));

-- The lowest seq that was never taken, as of the last erase: ids are made of seqs, so none is taken twice.
INSERT INTO timeline_level SELECT 0, max(below) FROM timeline_level;
