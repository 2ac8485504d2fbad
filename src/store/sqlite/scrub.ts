// Makes an erase complete. secure_delete zeroes what is deleted; but where SQLite has rebuilt a page, because it split
// or was evened out with its neighbours, the cells that moved away stay readable between the page's list of cells and
// its content. And the WAL holds pages as they were. Promise: when `now` returns, the files hold live content alone.
import { closeSync, fstatSync, fsyncSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import type { Connection } from './database.js';
import type { WriteLock } from './lock.js';

const MAX_ATTEMPTS = 30;
const PAUSE_MS = 100;
/** The code of an erase that is committed, while traces of it are still in the files; why may follow, as SQLite's code. */
export const ERASE_OWED = 'ERASE_OWED';
const ZEROS = Buffer.alloc(65_536);
/** The file is read in pieces of so many pages. */
const PIECE = 256;

/** On the writer's connection, outside of a transaction. */
export function scrubber(db: Connection, lock: WriteLock) {
  const roots = db.prepare('SELECT rootpage FROM sqlite_schema WHERE rootpage > 0').pluck();
  const owed = db.prepare('SELECT 1 FROM scrub_owed LIMIT 1').pluck();
  const paid = db.prepare('DELETE FROM scrub_owed');
  const pageSize = db.pragma('page_size', { simple: true }) as number;
  // Opened once: closing any descriptor of the file would drop the locks that this process has on it.
  let file: number | undefined;

  /** Copies the whole WAL and cuts it to nothing. False: somebody reads it, or copies it too. */
  function emptyWal(): boolean {
    const [{ busy }] = db.pragma('wal_checkpoint(TRUNCATE)') as [{ busy: number }];
    return busy === 0;
  }

  function zeroGaps(): void {
    file ??= openSync(db.name, 'r+');
    const isOfTree = treePages(file);
    const piece = Buffer.alloc(PIECE * pageSize);
    for (let first = 1; first < isOfTree.length; first += PIECE) {
      readSync(file, piece, 0, piece.length, (first - 1) * pageSize);
      const end = Math.min(first + PIECE, isOfTree.length);
      for (let number = first; number < end; number++) {
        if (!isOfTree[number]) continue;
        const at = (number - first) * pageSize;
        const [from, to] = gap(piece.subarray(at, at + pageSize), number);
        if (!piece.subarray(at + from, at + to).equals(ZEROS.subarray(0, to - from)))
          writeSync(file, ZEROS, 0, to - from, (number - 1) * pageSize + from);
      }
    }
    fsyncSync(file);
  }

  /**
   * Which pages, by their numbers, are of a tree; free ones and those of long values are not. SQLite's own list (dbstat)
   * reads every page; here only inner ones are read.
   */
  function treePages(file: number): Uint8Array {
    const isOfTree = new Uint8Array(fstatSync(file).size / pageSize + 1);
    const page = Buffer.alloc(pageSize);
    const childrenOf = (number: number) => {
      readSync(file, page, 0, pageSize, (number - 1) * pageSize);
      return children(page, number);
    };
    // All leaves of a tree are on one level.
    for (const root of [1, ...(roots.all() as number[])])
      for (let level = [root]; level.length > 0; ) {
        for (const number of level) isOfTree[number] = 1;
        level = childrenOf(level[0] as number).length === 0 ? [] : level.flatMap(childrenOf);
      }
    return isOfTree;
  }

  const turn = db.transaction(() => undefined);
  const fill = db.transaction((): boolean => {
    if (statSync(`${db.name}-wal`).size > 0) return false;
    zeroGaps();
    // In here: an erase that another process makes afterwards is owed still, and the commit has its writer forget pages
    // that it read before.
    paid.run();
    return true;
  });

  /** One try; false: somebody reads the WAL, or copies it. */
  function scrub(): boolean {
    if (!emptyWal()) return false;
    // While nobody may write and the WAL is empty, nothing but this touches the file; readers never look at gaps.
    const done = lock.whenFree(() => fill.immediate());
    db.pragma('shrink_memory'); // pages that are remembered have their gaps as they were
    return done;
  }

  return {
    /** After an erase: nothing is left in the files, or an error says that it will go later. */
    now(): void {
      if (owed.get() === undefined) return;
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        if (attempt > 0) lock.rest(PAUSE_MS);
        try {
          // A checkpoint leaves no note: where imports follow one another, it finds the lock free right after a turn.
          if (attempt > 0) lock.whenFree(() => turn.immediate());
          if (scrub()) return;
        } catch (error) {
          const { message, code } = error as Error & { code?: string };
          throw Object.assign(new Error(message), { code: `${ERASE_OWED} ${code}` });
        }
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

// A page of a tree, as https://www.sqlite.org/fileformat2.html has it.
const headerOf = (number: number) => (number === 1 ? 100 : 0);
const isInner = (page: Buffer, header: number) => page[header] === 2 || page[header] === 5;

/** Where nothing lives on it: from after its list of cells to its content. */
function gap(page: Buffer, number: number): [start: number, end: number] {
  const header = headerOf(number);
  const cells = page.readUInt16BE(header + 3);
  const content = page.readUInt16BE(header + 5) || 65_536;
  return [header + (isInner(page, header) ? 12 : 8) + 2 * cells, content];
}

/** The numbers of the pages below it; none of a leaf. */
function children(page: Buffer, number: number): number[] {
  const header = headerOf(number);
  if (!isInner(page, header)) return [];
  const cells = Array.from({ length: page.readUInt16BE(header + 3) }, (_, n) =>
    page.readUInt16BE(header + 12 + 2 * n),
  );
  return [page.readUInt32BE(header + 8), ...cells.map((cell) => page.readUInt32BE(cell))];
}
