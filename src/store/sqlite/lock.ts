// The lock that a transaction takes to write, between processes. Who waits for it leaves a note beside the file, so that
// one that takes it time after time, as an import does, can make room at once: SQLite's own waiting tells nobody, and
// looks ever more seldom.
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { BUSY_TIMEOUT_MS, type Connection, pause } from './database.js';

/** How often who waits looks; so long a pause lets it in. */
const LOOK_MS = 1;
export const ENOUGH_MS = 2 * LOOK_MS;

export type WriteLock = ReturnType<typeof writeLock>;

/** On the writer's connection, which does not wait by itself from then on. `meanwhile` is called at each rest. */
export function writeLock(db: Connection, meanwhile = () => {}) {
  const note = `${db.name}-wanted`;
  db.pragma('busy_timeout = 0');

  /** Where the folder cannot be written to, the wait is longer, and no more. */
  function tell(isWaiting: boolean): void {
    try {
      if (isWaiting) writeFileSync(note, '');
      else rmSync(note, { force: true });
    } catch {}
  }

  /** Lets others have the lock. */
  function rest(ms: number): void {
    meanwhile();
    pause(ms);
  }

  return {
    rest,

    /**
     * Does the work, a transaction that is immediate, once the lock is free; after BUSY_TIMEOUT_MS it fails, SQLITE_BUSY.
     * That comes from its BEGIN alone: nothing is done twice.
     */
    whenFree<Result>(work: () => Result): Result {
      let until: number | undefined; // of the wait, if there is one
      try {
        for (;;) {
          try {
            return work();
          } catch (error) {
            if (!(error as { code?: string }).code?.startsWith('SQLITE_BUSY')) throw error;
            until ??= performance.now() + BUSY_TIMEOUT_MS;
            if (performance.now() > until) throw error;
          }
          tell(true);
          rest(LOOK_MS);
        }
      } finally {
        if (until !== undefined) tell(false);
      }
    },

    /** Takes the note, if there is one: another process has waited. One that still waits leaves it anew. */
    takeNote(): boolean {
      if (!existsSync(note)) return false;
      tell(false);
      return true;
    },
  };
}
