// Opens the folder's SQLite file: for the one writer, for readers, for the checkpointer. Brings the schema up to
// date before anybody reads it. STRICT tables, WAL; the writer is durable (synchronous=FULL) and leaves no traces of
// what was deleted (secure_delete).
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { keyOf } from '../../records/definitions.js';
import { emailKey } from '../../records/identity.js';
import type { PropertyType } from '../../records/properties.js';
import { INDEXED_PROPERTIES, type ObjectType } from '../../records/record.js';
import { emailSaid } from '../../timeline/event.js';

export type Connection = Database.Database;

/** Said of a property, this lets its index `property_value` be used: SQLite does not work it out from `name = …`. */
export const INDEXED = `(${[...INDEXED_PROPERTIES].map((name) => `name = '${name}'`).join(' OR ')})`;

/** The records that properties are of. */
export const PROPERTY_OF_RECORD = `property p CROSS JOIN place own ON own.id = p.place CROSS JOIN record r
  ON r.portal = own.portal AND r.object_type = own.object_type AND r.id = own.object_id`;

/** An identity as it was sent. */
export const IDENTITY_VALUE = "iif(value = '', key, value)";

/** A limit that is bound. SQLite would plan a statement with `LIMIT ?` anew whenever it is run: several µs each time. */
export const LIMIT = 'LIMIT +?';

const MIGRATIONS = new URL('migrations/', import.meta.url);
export const BUSY_TIMEOUT_MS = 5_000;
const READER_CACHE_KIB = 16 * 1024;
/** A larger one is slower: where a page was split and the file is below 1 GB, SQLite goes through all of it at the commit. */
const WRITER_CACHE_KIB = 4 * 1024;
const MMAP_BYTES = 2 ** 31;

/** Whether a folder is one of ours, and not a file; fails where that cannot be seen. */
export function holdsStore(folder: string): boolean {
  try {
    return statSync(databaseFile(folder), { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return false;
    throw error;
  }
}

function databaseFile(folder: string): string {
  return join(folder, 'throughline.sqlite');
}

/**
 * Creates the folder and the file where they are missing, and applies the migrations that are not yet in; `upgrading` is
 * called before those of a folder that had been in use.
 */
export function openWriter(
  folder: string,
  upgrading = (_from: number, _to: number): void => undefined,
): Connection {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const db = new Database(databaseFile(folder), { timeout: BUSY_TIMEOUT_MS });
  refuseForeign(db);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.pragma('secure_delete = ON');
  db.pragma('wal_autocheckpoint = 0'); // the checkpointer's work, off the reply path
  db.pragma(`cache_size = -${WRITER_CACHE_KIB}`);
  db.pragma(`mmap_size = ${MMAP_BYTES}`);
  db.pragma('foreign_keys = ON');
  migrate(db, upgrading);
  return db;
}

export function openReader(folder: string): Connection {
  const db = new Database(databaseFile(folder), { readonly: true, timeout: BUSY_TIMEOUT_MS });
  db.pragma(`cache_size = -${READER_CACHE_KIB}`);
  db.pragma(`mmap_size = ${MMAP_BYTES}`);
  return db;
}

export function openCheckpointer(folder: string): Connection {
  const db = new Database(databaseFile(folder), { fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
  db.pragma('synchronous = FULL');
  db.pragma('wal_autocheckpoint = 0');
  return db;
}

/** Holds up the calling thread. */
export function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** A file of another program's is left as it is. */
function refuseForeign(db: Connection): void {
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all();
  const isOurs = versionOf(db) > 0 && ['portal', 'template', 'event'].every((name) => tables.includes(name));
  if (tables.length > 0 && !isOurs)
    throw new Error('the throughline.sqlite in it is of another program; choose another folder');
}

function versionOf(db: Connection): number {
  return db.pragma('user_version', { simple: true }) as number;
}

function migrate(db: Connection, upgrading: (from: number, to: number) => void): void {
  const files = readdirSync(MIGRATIONS)
    .filter((name) => name.endsWith('.sql'))
    .sort();
  const version = () => versionOf(db);
  if (version() > files.length)
    throw new Error(
      `it is of a newer Throughline (schema ${version()}, this one knows ${files.length}); run that one`,
    );
  if (version() === files.length) return;
  if (version() > 0) upgrading(version(), files.length);
  // What migrations need to know of the ground's rules.
  db.function('email_key_said', (body: string) => emailKey(emailSaid(body) ?? ''));
  db.function(
    'unique_key',
    (portal: number, type: ObjectType, name: string, of: PropertyType, value: string) =>
      keyOf(portal, type, { name, type: of }, value),
  );
  db.unsafeMode(); // one of them takes references away, which only the schema's own text can
  db.transaction(() => {
    for (const name of files.slice(version())) {
      db.exec(readFileSync(new URL(name, MIGRATIONS), 'utf8'));
      db.pragma(`user_version = ${version() + 1}`);
    }
  }).immediate();
  db.unsafeMode(false);
}
