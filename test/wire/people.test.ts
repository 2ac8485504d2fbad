// Visitors that become known, who they are said to be, what is known of them; scopes, and portals apart.
import { afterAll, expect, test } from 'vitest';
import { EVENTS_READ, EVENTS_WRITE } from '../../dist/access/scopes.js';
import { APP, createTenant, DEMO_TOKEN, startDev, TEMPLATE } from '../harness.js';
import {
  BATCH,
  CONTACTS,
  eventPath,
  expectRefused,
  faultyFields,
  fresh,
  freshEmail,
  issueToken,
  makeTemplate,
  storedEvent,
  submitForm,
  TEMPLATES,
  timelineOf,
  timelinePath,
} from './support.js';

const START = Date.parse('2026-01-02T03:04:05.000Z');

const server = await startDev();
afterAll(() => server.close());

const about = (who: object) => storedEvent(server, who);
const identify = (who: object, token = DEMO_TOKEN) =>
  server.call('POST', '/timeline/v1/identify', who, { token });
const submit = (hutk: string, email: string) =>
  submitForm(server, { fields: [{ name: 'email', value: email }], context: { hutk } });
const freshContact = async () => (await about({ email: freshEmail() })).objectId as string;
const record = async (id: string, properties: string, type = 'contacts') =>
  (await server.call('GET', `/crm/v3/objects/${type}/${id}?properties=${properties}`)).json;

/** A visitor's events, later ones first, at every other second from START. */
async function visit(utk: string, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, n) => `${utk}-${n}`);
  const inputs = ids.map((id, n) => ({
    eventTemplateId: TEMPLATE,
    tokens: { petName: id },
    id,
    utk,
    domain: 'petspot.com',
    timestamp: START + 2_000 * n,
  }));
  for (let from = 0; from < count; from += 500) {
    const answer = await server.call('POST', BATCH, { inputs: inputs.slice(from, from + 500).reverse() });
    expect(answer.status).toBe(201);
    for (const event of answer.json.results) expect(event).not.toHaveProperty('objectId');
  }
  return ids;
}

test.each([
  [
    'an event with its e-mail',
    async (utk: string, email: string) => (await about({ utk, email, timestamp: START - 1 })).objectId,
  ],
  [
    'an event with an objectId',
    async (utk: string, email: string) => {
      const { objectId } = await about({ email, timestamp: START - 1 });
      return (await about({ utk, objectId, timestamp: START - 1 })).objectId;
    },
  ],
  [
    'a form',
    async (utk: string, email: string) => {
      expect((await submit(utk, email)).status).toBe(200);
      return (await about({ email, timestamp: START - 1 })).objectId;
    },
  ],
  [
    'an identify call with its e-mail',
    async (utk: string, email: string) => (await identify({ utk, email })).json.objectId,
  ],
  [
    'an identify call with an objectId',
    async (utk: string, email: string) => {
      const { objectId } = await about({ email, timestamp: START - 1 });
      return (await identify({ utk, objectId })).json.objectId;
    },
  ],
])('%s brings all that a visitor did onto the timeline, at its own time', async (_way, tie) => {
  const utk = fresh('utk');
  const ids = await visit(utk, 1_203);
  const email = freshEmail();
  // Something between two of the visitor's events.
  const between = await about({ email, timestamp: START + 1_001 });
  const objectId = await tie(utk, email);
  expect(objectId).toBe(between.objectId);

  const events = (await timelineOf(server, objectId)).filter((event) => Date.parse(event.timestamp) >= START);
  expect(events.map((event) => event.id)).toEqual([...ids.slice(1).reverse(), between.id, ids[0]]);
  for (const event of events) expect(event.objectId).toBe(objectId);
  expect(new Set(events.filter((event) => event.id !== between.id).map((event) => event.domain))).toEqual(
    new Set(['petspot.com']),
  );
  const one = await server.call('GET', eventPath(ids[600] as string));
  expect(one.json).toMatchObject({
    objectId,
    utk,
    domain: 'petspot.com',
    timestamp: new Date(START + 1_200_000).toISOString(),
  });
  expect((await about({ utk })).objectId).toBe(objectId);
});

test('the last identification wins; events that stand on a contact stay there', async () => {
  const utk = fresh('utk');
  const [ada, grace] = [freshEmail(), freshEmail()];
  const before = await about({ utk });
  const adaId = (await identify({ utk, email: ada })).json.objectId;
  const whileAda = await about({ utk });
  expect(whileAda.objectId).toBe(adaId);

  expect((await submit(utk, grace)).status).toBe(200);
  const whileGrace = await about({ utk });
  expect(whileGrace.objectId).not.toBe(adaId);
  const graceId = whileGrace.objectId;
  expect((await about({ email: grace })).objectId).toBe(graceId);
  for (const { id } of [before, whileAda])
    expect((await server.call('GET', eventPath(id))).json.objectId).toBe(adaId);
  expect((await timelineOf(server, graceId)).map((event) => event.id)).not.toContain(before.id);

  // And back: by id this time.
  expect((await identify({ utk, objectId: adaId })).json).toEqual({ objectId: adaId });
  expect((await about({ utk })).objectId).toBe(adaId);
  expect((await server.call('GET', eventPath(whileGrace.id))).json.objectId).toBe(graceId);
  // An event only mentions the utk.
  expect((await about({ utk, objectId: graceId })).objectId).toBe(graceId);
  expect((await about({ utk })).objectId).toBe(adaId);
});

test('identify makes the contact that nobody knew, and answers the same one the next time', async () => {
  const [utk, email] = [fresh('utk'), freshEmail()];
  const first = await identify({ utk, email });
  expect(first.status).toBe(200);
  expect(first.text).toMatch(/^\{"objectId":"\d+"\}$/);
  expect((await identify({ utk, email: email.toUpperCase() })).text).toBe(first.text);
  expect((await identify({ utk: fresh('utk'), email })).text).toBe(first.text);
  expect((await record(first.json.objectId, 'email')).properties.email).toBe(email);
});

test.each([
  [{ email: 'a@example.com' }, ['utk']],
  [{ utk: 'u' }, [undefined]],
  [{ utk: 'u', email: 'a@example.com', objectId: '1' }, [undefined]],
  [{ utk: '', email: 'a@example.com' }, ['utk']],
  [{ utk: 'x'.repeat(501), email: 'a@example.com' }, ['utk']],
  [{ utk: 7, email: 'a@example.com' }, ['utk']],
  [{ utk: 'u', email: 'nobody' }, ['email']],
  [{ utk: 'u', objectId: '01' }, ['objectId']],
  [{ utk: '\0', email: 'nobody' }, ['utk', 'email']],
])('identify of %j is refused and says why', async (who, fields) => {
  const refused = await identify(who);
  expectRefused(refused, 400);
  expect(faultyFields(refused)).toEqual(fields);
});

test('identify of somebody unknown: a strict portal says 404, a lenient one makes the contact', async () => {
  const strict = await createTenant(server.folder);
  const refused = await identify({ utk: 'u', objectId: '424242' }, strict.token);
  expectRefused(refused, 404, 'OBJECT_NOT_FOUND');
  expect(refused.json.message).toContain('424242');
  expect((await identify({ utk: fresh('utk'), objectId: '424242' })).json).toEqual({ objectId: '424242' });
});

test('a 251st identity is 414, whichever way it comes, and leaves no trace', async () => {
  const { objectId } = await about({ email: freshEmail() });
  const emails = Array.from({ length: 248 }, freshEmail);
  const inputs = emails.map((email) => ({ eventTemplateId: TEMPLATE, tokens: {}, objectId, email }));
  expect((await server.call('POST', BATCH, { inputs })).status).toBe(201);
  const last = fresh('utk');
  expect((await identify({ utk: last, objectId })).status).toBe(200);

  const [utk, email] = [fresh('utk'), freshEmail()];
  const message = `Cannot have more than 250 identities on a profile`;
  const event = { eventTemplateId: TEMPLATE, tokens: {}, id: fresh('full') };
  const tries = [
    server.event({ ...event, objectId, email }),
    server.event({ ...event, objectId, utk }),
    server.event({ ...event, utk: last, email }),
    server.event({ ...event, utk, email: emails[0] }),
    identify({ utk, objectId }),
    identify({ utk, email: emails[0] }),
    submit(utk, emails[0] as string),
  ];
  for (const answer of await Promise.all(tries)) {
    expectRefused(answer, 414);
    expect(answer.json.message).toContain(message);
  }
  const batch = await server.call('POST', BATCH, { inputs: [{ ...event, objectId, email }] });
  expect(batch.status).toBe(207);
  expect(batch.json.errors[0].message).toContain(message);
  expectRefused(await server.call('GET', eventPath(event.id)), 404, 'OBJECT_NOT_FOUND');
  expect(await about({ utk })).not.toHaveProperty('objectId');
  expect((await about({ email })).objectId).not.toBe(objectId);
  // What it has already is taken as before.
  expect((await about({ objectId, utk: last, email: emails[7] })).objectId).toBe(objectId);
  expect((await record(objectId, 'email')).properties.email).toBe(emails[7]);
});

// Token properties.

const NAMED = [
  { name: 'petName', label: 'Pet', type: 'string', objectPropertyName: 'firstname' },
  { name: 'petAge', label: 'Age', type: 'number', objectPropertyName: 'pet_age' },
];

test('a token sets its property; the newest event time wins, whatever arrives last', async () => {
  const template = await makeTemplate(server, { tokens: NAMED });
  const objectId = await freshContact();
  const say = (tokens: object, second: number) =>
    about({ eventTemplateId: template, objectId, tokens, timestamp: START + 1_000 * second });
  const known = async () => (await record(objectId, 'firstname,pet_age')).properties;

  expect(await known()).toMatchObject({ firstname: null, pet_age: null });
  await say({ petName: 'Biscuit', petAge: 3 }, 10);
  expect(await known()).toMatchObject({ firstname: 'Biscuit', pet_age: '3' });
  await say({ petName: 'Old' }, 9);
  expect(await known()).toMatchObject({ firstname: 'Biscuit', pet_age: '3' });
  await say({ petName: 'New' }, 11);
  expect(await known()).toMatchObject({ firstname: 'New', pet_age: '3' });
  await say({ petName: 'Same time, later' }, 11);
  expect((await known()).firstname).toBe('Same time, later');
  // A refused event says nothing.
  const refused = await server.event({
    eventTemplateId: template,
    objectId,
    tokens: { petName: 'Never', petAge: 'three' },
    timestamp: START + 99_000,
  });
  expectRefused(refused, 400);
  expect((await known()).firstname).toBe('Same time, later');
});

test('inside one batch too, and for companies, deals and tickets', async () => {
  for (const objectType of ['companies', 'deals', 'tickets']) {
    const template = await makeTemplate(server, { objectType, tokens: NAMED });
    const at = (second: number, petName: string) => ({
      eventTemplateId: template,
      objectId: '515151',
      tokens: { petName },
      timestamp: START + 1_000 * second,
    });
    const inputs = [at(2, 'second'), at(3, 'third'), at(1, 'first')];
    expect((await server.call('POST', BATCH, { inputs })).status).toBe(201);
    expect((await record('515151', 'firstname', objectType)).properties.firstname).toBe('third');
  }
});

test("what a visitor's tokens said arrives with the visitor, unless something newer is known", async () => {
  const template = await makeTemplate(server, { tokens: NAMED });
  const [utk, email] = [fresh('utk'), freshEmail()];
  const { objectId } = await about({
    eventTemplateId: template,
    email,
    tokens: { petName: 'Newer' },
    timestamp: START + 2,
  });
  await about({
    eventTemplateId: template,
    utk,
    tokens: { petName: 'Visitor', petAge: 7 },
    timestamp: START + 1,
  });
  expect((await record(objectId, 'pet_age')).properties.pet_age).toBeNull();
  await identify({ utk, email });
  expect((await record(objectId, 'firstname,pet_age')).properties).toMatchObject({
    firstname: 'Newer',
    pet_age: '7',
  });

  // And the other way round: the visitor knew the newer one.
  const [other, mail] = [fresh('utk'), freshEmail()];
  await about({
    eventTemplateId: template,
    utk: other,
    tokens: { petName: 'Visitor' },
    timestamp: START + 9,
  });
  const known = await about({
    eventTemplateId: template,
    email: mail,
    tokens: { petName: 'Older' },
    timestamp: START + 3,
  });
  await about({ utk: other, email: mail });
  expect((await record(known.objectId, 'firstname')).properties.firstname).toBe('Visitor');
});

test("the domain of a company's event becomes its domain only where it has none", async () => {
  const template = await makeTemplate(server, {
    objectType: 'companies',
    tokens: [{ name: 'site', label: 'Site', type: 'string', objectPropertyName: 'domain' }],
  });
  const objectId = '616161';
  const company = { eventTemplateId: template, objectId };
  const domain = async () => (await record(objectId, 'domain', 'companies')).properties.domain;
  await about(company);
  expect(await domain()).toBeNull();
  await about({ ...company, domain: 'first.example.com' });
  await about({ ...company, domain: 'second.example.com' });
  expect(await domain()).toBe('first.example.com');
  // A token that says so is a value like any other, even when the event is an old one.
  await about({ ...company, tokens: { site: 'token.example.com' }, timestamp: START - 1e9 });
  expect(await domain()).toBe('token.example.com');
  await about({ ...company, domain: 'third.example.com' });
  expect(await domain()).toBe('token.example.com');
  // On a contact it says nothing of the contact.
  const contact = await about({ email: freshEmail(), domain: 'first.example.com' });
  expect((await record(contact.objectId, 'domain')).properties.domain).toBeNull();
});

test('email is a property like any other of what is no contact: a token sets it, its page shows it', async () => {
  const tokens = [{ name: 'mail', label: 'Mail', type: 'string', objectPropertyName: 'email' }];
  const [objectId, email] = ['616162', freshEmail()];
  const template = await makeTemplate(server, { objectType: 'companies', tokens });
  await about({ eventTemplateId: template, objectId, tokens: { mail: email } });
  expect((await record(objectId, 'email', 'companies')).properties.email).toBe(email);
  const page = await server.call('GET', `/records/companies/${objectId}`);
  expect(page.text).toContain(`<dt>E-mail</dt><dd>${email}</dd>`);
  const path = `${TEMPLATES}/${await makeTemplate(server, { tokens: [] })}/tokens`;
  const ofContacts = await server.call('POST', path, tokens[0]);
  expectRefused(ofContacts, 400);
  expect(faultyFields(ofContacts)).toEqual(['objectPropertyName']);
});

test('lastmodifieddate moves with every change, and with nothing else', async () => {
  const [utk, email] = [fresh('utk'), freshEmail()];
  const template = await makeTemplate(server, { tokens: NAMED });
  const { objectId } = await about({ email });
  const modified = async () => {
    const { updatedAt, properties } = await record(objectId, 'lastmodifieddate');
    expect(properties.lastmodifieddate).toBe(updatedAt);
    return Date.parse(updatedAt);
  };
  const changes = [
    () => about({ objectId, email: `new-${email}` }),
    () => about({ objectId, utk }),
    () => about({ eventTemplateId: template, objectId, tokens: { petName: 'Rex' } }),
  ];
  for (const change of changes) {
    const before = await modified();
    await nextMillisecond();
    await about({ objectId });
    expect(await modified()).toBe(before);
    await change();
    expect(await modified()).toBeGreaterThan(before);
  }
});

/** So that two times differ. */
async function nextMillisecond(): Promise<void> {
  const now = Date.now();
  while (Date.now() <= now) await new Promise((resolve) => setImmediate(resolve));
}

// A contact is read and made.

test('a contact is read by id and by any of its e-mails, with the properties asked for', async () => {
  const [old, now] = [freshEmail(), freshEmail()];
  const { objectId } = await about({ email: old });
  await about({ objectId, email: now });
  const read = (path: string) => server.call('GET', `${CONTACTS}/${path}`);
  const usual = await read(objectId);
  expect(usual.status).toBe(200);
  expect(usual.json).toEqual({
    id: objectId,
    properties: {
      createdate: usual.json.createdAt,
      email: now,
      firstname: null,
      hs_object_id: objectId,
      lastmodifieddate: usual.json.updatedAt,
      lastname: null,
    },
    createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
    updatedAt: expect.stringMatching(/^\d{4}-.*Z$/),
    archived: false,
  });
  for (const email of [old, now, now.toUpperCase()])
    expect((await read(`${encodeURIComponent(email)}?idProperty=email`)).text).toBe(usual.text);
  const chosen = await read(`${objectId}?properties=hs_additional_emails,petname&properties=email`);
  expect(chosen.json.properties).toMatchObject({ hs_additional_emails: old, petname: null, email: now });
  expect(chosen.json.properties).not.toHaveProperty('firstname');
  for (const type of ['contact', '0-1'])
    expect((await server.call('GET', `/crm/v3/objects/${type}/${objectId}`)).text).toBe(usual.text);
  for (const path of ['99999999', 'x', `${encodeURIComponent(freshEmail())}?idProperty=email`])
    expectRefused(await read(path), 404, 'OBJECT_NOT_FOUND');
  for (const path of [`companies/${objectId}`, `pets/${objectId}`])
    expectRefused(await server.call('GET', `/crm/v3/objects/${path}`), 404, 'OBJECT_NOT_FOUND');
  const ofCompanies = await server.call('GET', `/crm/v3/objects/companies/${now}?idProperty=email`);
  expectRefused(ofCompanies, 400);
  expect(faultyFields(ofCompanies)).toEqual(['idProperty']);
});

test('a contact that is made by hand is found by its e-mail, and is made once', async () => {
  const email = freshEmail();
  const made = await server.call('POST', CONTACTS, {
    properties: { email, firstname: 'Ada', favourite_food: 'cheese', age: 36, empty: '', nothing: null },
  });
  expect(made.status, made.text).toBe(201);
  expect(made.json.properties).toMatchObject({
    email,
    firstname: 'Ada',
    favourite_food: 'cheese',
    age: '36',
  });
  expect((await about({ email: email.toUpperCase() })).objectId).toBe(made.json.id);
  const again = await server.call('POST', CONTACTS, { properties: { email: email.toUpperCase() } });
  expectRefused(again, 409, 'CONFLICT');
  expect(again.json.message).toBe(`Contact already exists. Existing ID: ${made.json.id}`);

  for (const [properties, field] of [
    [{}, 'properties'],
    [{ favourite_food: 'cheese' }, 'properties'],
    [{ email: 'nobody' }, 'properties.email'],
    [{ firstname: 'Ada', hs_object_id: '1' }, 'properties.hs_object_id'],
    [{ firstname: 'Ada', 'no spaces': '1' }, 'properties.no spaces'],
  ] as const) {
    const refused = await server.call('POST', CONTACTS, { properties });
    expectRefused(refused, 400);
    expect(refused.json.message).toContain(field.replace('properties.', ''));
  }
});

// Scopes.

test('each path asks for its own scopes, and a 403 names them', async () => {
  const { portalId, appId } = await createTenant(server.folder);
  const objectId = await freshContact();
  const guid = crypto.randomUUID();
  const read = (type: string) => ['GET', `/crm/v3/objects/${type}/${objectId}`, undefined] as const;
  const routes: [method: string, path: string, body: unknown, anyOf: readonly string[]][] = [
    [...read('contacts'), ['crm.objects.contacts.read']],
    [...read('0-1'), ['crm.objects.contacts.read']],
    [...read('companies'), ['crm.objects.companies.read']],
    [...read('deals'), ['crm.objects.deals.read']],
    [...read('tickets'), ['tickets', 'tickets.sensitive.v2', 'tickets.highly_sensitive.v2']],
    ['POST', CONTACTS, { properties: { firstname: 'A' } }, ['crm.objects.contacts.write']],
    [
      'POST',
      `${CONTACTS}/merge`,
      { primaryObjectId: '1', objectIdToMerge: '2' },
      ['crm.objects.contacts.write'],
    ],
    ['POST', `${CONTACTS}/gdpr-delete`, { objectId: '1' }, ['crm.objects.contacts.write']],
    ['POST', '/timeline/v1/identify', { utk: 'u', email: freshEmail() }, EVENTS_WRITE],
    ['POST', `/submissions/v3/integration/secure/submit/${portalId}/${guid}`, { fields: [] }, ['forms']],
    ['GET', timelinePath(objectId), undefined, EVENTS_READ],
  ];
  const every = [...new Set([...routes.flatMap(([, , , anyOf]) => anyOf), 'developers-read', 'forms'])];
  for (const [method, path, body, anyOf] of routes) {
    const others = every.filter((scope) => !anyOf.includes(scope));
    const without = await issueToken(server.folder, { portalId, appId, scopes: others });
    const refused = await server.call(method, path, body, { token: without });
    expectRefused(refused, 403, 'MISSING_SCOPES');
    expect(refused.json.errors[0].context, path).toEqual({ requiredGranularScopes: [...anyOf] });
    expectRefused(await server.call(method, path, body, { token: '' }), 401, 'INVALID_AUTHENTICATION');
    const token = await issueToken(server.folder, { portalId, appId, scopes: anyOf.slice(0, 1) });
    const allowed = await server.call(method, path, body, { token });
    expect([200, 201, 204, 400, 404], `${path} ${allowed.text}`).toContain(allowed.status);
    expect(allowed.json?.category).not.toBe('MISSING_SCOPES');
  }
});

// Portals.

test('two portals with the same app, template, ids, e-mail and utk never see one another', async () => {
  const tenant = await createTenant(server.folder, { lenient: true });
  const token = await issueToken(server.folder, { portalId: tenant.portalId, appId: Number(APP) });
  const there = { token };
  const template = await makeTemplate(server, { tokens: NAMED });
  const [utk, email, extra, id] = [fresh('utk'), freshEmail(), freshEmail(), fresh('event')];
  const event = (more: object) => ({ eventTemplateId: template, tokens: {}, ...more });

  const hereId = (await about(event({ email, id, tokens: { petName: 'Here' } }))).objectId;
  await about(event({ objectId: hereId, email: extra }));
  await identify({ utk, objectId: hereId });
  const contact = (path: string) => server.call('GET', `${CONTACTS}/${path}`, undefined, there);

  // Nothing of it is there.
  const path = eventPath(id, template);
  for (const each of [path, `${path}/detail`, `${path}/render`, timelinePath(hereId)])
    expectRefused(await server.call('GET', each, undefined, there), 404, 'OBJECT_NOT_FOUND');
  for (const path of [hereId, `${email}?idProperty=email`, `${extra}?idProperty=email`])
    expectRefused(await contact(path), 404, 'OBJECT_NOT_FOUND');
  const visitor = await server.event(event({ utk }), there);
  expect(visitor.json).not.toHaveProperty('objectId');

  // The same names stand for somebody else there.
  const thereId = (await server.event(event({ email, id, tokens: { petName: 'There' } }), there)).json
    .objectId;
  for (const each of [path, timelinePath(thereId)]) {
    const { text } = await server.call('GET', each, undefined, there);
    expect(text).toContain('"There"');
    expect(text).not.toContain('"Here"');
  }
  const same = await server.event(event({ objectId: thereId, email: extra }), there);
  expect(same.status).toBe(201);
  expect((await identify({ utk, email }, token)).json.objectId).toBe(thereId);
  expect(
    (await server.call('GET', eventPath(visitor.json.id, template), undefined, there)).json.objectId,
  ).toBe(thereId);
  expect((await contact(`${thereId}?properties=firstname`)).json.properties.firstname).toBe('There');
  expect((await record(hereId, 'firstname')).properties.firstname).toBe('Here');
  expectRefused(await server.call('GET', eventPath(visitor.json.id, template)), 404, 'OBJECT_NOT_FOUND');

  // Merging and erasing reach their own portal alone.
  const other = await freshContact();
  const merge = { primaryObjectId: thereId, objectIdToMerge: other };
  expectRefused(await server.call('POST', `${CONTACTS}/merge`, merge, there), 404, 'OBJECT_NOT_FOUND');
  expectRefused(
    await server.call('POST', `${CONTACTS}/gdpr-delete`, { objectId: other }, there),
    404,
    'OBJECT_NOT_FOUND',
  );
  const gone = await server.call(
    'POST',
    `${CONTACTS}/gdpr-delete`,
    { objectId: email, idProperty: 'email' },
    there,
  );
  expect(gone.status).toBe(204);
  expectRefused(await server.event(event({ email }), there), 400);
  expect((await about({ email })).objectId).toBe(hereId);
  expect((await about({ utk })).objectId).toBe(hereId);
  expect((await server.call('GET', path)).json).toMatchObject({ objectId: hereId, email });
});
