// kill -9 in the middle of a load: what was acknowledged is there, nothing is half there. SIGTERM: it drains.
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { folder, inFolder, type RunningCli, startCli, until } from '../cli.js';
import { Load, randomFrom, tenantWithTemplate } from './load.js';

const CONNECTIONS = 6;
/** `npm run test:long` kills 200 times, in several folders: what is read after each kill grows with a folder's age. */
const [FOLDERS, KILLS] = process.env.TEST_LONG ? [8, 25] : [1, 15];
const TIMEOUT = 600_000;

inFolder();

const start = (mode: string) => startCli([mode, '--data', folder, '--port', '0', '--json']);

describe('a server that is killed', () => {
  test.each(Array.from({ length: FOLDERS }, (_, n) => n + 1))(
    'has all that was acknowledged: events, ties, merges; and nothing by half (folder %i)',
    {
      timeout: TIMEOUT,
    },
    async () => {
      const seed = Math.floor(Math.random() * 2 ** 32);
      const random = randomFrom(seed);
      try {
        let server = await start('serve');
        const load = new Load(await tenantWithTemplate(folder, server.baseUrl), random);
        for (let round = 0; round < KILLS; round++) {
          const loading = load.run(server.baseUrl, CONNECTIONS);
          await load.progress(1 + Math.floor(random() * 400));
          const { signal } = await server.end('SIGKILL');
          expect(signal).toBe('SIGKILL');
          await loading;
          server = await start(round % 2 ? 'serve' : 'dev');
          await load.verify(server.baseUrl, folder);
        }
        expect(load.identityCalls).toBeGreaterThan(KILLS);
        expect((await server.end('SIGTERM')).code).toBe(0);
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error });
      }
    },
  );
});

test('one of two servers on a folder is killed, time and again: the other goes on, and has what both acknowledged', async () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  const random = randomFrom(seed);
  try {
    const servers = [await start('serve'), await start('serve')] as [RunningCli, RunningCli];
    const load = new Load(await tenantWithTemplate(folder, servers[0].baseUrl), random);
    for (let round = 0; round < 4; round++) {
      const [one, other] = round % 2 ? ([1, 0] as const) : ([0, 1] as const);
      const loading = load.run(
        servers.map(({ baseUrl }) => baseUrl),
        CONNECTIONS,
      );
      await load.progress(1 + Math.floor(random() * 200));
      expect((await servers[one].end('SIGKILL')).signal).toBe('SIGKILL');
      await load.progress(50);
      load.stop();
      await loading;
      await load.verify(servers[other].baseUrl, folder);
      servers[one] = await start('serve');
    }
    for (const server of servers) expect((await server.end('SIGTERM')).code).toBe(0);
    expect(readdirSync(folder)).toEqual(['throughline.sqlite']);
  } catch (error) {
    throw new Error(`seed ${seed}`, { cause: error });
  }
});

describe('a signal to end', () => {
  test('in the middle of a load drains: what was acknowledged is there, in one tidy file', async () => {
    let server = await start('serve');
    const load = new Load(await tenantWithTemplate(folder, server.baseUrl), Math.random);
    const loading = load.run(server.baseUrl, CONNECTIONS);
    await load.progress(500);
    const ending = server.end('SIGTERM');
    const { code, stderr } = await ending;
    load.stop();
    await loading;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(readdirSync(folder)).toEqual(['throughline.sqlite']);
    server = await start('serve');
    await load.verify(server.baseUrl, folder);
    await server.end('SIGTERM');
  });

  test.each([
    ['comes twice at once, as from a terminal to npm, still lets finish what is under way', 50, 0],
    ['comes again later ends it at once', 3_000, 1], // more than a second after the first was heard, be it late
  ])('that %s', async (_, later, ended) => {
    const server = await start('dev');
    const socket = connect(Number(new URL(server.baseUrl).port), '127.0.0.1').on('error', () => undefined);
    let got = '';
    socket.setEncoding('utf8').on('data', (text) => {
      got += text;
    });
    const closed = new Promise((resolve) => socket.once('close', resolve));
    const body = '{"eventTemplateId":"1001298","email":"a@b.io","tokens":{}}';
    socket.write(
      'GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n' +
        `POST /integrators/timeline/v3/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n` +
        `Authorization: Bearer demo-token\r\nContent-Type: application/json\r\n\r\n${body.slice(0, 5)}`,
    );
    await until(async () => got !== '');
    process.kill(server.pid, 'SIGINT');
    await pause(later);
    const ending = server.end('SIGINT');
    if (ended === 0) {
      await pause(100);
      socket.write(body.slice(5));
    }
    expect((await ending).code).toBe(ended);
    await closed;
    expect(got.includes('HTTP/1.1 201')).toBe(ended === 0);
  });

  test('does not wait for a request that never ends', async () => {
    const server = await start('dev');
    const socket = connect(Number(new URL(server.baseUrl).port), '127.0.0.1');
    socket.on('error', () => undefined);
    const answer = new Promise((resolve) => socket.once('data', resolve));
    // The answer to the first shows that the half of a second has come too.
    socket.write(
      'GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n' +
        'POST /integrators/timeline/v3/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n' +
        'Authorization: Bearer demo-token\r\nContent-Type: application/json\r\n\r\n{"half":',
    );
    await answer;
    expect((await server.end('SIGTERM')).code).toBe(0);
    socket.destroy();
  });
});
