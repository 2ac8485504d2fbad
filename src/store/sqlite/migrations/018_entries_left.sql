-- The last event of a group, replaced while it was the newest of all and the group was being moved, had left its entry on
-- the timeline, which then could not be read.
DELETE FROM timeline WHERE (seq + 1) % (SELECT smallest * fanout FROM timeline_shape) = 0
  AND NOT EXISTS (SELECT 1 FROM event WHERE event.seq = timeline.seq);
