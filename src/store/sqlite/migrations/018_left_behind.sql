-- The last event of a group, replaced while it was the newest of all and the group was being moved, had left its entry on
-- the timeline, which then could not be read.
DELETE FROM timeline WHERE (seq + 1) % (SELECT smallest * fanout FROM timeline_shape) = 0
  AND NOT EXISTS (SELECT 1 FROM event WHERE event.seq = timeline.seq);

-- The utk that was moved last may be of somebody who was erased since. What is moved once more changes nothing.
UPDATE visitor_tail SET moved_portal = 0, moved_utk = '';
