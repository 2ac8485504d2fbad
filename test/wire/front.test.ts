// Connections before Node's HTTP: what the lane wants goes to it, all else to Node, and every answer comes in its order.
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, Front } from '../../dist/wire/front.js';
import { headReader } from '../../dist/wire/head.js';
import { inTurn } from '../../dist/wire/in_turn.js';
import { until } from '../cli.js';

const KEEP_ALIVE_MS = 3_000;

const state = { closing: false };
/** Answers of the lane that wait for a word. */
const owed: (() => void)[] = [];
const taken = (body: Buffer, answer: Answer) => answer(200, 'by: lane\r\n', `lane ${body}`);

function front(): Front {
  const setting = {
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: 1_500,
    connectionsCheckingInterval: 100,
  };
  const lane = ({ url }: { url: string }) => {
    if (url === '/lane') return taken;
    if (url === '/large') return (_: Buffer, answer: Answer) => answer(200, '', 'x'.repeat(30_000_000));
    if (url !== '/later') return undefined;
    return (body: Buffer, answer: Answer) => void owed.push(() => taken(body, answer));
  };
  const listener = inTurn((request, response) => {
    const whole = (body: string) => response.setHeader('by', 'node').end(`node ${body}`);
    textOf(request).then(whole, () => undefined);
  });
  return new Front({ ...setting, lane, isClosing: () => state.closing }, listener);
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('latin1')) text += chunk;
  return text;
}

const server = front();
beforeAll(() => listen(server));
afterAll(() => server.close());

const listen = (on: ReturnType<typeof createServer>) =>
  new Promise<void>((listening) => on.listen(0, '127.0.0.1', listening));

function open(to = server, allowHalfOpen = false): Socket {
  const { port } = to.address() as AddressInfo;
  return connect({ port, host: '127.0.0.1', allowHalfOpen }).setNoDelay().setEncoding('latin1');
}

function line(path: string, body?: string, more = ''): string {
  const length = body === undefined ? '' : `content-length: ${body.length}\r\n`;
  return `${body === undefined ? 'GET' : 'POST'} ${path} HTTP/1.1\r\nhost: localhost\r\n${length}${more}\r\n${body ?? ''}`;
}

const chunked = (body: string) =>
  line('/node', undefined, 'transfer-encoding: chunked\r\n').replace('GET', 'POST') +
  `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;

/** What each answer says, of those that have come whole. */
function answersIn(text: string): string[] {
  const answers: string[] = [];
  for (let rest = text; ; ) {
    const head = /^HTTP\/1\.1 (\d+) .*?\r\n(?:content-length: (\d+)\r\n|[^\r].*?\r\n)*?\r\n/is.exec(rest);
    if (!head) return answers;
    const length = Number(/content-length: (\d+)/i.exec(head[0])?.[1] ?? 0);
    if (rest.length < head[0].length + length) return answers;
    answers.push(rest.slice(head[0].length, head[0].length + length) || (head[1] as string));
    rest = rest.slice(head[0].length + length);
  }
}

/** The answers, when there are so many, or the connection has ended. */
async function answers(socket: Socket, count = Number.POSITIVE_INFINITY): Promise<string[]> {
  let text = '';
  return new Promise((resolve) => {
    socket.on('data', (chunk) => {
      text += chunk;
      if (answersIn(text).length >= count) resolve(answersIn(text));
    });
    socket.on('error', () => undefined).on('close', () => resolve(answersIn(text)));
  });
}

async function ask(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  const [answer] = await answers(socket, 1);
  socket.removeAllListeners('data');
  return answer ?? 'none';
}

test('a connection is the lane’s again after Node has answered a request whose end is plain to see', async () => {
  const socket = open();
  expect(await ask(socket, line('/lane', 'a'))).toBe('lane a');
  expect(await ask(socket, line('/node'))).toBe('node ');
  expect(await ask(socket, line('/lane'))).toBe('lane ');
  expect(await ask(socket, line('/node', 'b'.repeat(200_000)))).toBe(`node ${'b'.repeat(200_000)}`);
  expect(await ask(socket, line('/lane', 'c'))).toBe('lane c');
  expect(await ask(socket, chunked('d'))).toBe('node d');
  expect(await ask(socket, line('/lane', 'e'))).toBe('node e');
  socket.destroy();
});

test('a head and its body may come one after the other; in more pieces, or late, they are Node’s', async () => {
  const socket = open();
  const [head, body] = [line('/lane', 'abcdef').slice(0, -6), 'abcdef'];
  socket.write(head);
  await pause(50);
  expect(await ask(socket, body)).toBe('lane abcdef');
  socket.write(head);
  await pause(50);
  socket.write('abc');
  await pause(50);
  expect(await ask(socket, 'def')).toBe('node abcdef');
  expect(await ask(socket, line('/lane', 'a'))).toBe('lane a');
  socket.write(head);
  await pause(1_200);
  expect(await ask(socket, body)).toBe('node abcdef');
  expect(await ask(socket, line('/lane', 'a'))).toBe('lane a');
  socket.destroy();
});

test('a request whose rest never comes is told so in Node’s time', async () => {
  const socket = open();
  socket.write(line('/lane', 'abcdef').slice(0, -3));
  expect(await answers(socket)).toEqual(['408']);
});

test('one that breaks off with its connection is refused', async () => {
  const socket = open(server, true);
  socket.end(line('/lane', 'abcdef').slice(0, -3));
  expect(await answers(socket)).toEqual(['400']);
});

test('whoever says nothing is let go, a little later than was told', async () => {
  const [silent, answered] = [open(), open()];
  await ask(answered, line('/lane', 'a'));
  const from = performance.now();
  await Promise.all([once(silent.resume(), 'close'), once(answered.resume(), 'close')]);
  expect(performance.now() - from).toBeGreaterThan(KEEP_ALIVE_MS + 500);
});

test('a connection that is to end with an answer does', async () => {
  const socket = open();
  socket.write(line('/lane', 'a', 'connection: close\r\n') + line('/lane', 'b'));
  expect(await answers(socket)).toEqual(['lane a']);
});

test('whoever has sent all and closes their side gets every answer', async () => {
  for (const all of [
    ['/lane'],
    ['/lane', '/lane'],
    ['/lane', '/node'],
    ['/node', '/lane'],
    ['/later', '/lane'],
  ]) {
    const socket = open(server, true);
    const got = answers(socket);
    socket.end(all.map((path) => line(path, 'x')).join(''));
    if (all[0] === '/later') {
      await until(async () => owed.length > 0);
      await pause(50);
      owed.pop()?.();
    }
    expect(
      (await got).map((answer) => answer.slice(-1)),
      String(all),
    ).toEqual(all.map(() => 'x'));
  }
});

test('what has come before Node is needed goes to it before what comes later', async () => {
  const socket = open();
  const got = answers(socket, 6);
  const large = 'b'.repeat(120_000);
  socket.write(
    [line('/later').repeat(2), line('/node'), line('/node', large).repeat(2), line('/node')].join(''),
  );
  for (let n = 0; n < 2; n++) {
    await until(async () => owed.length > 0);
    await pause(30);
    owed.pop()?.();
  }
  expect(await got).toEqual(['lane ', 'lane ', 'node ', `node ${large}`, `node ${large}`, 'node ']);
  socket.destroy();
});

test('what is sent far ahead of the answers is not read before its turn', async () => {
  const connected = once(server, 'connection');
  const socket = open();
  const [there] = (await connected) as [Socket];
  socket.write(line('/lane').repeat(300_000));
  expect((await answers(socket, 100)).length).toBeGreaterThanOrEqual(100);
  expect(there.bytesRead).toBeLessThan(1_000_000);
  socket.destroy();
});

test('whoever does not take an answer is cut off; while one is worked on nobody is', async () => {
  const late = open();
  const got = ask(late, line('/later', 'a'));
  await until(async () => owed.length > 0);
  const before = await connectionsOf(server);
  const greedy = open();
  greedy.write(line('/large').repeat(3));
  await until(async () => (await connectionsOf(server)) > before);
  await until(async () => (await connectionsOf(server)) === before);
  greedy.destroy();
  owed.pop()?.();
  expect(await got).toBe('lane a');
  late.destroy();
});

const connectionsOf = (on: Front) =>
  new Promise<number>((resolve) => on.getConnections((_, count) => resolve(count)));

test('once it is to stop, what is owed is answered first, and whoever waits for nothing is let go', async () => {
  const stopping = front();
  await listen(stopping);
  const [fresh, idle, back, half, late] = [1, 2, 3, 4, 5].map(() => open(stopping)) as [
    Socket,
    Socket,
    Socket,
    Socket,
    Socket,
  ];
  const ended = Promise.all([fresh, idle, back].map((each) => once(each, 'close')));
  fresh.resume();
  await ask(idle, line('/lane', 'a'));
  await ask(back, line('/node', 'a'));
  await ask(back, line('/lane', 'a'));
  idle.resume();
  back.resume();
  half.write(line('/lane', 'abcdef').slice(0, -3));
  const whole = answers(half);
  await ask(late, line('/node', 'a'));
  const got = answers(late);
  late.write(line('/later', 'b'));
  await until(async () => owed.length > 0);
  state.closing = true;
  const closed = once(stopping, 'close');
  stopping.close();
  owed.pop()?.();
  half.write('def');
  const looking = setInterval(() => stopping.closeIdleConnections(), 20);
  expect(await got).toEqual(['lane b']);
  expect(await whole).toEqual(['node abcdef']);
  await Promise.all([ended, closed]);
  clearInterval(looking);
  state.closing = false;
});

test('once it is to stop, what was sent ahead is answered too', async () => {
  const stopping = front();
  await listen(stopping);
  const socket = open(stopping);
  const got = answers(socket);
  socket.write(line('/later', 'a') + line('/lane', 'b') + line('/node', 'c'));
  await until(async () => owed.length > 0);
  state.closing = true;
  const closed = once(stopping, 'close');
  stopping.close();
  owed.pop()?.();
  const looking = setInterval(() => stopping.closeIdleConnections(), 20);
  expect(await got).toEqual(['lane a', 'node b', 'node c']);
  await closed;
  clearInterval(looking);
  state.closing = false;
});

test('whoever does not take an answer holds no other up once it is to stop', async () => {
  const stopping = front();
  await listen(stopping);
  const [greedy, idle] = [open(stopping), open(stopping)];
  greedy.on('error', () => undefined).write(line('/large'));
  await ask(idle, line('/node', 'a'));
  const closed = once(idle.resume(), 'close').then(() => 'closed');
  state.closing = true;
  stopping.close();
  expect(await Promise.race([closed, pause(KEEP_ALIVE_MS / 2)])).toBe('closed');
  stopping.closeAllConnections();
  state.closing = false;
});

test('cut at any place, in any order, all is answered once and in turn', async () => {
  const request = fc.oneof(
    fc.string({ maxLength: 40 }).map((text) => ({ path: '/lane', text })),
    fc.string({ maxLength: 40 }).map((text) => ({ path: '/node', text })),
    fc.constantFrom({ path: '/lane', text: undefined }, { path: '/node', text: undefined }),
    fc.string({ minLength: 1, maxLength: 40 }).map((text) => ({ path: 'chunked', text })),
  );
  const place = fc.double({ min: 0, max: 1, noNaN: true });
  await fc.assert(
    fc.asyncProperty(
      fc.array(request, { minLength: 1, maxLength: 6 }),
      fc.array(place, { maxLength: 8 }),
      async (all, places) => {
        const latin = (text: string) => Buffer.from(text).toString('latin1');
        const sent = all
          .map(({ path, text }) =>
            path === 'chunked' ? chunked(latin(text as string)) : line(path, text && latin(text)),
          )
          .join('');
        const cuts = places.map((at) => Math.round(at * sent.length)).sort((a, b) => a - b);
        const socket = open();
        const got = answers(socket, all.length);
        for (const [n, from] of [0, ...cuts].entries()) {
          socket.write(sent.slice(from, cuts[n]), 'latin1');
          await pause(n % 3);
        }
        const texts = (await got).map((answer) => answer.slice(5));
        socket.destroy();
        expect(texts).toEqual(all.map(({ text }) => latin(text ?? '')));
      },
    ),
    { numRuns: 200 },
  );
});

describe('a head that is read here', () => {
  const seen: { method: string; url: string; headers: Record<string, unknown>; body: string }[] = [];
  const node = createServer({ requireHostHeader: false }, async (request, response) => {
    const { method = '', url = '', headers } = request;
    const asked = { method, url, headers, body: '' };
    seen.push(asked);
    asked.body = await textOf(request);
    response.end();
  });
  beforeAll(() => listen(node));
  afterAll(() => node.close());

  const name = fc.constantFrom(
    ...[
      'Host',
      'host',
      'Authorization',
      'Content-Type',
      'content-type',
      'Content-Length',
      'Proxy-Connection',
      'X-Other',
      'Accept',
    ],
    ...['Connection', 'Transfer-Encoding', 'Content-Encoding', 'Expect', 'x_y.z', 'X Y', '', 'é'],
  );
  const value = fc.oneof(
    fc.constantFrom(
      'localhost',
      'Bearer abc',
      'application/json',
      '3',
      '03',
      '+3',
      '3, 3',
      '0x3',
      'keep-alive',
    ),
    fc.constantFrom(
      'close',
      'chunked',
      'gzip',
      'identity',
      '',
      ' ',
      'é',
      'a\tb',
      'a\0b',
      'a\rb',
      'a\nb',
      'a\r\n b',
    ),
    fc.string({ maxLength: 10 }),
  );
  const space = fc.constantFrom('', '', '', ' ', '\t', '  ');
  const field = fc
    .tuple(
      name,
      fc.constantFrom(':', ':', ':', ' :', ''),
      space,
      value,
      space,
      fc.constantFrom('\r\n', '\r\n', '\n', '\r'),
    )
    .map((parts) => parts.join(''));
  const usual = fc.constantFrom(
    'Host: a\r\n',
    'Content-Length: 3\r\n',
    'Accept: */*\r\n',
    'Authorization: Bearer a\r\n',
  );
  const first = fc.constantFrom(
    ...[
      'GET /a HTTP/1.1\r\n',
      'POST /a/b.c-d?e=f#g HTTP/1.1\r\n',
      'GET  /a HTTP/1.1\r\n',
      'GET /a HTTP/1.0\r\n',
    ],
    ...[
      'get /a HTTP/1.1\r\n',
      'GET a HTTP/1.1\r\n',
      'GET /a HTTP/1.1 \r\n',
      '\r\nGET /a HTTP/1.1\r\n',
      'GET /é HTTP/1.1\r\n',
    ],
    ...['GET /a HTTP/1.1\n', 'POST /a HTTP/1.1\r\n', 'POST /a HTTP/1.1\r\n'],
  );

  test('is read the same by Node, whatever is sent, and its body ends at the same byte', async () => {
    let read = 0;
    await fc.assert(
      fc.asyncProperty(first, fc.array(fc.oneof(usual, field), { maxLength: 5 }), async (start, fields) => {
        const text = `${start}${fields.join('')}\r\n`;
        const head = headReader()(Buffer.from(text, 'latin1'));
        if (!head) return;
        read++;
        seen.length = 0;
        const body = 'x'.repeat(head.fields.contentLength ?? 0);
        const socket = open(node as Front);
        socket.write(
          `${text.slice(0, head.bytes)}${body}GET /after HTTP/1.1\r\nconnection: close\r\n\r\n`,
          'latin1',
        );
        await answers(socket);
        const [asked, after] = seen;
        expect(asked).toMatchObject({ method: head.method, url: head.url, body });
        const { host, authorization, contentType, isPacked } = head.fields;
        expect(asked?.headers.host).toBe(host);
        expect(asked?.headers.authorization).toBe(authorization);
        expect(asked?.headers['content-type'] ?? '').toBe(contentType);
        expect(asked?.headers['content-encoding'] !== undefined).toBe(isPacked);
        expect(after?.url).toBe(head.fields.isLast ? undefined : '/after');
      }),
      { numRuns: 6_000 },
    );
    expect(read, 'heads of the plain form among them').toBeGreaterThan(200);
  });

  test('is read in one go, however many blanks stand in it', () => {
    const blanks = ' '.repeat(16_000);
    for (const value of [`${blanks}\0`, `a${blanks}b`, `a${blanks}`, `a${'\t '.repeat(8_000)}\0`]) {
      const sent = Buffer.from(`GET / HTTP/1.1\r\nhost: a\r\nx: ${value}\r\n\r\n`);
      const from = performance.now();
      headReader()(sent);
      expect(performance.now() - from).toBeLessThan(30);
    }
  });

  test.each([
    ['no end', 'GET / HTTP/1.1\r\nhost: a\r\n'],
    ['more than Node takes', `GET / HTTP/1.1\r\nx: ${'a'.repeat(17_000)}\r\n\r\n`],
    ['two hosts', 'GET / HTTP/1.1\r\nhost: a\r\nHost: b\r\n\r\n'],
    ['two lengths', 'GET / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 1\r\n\r\n'],
    ['a folded line', 'GET / HTTP/1.1\r\nhost: a\r\n b\r\n\r\n'],
    ['a space before the colon', 'GET / HTTP/1.1\r\nhost : a\r\n\r\n'],
    ['ends of lines that are half', 'GET / HTTP/1.1\r\nhost: a\nx: b\r\n\r\n'],
    ['a control', 'GET / HTTP/1.1\r\nhost: a\x00\r\n\r\n'],
    ['a body in chunks', 'POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n'],
    ['a wish to be told to go on', 'POST / HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 1\r\n\r\n'],
    ['another protocol', 'GET / HTTP/1.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n'],
    ['another word for the connection’s end', 'GET / HTTP/1.1\r\nproxy-connection: close\r\n\r\n'],
    ['a length that is no number', 'GET / HTTP/1.1\r\ncontent-length: +1\r\n\r\n'],
  ])('has not %s', (_, text) => {
    expect(headReader()(Buffer.from(text, 'latin1'))).toBeUndefined();
  });
});
