// Folders for servers and stores under test.
import { cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { appender } from '../../dist/store/sqlite/append.js';
import { type Connection, openWriter } from '../../dist/store/sqlite/database.js';
import { eraser } from '../../dist/store/sqlite/erasing.js';
import { type Keys, keys } from '../../dist/store/sqlite/keys.js';
import { merger } from '../../dist/store/sqlite/merging.js';
import { type People, people } from '../../dist/store/sqlite/people.js';
import { portals } from '../../dist/store/sqlite/portals.js';
import { recordWriter } from '../../dist/store/sqlite/record_writes.js';

export const newFolder = () => mkdtempSync(join(tmpdir(), 'throughline-test-'));

/** A folder whose segments, and what waits for an index, are so small that a few events fill several of them. */
export function segmented(smallest: number, fanout: number, slice: number, from?: string): string {
  const folder = newFolder();
  if (from !== undefined) cpSync(from, folder, { recursive: true });
  const db = openWriter(folder);
  db.prepare('UPDATE timeline_shape SET smallest = ?, fanout = ?, slice = ?').run(smallest, fanout, slice);
  db.prepare('UPDATE waiting SET run = 1').run();
  db.close();
  return folder;
}

/** What the writer thread works with. */
export interface Writer {
  db: Connection;
  transact<Result>(work: () => Result): Result;
  /** Reads alone, as the writer thread does for those who look for an e-mail. */
  look<Result>(work: () => Result): Result;
  append: ReturnType<typeof appender>;
  erase: ReturnType<typeof eraser>;
  write: ReturnType<typeof recordWriter>;
  merge: ReturnType<typeof merger>;
  identify: People['identify'];
  emailOwnerOf: Keys['emailOwnerOf'];
}

export function writerOf(folder: string): Writer {
  const db = openWriter(folder);
  const ofPortals = portals(db);
  const ofKeys = keys(db);
  const persons = people(db, ofPortals, ofKeys);
  const [append, erase, write] = [
    appender(db, persons),
    eraser(db, ofKeys),
    recordWriter(db, ofPortals, ofKeys, persons),
  ];
  /** As the writer thread does it. */
  function transact<Result>(work: () => Result): Result {
    const all = db.transaction(() =>
      ofPortals.within(() => {
        ofKeys.begin();
        return work();
      }),
    );
    try {
      return all.immediate();
    } catch (error) {
      ofKeys.forget();
      throw error;
    }
  }
  const look = <Result>(work: () => Result): Result =>
    db.transaction(() => {
      ofKeys.look();
      return work();
    })();
  return {
    ...{ db, transact, look, append, erase, write, merge: merger(db, ofKeys) },
    ...{ identify: persons.identify, emailOwnerOf: ofKeys.emailOwnerOf },
  };
}

/** Rows whose owner is not there, of the references that SQLite keeps and of those that the statements keep. */
export function dangling(db: Connection): unknown[] {
  const orphans = db.prepare(`
    SELECT 'record' AS "table", id FROM record
      WHERE NOT EXISTS (SELECT 1 FROM place p WHERE p.id = record.place AND p.portal = record.portal
        AND p.object_type = record.object_type AND p.object_id = coalesce(record.merged_into, record.id)
        AND p.further = (record.merged_into IS NOT NULL))
    UNION ALL SELECT 'place', id FROM place
      WHERE portal NOT IN (SELECT id FROM portal) OR object_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM record r WHERE r.portal = place.portal AND r.object_type = place.object_type
          AND r.id = place.object_id AND r.merged_into IS NULL AND place.further = (r.place <> place.id))
    UNION ALL SELECT 'visitor', place FROM visitor
      WHERE NOT EXISTS (SELECT 1 FROM place p WHERE p.id = visitor.place AND p.portal = visitor.portal
        AND p.utk = visitor.utk AND p.object_id IS NULL)
    UNION ALL SELECT 'place of a visitor', id FROM place
      WHERE utk IS NOT NULL AND id < (SELECT below FROM waiting)
        AND id NOT IN (SELECT v.place FROM visitor v WHERE v.portal = place.portal AND v.utk = place.utk)
    UNION ALL SELECT 'visitor twice', min(id) FROM place WHERE utk IS NOT NULL GROUP BY portal, utk HAVING count(*) > 1
    UNION ALL SELECT 'identity', object_id FROM identity
      WHERE NOT EXISTS (SELECT 1 FROM record r WHERE r.portal = identity.portal AND r.object_type = 'contacts'
        AND r.id = identity.object_id AND r.place = identity.place AND r.merged_into IS NULL)
    UNION ALL SELECT 'owner', object_id FROM identity_owner o
      WHERE NOT EXISTS (SELECT 1 FROM identity i WHERE i.portal = o.portal AND i.object_id = o.object_id
        AND i.kind = o.kind AND i.key = o.key AND i.place = o.place AND i.is_primary = o.is_primary)
    UNION ALL SELECT 'identity that nobody finds', object_id FROM identity i
      WHERE NOT EXISTS (SELECT 1 FROM identity_owner o
          WHERE o.portal = i.portal AND o.kind = i.kind AND o.key = i.key)
        AND NOT (kind = 'email' AND EXISTS (SELECT 1 FROM place p WHERE p.id >= (SELECT below FROM waiting)
          AND p.portal = i.portal AND p.object_type = 'contacts' AND p.object_id = i.object_id))
    UNION ALL SELECT 'identity twice', min(object_id) FROM identity GROUP BY portal, kind, key HAVING count(*) > 1
    UNION ALL SELECT 'event', seq FROM event WHERE place NOT IN (SELECT id FROM place)`);
  return [...(db.pragma('foreign_key_check') as unknown[]), ...orphans.all()];
}
