// The writer thread: the only write connection of the process. Each message is one transaction, and its answer is
// posted after the commit is on disk. When another process has written, it says so.
import { parentPort, workerData } from 'node:worker_threads';
import type { ImportKey, ImportStep } from '../../timeline/imports.js';
import { type Admin, admin } from './admin.js';
import { appender, type Filed } from './append.js';
import { type Connection, openWriter } from './database.js';
import { importer } from './imports.js';
import { type Parcel, unpack } from './parcel.js';
import { type People, people } from './people.js';
import { type SchemaWrites, schemaWriter } from './schemas.js';
import { scrubber } from './scrub.js';

/** What the writer is asked to do. */
export type Request = { n: number } & (
  | { op: 'append'; args: [Parcel] }
  | { op: 'importStep'; args: [Parcel, ImportStep] }
  | { op: 'forgetImport'; args: [ImportKey] }
  | { [Op in keyof Admin]: { op: Op; args: Parameters<Admin[Op]> } }[keyof Admin]
  | { [Op in PeopleOp]: { op: Op; args: Parameters<People[Op]> } }[PeopleOp]
  | { [Op in keyof SchemaWrites]: { op: Op; args: Parameters<SchemaWrites[Op]> } }[keyof SchemaWrites]
  | { op: 'resetWal'; args: [] }
  | { op: 'close'; args: [] }
);
type PeopleOp = 'identify' | 'define' | 'write' | 'merge' | 'erase';
/** What it says: it is open; an answer, or how the work failed (`code` is SQLite's); another process wrote. */
export type Report =
  | { opened: true }
  | { n: number; result: unknown }
  | { n: number; error: string; code: string }
  | { othersWrote: true };

const LOOK_FOR_OTHERS_MS = 500;

const port = parentPort;
if (!port) throw new Error('the writer runs as a worker thread');
const report = (message: Report) => port.postMessage(message);

const db = open();
const persons = people(db);
const append = appender(db, persons);
const imports = importer(db, append);
const scrubbing = scrubber(db);
const others = db.prepare('PRAGMA data_version').pluck();
const work = {
  append: (parcel: Parcel): Filed => append(unpack(parcel)),
  importStep: (parcel: Parcel, step: ImportStep) => imports.step(unpack(parcel), step),
  forgetImport: imports.forget,
  identify: persons.identify,
  define: persons.define,
  write: persons.write,
  merge: persons.merge,
  erase: persons.erase,
  ...admin(db),
  ...schemaWriter(db),
};
let version = others.get();

const looking = setInterval(() => {
  try {
    const now = others.get();
    if (now !== version) report({ othersWrote: true });
    version = now;
    scrubbing.later();
  } catch {
    // A failing disk must not end this thread: the next look tells.
  }
}, LOOK_FOR_OTHERS_MS);

port.on('message', (request: Request) => {
  const { n, op, args } = request;
  try {
    report({ n, result: perform(op, args) });
  } catch (error) {
    const { message, code } = error as Error & { code?: string };
    report({ n, error: message, code: code ?? '' });
  }
});
report({ opened: true });

function open(): Connection {
  try {
    return openWriter((workerData as { folder: string }).folder);
  } catch (error) {
    // The driver's own errors lose everything on their way to the other thread.
    const { message, code } = error as Error & { code?: string };
    throw Object.assign(new Error(message), { code });
  }
}

function perform(op: Request['op'], args: readonly unknown[]): unknown {
  if (op === 'close') return close();
  // With the pages already copied by the checkpointer this is short; without it the WAL would never start over.
  if (op === 'resetWal') return void db.pragma('wal_checkpoint(PASSIVE)');
  if (op === 'importStep') imports.giveWay();
  const perform = work[op] as (...args: readonly unknown[]) => unknown;
  const result = db.transaction(() => perform(...args)).immediate();
  if (op === 'erase') scrubbing.now();
  return result;
}

function close(): void {
  clearInterval(looking);
  try {
    db.pragma('wal_checkpoint(TRUNCATE)');
  } catch {
    // A full disk: the WAL keeps everything.
  }
  db.close();
  scrubbing.close();
  setImmediate(() => port?.close()); // after the answer
}
