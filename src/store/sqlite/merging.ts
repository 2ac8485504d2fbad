// Merges two contacts, on the writer's connection, inside the transaction that the caller opened. The first remains, with
// what both have; its own properties win. No event is rewritten: the other's places become the first's.
import { MAX_IDENTITIES, MAX_MERGED } from '../../records/identity.js';
import { dissociating } from './associations.js';
import type { Connection } from './database.js';
import type { Keys } from './keys.js';
import { records, toucher } from './records.js';
import { type Refused, tooMany, tooManyMerged } from './refused.js';

export function merger(db: Connection, { addOwners }: Pick<Keys, 'addOwners'>) {
  const { record, identities } = records(db);
  const touchRecord = toucher(db);
  const moveIdentities = db.prepare(
    'UPDATE identity SET object_id = ?, place = ?, is_primary = is_primary AND ? WHERE portal = ? AND object_id = ?',
  );
  const hasPrimary = db
    .prepare("SELECT 1 FROM identity WHERE portal = ? AND object_id = ? AND kind = 'email' AND is_primary")
    .pluck();
  const merged = db
    .prepare(
      "SELECT count(*) FROM record INDEXED BY record_merged WHERE portal = ? AND object_type = 'contacts' AND merged_into = ?",
    )
    .pluck();
  const mergedInto = (portal: number, id: number) => merged.get(portal, id) as number;
  const movePlace = db.prepare('UPDATE place SET object_id = ?, further = 1 WHERE id = ?');
  const moveFurther = db.prepare(
    "UPDATE place SET object_id = ? WHERE portal = ? AND object_type = 'contacts' AND object_id = ? AND further",
  );
  const moveFormerEmails = db.prepare(
    'UPDATE OR REPLACE former_email SET object_id = ? WHERE portal = ? AND object_id = ?',
  );
  const moveVisits = db.prepare('UPDATE visit SET object_id = ? WHERE portal = ? AND object_id = ?');
  // One that was cleared is none.
  const inherit = db.prepare(`
    INSERT INTO property SELECT ?, name, value, at, unique_key FROM property WHERE place = ? AND value <> ''
    ON CONFLICT (place, name) DO UPDATE SET value = excluded.value, at = excluded.at, unique_key = excluded.unique_key
    WHERE value = ''`);
  const dropProperties = db.prepare('DELETE FROM property WHERE place = ?');
  const moveAssociations = [
    db.prepare(`
      INSERT INTO association SELECT portal, from_type, ?, to_type, to_id FROM association
      WHERE portal = ? AND from_type = 'contacts' AND from_id = ? ON CONFLICT DO NOTHING`),
    db.prepare(`
      INSERT INTO association SELECT portal, to_type, to_id, from_type, ? FROM association
      WHERE portal = ? AND from_type = 'contacts' AND from_id = ? ON CONFLICT DO NOTHING`),
  ];
  const dissociate = dissociating(db);
  const redirects = [
    db.prepare("UPDATE record SET merged_into = ? WHERE portal = ? AND object_type = 'contacts' AND id = ?"),
    db.prepare(
      "UPDATE record INDEXED BY record_merged SET merged_into = ? WHERE portal = ? AND object_type = 'contacts' AND merged_into = ?",
    ),
  ];

  return (portal: number, primaryId: number, otherId: number, at: number): number | Refused | undefined => {
    const primary = record(portal, 'contacts', primaryId);
    const other = record(portal, 'contacts', otherId);
    if (!primary || !other) return undefined;
    if (primary.id === other.id) return primary.id;
    if (identities(portal, primary.id) + identities(portal, other.id) > MAX_IDENTITIES)
      return tooMany(primary.id);
    if (mergedInto(portal, primary.id) + mergedInto(portal, other.id) + 1 > MAX_MERGED)
      return tooManyMerged(primary.id);
    const keepsPrimary = hasPrimary.get(portal, primary.id) === undefined ? 1 : 0;
    moveIdentities.run(primary.id, primary.place, keepsPrimary, portal, other.id);
    addOwners(portal, primary.id);
    moveFurther.run(primary.id, portal, other.id);
    movePlace.run(primary.id, other.place);
    moveFormerEmails.run(primary.id, portal, other.id);
    moveVisits.run(primary.id, portal, other.id);
    inherit.run(primary.place, other.place);
    dropProperties.run(other.place);
    for (const move of moveAssociations) move.run(primary.id, portal, other.id);
    for (const statement of dissociate) statement.run(portal, other.id);
    for (const redirect of redirects) redirect.run(primary.id, portal, other.id);
    touchRecord(at, primary.place);
    return primary.id;
  };
}
