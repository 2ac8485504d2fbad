// Off the documented paths: other methods, other addresses, and what is hardly HTTP. Always HubSpot's error body and
// its header, never a 5xx.
import { rmSync } from 'node:fs';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Server, startServer } from '../../dist/server.js';
import { type Json, startDev, V3 } from '../harness.js';
import { newFolder } from '../store/folders.js';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** Sends text as it stands and reads until the server hangs up. */
function send(server: Server, text: string): Promise<Answer> {
  const { hostname, port } = new URL(server.baseUrl);
  return new Promise((done, failed) => {
    let received = '';
    const socket = connect(Number(port), hostname, () => socket.write(text));
    socket.setEncoding('utf8');
    socket.on('data', (part) => {
      received += part;
    });
    socket.on('error', failed);
    socket.on('close', () => {
      const [head = '', body = ''] = received.split(/\r\n\r\n([\s\S]*)/);
      const [status = '', ...lines] = head.split('\r\n');
      const headers = Object.fromEntries(
        lines.map((line) => {
          const [name = '', ...value] = line.split(': ');
          return [name.toLowerCase(), value.join(': ')];
        }),
      );
      done({ status: Number(status.split(' ')[1]), headers, body });
    });
  });
}

/** A refusal as HubSpot words it; its body. */
function refused({ status, headers, body }: Answer, expected: number): Json {
  expect(status, body).toBe(expected);
  expect(headers['x-hubspot-correlation-id']).toMatch(UUID);
  expect(headers['content-type']).toBe('application/json; charset=utf-8');
  const told = JSON.parse(body);
  expect(told).toEqual({
    status: 'error',
    message: expect.stringMatching(/\S/),
    correlationId: headers['x-hubspot-correlation-id'],
    category: expect.stringMatching(/^[A-Z_]+$/),
  });
  return told;
}

const line = (method: string, path: string, ...headers: string[]) =>
  [`${method} ${path} HTTP/1.1`, 'Host: 127.0.0.1', 'Connection: close', ...headers, '', ''].join('\r\n');

describe.each(['dev', 'serve'])('in %s', (mode) => {
  let server: Server;
  const folder = newFolder();
  beforeAll(async () => {
    server =
      mode === 'dev'
        ? await startDev({ folder })
        : await startServer({ folder, host: '127.0.0.1', port: 0, timeZone: 'UTC' });
  });
  afterAll(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const elsewhere = [
    '/nowhere',
    '/integrators',
    `${V3}`,
    `${V3}/events/`,
    `${V3}/eventz`,
    '/crm/v3/timeline//events',
    '/docs/nowhere',
    '/openapi.yaml',
    '/timeline/v1',
    '/__proto__',
  ];
  test.each(elsewhere)('GET %s is 404 and names no resource', async (path) => {
    const { message, category } = refused(await send(server, line('GET', path)), 404);
    expect(category).toBe('OBJECT_NOT_FOUND');
    expect(message).toContain('GET');
  });

  const methods = ['OPTIONS', 'PATCH', 'DELETE', 'PUT', 'TRACE', 'PROPFIND', 'GET'];
  test.each(methods)('%s where only POST is answered is 404', async (method) => {
    refused(await send(server, line(method, `${V3}/events`)), 404);
  });

  test('HEAD answers with the head of GET and no body', async () => {
    const found = await send(server, line('HEAD', '/openapi.json'));
    expect([found.status, found.body]).toEqual([200, '']);
    for (const [path, expected] of [
      [`${V3}/events`, 404],
      [`${V3}/events/1001298/x`, 401],
      ['/nowhere', 404],
    ] as const) {
      const missed = await send(server, line('HEAD', path));
      expect([missed.status, missed.body]).toEqual([expected, '']);
      expect(missed.headers['x-hubspot-correlation-id']).toMatch(UUID);
    }
  });

  test.each([
    ['an unknown method', line('FOO', '/'), 400],
    ['no HTTP at all', 'hello\r\n\r\n', 400],
    ['a length that is none', line('POST', `${V3}/events`, 'Content-Length: many'), 400],
    ['two lengths', line('POST', `${V3}/events`, 'Content-Length: 1', 'Content-Length: 2'), 400],
    ['too many headers', line('GET', '/', `X: ${'x'.repeat(20_000)}`), 431],
    ['an address that is too long', line('GET', `/${'x'.repeat(20_000)}`), 431],
    ['an id that is too long', line('GET', `${V3}/events/1/${'x'.repeat(3_000)}`), 414],
    ['a stray percent', line('GET', `${V3}/events/1/%zz`), 400],
    ['bytes that are no UTF-8', line('GET', `${V3}/events/1/%C0%80`), 400],
  ])('%s is refused', async (_what, text, expected) => {
    const { message } = refused(await send(server, text), expected);
    expect(message.length).toBeLessThan(200);
  });

  test.each(['/docs', '/docs/', '/openapi.json', '/'])(
    'a Host that is none does not break %s',
    async (path) => {
      for (const host of ['a b', '[', ':::', '']) {
        const { status, headers } = await send(server, line('GET', path).replace('127.0.0.1', host));
        expect(status, host).toBeLessThan(500);
        expect(headers['x-hubspot-correlation-id'], host).toMatch(UUID);
      }
    },
  );
});
