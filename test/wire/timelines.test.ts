// A record's timeline over HTTP: its order, its pages, and whose events it shows.
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { type Answer, createTenant, type Json, startDev, TEMPLATE } from '../harness.js';
import {
  BATCH,
  eventPath,
  expectRefused,
  faultyFields,
  fresh,
  issueToken,
  makeTemplate,
  timelinePath,
} from './support.js';

const server = await startDev();
afterAll(() => server.close());

let nextRecord = 900_000;
const freshRecord = () => String(nextRecord++);
const DAY = '2026-03-04T00:00:00.000Z';

/** Puts an event on a record and answers its id. */
async function put(objectId: string, timestamp: unknown, more: object = {}): Promise<string> {
  const id = fresh('t');
  const created = await server.event({
    eventTemplateId: TEMPLATE,
    id,
    objectId,
    timestamp,
    tokens: {},
    ...more,
  });
  expect(created.status, created.text).toBe(201);
  return created.json.id;
}

/** Puts events on a record in one batch. */
async function putAll(objectId: string, timestamps: readonly number[]): Promise<string[]> {
  const inputs = timestamps.map((timestamp) => ({
    eventTemplateId: TEMPLATE,
    id: fresh('t'),
    objectId,
    timestamp,
    tokens: {},
  }));
  const answer = await server.call('POST', BATCH, { inputs });
  expect(answer.status).toBe(201);
  return inputs.map((input) => input.id);
}

const page = (objectId: string, query: Record<string, string> = {}) =>
  server.call('GET', timelinePath(objectId, query));
const ids = (answer: Answer): string[] => answer.json.results.map((event: Json) => event.id);

/** The ids of every page, walked by the cursor; `between` runs after each page. */
async function walk(
  objectId: string,
  query: Record<string, string>,
  between = async () => {},
): Promise<string[][]> {
  const pages: string[][] = [];
  for (let after: string | undefined; ; ) {
    const answer = await page(objectId, after === undefined ? query : { ...query, after });
    expect(answer.status, answer.text).toBe(200);
    pages.push(ids(answer));
    after = answer.json.paging?.next.after;
    if (after === undefined) return pages;
    await between();
  }
}

test('an entry is the event as it reads alone, with its header and detail as HTML', async () => {
  const template = await makeTemplate(server, {
    headerTemplate: 'Hello **{{petName}}**',
    detailTemplate: '{{extraData.a}}',
  });
  const objectId = freshRecord();
  const id = await put(objectId, DAY, {
    eventTemplateId: template,
    tokens: { petName: 'Rex' },
    extraData: { a: 1 },
    domain: 'example.com',
  });
  const timeline = await page(objectId);
  expect(timeline.status).toBe(200);
  expect(timeline.headers.get('content-type')).toBe('application/json; charset=utf-8');
  const alone = await server.call('GET', eventPath(id, template));
  expect(timeline.json).toEqual({
    results: [{ ...alone.json, header: '<p>Hello <strong>Rex</strong></p>', detail: '<p>1</p>' }],
  });
});

test('newest first by timestamp alone, whatever the order of arrival', async () => {
  const objectId = freshRecord();
  const middle = await put(objectId, '2026-01-02');
  const oldest = await put(objectId, '1999-12-31T23:59:59.999Z');
  const newest = await put(objectId, '2026-01-02T00:00:00.001Z');
  const future = await put(objectId, '9999-12-31');
  const ancient = await put(objectId, '0001-01-01');
  expect(ids(await page(objectId))).toEqual([future, newest, middle, oldest, ancient]);
});

test('of events at the same time the one that arrived last stands first', async () => {
  const objectId = freshRecord();
  const arrived = [
    ...(await putAll(objectId, [5, 5])),
    await put(objectId, 5),
    ...(await putAll(objectId, [5, 5])),
  ];
  expect(ids(await page(objectId))).toEqual(arrived.toReversed());
  expect((await walk(objectId, { limit: '2' })).flat()).toEqual(arrived.toReversed());
});

test('an event that is replaced takes its new place, and counts as arrived anew', async () => {
  const objectId = freshRecord();
  const [first, second, third] = (await putAll(objectId, [1, 2, 3])) as [string, string, string];
  await put(objectId, 3, { id: first });
  expect(ids(await page(objectId))).toEqual([first, third, second]);
  await put(objectId, 0, { id: third });
  expect(ids(await page(objectId))).toEqual([first, second, third]);
});

test('a page has 50 events unless limit says otherwise, 100 at most', async () => {
  const objectId = freshRecord();
  await putAll(
    objectId,
    Array.from({ length: 101 }, (_, n) => n),
  );
  for (const [limit, count] of [
    [undefined, 50],
    ['1', 1],
    ['50', 50],
    ['100', 100],
  ] as const) {
    const answer = await page(objectId, limit === undefined ? {} : { limit });
    expect(answer.json.results).toHaveLength(count);
    expect(answer.json.paging.next.after).toMatch(/^[\w-]+$/);
  }
});

test.each(['0', '101', '-1', '1.5', '1e1', '', 'ten', ' 5', '99999999999999999999'])(
  'limit %j is refused: 1 to 100',
  async (limit) => {
    const objectId = freshRecord();
    await put(objectId, 1);
    const refused = await page(objectId, { limit });
    expectRefused(refused, 400);
    expect(faultyFields(refused)).toEqual(['limit']);
    expect(refused.json.message).toContain('1 to 100');
  },
);

test('the last page has no paging, even when it is exactly full; an empty one neither', async () => {
  const objectId = freshRecord();
  await putAll(objectId, [1, 2, 3, 4]);
  expect((await walk(objectId, { limit: '2' })).map((each) => each.length)).toEqual([2, 2]);
  expect((await page(objectId, { limit: '4' })).json).not.toHaveProperty('paging');
  expect((await page(objectId, { limit: '3' })).json).toHaveProperty('paging');
  expect((await page(objectId, { from: '100' })).json).toEqual({ results: [] });
});

test('from is inclusive, to exclusive; each ISO 8601 or epoch milliseconds', async () => {
  const objectId = freshRecord();
  const [one, two, three] = await putAll(objectId, [1_000, 2_000, 3_000]);
  for (const [query, expected] of [
    [{ from: '2000' }, [three, two]],
    [{ from: '2001' }, [three]],
    [{ to: '2000' }, [one]],
    [{ to: '2001' }, [two, one]],
    [{ from: '2000', to: '3000' }, [two]],
    [{ from: '2000', to: '2000' }, []],
    [{ from: '3000', to: '1000' }, []],
    [{ from: '1970-01-01T00:00:02Z', to: '1970-01-01T01:00:03.000+01:00' }, [two]],
    [{ from: '-5', to: '9999-12-31' }, [three, two, one]],
  ] as const)
    expect(ids(await page(objectId, query)), JSON.stringify(query)).toEqual(expected);
});

test('from and to hold on every page', async () => {
  const objectId = freshRecord();
  const all = await putAll(objectId, [1, 2, 3, 3, 4, 4, 5, 6]);
  const pages = await walk(objectId, { limit: '2', from: '3', to: '5' });
  expect(pages.flat()).toEqual(all.slice(2, 6).toReversed());
});

test('a time that is none is refused, with what is taken; several faults at once', async () => {
  const objectId = freshRecord();
  await put(objectId, 1);
  for (const bad of ['yesterday', '2026-02-30', '', '1.5']) {
    const refused = await page(objectId, { from: bad, to: bad, limit: '0', after: 'x', template: 'x' });
    expectRefused(refused, 400);
    expect(faultyFields(refused).sort()).toEqual(['after', 'from', 'limit', 'template', 'to']);
    expect(refused.json.message).toContain('ISO 8601');
  }
});

test('the cursor stays right while events arrive: none twice, none left out', async () => {
  const objectId = freshRecord();
  const there = await putAll(
    objectId,
    Array.from({ length: 20 }, (_, n) => 1_000 + 10 * Math.floor(n / 4)),
  );
  const arrived: string[] = [];
  // New ones come in above, and in the middle of those of one time that are being walked.
  const pages = await walk(objectId, { limit: '3' }, async () => {
    arrived.push(...(await putAll(objectId, [9_999, 1_040])));
  });
  expect(pages.flat()).toEqual(there.toReversed());
  expect(ids(await page(objectId, { limit: '100' }))).toHaveLength(20 + arrived.length);
});

test('the cursor stays right when the event that it stands on is moved away', async () => {
  const objectId = freshRecord();
  const [one, two, three, four] = (await putAll(objectId, [1, 2, 3, 4])) as [string, string, string, string];
  const first = await page(objectId, { limit: '2' });
  expect(ids(first)).toEqual([four, three]);
  await put(freshRecord(), 3, { id: three });
  expect(ids(await page(objectId, { limit: '2', after: first.json.paging.next.after }))).toEqual([two, one]);
});

test('whatever the timestamps, page size and order, walking the pages gives the whole timeline', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 25 }),
      fc.integer({ min: 1, max: 8 }),
      async (timestamps, limit) => {
        const objectId = freshRecord();
        const put = await putAll(objectId, timestamps);
        const expected = put
          .map((id, seq) => ({ id, seq, at: timestamps[seq] as number }))
          .sort((a, b) => b.at - a.at || b.seq - a.seq)
          .map(({ id }) => id);
        const pages = await walk(objectId, { limit: String(limit) });
        expect(pages.flat()).toEqual(expected);
        expect(pages).toHaveLength(Math.ceil(put.length / limit));
      },
    ),
    { numRuns: 40 },
  );
});

test.each([
  '',
  'x',
  '!',
  '0',
  'MS4',
  'MS4y!',
  'LTEuLTE',
  Buffer.from('1.2 ').toString('base64url'),
  Buffer.from('1').toString('base64url'),
  'A'.repeat(5_000),
])('the cursor %j is none of ours: 400', async (after) => {
  const objectId = freshRecord();
  await put(objectId, 1);
  const refused = await page(objectId, { after });
  expectRefused(refused, 400);
  expect(faultyFields(refused)).toEqual(['after']);
});

test('template shows the events of one template, on every page', async () => {
  const template = await makeTemplate(server);
  const objectId = freshRecord();
  const wanted: string[] = [];
  for (let at = 0; at < 10; at++) {
    if (at % 2) await put(objectId, at);
    else wanted.unshift(await put(objectId, at, { eventTemplateId: template }));
  }
  expect(await walk(objectId, { template, limit: '2' })).toEqual([
    wanted.slice(0, 2),
    wanted.slice(2, 4),
    wanted.slice(4),
  ]);
  expect((await page(objectId, { template: '999999999' })).json).toEqual({ results: [] });
});

test("it shows all events of the token's portal, whichever app sent them, and no other portal's", async () => {
  const objectId = freshRecord();
  const other = await createTenant(server.folder, { lenient: true });
  // The other app, installed in this portal too; and this record's id in the other portal.
  const here = { token: await issueToken(server.folder, { portalId: 8420, appId: other.appId }) };
  const theirs = await makeTemplate(server, { headerTemplate: 'Theirs: {{petName}}' }, other);
  const ours = await put(objectId, 1);
  const event = { eventTemplateId: theirs, objectId, timestamp: 2, tokens: { petName: 'Rex' } };
  const fromTheirs = await server.event(event, here);
  const elsewhere = await server.event({ ...event, id: 'elsewhere' }, other);

  for (const options of [{}, here]) {
    const timeline = await server.call('GET', timelinePath(objectId), undefined, options);
    expect(ids(timeline)).toEqual([fromTheirs.json.id, ours]);
    expect(timeline.json.results[0].header).toBe('<p>Theirs: Rex</p>');
  }
  expect(ids(await server.call('GET', timelinePath(objectId), undefined, other))).toEqual([
    elsewhere.json.id,
  ]);
});

test('the object type in the path may be plural, singular or a type id', async () => {
  const objectId = freshRecord();
  const id = await put(objectId, 1);
  for (const type of ['contacts', 'contact', 'CONTACTS', '0-1'])
    expect(ids(await server.call('GET', timelinePath(objectId, {}, type)))).toEqual([id]);
});

test.each([
  ['contacts', '899999'],
  ['companies', '900000'],
  ['unicorns', '900000'],
  ['__proto__', '900000'],
  ['contacts', '0'],
  ['contacts', '0900000'],
  ['contacts', '1e3'],
  ['contacts', 'x'],
  ['contacts', '99999999999999999999'],
])('there is no record %s/%s: 404', async (type, objectId) => {
  await put('900000', 1);
  expectRefused(await server.call('GET', timelinePath(objectId, {}, type)), 404, 'OBJECT_NOT_FOUND');
});

test('a record whose events have all gone has an empty timeline', async () => {
  const objectId = freshRecord();
  const id = await put(objectId, 1);
  await put(freshRecord(), 1, { id });
  expect((await page(objectId)).json).toEqual({ results: [] });
});

test('an acknowledged event is on the timeline at once', async () => {
  const objectId = freshRecord();
  await Promise.all(
    Array.from({ length: 30 }, async (_, n) => {
      const id = await put(objectId, n);
      expect(ids(await page(objectId))).toContain(id);
    }),
  );
});

test('a page ends before it takes long; the next ones have the rest', async () => {
  const detailTemplate = `{{#each extraData.turns}}${'!['.repeat(30_000)}{{/each}}`;
  const template = await makeTemplate(server, { detailTemplate, tokens: [] });
  const email = `${fresh('slow')}@example.com`;
  let objectId = '';
  for (let n = 0; n < 12; n++) {
    const sent = { eventTemplateId: template, email, tokens: {}, extraData: { turns: [1, 1] } };
    objectId = (await server.event(sent)).json.objectId;
  }
  const ids = new Set<string>();
  let after: string | undefined;
  for (let pages = 0; pages === 0 || after !== undefined; pages++) {
    const page = await server.call('GET', timelinePath(objectId, after === undefined ? {} : { after }));
    expect(page.json.results.length).toBeGreaterThan(0);
    expect(page.json.results.length).toBeLessThan(6);
    for (const { id } of page.json.results) ids.add(id);
    after = page.json.paging?.next.after;
    expect(pages).toBeLessThan(12);
  }
  expect(ids.size).toBe(12);
});
