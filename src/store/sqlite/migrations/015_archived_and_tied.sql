-- The few archived records among the many that are not, for those who ask for them alone.
CREATE INDEX record_archived ON record (portal, object_type, id) WHERE archived_at IS NOT NULL;

-- Once a visitor is known, its cookie stands with the contact that has it, and not at the place too: it may become
-- another's, who is erased.
UPDATE place SET utk = NULL WHERE object_id IS NOT NULL AND utk IS NOT NULL;
