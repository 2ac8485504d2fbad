-- Timelines in levels of segments, see timeline_index.ts. What there is stands on the highest level from the start.
CREATE TABLE timeline_by_level (
  level     INTEGER NOT NULL,
  segment   INTEGER NOT NULL,
  place     INTEGER NOT NULL,
  timestamp INTEGER NOT NULL,
  seq       INTEGER NOT NULL,
  template  INTEGER NOT NULL,
  PRIMARY KEY (level, segment, place, timestamp, seq)
) STRICT, WITHOUT ROWID;

-- On which level an event's entry stands: the highest one whose `below` is over its seq, level 0 if none is.
CREATE TABLE timeline_level (
  level INTEGER PRIMARY KEY,
  below INTEGER NOT NULL
) STRICT;
INSERT INTO timeline_level
  SELECT value, (SELECT coalesce(max(seq), 0) + 1 FROM event) FROM json_each('[1, 2, 3, 4, 5, 6]');

-- How many seqs a segment of level 0 spans, how many segments of a level make one of the next, and about how many
-- entries a slice moves. The sizes are the folder's: what stands in it was laid out by them.
CREATE TABLE timeline_shape (
  smallest INTEGER NOT NULL,
  fanout   INTEGER NOT NULL,
  slice    INTEGER NOT NULL
) STRICT;
INSERT INTO timeline_shape VALUES (512, 16, 2048);

INSERT INTO timeline_by_level
  SELECT 6, 0, t.place, t.timestamp, t.seq, e.template FROM timeline t JOIN event e ON e.seq = t.seq
  ORDER BY t.place, t.timestamp, t.seq;
DROP TABLE timeline;
ALTER TABLE timeline_by_level RENAME TO timeline;

-- Asked for each entry of a page: without it, past a template's texts.
CREATE INDEX template_archived ON template (id) WHERE archived_at IS NOT NULL;

-- A body no longer repeats the event's id, which stands after these two.
UPDATE event SET body = CASE
  WHEN body GLOB '{"objectType":"*","eventTemplateId":"*","id":"*'
    AND substr(body, instr(body, ',"id":') + 6, length(json_quote(id))) = json_quote(id)
  THEN substr(body, 1, instr(body, ',"id":') - 1) || substr(body, instr(body, ',"id":') + 6 + length(json_quote(id)))
  ELSE json_remove(body, '$.id')
END;
