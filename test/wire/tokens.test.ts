// Tokens: how a template declares them, and the values that events may give them.
import { afterAll, expect, test } from 'vitest';
import { jsonText } from '../../dist/timeline/event.js';
import { type Json, startDev, V3 } from '../harness.js';
import { eventPath, expectRefused, faultyFields, makeTemplate, PET_TOKENS, TEMPLATES } from './support.js';

const server = await startDev();
afterAll(() => server.close());
const template = await makeTemplate(server);

const withTokens = (tokens: unknown, eventTemplateId = template) =>
  server.event({ eventTemplateId, email: 'tokens@example.com', tokens });
const PET_TYPE = {
  name: 'petType',
  label: 'Pet Type',
  type: 'enumeration',
  options: [
    { value: 'dog', label: 'Dog' },
    { value: 'cat', label: 'Cat' },
  ],
};

test.each([V3, '/crm/v3/timeline'])(
  'under %s tokens are added with 200, changed with 200, removed with 204',
  async (family) => {
    const id = await makeTemplate(server);
    const path = `${family}/8420/event-templates/${id}/tokens`;
    const added = await server.call('POST', path, PET_TYPE);
    expect(added.status).toBe(200);
    expect(added.json).toEqual({ ...PET_TYPE, createdAt: expect.any(String), updatedAt: expect.any(String) });

    const options = [...PET_TYPE.options, { value: 'bird', label: 'Bird' }];
    const changed = await server.call('PUT', `${path}/petType`, {
      label: 'Kind',
      options,
      objectPropertyName: 'kind',
    });
    expect(changed.status).toBe(200);
    expect(changed.json).toMatchObject({
      name: 'petType',
      type: 'enumeration',
      label: 'Kind',
      options,
      objectPropertyName: 'kind',
      createdAt: added.json.createdAt,
    });
    expect((await withTokens({ petType: 'bird' }, id)).status).toBe(201);

    const listed = await server.call('GET', path);
    expect(listed.status).toBe(200);
    expect(listed.json.results.map((token: Json) => token.name)).toEqual([
      'adopted',
      'petAge',
      'petColor',
      'petName',
      'petType',
    ]);

    const removed = await server.call('DELETE', `${path}/petType`);
    expect(removed.status).toBe(204);
    expect(removed.text).toBe('');
    for (const [method, body] of [
      ['PUT', { label: 'x' }],
      ['DELETE', undefined],
    ] as const)
      expectRefused(await server.call(method, `${path}/petType`, body), 404, 'OBJECT_NOT_FOUND');
  },
);

test("a token's name and type are fixed: a PUT that names others changes nothing of them", async () => {
  const id = await makeTemplate(server);
  const put = await server.call('PUT', `${TEMPLATES}/${id}/tokens/petAge`, {
    label: 'Age',
    name: 'other',
    type: 'string',
  });
  expect(put.status).toBe(200);
  expect(put.json).toMatchObject({ name: 'petAge', type: 'number', label: 'Age' });
});

test('a token that is there already is not added again', async () => {
  const refused = await server.call('POST', `${TEMPLATES}/${template}/tokens`, PET_TOKENS[0]);
  expectRefused(refused, 400);
  expect(faultyFields(refused)).toEqual(['name']);
});

test('a DELETE that says its (missing) body is JSON is a DELETE all the same', async () => {
  const id = await makeTemplate(server);
  const headers = { 'content-type': 'application/json' };
  expect(
    (await server.call('DELETE', `${TEMPLATES}/${id}/tokens/petAge`, undefined, { headers })).status,
  ).toBe(204);
  expect((await server.call('DELETE', `${TEMPLATES}/${id}`, undefined, { headers })).status).toBe(204);
});

test.each([
  'a',
  'A.b-c_9',
  '0',
  '10',
  '-',
  '...',
  '.a',
  '_',
  'toString',
  'hasOwnProperty',
  'valueOf',
  'x'.repeat(500),
])('token name %j is taken, in bodies and paths', async (name) => {
  const id = await makeTemplate(server, {
    tokens: [{ name, label: 'L', type: 'string' }],
    headerTemplate: '-',
  });
  const given = await withTokens({ [name]: 'value' }, id);
  expect(given.status, given.text).toBe(201);
  expect(given.json.tokens).toEqual({ [name]: 'value' });
  expect((await withTokens({}, id)).json.tokens).toEqual({});
  expect((await server.call('PUT', `${TEMPLATES}/${id}/tokens/${name}`, { label: 'New' })).json.label).toBe(
    'New',
  );
  expect((await server.call('DELETE', `${TEMPLATES}/${id}/tokens/${name}`)).status).toBe(204);
});

test.each(['', ' ', '.', '..', 'a b', 'pet name', 'a/b', 'ä', 'a{', '{{a}}', 'a\n', '🐶', 'x'.repeat(501)])(
  'token name %j is none: letters, digits, dot, dash and underscore, not one or two dots alone',
  async (name) => {
    const token = { name, label: 'L', type: 'string' };
    const alone = await server.call('POST', `${TEMPLATES}/${template}/tokens`, token);
    expectRefused(alone, 400);
    expect(faultyFields(alone)).toEqual(['name']);
    const listed = await server.call('POST', TEMPLATES, { name: 'T', tokens: [token] });
    expectRefused(listed, 400);
    expect(faultyFields(listed)).toEqual(['tokens[0].name']);
  },
);

test.each(
  'applicationId domain eventTemplateId eventTypeId extraData id log lookup objectId objectType portalId properties timelineIFrame timestamp tokens utk __proto__ constructor prototype'.split(
    ' ',
  ),
)('token name %s is reserved', async (name) => {
  const refused = await server.call('POST', `${TEMPLATES}/${template}/tokens`, {
    name,
    label: 'L',
    type: 'string',
  });
  expectRefused(refused, 400);
  expect(refused.json.message).toContain(`'${name}' is reserved`);
});

test('names are unique within a template', async () => {
  const token = { name: 'twice', label: 'L', type: 'string' };
  const refused = await server.call('POST', TEMPLATES, { name: 'T', tokens: [token, token] });
  expectRefused(refused, 400);
  expect(faultyFields(refused)).toEqual(['tokens[1].name']);
});

test.each([
  [{ type: 'boolean' }, 'type'],
  [{ type: 'String' }, 'type'],
  [{ type: null }, 'type'],
  [{ label: null }, 'label'],
  [{ label: 'x'.repeat(501) }, 'label'],
  [{ name: 7 }, 'name'],
  [{ type: 'enumeration' }, 'options'],
  [{ type: 'enumeration', options: [] }, 'options'],
  [{ options: [{ value: 'a' }] }, 'options[0].label'],
  [{ options: [{ label: 'a' }] }, 'options[0].value'],
  [{ options: [{ value: 1, label: 'a' }] }, 'options[0].value'],
  [
    {
      options: [
        { value: 'a', label: 'a' },
        { value: 'a', label: 'b' },
      ],
    },
    'options[1].value',
  ],
  [{ objectPropertyName: 7 }, 'objectPropertyName'],
])('a token with %j is refused', async (more, field) => {
  const refused = await server.call('POST', `${TEMPLATES}/${template}/tokens`, {
    name: 'bad',
    label: 'L',
    type: 'string',
    ...more,
  });
  expectRefused(refused, 400);
  expect(new Set(faultyFields(refused))).toEqual(new Set([field]));
});

test('an unknown token type is refused with those there are', async () => {
  const refused = await server.call('POST', `${TEMPLATES}/${template}/tokens`, {
    name: 'b',
    label: 'L',
    type: 'bool',
  });
  for (const type of ['string', 'number', 'date', 'enumeration'])
    expect(refused.json.message).toContain(type);
});

test('values may be strings, numbers and booleans; they are answered as strings', async () => {
  const created = await withTokens({ petName: true, petAge: 3, adopted: 1580406130276, petColor: 'black' });
  expect(created.json.tokens).toEqual({
    petName: 'true',
    petAge: '3',
    adopted: '1580406130276',
    petColor: 'black',
  });
  expect((await server.call('GET', eventPath(created.json.id, template))).text).toBe(created.text);
});

test('a number is kept as it was written', async () => {
  for (const number of ['1.50e10', '-0', '3.10', '1E2', '0.1e-7']) {
    const body = `{"eventTemplateId":"${template}","email":"a@example.com","tokens":{"petAge": ${number} ,"petName":${number}}}`;
    const created = await server.call('POST', `${V3}/events`, body);
    expect(created.json.tokens).toEqual({ petAge: number, petName: number });
  }
});

test("the answer has the tokens in the template's order, whatever the request's", async () => {
  const order = (text: string) =>
    [...text.matchAll(/"(petName|petAge|adopted|petColor|petType)":/g)].map((match) => match[1]);
  const id = await makeTemplate(server);
  const tokens = { petColor: 'white', adopted: '2020-01-01', petAge: 1, petName: 'Rex' };
  expect(order((await withTokens(tokens, id)).text)).toEqual(['petName', 'petAge', 'adopted', 'petColor']);

  await server.call('POST', `${TEMPLATES}/${id}/tokens`, PET_TYPE);
  expect(order((await withTokens({ petType: 'dog', ...tokens }, id)).text)).toEqual([
    'petName',
    'petAge',
    'adopted',
    'petColor',
    'petType',
  ]);

  await server.call('PUT', `${TEMPLATES}/${id}`, { name: 'Turned', tokens: PET_TOKENS.toReversed() });
  expect(order((await withTokens(tokens, id)).text)).toEqual(['petColor', 'adopted', 'petAge', 'petName']);
});

test('every token is optional, but tokens are not', async () => {
  expect((await withTokens({})).json.tokens).toEqual({});
  for (const tokens of [undefined, null, [], 'x', 7]) {
    const refused = await withTokens(tokens);
    expectRefused(refused, 400);
    expect(faultyFields(refused)).toEqual(['tokens']);
  }
});

test.each(['3', '-3.5', '+3', '.5', '3.', '1e3', '0012', '-1E-7', '12345678901234567890.5'])(
  'number token: %j is a number',
  async (petAge) => {
    expect((await withTokens({ petAge })).json.tokens).toEqual({ petAge });
  },
);

test.each([
  '',
  ' ',
  '3 ',
  ' 3',
  'three',
  '3,5',
  '1_000',
  '0x10',
  'NaN',
  'Infinity',
  '-Infinity',
  '1e999',
  '1e',
  '.',
  '٣',
  true,
])('number token: %j is none, and the answer names token, value and what is allowed', async (petAge) => {
  const refused = await withTokens({ petAge });
  expectRefused(refused, 400);
  expect(faultyFields(refused)).toEqual(['tokens.petAge']);
  expect(refused.json.message).toMatch(`tokens.petAge: '${petAge}' is not a number`);
  expect(refused.json.message).toContain('finite decimal number');
});

test.each(['2020-01-30', '2020-01-30T17:42:10+01:00', '1580406130276', 1580406130276, 0])(
  'date token: %j is a date, kept as sent',
  async (adopted) => {
    expect((await withTokens({ adopted })).json.tokens).toEqual({ adopted: String(adopted) });
  },
);

test.each(['', 'yesterday', '2020-02-30', '30/01/2020', '1.5', false])(
  'date token: %j is none, and the answer names token, value and what is allowed',
  async (adopted) => {
    const refused = await withTokens({ adopted });
    expectRefused(refused, 400);
    expect(faultyFields(refused)).toEqual(['tokens.adopted']);
    expect(refused.json.message).toContain(`'${adopted}' is not a date`);
    expect(refused.json.message).toContain('ISO 8601');
  },
);

test.each(['purple', 'Black', 'black ', '', 'White', 'toString', 7])(
  'enumeration token: %j is no option, and the answer lists the options',
  async (petColor) => {
    const refused = await withTokens({ petColor });
    expectRefused(refused, 400);
    expect(refused.json.errors).toEqual([
      { in: 'tokens.petColor', message: `'${petColor}' is not one of white, black` },
    ]);
  },
);

test.each(['petname', 'unknown', '', '__proto__', 'constructor', 'toString', 'a.b', 'a/b~c', '0'])(
  'the token name %j is not the template’s: refused with the names that are',
  async (name) => {
    const refused = await withTokens(JSON.parse(`{${JSON.stringify(name)}:"x"}`));
    expectRefused(refused, 400);
    expect(faultyFields(refused)).toEqual([`tokens.${name}`]);
    expect(refused.json.message).toContain('petName, petAge, adopted, petColor');
  },
);

test.each([null, [], {}, [1], { a: 1 }])('a token’s value cannot be %j', async (petName) => {
  const refused = await withTokens({ petName, petAge: 'x' });
  expectRefused(refused, 400);
  expect(faultyFields(refused).sort()).toEqual(['tokens.petAge', 'tokens.petName']);
  expect(refused.json.message).toContain('must be string or number or boolean');
});

test('a token named twice in one event is refused, not chosen from', async () => {
  const body = `{"eventTemplateId":"${template}","email":"a@example.com","tokens":{"petName":"a","pet\\u004eame":"b"}}`;
  const refused = await server.call('POST', `${V3}/events`, body);
  expectRefused(refused, 400);
  expect(faultyFields(refused)).toEqual(['tokens.petName']);
});

test('any text is a string value, exactly: NUL, lone surrogates, markup, 🐶', async () => {
  for (const petName of ['', '\0', '\ud83d', '\udc36x', '<script>', '{{petAge}}', '\u2028', '🐶', ' \n\t ']) {
    const created = await withTokens({ petName });
    expect(created.json.tokens).toEqual({ petName });
    expect((await server.call('GET', eventPath(created.json.id, template))).text).toBe(created.text);
  }
});

test('every character stands in a JSON text as JSON.stringify has it', () => {
  const wrong: string[] = [];
  for (let code = 0; code <= 0xffff; code++) {
    const text = `a${String.fromCharCode(code)}b`;
    if (jsonText(text) !== JSON.stringify(text)) wrong.push(code.toString(16));
  }
  expect(wrong).toEqual([]);
});
