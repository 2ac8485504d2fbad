// A search finds what a plain filter over all records finds: the same total, the same order, page by page.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CrmRecord } from '../../dist/records/record.js';
import { propertyOf } from '../../dist/records/record.js';
import { checkSearch, type Filter, OPERATORS, type Search } from '../../dist/records/search.js';
import { Refusal } from '../../dist/refusal.js';
import { openStore } from '../../dist/store/sqlite/engine.js';
import { newFolder } from '../store/folders.js';

const folder = newFolder();
let store: Awaited<ReturnType<typeof openStore>>;
let portalId: number;
let people: CrmRecord[];

const FIRST = ['Ada', 'ada', 'Grace', 'Zoë', 'ZOË', 'Jean-Luc', 'Ana Maria', ''];
const LAST = ['Lovelace', 'Hopper', 'Picard', 'von Neumann', ''];
const SCORES = ['1', '10', '9', '2.50', '2.5', '-3', '1e2', 'none', ''];
const DAYS = ['2026-01-01', '2026-03-05T10:00:00.000Z', '1767225600000', ''];

beforeAll(async () => {
  let now = Date.parse('2026-01-01T00:00:00Z');
  store = await openStore({ folder, clock: () => now });
  portalId = await store.createPortal({ name: 'Search', lenient: false });
  const other = await store.createPortal({ name: 'Another', lenient: false });
  for (let n = 0; n < 240; n++) {
    now += 1_000;
    const values = { firstname: FIRST[n % 8], lastname: LAST[n % 5], score: SCORES[n % 9], day: DAYS[n % 4] };
    const properties = Object.entries(values)
      .filter(([, value]) => value !== '')
      .map(([name, value]) => ({ name, value: value as string, at: now }));
    const write = {
      op: 'create',
      type: 'contacts',
      properties,
      ...(n % 3 === 0 ? {} : { email: `Person${n}@Example${n % 4}.com` }),
    } as const;
    await store.write(portalId, [write], now);
    if (n % 20 === 0) await store.write(other, [write], now);
  }
  people = store.records(portalId, 'contacts', { after: 0, limit: 1_000, archived: false });
});
afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const search = (more: Partial<Search>): Search => ({
  groups: [],
  sort: { propertyName: 'hs_object_id', descending: false },
  offset: 0,
  limit: 200,
  ...more,
});
const group = (...filters: Filter[]) => [filters];
const idsOf = async (wanted: Search) =>
  (await store.search(portalId, 'contacts', wanted)).records.map((record) => record.id);

describe('the operators say what their names say', () => {
  const first = (value: string) => (record: CrmRecord) => record.properties.get('firstname') === value;
  const has = (name: string) => (record: CrmRecord) => propertyOf(record, name) !== undefined;
  const cases: [string, Filter, (record: CrmRecord) => boolean][] = [
    [
      'EQ, in any letter case',
      { propertyName: 'firstname', operator: 'EQ', value: 'ADA' },
      (record) => first('Ada')(record) || first('ada')(record),
    ],
    [
      'EQ, beyond ASCII too',
      { propertyName: 'firstname', operator: 'EQ', value: 'zoë' },
      (record) => first('Zoë')(record) || first('ZOË')(record),
    ],
    [
      'EQ of an e-mail',
      { propertyName: 'email', operator: 'EQ', value: 'person1@EXAMPLE1.com' },
      (record) => record.email === 'Person1@Example1.com',
    ],
    [
      'NEQ, of records without the property too',
      { propertyName: 'firstname', operator: 'NEQ', value: 'Grace' },
      (record) => !first('Grace')(record),
    ],
    [
      'LT, as numbers',
      { propertyName: 'score', operator: 'LT', value: '9' },
      (record) => ['1', '2.50', '2.5', '-3'].includes(record.properties.get('score') ?? ''),
    ],
    [
      'BETWEEN, both ends in',
      { propertyName: 'score', operator: 'BETWEEN', value: '2.5', highValue: '10' },
      (record) => ['2.50', '2.5', '9', '10'].includes(record.properties.get('score') ?? ''),
    ],
    [
      'GTE of moments, as ISO 8601 and as epoch milliseconds',
      { propertyName: 'day', operator: 'GTE', value: '2026-01-01T00:00:00.000Z' },
      has('day'),
    ],
    [
      'IN',
      { propertyName: 'lastname', operator: 'IN', values: ['hopper', 'picard'] },
      (record) => ['Hopper', 'Picard'].includes(record.properties.get('lastname') ?? ''),
    ],
    [
      'NOT_IN',
      { propertyName: 'lastname', operator: 'NOT_IN', values: ['hopper', 'picard'] },
      (record) => !['Hopper', 'Picard'].includes(record.properties.get('lastname') ?? ''),
    ],
    ['HAS_PROPERTY', { propertyName: 'email', operator: 'HAS_PROPERTY' }, has('email')],
    [
      'NOT_HAS_PROPERTY',
      { propertyName: 'email', operator: 'NOT_HAS_PROPERTY' },
      (record) => !has('email')(record),
    ],
    [
      'CONTAINS_TOKEN, a whole word',
      { propertyName: 'firstname', operator: 'CONTAINS_TOKEN', value: 'maria' },
      first('Ana Maria'),
    ],
    [
      'CONTAINS_TOKEN, with a star',
      { propertyName: 'lastname', operator: 'CONTAINS_TOKEN', value: 'neu*' },
      (record) => record.properties.get('lastname') === 'von Neumann',
    ],
    [
      'CONTAINS_TOKEN, with a star within',
      { propertyName: 'lastname', operator: 'CONTAINS_TOKEN', value: 'n*ma*n' },
      (record) => record.properties.get('lastname') === 'von Neumann',
    ],
    [
      'NOT_CONTAINS_TOKEN',
      { propertyName: 'firstname', operator: 'NOT_CONTAINS_TOKEN', value: 'jean' },
      (record) => !first('Jean-Luc')(record),
    ],
  ];
  test.each(cases)('%s', async (_, filter, expected) => {
    const wanted = people.filter(expected).map((record) => record.id);
    expect(wanted.length).toBeGreaterThan(0);
    expect(wanted.length).toBeLessThan(people.length);
    expect(await idsOf(search({ groups: group(filter) }))).toEqual(wanted.slice(0, 200));
  });
});

test.each(['UTC', 'America/New_York', 'Asia/Kathmandu'])(
  'a moment without a zone is of UTC, as where it is written, on a machine in %s',
  (TZ) => {
    const module = new URL('../../dist/records/search.js', import.meta.url).href;
    const script = `const { compareValues } = await import(${JSON.stringify(module)});
      console.log(compareValues('2026-03-05T10:00:00', '2026-03-05T10:00:00.000Z'));`;
    const env = { ...process.env, TZ };
    const said = execFileSync(process.execPath, ['--input-type=module', '--eval', script], { env });
    expect(said.toString().trim()).toBe('0');
  },
);

test('a query finds records of which each word begins a word of a name', async () => {
  const wanted = people.filter((record) => record.properties.get('firstname') === 'Ana Maria');
  expect(await idsOf(search({ query: 'mar an' }))).toEqual(wanted.map((record) => record.id));
});

test('archived records, merged ones and those of other portals are not found', async () => {
  const [gone, primary, other] = people.slice(-3).map((record) => record.id) as [number, number, number];
  await store.write(portalId, [{ op: 'archive', type: 'contacts', id: gone }], 1);
  await store.merge(portalId, primary, other, 1);
  const { total } = await store.search(portalId, 'contacts', search({ limit: 1 }));
  expect(total).toBe(people.length - 2);
  people = store.records(portalId, 'contacts', { after: 0, limit: 1_000, archived: false });
});

test('whatever is asked, what is found is what a plain filter finds, page by page', async () => {
  const name = fc.constantFrom('firstname', 'lastname', 'score', 'day', 'email', 'hs_object_id', 'nothing');
  const value = fc.oneof(
    fc.constantFrom(...FIRST, ...LAST, ...SCORES, ...DAYS, 'person1@example1.com', 'a*', '*a', '*o*', 'a*a'),
    fc.constantFrom('28001', '28050', 'x'),
    fc.string({ maxLength: 5 }),
  );
  const filter = fc.record({
    propertyName: name,
    operator: fc.constantFrom(...OPERATORS),
    value,
    highValue: value,
    values: fc.array(value, { minLength: 1, maxLength: 4 }),
    isText: fc.boolean(),
  });
  const anySearch = fc.record({
    groups: fc.array(fc.array(filter, { minLength: 1, maxLength: 3 }), { maxLength: 3 }),
    sort: fc.record({ propertyName: name, descending: fc.boolean() }),
    limit: fc.integer({ min: 1, max: 200 }),
  });
  await fc.assert(
    fc.asyncProperty(anySearch, async ({ groups, sort, limit }) => {
      const all = await walk(search({ groups, sort, limit }));
      const plain = people.filter((record) => plainly(groups, record));
      expect([...all].sort((a, b) => a - b)).toEqual(plain.map((record) => record.id));
      const unpaged = await walk(search({ groups, sort, limit: 200 }));
      expect(all).toEqual(unpaged);
    }),
    { numRuns: 200 },
  );
});

describe('limits, each with an error that names it', () => {
  const filter: Filter = { propertyName: 'firstname', operator: 'EQ', value: 'x' };
  test.each([
    ['filterGroups', { groups: Array(6).fill([filter]) }],
    ['filterGroups[0].filters', { groups: [Array(7).fill(filter)] }],
    ['filterGroups', { groups: [...Array(3).fill(Array(6).fill(filter)), [filter]] }],
    [
      'filterGroups[0].filters[0]',
      { groups: [[{ ...filter, operator: 'IN', values: Array(101).fill('x') }]] },
    ],
    ['limit', { limit: 201 }],
    ['limit', { limit: 0 }],
    ['after', { offset: 9_999, limit: 2 }],
    ['filterGroups[0].filters[0]', { groups: [[{ propertyName: 'a', operator: 'BETWEEN', value: '1' }]] }],
    ['filterGroups[0].filters[0]', { groups: [[{ propertyName: 'a', operator: 'IN' }]] }],
    ['filterGroups[0].filters[0]', { groups: [[{ propertyName: 'a', operator: 'EQ' }]] }],
  ] as [string, Partial<Search>][])('%s', (path, more) => {
    const refused = () => checkSearch(search(more), (group) => `filterGroups[${group}].filters`);
    expect(refused).toThrow(Refusal);
    try {
      refused();
    } catch (error) {
      expect((error as Refusal).faults.map((fault) => fault.in)).toEqual([path]);
    }
  });

  test.each([
    { groups: Array(5).fill([filter]) },
    { groups: Array(3).fill(Array(6).fill(filter)) },
    { groups: [[{ ...filter, operator: 'IN', values: Array(100).fill('x') }]] },
    { limit: 200 },
    { offset: 9_800, limit: 200 },
  ] as Partial<Search>[])('what is at one is taken: %j', (more) => {
    expect(() => checkSearch(search(more), String)).not.toThrow();
  });
});

async function walk(first: Search): Promise<number[]> {
  const ids: number[] = [];
  for (;;) {
    const { total, records } = await store.search(portalId, 'contacts', { ...first, offset: ids.length });
    ids.push(...records.map((record) => record.id));
    if (ids.length >= total) return ids;
    expect(records.length).toBe(first.limit);
  }
}

// The model: written again, as plainly as can be, from HubSpot's words.
function plainly(groups: Search['groups'], record: CrmRecord): boolean {
  return groups.length === 0 || groups.some((filters) => filters.every((filter) => holds(filter, record)));
}

function holds(
  { propertyName, operator, value = '', highValue = '', values = [], isText = false }: Filter,
  record: CrmRecord,
) {
  const actual = propertyOf(record, propertyName);
  const size = (text: string) =>
    /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)
      ? Number(text)
      : /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:?\d\d)?)?$/.test(text)
        ? Date.parse(text)
        : Number.NaN;
  const order = (a: string, b: string) => {
    const [x, y] = [size(a), size(b)];
    if (!Number.isNaN(x) && !Number.isNaN(y)) return Math.sign(x - y);
    return a.toLowerCase() < b.toLowerCase() ? -1 : a.toLowerCase() > b.toLowerCase() ? 1 : 0;
  };
  const equal = (b: string) =>
    actual !== undefined && (actual.toLowerCase() === b.toLowerCase() || (!isText && order(actual, b) === 0));
  const token = () => {
    const words = (actual ?? '')
      .toLowerCase()
      .split(/[^\p{L}\p{N}]+/u)
      .filter(Boolean);
    return value
      .toLowerCase()
      .split(/[^\p{L}\p{N}*]+/u)
      .filter(Boolean)
      .every((pattern) => {
        const whole = new RegExp(`^${pattern.replaceAll('*', '.*')}$`, 'u');
        return words.some((word) => whole.test(word));
      });
  };
  switch (operator) {
    case 'HAS_PROPERTY':
      return actual !== undefined;
    case 'NOT_HAS_PROPERTY':
      return actual === undefined;
    case 'EQ':
      return equal(value);
    case 'NEQ':
      return !equal(value);
    case 'IN':
      return values.some(equal);
    case 'NOT_IN':
      return !values.some(equal);
    case 'CONTAINS_TOKEN':
      return actual !== undefined && token();
    case 'NOT_CONTAINS_TOKEN':
      return actual === undefined || !token();
    case 'LT':
      return actual !== undefined && order(actual, value) < 0;
    case 'LTE':
      return actual !== undefined && order(actual, value) <= 0;
    case 'GT':
      return actual !== undefined && order(actual, value) > 0;
    case 'GTE':
      return actual !== undefined && order(actual, value) >= 0;
    case 'BETWEEN':
      return actual !== undefined && order(actual, value) >= 0 && order(actual, highValue) <= 0;
  }
}
