// Whom an event is about: objectId, utk, e-mail; in lenient portals and in strict ones.
import { afterAll, expect, test } from 'vitest';
import { createTenant, startDev, TEMPLATE } from '../harness.js';
import {
  eventPath,
  expectRefused,
  faultyFields,
  fresh,
  freshEmail,
  makeTemplate,
  timelinePath,
} from './support.js';

const server = await startDev();
afterAll(() => server.close());
const strict = await createTenant(server.folder);
const strictTemplate = await makeTemplate(server, {}, strict);

const about = (who: object) => server.event({ eventTemplateId: TEMPLATE, tokens: {}, ...who });
const strictly = (who: object) =>
  server.event({ eventTemplateId: strictTemplate, tokens: {}, ...who }, { token: strict.token });
let nextId = 500_000;
const freshId = () => String(nextId++);

test('an unknown e-mail creates the contact, and the answer carries its objectId', async () => {
  const first = await about({ email: freshEmail() });
  expect(first.status).toBe(201);
  expect(first.json.objectId).toMatch(/^[1-9]\d*$/);
  const second = await about({ email: freshEmail() });
  expect(second.json.objectId).not.toBe(first.json.objectId);
  expect((await strictly({ email: freshEmail() })).json.objectId).toMatch(/^[1-9]\d*$/);
});

test('e-mails compare whatever their letter case, and are answered as sent', async () => {
  const email = freshEmail();
  const first = await about({ email });
  const loud = await about({ email: email.toUpperCase() });
  expect(loud.json).toMatchObject({ objectId: first.json.objectId, email: email.toUpperCase() });
  expect((await server.call('GET', eventPath(loud.json.id))).json.email).toBe(email.toUpperCase());
});

test('events of one new e-mail that race make one contact', async () => {
  const email = freshEmail();
  const answers = await Promise.all(Array.from({ length: 40 }, () => about({ email })));
  expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([201]));
  expect(new Set(answers.map((answer) => answer.json.objectId)).size).toBe(1);
});

test("email with objectId changes that contact's e-mail; the old one still finds it", async () => {
  const old = freshEmail();
  const { objectId } = (await about({ email: old })).json;
  const changed = await about({ objectId, email: `new-${old}` });
  expect(changed.status).toBe(201);
  expect(changed.json).toMatchObject({ objectId, email: `new-${old}` });
  expect((await about({ email: `new-${old}` })).json.objectId).toBe(objectId);
  expect((await about({ email: old })).json.objectId).toBe(objectId);
  // Back to the old one, and the same again: neither is a conflict.
  for (const email of [old, old, old.toUpperCase()])
    expect((await about({ objectId, email })).json.objectId).toBe(objectId);
});

test("another contact's e-mail, even a former one, is a 409 that names the contact", async () => {
  const taken = freshEmail();
  const owner = (await about({ email: taken })).json.objectId;
  const other = (await about({ email: freshEmail() })).json.objectId;
  const refused = await about({ objectId: other, email: taken.toUpperCase(), id: 'conflict' });
  expectRefused(refused, 409, 'CONFLICT');
  expect(refused.json.message).toMatch(`Contact already exists. Existing ID: ${owner}`);
  expectRefused(await server.call('GET', eventPath('conflict')), 404, 'OBJECT_NOT_FOUND');

  await about({ objectId: owner, email: freshEmail() });
  expectRefused(await about({ objectId: other, email: taken }), 409, 'CONFLICT');
});

test('several given: objectId goes before utk, utk before email', async () => {
  const email = freshEmail();
  const { objectId } = (await about({ email })).json;
  expect((await about({ objectId, utk: 'a-visitor', email })).json).toMatchObject({
    objectId,
    utk: 'a-visitor',
    email,
  });
  expect((await about({ objectId, utk: 'a-visitor' })).json.objectId).toBe(objectId);
  // Nobody knows the visitor: the e-mail decides.
  expect((await about({ utk: 'unknown-visitor', email })).json.objectId).toBe(objectId);
});

test('an unknown utk alone is stored: 201 without objectId, and it reads back', async () => {
  for (const post of [about, strictly]) {
    const created = await post({ utk: fresh('visitor'), domain: 'example.com', id: fresh('utk') });
    expect(created.status).toBe(201);
    expect(created.json).not.toHaveProperty('objectId');
    expect(created.json.utk).toMatch(/^visitor-/);
    const lenient = post === about;
    const path = eventPath(created.json.id, lenient ? TEMPLATE : strictTemplate);
    const options = lenient ? {} : { token: strict.token };
    expect((await server.call('GET', path, undefined, options)).text).toBe(created.text);
    expect((await server.call('GET', `${path}/render`, undefined, options)).status).toBe(200);
  }
});

test('a lenient portal creates the record that objectId names; ids it makes itself stay clear of it', async () => {
  const next = String(Number((await about({ email: freshEmail() })).json.objectId) + 1);
  expectRefused(await server.call('GET', timelinePath(next)), 404, 'OBJECT_NOT_FOUND');
  expect((await about({ objectId: next })).json.objectId).toBe(next);
  expect((await server.call('GET', timelinePath(next))).json.results).toHaveLength(1);
  expect((await about({ email: freshEmail() })).json.objectId).not.toBe(next);
});

test('a strict portal refuses a record that does not exist, and does not create it', async () => {
  const id = fresh('strict');
  const email = freshEmail();
  const refused = await strictly({ objectId: '123', email, id });
  expectRefused(refused, 404, 'OBJECT_NOT_FOUND');
  expect(refused.json.message).toContain('123');
  const token = { token: strict.token };
  for (const path of [eventPath(id, strictTemplate), timelinePath('123')])
    expectRefused(await server.call('GET', path, undefined, token), 404, 'OBJECT_NOT_FOUND');
  // The e-mail was not given away either; and the contact that it makes now can be named.
  const { objectId } = (await strictly({ email })).json;
  expect((await strictly({ objectId })).status).toBe(201);
});

test.each([
  ['deals', 'Deal id must be provided. Creation is not supported at the moment.'],
  ['companies', 'Company id must be provided. Creation is not supported at the moment.'],
  ['tickets', 'Ticket id must be provided. Creation is not supported at the moment.'],
])("%s need objectId: without it HubSpot's own message", async (objectType, message) => {
  const eventTemplateId = await makeTemplate(server, { objectType });
  const refused = await about({ eventTemplateId, email: freshEmail(), utk: 'a-visitor' });
  expectRefused(refused, 400);
  expect(refused.json.errors).toEqual([{ in: 'objectId', message }]);
});

test.each(['companies', 'deals', 'tickets'])(
  'on %s email and utk are kept and identify nobody',
  async (objectType) => {
    const eventTemplateId = await makeTemplate(server, { objectType });
    const email = freshEmail();
    const objectId = freshId();
    const created = await about({ eventTemplateId, objectId, email, utk: 'a-visitor' });
    expect(created.json).toMatchObject({ objectType, objectId, email, utk: 'a-visitor' });
    expect((await about({ email })).json.objectId).not.toBe(objectId);
    // Nor does it conflict when a contact has it.
    expect((await about({ eventTemplateId, objectId: freshId(), email })).status).toBe(201);
  },
);

test('records of different types may have the same id', async () => {
  const eventTemplateId = await makeTemplate(server, { objectType: 'deals' });
  const objectId = freshId();
  const deal = await about({ eventTemplateId, objectId });
  await about({ objectId });
  const timeline = await server.call('GET', timelinePath(objectId, {}, 'deals'));
  expect(timeline.json.results.map((event: { id: string }) => event.id)).toEqual([deal.json.id]);
  expect((await server.call('GET', timelinePath(objectId))).json.results).toHaveLength(1);
});

test('nobody named: 400 that says which fields may be used', async () => {
  for (const who of [{}, { domain: 'example.com' }, { email: null, utk: null, objectId: null }]) {
    const refused = await about(who);
    expectRefused(refused, 400);
    for (const field of ['objectId', 'email', 'utk']) expect(refused.json.message).toContain(field);
  }
});

test.each(['1', '28001', '9007199254740991'])('objectId %s names a record', async (objectId) => {
  const created = await about({ objectId });
  expect(created.json.objectId).toBe(objectId);
  expect((await server.call('GET', eventPath(created.json.id))).json.objectId).toBe(objectId);
  expect((await server.call('GET', timelinePath(objectId))).json.results[0].objectId).toBe(objectId);
  expect((await about({ objectId: Number(objectId) })).json.objectId).toBe(objectId);
});

test.each([
  '0',
  '01',
  '-1',
  '+1',
  '1.0',
  '1e3',
  ' 1',
  '1 ',
  '',
  'abc',
  '９',
  '0x10',
  '9007199254740992',
  '99999999999999999',
])('objectId %j is none: 1 to 16 digits, no leading zero, at most 2^53-1', async (objectId) => {
  const refused = await about({ objectId });
  expectRefused(refused, 400);
  expect(faultyFields(refused)).toEqual(['objectId']);
  expect(refused.json.message).toContain('9007199254740991');
});

test.each([
  'no-at-sign',
  'two words@example.com',
  '@example.com',
  'someone@',
  'a@b@c',
  '',
  'a\0@example.com',
  `${'x'.repeat(243)}@example.com`,
])('e-mail %j is refused', async (email) => {
  const refused = await about({ email });
  expectRefused(refused, 400);
  expect(faultyFields(refused)).toEqual(['email']);
});

test('the longest e-mail has 254 characters', async () => {
  const email = `${'x'.repeat(242)}@example.com`;
  expect(email).toHaveLength(254);
  expect((await about({ email })).json.email).toBe(email);
});

test.each(['[email protected]', '[email\u00a0protected]', '[Email Protected]'])(
  'the placeholder %j is refused, and the answer says where it comes from',
  async (email) => {
    const refused = await about({ email });
    expectRefused(refused, 400);
    expect(faultyFields(refused)).toEqual(['email']);
    expect(refused.json.message).toContain("placeholder '[email protected]'");
    expect(refused.json.message).toContain('copied from a web page');
  },
);

test.each(['utk', 'domain'])('%s takes 1 to 500 bytes of well-formed text', async (field) => {
  const value = 'é'.repeat(250);
  const created = await about({ email: freshEmail(), [field]: value });
  expect(created.json[field]).toBe(value);
  for (const bad of ['', `${value}x`, 'a\0', '\ud83d']) {
    const refused = await about({ email: freshEmail(), [field]: bad });
    expectRefused(refused, 400);
    expect(faultyFields(refused)).toEqual([field]);
  }
});
