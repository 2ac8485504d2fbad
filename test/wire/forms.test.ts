// HubSpot's form submissions: who may send them, what they make of the contact, and how they are refused.
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { createTenant, type Json, startDev, TEMPLATE } from '../harness.js';
import { eventPath, expectRefused, fresh, freshEmail, sendRaw } from './support.js';

const GUID = 'd1b2c3d4-0000-4000-8000-00000000abcd';
const PORTAL = '8420';
const LONG_HOST = `https://a${'\u0301\u0316'.repeat(200_000)}`;
const DAY = 24 * 3_600_000;

const server = await startDev();
afterAll(() => server.close());

const path = (portal = PORTAL, guid = GUID) => `/submissions/v3/integration/submit/${portal}/${guid}`;
const submit = (body: unknown, at = path()) => server.call('POST', at, body, { token: '' });
const field = (name: string, value: unknown, objectTypeId?: string | null) => ({ objectTypeId, name, value });
const contactOf = (email: string, properties = 'email,firstname,lastname') =>
  server.call(
    'GET',
    `/crm/v3/objects/contacts/${encodeURIComponent(email)}?idProperty=email&properties=${properties}`,
  );
const visit = async (utk: string) =>
  (await server.event({ eventTemplateId: TEMPLATE, tokens: {}, utk })).json as Json;

test('a form as HubSpot documents it makes the contact, its fields are properties that read back', async () => {
  const email = freshEmail();
  const hutk = fresh('hutk');
  const before = await visit(hutk);
  const answer = await submit({
    submittedAt: String(Date.now()),
    fields: [
      field('email', email, '0-1'),
      field('firstname', 'Jeff', '0-1'),
      field('favorite_food', 'a "pie", with ÆØÅ 🥧', null),
      field('age', 41),
      field('newsletter', true),
      field('name', 'Petspot', '0-2'),
    ],
    context: {
      hutk,
      pageUri: 'https://www.example.com/page?a=1',
      pageName: 'Example page',
      ipAddress: '10.0.0.1',
    },
    legalConsentOptions: { consent: { consentToProcess: true, text: 'I agree' } },
  });
  expect(answer.status, answer.text).toBe(200);
  expect(answer.json).toEqual({ inlineMessage: expect.any(String) });
  const { json } = await contactOf(email, 'email,firstname,favorite_food,age,newsletter,name');
  expect(json.properties).toMatchObject({
    email,
    firstname: 'Jeff',
    favorite_food: 'a "pie", with ÆØÅ 🥧',
    age: '41',
    newsletter: 'true',
    name: null, // a company's, not the contact's
  });
  expect((await server.call('GET', eventPath(before.id))).json.objectId).toBe(json.id);
  expect((await visit(hutk)).objectId).toBe(json.id);
});

test('a field may have its type in its name, as the fields of HubSpot forms have', async () => {
  const email = freshEmail();
  const fields = [
    field('0-1/email', email),
    field('0-1/firstname', 'Jeff'),
    field('0-2/name', 'Petspot'),
    field('2-12345678/plan', 'gold'),
  ];
  const { status, text } = await submit({ fields });
  expect(status, text).toBe(200);
  const { json } = await contactOf(email, 'email,firstname,name,plan');
  // The name is a company's, the plan a custom object's.
  expect(json.properties).toMatchObject({ email, firstname: 'Jeff', name: null, plan: null });
  const wrong = await submit({ fields: [field('0-1/email', 'nobody'), field('0-1/a b', 'x')] });
  expect(wrong.json.errors).toEqual([
    { message: expect.stringMatching(/^Error in 'fields\.0-1\/email'/), errorType: 'INVALID_EMAIL' },
    {
      message: expect.stringMatching(/^Error in 'fields\.0-1\/a b'/),
      errorType: 'FIELD_NOT_IN_FORM_DEFINITION',
    },
  ]);
});

test.each([
  ['portalId', path('here'), /^Error in 'portalId'\. must be a number/],
  ['formGuid', path(PORTAL, 'contact-us'), /^Error in 'formGuid'\. must be a UUID, such as [\da-f-]{36}$/],
])('a %s in the path that is none is refused in words', async (_, at, message) => {
  const refused = await submit({ fields: [field('email', freshEmail())] }, at);
  expectRefused(refused, 400);
  expect(refused.json.errors).toEqual([
    { message: expect.stringMatching(message), errorType: 'INVALID_REQUEST' },
  ]);
});

test('the second form updates the contact: the newest submission wins, not the last to arrive', async () => {
  const email = freshEmail();
  const said = (firstname: string, submittedAt?: number) =>
    submit({ submittedAt, fields: [field('email', email), field('firstname', firstname)] });
  await said('First', Date.now() - 2 * DAY);
  const { id, createdAt } = (await contactOf(email)).json;
  expect(Date.parse(createdAt), 'it was made when the form came').toBeGreaterThan(Date.now() - DAY);
  await said('Second', Date.now() - DAY);
  await said('Late', Date.now() - 3 * DAY);
  expect((await contactOf(email.toUpperCase())).json).toMatchObject({
    id,
    properties: { firstname: 'Second', email },
  });
  await said('Now');
  expect((await contactOf(email)).json.properties.firstname).toBe('Now');
});

test('a page whose clock is ahead, by less than an hour, says what holds until the next one says otherwise', async () => {
  const email = freshEmail();
  const said = (firstname: string, submittedAt?: number) =>
    submit({ submittedAt, fields: [field('email', email), field('firstname', firstname)] });
  expect((await said('Ahead', Date.now() + 50 * 60_000)).status).toBe(200);
  expect((await contactOf(email)).json.properties.firstname).toBe('Ahead');
  await said('Next');
  expect((await contactOf(email)).json.properties.firstname).toBe('Next');
});

test('what a page leaves empty counts as left out', async () => {
  const email = freshEmail();
  const fields = [field('email', email, null)];
  for (const left of [{ hutk: '', pageUri: '' }, { hutk: null, pageUri: null }, null]) {
    const { status, text } = await submit({ fields, context: left, submittedAt: null });
    expect(status, text).toBe(200);
  }
  expect((await contactOf(email)).status).toBe(200);
});

test('what nests without end, where a form has texts alone, is passed over', async () => {
  const email = freshEmail();
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const company = `{"objectTypeId":"0-2","name":"name","value":"Petspot","deep":${deep}}`;
  const { status, text } = await server.call(
    'POST',
    path(),
    `{"fields":[${JSON.stringify(field('email', email))},${company}],"context":{"deep":${deep}}}`,
    { token: '', headers: { 'content-type': 'application/json' } },
  );
  expect(status, text).toBe(200);
});

test('without an e-mail the visitor is asked; without both, somebody new is made', async () => {
  const email = freshEmail();
  const hutk = fresh('hutk');
  await submit({ fields: [field('email', email)], context: { hutk } });
  expect((await submit({ fields: [field('lastname', 'Known')], context: { hutk } })).status).toBe(200);
  expect((await contactOf(email)).json.properties.lastname).toBe('Known');

  const unknown = fresh('hutk');
  expect((await submit({ fields: [], context: { hutk: unknown } })).status).toBe(200);
  expect((await visit(unknown)).objectId).toMatch(/^\d+$/);

  const before = (await server.call('POST', '/crm/v3/objects/contacts', { properties: { firstname: 'A' } }))
    .json.id;
  expect((await submit({ fields: [field('lastname', 'Alone')] })).status).toBe(200);
  const made = await server.call('GET', `/crm/v3/objects/contacts/${Number(before) + 1}`);
  expect(made.json.properties).toMatchObject({ lastname: 'Alone', email: null });
});

test.each([
  ['INVALID_EMAIL', { fields: [field('email', 'nobody')] }, 'fields.email'],
  ['INVALID_EMAIL', { fields: [field('email', '')] }, 'fields.email'],
  ['REQUIRED_FIELD', { fields: [] }, 'fields.email'],
  ['REQUIRED_FIELD', { fields: [field('name', 'Petspot', '0-2')], context: {} }, 'fields.email'],
  [
    'FIELD_NOT_IN_FORM_DEFINITION',
    { fields: [field('b', 'fine'), field('hs_object_id', '1')] },
    'fields.hs_object_id',
  ],
  [
    'FIELD_NOT_IN_FORM_DEFINITION',
    { fields: [field('b', 'fine'), field('lastmodifieddate', '1')] },
    'fields.lastmodifieddate',
  ],
  [
    'FIELD_NOT_IN_FORM_DEFINITION',
    { fields: [field('b', 'fine'), field('not a name', '1')] },
    'fields.not a name',
  ],
  ['INPUT_TOO_LARGE', { fields: [field('b', 'fine'), field('a', 'x'.repeat(65_537))] }, 'fields.a'],
  ['INPUT_TOO_LARGE', { fields: Array.from({ length: 1_001 }, (_, n) => field(`a${n}`, 'x')) }, 'fields'],
  ['INVALID_NUMBER', { fields: [field('b', 'fine'), { name: 'a', value: 2 ** 60 }] }, 'fields.a'],
  ['INVALID_TEXT', { fields: [field('b', 'fine'), field('a', 'x\0y')] }, 'fields.a'],
  ['INVALID_TEXT', { fields: [field('b', 'fine'), field('a', '\ud83d')] }, 'fields.a'],
  ['INVALID_HUTK', { fields: [field('a', '1')], context: { hutk: 'x'.repeat(501) } }, 'context.hutk'],
  ['INVALID_HUTK', { fields: [field('a', '1')], context: { hutk: '\0' } }, 'context.hutk'],
  ['INVALID_PAGE_URI', { fields: [field('a', '1')], context: { pageUri: 'here' } }, 'context.pageUri'],
  // Such a host would be read for half a minute.
  ['INVALID_PAGE_URI', { fields: [field('a', '1')], context: { pageUri: LONG_HOST } }, 'context.pageUri'],
  ['INVALID_SUBMITTED_AT', { fields: [field('a', '1')], submittedAt: Date.now() - 32 * DAY }, 'submittedAt'],
  ['INVALID_SUBMITTED_AT', { fields: [field('a', '1')], submittedAt: Date.now() + DAY }, 'submittedAt'],
  ['INVALID_SUBMITTED_AT', { fields: [field('a', '1')], submittedAt: 'today' }, 'submittedAt'],
])('a form is refused: %s (%#)', async (errorType, body, where) => {
  const refused = await submit(body);
  expectRefused(refused, 400);
  expect(refused.json.message).toBe('The request is not valid');
  expect(refused.json.errors).toEqual([
    { message: expect.stringContaining(`Error in '${where}'. `), errorType },
  ]);
  expect(refused.headers.get('access-control-allow-origin')).toBe('*');
});

test('everything wrong is told at once, and nothing of it is kept', async () => {
  const email = freshEmail();
  const refused = await submit({
    fields: [field('email', email), field('createdate', '1'), field('firstname', 'Ada')],
    context: { pageUri: 'here', hutk: 'x'.repeat(501) },
    submittedAt: 1,
  });
  expect(refused.json.errors.map((fault: Json) => fault.errorType)).toEqual([
    'FIELD_NOT_IN_FORM_DEFINITION',
    'INVALID_HUTK',
    'INVALID_PAGE_URI',
    'INVALID_SUBMITTED_AT',
  ]);
  expect((await contactOf(email)).status).toBe(404);
});

test('a name that is long is told by its beginning', async () => {
  const name = 'x'.repeat(100_000);
  const refused = await submit({
    fields: [field('email', freshEmail()), field(name, 'x'), field(name, 2 ** 60)],
  });
  expect(refused.json.errors.map((fault: Json) => fault.errorType)).toEqual([
    'FIELD_NOT_IN_FORM_DEFINITION',
    'INVALID_NUMBER',
  ]);
  expect(refused.text.length).toBeLessThan(1_000);
});

test('what is at the bounds is taken', async () => {
  const email = freshEmail();
  const fields = [
    field('email', email),
    field('long', 'x'.repeat(65_536)),
    ...Array.from({ length: 998 }, (_, n) => field(`a${n % 900}`, n)), // a type has no 1,000 more properties
  ];
  const context = { hutk: 'é'.repeat(250), pageUri: 'https://example.com/' };
  expect((await submit({ fields, context, submittedAt: Date.now() - 30 * DAY })).status).toBe(200);
  expect((await contactOf(email, 'long,a97')).json.properties).toMatchObject({ a97: '997' });
});

test.each([
  [{}, 'fields', 'REQUIRED_FIELD'],
  [{ fields: 'email' }, 'fields', 'INVALID_REQUEST'],
  [{ fields: [{ name: 'email' }] }, 'fields[0].value', 'REQUIRED_FIELD'],
  [{ fields: [{ name: 'email', value: { a: 1 } }] }, 'fields[0].value', 'INVALID_REQUEST'],
  [{ fields: [], context: 'here' }, 'context', 'INVALID_REQUEST'],
  [{ fields: [], context: { hutk: 7 } }, 'context.hutk', 'INVALID_REQUEST'],
])('a body of the wrong shape is refused in the shape of forms: %j', async (body, where, errorType) => {
  const refused = await submit(body);
  expectRefused(refused, 400);
  expect(refused.json.message).toBe('The request is not valid');
  expect(refused.json.errors).toEqual([
    { message: expect.stringContaining(`Error in '${where}'. `), errorType },
  ]);
});

test('a portal that is not there is not found', async () => {
  const refused = await submit({ fields: [field('email', freshEmail())] }, path('1234567'));
  expectRefused(refused, 404, 'OBJECT_NOT_FOUND');
});

test('a browser may send it from any page', async () => {
  const preflight = await sendRaw(server, {
    method: 'OPTIONS',
    path: path(),
    headers: {
      origin: 'https://www.example.com',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type',
    },
  });
  expect(preflight.status).toBe(204);
  expect(preflight.text).toBe('');
  expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
  expect(preflight.headers.get('access-control-allow-methods')).toContain('POST');
  expect(preflight.headers.get('access-control-allow-headers')?.toLowerCase()).toContain('content-type');
  const answer = await server.call(
    'POST',
    path(),
    { fields: [field('email', freshEmail())] },
    { token: '', headers: { origin: 'https://www.example.com' } },
  );
  expect(answer.status).toBe(200);
  expect(answer.headers.get('access-control-allow-origin')).toBe('*');
  // Other paths are not a page's affair.
  const other = await server.call('GET', '/crm/v3/objects/contacts/1');
  expect(other.headers.get('access-control-allow-origin')).toBeNull();
});

test('the secure variant takes a token of the same portal with the scope forms', async () => {
  const tenant = await createTenant(server.folder, { scopes: ['forms'] });
  const secure = (portal: string | number) => `/submissions/v3/integration/secure/submit/${portal}/${GUID}`;
  const email = freshEmail();
  const body = { fields: [field('email', email), field('firstname', 'Ada')] };

  const answer = await server.call('POST', secure(tenant.portalId), body, { token: tenant.token });
  expect(answer.status, answer.text).toBe(200);
  const elsewhere = await server.call('POST', secure(PORTAL), body, { token: tenant.token });
  expectRefused(elsewhere, 404, 'OBJECT_NOT_FOUND');
  expect((await contactOf(email)).status).toBe(404); // in the demo's portal
  expectRefused(
    await server.call('POST', secure(PORTAL), body, { token: '' }),
    401,
    'INVALID_AUTHENTICATION',
  );
  const reader = await createTenant(server.folder, { scopes: ['crm.objects.contacts.read'] });
  const refused = await server.call('POST', secure(reader.portalId), body, { token: reader.token });
  expectRefused(refused, 403, 'MISSING_SCOPES');
  expect(refused.json.errors[0].context.requiredGranularScopes).toEqual(['forms']);
  const wrong = await server.call(
    'POST',
    secure(tenant.portalId),
    { fields: [field('email', 'nobody')] },
    { token: tenant.token },
  );
  expect(wrong.json.errors[0].errorType).toBe('INVALID_EMAIL');
});

test('a form of more than 1 MiB is refused with the limit that forms have', async () => {
  const refused = await submit(
    JSON.stringify({ fields: [field('email', freshEmail())] }).padEnd(1024 ** 2 + 1),
  );
  expectRefused(refused, 413);
  expect(refused.json.message).toContain('over 1 MiB');
});

test.each([
  ['no JSON', '{"fields":'],
  ['nothing', ''],
  ['a field that stands twice', '{"fields":[],"fields":[]}'],
])('%s is refused in the shape of forms', async (_, body) => {
  for (const [at, token] of [
    [path(), ''],
    [path().replace('/submit/', '/secure/submit/'), undefined],
  ] as const) {
    const headers = { 'content-type': 'application/json' };
    const refused = await server.call('POST', at, body, { headers, ...(token === '' ? { token } : {}) });
    expectRefused(refused, 400);
    expect(refused.json.message).toBe('The request is not valid');
    expect(refused.json.errors).toEqual([{ message: expect.any(String), errorType: 'INVALID_REQUEST' }]);
  }
});

test('forms that strangers leave half sent take no room from others', async () => {
  const head =
    `POST ${path()} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n` +
    'content-length: 1048576\r\n\r\n{';
  const sockets = Array.from({ length: 260 }, () =>
    connect(Number(new URL(server.listening).port), '127.0.0.1'),
  );
  for (const socket of sockets)
    socket
      .on('error', () => undefined)
      .resume()
      .write(head);
  await pause(300);
  const extraData = { filling: 'x'.repeat(20_000) };
  const sent = await server.event({ eventTemplateId: TEMPLATE, email: freshEmail(), tokens: {}, extraData });
  for (const socket of sockets) socket.destroy();
  expect(sent.status).toBe(201);
});
