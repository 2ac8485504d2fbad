// The SQLite engine: one object that keeps everything that the ground's ports ask for, in one folder.
// Writes go to the writer thread; reads are made here, on a connection of their own, but for whose an e-mail is: see
// email_owners.ts.
import { MessageChannel, Worker } from 'node:worker_threads';
import type { AccessStore } from '../../access/store.js';
import { emailKey, type IdentifiedBy } from '../../records/identity.js';
import type { ObjectType, PropertyValue, RecordStore } from '../../records/record.js';
import { wantedEmails } from '../../records/search.js';
import { Refusal } from '../../refusal.js';
import type { ImportStore } from '../../timeline/imports.js';
import type { AppendOutcome, EventDraft, StoredEvent, TimelineStore } from '../../timeline/store.js';
import { CELLS_FILED, type Filed } from './append.js';
import { openReader } from './database.js';
import { emailOwners } from './email_owners.js';
import { type MadeIds, madeIds } from './made_ids.js';
import { pack } from './parcel.js';
import { reader } from './read.js';
import type { Refused } from './refused.js';
import { ERASE_OWED } from './scrub.js';
import type { Found, SearchRequest } from './searcher.js';
import type { Report, Request, Result } from './writer.js';

export { holdsStore } from './database.js';

export type Store = TimelineStore & ImportStore & RecordStore & AccessStore;

export interface StoreOptions {
  folder: string;
  clock: () => number;
  /** Called before a folder of an older version is brought up to date. Unless given, stderr says so. */
  onUpgrade?: (from: number, to: number) => void;
  /** Called when another process has written to the folder: what was remembered may be stale. */
  onOthersWrote?: () => void;
  /** Called when what opens something has changed or been ended, before its caller hears of it. */
  onRevoked?: () => void;
  /** Called when a write has defined properties, before its caller hears of it. */
  onDefined?: (portalId: number, type: ObjectType) => void;
}

const CHECKPOINT_EVERY_EVENTS = 40_000;
const CHECKPOINT_EVERY_BYTES = 64 * 1024 * 1024;
/** A commit writes some pages to the WAL, however small what it brings. */
const COMMIT_BYTES = 16 * 1024;
/** Writes that wait for the writer, besides batches of events, which the intake bounds. */
const MAX_WAITING_WRITES = 1_000;
const MAX_WAITING_SEARCHES = 200;
/** How far the writer may run ahead of a slow checkpointer. */
const MAX_BYTES_AHEAD = 256 * 1024 * 1024;

const CLOSED = new Refusal('unavailable', 'the store is closed');

/** Opens the folder, creating what is missing. `close` leaves one tidy file behind. */
export async function openStore(options: StoreOptions): Promise<Store & { close(): Promise<void> }> {
  const { folder, clock, onUpgrade = tellUpgrade } = options;
  const defined = (portalId: number, type: ObjectType, values: readonly PropertyValue[]) => {
    if (values.some(({ defines }) => defines)) options.onDefined?.(portalId, type);
  };
  const writer = await startWriter(folder, {
    heard: () => {
      renew();
      checkpoints.count(0, COMMIT_BYTES);
    },
    othersWrote: () => options.onOthersWrote?.(),
    upgrading: onUpgrade,
  });
  const db = openReader(folder);
  const ids = madeIds(db);
  const {
    reads: { emailOwner, ...reads },
    renew,
  } = reader(db);
  const owners = emailOwners(emailOwner, (emails) => writer.ask('emailOwners', [emails]));
  const searcher = startSearcher(folder);
  const checkpoints = startCheckpoints(folder, () => writer.ask('resetWal', []));
  async function revoking<Answer>(asked: Promise<Answer>): Promise<Answer> {
    const answer = await asked;
    options.onRevoked?.();
    return answer;
  }
  return {
    ...reads,

    async append(drafts: readonly EventDraft[]): Promise<AppendOutcome[]> {
      const bytes = bytesOf(drafts);
      const filed = await writer.ask('append', [pack(drafts), bytes]);
      checkpoints.count(drafts.length, bytes);
      for (const { portalId, subject, properties } of drafts) defined(portalId, subject.type, properties);
      return drafts.map((draft, index) => outcome(draft, filed, CELLS_FILED * index, ids));
    },
    importStep(drafts, step) {
      const [events, bytes] = [drafts.length, bytesOf(drafts)];
      const defining = drafts.filter(({ properties }) => properties.some(({ defines }) => defines));
      // The drafts are let go: each collection of garbage would copy those that wait.
      return writer.ask('importStep', [pack(drafts), step]).then((refused) => {
        if (!refused)
          throw new Refusal(
            'conflict',
            'another process imports this file: let it, or end it and run this again',
          );
        checkpoints.count(events, bytes);
        for (const { portalId, subject } of defining) options.onDefined?.(portalId, subject.type);
        return refused;
      });
    },
    forgetImport: (key) => writer.ask('forgetImport', [key]),
    createPortal: (portal) => writer.ask('createPortal', [portal]),
    createApp: (app) => writer.ask('createApp', [app]),
    createConsent: (consent) => writer.ask('createConsent', [consent]),
    async redeemCode(consentId, at) {
      const first = await writer.ask('redeemCode', [consentId, at]);
      if (!first) options.onRevoked?.();
      return first;
    },
    async issue(token) {
      const issued = await writer.ask('issue', [token]);
      if (issued !== false && issued.endedOthers) options.onRevoked?.();
      return issued !== false;
    },
    revokeConsent: (consentId, at) => revoking(writer.ask('revokeConsent', [consentId, at])),
    endRefreshToken: (consentId) => writer.ask('endRefreshToken', [consentId]),
    endToken: (hash) => revoking(writer.ask('endToken', [hash])),
    createUser: (email, password, at) => writer.ask('createUser', [email, password, at]),
    setPassword: (userId, password) => writer.ask('setPassword', [userId, password]),
    removeUser: (userId) => writer.ask('removeUser', [userId]),
    createSession: (hash, userId, password, at, expiresAt) =>
      writer.ask('createSession', [hash, userId, password, at, expiresAt]),
    endSession: (hash) => writer.ask('endSession', [hash]),
    createToken: (token) => writer.ask('createToken', [token, clock()]),
    changePortal: (id, change) => revoking(writer.ask('changePortal', [id, change])),
    changeApp: (id, change) => revoking(writer.ask('changeApp', [id, change])),
    install: (portalId, appId) => writer.ask('install', [portalId, appId]),
    uninstall: (portalId, appId) => revoking(writer.ask('uninstall', [portalId, appId])),
    revokeToken: (portalId, id) => revoking(writer.ask('revokeToken', [portalId, id])),
    createAdminKey: (key) => writer.ask('createAdminKey', [key, clock()]),
    revokeAdminKey: (id) => revoking(writer.ask('revokeAdminKey', [id])),
    createTemplate: (template, max) => writer.ask('createTemplate', [template, max]),
    saveTemplate: (template) => writer.ask('saveTemplate', [template]),
    async identify(identification) {
      const answer = await writer.ask('identify', [identification]);
      checkpoints.count(1, bytesOfValues(identification.properties) + (identification.visit?.length ?? 0));
      defined(identification.portalId, 'contacts', identification.properties);
      return isRefused(answer) ? toRefusal(answer) : answer;
    },
    define: (portalId, type, definitions) => writer.ask('define', [portalId, type, definitions]),
    createSchema: (portalId, schema, definitions, max) =>
      writer.ask('createSchema', [portalId, schema, definitions, max]),
    saveSchema: (portalId, schema) => writer.ask('saveSchema', [portalId, schema]),
    dropSchema: (portalId, type) => writer.ask('dropSchema', [portalId, type]),
    async write(portalId, writes, at) {
      const answers = await writer.ask('write', [portalId, writes, at]);
      let bytes = 0;
      for (const write of writes) if ('properties' in write) bytes += bytesOfValues(write.properties);
      checkpoints.count(writes.length, bytes);
      for (const write of writes) if ('properties' in write) defined(portalId, write.type, write.properties);
      return answers.map((answer) => ('reason' in answer ? toRefusal(answer) : answer));
    },
    async contactsByEmail(portalId, emails) {
      const ids = await owners.of(portalId, emails);
      return ids.map((id) =>
        id === undefined ? undefined : reads.record({ portalId, type: 'contacts', id }),
      );
    },
    async search(portalId, type, search) {
      const emails = type === 'contacts' ? wantedEmails(search) : [];
      const ids = await owners.of(portalId, emails);
      const contacts = new Map(emails.map((email, n) => [emailKey(email), ids[n]]));
      const found = await searcher.search({ portalId, type, search, contacts });
      const records = found.ids.flatMap((id) => reads.record({ portalId, type, id }) ?? []);
      return { total: found.total, records };
    },
    async merge(portalId, primary, other, at) {
      const answer = await writer.ask('merge', [portalId, primary, other, at]);
      return isRefused(answer) ? toRefusal(answer) : answer;
    },
    erase: (portalId, who) => writer.ask('erase', [portalId, who]),
    archiveTemplate: (id, at) => writer.ask('archiveTemplate', [id, at]),

    async close() {
      await checkpoints.close();
      await owners.settled();
      await searcher.close();
      renew();
      db.close(); // before the writer, so that it can empty the WAL
      await writer.ask('close', []);
    },
  };
}

function bytesOf(drafts: readonly EventDraft[]): number {
  let bytes = 0;
  for (const { body } of drafts) bytes += body.length;
  return bytes;
}

/** Values are kept twice: as they are now, and among what they were. */
function bytesOfValues(values: readonly PropertyValue[]): number {
  let bytes = 0;
  for (const { value } of values) bytes += 2 * value.length;
  return bytes;
}

function outcome(draft: EventDraft, filed: Filed, at: number, ids: MadeIds): AppendOutcome {
  const record = filed[at];
  if (isRefused(record)) return toRefusal(record);
  const { templateId, timestamp, receivedAt, body } = draft;
  const id = draft.id ?? ids.of(filed[at + 2] as number, receivedAt);
  const identifiedBy = filed[at + 1] as IdentifiedBy;
  const event: StoredEvent = { templateId, id, timestamp, receivedAt, identifiedBy, body };
  if (record !== null) event.objectId = record as number;
  return event;
}

function isRefused(answer: unknown): answer is Refused {
  return typeof answer === 'object' && answer !== null;
}

function toRefusal({ reason, message, faults, context }: Refused): Refusal {
  return new Refusal(reason, message, faults, context);
}

interface Writer {
  ask<Op extends Request['op']>(op: Op, args: Extract<Request, { op: Op }>['args']): Promise<Result<Op>>;
}

interface Asked {
  op: Request['op'];
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
}

/** Bounded elsewhere, or not to be refused. */
const UNCOUNTED: ReadonlySet<Request['op']> = new Set(['append', 'emailOwners', 'resetWal', 'close']);

interface Listener {
  /** Before a caller hears of its write: it must be able to read it. */
  heard(): void;
  othersWrote(): void;
  upgrading(from: number, to: number): void;
}

function startWriter(folder: string, { heard, othersWrote, upgrading }: Listener): Promise<Writer> {
  const { port1: lookUps, port2 } = new MessageChannel();
  const worker = new Worker(new URL('writer.js', import.meta.url), {
    workerData: { folder, lookUps: port2 },
    transferList: [port2],
  });
  const asked = new Map<number, Asked>();
  let counted = 0;
  let n = 0;
  let open = false;
  let ended: Error | undefined;
  const writer: Writer = {
    ask: (op, args) =>
      new Promise((resolve, reject) => {
        if (ended) return reject(ended);
        const counts = !UNCOUNTED.has(op);
        if (counts && counted >= MAX_WAITING_WRITES)
          return reject(new Refusal('overloaded', `${counted} writes are waiting; try again shortly`));
        if (counts) counted++;
        n++;
        asked.set(n, { op, resolve: resolve as (result: unknown) => void, reject });
        (op === 'emailOwners' ? lookUps : worker).postMessage({ n, op, args } as Request);
      }),
  };
  return new Promise((opened, failed) => {
    worker.on('message', (report: Report) => {
      if ('upgrading' in report) return upgrading(report.upgrading.from, report.upgrading.to);
      if ('opened' in report) {
        open = true;
        return opened(writer);
      }
      heard();
      if ('othersWrote' in report) return othersWrote();
      for (const answer of report.answers) {
        const caller = asked.get(answer.n);
        asked.delete(answer.n);
        if (!caller) continue;
        if (!UNCOUNTED.has(caller.op)) counted--;
        if ('error' in answer) caller.reject(failure(caller.op, answer.error, answer.code));
        else caller.resolve(answer.result);
      }
    });
    const end = (error: NodeJS.ErrnoException) => {
      ended ??= error;
      // What the driver throws comes from the other thread with its code alone.
      const why =
        advice(error.code) ?? error.message ?? `its tables are not as they should be (${error.code})`;
      failed(new Error(`The data folder '${folder}' cannot be opened: ${why}`));
      for (const caller of asked.values()) caller.reject(error);
      asked.clear();
    };
    worker.on('error', (error) => {
      end(error);
      // A server that cannot write would only refuse: it ends, and whoever watches it starts it again.
      if (open) throw error;
    });
    worker.on('exit', () => end(CLOSED));
  });
}

function tellUpgrade(from: number, to: number): void {
  process.stderr.write(
    `Bringing the data folder up to date (schema ${from} to ${to}); with millions of events this takes a while.\n`,
  );
}

/** A transaction that failed: nothing of it was stored. Or an erase that is committed and not yet complete. */
function failure(op: Request['op'], message: string, code: string): Error {
  if (code.startsWith(ERASE_OWED)) {
    const why = advice(code.slice(ERASE_OWED.length).trim()) ?? message;
    return new Refusal(
      'unavailable',
      `The contact is erased, but traces are still in the files: ${why}. They go by themselves as soon as that ends`,
    );
  }
  const reason = advice(code);
  const what = op === 'emailOwners' ? 'Nobody could be looked up' : 'Nothing was stored';
  return reason
    ? new Refusal('unavailable', `${what}: ${reason} and send it again`)
    : new Error(`${message} ${code}`.trim());
}

/** SQLite's or the system's word for what a person can mend, as advice. */
function advice(code = ''): string | undefined {
  if (code === 'EEXIST' || code === 'ENOTDIR') return 'it is a file, or in one; name a folder';
  if (/^SQLITE_(?:FULL|IOERR_SHMSIZE)/.test(code)) return 'the disk is full; make room in the data folder';
  if (code === 'SQLITE_READONLY_DBMOVED')
    return 'its file is gone from the data folder; stop the server, put it back, start anew';
  if (code === 'WAL_MOVED')
    return 'its write-ahead log is gone from the data folder; stop the server, which keeps everything in its file, start anew';
  if (code.startsWith('SQLITE_READONLY')) return 'the data folder is read-only; make it writable';
  if (code.startsWith('SQLITE_CANTOPEN'))
    return 'its files cannot be opened; make them readable and writable';
  if (code.startsWith('SQLITE_IOERR')) return `the disk failed (${code}); see to it`;
  if (code.startsWith('SQLITE_BUSY'))
    return 'another process has been writing to the data folder for too long; wait for it';
  if (/^SQLITE_(?:NOTADB|CORRUPT)/.test(code)) return 'its file is damaged; put a backup in its place';
  return undefined;
}

/** Copies the WAL into the database now and then, on a thread of its own, then has the writer start it over. */
function startCheckpoints(folder: string, resetWal: () => Promise<unknown>) {
  const worker = new Worker(new URL('checkpointer.js', import.meta.url), { workerData: { folder } });
  let events = 0;
  let bytes = 0;
  let running = false;
  const gone = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  worker.on('message', () => {
    resetWal()
      .catch(() => undefined) // closing, or the disk is full: the next round tries again
      .finally(() => {
        running = false;
      });
  });
  return {
    count(moreEvents: number, moreBytes: number): void {
      events += moreEvents;
      bytes += moreBytes;
      if (events < CHECKPOINT_EVERY_EVENTS && bytes < CHECKPOINT_EVERY_BYTES) return;
      if (!running) {
        running = true;
        worker.postMessage('checkpoint');
      } else if (bytes >= MAX_BYTES_AHEAD) {
        resetWal().catch(() => undefined); // the writer copies what is left itself, and waits for that
      } else return;
      events = 0;
      bytes = 0;
    },
    close(): Promise<void> {
      worker.postMessage('close');
      return gone;
    },
  };
}

/** Searches look at many records: on a thread of its own they hold nobody up. It starts with the first search. */
function startSearcher(folder: string) {
  const asked = new Map<number, { resolve: (found: Found) => void; reject: (error: Error) => void }>();
  let worker: Worker | undefined;
  let closed = false;
  let n = 0;
  const start = () => {
    const started = new Worker(new URL('searcher.js', import.meta.url), { workerData: { folder } });
    started.on('message', ({ n, found, tooBroad }: { n: number; found: Found; tooBroad?: string }) => {
      const caller = asked.get(n);
      asked.delete(n);
      if (tooBroad === undefined) return caller?.resolve(found);
      caller?.reject(
        new Refusal(
          'invalid',
          `the search ${tooBroad}; add a filter by EQ on email, domain, a name or a property with unique values`,
        ),
      );
    });
    started.on('error', (error) => {
      for (const caller of asked.values()) caller.reject(error);
      asked.clear();
      worker = undefined;
    });
    return started;
  };
  return {
    search: (request: SearchRequest): Promise<Found> =>
      new Promise((resolve, reject) => {
        if (closed) return reject(CLOSED);
        if (asked.size >= MAX_WAITING_SEARCHES)
          return reject(new Refusal('overloaded', 'too many searches are waiting; try again shortly'));
        n++;
        asked.set(n, { resolve, reject });
        worker ??= start();
        worker.postMessage({ n, request });
      }),
    close(): Promise<unknown> | undefined {
      closed = true;
      for (const caller of asked.values()) caller.reject(CLOSED);
      return worker?.terminate();
    },
  };
}
