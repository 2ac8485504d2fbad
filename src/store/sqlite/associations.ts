// Which records belong to each other, on the writer's connection, inside the transaction that the caller opened. An
// association is kept in both directions, or not at all.
import type { Statement } from 'better-sqlite3';
import { companyDomainOf } from '../../records/associations.js';
import type { RecordName } from '../../records/record.js';
import { type Connection, INDEXED, PROPERTY_OF_RECORD } from './database.js';

export function associator(db: Connection) {
  const addAssociation = db.prepare(
    'INSERT INTO association (portal, from_type, from_id, to_type, to_id) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const dropAssociation = db.prepare(
    'DELETE FROM association WHERE portal = ? AND from_type = ? AND from_id = ? AND to_type = ? AND to_id = ?',
  );
  const companiesByDomain = db
    .prepare(`
    SELECT r.id FROM ${PROPERTY_OF_RECORD}
    WHERE ${INDEXED} AND name = 'domain' AND lower(value) = ?
      AND r.portal = ? AND r.object_type = 'companies' AND r.merged_into IS NULL AND r.archived_at IS NULL
    LIMIT 2`)
    .pluck();

  /** Both directions. */
  function setAssociated(portal: number, a: RecordName, b: RecordName, to: boolean): void {
    const statement = to ? addAssociation : dropAssociation;
    statement.run(portal, a.type, a.id, b.type, b.id);
    statement.run(portal, b.type, b.id, a.type, a.id);
  }

  /** A new contact belongs to the one company that has its e-mail's domain. */
  function associateByDomain(portal: number, id: number, email: string): void {
    const domain = companyDomainOf(email);
    if (domain === undefined) return;
    const [company, another] = companiesByDomain.all(domain, portal) as number[];
    if (company !== undefined && another === undefined)
      setAssociated(portal, { type: 'contacts', id }, { type: 'companies', id: company }, true);
  }

  return { setAssociated, associateByDomain };
}

/** Leaves nothing of a contact's associations: given the portal and its id, in this order. */
export function dissociating(db: Connection): Statement<[portal: number, id: number]>[] {
  const own = "portal = ? AND from_type = 'contacts' AND from_id = ?";
  return [
    db.prepare(`
      DELETE FROM association WHERE (portal, from_type, from_id, to_type, to_id) IN
        (SELECT portal, to_type, to_id, from_type, from_id FROM association WHERE ${own})`),
    db.prepare(`DELETE FROM association WHERE ${own}`),
  ];
}
