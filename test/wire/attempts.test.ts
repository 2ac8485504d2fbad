// Who guesses secrets is made to wait, by address and by client; who has the right one never notices.
import { EventEmitter, once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { demo } from '../../dist/demo.js';
import { type AttemptKind, attempts } from '../../dist/wire/attempts.js';
import { HttpProblem } from '../../dist/wire/problem.js';
import { until } from '../cli.js';
import { ADMIN_KEY, type Json, startDev, type TestServer } from '../harness.js';
import { expectRefused, sendForm } from './support.js';

afterEach(() => vi.useRealTimers());

/** Minutes pass, for the server in this process too. */
function later(seconds: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + seconds * 1_000 });
}

describe('the admin API', () => {
  let server: TestServer;
  beforeEach(async () => {
    server = await startDev({ trustProxy: ['127.0.0.1'] });
  });
  afterEach(() => server.close());

  const ask = (token: string, from = '192.0.2.1', path = '/timeline/v1/apps') =>
    server.call('GET', path, undefined, { token, headers: { 'x-forwarded-for': from } });
  const fail = async (times: number, from?: string) => {
    for (let n = 0; n < times; n++)
      expectRefused(await ask(`guess-${n}`, from), 401, 'INVALID_AUTHENTICATION');
  };

  test('lets an address fail 30 times a minute, then refuses it, with a right key too', async () => {
    await fail(30);
    const refused = await ask('one more');
    expectRefused(refused, 429, 'RATE_LIMITS');
    expect(refused.json.message).toMatch(
      /^Too many attempts from this address have failed\. Wait \d+ seconds?, check the credentials/,
    );
    const wait = Number(refused.headers.get('retry-after'));
    expect(wait).toBeGreaterThan(30);
    expect(wait).toBeLessThanOrEqual(60);
    expectRefused(await ask(ADMIN_KEY), 429, 'RATE_LIMITS');
    expect((await ask(ADMIN_KEY, '192.0.2.2')).status).toBe(200); // somebody else

    for (let n = 0; n < 50; n++) await ask('again'); // asking meanwhile makes it no longer
    later(wait + 1);
    expect((await ask(ADMIN_KEY)).status).toBe(200);
    await fail(1);
  });

  test('counts no success, however many, one by one or at once', async () => {
    for (let n = 0; n < 120; n++) expect((await ask(ADMIN_KEY)).status).toBe(200);
    const many = await Promise.all(Array.from({ length: 200 }, () => ask(ADMIN_KEY)));
    expect(many.every(({ status }) => status === 200)).toBe(true);
    // Nor what a good key gets wrong besides.
    for (let n = 0; n < 40; n++)
      expect((await ask(ADMIN_KEY, undefined, '/timeline/v1/apps/1')).status).toBe(404);
    await fail(30);
  });

  test('forgets those that were sent ahead of answers which nobody reads', async () => {
    await server.call('GET', '/docs/js/scalar.js');
    const { port } = new URL(server.listening);
    const line = (path: string) =>
      `GET ${path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer guess\r\n\r\n`;
    const ahead = line('/docs/js/scalar.js').repeat(4) + line('/timeline/v1/apps').repeat(100);
    const sockets = Array.from({ length: 12 }, () => connect(Number(port), '127.0.0.1').pause());
    for (const socket of sockets) socket.write(ahead);
    await pause(500);
    for (const socket of sockets) socket.destroy();
    await pause(100);
    // Some may fail later than that, on a busy machine: a minute later they are forgotten too.
    await until(async () => {
      later(61);
      return (await server.call('GET', '/timeline/v1/apps', undefined, { token: ADMIN_KEY })).status === 200;
    });
  });

  test('sees an IPv6 network of 64 bits as one address, and an IPv4 address in IPv6 as itself', async () => {
    for (let n = 0; n < 30; n++) await fail(1, `2001:db8:1:2::${n.toString(16)}`);
    expectRefused(await ask(ADMIN_KEY, '2001:db8:1:2:ffff:ffff:ffff:ffff'), 429, 'RATE_LIMITS');
    expectRefused(await ask(ADMIN_KEY, '2001:DB8:0001:0002::'), 429, 'RATE_LIMITS');
    expect((await ask(ADMIN_KEY, '2001:db8:1:3::1')).status).toBe(200);
    await fail(30, '::ffff:192.0.2.9');
    expectRefused(await ask(ADMIN_KEY, '192.0.2.9'), 429, 'RATE_LIMITS');
    expect((await ask(ADMIN_KEY, '::ffff:192.0.2.10')).status).toBe(200);
  });

  test('does not look at tokens for other paths', async () => {
    for (let n = 0; n < 40; n++)
      expect((await ask('wrong', undefined, '/crm/v3/objects/contacts')).status).toBe(401);
    expect((await ask(ADMIN_KEY)).status).toBe(200);
  });
});

describe('whoever is named', () => {
  let server: TestServer;
  beforeEach(async () => {
    server = await startDev();
  });
  afterEach(() => server.close());

  const send = (path: string, fields: Record<string, string>, headers?: Record<string, string>) =>
    sendForm(server, path, fields, headers); // each time from another address
  const basic = (id: string, secret: string) => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
  const refresh = { grant_type: 'refresh_token', refresh_token: 'x' };
  const encoded = `%${Buffer.from(demo.clientId[0] as string).toString('hex')}${demo.clientId.slice(1)}`;

  test.each<[string, (n: number) => [Record<string, string>, Record<string, string>]]>([
    ['by HTTP Basic', () => [{}, { authorization: basic(demo.clientId, 'guess') }]],
    [
      'by HTTP Basic, while the form names others',
      (n) => [{ client_id: `other-${n}` }, { authorization: basic(demo.clientId, 'guess') }],
    ],
    [
      'by HTTP Basic, written otherwise',
      () => [{}, { authorization: basic(encoded, 'guess').replace(' ', '   ') }],
    ],
    ['by the form', () => [{ client_id: demo.clientId, client_secret: 'guess' }, {}]],
  ])('as an OAuth client %s is the one whose failures are counted', async (_how, guess) => {
    for (let n = 0; n < 100; n++) {
      const [fields, headers] = guess(n);
      const { status } = await send('/oauth/v1/token', { ...refresh, ...fields }, headers);
      expect([400, 401]).toContain(status);
    }
    const right = { ...refresh, client_id: demo.clientId, client_secret: 'demo-client-secret' };
    expect((await send('/oauth/v1/token', right)).status).toBe(429);
    expect((await send('/oauth/v1/token', { ...right, client_id: 'another' })).status).toBe(400);
  });

  test('is not held back by what comes with a right secret, such as refresh tokens that have ended', async () => {
    const right = { ...refresh, client_id: demo.clientId, client_secret: 'demo-client-secret' };
    const ask = (of: Record<string, string>) =>
      server.call('POST', `/oauth/v1/token?${new URLSearchParams(of)}`);
    for (let n = 0; n < 101; n++) expect((await ask(right)).json.status).toBe('BAD_REFRESH_TOKEN');
    for (let n = 0; n < 30; n++) await ask({ ...right, client_secret: 'guess' });
    expect((await ask(right)).status).toBe(429);
  });
});

describe('a guarded route', () => {
  let app: FastifyInstance;
  afterEach(() => app.close());
  /** Tells of each request that hangs that it has come. */
  const hanging = new EventEmitter();

  /** Answers what the body asks for, on routes of each kind. */
  async function start(): Promise<string> {
    app = fastify();
    const { guard } = attempts();
    app.setErrorHandler((error, _request, reply) => {
      if (!(error instanceof HttpProblem)) throw error;
      return reply.code(error.problem.http).send(error.problem);
    });
    app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
    for (const kind of ['token', 'sign-in', 'admin'] as const)
      app.post<{ Body: { answer?: number; wait?: number; hangs?: true } }>(
        `/${kind}`,
        {
          preHandler: guard(
            kind,
            ({ body }) =>
              (body as Record<string, string | undefined>)[kind === 'sign-in' ? 'email' : 'client_id'],
          ),
        },
        async ({ body }, reply) => {
          if (body.hangs) {
            hanging.emit('came');
            return new Promise(() => undefined);
          }
          if (body.wait) await new Promise((resolve) => setTimeout(resolve, body.wait));
          return reply.code(body.answer ?? 200).send({});
        },
      );
    app.addHook('onRequest', async (request) => {
      const ip = request.headers['x-test-ip'];
      if (typeof ip === 'string') Object.defineProperty(request, 'ip', { value: ip });
    });
    return app.listen({ port: 0, host: '127.0.0.1' });
  }

  async function post(
    url: string,
    kind: AttemptKind,
    body: object,
    ip = '192.0.2.1',
    headers: Record<string, string> = {},
  ): Promise<{ status: number; json: Json }> {
    const answer = await fetch(`${url}/${kind}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-test-ip': ip, ...headers },
      body: JSON.stringify(body),
    });
    return { status: answer.status, json: await answer.json() };
  }

  test.each([
    ['token', 'client_id'],
    ['sign-in', 'email'],
  ] as const)(
    'of kind %s counts failures in a client’s name, wherever they come from',
    async (kind, name) => {
      const url = await start();
      for (let n = 0; n < 100; n++)
        expect((await post(url, kind, { [name]: 'a', answer: 400 }, `192.0.2.${n}`)).status).toBe(400);
      const refused = await post(url, kind, { [name]: 'a' }, '198.51.100.1');
      expect(refused.status).toBe(429);
      expect(refused.json.message).toContain('for this client');
      expect((await post(url, kind, { [name]: 'b' }, '198.51.100.1')).status).toBe(200);
      expect((await post(url, kind, {}, '198.51.100.1')).status).toBe(200);
    },
  );

  test('counts each kind by itself', async () => {
    const url = await start();
    for (let n = 0; n < 30; n++) await post(url, 'token', { answer: 400 });
    expect((await post(url, 'token', {})).status).toBe(429);
    expect((await post(url, 'sign-in', {})).status).toBe(200);
    for (let n = 0; n < 40; n++) await post(url, 'admin', { answer: 400 }); // a bad request is no bad key
    expect((await post(url, 'admin', {})).status).toBe(200);
  });

  test('lets nobody guess more by guessing at once', async () => {
    const url = await start();
    const answers = await Promise.all(
      Array.from({ length: 120 }, () => post(url, 'sign-in', { answer: 401, wait: 300 })),
    );
    const tried = answers.filter(({ status }) => status === 401).length;
    expect(tried).toBeGreaterThanOrEqual(30);
    expect(tried).toBeLessThanOrEqual(40);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(120 - tried);
  });

  test('takes who hangs up before the answer as failed', async () => {
    const url = await start();
    const body = JSON.stringify({ hangs: true });
    for (let n = 0; n < 30; n++) {
      const socket = connect(Number(new URL(url).port), '127.0.0.1');
      socket.write(
        'POST /token HTTP/1.1\r\nhost: localhost\r\nx-test-ip: 192.0.2.7\r\n' +
          `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
      await once(hanging, 'came');
      socket.destroy();
    }
    await until(async () => (await post(url, 'token', {}, '192.0.2.7')).status === 429);
  });
});
