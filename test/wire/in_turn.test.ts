// What a client sends ahead of its answers: it is answered in order, one after the other, and holds nobody up.
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { inTurn } from '../../dist/wire/in_turn.js';
import { DEMO_TOKEN, startDev, TEMPLATE, V3 } from '../harness.js';

const server = await startDev();
afterAll(() => server.close());

function open() {
  return connect(Number(new URL(server.listening).port), '127.0.0.1');
}

function line(method: string, path: string, body = '', more = ''): string {
  const length = body === '' ? '' : `content-type: application/json\r\ncontent-length: ${body.length}\r\n`;
  return `${method} ${path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${DEMO_TOKEN}\r\n${length}${more}\r\n${body}`;
}

const sent = (id: string, more = '') =>
  line(
    'POST',
    `${V3}/events`,
    JSON.stringify({ eventTemplateId: TEMPLATE, id, email: 'a@b.io', tokens: {} }),
    more,
  );

/** All that is answered to what was sent at once. */
async function answers(text: string): Promise<string> {
  const socket = open();
  socket.write(text);
  let got = '';
  for await (const chunk of socket.setEncoding('utf8')) got += chunk;
  return got;
}

test('requests that come together are answered in their order, by the lane and by the routes', async () => {
  const read = (id: string) => line('GET', `${V3}/events/${TEMPLATE}/${id}`);
  const rendered = line('GET', `${V3}/events/${TEMPLATE}/ahead-1/render`);
  const last = line('GET', '/', '', 'connection: close\r\n');
  const got = await answers(
    sent('ahead-1') + read('ahead-1') + rendered + sent('ahead-2') + read('ahead-2') + read('none') + last,
  );
  expect(got.match(/(?<=HTTP\/1\.1 )\d+/g)).toEqual(['201', '200', '200', '201', '200', '404', '200']);
  expect(got.match(/ahead-\d/g)).toEqual(['ahead-1', 'ahead-1', 'ahead-2', 'ahead-2']);
});

test('whoever has sent all and closes their side still gets the answers', async () => {
  const socket = connect({ port: Number(new URL(server.listening).port), allowHalfOpen: true });
  socket.end(sent('half-1') + line('GET', `${V3}/events/${TEMPLATE}/half-1/render`) + sent('half-2'));
  let got = '';
  for await (const chunk of socket.setEncoding('utf8')) got += chunk;
  expect(got.match(/(?<=HTTP\/1\.1 )\d+/g)).toEqual(['201', '200', '201']);
});

const CHUNKED = 'content-type: application/json\r\ntransfer-encoding: chunked\r\n';
test.each([
  ['no request', `${sent('whole-1')}${line('GET', '/nothing')}NO REQUEST\r\n\r\n`, ['201', '404', '400']],
  ['a broken body', `${sent('whole-2')}${line('POST', `${V3}/events`, '', CHUNKED)}NO CHUNK`, ['201', '400']],
  ['more after the last request', `${sent('whole-3', 'connection: close\r\n')}MORE`, ['201']],
])('%s is answered after the requests before it, and no answer is lost', async (_, text, statuses) => {
  expect((await answers(text)).match(/(?<=HTTP\/1\.1 )\d+/g)).toEqual(statuses);
});

test('hundreds of requests for what is large, whose answers nobody reads, hold one answer', async () => {
  const extraData = { filling: 'x'.repeat(900_000) };
  const event = { eventTemplateId: TEMPLATE, id: 'large', email: 'a@b.io', tokens: {}, extraData };
  expect((await server.event(event)).status).toBe(201);
  const held = () => process.memoryUsage().heapUsed + process.memoryUsage().external;
  const before = held();
  const socket = open().pause();
  socket.write(line('GET', `${V3}/events/${TEMPLATE}/large`).repeat(300));
  await pause(1_000);
  const grown = held() - before;
  socket.destroy();
  expect(grown).toBeLessThan(100_000_000);
});

test('whoever sends thousands ahead is cut off; others are answered meanwhile', async () => {
  const socket = open();
  const ended = new Promise((resolve) => socket.on('error', () => undefined).on('close', resolve));
  socket.write(line('GET', '/nothing').repeat(5_000));
  socket.resume();
  await ended;
  expect((await server.call('GET', `${V3}/events/${TEMPLATE}/none`)).status).toBe(404);
});

test('whoever does not take an answer is cut off by the server’s timeout; whose request is worked on is not', async () => {
  let worked: ServerResponse | undefined;
  const listener = inTurn((request, response) => {
    if (request.url === '/slow') worked = response;
    else response.end(Buffer.alloc(50_000_000));
  });
  const timed = createServer(listener).setTimeout(1_000); // ms
  await new Promise<void>((listening) => timed.listen(0, '127.0.0.1', listening));
  const { port } = timed.address() as AddressInfo;
  const ask = (path: string) => {
    const socket = connect(port, '127.0.0.1');
    socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
    return socket;
  };
  const slow = ask('/slow');
  const cut = new Promise((resolve) => {
    timed.on('connection', (socket) => socket.on('close', resolve));
  });
  ask('/large')
    .on('error', () => undefined)
    .pause();
  await cut;
  worked?.end('done');
  let got = '';
  for await (const chunk of slow.setEncoding('utf8')) got += chunk;
  expect(got).toMatch(/^HTTP\/1.1 200.*done$/s);
  timed.close();
});
