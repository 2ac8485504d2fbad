// Batches: all good is 201, some bad is 207; each error names its input, and the good ones are stored.
import { afterAll, expect, test } from 'vitest';
import { type Json, startDev, TEMPLATE, V3 } from '../harness.js';
import { BATCH, eventPath, expectRefused, fresh, timelinePath } from './support.js';

const server = await startDev();
afterAll(() => server.close());

const event = (more: object = {}) => ({
  eventTemplateId: TEMPLATE,
  email: 'batch@example.com',
  tokens: { petName: 'Rex' },
  ...more,
});
const send = (...inputs: unknown[]) => server.call('POST', BATCH, { inputs });
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

test.each([V3, '/crm/v3/timeline'])(
  'under %s a batch of good events is 201 COMPLETE, in the order sent',
  async (family) => {
    const ids = [fresh('b'), fresh('b'), fresh('b')];
    const answer = await server.call('POST', `${family}/events/batch/create`, {
      inputs: ids.map((id) => event({ id })),
    });
    expect(answer.status).toBe(201);
    const { results, startedAt, completedAt, ...rest } = answer.json;
    expect(rest).toEqual({ status: 'COMPLETE' });
    expect(startedAt).toMatch(MOMENT);
    expect(completedAt).toMatch(MOMENT);
    expect(results.map((each: Json) => each.id)).toEqual(ids);
    for (const result of results)
      expect((await server.call('GET', eventPath(result.id))).json).toEqual(result);
  },
);

test('an event is answered in a batch as it is alone', async () => {
  const id = fresh('alike');
  const input = event({ id, timestamp: 1580406130276, extraData: { a: [1, '2'] }, domain: 'example.com' });
  const alone = await server.event(input);
  const { results } = (await send(input)).json;
  expect(results).toEqual([alone.json]);
});

test('some bad: 207, the good ones stored, each error names its input', async () => {
  const [first, bad, last] = [fresh('good'), fresh('bad'), fresh('good')];
  const answer = await send(
    event({ id: first }),
    event({ id: bad, tokens: { petColor: 'purple', petAge: 'old' } }),
    event({ id: last, eventTemplateId: '999999999' }),
    event({ id: last }),
  );
  expect(answer.status).toBe(207);
  const { results, errors, startedAt, completedAt, ...rest } = answer.json;
  expect(rest).toEqual({ status: 'COMPLETE', numErrors: 2 });
  expect(startedAt).toMatch(MOMENT);
  expect(completedAt).toMatch(MOMENT);
  expect(results.map((each: Json) => each.id)).toEqual([first, last]);
  expect(errors).toEqual([
    {
      status: 'error',
      category: 'VALIDATION_ERROR',
      message: expect.stringContaining('purple'),
      context: { index: ['1'], id: [bad] },
      links: {},
      errors: [
        expect.objectContaining({ in: 'tokens.petAge' }),
        expect.objectContaining({ in: 'tokens.petColor' }),
      ],
    },
    {
      status: 'error',
      category: 'OBJECT_NOT_FOUND',
      message: expect.stringContaining('999999999'),
      context: { index: ['2'], id: [last], eventTemplateId: ['999999999'] },
      links: {},
      errors: [],
    },
  ]);
  expect((await server.call('GET', eventPath(first))).status).toBe(200);
  expectRefused(await server.call('GET', eventPath(bad)), 404, 'OBJECT_NOT_FOUND');
  expect((await server.call('GET', eventPath(last))).status).toBe(200);
});

test('what a fault is alone it is in a batch: same category, message and fields', async () => {
  const owner = fresh('owner');
  await server.event(event({ email: `${owner}@example.com` }));
  const inputs = [
    event({ tokens: { petAge: 'x', nonsense: 1 }, timestamp: 'never' }),
    event({ objectId: '700700', email: `${owner}@example.com` }),
    event({ email: '[email protected]' }),
    { tokens: {} },
    event({ extraData: 'x', id: '' }),
  ];
  const { errors } = (await send(...inputs)).json;
  for (const [index, input] of inputs.entries()) {
    const alone = await server.event(input);
    expect(alone.status).toBeGreaterThanOrEqual(400);
    expect(errors[index]).toMatchObject({
      category: alone.json.category,
      message: alone.json.message,
      errors: alone.json.errors ?? [],
      context: { ...alone.json.context, index: [String(index)] },
    });
  }
});

test('all bad: 207 with no results', async () => {
  const answer = await send(event({ tokens: null }), null, 7, 'text', [], [event()], {}, true);
  expect(answer.status).toBe(207);
  expect(answer.json).toMatchObject({ status: 'COMPLETE', results: [], numErrors: 8 });
  expect(answer.json.errors.map((error: Json) => error.context.index[0])).toEqual([...'01234567']);
  for (const error of answer.json.errors) expect(error.category).toBe('VALIDATION_ERROR');
});

test('without a body it is told what a batch is', async () => {
  const answer = await server.call('POST', BATCH);
  expectRefused(answer, 400);
  expect(answer.json.errors).toMatchObject([{ in: 'inputs' }]);
});

test('an empty batch is 201 with no results', async () => {
  const answer = await send();
  expect(answer.status).toBe(201);
  expect(answer.json).toMatchObject({ status: 'COMPLETE', results: [] });
});

test('the same id twice in one batch: the last wins, wherever it stands', async () => {
  const id = fresh('twice');
  const answer = await send(
    event({ id, email: `${id}-1@example.com`, tokens: { petName: 'First' } }),
    event({ id: fresh('between') }),
    event({ id, email: `${id}-2@example.com`, tokens: { petName: 'Last' } }),
  );
  expect(answer.status).toBe(201);
  expect(answer.json.results).toHaveLength(3);
  const [first, , last] = answer.json.results;
  expect((await server.call('GET', eventPath(id))).json).toEqual(last);
  expect((await server.call('GET', timelinePath(first.objectId))).json.results).toEqual([]);
  expect((await server.call('GET', timelinePath(last.objectId))).json.results).toHaveLength(1);
});

test('a bad one after a good one of the same id does not undo it', async () => {
  const id = fresh('undo');
  expect((await send(event({ id }), event({ id, tokens: { petAge: 'x' } }))).status).toBe(207);
  expect((await server.call('GET', eventPath(id))).json.tokens).toEqual({ petName: 'Rex' });
});

test('a new e-mail that stands in one batch many times makes one contact', async () => {
  const email = `${fresh('one')}@example.com`;
  const { results } = (await send(event({ email }), event({ email: email.toUpperCase() }), event({ email })))
    .json;
  expect(new Set(results.map((each: Json) => each.objectId)).size).toBe(1);
});

test('a later input sees what an earlier one of the batch has made', async () => {
  const email = `${fresh('seen')}@example.com`;
  const answer = await send(
    event({ objectId: '710710', email }),
    event({ email }),
    event({ objectId: '710711', email }),
  );
  expect(answer.status).toBe(207);
  expect(answer.json.results.map((each: Json) => each.objectId)).toEqual(['710710', '710710']);
  expect(answer.json.errors).toHaveLength(1);
  expect(answer.json.errors[0]).toMatchObject({ category: 'CONFLICT', context: { index: ['2'] } });
});

test('500 events are a batch; 501 are refused with both numbers, and none is stored', async () => {
  const ids = Array.from({ length: 501 }, () => fresh('many'));
  const refused = await send(...ids.map((id) => event({ id })));
  expectRefused(refused, 400);
  expect(refused.json.message).toContain('501');
  expect(refused.json.message).toContain('500');
  expectRefused(await server.call('GET', eventPath(ids[0] as string)), 404, 'OBJECT_NOT_FOUND');

  const taken = await send(...ids.slice(1).map((id) => event({ id })));
  expect(taken.status).toBe(201);
  expect(taken.json.results.map((each: Json) => each.id)).toEqual(ids.slice(1));
});

test.each([
  '{}',
  '{"inputs":null}',
  '{"inputs":{}}',
  '{"inputs":"x"}',
  '{"input":[]}',
  '[]',
  '[{"inputs":[]}]',
  'null',
  '7',
  '"inputs"',
])('the body %s is no batch: 400 that shows what one is', async (body) => {
  const refused = await server.call('POST', BATCH, body);
  expectRefused(refused, 400);
  expect(refused.json.message).toContain('{"inputs": [');
});

test('inputs that stand twice in the body are refused, not chosen from', async () => {
  const id = fresh('doubled');
  const inputs = JSON.stringify([event({ id })]);
  const refused = await server.call('POST', BATCH, `{"inputs":${inputs},"inputs":[]}`);
  expectRefused(refused, 400);
  expectRefused(await server.call('POST', BATCH, `{"inputs":[],"inputs":${inputs}}`), 400);
  expectRefused(await server.call('GET', eventPath(id)), 404, 'OBJECT_NOT_FOUND');
});

test('a batch stays what it is whatever stands around its inputs', async () => {
  const id = fresh('around');
  const text = ` {"before":[{"inputs":[]}],"\\u0069nputs" : [ ${JSON.stringify(event({ id }))} ] ,"after":"]}"} `;
  const answer = await server.call('POST', BATCH, text);
  expect(answer.status).toBe(201);
  expect(answer.json.results.map((each: Json) => each.id)).toEqual([id]);
});
