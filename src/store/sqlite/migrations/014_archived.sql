-- Archived contacts of before: what their events say is what is left of their e-mails.
INSERT INTO former_email
SELECT DISTINCT e.portal, email_key_said(e.body), r.id
FROM event e CROSS JOIN place p ON p.id = e.place
CROSS JOIN record r ON r.portal = p.portal AND r.object_type = p.object_type AND r.id = p.object_id
WHERE r.object_type = 'contacts' AND r.archived_at IS NOT NULL AND email_key_said(e.body) <> ''
  AND NOT EXISTS (SELECT 1 FROM mention WHERE seq = e.seq) -- another's
ON CONFLICT DO NOTHING;

-- Archived records have their unique values still, and a number is the same however it is written.
UPDATE property
SET unique_key = unique_key(p.portal, p.object_type, property.name, d.body ->> 'type', property.value)
FROM definition d CROSS JOIN place p ON p.portal = d.portal AND p.object_type = d.object_type
WHERE d.kind = 'property' AND d.body ->> 'unique' AND property.place = p.id AND property.name = d.name
  AND property.value <> '';
