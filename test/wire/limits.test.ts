// Every limit, at its bound and beyond it: the refusal names the limit and what came, and nothing is stored.
import { Agent } from 'node:http';
import { afterAll, expect, test } from 'vitest';
import { createTenant, type Json, startDev, TEMPLATE, V3 } from '../harness.js';
import {
  BATCH,
  eventPath,
  expectRefused,
  faultyFields,
  fresh,
  makeTemplate,
  sendRaw,
  TEMPLATES,
} from './support.js';

const server = await startDev();
afterAll(() => server.close());

const KB = 1024;
const MB = 1024 * KB;
const event = (more: object = {}) => ({
  eventTemplateId: TEMPLATE,
  email: 'limits@example.com',
  tokens: {},
  ...more,
});
/** The event's text, made so long with extraData. */
function eventOf(bytes: number, id: string, character = 'x'): string {
  const text = (filling: string) => JSON.stringify(event({ id, extraData: { filling } }));
  const room = bytes - Buffer.byteLength(text(''));
  const size = Buffer.byteLength(character);
  return text(character.repeat(Math.floor(room / size)) + 'x'.repeat(room % size));
}
const notStored = async (id: string) =>
  expectRefused(await server.call('GET', eventPath(id)), 404, 'OBJECT_NOT_FOUND');

test("a token's value has at most 510 KB, in bytes", async () => {
  for (const character of ['x', 'é', '🐶']) {
    const most = character.repeat((510 * KB) / Buffer.byteLength(character));
    const taken = await server.event(event({ tokens: { petName: most } }));
    expect(taken.status).toBe(201);
    expect(taken.json.tokens.petName).toBe(most);
    const id = fresh('value');
    const refused = await server.event(event({ id, tokens: { petName: `${most}x` } }));
    expectRefused(refused, 400);
    expect(faultyFields(refused)).toEqual(['tokens.petName']);
    expect(refused.json.message).toContain(String(510 * KB + 1));
    expect(refused.json.message).toContain('510 KB');
    await notStored(id);
  }
});

test("a property's value has at most 65,536 characters, by a token as by hand", async () => {
  const eventTemplateId = await makeTemplate(server, {
    tokens: [{ name: 'story', label: 'Story', type: 'string', objectPropertyName: 'story' }],
  });
  const email = `${fresh('story')}@example.com`;
  const most = 'é'.repeat(65_536);
  const told = (story: string) => server.event({ eventTemplateId, email, tokens: { story } });
  const taken = await told(most);
  expect(taken.status).toBe(201);
  const contact = `/crm/v3/objects/contacts/${taken.json.objectId}`;
  expect((await server.call('GET', `${contact}?properties=story`)).json.properties.story).toBe(most);
  const refused = await told(`${most}x`);
  expectRefused(refused, 400);
  expect(faultyFields(refused)).toEqual(['tokens.story']);
  const byHand = await server.call('PATCH', contact, { properties: { story: `${most}x` } });
  expectRefused(byHand, 400);
  for (const { json } of [refused, byHand])
    expect(json.message).toContain("65537 characters; a property's value has at most 65536");
});

test('a long value that is no number is refused at once', async () => {
  const startedAt = performance.now();
  const refused = await server.event(event({ tokens: { petAge: `${'1'.repeat(510 * KB - 1)}x` } }));
  expectRefused(refused, 400);
  expect(faultyFields(refused)).toEqual(['tokens.petAge']);
  expect(performance.now() - startedAt).toBeLessThan(10_000); // ms; by the square of the length it took 22 s
});

test.each(['x', 'é', '🐶'])('an event has at most 1 MB, in bytes, of %s too', async (character) => {
  const id = fresh('event');
  const text = eventOf(MB, id, character);
  expect(Buffer.byteLength(text)).toBe(MB);
  const taken = await server.call('POST', `${V3}/events`, text);
  expect(taken.status).toBe(201);
  expect((await server.call('GET', eventPath(id))).text).toBe(taken.text);

  const other = fresh('event');
  const refused = await server.call('POST', `${V3}/events`, eventOf(MB + 1, other, character));
  expectRefused(refused, 400);
  expect(refused.json.message).toContain(String(MB + 1));
  expect(refused.json.message).toContain('1 MB');
  await notStored(other);
});

test('in a batch 1 MB is the limit of each event, and an error of that one alone', async () => {
  const [taken, refused] = [fresh('big'), fresh('big')];
  const body = `{"inputs":[${eventOf(MB, taken)}, ${eventOf(MB + 1, refused)} ]}`;
  const answer = await server.call('POST', BATCH, body);
  expect(answer.status).toBe(207);
  expect(answer.json.results).toHaveLength(1);
  expect(answer.json.errors).toHaveLength(1);
  expect(answer.json.errors[0].message).toContain('1 MB');
  expect(answer.json.errors[0].context).toEqual({ index: ['1'], id: [refused] });
  await notStored(refused);
});

test('a body has at most 16 MiB: one byte more is 413', async () => {
  const id = fresh('body');
  const headers = { 'content-type': 'application/json' };
  const inputs = Array.from({ length: 16 }, (_, n) => eventOf(MB - 100, n === 0 ? id : fresh('body')));
  const most = `{"inputs":[${inputs.join(',')}]}`.padEnd(16 * MB);
  expect(Buffer.byteLength(most)).toBe(16 * MB);
  const taken = await server.call('POST', BATCH, most);
  expect(taken.status).toBe(201);
  expect(taken.json.results).toHaveLength(16);

  // Told by its length, before anything is read.
  const told = await sendRaw(server, {
    method: 'POST',
    path: BATCH,
    headers: { ...headers, 'content-length': String(16 * MB + 1) },
  });
  expectRefused(told, 413);
  expect(told.json.message).toContain(String(16 * MB + 1));
  expect(told.json.message).toContain('16 MiB');

  // Whoever sends all of it reads the answer: a connection that ended would be reset while the body comes.
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (let n = 0; n < 2; n++) {
    const sent = await sendRaw(server, { method: 'POST', path: BATCH, headers, body: `${most} `, agent });
    expectRefused(sent, 413);
    expect(sent.headers.get('connection')).toBe('keep-alive');
  }
  agent.destroy();

  // Not told: counted.
  const counted = await sendRaw(server, {
    method: 'POST',
    path: BATCH,
    headers: { ...headers, 'transfer-encoding': 'chunked' },
    body: `${most} `,
  });
  expectRefused(counted, 413);
  expect(counted.json.message).toContain('16 MiB');
});

test('a large body has at most 500,000 objects, lists and members: more are refused before they are read', async () => {
  const body = (part: string, count: number) => `{"inputs":[${part.repeat(count)}${part.replace(',', '')}]}`;
  for (const part of ['{"a":1},', '[[]],']) {
    expect((await server.call('POST', BATCH, body(part, 249_000))).json.message).toContain('at most 500');
    const refused = await server.call('POST', BATCH, body(part, 250_000));
    expectRefused(refused, 400);
    expect(refused.json.message).toContain('500000 objects, lists and members');
  }
});

test('header and detail templates have at most 64 KB, in bytes', async () => {
  for (const field of ['headerTemplate', 'detailTemplate']) {
    for (const character of ['x', 'é', '🐶']) {
      const most = character.repeat((64 * KB) / Buffer.byteLength(character));
      const template = await makeTemplate(server, { [field]: most });
      expect((await server.call('GET', `${TEMPLATES}/${template}`)).json[field]).toBe(most);
      const beyond = { name: 'Long', [field]: `${most}x` };
      for (const refused of [
        await server.call('POST', TEMPLATES, beyond),
        await server.call('PUT', `${TEMPLATES}/${template}`, beyond),
      ]) {
        expectRefused(refused, 400);
        expect(faultyFields(refused)).toEqual([field]);
        expect(refused.json.message).toContain(String(64 * KB + 1));
        expect(refused.json.message).toContain('64 KB');
      }
    }
  }
});

test('a template has at most 500 tokens', async () => {
  const tokens = Array.from({ length: 501 }, (_, n) => ({ name: `t${n}`, label: `T ${n}`, type: 'string' }));
  const refused = await server.call('POST', TEMPLATES, { name: 'Many', tokens });
  expectRefused(refused, 400);
  expect(faultyFields(refused)).toEqual(['tokens']);
  expect(refused.json.message).toContain('501');
  expect(refused.json.message).toContain('500');

  const template = await makeTemplate(server, { tokens: tokens.slice(0, 499) });
  const path = `${TEMPLATES}/${template}/tokens`;
  expect((await server.call('POST', path, tokens[499])).status).toBe(200);
  const one = await server.call('POST', path, tokens[500]);
  expectRefused(one, 400);
  expect(one.json.message).toContain('500');
  expect((await server.call('GET', path)).json.results).toHaveLength(500);

  const all = Object.fromEntries(tokens.slice(0, 500).map(({ name }) => [name, name]));
  expect((await server.event(event({ eventTemplateId: template, tokens: all }))).json.tokens).toEqual(all);

  expect((await server.call('DELETE', `${path}/t0`)).status).toBe(204);
  expect((await server.call('POST', path, tokens[500])).status).toBe(200);
});

test('the tokens of a template have at most 1 Mi characters all together, whichever call makes them longer', async () => {
  const token = (name: string, chars: number) => ({
    name,
    label: name,
    type: 'enumeration',
    options: [{ value: 'x', label: 'x'.repeat(chars) }],
  });
  const template = await makeTemplate(server, { tokens: [token('a', 500_000), token('b', 500_000)] });
  const path = `${TEMPLATES}/${template}`;
  const tokens = [token('a', 500_000), token('b', 600_000)];
  for (const [method, at, body] of [
    ['POST', TEMPLATES, { name: 'Large', tokens }],
    ['PUT', path, { name: 'Large', tokens }],
    ['PUT', `${path}/tokens/b`, token('b', 600_000)],
    ['POST', `${path}/tokens`, token('c', 100_000)],
  ] as const) {
    const refused = await server.call(method, at, body);
    expectRefused(refused, 400);
    expect(refused.json.message).toContain('at most 1048576');
  }
  expect((await server.call('POST', `${path}/tokens`, token('c', 10_000))).status).toBe(200);
  expect((await server.call('GET', `${path}/tokens`)).json.results).toHaveLength(3);
});

test('the templates of an app have at most 32 MB all together; what they hold can always become less', async () => {
  const tenant = await createTenant(server.folder);
  const { token } = tenant;
  const path = `${V3}/${tenant.appId}/event-templates`;
  const texts = { headerTemplate: 'x'.repeat(64 * KB), detailTemplate: 'é'.repeat(32 * KB) };
  const create = (more: object = texts) => server.call('POST', path, { name: 'Large', ...more }, { token });
  const change = (id: string, more: object) =>
    server.call('PUT', `${path}/${id}`, { name: 'Large', ...more }, { token });
  for (let made = 0; made < 255; made += 51) {
    const answers = await Promise.all(Array.from({ length: 51 }, () => create()));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
  }
  const { id } = (await create({ headerTemplate: 'x'.repeat(60 * KB) })).json;
  for (const refused of [await create(), await change(id, texts)]) {
    expectRefused(refused, 400);
    expect(refused.json.message).toContain('all together; at most 33554432 (32 MB) are taken');
  }
  expect((await change(id, { headerTemplate: 'x'.repeat(59 * KB) })).status).toBe(200);
  expect((await server.call('GET', path, undefined, { token })).json.results).toHaveLength(256);
  expect((await server.call('DELETE', `${path}/${id}`, undefined, { token })).status).toBe(204);
  await makeTemplate(server);
});

test('an app has at most 750 templates; an archived one no longer counts; other apps are not hindered', async () => {
  const tenant = await createTenant(server.folder);
  const { token } = tenant;
  const path = `${V3}/${tenant.appId}/event-templates`;
  const create = () => server.call('POST', path, { name: 'One of many' }, { token });
  for (let made = 0; made < 750; made += 50) {
    const answers = await Promise.all(Array.from({ length: 50 }, create));
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([201]));
  }
  const refused = await create();
  expectRefused(refused, 400);
  expect(refused.json.message).toContain('750');
  const all = await server.call('GET', path, undefined, { token });
  expect(all.json.results).toHaveLength(750);

  expect(
    (await server.call('DELETE', `${path}/${all.json.results[0].id}`, undefined, { token })).status,
  ).toBe(204);
  const racing = await Promise.all([create(), create(), create()]);
  expect(racing.map((answer) => answer.status).sort()).toEqual([201, 400, 400]);
  await makeTemplate(server);
});

test('an event has at most 500 tokens, of whatever kind: more are not looked at', async () => {
  const tokens = Object.fromEntries(Array.from({ length: 501 }, (_, n) => [`t${n}`, []]));
  const refused = await server.event({ eventTemplateId: TEMPLATE, email: 'a@example.com', tokens });
  expectRefused(refused, 400);
  expect(refused.json.errors).toEqual([
    { in: 'tokens', message: 'has 501 tokens; a template has at most 500' },
  ]);
});

test('a body with hundreds of faults is answered: some told, all counted', async () => {
  const many = (count: number, value: string) =>
    Array.from({ length: count }, (_, n) => `"${n.toString(36)}":${value}`).join(',');
  for (const value of ['[]', '1', '"x"', '1e30']) {
    const id = fresh('faults');
    const text = `{"eventTemplateId":"${TEMPLATE}","id":"${id}","email":"a@example.com","tokens":{${many(500, value)}}}`;
    const refused = await server.call('POST', `${V3}/events`, text);
    expectRefused(refused, 400);
    expect(refused.json.errors).toHaveLength(100);
    expect(refused.json.message).toContain('500 problems');
    await notStored(id);
  }
  for (const tokens of [`[${'{},'.repeat(200_000)}{}]`, `[{"options":[${'{},'.repeat(200_000)}{}]}]`]) {
    const refused = await server.call('POST', TEMPLATES, `{"name":"Faults","tokens":${tokens}}`);
    expectRefused(refused, 400);
    expect(refused.json.errors).toHaveLength(100);
  }
});

test('an answer about records has at most 16 Mi characters of names and values: more is refused, or left out of what was written', async () => {
  const { token } = await createTenant(server.folder, { lenient: true });
  const call = (path: string, body: object) =>
    server.call('POST', `/crm/v3/objects/companies${path}`, body, { token });
  const names = Array.from({ length: 150 }, (_, n) => `p${n}`);
  const valued = (value: string) => Object.fromEntries(names.map((name) => [name, value]));
  const { id } = (await call('', { properties: { name: 'Large' } })).json;

  const change = (value: string) => ({ id, properties: valued(value) });
  const inputs = [change('x'), change('x'), change('x'.repeat(60_000))];
  const written = await call('/batch/update', { inputs });
  expect(written.status).toBe(200);
  expect(written.json.results.map((each: Json) => each.properties.p149?.length)).toEqual([
    60_000,
    60_000,
    undefined,
  ]);
  expect(written.json.results[2].id).toBe(id);

  const ask = { properties: names };
  const one = await call('/batch/read', { ...ask, inputs: [{ id }] });
  expect(one.status).toBe(200);
  expect(one.json.results[0].properties).toMatchObject(valued('x'.repeat(60_000)));
  for (const [path, body] of [
    ['/batch/read', { ...ask, inputs: [{ id }, { id }] }],
    ['/batch/read', { propertiesWithHistory: names, inputs: [{ id }] }],
    ['/batch/read', { properties: ['x'.repeat(200_000)], inputs: Array(100).fill({ id }) }],
  ] as const) {
    const refused = await call(path, body);
    expectRefused(refused, 400);
    expect(refused.json.message).toContain('ask for fewer records');
  }
});
