// The lane past the framework: which requests it takes, and that nobody can tell from the answers.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Front } from '../../dist/wire/front.js';
import { eventLane } from '../../dist/wire/lane.js';
import { until } from '../cli.js';
import {
  type Answer,
  createTenant,
  DEMO_TOKEN,
  startDev,
  TEMPLATE,
  type TestServer,
  V3,
} from '../harness.js';
import { newFolder } from '../store/folders.js';
import { fresh, type RawRequest, sendRaw } from './support.js';

const EVENTS = `${V3}/events`;
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
const JSON_TYPE = { 'content-type': 'application/json' };
const post = (body: string | Uint8Array, more: Partial<RawRequest> = {}): RawRequest => ({
  method: 'POST',
  path: EVENTS,
  ...more,
  body,
  headers: { ...JSON_TYPE, 'content-length': String(Buffer.byteLength(body)), ...more.headers },
});

describe('the lane', () => {
  const state = { full: false, closing: false };
  const holder = (token: string) => (sent?: string) =>
    sent === `Bearer ${token}` ? ({} as never) : undefined;
  const server = new Front(
    {
      keepAliveTimeout: 5_000,
      isClosing: () => state.closing,
      lane: eventLane({
        calls: { send: async () => 'taken', read: () => 'taken' } as never,
        intake: {
          get isFull() {
            return state.full;
          },
        } as never,
        authenticator: { holderOf: ([scope]: string[]) => holder(scope as string) } as never,
        families: [V3],
        headers: '',
        isOurHost: (host) => host !== 'example.com',
        failed: () => undefined,
      }),
    },
    (request, response) => {
      request.resume();
      response.end('left');
    },
  );
  beforeAll(() => new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening)));
  afterAll(() => server.close());
  const baseUrl = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const write = { authorization: 'Bearer timeline' };
  const ask = async (request: RawRequest) => (await sendRaw({ baseUrl: baseUrl() }, request)).text;
  const send = (more: Partial<RawRequest> = {}, body = '{}') =>
    ask(post(body, { ...more, headers: { ...write, ...more.headers } }));

  test('takes an event that is sent, and one that is read', async () => {
    expect(await send()).toBe('taken');
    expect(await send({ headers: { 'content-type': 'Application/JSON ; charset=utf-8' } })).toBe('taken');
    expect(await ask({ path: `${EVENTS}/12/a-b_c.d`, headers: write })).toBe('taken');
  });

  test.each<[string, () => Promise<string>]>([
    ['another path', () => send({ path: `${EVENTS}/batch/create` })],
    ['a query', () => send({ path: `${EVENTS}?a=b` })],
    ['another method', () => send({ method: 'PUT' })],
    ['nobody we know', () => send({ headers: { authorization: 'Bearer other' } })],
    ['no token', () => send({ headers: { authorization: '' } })],
    ['a body that is not JSON', () => send({ headers: { 'content-type': 'text/plain' } })],
    ['no type', () => send({ headers: { 'content-type': '' } })],
    ['a type that only begins so', () => send({ headers: { 'content-type': 'application/jsonp' } })],
    ['a large body', () => send({}, 'x'.repeat(16 * 1024 + 1))],
    ['an empty body', () => send({}, '')],
    ['a compressed body', () => send({ headers: { 'content-encoding': 'gzip' } })],
    [
      'a body of unknown length',
      () =>
        ask({
          method: 'POST',
          path: EVENTS,
          headers: { ...write, ...JSON_TYPE, 'transfer-encoding': 'chunked' },
          body: '{}',
        }),
    ],
    ['another host', () => send({ headers: { host: 'example.com' } })],
    ['a percent-encoded id', () => ask({ path: `${EVENTS}/12/a%20b`, headers: write })],
    ['a part of an event', () => ask({ path: `${EVENTS}/12/a/detail`, headers: write })],
    [
      'a read that has a body',
      () => ask({ path: `${EVENTS}/12/a`, headers: { ...write, 'content-length': '2' }, body: '{}' }),
    ],
    ['a HEAD', () => send({ method: 'HEAD', path: `${EVENTS}/12/a` }).then((text) => text || 'left')],
  ])('leaves %s', async (_, asked) => {
    expect(await asked()).toBe('left');
  });

  test('leaves all of them while too much waits, and once the server is to stop', async () => {
    state.full = true;
    expect(await send()).toBe('left');
    state.full = false;
    state.closing = true;
    expect(await send()).toBe('left');
    expect(await ask({ path: `${EVENTS}/12/a`, headers: write })).toBe('left');
    state.closing = false;
    expect(await send()).toBe('taken');
  });
});

describe('by the lane and by the framework', () => {
  /** How often the framework has run a handler. */
  let handled = 0;
  const HANDLING = 'tracing:fastify.request.handler:start';
  const count = () => {
    handled++;
  };
  const folder = newFolder();
  let server: TestServer;
  let tenant: Awaited<ReturnType<typeof createTenant>>;
  let narrow: Awaited<ReturnType<typeof createTenant>>;
  beforeAll(async () => {
    subscribe(HANDLING, count);
    // What another store writes later empties what the server remembers, and the lane takes whom it remembers.
    tenant = await createTenant(folder);
    narrow = await createTenant(folder, { scopes: ['oauth'] });
    server = await startDev({
      folder,
      clock: () => Date.parse('2026-01-30T17:42:10.276Z'),
      publicUrl: 'https://crm.example.com',
    });
  });
  afterAll(async () => {
    unsubscribe(HANDLING, count);
    await server.close();
    rmSync(folder, { recursive: true });
  });

  /** What must be the same: all but what is made for each request. */
  function same({ status, headers, text }: Answer) {
    expect(headers.get('x-hubspot-correlation-id')).toMatch(UUID);
    if (status >= 400) expect(text).toContain(headers.get('x-hubspot-correlation-id'));
    const masked = text.replaceAll(UUID, '…');
    const kept = [...headers].filter(([name]) => name !== 'date' && name !== 'x-hubspot-correlation-id');
    return { status, headers: kept, text: masked };
  }
  /** The framework gets what the lane leaves: what has a query, be it empty. */
  async function both(request: RawRequest) {
    // First by the framework, which remembers the token: the lane asks nobody.
    const byFramework = same(
      await sendRaw({ baseUrl: server.listening }, { ...request, path: `${request.path}?` }),
    );
    const byLane = same(await sendRaw({ baseUrl: server.listening }, request));
    expect(byLane).toEqual(byFramework);
    return byLane;
  }
  const event = (more: object = {}) => ({
    eventTemplateId: TEMPLATE,
    email: 'a@example.com',
    tokens: {},
    ...more,
  });
  const by = ({ token }: { token: string }) => ({ headers: { authorization: `Bearer ${token}` } });

  test.each<[string, number, RawRequest]>([
    [
      'a whole event',
      201,
      post(
        JSON.stringify(
          event({ id: 'whole {{uuid}}', domain: 'é', utk: 'u', timestamp: 5, extraData: { a: [1e5] } }),
        ),
      ),
    ],
    [
      'an event in older clients’ family',
      201,
      post(JSON.stringify(event()), { path: '/crm/v3/timeline/events' }),
    ],
    [
      'an event that nobody holds yet',
      201,
      post(JSON.stringify({ eventTemplateId: TEMPLATE, utk: 'visitor', tokens: {} })),
    ],
    ['text that is not JSON', 400, post('{"a":')],
    ['text that is not UTF-8', 400, post(new Uint8Array([0x22, 0xff, 0x22]))],
    ['a list', 400, post('[]')],
    ['null', 400, post('null')],
    ['nothing of an event', 400, post('{}')],
    [
      'everything wrong at once',
      400,
      post(
        JSON.stringify(event({ email: 'no', id: '', timestamp: 'no', tokens: { no: 'no', petAge: 'no' } })),
      ),
    ],
    ['names that stand twice', 400, post('{"eventTemplateId":"1","eventTemplateId":"2","tokens":{}}')],
    ['a template that is not there', 404, post(JSON.stringify(event({ eventTemplateId: '7' })))],
    ['no token', 401, post('{}', { headers: { authorization: '' } })],
    ['a token of nobody', 401, post('{}', { headers: { authorization: 'Bearer nobody' } })],
    ['another host', 421, post('{}', { headers: { host: 'example.com' } })],
    ['no event', 404, { path: `${EVENTS}/${TEMPLATE}/none` }],
    ['an event of no template', 404, { path: `${EVENTS}/x/none` }],
  ])('%s is answered the same: %i', async (_, status, request) => {
    handled = 0;
    expect((await both(request)).status).toBe(status);
    if (status === 201) expect(handled, 'the lane takes the one').toBe(1);
  });

  test('an event of another’s template, and one without the scope, are refused the same', async () => {
    expect((await both(post(JSON.stringify(event()), by(tenant)))).status).toBe(404);
    expect((await both(post(JSON.stringify(event()), by(narrow)))).status).toBe(403);
    expect((await both({ path: `${EVENTS}/${TEMPLATE}/none`, ...by(narrow) })).status).toBe(403);
  });

  test('an event reads back the same, by each that may', async () => {
    const id = fresh('lane');
    await server.event(event({ id }));
    handled = 0;
    expect((await both({ path: `${EVENTS}/${TEMPLATE}/${id}` })).text).toContain(`"id":"${id}"`);
    expect(handled, 'the lane takes the one').toBe(1);
    expect((await both({ path: `/crm/v3/timeline/events/${TEMPLATE}/${id}` })).status).toBe(200);
    expect((await both({ path: `${EVENTS}/${TEMPLATE}/${id}`, ...by(tenant) })).status).toBe(404);
  });

  test('of many that are asked for in one breath, each is answered with its own, in order', async () => {
    const ids = Array.from({ length: 40 }, (_, n) => `breath-${n}`);
    for (const id of ids.filter((_, n) => n % 4)) await server.event(event({ id }));
    const { hostname, port } = new URL(server.listening);
    const socket = connect(Number(port), hostname);
    const get = (id: string) =>
      `GET ${EVENTS}/${TEMPLATE}/${id} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${DEMO_TOKEN}\r\n`;
    socket.write(ids.map((id, n) => `${get(id)}${n === 39 ? 'connection: close\r\n' : ''}\r\n`).join(''));
    let text = '';
    for await (const chunk of socket) text += chunk;
    const answers = text.split('HTTP/1.1 ').slice(1);
    expect(answers.map((answer) => answer.slice(0, 3))).toEqual(ids.map((_, n) => (n % 4 ? '200' : '404')));
    for (const [n, answer] of answers.entries()) expect(answer).toContain(`breath-${n}"`);
  });

  test('who goes away before the answer harms nobody', async () => {
    const { hostname, port } = new URL(server.listening);
    const head = `host: localhost\r\nauthorization: Bearer ${DEMO_TOKEN}\r\n`;
    const body = JSON.stringify(event());
    const sent = [
      `GET ${EVENTS}/${TEMPLATE}/none HTTP/1.1\r\n${head}\r\n`,
      `POST ${EVENTS} HTTP/1.1\r\n${head}content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    ];
    for (let n = 0; n < 40; n++) {
      const socket = connect(Number(port), hostname);
      socket.on('error', () => undefined);
      socket.write((sent[n % 2] as string).repeat(5), () => socket.resetAndDestroy());
      await once(socket, 'close');
    }
    expect((await server.call('GET', `${EVENTS}/${TEMPLATE}/none`)).status).toBe(404);
  });

  test('what comes after a refusal that ends the connection is not done', async () => {
    const id = fresh('after');
    await server.event(event()); // the token is remembered: the lane would take it
    const { hostname, port } = new URL(server.listening);
    const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true });
    const closed = once(socket, 'close');
    socket.write('NONE / HTTP/1.1\r\nhost: localhost\r\n\r\n');
    expect(String(await once(socket, 'data'))).toMatch(/^HTTP\/1.1 400 .*connection: close/s);
    const body = JSON.stringify(event({ id }));
    socket.end(
      `POST ${EVENTS} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${DEMO_TOKEN}\r\n` +
        `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    socket.on('error', () => undefined);
    await closed;
    await server.event(event()); // by now the one before would be stored
    expect((await server.call('GET', `${EVENTS}/${TEMPLATE}/${id}`)).status).toBe(404);
  });

  test('whatever is sent is answered the same', async () => {
    const field = fc.constantFrom(
      'id',
      'email',
      'objectId',
      'utk',
      'domain',
      'timestamp',
      'tokens',
      'extraData',
      'timelineIFrame',
      'eventTemplateId',
    );
    const value = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(TEMPLATE, 'b@example.com', '7', 1_700_000_000_000, { petName: 'Rex' }),
    );
    await fc.assert(
      fc.asyncProperty(fc.dictionary(field, value), fc.boolean(), async (more, whole) => {
        await both(post(JSON.stringify(whole ? event(more) : more)));
      }),
      { numRuns: 300 },
    );
  });

  test('a body that comes in pieces is put together; one that breaks off harms nobody', async () => {
    const body = Buffer.from(
      JSON.stringify(event({ id: fresh('pieces'), extraData: { text: 'é'.repeat(2_000) } })),
    );
    const { hostname, port } = new URL(server.listening);
    const begin = () => {
      const socket = connect(Number(port), hostname);
      socket.write(
        `POST ${EVENTS} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${DEMO_TOKEN}\r\n` +
          `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`,
      );
      return socket;
    };
    const broken = begin();
    broken.write(body.subarray(0, 1_001), () => broken.destroy());
    await once(broken, 'close');
    const socket = begin();
    const pause = () => new Promise((resolve) => setTimeout(resolve, 5));
    for (let at = 0; at < body.length; at += 1_001) {
      socket.write(body.subarray(at, at + 1_001)); // within a letter
      await pause();
    }
    const [answer] = await once(socket, 'data');
    socket.destroy();
    expect(String(answer)).toContain('HTTP/1.1 201 Created');
    expect(String(answer)).toContain('é'.repeat(2_000));
  });

  test('of several that are sent ahead, in pieces of any size, each is answered with its own, in order', async () => {
    const { hostname, port } = new URL(server.listening);
    const head = `POST ${EVENTS} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${DEMO_TOKEN}\r\n`;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 }),
        async (cuts) => {
          const ids = [fresh('first'), fresh('second'), fresh('third')];
          const texts = ids.map((id) => {
            const body = JSON.stringify(event({ id, extraData: { text: 'x'.repeat(600) } }));
            return `${head}content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
          });
          const sent = texts.join('');
          const at = cuts.map((cut) => Math.round(cut * sent.length)).sort((a, b) => a - b);
          const socket = connect(Number(port), hostname).setNoDelay().setEncoding('utf8');
          let text = '';
          socket.on('data', (chunk) => {
            text += chunk;
          });
          for (const [n, from] of [0, ...at].entries()) {
            socket.write(sent.slice(from, at[n]));
            await new Promise((resolve) => setTimeout(resolve, n % 3));
          }
          await until(async () => ids.every((id) => text.includes(id)));
          socket.destroy();
          const answers = text.split('HTTP/1.1 ').slice(1);
          expect(answers.map((answer) => answer.slice(0, 3))).toEqual(['201', '201', '201']);
          for (const [n, answer] of answers.entries()) expect(answer).toContain(`"id":"${ids[n]}"`);
        },
      ),
      { numRuns: 60 },
    );
  });
});
