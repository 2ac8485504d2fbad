// Merging: one contact remains with both's identities, events and properties, and both ids go on working.
import { afterAll, expect, test } from 'vitest';
import { type Json, startDev, TEMPLATE } from '../harness.js';
import {
  BATCH,
  CONTACTS,
  eventPath,
  expectRefused,
  faultyFields,
  fresh,
  freshEmail,
  makeTemplate,
  storedEvent,
  timelinePath,
} from './support.js';

const START = Date.parse('2026-02-03T04:05:06.000Z');

const server = await startDev();
afterAll(() => server.close());
const named = await makeTemplate(server, {
  tokens: ['firstname', 'lastname', 'city'].map((name) => ({
    name,
    label: name,
    type: 'string',
    objectPropertyName: name,
  })),
});

const about = (who: object) => storedEvent(server, who);
const merge = (primaryObjectId: unknown, objectIdToMerge: unknown) =>
  server.call('POST', `${CONTACTS}/merge`, { primaryObjectId, objectIdToMerge });
const merged = async (primary: string, other: string) => {
  const answer = await merge(primary, other);
  expect(answer.status, answer.text).toBe(200);
  return answer.json;
};
const contact = (id: string, properties = 'email,hs_additional_emails,hs_merged_object_ids') =>
  server.call('GET', `${CONTACTS}/${id}?properties=${properties}`);
const timeline = async (id: string) =>
  (await server.call('GET', timelinePath(id, { limit: '100' }))).json.results as Json[];
const list = (text: string | null) => (text ?? '').split(';').filter(Boolean).sort();

test('both’s identities and events stand with the primary, in order; both ids answer for reads and new events', async () => {
  const [a, a2, b, b2] = [freshEmail(), freshEmail(), freshEmail(), freshEmail()];
  const [utkA, utkB] = [fresh('utk'), fresh('utk')];
  const visit = await about({ utk: utkB, timestamp: START + 3 });
  const first = await about({ email: a2, timestamp: START + 2 });
  const A: string = first.objectId;
  const second = await about({ objectId: A, email: a, utk: utkA, timestamp: START + 5 });
  const third = await about({ email: b2, utk: utkB, timestamp: START + 1 });
  const B: string = third.objectId;
  const fourth = await about({ objectId: B, email: b, timestamp: START + 4 });

  const answer = await merged(A, B);
  expect(answer).toMatchObject({ id: A, archived: false });
  expect(answer.properties.email).toBe(a);
  expect(answer.properties.hs_merged_object_ids).toBe(B);
  expect(list(answer.properties.hs_additional_emails)).toEqual([a2, b, b2].sort());

  const order = [second, fourth, visit, first, third];
  for (const id of [A, B]) {
    const events = await timeline(id);
    expect(events.map((event) => event.id)).toEqual(order.map((event) => event.id));
    expect(new Set(events.map((event) => event.objectId))).toEqual(new Set([A]));
    expect((await contact(id)).json).toMatchObject({
      id: A,
      properties: answer.properties.email ? { email: a } : {},
    });
  }
  for (const { id } of order) expect((await server.call('GET', eventPath(id))).json.objectId).toBe(A);

  // New events, whatever names the contact.
  const who = [
    { objectId: A },
    { objectId: B },
    ...[a, a2, b, b2].map((email) => ({ email })),
    { utk: utkA },
    { utk: utkB },
  ];
  for (const each of who) expect((await about({ ...each, timestamp: START + 6 })).objectId).toBe(A);
  expect(await timeline(B)).toHaveLength(5 + who.length);
  for (const email of [a, a2, b, b2])
    expect((await server.call('GET', `${CONTACTS}/${email}?idProperty=email`)).json.id).toBe(A);
  // Its e-mail may change by the id that is no more.
  const changed = await about({ objectId: B, email: b });
  expect(changed.objectId).toBe(A);
  expect((await contact(A)).json.properties.email).toBe(b);
});

test('pages of a merged timeline hold every event once', async () => {
  const inputs = Array.from({ length: 240 }, (_, n) => ({
    eventTemplateId: TEMPLATE,
    tokens: {},
    objectId: n % 3 === 0 ? '880001' : '880002',
    id: fresh('page'),
    timestamp: START + (n % 40), // six at each time
  }));
  expect((await server.call('POST', BATCH, { inputs })).status).toBe(201);
  await merged('880002', '880001');
  const seen: Json[] = [];
  let after: string | undefined;
  do {
    const { json } = await server.call(
      'GET',
      timelinePath('880001', { limit: '7', ...(after ? { after } : {}) }),
    );
    seen.push(...json.results);
    after = json.paging?.next.after;
  } while (after);
  expect(seen.map((event) => event.id).sort()).toEqual(inputs.map((input) => input.id).sort());
  const times = seen.map((event) => Date.parse(event.timestamp));
  expect(times).toEqual([...times].sort((x, y) => y - x));
});

test("the primary's properties win, even older ones; what it has not comes from the other", async () => {
  const say = (email: string, at: number, tokens: object) =>
    about({ eventTemplateId: named, email, tokens, timestamp: START + at });
  const [a, b] = [freshEmail(), freshEmail()];
  const A = (await say(a, 1, { firstname: 'Ada', city: 'London' })).objectId;
  const B = (await say(b, 9, { firstname: 'Augusta', lastname: 'King' })).objectId;
  await merged(A, B);
  const names = async (id: string) => (await contact(id, 'firstname,lastname,city')).json.properties;
  for (const id of [A, B])
    expect(await names(id)).toMatchObject({ firstname: 'Ada', lastname: 'King', city: 'London' });
  // From then on the newest event says what holds, by the times of the values that were kept.
  await say(b, 5, { firstname: 'Newer than the kept one', lastname: 'Older than the kept one' });
  expect(await names(A)).toMatchObject({ firstname: 'Newer than the kept one', lastname: 'King' });
});

test('of former values the one that the contact has comes first, though the other’s was newer', async () => {
  const create = async (city: string) =>
    (await server.call('POST', CONTACTS, { properties: { email: freshEmail(), city } })).json.id;
  const A = await create('London');
  await merged(A, await create('Paris'));
  const { json } = await server.call('GET', `${CONTACTS}/${A}?propertiesWithHistory=city`);
  const values = json.propertiesWithHistory.city.map(({ value }: { value: string }) => value);
  expect([json.properties.city, values]).toEqual(['London', ['London', 'Paris']]);
});

test('of former values the one that the contact has is told, however many newer ones the other had', async () => {
  const create = async (city: string) =>
    (await server.call('POST', CONTACTS, { properties: { email: freshEmail(), city } })).json.id;
  const [A, B] = [await create('London'), await create('Paris 0')];
  const inputs = Array.from({ length: 45 }, (_, n) => ({ id: B, properties: { city: `Paris ${n + 1}` } }));
  expect((await server.call('POST', `${CONTACTS}/batch/update`, { inputs })).status).toBe(200);
  await merged(A, B);
  const { json } = await server.call('GET', `${CONTACTS}/${A}?propertiesWithHistory=city`);
  const { city } = json.propertiesWithHistory;
  expect(city.map(({ value }: { value: string }) => value).slice(0, 3)).toEqual([
    'London',
    'Paris 45',
    'Paris 44',
  ]);
  expect(city).toHaveLength(45);
  expect(Date.parse(city[0].timestamp)).toBeLessThanOrEqual(Date.parse(city[44].timestamp));
});

test('a primary without an e-mail gets the other’s', async () => {
  const email = freshEmail();
  const A = (await about({ objectId: '890001' })).objectId;
  const B = (await about({ email })).objectId;
  expect((await merged(A, B)).properties).toMatchObject({ email, hs_additional_emails: null });
});

test('a chain: each id that was merged leads to the one that remains', async () => {
  const emails = Array.from({ length: 4 }, freshEmail);
  const ids: string[] = [];
  for (const email of emails) ids.push((await about({ email })).objectId);
  const [A, B, C, D] = ids as [string, string, string, string];
  await merged(A, B);
  await merged(C, A); // A, with B in it, goes into C
  const last = await merged(B, D); // B is C by now
  expect(last.id).toBe(C);
  expect(last.properties.email).toBe(emails[2]);
  expect(list(last.properties.hs_merged_object_ids)).toEqual([A, B, D].sort());
  expect(list(last.properties.hs_additional_emails)).toEqual([emails[0], emails[1], emails[3]].sort());
  for (const id of ids) {
    expect((await contact(id)).json.id).toBe(C);
    expect(await timeline(id)).toHaveLength(4);
    expect(
      (await server.event({ eventTemplateId: TEMPLATE, tokens: {}, objectId: id, id: 'chain' })).json
        .objectId,
    ).toBe(C);
    expect(await timeline(id)).toHaveLength(5);
    await server.event({ eventTemplateId: TEMPLATE, tokens: {}, objectId: '890002', id: 'chain' });
  }
});

test('of a contact that is archived the ids that were merged go on working too', async () => {
  const A = (await about({ email: freshEmail() })).objectId;
  const B = (await about({ email: freshEmail() })).objectId;
  await merged(A, B);
  for (const id of [B, B, A]) expect((await server.call('DELETE', `${CONTACTS}/${id}`)).status).toBe(204);
  const told = { id: A, archived: true, properties: { hs_merged_object_ids: B } };
  for (const id of [A, B])
    expect(
      (await server.call('GET', `${CONTACTS}/${id}?archived=true&properties=hs_merged_object_ids`)).json,
    ).toMatchObject(told);
  expect((await about({ objectId: B })).objectId).toBe(A);
  expectRefused(await server.call('GET', `${CONTACTS}/${B}?archived=true`), 404, 'OBJECT_NOT_FOUND');
});

test('merging once more what is one already changes nothing', async () => {
  const A = (await about({ email: freshEmail() })).objectId;
  const B = (await about({ email: freshEmail() })).objectId;
  const first = await merged(A, B);
  expect(await merged(A, B)).toEqual(first);
  expect(await merged(B, A)).toEqual(first);
});

test('ids are taken as numbers too', async () => {
  const A = (await about({ email: freshEmail() })).objectId;
  const B = (await about({ email: freshEmail() })).objectId;
  expect((await merge(Number(A), Number(B))).json.id).toBe(A);
});

test('with itself: 400; somebody unknown: 404; no ids: 400; and nothing has changed', async () => {
  const A = (await about({ email: freshEmail() })).objectId;
  const itself = await merge(A, A);
  expectRefused(itself, 400);
  expect(faultyFields(itself)).toEqual(['objectIdToMerge']);
  const company = await makeTemplate(server, { objectType: 'companies', tokens: [] });
  await about({ eventTemplateId: company, objectId: '890003' });
  for (const stranger of ['999999999', '890003'])
    for (const [primary, other] of [
      [A, stranger],
      [stranger, A],
    ]) {
      const unknown = await merge(primary, other);
      expectRefused(unknown, 404, 'OBJECT_NOT_FOUND');
      expect(unknown.json.context.objectId).toEqual([stranger]);
    }
  const wrong = await merge('01', A);
  expectRefused(wrong, 400);
  expect(faultyFields(wrong)).toEqual(['primaryObjectId']);
  expectRefused(await merge(undefined, A), 400);
  expectRefused(await merge(A, null), 400);
  expect((await contact(A)).json).toMatchObject({ id: A, properties: { hs_merged_object_ids: null } });
});

test('a contact is searched by its further e-mails and by the ids that it was merged from', async () => {
  const [a, b] = [freshEmail(), freshEmail()];
  const [A, B] = [(await about({ email: a })).objectId, (await about({ email: b })).objectId];
  await merged(A, B);
  const found = async (propertyName: string, operator: string, value?: string) => {
    const filters = [
      { propertyName: 'email', operator: 'EQ', value: a },
      { propertyName, operator, ...(value === undefined ? {} : { value }) },
    ];
    const { json } = await server.call('POST', `${CONTACTS}/search`, { filters });
    return json.results.map(({ id }: Json) => id);
  };
  for (const [name, value] of [
    ['hs_additional_emails', b],
    ['hs_merged_object_ids', B],
  ]) {
    expect(await found(name, 'EQ', value), name).toEqual([A]);
    expect(await found(name, 'CONTAINS_TOKEN', value), name).toEqual([A]);
    expect(await found(name, 'HAS_PROPERTY'), name).toEqual([A]);
    expect(await found(name, 'NOT_HAS_PROPERTY'), name).toEqual([]);
    expect(await found(name, 'EQ', A), name).toEqual([]);
  }
});

test('identities of both over 250 are 414, and both stay as they are; 250 are taken', async () => {
  const fill = async (objectId: string, count: number) => {
    const inputs = Array.from({ length: count }, () => ({
      eventTemplateId: TEMPLATE,
      tokens: {},
      objectId,
      email: freshEmail(),
    }));
    expect((await server.call('POST', BATCH, { inputs })).status).toBe(201);
  };
  await fill('895001', 200);
  await fill('895002', 50);
  await fill('895003', 1);
  const before = (await contact('895001')).text;
  await merged('895002', '895003');
  const refused = await merge('895001', '895002');
  expectRefused(refused, 414);
  expect(refused.json.message).toContain('Cannot have more than 250 identities on a profile');
  expect((await contact('895001')).text).toBe(before);
  expect((await contact('895003')).json.id).toBe('895002');
  await fill('895004', 50);
  expect(list((await merged('895001', '895004')).properties.hs_additional_emails)).toHaveLength(249);
});

test('the type’s id will do in the path; other types do not merge', async () => {
  const [primary, other] = [await about({ email: freshEmail() }), await about({ email: freshEmail() })];
  const body = { primaryObjectId: primary.objectId, objectIdToMerge: other.objectId };
  const answer = await server.call('POST', '/crm/v3/objects/0-1/merge', body);
  expect(answer.status, answer.text).toBe(200);
  expect((await contact(other.objectId)).json.id).toBe(primary.objectId);
  for (const type of ['companies', '0-2', '2-1', 'pets']) {
    const refused = await server.call('POST', `/crm/v3/objects/${type}/merge`, body);
    expectRefused(refused, 400);
    expect(faultyFields(refused)).toEqual(['objectType']);
  }
});
