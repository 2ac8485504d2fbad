// Records on the writer's connection, inside the transaction that the caller opened: found by id, and made; and on either
// connection, where their events stand. The id of one that was merged away finds the one that remains.
import { type Connection, PROPERTY_OF_RECORD } from './database.js';
import type { PortalState } from './portals.js';

/** A record that there is, and the place that is its own. */
export interface Own {
  id: number;
  place: number;
}

type Found = [id: number, mergedInto: number | null, archivedAt: number | null];

export function records(db: Connection) {
  // What every event asks is answered by one value: an array of them costs as much as finding it.
  const findLive = db
    .prepare(
      'SELECT iif(merged_into IS NULL AND archived_at IS NULL, place, NULL) FROM record WHERE portal = ? AND object_type = ? AND id = ?',
    )
    .pluck();
  const findRecord = db
    .prepare(
      'SELECT id, merged_into, archived_at FROM record WHERE portal = ? AND object_type = ? AND id = ?',
    )
    .raw();
  const adding =
    'INSERT INTO record (portal, object_type, id, place, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)';
  const addRecord = db.prepare(adding);
  const addUnlessTaken = db.prepare(`${adding} ON CONFLICT DO NOTHING`);
  const restoreRecord = db.prepare(`
    UPDATE record SET archived_at = NULL, updated_at = max(updated_at, ?)
    WHERE portal = ? AND object_type = ? AND id = ? AND archived_at IS NOT NULL RETURNING id, place`);
  const dropTaken = db.prepare(`
    DELETE FROM property WHERE place = ? AND EXISTS (
      SELECT 1 FROM ${PROPERTY_OF_RECORD}
      WHERE p.unique_key = property.unique_key AND p.place <> property.place AND r.archived_at IS NULL)`);
  const addPlace = db.prepare('INSERT INTO place (portal, object_type, object_id) VALUES (?, ?, ?)');
  const dropPlace = db.prepare('DELETE FROM place WHERE id = ?');
  const countIdentities = db
    .prepare('SELECT count(*) FROM identity WHERE portal = ? AND object_id = ?')
    .pluck();

  /** The record by this id, or the one it was merged into, unless it is archived. */
  function record(portal: number, type: string, id: number): Own | undefined {
    const place = findLive.get(portal, type, id) as number | null | undefined;
    if (place === undefined) return undefined;
    if (place !== null) return { id, place };
    const [, mergedInto, archivedAt] = findRecord.get(portal, type, id) as Found;
    return mergedInto === null || archivedAt !== null ? undefined : record(portal, type, mergedInto);
  }

  /** The contact by this id, archived ones too, or the one it was merged into. */
  function kept(portal: number, id: number): number | undefined {
    const found = findRecord.get(portal, 'contacts', id) as Found | undefined;
    return found?.[1] ?? found?.[0];
  }

  /**
   * A record that is archived comes back, by the id of one that was merged into it too; without the unique values that
   * others took meanwhile.
   */
  function createRecord(portal: number, type: string, id: number, at: number): Own {
    const found = findRecord.get(portal, type, id) as Found | undefined;
    const restored = found && (restoreRecord.get(at, portal, type, found[1] ?? id) as Own | undefined);
    if (restored) {
      dropTaken.run(restored.place);
      return restored;
    }
    const place = Number(addPlace.run(portal, type, id).lastInsertRowid);
    addRecord.run(portal, type, id, place, at, at);
    return { id, place };
  }

  /** A record with an id of ours. Lenient portals take ids that we did not make: those are passed over. */
  function newRecord(state: PortalState, portal: number, type: string, at: number): Own {
    for (;;) {
      const id = state.nextObjectId++;
      const place = Number(addPlace.run(portal, type, id).lastInsertRowid);
      if (addUnlessTaken.run(portal, type, id, place, at, at).changes === 1) return { id, place };
      dropPlace.run(place);
    }
  }

  /** How many e-mails and utks a contact has. */
  function identities(portal: number, id: number): number {
    return countIdentities.get(portal, id) as number;
  }

  return { record, kept, createRecord, newRecord, identities };
}

/** Where events of a record stand: its own place, and those that became its later. */
export function placesFinder(db: Connection): (portal: number, type: string, id: number) => number[] {
  const find = db
    .prepare(`
    SELECT place FROM record WHERE portal = ? AND object_type = ? AND id = ? AND merged_into IS NULL
    UNION ALL SELECT id FROM place WHERE portal = ? AND object_type = ? AND object_id = ? AND further`)
    .pluck();
  return (portal, type, id) => find.all(portal, type, id, portal, type, id) as number[];
}

/** Notes that something of the record changed whose place it is. */
export function toucher(db: Connection): (at: number, place: number) => void {
  const touch = db.prepare(`
    UPDATE record SET updated_at = max(updated_at, ?)
    WHERE (portal, object_type, id) = (SELECT portal, object_type, object_id FROM place WHERE id = ?)`);
  return (at, place) => void touch.run(at, place);
}
