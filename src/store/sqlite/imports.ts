// How far bulk imports have come, on either connection. A step is noted inside the transaction that appends its events,
// and only where the last one ended: run again after any end, an import neither loses nor doubles a line.
import type {
  ImportKey,
  ImportRefusal,
  ImportStanding,
  ImportStep,
  ImportStore,
} from '../../timeline/imports.js';
import type { EventDraft } from '../../timeline/store.js';
import { CELLS_FILED, type Filed } from './append.js';
import type { Connection } from './database.js';
import { ENOUGH_MS, type WriteLock } from './lock.js';

/** So long after another process has waited for the lock, it gets half of the time. */
const SHARES_FOR_MS = 1_000;
const MAX_PAUSE_MS = 20;

type Row = Omit<ImportStanding, 'unreported'> & { id: number };

function finder(db: Connection): (key: ImportKey) => Row | undefined {
  const find = db.prepare(`
    SELECT id, at, line, last_line_at AS lastLineAt, last_line AS lastLine, stored, refused, report_bytes AS reportBytes
    FROM import WHERE portal = ? AND app = ? AND head = ?`);
  return ({ portalId, appId, head }) => find.get(portalId, appId, head) as Row | undefined;
}

export function importReader(db: Connection): Pick<ImportStore, 'importHeads' | 'importStanding'> {
  const find = finder(db);
  const unreported = db.prepare('SELECT line, refusal FROM import_refusal WHERE import = ? ORDER BY line');
  const heads = db.prepare('SELECT DISTINCT head_bytes FROM import WHERE portal = ? AND app = ?').pluck();
  return {
    importHeads: (portalId, appId) => heads.all(portalId, appId) as number[],
    importStanding: db.transaction((key: ImportKey): ImportStanding | undefined => {
      const row = find(key);
      if (!row) return undefined;
      const { id, ...standing } = row;
      const rows = unreported.all(id) as { line: number; refusal: string }[];
      return {
        ...standing,
        unreported: rows.map(({ line, refusal }) => ({ line, refusal: JSON.parse(refusal) })),
      };
    }),
  };
}

/** On the writer's connection. */
export function importer(db: Connection, append: (drafts: readonly EventDraft[]) => Filed, lock: WriteLock) {
  const find = finder(db);
  const add = db.prepare(`
    INSERT INTO import (portal, app, head, head_bytes, at, line, last_line_at, last_line, stored, refused, report_bytes)
    VALUES (?, ?, ?, ?, 0, 0, 0, x'', 0, 0, 0)`);
  const note = db.prepare(`
    UPDATE import SET at = ?, line = ?, last_line_at = ?, last_line = ?, stored = stored + ?, refused = refused + ?,
      report_bytes = ? WHERE id = ?`);
  // A line may be refused again: it had no end, and has gone on.
  const addRefusal = db.prepare(
    'INSERT OR REPLACE INTO import_refusal (import, line, refusal) VALUES (?, ?, ?)',
  );
  const dropReported = db.prepare('DELETE FROM import_refusal WHERE import = ? AND line <= ?');
  const drop = db.prepare('DELETE FROM import WHERE id = ?');
  let wantedAt = Number.NEGATIVE_INFINITY;
  let tookMs = 0;

  return {
    /** Leaves the lock to others that wait for it, outside of a transaction. */
    giveWay(): void {
      if (lock.takeNote()) wantedAt = performance.now();
      if (performance.now() - wantedAt < SHARES_FOR_MS)
        lock.rest(Math.min(Math.max(tookMs, ENOUGH_MS), MAX_PAUSE_MS));
    },

    /** The store's own refusals; undefined: the import does not stand where this step begins. */
    step(drafts: readonly EventDraft[], step: ImportStep): ImportRefusal[] | undefined {
      const startedAt = performance.now();
      const { at, line, lastLineAt, lastLine, reported } = step;
      const row = find(step);
      if ((row?.at ?? 0) !== step.from) return undefined;
      const id =
        row?.id ?? Number(add.run(step.portalId, step.appId, step.head, step.headBytes).lastInsertRowid);
      const filed = drafts.length === 0 ? [] : append(drafts);
      const refusals: ImportRefusal[] = [];
      for (let index = 0; index < drafts.length; index++) {
        const refusal = filed[CELLS_FILED * index];
        if (typeof refusal === 'object' && refusal !== null)
          refusals.push({ line: step.lines[index] as number, refusal });
      }
      dropReported.run(id, reported.line);
      for (const { line, refusal } of [...step.refusals, ...refusals])
        addRefusal.run(id, line, JSON.stringify(refusal));
      const stored = drafts.length - refusals.length;
      const refused = refusals.length + step.refusals.length;
      note.run(at, line, lastLineAt, lastLine, stored, refused, reported.bytes, id);
      tookMs = performance.now() - startedAt;
      return refusals;
    },

    forget(key: ImportKey): void {
      const row = find(key);
      if (!row) return;
      dropReported.run(row.id, row.line);
      drop.run(row.id);
    },
  };
}
