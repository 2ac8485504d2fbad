// Ids: any text up to 500 bytes, in bodies and in paths; {{uuid}}; ids that come as JSON numbers.
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { startDev, TEMPLATE, V3 } from '../harness.js';
import { eventPath, expectRefused, faultyFields, fresh, sendRaw } from './support.js';

const server = await startDev();
afterAll(() => server.close());

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const event = (more: object = {}) => ({
  eventTemplateId: TEMPLATE,
  email: 'ids@example.com',
  tokens: {},
  ...more,
});

/** Creates an event with the id and reads it back on all three paths. */
async function roundTrip(id: string): Promise<void> {
  const created = await server.event(event({ id }));
  expect(created.status, created.text).toBe(201);
  expect(created.json.id).toBe(id);
  const path = eventPath(id);
  const read = await sendRaw(server, { path });
  expect(read.status, path).toBe(200);
  expect(read.text).toBe(created.text);
  expect((await sendRaw(server, { path: `${path}/detail` })).status).toBe(200);
  expect((await sendRaw(server, { path: `${path}/render` })).status).toBe(200);
}

test.each([
  '/',
  'a/',
  'a/b/detail',
  '../../etc/passwd',
  '.',
  '..',
  '%',
  '%25',
  '%2F',
  '100%',
  '?',
  'a?b=c&d',
  '#',
  'a#b',
  ' ',
  'a b',
  '+',
  ';',
  ';a=b',
  ':',
  '*',
  'detail',
  'render',
  'batch',
  'create',
  '\\',
  '"',
  "'",
  '\n',
  '\u007f',
  'ü',
  '🐶',
  '👩‍👩‍👧‍👦',
  '{{ uuid }}',
  '{{{uuid}',
  '__proto__',
  'constructor',
  'petspot:1001298:art3mis-pup@petspot.com-004',
])('id %j is answered as sent and found in a path, percent-encoded', async (id) => {
  await roundTrip(id);
});

test.each(['%', '/', '?', 'a', 'é', '中', '🐶', ' ', '"'])(
  '500 bytes of %j are an id, in paths too; more are refused',
  async (unit) => {
    const bytes = Buffer.byteLength(unit);
    const full = unit.repeat(Math.floor(500 / bytes)) + 'x'.repeat(500 % bytes);
    expect(Buffer.byteLength(full)).toBe(500);
    await roundTrip(full);
    const refused = await server.event(event({ id: `${full}x` }));
    expectRefused(refused, 400);
    expect(faultyFields(refused)).toEqual(['id']);
    expect(refused.json.message).toContain('501 bytes');
    expect(refused.json.message).toContain('at most 500');
  },
);

test('any well-formed text of 1 to 500 bytes is an id', async () => {
  const id = fc
    .string({ unit: 'binary', minLength: 1, maxLength: 125 })
    .filter((text) => !text.includes('\0') && !text.includes('{{uuid}}'));
  await fc.assert(fc.asyncProperty(id, roundTrip), { numRuns: 150 });
});

test.each([
  ['an empty id', ''],
  ['NUL', 'a\0b'],
  ['half a surrogate pair', 'a\ud83d'],
  ['the other half', '\udc36b'],
])('%s is refused as an id', async (_what, id) => {
  const refused = await server.event(event({ id }));
  expectRefused(refused, 400);
  expect(faultyFields(refused)).toEqual(['id']);
});

test('a slash at the end of a path is passed over; one in an id is not', async () => {
  const id = fresh('slash');
  for (const each of [id, `${id}/`])
    expect((await server.call('POST', `${V3}/events/`, event({ id: each }))).status).toBe(201);
  for (const each of [id, `${id}/`]) {
    const read = await sendRaw(server, { path: `${eventPath(each)}/` });
    expect([read.status, read.json.id]).toEqual([200, each]);
  }
  for (const path of ['/crm/v3/objects/contacts/?limit=1', '/crm/v3/schemas/', '/docs/', '/openapi.json/'])
    expect((await server.call('GET', path)).status, path).toBe(200);
  expect((await server.call('POST', '/crm/v3/objects/contacts/search/', { limit: 1 })).status).toBe(200);
});

test('a path whose percent-encoding is broken is a 400 that says so', async () => {
  for (const id of ['%', '%zz', '%E0%A4%A', 'a%2', '%FF', '%ED%A0%80']) {
    const refused = await sendRaw(server, { path: `${V3}/events/${TEMPLATE}/${id}` });
    expectRefused(refused, 400);
    expect(refused.json.message).toContain('percent-encode');
  }
});

test('without an id an event gets a UUID of version 7, and later ones sort after it', async () => {
  const made = [];
  for (let n = 0; n < 20; n++) made.push((await server.event(event())).json.id as string);
  for (const id of made) expect(id).toMatch(UUID_V7);
  expect([...made].sort()).toEqual(made);
  expect((await server.event(event({ id: null }))).json.id).toMatch(UUID_V7);
});

test('{{uuid}} becomes a fresh UUID wherever it stands, however often', async () => {
  const one = await server.event(event({ id: 'pet-{{uuid}}-end' }));
  const [, uuid] = /^pet-(.{36})-end$/.exec(one.json.id) ?? [];
  expect(uuid).toMatch(UUID_V7);
  expect((await server.event(event({ id: 'pet-{{uuid}}-end' }))).json.id).not.toBe(one.json.id);

  const many = await server.event(event({ id: '{{uuid}}{{uuid}}/{{uuid}}' }));
  expect(many.status).toBe(201);
  const parts = [many.json.id.slice(0, 36), many.json.id.slice(36, 72), many.json.id.slice(73)];
  for (const part of parts) expect(part).toMatch(UUID_V7);
  expect(new Set(parts).size).toBe(3);
  expect((await server.call('GET', eventPath(many.json.id))).text).toBe(many.text);
});

test('the 500 bytes hold for the id with its UUIDs filled in', async () => {
  const fits = await server.event(event({ id: '{{uuid}}'.repeat(13) }));
  expect(fits.status).toBe(201);
  expect(fits.json.id).toHaveLength(13 * 36);
  const refused = await server.event(event({ id: '{{uuid}}'.repeat(14) }));
  expectRefused(refused, 400);
  expect(refused.json.message).toContain('504 bytes');
});

test('ids that come as JSON numbers are taken as text', async () => {
  const id = Number(fresh('').replace(/\D/g, ''));
  const created = await server.event({ eventTemplateId: Number(TEMPLATE), id, objectId: 61, tokens: {} });
  expect(created.status).toBe(201);
  expect(created.json).toMatchObject({ id: String(id), eventTemplateId: TEMPLATE, objectId: '61' });
  expect((await server.call('GET', eventPath(String(id)))).text).toBe(created.text);
  for (const limit of [2 ** 53 - 1, -(2 ** 53) + 1, 0])
    expect((await server.event(event({ id: limit }))).json.id).toBe(String(limit));
});

test.each([
  ['id', '9007199254740993'],
  ['id', '-9007199254740993'],
  ['id', '9007199254740992'],
  ['id', '1e300'],
  ['id', '1e999'],
  ['objectId', '9007199254740993'],
  ['objectId', '12345678901234567890'],
  ['eventTemplateId', '9007199254740993'],
  ['tokens.petAge', '9007199254740993'],
  ['tokens.petAge', '-1e30'],
  ['tokens.petName', '12345678901234567890'],
])('%s as the number %s is beyond ±2^53 and refused: send a string', async (field, number) => {
  const [outer, inner] = field.split('.');
  const text = JSON.stringify(event({ [outer as string]: inner ? { [inner]: 'HERE' } : 'HERE' }));
  const refused = await server.call('POST', `${V3}/events`, text.replace('"HERE"', number));
  expectRefused(refused, 400);
  expect(new Set(faultyFields(refused))).toEqual(new Set([field]));
  expect(refused.json.message).toContain('string');
});

test('big numbers are taken as strings, exactly', async () => {
  const created = await server.event(
    event({ id: '9007199254740993', tokens: { petAge: '12345678901234567890.12' } }),
  );
  expect(created.json).toMatchObject({
    id: '9007199254740993',
    tokens: { petAge: '12345678901234567890.12' },
  });
});
