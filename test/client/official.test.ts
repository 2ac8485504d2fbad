// HubSpot's own client, unmodified, against the running server: nothing but basePath and credentials differ.
import { Client } from '@hubspot/api-client';
import { TimelineEventTemplateTokenTypeEnum as Type14 } from '@hubspot/api-client/lib/codegen/crm/timeline/index.js';
import { Client as Client11 } from 'hubspot-api-client-11';
import { TimelineEventTemplateTokenTypeEnum as Type11 } from 'hubspot-api-client-11/lib/codegen/crm/timeline/index.js';
import { afterAll, expect, test } from 'vitest';
import { DEMO_CREDENTIALS } from '../../dist/demo.js';
import { APP, type Json, startDev, TEMPLATE } from '../harness.js';

const server = await startDev();
afterAll(() => server.close());

const appId = Number(APP);
const credentials = () => ({
  basePath: server.baseUrl,
  accessToken: DEMO_CREDENTIALS.token,
  developerApiKey: DEMO_CREDENTIALS.developerKey,
});
const QUESTIONS = { questions: [{ question: "Who's a good girl?", answer: 'Bark!' }] };
const IFRAME = {
  linkLabel: 'View Art3mis',
  headerLabel: 'Art3mis dog',
  url: 'https://my.petspot.com/pets/Art3mis',
  width: 600,
  height: 400,
};
const OPTIONS = [
  { value: 'dog', label: 'Dog' },
  { value: 'cat', label: 'Cat' },
];
const WITH_BIRD = [...OPTIONS, { value: 'bird', label: 'Bird' }];

test('version 14 does the whole round: template, token, event, batch, get, detail, render, delete', async () => {
  const { eventsApi, templatesApi, tokensApi } = new Client(credentials()).crm.timeline;

  const template = await templatesApi.create(appId, {
    name: 'PetSpot Registration',
    objectType: 'contacts',
    headerTemplate: 'Registered {{petName}}',
    detailTemplate: '{{#each extraData.questions}}\n  **{{question}}**: {{answer}}\n{{/each}}',
    tokens: [{ name: 'petName', label: 'Pet Name', type: Type14.String, options: [] }],
  });
  expect(template.id).toMatch(/^\d+$/);
  expect(template.createdAt).toBeInstanceOf(Date);
  expect(template.tokens.map((token) => token.name)).toEqual(['petName']);

  const token = await tokensApi.create(template.id, appId, {
    name: 'petType',
    label: 'Pet Type',
    type: Type14.Enumeration,
    options: OPTIONS,
  });
  expect(token.options).toEqual(OPTIONS);
  expect(token.updatedAt).toBeInstanceOf(Date);
  const changed = await tokensApi.update(template.id, 'petType', appId, {
    label: 'Kind of pet',
    options: WITH_BIRD,
  });
  expect(changed).toMatchObject({ name: 'petType', label: 'Kind of pet', options: WITH_BIRD });

  const updated = await templatesApi.update(template.id, appId, {
    id: template.id,
    name: 'PetSpot, renamed',
    headerTemplate: 'Hello {{petName}}, the {{petType}}',
    detailTemplate: template.detailTemplate as string,
    tokens: [...template.tokens, changed],
  });
  expect(updated.name).toBe('PetSpot, renamed');
  expect(await templatesApi.getById(template.id, appId)).toEqual(updated);
  expect((await templatesApi.getAll(appId)).results).toContainEqual(updated);

  const id = 'petspot:art3mis-pup@petspot.com/004 #1?%';
  const timestamp = new Date('2020-01-30T17:42:10.276Z');
  const event = await eventsApi.create({
    eventTemplateId: template.id,
    id,
    email: 'art3mis-pup@petspot.com',
    tokens: { petName: 'Art3mis', petType: 'bird' },
    timestamp,
    extraData: QUESTIONS,
    timelineIFrame: IFRAME,
  });
  expect(event).toMatchObject({
    eventTemplateId: template.id,
    objectType: 'contacts',
    id,
    email: 'art3mis-pup@petspot.com',
    tokens: { petName: 'Art3mis', petType: 'bird' },
    timestamp,
    extraData: QUESTIONS,
    timelineIFrame: IFRAME,
  });
  expect(event.objectId).toMatch(/^\d+$/);

  expect(await eventsApi.getById(template.id, id)).toEqual(event);
  expect((await eventsApi.getDetailById(template.id, id)).details).toBe(
    '<p><strong>Who&#x27;s a good girl?</strong>: Bark!</p>',
  );
  expect(await eventsApi.getRenderById(template.id, id)).toBe('<p>Hello Art3mis, the bird</p>');
  expect(await eventsApi.getRenderById(template.id, id, false)).toBe('<p>Hello Art3mis, the bird</p>');
  expect(await eventsApi.getRenderById(template.id, id, true)).toContain('<strong>');

  const input = (more: object) => ({
    eventTemplateId: template.id,
    email: 'pocket-tiger@petspot.com',
    tokens: {},
    ...more,
  });
  const good = (await eventsApi.createBatch({
    inputs: [input({ id: 'b-1' }), input({ id: 'b-2' })],
  })) as Json;
  expect(good.status).toBe('COMPLETE');
  expect(good.results.map((each: Json) => each.id)).toEqual(['b-1', 'b-2']);
  expect(good.startedAt).toBeInstanceOf(Date);
  expect(good.completedAt).toBeInstanceOf(Date);
  expect(good.errors).toBeUndefined();

  const mixed = (await eventsApi.createBatch({
    inputs: [input({ id: 'b-3' }), input({ id: 'b-4', tokens: { petType: 'fish' } })],
  })) as Json;
  expect(mixed.results.map((each: Json) => each.id)).toEqual(['b-3']);
  expect(mixed.numErrors).toBe(1);
  expect(mixed.errors[0]).toMatchObject({
    status: 'error',
    category: 'VALIDATION_ERROR',
    message: expect.stringContaining("'fish' is not one of dog, cat, bird"),
    context: { index: ['1'], id: ['b-4'] },
  });

  await tokensApi.archive(template.id, 'petType', appId);
  expect((await templatesApi.getById(template.id, appId)).tokens.map((each) => each.name)).toEqual([
    'petName',
  ]);
  expect(await eventsApi.getRenderById(template.id, id)).toBe('<p>Hello Art3mis, the bird</p>');

  await templatesApi.archive(template.id, appId);
  await expect(templatesApi.getById(template.id, appId)).rejects.toMatchObject({ code: 404 });
  await expect(eventsApi.getById(template.id, id)).rejects.toMatchObject({ code: 404 });
});

test("what the server refuses the client throws, with HubSpot's error body", async () => {
  const { eventsApi } = new Client(credentials()).crm.timeline;
  await expect(
    eventsApi.create({
      eventTemplateId: TEMPLATE,
      email: '[email protected]',
      tokens: { petColor: 'purple' },
    }),
  ).rejects.toMatchObject({
    code: 400,
    body: {
      status: 'error',
      category: 'VALIDATION_ERROR',
      correlationId: expect.any(String),
      message: expect.stringContaining('purple'),
    },
  });
  const stranger = new Client({ basePath: server.baseUrl, accessToken: 'wrong' });
  await expect(stranger.crm.timeline.eventsApi.getById(TEMPLATE, 'x')).rejects.toMatchObject({ code: 401 });
});

test('version 14 needs no more than a basePath and an access token for events', async () => {
  const { eventsApi } = new Client({ basePath: server.baseUrl, accessToken: DEMO_CREDENTIALS.token }).crm
    .timeline;
  const made = await eventsApi.create({
    eventTemplateId: TEMPLATE,
    email: 'bare@petspot.com',
    tokens: { petName: 'Rex', petAge: 3 as never, petColor: 'black' },
  });
  expect(made.tokens).toEqual({ petName: 'Rex', petAge: '3', petColor: 'black' });
  expect((await eventsApi.getById(TEMPLATE, made.id)).timestamp).toEqual(made.timestamp);
});

test('version 11 does the round too, under /crm/v3/timeline', async () => {
  const { eventsApi, templatesApi, tokensApi } = new Client11(credentials()).crm.timeline;
  const template = await templatesApi.create(appId, {
    name: 'From an older client',
    objectType: 'contacts',
    headerTemplate: 'Hello {{petName}}',
    detailTemplate: '{{extraData.a}}',
    tokens: [{ name: 'petName', label: 'Pet Name', type: Type11.String }],
  });
  await tokensApi.create(template.id, appId, {
    name: 'petType',
    label: 'Type',
    type: Type11.Enumeration,
    options: OPTIONS,
  });
  await tokensApi.update(template.id, 'petType', appId, { label: 'Type', options: WITH_BIRD });
  await templatesApi.update(template.id, appId, {
    id: template.id,
    name: 'Renamed',
    headerTemplate: 'Hello {{petName}}, the {{petType}}',
    detailTemplate: '{{extraData.a}}',
    tokens: (await templatesApi.getById(template.id, appId)).tokens,
  });

  const id = 'older/{{uuid}}';
  const event = await eventsApi.create({
    eventTemplateId: template.id,
    id,
    email: 'older@petspot.com',
    tokens: { petName: 'Rex', petType: 'bird' },
    extraData: { a: 'Purr' },
  });
  expect(event.id).toMatch(/^older\/[0-9a-f-]{36}$/);
  expect(await eventsApi.getById(template.id, event.id)).toEqual(event);
  expect((await eventsApi.getDetailById(template.id, event.id)).details).toBe('<p>Purr</p>');
  expect(await eventsApi.getRenderById(template.id, event.id)).toBe('<p>Hello Rex, the bird</p>');

  const input = (tokens: Record<string, string>) => ({
    eventTemplateId: template.id,
    email: 'older@petspot.com',
    tokens,
  });
  const good = (await eventsApi.createBatch({ inputs: [input({})] })) as Json;
  expect(good.results).toHaveLength(1);
  const mixed = (await eventsApi.createBatch({ inputs: [input({}), input({ petType: 'fish' })] })) as Json;
  expect(mixed.results).toHaveLength(1);
  expect(mixed.numErrors).toBe(1);

  await templatesApi.archive(template.id, appId);
  await expect(eventsApi.getById(template.id, event.id)).rejects.toMatchObject({ code: 404 });
});
