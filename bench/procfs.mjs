// What Linux tells of a process: each thread's CPU and what it wrote, and its memory. Elsewhere `measurable` is false.
import { existsSync, readdirSync, readFileSync } from 'node:fs';

export const measurable = existsSync('/proc/self/io');
/** The unit of /proc/…/stat: USER_HZ, 100 on every Linux that Node runs on. */
const MS_PER_TICK = 10;

/** CPU and written bytes until now: of the process, and of each of its threads. */
export function usage(pid) {
  if (!measurable) return undefined;
  const threads = new Map();
  for (const tid of readdirSync(`/proc/${pid}/task`)) {
    const of = `/proc/${pid}/task/${tid}`;
    try {
      // The name may hold spaces and brackets; what follows its last bracket does not.
      const fields = readFileSync(`${of}/stat`, 'utf8').split(') ').at(-1).split(' ');
      const ms = (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
      threads.set(Number(tid), { ms, wrote: written(of) });
    } catch {
      // It ended meanwhile.
    }
  }
  return { pid, threads, wrote: written(`/proc/${pid}`) };
}

/**
 * What was used between two looks. The store's threads (writer, checkpointer) are known by what they do: Node does
 * not name its threads, but Linux counts for each what it dirties of files, and no other thread here writes any.
 */
export function used(before, after) {
  if (!before || !after) return undefined;
  let [mainMs, storeMs, otherMs] = [0, 0, 0];
  for (const [tid, { ms, wrote }] of after.threads) {
    const had = before.threads.get(tid) ?? { ms: 0, wrote: 0 };
    if (tid === after.pid) mainMs += ms - had.ms;
    else if (wrote > had.wrote) storeMs += ms - had.ms;
    else otherMs += ms - had.ms;
  }
  return { mainMs, storeMs, otherMs, wrote: after.wrote - before.wrote };
}

/** The anonymous resident memory, in bytes: what is not a file's page that Linux may drop. */
export function anonymousMemory(pid) {
  if (!measurable) return undefined;
  return Number(/^RssAnon:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024;
}

function written(of) {
  return Number(/^write_bytes: (\d+)/m.exec(readFileSync(`${of}/io`, 'utf8'))[1]);
}
