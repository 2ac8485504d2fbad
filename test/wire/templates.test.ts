// Event templates: their life over HTTP, and what it means for the events that are there.
import { afterAll, expect, test } from 'vitest';
import { APP, type Json, startDev, TEMPLATE, V3 } from '../harness.js';
import {
  BATCH,
  eventPath,
  expectRefused,
  faultyFields,
  fresh,
  makeTemplate,
  PET_TOKENS,
  TEMPLATES,
  timelinePath,
} from './support.js';

const CREATED = Date.parse('2026-01-30T17:42:10.276Z');
let now = CREATED;
const server = await startDev({ clock: () => now });
afterAll(() => server.close());

const FAMILIES = [V3, '/crm/v3/timeline'];
const FULL = {
  name: 'PetSpot Registration',
  objectType: 'contacts',
  headerTemplate: 'Registered {{petName}}',
  detailTemplate: 'Age {{petAge}}',
  tokens: PET_TOKENS,
};
const names = (template: Json) => template.tokens.map((token: Json) => token.name);

test.each(FAMILIES)('under %s a template lives: 201, 200, 200, 204, then 404', async (family) => {
  const list = `${family}/${APP}/event-templates`;
  const made = await server.call('POST', list, FULL);
  expect(made.status).toBe(201);
  const path = `${list}/${made.json.id}`;
  expect((await server.call('GET', path)).status).toBe(200);
  const put = await server.call('PUT', path, { ...FULL, id: made.json.id, name: 'Renamed' });
  expect(put.status).toBe(200);
  const all = await server.call('GET', list);
  expect(all.status).toBe(200);
  expect(Object.keys(all.json)).toEqual(['results']);
  expect(all.json.results).toContainEqual(put.json);
  const gone = await server.call('DELETE', path);
  expect(gone.status).toBe(204);
  expect(gone.text).toBe('');
  for (const method of ['GET', 'DELETE'])
    expectRefused(await server.call(method, path), 404, 'OBJECT_NOT_FOUND');
  expectRefused(await server.call('PUT', path, FULL), 404, 'OBJECT_NOT_FOUND');
  expect((await server.call('GET', list)).json.results.map((each: Json) => each.id)).not.toContain(
    made.json.id,
  );
});

test('POST answers what was sent, as sent, with an id of digits and dates', async () => {
  const { json } = await server.call('POST', TEMPLATES, FULL);
  const at = { createdAt: '2026-01-30T17:42:10.276Z', updatedAt: '2026-01-30T17:42:10.276Z' };
  expect(json).toEqual({
    ...FULL,
    ...at,
    id: expect.stringMatching(/^[1-9]\d*$/),
    tokens: PET_TOKENS.map((token) => ({ options: [], ...token, ...at })),
  });
});

test('GET and PUT answer tokens by name and options by value', async () => {
  const id = await makeTemplate(server);
  const sorted = ['adopted', 'petAge', 'petColor', 'petName'];
  const { json } = await server.call('GET', `${TEMPLATES}/${id}`);
  expect(names(json)).toEqual(sorted);
  expect(json.tokens[2].options.map((option: Json) => option.value)).toEqual(['black', 'white']);
  expect(names((await server.call('PUT', `${TEMPLATES}/${id}`, FULL)).json)).toEqual(sorted);
});

test('a name is enough: contacts, no tokens; header and detail are not answered', async () => {
  for (const body of [
    { name: 'Bare' },
    { name: 'Bare', headerTemplate: null, detailTemplate: null, tokens: null, objectType: null },
  ]) {
    const { status, json } = await server.call('POST', TEMPLATES, body);
    expect(status).toBe(201);
    expect(Object.keys(json).sort()).toEqual([
      'createdAt',
      'id',
      'name',
      'objectType',
      'tokens',
      'updatedAt',
    ]);
    expect(json).toMatchObject({ name: 'Bare', objectType: 'contacts', tokens: [] });
  }
});

test('an event of a template without header and detail renders as nothing', async () => {
  const template = await makeTemplate(server, { tokens: [] });
  const { json } = await server.event({ eventTemplateId: template, email: 'a@example.com', tokens: {} });
  const path = eventPath(json.id, template);
  expect((await server.call('GET', `${path}/detail`)).json).toEqual({ details: '' });
  const render = await server.call('GET', `${path}/render`);
  expect(render.status).toBe(200);
  expect(render.text).toBe('');
});

test('PUT replaces name, header and detail; what is absent is cleared', async () => {
  now = CREATED;
  const id = await makeTemplate(server, FULL);
  now = CREATED + 1_000;
  const { json } = await server.call('PUT', `${TEMPLATES}/${id}`, { name: 'Only a name' });
  expect(json).toMatchObject({
    name: 'Only a name',
    objectType: 'contacts',
    createdAt: '2026-01-30T17:42:10.276Z',
    updatedAt: '2026-01-30T17:42:11.276Z',
  });
  expect(json).not.toHaveProperty('headerTemplate');
  expect(json).not.toHaveProperty('detailTemplate');
  expect((await server.call('GET', `${TEMPLATES}/${id}`)).json).toEqual(json);
});

test('PUT keeps the tokens when none are sent, replaces them when they are', async () => {
  const id = await makeTemplate(server);
  const path = `${TEMPLATES}/${id}`;
  expect(names((await server.call('PUT', path, { name: 'Kept' })).json)).toHaveLength(4);
  expect(names((await server.call('PUT', path, { name: 'Kept', tokens: null })).json)).toHaveLength(4);
  const other = [{ name: 'petName', label: 'Another label', type: 'string' }];
  const replaced = await server.call('PUT', path, { name: 'Replaced', tokens: other });
  expect(replaced.json.tokens).toEqual([
    { options: [], ...other[0], createdAt: expect.any(String), updatedAt: expect.any(String) },
  ]);
  expect((await server.call('PUT', path, { name: 'None', tokens: [] })).json.tokens).toEqual([]);
});

test('PUT holds for events that are there: they render with the template as it is now', async () => {
  const id = await makeTemplate(server, FULL);
  const { json } = await server.event({
    eventTemplateId: id,
    email: 'put@example.com',
    tokens: { petName: 'Rex', petAge: 3 },
  });
  const path = eventPath(json.id, id);
  expect((await server.call('GET', `${path}/render`)).text).toBe('<p>Registered Rex</p>');
  await server.call('PUT', `${TEMPLATES}/${id}`, { name: 'New', headerTemplate: 'Hello {{petName}}' });
  expect((await server.call('GET', `${path}/render`)).text).toBe('<p>Hello Rex</p>');
  expect((await server.call('GET', `${path}/detail`)).json.details).toBe('');
  expect((await server.call('GET', path)).json).toEqual(json);
});

test("a removed token's value stays on old events and still renders; new events cannot use it", async () => {
  const headerTemplate = 'Registered {{petName}}';
  const removals: ((id: string) => Promise<unknown>)[] = [
    (id) => server.call('PUT', `${TEMPLATES}/${id}`, { name: 'Fewer', headerTemplate, tokens: [] }),
    (id) => server.call('DELETE', `${TEMPLATES}/${id}/tokens/petName`),
  ];
  for (const remove of removals) {
    const template = await makeTemplate(server, { headerTemplate });
    const event = { eventTemplateId: template, email: 'removed@example.com', tokens: { petName: 'Rex' } };
    const { json } = await server.event(event);
    await remove(template);
    const path = eventPath(json.id, template);
    expect((await server.call('GET', path)).json.tokens).toEqual({ petName: 'Rex' });
    expect((await server.call('GET', `${path}/render`)).text).toBe('<p>Registered Rex</p>');
    const refused = await server.event(event);
    expectRefused(refused, 400);
    expect(faultyFields(refused)).toEqual(['tokens.petName']);
  }
});

test('the id in a PUT may be left out, or sent as text or number, but not be another', async () => {
  const id = await makeTemplate(server);
  const path = `${TEMPLATES}/${id}`;
  for (const sent of [undefined, null, id, Number(id)])
    expect((await server.call('PUT', path, { name: 'Same', id: sent })).status).toBe(200);
  const refused = await server.call('PUT', path, { name: 'Other', id: TEMPLATE });
  expectRefused(refused, 400);
  expect(faultyFields(refused)).toEqual(['id']);
  expect((await server.call('GET', path)).json.name).toBe('Same');
});

test('a refusal tells the beginning of a long value, not all of it', async () => {
  const long = 'x'.repeat(1_000_000);
  const token = { name: 'pet', label: 'Pet', type: 'enumeration', options: [{ value: long, label: 'X' }] };
  const path = `${TEMPLATES}/${await makeTemplate(server)}`;
  for (const sent of [
    { id: long },
    { tokens: [long, long].map((name) => ({ ...token, name })) },
    { tokens: [{ ...token, options: [...token.options, ...token.options] }] },
  ]) {
    const refused = await server.call('PUT', path, { name: 'Other', ...sent });
    expectRefused(refused, 400);
    expect(refused.text.length).toBeLessThan(2_000);
  }
});

test('the object type is fixed: a PUT that names another changes nothing of it', async () => {
  const id = await makeTemplate(server, { objectType: 'deals' });
  const put = await server.call('PUT', `${TEMPLATES}/${id}`, { name: 'Still deals', objectType: 'contacts' });
  expect(put.status).toBe(200);
  expect(put.json.objectType).toBe('deals');
});

test('DELETE archives: events answer 404 and leave every timeline at once', async () => {
  const kept = await server.event({ eventTemplateId: TEMPLATE, email: 'archive@example.com', tokens: {} });
  const template = await makeTemplate(server);
  const id = fresh('archived');
  const event = { eventTemplateId: template, id, email: 'archive@example.com', tokens: {} };
  await server.event(event);
  const timeline = () => server.call('GET', timelinePath(kept.json.objectId));
  expect((await timeline()).json.results).toHaveLength(2);

  expect((await server.call('DELETE', `${TEMPLATES}/${template}`)).status).toBe(204);
  for (const part of ['', '/detail', '/render'])
    expectRefused(await server.call('GET', `${eventPath(id, template)}${part}`), 404, 'OBJECT_NOT_FOUND');
  expect((await timeline()).json.results.map((each: Json) => each.id)).toEqual([kept.json.id]);
  const filtered = await server.call('GET', timelinePath(kept.json.objectId, { template }));
  expect(filtered.json).toEqual({ results: [] });
  expectRefused(await server.event(event), 404, 'OBJECT_NOT_FOUND');
  const batch = await server.call('POST', BATCH, { inputs: [event] });
  expect(batch.json).toMatchObject({ numErrors: 1, errors: [{ category: 'OBJECT_NOT_FOUND' }] });
  for (const [method, path] of [
    ['POST', 'tokens'],
    ['GET', 'tokens'],
    ['DELETE', 'tokens/petName'],
  ] as const)
    expectRefused(
      await server.call(
        method,
        `${TEMPLATES}/${template}/${path}`,
        method === 'POST' ? PET_TOKENS[0] : undefined,
      ),
      404,
      'OBJECT_NOT_FOUND',
    );
});

test('pages of a timeline stay full when events between are archived', async () => {
  const template = await makeTemplate(server);
  const event = (eventTemplateId: string, timestamp: number) =>
    server.event({ eventTemplateId, email: 'full@example.com', timestamp, tokens: {} });
  const { objectId } = (await event(TEMPLATE, 1)).json;
  for (let at = 2; at <= 9; at++) await event(at % 2 ? TEMPLATE : template, at);
  await server.call('DELETE', `${TEMPLATES}/${template}`);
  const page = await server.call('GET', timelinePath(objectId, { limit: '4' }));
  const moments = page.json.results.map((each: Json) => Date.parse(each.timestamp));
  expect(moments).toEqual([9, 7, 5, 3]);
  const last = await server.call(
    'GET',
    timelinePath(objectId, { limit: '4', after: page.json.paging.next.after }),
  );
  expect(last.json.results.map((each: Json) => Date.parse(each.timestamp))).toEqual([1]);
  expect(last.json).not.toHaveProperty('paging');
});

test.each([
  [{}, ['name']],
  [{ name: '' }, ['name']],
  [{ name: '  ' }, ['name']],
  [{ name: 7 }, ['name']],
  [{ name: 'x'.repeat(501) }, ['name']],
  [{ name: 'x', objectType: 'unicorns' }, ['objectType']],
  [{ name: 'x', objectType: '__proto__' }, ['objectType']],
  [{ name: 'x', objectType: 7 }, ['objectType']],
  [{ name: 'x', headerTemplate: 7, detailTemplate: [] }, ['headerTemplate', 'detailTemplate']],
  [{ name: 'x', tokens: {} }, ['tokens']],
  [{ name: 'x', tokens: [7] }, ['tokens[0]']],
])('template %j is refused, and its faulty fields are named', async (body, fields) => {
  const refused = await server.call('POST', TEMPLATES, body);
  expectRefused(refused, 400);
  expect(faultyFields(refused).sort()).toEqual(fields.sort());
});

test('a name of a template and a label of a token have at most 500 characters, and an enumeration 5,000 options', async () => {
  const [name, label] = ['n'.repeat(500), 'l'.repeat(500)];
  const options = Array.from({ length: 5_001 }, (_, n) => ({ value: String(n), label: 'x' }));
  const token = { name: 'kind', label, type: 'enumeration', options: options.slice(1) };
  const made = await server.call('POST', TEMPLATES, { name, tokens: [token] });
  expect(made.status, made.text).toBe(201);
  expect(made.json).toMatchObject({ name, tokens: [{ label }] });
  const refused = await server.call('POST', TEMPLATES, { name, tokens: [{ ...token, options }] });
  expectRefused(refused, 400);
  expect(faultyFields(refused)).toEqual(['tokens[0].options']);
});

test.each([
  ['{{#if a}}', 'headerTemplate'],
  ['one\ntwo {{petName', 'detailTemplate'],
  ['{{#each a}}{{/if}}', 'detailTemplate'],
])('the template source %j does not parse: refused with line, column and reason', async (source, field) => {
  const body = { name: 'Broken', [field]: source };
  const id = await makeTemplate(server);
  for (const refused of [
    await server.call('POST', TEMPLATES, body),
    await server.call('PUT', `${TEMPLATES}/${id}`, body),
  ]) {
    expectRefused(refused, 400);
    expect(faultyFields(refused)).toEqual([field]);
    expect(refused.json.errors[0].message).toMatch(/^line \d+, column \d+: ./);
  }
  expect((await server.call('GET', `${TEMPLATES}/${id}`)).json.name).toBe('Pets');
});

test('names that stand twice in a template are refused, not chosen from', async () => {
  const before = (await server.call('GET', TEMPLATES)).json.results.length;
  for (const [body, field] of [
    ['{"name":"a","name":"b"}', 'name'],
    ['{"name":"a","tokens":[],"tokens":[]}', 'tokens'],
    ['{"name":"a","tokens":[{"name":"t","label":"l","type":"string","type":"number"}]}', 'tokens[0].type'],
    [
      '{"name":"a","tokens":[{"name":"t","label":"l","type":"enumeration","options":[{"value":"a","label":"a","value":"b"}]}]}',
      'tokens[0].options[0].value',
    ],
  ] as const) {
    const refused = await server.call('POST', TEMPLATES, body);
    expectRefused(refused, 400);
    expect(faultyFields(refused)).toEqual([field]);
  }
  expect((await server.call('GET', TEMPLATES)).json.results).toHaveLength(before);
});

test('unknown fields of a template are ignored: an answer can be posted and put back', async () => {
  const { json } = await server.call('POST', TEMPLATES, FULL);
  const again = await server.call('POST', TEMPLATES, json);
  expect(again.status).toBe(201);
  expect(again.json.id).not.toBe(json.id);
  expect((await server.call('PUT', `${TEMPLATES}/${again.json.id}`, again.json)).status).toBe(200);
});

test('changes to one template at the same time are all kept', async () => {
  const id = await makeTemplate(server, { tokens: [] });
  const wanted = Array.from({ length: 15 }, (_, n) => `token${String(n).padStart(2, '0')}`);
  const answers = await Promise.all(
    wanted.map((name) =>
      server.call('POST', `${TEMPLATES}/${id}/tokens`, { name, label: name, type: 'string' }),
    ),
  );
  expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200]));
  expect(names((await server.call('GET', `${TEMPLATES}/${id}`)).json)).toEqual(wanted);
});
