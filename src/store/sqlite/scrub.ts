// Makes an erase complete. secure_delete zeroes what is deleted; but where SQLite has rebuilt a page, because it split
// or was evened out with its neighbours, the cells that moved away stay readable between the page's list of cells and
// its content. And the WAL holds pages as they were. Promise: when `now` returns, the files hold live content alone.
import { closeSync, fsyncSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { BUSY_TIMEOUT_MS, type Connection } from './database.js';

const MAX_ATTEMPTS = 30;
const PAUSE_MS = 100;
/** The code of an erase that is committed, while traces of it are still in the files. */
export const ERASE_OWED = 'ERASE_OWED';
const ZEROS = Buffer.alloc(65_536);

/** On the writer's connection, outside of a transaction. */
export function scrubber(db: Connection) {
  const treePages = db.prepare("SELECT pageno FROM dbstat WHERE pagetype <> 'overflow'").pluck();
  const owed = db.prepare('SELECT 1 FROM scrub_owed LIMIT 1').pluck();
  const paid = db.prepare('DELETE FROM scrub_owed');
  const page = Buffer.alloc(db.pragma('page_size', { simple: true }) as number);
  // Opened once: closing any descriptor of the file would drop the locks that this process has on it.
  let file: number | undefined;

  /** Copies the whole WAL and cuts it to nothing. False: somebody reads it, or copies it too. */
  function emptyWal(): boolean {
    db.pragma('busy_timeout = 0'); // SQLite would wait for readers, and not for another checkpoint
    try {
      const [{ busy }] = db.pragma('wal_checkpoint(TRUNCATE)') as [{ busy: number }];
      return busy === 0;
    } finally {
      db.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
    }
  }

  function zeroGaps(): void {
    file ??= openSync(db.name, 'r+');
    for (const number of treePages.iterate() as IterableIterator<number>) {
      const at = (number - 1) * page.length;
      readSync(file, page, 0, page.length, at);
      const [start, end] = gap(page, number);
      if (!page.subarray(start, end).equals(ZEROS.subarray(0, end - start)))
        writeSync(file, ZEROS, 0, end - start, at + start);
    }
    fsyncSync(file);
  }

  /** One try; false: somebody reads the WAL, or copies it. */
  function scrub(): boolean {
    if (!emptyWal()) return false;
    // While nobody may write and the WAL is empty, nothing but this touches the file; readers never look at gaps.
    const done = db
      .transaction(() => {
        if (statSync(`${db.name}-wal`).size > 0) return false;
        zeroGaps();
        return true;
      })
      .immediate();
    db.pragma('shrink_memory'); // pages that are remembered have their gaps as they were
    if (done) paid.run();
    return done;
  }

  return {
    /** After an erase: nothing is left in the files, or an error says that it will go later. */
    now(): void {
      if (owed.get() === undefined) return;
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        if (attempt > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
        if (scrub()) return;
      }
      throw Object.assign(new Error('another process reads the data folder'), { code: ERASE_OWED });
    },
    /** Between other work: one try, where an erase could not be completed. */
    later(): void {
      if (owed.get() !== undefined) scrub();
    },
    /** After the connection. */
    close(): void {
      if (file !== undefined) closeSync(file);
    },
  };
}

/** Where nothing lives on a page of a tree: from after its list of cells to its content. */
function gap(page: Buffer, number: number): [start: number, end: number] {
  const header = number === 1 ? 100 : 0;
  const kind = page.readUInt8(header); // 2 and 5 are inner pages, 10 and 13 are leaves
  const cells = page.readUInt16BE(header + 3);
  const content = page.readUInt16BE(header + 5) || 65_536;
  return [header + (kind === 2 || kind === 5 ? 12 : 8) + 2 * cells, content];
}
