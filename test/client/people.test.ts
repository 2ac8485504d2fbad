// HubSpot's own client, unmodified, for contacts: nothing but basePath and the token differ.
import { Client } from '@hubspot/api-client';
import { afterAll, expect, test } from 'vitest';
import { DEMO_TOKEN, type Json, startDev, TEMPLATE } from '../harness.js';

const server = await startDev();
afterAll(() => server.close());
const client = new Client({ basePath: server.baseUrl, accessToken: DEMO_TOKEN });

const contacts = () => client.crm.contacts.basicApi;
const event = (who: object) =>
  client.crm.timeline.eventsApi.create({ eventTemplateId: TEMPLATE, tokens: {}, ...who });
/** What the client throws: the error's status and body. */
const failure = (call: Promise<unknown>): Promise<Json> =>
  call.then(
    () => expect.fail('it did not fail'),
    (error) => error,
  );

test('create and getById, by id and by e-mail', async () => {
  const properties = { email: 'client-ada@example.com', firstname: 'Ada', favourite_food: 'cheese' };
  const made = await contacts().create({ properties, associations: [] });
  expect(made.id).toMatch(/^\d+$/);
  expect(made.properties).toMatchObject(properties);
  expect(made.createdAt).toBeInstanceOf(Date);
  expect(made.updatedAt).toBeInstanceOf(Date);
  expect(made.archived).toBe(false);

  const read = await contacts().getById(made.id, ['firstname', 'favourite_food', 'hs_additional_emails']);
  expect(read.id).toBe(made.id);
  expect(read.properties).toMatchObject({
    firstname: 'Ada',
    favourite_food: 'cheese',
    hs_additional_emails: null,
  });
  const byEmail = await contacts().getById(
    'CLIENT-ADA@example.com',
    ['email'],
    undefined,
    undefined,
    false,
    'email',
  );
  expect(byEmail.id).toBe(made.id);
  expect((await event({ email: 'Client-Ada@Example.com' })).objectId).toBe(made.id);

  const again = await failure(contacts().create({ properties, associations: [] }));
  expect(again).toMatchObject({ code: 409, body: { category: 'CONFLICT' } });
  expect(again.body.message).toBe(`Contact already exists. Existing ID: ${made.id}`);
  expect(await failure(contacts().getById('99999999'))).toMatchObject({
    code: 404,
    body: { category: 'OBJECT_NOT_FOUND' },
  });
});

test('merge, then both ids answer', async () => {
  const primary = (await event({ email: 'client-primary@example.com' })).objectId as string;
  const other = (await event({ email: 'client-other@example.com' })).objectId as string;
  const merged = await contacts().merge({ primaryObjectId: primary, objectIdToMerge: other });
  expect(merged.id).toBe(primary);
  expect(merged.properties).toMatchObject({
    email: 'client-primary@example.com',
    hs_merged_object_ids: other,
    hs_additional_emails: 'client-other@example.com',
  });
  expect((await contacts().getById(other)).id).toBe(primary);
  expect((await event({ objectId: other })).objectId).toBe(primary);
  expect(
    await failure(contacts().merge({ primaryObjectId: primary, objectIdToMerge: primary })),
  ).toMatchObject({
    code: 400,
    body: { category: 'VALIDATION_ERROR' },
  });
});

test('purge, by id and by e-mail, then nobody is there', async () => {
  const first = (await event({ email: 'client-gone@example.com' })).objectId as string;
  await contacts().purge({ objectId: first });
  expect(await failure(contacts().getById(first))).toMatchObject({ code: 404 });
  expect(await failure(event({ email: 'client-gone@example.com' }))).toMatchObject({
    code: 400,
    body: { errors: [{ code: 'BLOCKED_EMAIL' }] },
  });
  const second = (await event({ email: 'client-too@example.com' })).objectId as string;
  await contacts().purge({ objectId: 'client-too@example.com', idProperty: 'email' });
  expect(await failure(contacts().getById(second))).toMatchObject({ code: 404 });
  const back = await contacts().create({
    properties: { email: 'client-gone@example.com' },
    associations: [],
  });
  expect((await event({ email: 'client-gone@example.com' })).objectId).toBe(back.id);
});
