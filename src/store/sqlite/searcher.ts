// The search thread: looks through records on a read-only connection of its own, so that a broad search holds nobody
// up. Where every group of filters names an indexed value, only the records that have it are looked at; otherwise at
// most MAX_LOOKED_AT. None takes longer than MAX_SEARCH_MS: others wait for it.
import { parentPort, workerData } from 'node:worker_threads';
import { emailKey } from '../../records/identity.js';
import {
  createdName,
  INDEXED_PROPERTIES,
  isCustom,
  modifiedName,
  type ObjectType,
  SEARCHED_PROPERTIES,
} from '../../records/record.js';
import { compareValues, type Filter, matches, type Search, wantedBy } from '../../records/search.js';
import { IDENTITY_VALUE, INDEXED, openReader, PROPERTY_OF_RECORD } from './database.js';

export interface SearchRequest {
  portalId: number;
  type: ObjectType;
  search: Search;
  /** Of the e-mails that it looks for, by their keys: the writer knows. */
  contacts: ReadonlyMap<string, number | undefined>;
}
export interface Found {
  total: number;
  ids: number[];
}

const MAX_LOOKED_AT = 200_000;
const MAX_SEARCH_MS = 10_000;

const db = openReader((workerData as { folder: string }).folder);
const LIVE = 'r.merged_into IS NULL AND r.archived_at IS NULL';
const idsByValue = db
  .prepare(`
    SELECT r.id FROM ${PROPERTY_OF_RECORD}
    WHERE ${INDEXED} AND name = ? AND lower(value) = lower(?) AND r.portal = ? AND r.object_type = ?`)
  .pluck();
// It may have been merged since it was asked for.
const remaining = db
  .prepare(
    "SELECT coalesce(merged_into, id) FROM record WHERE portal = ? AND object_type = 'contacts' AND id = ?",
  )
  .pluck();
const idsByUnique = db.prepare(`SELECT r.id FROM ${PROPERTY_OF_RECORD} WHERE p.unique_key = ?`).pluck();

parentPort?.on('message', ({ n, request }: { n: number; request: SearchRequest }) => {
  const found = db.transaction(() => search(request))();
  parentPort?.postMessage(typeof found === 'string' ? { n, tooBroad: found } : { n, found });
});

/** Or why it is too broad. */
function search({ portalId, type, search: wanted, contacts }: SearchRequest): Found | string {
  const until = performance.now() + MAX_SEARCH_MS;
  const { sort, offset, limit, query, groups } = wanted;
  const searched = query ? (wanted.searched ?? (isCustom(type) ? [] : SEARCHED_PROPERTIES[type])) : [];
  const names = [
    ...new Set([sort.propertyName, ...searched, ...groups.flat().map(({ propertyName }) => propertyName)]),
  ];
  const columnOf = new Map(names.map((name, column) => [name, column + 1]));
  const fitting: { id: number; key: string | undefined }[] = [];
  let lookedAt = 0;
  for (const row of candidates(portalId, type, groups, names, contacts)) {
    if (++lookedAt > MAX_LOOKED_AT) return `would look at more than ${MAX_LOOKED_AT} records`;
    if (performance.now() > until) return `takes more than ${MAX_SEARCH_MS / 1_000} seconds`;
    const read = (name: string) => (row[columnOf.get(name) as number] as string | null) ?? undefined;
    if (matches(wanted, read, searched)) fitting.push({ id: row[0], key: read(sort.propertyName) });
  }
  const direction = sort.descending ? -1 : 1;
  fitting.sort((a, b) => direction * compareKeys(a.key, b.key) || a.id - b.id);
  return { total: fitting.length, ids: fitting.slice(offset, offset + limit).map(({ id }) => id) };
}

/** Records without a value come first. */
function compareKeys(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return (a === undefined ? 0 : 1) - (b === undefined ? 0 : 1);
  return compareValues(a, b);
}

/** A record's id, and the values of the properties that were asked for. */
type Row = [id: number, ...values: (string | null)[]];

/** The records that may fit, in order of their ids. */
function candidates(
  portal: number,
  type: ObjectType,
  groups: Search['groups'],
  names: readonly string[],
  contacts: SearchRequest['contacts'],
): Iterable<Row> {
  const columns = names.map((name) => ownColumn(type, name) ?? PROPERTY).join(', ');
  const values = names.filter((name) => ownColumn(type, name) === undefined);
  const rows = (from: string) =>
    db
      .prepare(
        `SELECT r.id, ${columns} FROM ${from} r.portal = ? AND r.object_type = ? AND ${LIVE} ORDER BY r.id`,
      )
      .raw();
  const keys = groups.map((group) => group.find((filter) => isIndexed(type, filter)));
  if (groups.length === 0 || keys.some((key) => key === undefined))
    return rows('record r WHERE').iterate(...values, portal, type) as Iterable<Row>;
  const ids = new Set((keys as Filter[]).flatMap((filter) => idsBy(portal, type, filter, contacts)));
  const from = 'json_each(?) j CROSS JOIN record r ON r.id = j.value WHERE';
  return rows(from).iterate(...values, JSON.stringify([...ids]), portal, type) as Iterable<Row>;
}

/** SQL for the value of a property, whose name is bound. */
const PROPERTY = "(SELECT value FROM property p WHERE p.place = r.place AND p.name = ? AND p.value <> '')";

/** SQL for what is the record's own affair; undefined where the name is another property's. */
function ownColumn(type: ObjectType, name: string): string | undefined {
  if (name === 'hs_object_id') return 'CAST(r.id AS TEXT)';
  const iso = (field: string) => `strftime('%Y-%m-%dT%H:%M:%fZ', ${field} / 1000.0, 'unixepoch')`;
  if (name === createdName(type)) return iso('r.created_at');
  if (name === modifiedName(type)) return iso('r.updated_at');
  if (type !== 'contacts') return undefined;
  const emails = (value: string, which: string) =>
    `(SELECT ${value} FROM identity i WHERE i.portal = r.portal AND i.object_id = r.id AND i.kind = 'email' AND ${which})`;
  if (name === 'email') return emails(IDENTITY_VALUE, 'is_primary');
  if (name === 'hs_additional_emails')
    return emails(`group_concat(${IDENTITY_VALUE}, ';' ORDER BY key)`, 'NOT is_primary');
  if (name === 'hs_merged_object_ids')
    return "(SELECT group_concat(id, ';' ORDER BY id) FROM record m INDEXED BY record_merged WHERE m.portal = r.portal AND m.object_type = r.object_type AND m.merged_into = r.id)";
  return undefined;
}

function isEmail(type: ObjectType, name: string): boolean {
  return type === 'contacts' && name === 'email';
}

function isIndexed(type: ObjectType, filter: Filter): boolean {
  const wanted = wantedBy(filter);
  if (!wanted) return false;
  const { propertyName, keys, isText } = filter;
  if (keys || isEmail(type, propertyName) || propertyName === 'hs_object_id') return true;
  // The index compares as text, and folds ASCII letters only.
  const isPlain = (each: string) => /^[\x20-\x7e]+$/.test(each);
  return INDEXED_PROPERTIES.has(propertyName) && isText === true && wanted.every(isPlain);
}

function idsBy(
  portal: number,
  type: ObjectType,
  filter: Filter,
  contacts: SearchRequest['contacts'],
): number[] {
  const { propertyName, keys } = filter;
  if (keys) return keys.flatMap((key) => idsByUnique.all(key) as number[]);
  const wanted = wantedBy(filter) ?? [];
  if (propertyName === 'hs_object_id') return wanted.map(Number).filter(Number.isSafeInteger);
  if (isEmail(type, propertyName))
    return wanted.flatMap((each) => remaining.all(portal, contacts.get(emailKey(each)) ?? null) as number[]);
  return wanted.flatMap((each) => idsByValue.all(propertyName, each, portal, type) as number[]);
}
