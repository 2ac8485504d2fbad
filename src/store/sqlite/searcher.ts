// The search thread: looks through records on a read-only connection of its own, so that a broad search holds nobody
// up. Where every group of filters names an indexed value, only the records that have it are looked at; otherwise at
// most MAX_LOOKED_AT.
import { parentPort, workerData } from 'node:worker_threads';
import { emailKey } from '../../records/identity.js';
import {
  INDEXED_PROPERTIES,
  modifiedName,
  type ObjectType,
  SEARCHED_PROPERTIES,
} from '../../records/record.js';
import { compareValues, type Filter, matches, type Search } from '../../records/search.js';
import { INDEXED, openReader } from './database.js';

export interface SearchRequest {
  portalId: number;
  type: ObjectType;
  search: Search;
}
export interface Found {
  total: number;
  ids: number[];
}

const MAX_LOOKED_AT = 200_000;

interface Row {
  id: number;
  place: number;
  createdAt: number;
  updatedAt: number;
}

const db = openReader((workerData as { folder: string }).folder);
const LIVE = 'merged_into IS NULL AND archived_at IS NULL';
const COLUMNS = 'id, place, created_at AS createdAt, updated_at AS updatedAt';
const all = db.prepare(
  `SELECT ${COLUMNS} FROM record WHERE portal = ? AND object_type = ? AND ${LIVE} ORDER BY id`,
);
const byId = db.prepare(
  `SELECT ${COLUMNS} FROM record WHERE portal = ? AND object_type = ? AND id = ? AND ${LIVE}`,
);
const byPlace = db.prepare(
  `SELECT ${COLUMNS} FROM record INDEXED BY record_place WHERE place = ? AND portal = ? AND object_type = ? AND ${LIVE}`,
);
const placesByValue = db
  .prepare(`SELECT place FROM property WHERE ${INDEXED} AND name = ? AND lower(value) = lower(?)`)
  .pluck();
const emailOwner = db
  .prepare("SELECT object_id FROM identity WHERE portal = ? AND kind = 'email' AND key = ?")
  .pluck();
const primaryEmail = db
  .prepare(`
    SELECT value FROM identity INDEXED BY identity_contact
    WHERE portal = ? AND object_id = ? AND kind = 'email' AND is_primary`)
  .pluck();
const value = db.prepare("SELECT value FROM property WHERE place = ? AND name = ? AND value <> ''").pluck();

parentPort?.on('message', ({ n, request }: { n: number; request: SearchRequest }) => {
  const found = db.transaction(() => search(request))();
  parentPort?.postMessage(found ? { n, found } : { n, tooBroad: MAX_LOOKED_AT });
});

/** Undefined where too many records would have to be looked at. */
function search({
  portalId,
  type,
  search: { sort, offset, limit, ...wanted },
}: SearchRequest): Found | undefined {
  const reading = (row: Row) => (name: string) => propertyOf(portalId, type, row, name);
  const fitting: { id: number; key: string | undefined }[] = [];
  let lookedAt = 0;
  for (const row of candidates(portalId, type, wanted)) {
    if (++lookedAt > MAX_LOOKED_AT) return undefined;
    const read = reading(row);
    if (matches(wanted, read, SEARCHED_PROPERTIES[type]))
      fitting.push({ id: row.id, key: read(sort.propertyName) });
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

function* candidates(portal: number, type: ObjectType, { groups }: Pick<Search, 'groups'>): Iterable<Row> {
  const keys = groups.map((group) => group.find(isIndexed));
  if (groups.length === 0 || keys.some((key) => key === undefined)) {
    yield* all.iterate(portal, type) as Iterable<Row>;
    return;
  }
  const rows = new Map<number, Row>();
  for (const filter of keys as Filter[])
    for (const wanted of filter.operator === 'IN' ? (filter.values ?? []) : [filter.value ?? ''])
      for (const row of rowsBy(portal, type, filter.propertyName, wanted)) rows.set(row.id, row);
  yield* rows.values();
}

function isIndexed({ propertyName, operator, value = '', values = [] }: Filter): boolean {
  if (operator !== 'EQ' && operator !== 'IN') return false;
  if (propertyName === 'email' || propertyName === 'hs_object_id') return true;
  // The index folds ASCII letters only, and knows no numbers.
  const wanted = operator === 'EQ' ? [value] : values;
  return (
    INDEXED_PROPERTIES.has(propertyName) &&
    wanted.every((each) => /^[\x20-\x7e]*[A-Za-z][\x20-\x7e]*$/.test(each))
  );
}

function rowsBy(portal: number, type: ObjectType, name: string, wanted: string): Row[] {
  if (name === 'hs_object_id') return rows(byId.get(portal, type, Number(wanted)));
  if (name === 'email' && type === 'contacts')
    return rows(byId.get(portal, type, emailOwner.get(portal, emailKey(wanted))));
  return (placesByValue.all(name, wanted) as number[]).flatMap((place) =>
    rows(byPlace.get(place, portal, type)),
  );
}

function rows(row: unknown): Row[] {
  return row === undefined ? [] : [row as Row];
}

function propertyOf(portal: number, type: ObjectType, row: Row, name: string): string | undefined {
  if (name === 'hs_object_id') return String(row.id);
  if (name === 'createdate') return new Date(row.createdAt).toISOString();
  if (name === modifiedName(type)) return new Date(row.updatedAt).toISOString();
  const stored =
    name === 'email' && type === 'contacts' ? primaryEmail.get(portal, row.id) : value.get(row.place, name);
  return stored as string | undefined;
}
