-- Archived contacts of before: what their events say is what is left of their e-mails. Events are looked through only
-- where there are such contacts.
INSERT INTO former_email
SELECT DISTINCT e.portal, email_key_said(e.body), p.object_id
FROM event e CROSS JOIN place p ON p.id = e.place
WHERE EXISTS (SELECT 1 FROM record WHERE archived_at IS NOT NULL AND object_type = 'contacts')
  AND e.place IN (
    SELECT own.id FROM record r CROSS JOIN place own
      ON own.portal = r.portal AND own.object_type = r.object_type AND own.object_id = r.id
    WHERE r.archived_at IS NOT NULL AND r.object_type = 'contacts')
  AND NOT EXISTS (SELECT 1 FROM mention WHERE seq = e.seq) -- another's
  AND email_key_said(e.body) <> ''
ON CONFLICT DO NOTHING;

-- Archived records have their unique values still, and a number is the same however it is written.
UPDATE property
SET unique_key = unique_key(p.portal, p.object_type, property.name, d.body ->> 'type', property.value)
FROM definition d CROSS JOIN place p ON p.portal = d.portal AND p.object_type = d.object_type
WHERE d.kind = 'property' AND d.body ->> 'unique' AND property.place = p.id AND property.name = d.name
  AND property.value <> '';
