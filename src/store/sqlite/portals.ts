// What the writer asks of a portal for one new record after the other: read once a transaction, in which it can only
// become less strict. The ids that records were given are noted as taken at its end.
import type { Connection } from './database.js';

/** As of the transaction that it was read in. */
export interface PortalState {
  /** Whether new contacts are associated with the company that has their e-mail's domain. */
  associatesByDomain: boolean;
  /** Whether e-mails of people who were erased are blocked there. */
  hasErased: boolean;
  /** Whoever takes it counts it up. */
  nextObjectId: number;
}

export type Portals = ReturnType<typeof portals>;

export function portals(db: Connection) {
  const read = db.prepare(`
    SELECT associate_by_domain AS associates, next_object_id AS next,
      EXISTS (SELECT 1 FROM erased_email WHERE portal = portal.id) AS erased
    FROM portal WHERE id = ?`);
  const setNextObjectId = db.prepare(
    'UPDATE portal SET next_object_id = ? WHERE id = ? AND next_object_id < ?',
  );
  const states = new Map<number, PortalState>();

  return {
    of(portal: number): PortalState {
      const kept = states.get(portal);
      if (kept) return kept;
      const row = read.get(portal) as { associates: number; next: number; erased: number };
      const state = {
        associatesByDomain: row.associates === 1,
        hasErased: row.erased === 1,
        nextObjectId: row.next,
      };
      states.set(portal, state);
      return state;
    },
    /** Does the work of one transaction. */
    within<Result>(work: () => Result): Result {
      states.clear();
      const result = work();
      for (const [portal, { nextObjectId }] of states)
        setNextObjectId.run(nextObjectId, portal, nextObjectId);
      return result;
    },
  };
}
