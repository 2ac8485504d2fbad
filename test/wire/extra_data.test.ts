// extraData: any JSON object or array, kept byte for byte, for the template's detail alone.
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { startDev, TEMPLATE, V3 } from '../harness.js';
import {
  BATCH,
  eventPath,
  expectRefused,
  faultyFields,
  fresh,
  makeTemplate,
  timelinePath,
} from './support.js';

const server = await startDev();
afterAll(() => server.close());

/** The event's text with the extraData as it is written, among the other fields. */
function eventText(extraData: string, id: string, email = 'extra@example.com'): string {
  return `{"eventTemplateId":"${TEMPLATE}","id":"${id}" , "extraData" :\n ${extraData} ,"tokens":{},"email":"${email}"}`;
}

/** The text goes in alone and in a batch, and comes out the same of every answer. */
async function roundTrip(extraData: string): Promise<void> {
  const id = fresh('extra');
  const email = `${id}@example.com`;
  const kept = `,"extraData":${extraData}}`;
  const created = await server.call('POST', `${V3}/events`, eventText(extraData, id, email));
  expect(created.status, created.text.slice(0, 500)).toBe(201);
  expect(created.text.endsWith(kept)).toBe(true);
  expect((await server.call('GET', eventPath(id))).text).toBe(created.text);

  const other = fresh('extra');
  const batch = await server.call('POST', BATCH, `{"inputs":[\n${eventText(extraData, other, email)}]}`);
  expect(batch.status).toBe(201);
  expect(batch.text.includes(`${kept}],"startedAt"`)).toBe(true);
  expect((await server.call('GET', eventPath(other))).text.endsWith(kept)).toBe(true);

  const timeline = await server.call('GET', timelinePath(created.json.objectId));
  expect(timeline.text.split(kept)).toHaveLength(3);
}

test.each([
  ['no members', '{}'],
  ['key order, with keys that look like numbers', '{"b":1,"a":2,"10":3,"2":4}'],
  ['numbers as they are written', '{"a":1.50e10,"b":1E+2,"c":-0,"d":0.10,"e":1.0}'],
  ['numbers beyond what a double holds', '{"a":12345678901234567890.000000000000000001,"b":1e999}'],
  ['duplicate keys inside', '{"a":1,"a":2,"b":{"c":1,"c":1}}'],
  ['escapes as they are written', '{"\\u0061":"\\u00e9\\/\\"\\\\\\b\\ud83d\\udc36","é":"é/🐶"}'],
  ['NUL and lone surrogates, escaped', '{"a\\u0000":"\\u0000","b":"\\ud83d","\\udc36":1}'],
  ['white space', '{\n\t"a" : [ 1 ,\r\n 2 ] , "b":{ } }'],
  ['names of the prototype', '{"__proto__":{"polluted":true},"constructor":{"prototype":1},"toString":2}'],
  ['brackets and quotes in strings', '{"a}":"{[\\"]}","b]":"\\\\","c":"\\\\\\""}'],
  ['line separators', '{"a":"\u2028\u2029\ufeff\u0085"}'],
  ['empty names', '{"":{"":[]}}'],
  ['an array', '[{"a":1.50} , "b",null]'],
  ['an array of nothing', '[]'],
  ['scalars of every kind', '{"a":null,"b":true,"c":false,"d":"","e":0}'],
])('extraData keeps %s', async (_what, text) => {
  await roundTrip(text);
});

test('extraData nested 100,000 deep is kept, and its detail still renders', async () => {
  const depth = 100_000;
  await roundTrip(`{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`);
  const objects = `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
  const id = fresh('deep');
  expect((await server.call('POST', `${V3}/events`, eventText(objects, id))).status).toBe(201);
  expect((await server.call('GET', eventPath(id))).text).toContain(objects);
  expect((await server.call('GET', `${eventPath(id)}/detail`)).status).toBe(200);
});

test('a detail shows the parts of an array', async () => {
  const template = await makeTemplate(server, {
    detailTemplate: '{{extraData[1]}} {{extraData.[2].a}} {{#each extraData}}<{{@index}}>{{/each}}',
  });
  const created = await server.event({
    eventTemplateId: template,
    email: 'array@example.com',
    tokens: {},
    extraData: ['zero', 'one', { a: 'two' }],
  });
  const { json } = await server.call('GET', `${eventPath(created.json.id, template)}/detail`);
  expect(json.details).toBe('<p>one two &lt;0&gt;&lt;1&gt;&lt;2&gt;</p>');
});

test('a detail shows whole numbers with the digits that were sent, however many', async () => {
  const template = await makeTemplate(server, {
    detailTemplate: '{{#each extraData.n}}{{this}} {{/each}}{{extraData.[12345678901234567890]}}',
  });
  const numbers = '12345678901234567890,-9007199254740993,9007199254740991,0.12345678901234567890,1.50e1';
  const texts = '"12345678901234567890","\\\\\\"",{"\\"":-12345678901234567890}';
  const extraData = `{"n":[${numbers},${texts}],"12345678901234567890":"\\"1234567890123456789"}`;
  const id = fresh('digits');
  const event = eventText(extraData, id).replace(`"${TEMPLATE}"`, `"${template}"`);
  const created = await server.call('POST', `${V3}/events`, event);
  expect(created.status, created.text).toBe(201);
  const detail = await server.call('GET', `${eventPath(id, template)}/detail`);
  expect(detail.json.details).toBe(
    '<p>12345678901234567890 -9007199254740993 9007199254740991 0.12345678901234568 15 ' +
      '12345678901234567890 \\" [object Object] "1234567890123456789</p>',
  );
  const timeline = await server.call('GET', timelinePath(created.json.objectId));
  expect(timeline.json.results[0].detail).toBe(detail.json.details);
});

test('any JSON object comes back byte for byte', async () => {
  // JSON as people write it: any white space, escape and number form, and keys more than once.
  const space = fc.constantFrom('', '', '', ' ', '\n', '\t', '\r\n  ');
  const character = fc.oneof(
    {
      weight: 4,
      arbitrary: fc
        .string({ unit: 'binary', minLength: 1, maxLength: 4 })
        .map((text) => JSON.stringify(text).slice(1, -1)),
    },
    fc.constantFrom('\\/', '\\b', '\\u0041', '\\u00E9', '\\ud83d', '\\uDC36', '\\u0000', '{', ']', ',', ':'),
  );
  const string = fc.array(character, { maxLength: 6 }).map((parts) => `"${parts.join('')}"`);
  const number = fc
    .tuple(
      fc.constantFrom('', '-'),
      fc.bigInt({ min: 0n, max: 10n ** 30n }),
      fc.constantFrom('', '.0', '.50', '.000001'),
      fc.constantFrom('', 'e5', 'E+05', 'e-400', 'e400'),
    )
    .map((parts) => parts.join(''));
  const { object } = fc.letrec<{ value: string; object: string; array: string }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      string,
      number,
      fc.constantFrom('null', 'true', 'false'),
      tie('object'),
      tie('array'),
    ),
    object: fc
      .array(
        fc
          .tuple(space, string, space, tie('value'), space)
          .map(([a, name, b, value, c]) => `${a}${name}${b}:${value}${c}`),
        { maxLength: 5 },
      )
      .map((entries) => `{${entries.join(',')}}`),
    array: fc
      .array(
        fc.tuple(space, tie('value'), space).map((parts) => parts.join('')),
        { maxLength: 5 },
      )
      .map((elements) => `[${elements.join(',')}]`),
  }));
  await fc.assert(
    fc.asyncProperty(object, async (text) => {
      JSON.parse(text);
      await roundTrip(text);
    }),
    { numRuns: 150 },
  );
});

test.each(['"text"', '1', 'true'])('extraData %s is neither object nor array and refused', async (text) => {
  const refused = await server.call('POST', `${V3}/events`, eventText(text, fresh('no-object')));
  expectRefused(refused, 400);
  expect(faultyFields(refused)).toEqual(['extraData']);
  expect(refused.json.message).toBe('extraData: must be object or array');
});

test('extraData null is no extraData', async () => {
  const created = await server.call('POST', `${V3}/events`, eventText('null', fresh('null')));
  expect(created.status).toBe(201);
  expect(created.json).not.toHaveProperty('extraData');
});

test('extraData is for the detail: a header that names it shows nothing of it', async () => {
  const template = await makeTemplate(server, {
    headerTemplate: 'Header:{{extraData.secret}}:',
    detailTemplate: 'Detail:{{extraData.secret}}:',
  });
  const { json } = await server.event({
    eventTemplateId: template,
    email: 'extra@example.com',
    tokens: {},
    extraData: { secret: 'shown' },
  });
  const path = eventPath(json.id, template);
  expect((await server.call('GET', `${path}/render`)).text).toBe('<p>Header::</p>');
  expect((await server.call('GET', `${path}/render?detail=true`)).text).toBe('<p>Detail:shown:</p>');
});
