// What a caller gets who is wrong: HubSpot's error body, everything told at once, never a 5xx, nothing stored.
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { type Answer, DEMO_TOKEN, type Json, startDev, TEMPLATE, V3 } from '../harness.js';
import {
  BATCH,
  eventPath,
  expectRefused,
  faultyFields,
  fresh,
  makeTemplate,
  sendRaw,
  TEMPLATES,
  timelinePath,
} from './support.js';

const server = await startDev();
afterAll(() => server.close());

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** The record that every bad request here names: it must not come to be. */
const VICTIM = '666666';
const json = { 'content-type': 'application/json' };
const post = (path: string, body: string | Uint8Array, headers: Record<string, string> = json) =>
  sendRaw(server, {
    method: 'POST',
    path,
    headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
    body,
  });

async function nothingStored(): Promise<void> {
  expectRefused(await server.call('GET', timelinePath(VICTIM)), 404, 'OBJECT_NOT_FOUND');
}

test('every answer has its own request id, good and bad', async () => {
  const answers = [
    await server.event({ eventTemplateId: TEMPLATE, email: 'a@example.com', tokens: {} }),
    await server.call('GET', TEMPLATES),
    await server.call('GET', '/nowhere'),
    await server.call('GET', TEMPLATES, undefined, { token: 'wrong' }),
    await server.call('POST', `${V3}/events`, '{'),
    await sendRaw(server, { path: `${V3}/events/1/%zz` }),
  ];
  const ids = answers.map((answer) => answer.headers.get('x-hubspot-correlation-id'));
  for (const id of ids) expect(id).toMatch(UUID);
  expect(new Set(ids).size).toBe(answers.length);
});

test('several faults in one event are all told at once, each with its path', async () => {
  const refused = await server.event({
    eventTemplateId: TEMPLATE,
    id: 'x'.repeat(501),
    objectId: '007',
    email: 'nobody',
    utk: '',
    domain: 7,
    timestamp: 'never',
    tokens: { petAge: 'old', petColor: 'purple', petName: null, nonsense: 1 },
    extraData: 'x',
    timelineIFrame: { linkLabel: 'a', headerLabel: 'b', url: 'ftp://x', width: 0, height: 99_999 },
  });
  expectRefused(refused, 400);
  expect(faultyFields(refused).sort()).toEqual([
    'domain',
    'email',
    'extraData',
    'id',
    'objectId',
    'timelineIFrame.height',
    'timelineIFrame.url',
    'timelineIFrame.width',
    'timestamp',
    'tokens.nonsense',
    'tokens.petAge',
    'tokens.petColor',
    'tokens.petName',
    'utk',
  ]);
  expect(refused.json.message).toContain('14 problems');
  for (const fault of refused.json.errors) expect(fault.message.length).toBeGreaterThan(5);
});

test('several faults in one template are all told at once, each with its path', async () => {
  const refused = await server.call('POST', TEMPLATES, {
    name: '',
    objectType: 'unicorns',
    headerTemplate: '{{',
    detailTemplate: '{{#each}}',
    tokens: [
      { name: 'a b', label: 'L', type: 'string' },
      { name: 'id', label: 'L', type: 'enumeration' },
    ],
  });
  expectRefused(refused, 400);
  expect(faultyFields(refused).sort()).toEqual([
    'detailTemplate',
    'headerTemplate',
    'name',
    'objectType',
    'tokens[0].name',
    'tokens[1].name',
    'tokens[1].options',
  ]);
});

test('one fault speaks for itself: the message names the field and what would do', async () => {
  const refused = await server.event({
    eventTemplateId: TEMPLATE,
    email: 'a@example.com',
    tokens: { petColor: 'purple' },
  });
  expect(refused.json.message).toBe(
    "tokens.petColor: 'purple' is not one of white, black, brown, yellow, other",
  );
  expect(refused.json.errors).toEqual([
    { in: 'tokens.petColor', message: "'purple' is not one of white, black, brown, yellow, other" },
  ]);
});

test('required fields that lack are named', async () => {
  const refused = await server.event({});
  expectRefused(refused, 400);
  expect(refused.json.errors).toEqual([
    { in: 'eventTemplateId', message: 'is required and not set', code: 'REQUIRED_FIELD' },
    { in: 'tokens', message: 'is required and not set', code: 'REQUIRED_FIELD' },
  ]);
});

test('an unknown template is 404, with the id that was sent', async () => {
  for (const eventTemplateId of ['999999999', 'x', '', '0', '01001298', '1e3', '9'.repeat(400)]) {
    const refused = await server.event({ eventTemplateId, objectId: VICTIM, tokens: {} });
    expectRefused(refused, 404, 'OBJECT_NOT_FOUND');
    const told = eventTemplateId.length > 80 ? `${eventTemplateId.slice(0, 80)}…` : eventTemplateId;
    expect(refused.json.context.eventTemplateId).toEqual([told]);
  }
  await nothingStored();
});

test('a long or hostile value is not thrown back whole', async () => {
  const long = 'y'.repeat(100_000);
  const refused = await server.event({
    eventTemplateId: TEMPLATE,
    objectId: long,
    email: long,
    timestamp: long,
    tokens: { petAge: long, petColor: long, [long]: 1 },
  });
  expectRefused(refused, 400);
  expect(refused.text.length).toBeLessThan(10_000);
});

test('nor is a long name of a type or a long id', async () => {
  const long = '7'.repeat(1_500);
  for (const path of [`${long}/1`, `contacts/${long}`]) {
    const refused = await server.call('GET', `/crm/v3/objects/${path}`);
    expectRefused(refused, 404, 'OBJECT_NOT_FOUND');
    expect(refused.text.length).toBeLessThan(1_000);
  }
});

test.each([
  ['nothing', ''],
  ['white space', '  '],
  ['a brace', '{'],
  ['a text cut off', `{"eventTemplateId":"${TEMPLATE}","objectId":"${VICTIM}","tokens":{"petName":"R`],
  ['a trailing comma', `{"eventTemplateId":"${TEMPLATE}","objectId":"${VICTIM}","tokens":{},}`],
  ['two values', `{"eventTemplateId":"${TEMPLATE}","objectId":"${VICTIM}","tokens":{}}{}`],
  ['single quotes', `{'eventTemplateId':'${TEMPLATE}','objectId':'${VICTIM}','tokens':{}}`],
  ['a comment', `{"eventTemplateId":"${TEMPLATE}","objectId":"${VICTIM}","tokens":{}} // hi`],
  ['a raw NUL', `{"eventTemplateId":"${TEMPLATE}","objectId":"${VICTIM}","tokens":{"petName":"a\0b"}}`],
  [
    'a raw newline in a string',
    `{"eventTemplateId":"${TEMPLATE}","objectId":"${VICTIM}","tokens":{"petName":"a\nb"}}`,
  ],
  [
    'two byte order marks',
    `\ufeff\ufeff{"eventTemplateId":"${TEMPLATE}","objectId":"${VICTIM}","tokens":{}}`,
  ],
  ['NaN', `{"eventTemplateId":"${TEMPLATE}","objectId":"${VICTIM}","tokens":{"petAge":NaN}}`],
  ['a form', `eventTemplateId=${TEMPLATE}&objectId=${VICTIM}`],
  ['XML', '<event/>'],
])('%s is no JSON: 400 on every path that takes a body', async (_what, body) => {
  for (const path of [`${V3}/events`, BATCH, TEMPLATES, `${TEMPLATES}/${TEMPLATE}/tokens`])
    expectRefused(await post(path, body), 400);
  await nothingStored();
});

test('a byte order mark before JSON is no part of it', async () => {
  const event = {
    eventTemplateId: TEMPLATE,
    email: 'bom@example.com',
    tokens: {},
    extraData: { a: '\ufeff' },
  };
  for (const [path, body, answered] of [
    [`${V3}/events`, event, (json: Json) => json],
    [BATCH, { inputs: [event] }, (json: Json) => json.results[0]],
  ] as const) {
    const answer = await post(path, `\ufeff${JSON.stringify(body)}`);
    expect(answer.status, answer.text).toBe(201);
    expect(answered(answer.json)).toMatchObject({ extraData: event.extraData });
  }
});

test('an expectation that nobody knows is passed over', async () => {
  const body = JSON.stringify({ eventTemplateId: TEMPLATE, email: 'expects@example.com', tokens: {} });
  const answer = await post(`${V3}/events`, body, { ...json, expect: 'the-unexpected' });
  expect(answer.status, answer.text).toBe(201);
});

test.each(['email', 'utk', 'objectId'])(
  'a faulty %s is told, and not that nobody is named',
  async (field) => {
    const refused = await server.event({ eventTemplateId: TEMPLATE, tokens: {}, [field]: [] });
    expectRefused(refused, 400);
    expect(faultyFields(refused)).toEqual([field]);
  },
);

test('a token that fills a property is refused with what no property can hold', async () => {
  const token = { name: 'nick', label: 'Nick', type: 'string', objectPropertyName: 'firstname' };
  const eventTemplateId = await makeTemplate(server, { tokens: [token] });
  for (const nick of ['a\0b', 'half \ud83d']) {
    const refused = await server.event({ eventTemplateId, email: 'nick@example.com', tokens: { nick } });
    expectRefused(refused, 400);
    expect(faultyFields(refused)).toEqual(['tokens.nick']);
  }
});

test('malformed JSON is told with the place where it breaks', async () => {
  const refused = await post(`${V3}/events`, '{"eventTemplateId": oops}');
  expect(refused.json.message).toContain('Invalid input JSON');
  expect(refused.json.message).toContain('oops');
});

test.each(['null', 'true', '7', '"text"', '[]', '[{}]'])('%s is JSON, but no object: 400', async (body) => {
  for (const path of [`${V3}/events`, BATCH, TEMPLATES, `${TEMPLATES}/${TEMPLATE}/tokens`])
    expectRefused(await post(path, body), 400);
});

test('a body that is not UTF-8 is refused, not mended', async () => {
  const around = [
    `{"eventTemplateId":"${TEMPLATE}","objectId":"${VICTIM}","tokens":{"petName":"`,
    '"}}',
  ] as const;
  for (const bytes of [[0xff], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xf0, 0x9f], [0xc0, 0x80]]) {
    const body = Buffer.concat([Buffer.from(around[0]), Buffer.from(bytes), Buffer.from(around[1])]);
    const refused = await post(`${V3}/events`, body);
    expectRefused(refused, 400);
    expect(refused.json.message).toContain('UTF-8');
  }
  await nothingStored();
});

test.each([
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/xml',
  'application/jsonx',
  'nonsense',
])('the content type %s is 415, and the answer says what to send', async (type) => {
  const body = JSON.stringify({ eventTemplateId: TEMPLATE, objectId: VICTIM, tokens: {} });
  const refused = await post(`${V3}/events`, body, { 'content-type': type });
  expectRefused(refused, 415);
  expect(refused.json.message).toContain('application/json');
  await nothingStored();
});

test('a body without a content type is 415; JSON with a charset is taken', async () => {
  const body = JSON.stringify({ eventTemplateId: TEMPLATE, email: 'type@example.com', tokens: {} });
  expectRefused(await post(`${V3}/events`, body, {}), 415);
  for (const type of [
    'application/json; charset=utf-8',
    'Application/JSON',
    'application/json;charset=UTF-8',
  ])
    expect((await post(`${V3}/events`, body, { 'content-type': type })).status).toBe(201);
});

test('a compressed body is 415, and the answer says so', async () => {
  const body = gzipSync(JSON.stringify({ eventTemplateId: TEMPLATE, objectId: VICTIM, tokens: {} }));
  for (const path of [`${V3}/events`, BATCH, '/oauth/v1/token']) {
    const refused = await post(path, body, { ...json, 'content-encoding': 'gzip' });
    expectRefused(refused, 415);
    expect(refused.json.message).toContain('Content-Encoding: gzip');
  }
  await nothingStored();
});

test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/json'])(
  'the type %s of a body that is neither sent nor wanted is passed over',
  async (type) => {
    for (const length of [{}, { 'content-length': '0' }]) {
      const path = `${TEMPLATES}/${await makeTemplate(server)}`;
      const headers = { 'content-type': type, ...length };
      expect((await sendRaw(server, { method: 'DELETE', path, headers })).status).toBe(204);
    }
  },
);

test('no body at all is 400', async () => {
  for (const path of [`${V3}/events`, BATCH, TEMPLATES])
    expectRefused(await sendRaw(server, { method: 'POST', path, headers: { 'content-length': '0' } }), 400);
});

test.each(['eventTemplateId', 'objectId', 'tokens', 'extraData', 'id', 'unknown', '__proto__'])(
  'the field %s twice in one event is refused, not chosen from',
  async (field) => {
    const event: Record<string, unknown> = {
      eventTemplateId: TEMPLATE,
      objectId: VICTIM,
      tokens: {},
      extraData: {},
      id: 'a',
    };
    const others = Object.entries(event).filter(([name]) => name !== field);
    const member = ([name, value]: [string, unknown]) => `"${name}":${JSON.stringify(value)}`;
    const twice = member([field, event[field] ?? 'x']);
    const escaped = twice.replace(
      field,
      `${field.slice(0, 1)}\\u${field.charCodeAt(1).toString(16).padStart(4, '0')}${field.slice(2)}`,
    );
    const message = expect.stringContaining('more than once');
    for (const more of [0, 20]) {
      const fields = [
        ...others,
        ...Array.from({ length: more }, (_, n): [string, unknown] => [`more${n}`, n]),
      ];
      const refused = await post(`${V3}/events`, `{${[twice, ...fields.map(member), escaped].join(',')}}`);
      expectRefused(refused, 400);
      expect(refused.json.errors).toEqual([{ in: field, message }]);
    }
    await nothingStored();
  },
);

test('a timelineIFrame that names a field twice is refused', async () => {
  const iframe =
    '{"linkLabel":"a","headerLabel":"b","url":"https://a.example","width":1,"height":1,"url":"https://b.example"}';
  const refused = await post(
    `${V3}/events`,
    `{"eventTemplateId":"${TEMPLATE}","objectId":"${VICTIM}","tokens":{},"timelineIFrame":${iframe}}`,
  );
  expectRefused(refused, 400);
  expect(faultyFields(refused)).toEqual(['timelineIFrame.url']);
  await nothingStored();
});

test('__proto__ as a field is an unknown field, no more', async () => {
  const id = fresh('proto');
  const body = `{"__proto__":{"objectId":"${VICTIM}","polluted":"yes"},"constructor":{"prototype":{"polluted":"yes"}},"eventTemplateId":"${TEMPLATE}","email":"proto@example.com","id":"${id}","tokens":{}}`;
  const created = await post(`${V3}/events`, body);
  expect(created.status).toBe(201);
  expect(created.json.objectId).not.toBe(VICTIM);
  expect(created.text).not.toContain('polluted');
  expect(({} as { polluted?: string }).polluted).toBeUndefined();
  // What the prototype would give is not given.
  expectRefused(await post(`${V3}/events`, `{"__proto__":${body}}`), 400);
  expectRefused(await post(TEMPLATES, '{"__proto__":{"name":"x"}}'), 400);
  await nothingStored();
});

test('nesting 100,000 deep, anywhere, is refused or ignored, never a 5xx', async () => {
  const depth = 100_000;
  const deep = `${'['.repeat(depth)}${']'.repeat(depth)}`;
  const deepObject = `${'{"a":'.repeat(depth)}{}${'}'.repeat(depth)}`;
  for (const value of [deep, deepObject]) {
    for (const path of [`${V3}/events`, BATCH, TEMPLATES, `${TEMPLATES}/${TEMPLATE}/tokens`])
      expectRefused(await post(path, value), 400);
    for (const field of ['eventTemplateId', 'id', 'tokens', 'objectId', 'timestamp', 'timelineIFrame'])
      expectRefused(await post(`${V3}/events`, `{"objectId":"${VICTIM}","${field}":${value}}`), 400);
    const batch = await post(BATCH, `{"inputs":[${value}]}`);
    expect(batch.status).toBe(207);
    expectRefused(await post(TEMPLATES, `{"name":"x","tokens":${value}}`), 400);
    const ignored = await post(
      `${V3}/events`,
      `{"unknown":${value},"eventTemplateId":"${TEMPLATE}","email":"deep@example.com","tokens":{}}`,
    );
    expect(ignored.status).toBe(201);
    expect((await post(TEMPLATES, `{"name":"Deep","unknown":${value}}`)).status).toBe(201);
  }
  await nothingStored();
});

test('lists of tokens and options within one another, 100,000 deep, are unknown fields of a token', async () => {
  for (const field of ['tokens', 'options']) {
    const deep = `${`{"${field}":[`.repeat(100_000)}${']}'.repeat(100_000)}`;
    const token = `{"name":"t","label":"T","type":"string","tokens":[${deep}]}`;
    expect((await post(TEMPLATES, `{"name":"Deep","tokens":[${token}]}`)).status).toBe(201);
    expectRefused(await post(TEMPLATES, `{"name":"Deep","tokens":[${deep}]}`), 400);
  }
});

test('a path or method that is not served is 404, as JSON', async () => {
  const template = await makeTemplate(server);
  for (const [method, path] of [
    ['GET', `${V3}/events`],
    ['PUT', `${V3}/events`],
    ['DELETE', eventPath('x')],
    ['GET', `${eventPath('x')}/other`],
    ['PATCH', `${TEMPLATES}/${template}`],
    ['GET', `${V3}/events/batch/create/x/y`],
    ['GET', '/crm/v3/pipelines/deals'],
  ] as const)
    expectRefused(await server.call(method, path), 404, 'OBJECT_NOT_FOUND');
});

test('an appId that is none is refused', async () => {
  for (const appId of ['x', '-1', '12345678901']) {
    const refused: Answer = await server.call('GET', `${V3}/${appId}/event-templates`);
    expectRefused(refused, 400);
  }
});

test.each([
  'example.com',
  'localhost.example.com',
  '127.0.0.1.example.com',
  'evil.example:8420',
  '10.0.0.1',
  '[::2]',
])('the Host %j is not this machine: 421, on every path', async (host) => {
  for (const path of [TEMPLATES, '/openapi.json', '/nowhere']) {
    const refused = await sendRaw(server, { path, headers: { host } });
    expect(refused.status).toBe(421);
    expect(refused.text).toContain('localhost');
    if (path !== '/') expectRefused(refused, 421); // there it is a page
  }
  for (const page of ['/', '/docs']) {
    const refused = await sendRaw(server, { path: page, headers: { host } });
    expect(refused.status).toBe(421);
    expect(refused.headers.get('x-hubspot-correlation-id')).toMatch(UUID);
  }
});

test.each(['localhost', 'LOCALHOST:1', 'localhost:8420', '127.0.0.1', '127.1.2.3:80', '[::1]', '[::1]:8420'])(
  'the Host %s is this machine',
  async (host) => {
    expect(
      (await sendRaw(server, { path: TEMPLATES, headers: { host, authorization: `Bearer ${DEMO_TOKEN}` } }))
        .status,
    ).toBe(200);
  },
);

async function withoutHost(version: string, path: string): Promise<string> {
  const { hostname, port } = new URL(server.baseUrl);
  const head = `GET ${path} HTTP/${version}\r\nauthorization: Bearer ${DEMO_TOKEN}\r\nconnection: close\r\n\r\n`;
  const socket = connect(Number(port), hostname, () => socket.write(head));
  let text = '';
  for await (const chunk of socket) text += chunk;
  return text;
}

test('a request that names no Host is not for this machine: 421', async () => {
  expect(await withoutHost('1.0', '/')).toMatch(/^HTTP\/1\.1 421 /);
});

test('HTTP 1.1 without a Host is 400, as JSON, whatever it asks for', async () => {
  for (const path of [TEMPLATES, eventPath('x'), '/openapi.json', '/nowhere']) {
    const [head = '', body = ''] = (await withoutHost('1.1', path)).split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 400 /);
    const json = JSON.parse(body);
    expect(json).toMatchObject({ status: 'error', category: 'VALIDATION_ERROR' });
    expect(json.message).toContain('Host');
    expect(head).toContain(`x-hubspot-correlation-id: ${json.correlationId}`);
  }
});

test('what is wrong inside of a timelineIFrame is told at once, wrong kinds and broken rules alike', async () => {
  const refused = await server.event({
    eventTemplateId: TEMPLATE,
    email: 'iframe@example.com',
    tokens: {},
    timelineIFrame: { linkLabel: 'L', headerLabel: 'H', url: 'ftp://x', width: 'x', height: 0 },
  });
  expectRefused(refused, 400);
  const paths = refused.json.errors.map((fault: { in: string }) => fault.in).sort();
  expect(paths).toEqual(['timelineIFrame.height', 'timelineIFrame.url', 'timelineIFrame.width']);
});
