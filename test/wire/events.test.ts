// Events one by one: what is taken, what is answered, and what is kept.
import { afterAll, expect, test } from 'vitest';
import { startDev, TEMPLATE, V3 } from '../harness.js';
import { eventPath, expectRefused, faultyFields, fresh, makeTemplate, timelinePath } from './support.js';

const FAMILIES = [V3, '/crm/v3/timeline'];
let now = Date.parse('2026-01-30T17:42:10.276Z');
const server = await startDev({ clock: () => now });
afterAll(() => server.close());

const event = (more: object = {}) => ({
  eventTemplateId: TEMPLATE,
  email: 'pet@example.com',
  tokens: { petName: 'Art3mis' },
  ...more,
});
const IFRAME = {
  linkLabel: 'View',
  headerLabel: 'Dog',
  url: 'https://my.petspot.com/pets/1',
  width: 600,
  height: 400,
};

test.each(FAMILIES)(
  'under %s an event is created with 201 and reads back with 200, the same',
  async (family) => {
    const id = fresh('family');
    const created = await server.call('POST', `${family}/events`, event({ id }));
    expect(created.status).toBe(201);
    expect(created.headers.get('content-type')).toBe('application/json; charset=utf-8');
    for (const other of FAMILIES) {
      const read = await server.call('GET', eventPath(id, TEMPLATE, other));
      expect(read.status).toBe(200);
      expect(read.text).toBe(created.text);
    }
  },
);

test.each(FAMILIES)('under %s an event renders: detail as JSON, render as HTML', async (family) => {
  const id = fresh('render');
  await server.event(
    event({
      id,
      tokens: { petName: 'Rex' },
      extraData: { questions: [{ question: 'Toy?', answer: 'Ball' }] },
    }),
  );
  const path = eventPath(id, TEMPLATE, family);

  const detail = await server.call('GET', `${path}/detail`);
  expect(detail.status).toBe(200);
  expect(detail.headers.get('content-type')).toMatch(/^application\/json/);
  expect(Object.keys(detail.json)).toEqual(['details']);
  expect(detail.json.details).toContain('<strong>Toy?</strong>: Ball');

  const header = await server.call('GET', `${path}/render`);
  expect(header.status).toBe(200);
  expect(header.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(header.text).toContain('https://my.petspot.com/pets/Rex');
  expect((await server.call('GET', `${path}/render?detail=false`)).text).toBe(header.text);
  expect((await server.call('GET', `${path}/render?detail=true`)).text).toBe(detail.json.details);
  expectRefused(await server.call('GET', `${path}/render?detail=maybe`), 400);
});

test('an event that is not there is 404, as JSON, on every path that reads one', async () => {
  const path = eventPath(fresh('missing'));
  for (const part of ['', '/detail', '/render'])
    expectRefused(await server.call('GET', `${path}${part}`), 404, 'OBJECT_NOT_FOUND');
  expectRefused(await server.call('GET', eventPath('x', '999999999')), 404, 'OBJECT_NOT_FOUND');
  expectRefused(await server.call('GET', eventPath('x', 'no-number')), 404, 'OBJECT_NOT_FOUND');
});

test('an answer holds only the fields that have values', async () => {
  const plain = await server.event(event({ tokens: {}, utk: null, domain: null, extraData: null, id: null }));
  expect(plain.status).toBe(201);
  expect(Object.keys(plain.json).sort()).toEqual(
    ['email', 'eventTemplateId', 'id', 'objectId', 'objectType', 'timestamp', 'tokens'].sort(),
  );
  expect(plain.json.objectType).toBe('contacts');

  const full = event({
    id: fresh('full'),
    utk: 'a-visitor',
    domain: 'example.com',
    customObjectTypeId: '0-1',
    timestamp: '2020-01-30T17:42:10.276Z',
    extraData: {},
    timelineIFrame: IFRAME,
  });
  const answered = await server.event(full);
  expect(answered.json).toEqual({ ...full, objectType: 'contacts', objectId: plain.json.objectId });
});

test.each([
  ['contact', 'contacts'],
  ['COMPANIES', 'companies'],
  ['0-3', 'deals'],
  ['ticket', 'tickets'],
])('the answer to an event of a template made for %s says %s', async (sent, answered) => {
  const template = await makeTemplate(server, { objectType: sent });
  const created = await server.event({ eventTemplateId: template, objectId: '12', tokens: {} });
  expect(created.status).toBe(201);
  expect(created.json).toMatchObject({ objectType: answered, objectId: '12', eventTemplateId: template });
});

test('unknown top-level fields are ignored: an answer can be posted back, and changes nothing', async () => {
  const first = await server.event(
    event({ id: fresh('back'), extraData: { a: 1.5 }, timelineIFrame: IFRAME }),
  );
  const again = await server.call('POST', `${V3}/events`, first.text);
  expect(again.status).toBe(201);
  expect(again.text).toBe(first.text);
  const odd = await server.event(event({ id: fresh('odd'), createdAt: 'x', nonsense: [[{}]] }));
  expect(odd.status).toBe(201);
  expect(odd.text).not.toContain('nonsense');
  expect(odd.text).not.toContain('createdAt');
});

test('the same id again replaces the event', async () => {
  const id = fresh('same');
  const email = `${id}@example.com`;
  const first = await server.event(
    event({ id, email, timestamp: '2020-01-01', extraData: { a: 1 }, tokens: { petName: 'Old', petAge: 3 } }),
  );
  const second = await server.event(
    event({ id, email, timestamp: '2021-01-01', tokens: { petName: 'New' } }),
  );
  expect(second.status).toBe(201);
  expect(second.json).toEqual({
    objectType: 'contacts',
    eventTemplateId: TEMPLATE,
    id,
    email,
    objectId: first.json.objectId,
    timestamp: '2021-01-01T00:00:00.000Z',
    tokens: { petName: 'New' },
  });
  expect((await server.call('GET', eventPath(id))).text).toBe(second.text);
  const timeline = await server.call('GET', timelinePath(first.json.objectId));
  expect(timeline.json.results).toHaveLength(1);
  expect(timeline.json.results[0].tokens).toEqual({ petName: 'New' });
});

test('the same id with another record moves the event: the first record shows it no more', async () => {
  const id = fresh('moves');
  const first = await server.event(event({ id, email: `${id}-1@example.com` }));
  const second = await server.event(event({ id, email: `${id}-2@example.com` }));
  expect(second.json.objectId).not.toBe(first.json.objectId);
  expect((await server.call('GET', eventPath(id))).json.objectId).toBe(second.json.objectId);
  expect((await server.call('GET', timelinePath(first.json.objectId))).json.results).toEqual([]);
  expect((await server.call('GET', timelinePath(second.json.objectId))).json.results).toHaveLength(1);

  const back = await server.event(event({ id, email: `${id}-1@example.com` }));
  expect(back.json.objectId).toBe(first.json.objectId);
  expect((await server.call('GET', timelinePath(second.json.objectId))).json.results).toEqual([]);
  expect((await server.call('GET', timelinePath(first.json.objectId))).json.results).toHaveLength(1);
});

test('an event that is refused leaves the one with its id as it was, where it was', async () => {
  const id = fresh('stays');
  const kept = await server.event(event({ id }));
  expectRefused(await server.event(event({ id, tokens: { petAge: 'old' } })), 400);
  await server.event(event({ email: 'taken@example.com' }));
  expectRefused(
    await server.event(event({ id, objectId: '4711', email: 'taken@example.com' })),
    409,
    'CONFLICT',
  );
  expect((await server.call('GET', eventPath(id))).text).toBe(kept.text);
  expect((await server.call('GET', timelinePath('4711'))).status).toBe(404);
});

test('ids are unique within a template: two templates may use the same', async () => {
  const other = await makeTemplate(server);
  const id = fresh('two');
  const one = await server.event(event({ id, tokens: { petName: 'One' } }));
  const two = await server.event(event({ id, eventTemplateId: other, tokens: { petName: 'Two' } }));
  expect((await server.call('GET', eventPath(id))).text).toBe(one.text);
  expect((await server.call('GET', eventPath(id, other))).text).toBe(two.text);
});

test.each([
  ['2020-01-30T17:42:10.276Z', '2020-01-30T17:42:10.276Z'],
  ['2020-01-30t17:42:10z', '2020-01-30T17:42:10.000Z'],
  ['2020-01-30T17:42:10.276123456Z', '2020-01-30T17:42:10.276Z'],
  ['2020-01-30T17:42:10,5Z', '2020-01-30T17:42:10.500Z'],
  ['2020-01-30T17:42:10+05:30', '2020-01-30T12:12:10.000Z'],
  ['2020-01-30T17:42:10-0500', '2020-01-30T22:42:10.000Z'],
  ['2020-01-30 17:42:10.276+02', '2020-01-30T15:42:10.276Z'],
  ['2020-01-30T17:42:10', '2020-01-30T17:42:10.000Z'],
  ['2020-01-30 17:42', '2020-01-30T17:42:00.000Z'],
  ['2020-02-29', '2020-02-29T00:00:00.000Z'],
  ['2020-01-30T24:00:00Z', '2020-01-31T00:00:00.000Z'],
  ['1580406130276', '2020-01-30T17:42:10.276Z'],
  [1580406130276, '2020-01-30T17:42:10.276Z'],
  [0, '1970-01-01T00:00:00.000Z'],
  ['-1', '1969-12-31T23:59:59.999Z'],
  ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
  ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
])('timestamp %j is answered as %s', async (timestamp, answered) => {
  const created = await server.event(event({ timestamp }));
  expect(created.status, created.text).toBe(201);
  expect(created.json.timestamp).toBe(answered);
  expect((await server.call('GET', eventPath(created.json.id))).json.timestamp).toBe(answered);
});

test.each([
  '2021-02-29',
  '2020-02-30T00:00:00Z',
  '2020-02-30T24:00:00Z',
  '2020-13-01',
  '2020-01-00',
  '2020-01-30T25:00:00Z',
  '2020-01-30T24:00:01Z',
  '2020-01-30T12:60:00Z',
  '2020-01-30T12:00:61Z',
  '2020-01-30T12:00:00+99:99',
  '2020-01-30T12:00:00+05:75',
  '30.01.2020',
  'January 30, 2020',
  'yesterday',
  '',
  '1580406130276.5',
  1580406130276.5,
  1e300,
  1e17,
  '0000-12-31',
  true,
  {},
])('timestamp %j is refused, and the answer says what would do', async (timestamp) => {
  const refused = await server.event(event({ timestamp }));
  expectRefused(refused, 400);
  expect(faultyFields(refused)).toEqual(['timestamp']);
});

test('a timestamp that is refused is shown, with the two forms that are taken', async () => {
  const { json } = await server.event(event({ timestamp: 'yesterday' }));
  expect(json.message).toContain("'yesterday'");
  expect(json.message).toContain('ISO 8601');
  expect(json.message).toContain('epoch milliseconds');
});

test('without a timestamp an event is of now', async () => {
  now = Date.parse('2026-05-06T07:08:09.010Z');
  expect((await server.event(event())).json.timestamp).toBe('2026-05-06T07:08:09.010Z');
  expect((await server.event(event({ timestamp: null }))).json.timestamp).toBe('2026-05-06T07:08:09.010Z');
});

test('a timelineIFrame comes back as sent, at both bounds of its sizes, http or https', async () => {
  for (const more of [
    {},
    { width: 1, height: 10_000 },
    { url: 'http://localhost:3000/?a=b#c' },
    { url: 'HTTPS://EXAMPLE.COM' },
  ]) {
    const timelineIFrame = { ...IFRAME, ...more };
    const created = await server.event(event({ timelineIFrame }));
    expect(created.status, created.text).toBe(201);
    expect(created.json.timelineIFrame).toEqual(timelineIFrame);
  }
});

test.each([
  [{ width: 0 }, 'timelineIFrame.width'],
  [{ width: 10_001 }, 'timelineIFrame.width'],
  [{ height: -1 }, 'timelineIFrame.height'],
  [{ height: 1.5 }, 'timelineIFrame.height'],
  [{ height: '400' }, 'timelineIFrame.height'],
  [{ url: 'javascript:alert(1)' }, 'timelineIFrame.url'],
  [{ url: 'data:text/html,x' }, 'timelineIFrame.url'],
  [{ url: '//example.com' }, 'timelineIFrame.url'],
  [{ url: ' https://example.com' }, 'timelineIFrame.url'],
  [{ url: 'https://' }, 'timelineIFrame.url'],
  [{ url: `https://a${'\u0301\u0316'.repeat(200_000)}` }, 'timelineIFrame.url'],
  [{ url: '' }, 'timelineIFrame.url'],
  [{ linkLabel: null }, 'timelineIFrame.linkLabel'],
  [{ headerLabel: undefined }, 'timelineIFrame.headerLabel'],
])('a timelineIFrame with %j is refused', async (more, field) => {
  const refused = await server.event(event({ timelineIFrame: { ...IFRAME, ...more } }));
  expectRefused(refused, 400);
  expect(faultyFields(refused)).toEqual([field]);
});

test('all five fields of a timelineIFrame are needed, and every one that lacks is named', async () => {
  const refused = await server.event(event({ timelineIFrame: {} }));
  expectRefused(refused, 400);
  expect(faultyFields(refused).sort()).toEqual(
    ['headerLabel', 'height', 'linkLabel', 'url', 'width'].map((name) => `timelineIFrame.${name}`),
  );
});
