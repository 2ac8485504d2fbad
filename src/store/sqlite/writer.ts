// The writer thread: the only write connection of the process. Each message is one transaction, but batches of events
// that wait behind one another share one; what it answers is posted after the commit is on disk. When another process
// has written, it says so.
import { statSync } from 'node:fs';
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { ImportStep } from '../../timeline/imports.js';
import { admin } from './admin.js';
import { appender, CELLS_FILED, type Filed } from './append.js';
import { BUSY_TIMEOUT_MS, type Connection, openWriter } from './database.js';
import { definer } from './definitions.js';
import type { Email } from './email_owners.js';
import { eraser } from './erasing.js';
import { importer } from './imports.js';
import { keys } from './keys.js';
import { writeLock } from './lock.js';
import { merger } from './merging.js';
import { countOf, type Parcel, unpack } from './parcel.js';
import { people } from './people.js';
import { portals } from './portals.js';
import { recordWriter } from './record_writes.js';
import { schemaWriter } from './schemas.js';
import { scrubber } from './scrub.js';

/** What the writer is asked to do. */
export type Request = { n: number } & {
  [Op in keyof Work]: { op: Op; args: Parameters<Work[Op]> };
}[keyof Work];
type Work = Omit<typeof work, 'append'> & {
  append(parcel: Parcel, bytes: number): Filed;
  emailOwners(emails: readonly Email[]): (number | undefined)[];
  resetWal(): void;
  close(): void;
};
/** What comes of it. */
export type Result<Op extends Request['op']> = ReturnType<Work[Op]>;
/** What has come of it, or how it failed (`code` is SQLite's). */
export type Answer = { n: number } & ({ result: unknown } | { error: string; code: string });
/** What the writer says: it is open; answers, once what they tell is on disk; another process wrote. */
export type Report =
  | { upgrading: { from: number; to: number } }
  | { opened: true }
  | { answers: Answer[] }
  | { othersWrote: true };
type Append = Extract<Request, { op: 'append' }>;

const LOOK_FOR_OTHERS_MS = 500;
/** A commit takes no further batch once it has so much: others wait for it. */
const FULL_EVENTS = 1_000;
const FULL_BYTES = 16 * 1024 * 1024;

const port = parentPort;
if (!port) throw new Error('the writer runs as a worker thread');
// Who looks for e-mails comes by a port of his own: he waits for no lock, and for no more than one commit, or a sweep.
const { folder, lookUps } = workerData as { folder: string; lookUps: MessagePort };
const report = (message: Report) => port.postMessage(message);

const db = open();
const ofPortals = portals(db);
const ofKeys = keys(db);
const persons = people(db, ofPortals, ofKeys);
const append = appender(db, persons);
const lock = writeLock(db, answerLookUps);
const imports = importer(db, append, lock);
const scrubbing = scrubber(db, lock);
const others = db.prepare('PRAGMA data_version').pluck();
const work = {
  append: (...parcels: Parcel[]): Filed => append(parcels.flatMap(unpack)),
  importStep: (parcel: Parcel, step: ImportStep) => imports.step(unpack(parcel), step),
  forgetImport: imports.forget,
  identify: persons.identify,
  define: definer(db),
  write: recordWriter(db, ofPortals, ofKeys, persons),
  merge: merger(db, ofKeys),
  erase: eraser(db, ofKeys),
  ...admin(db),
  ...schemaWriter(db),
};
// Made once: to make it costs as much as an event.
const inTransaction = db.transaction((op: keyof typeof work, args: readonly unknown[]) =>
  ofPortals.within(() => {
    ofKeys.begin();
    return (work[op] as (...args: readonly unknown[]) => unknown)(...args);
  }),
);
const ownersOf = db.transaction((emails: readonly Email[]) => {
  ofKeys.look();
  return emails.map((email) => ofKeys.emailOwnerOf(...email)?.id);
});
let version = others.get();
const WAL = `${db.name}-wal`;
const inodes = { file: inodeOf(db.name), wal: inodeOf(WAL) };
/** What is no longer where it was, as a code: SQLite would go on writing to what nobody will find again. */
let moved: 'SQLITE_READONLY_DBMOVED' | 'WAL_MOVED' | undefined;

const looking = setInterval(() => {
  try {
    const now = others.get();
    if (now !== version) report({ othersWrote: true });
    version = now;
    if (inodeOf(db.name) !== inodes.file) moved = 'SQLITE_READONLY_DBMOVED';
    else moved = inodeOf(WAL) === inodes.wal ? undefined : 'WAL_MOVED';
    scrubbing.later();
  } catch {
    // A failing disk must not end this thread: the next look tells.
  }
}, LOOK_FOR_OTHERS_MS);

lookUps.on('message', (request: Request) => report({ answers: [answer(request)] }));
port.on('message', (request: Request) => {
  answerLookUps();
  if (request.op !== 'append') return report({ answers: [answer(request)] });
  const batches: Append[] = [];
  let next: Request | undefined = request;
  for (let events = 0, bytes = 0; next?.op === 'append'; ) {
    batches.push(next);
    const [parcel, size] = next.args;
    events += countOf(parcel);
    bytes += size;
    next = events < FULL_EVENTS && bytes < FULL_BYTES ? nextFrom(port) : undefined;
  }
  report({ answers: appendTogether(batches) });
  if (!next) return;
  answerLookUps();
  report({ answers: [answer(next)] });
});
report({ opened: true });

function open(): Connection {
  try {
    const upgrading = (from: number, to: number) => report({ upgrading: { from, to } });
    return openWriter(folder, upgrading);
  } catch (error) {
    // The driver's own errors lose everything on their way to the other thread.
    const { message, code } = error as Error & { code?: string };
    throw Object.assign(new Error(message), { code });
  }
}

function inodeOf(file: string): bigint | undefined {
  return statSync(file, { bigint: true, throwIfNoEntry: false })?.ino;
}

function nextFrom(port: MessagePort): Request | undefined {
  return receiveMessageOnPort(port)?.message;
}

function answerLookUps(): void {
  for (let next = nextFrom(lookUps); next; next = nextFrom(lookUps)) report({ answers: [answer(next)] });
}

function answer({ n, op, args }: Request): Answer {
  try {
    return { n, result: perform(op, args) };
  } catch (error) {
    return { n, ...failureOf(error) };
  }
}

function appendTogether(batches: readonly Append[]): Answer[] {
  try {
    const filed = perform(
      'append',
      batches.map(({ args: [parcel] }) => parcel),
    ) as Filed;
    let at = 0;
    return batches.map(({ n, args: [parcel] }) => {
      const from = at;
      at += countOf(parcel) * CELLS_FILED;
      return { n, result: filed.slice(from, at) };
    });
  } catch (error) {
    return batches.map(({ n }) => ({ n, ...failureOf(error) }));
  }
}

function failureOf(error: unknown): { error: string; code: string } {
  const { message, code } = error as Error & { code?: string };
  return { error: message, code: code ?? '' };
}

function perform(op: Request['op'], args: readonly unknown[]): unknown {
  if (op === 'close') return close();
  if (op === 'emailOwners') return ownersOf(...(args as Parameters<Work['emailOwners']>));
  if (moved) throw Object.assign(new Error('a file was moved'), { code: moved });
  // With the pages already copied by the checkpointer this is short; without it the WAL would never start over.
  if (op === 'resetWal') return void db.pragma('wal_checkpoint(PASSIVE)');
  if (op === 'importStep') imports.giveWay();
  try {
    const result = lock.whenFree(() => inTransaction.immediate(op, args));
    if (op === 'erase') scrubbing.now();
    return result;
  } catch (error) {
    ofKeys.forget();
    throw error;
  }
}

function close(): void {
  clearInterval(looking);
  lookUps.close();
  lock.takeNote(); // that of one that was killed would stay
  try {
    db.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
    db.pragma('wal_checkpoint(TRUNCATE)');
  } catch {
    // A full disk: the WAL keeps everything.
  }
  db.close();
  scrubbing.close();
  setImmediate(() => port?.close()); // after the answer
}
