// Folders for servers and stores under test.
import { cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Connection, openWriter } from '../../dist/store/sqlite/database.js';

export const newFolder = () => mkdtempSync(join(tmpdir(), 'throughline-test-'));

/** A folder whose segments, and what waits for an index, are so small that a few events fill several of them. */
export function segmented(smallest: number, fanout: number, slice: number, from?: string): string {
  const folder = newFolder();
  if (from !== undefined) cpSync(from, folder, { recursive: true });
  const db = openWriter(folder);
  db.prepare('UPDATE timeline_shape SET smallest = ?, fanout = ?, slice = ?').run(smallest, fanout, slice);
  db.prepare('UPDATE visitor_tail SET run = 1').run();
  db.close();
  return folder;
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
      WHERE utk IS NOT NULL AND id < (SELECT below FROM visitor_tail)
        AND id NOT IN (SELECT v.place FROM visitor v WHERE v.portal = place.portal AND v.utk = place.utk)
    UNION ALL SELECT 'visitor twice', min(id) FROM place WHERE utk IS NOT NULL GROUP BY portal, utk HAVING count(*) > 1
    UNION ALL SELECT 'identity', object_id FROM identity
      WHERE NOT EXISTS (SELECT 1 FROM record r WHERE r.portal = identity.portal AND r.object_type = 'contacts'
        AND r.id = identity.object_id AND r.place = identity.place AND r.merged_into IS NULL)
    UNION ALL SELECT 'event', seq FROM event WHERE place NOT IN (SELECT id FROM place)`);
  return [...(db.pragma('foreign_key_check') as unknown[]), ...orphans.all()];
}
