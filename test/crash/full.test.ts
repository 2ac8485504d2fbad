// A disk that takes nothing: 503 with the reason, nothing half-stored, and the server takes events again by itself
// when there is room. The disk is a small tmpfs where mounting is allowed; everywhere, a limit on the size of the
// server's files.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { cli, endAll, type RunningCli, startCli, until } from '../cli.js';
import { request, V3 } from '../harness.js';
import { newFolder } from '../store/folders.js';
import { Load, tenantWithTemplate } from './load.js';

const BYTES = 3 * 1024 * 1024;
const CONNECTIONS = 6;

interface SmallDisk {
  folder: string;
  start(): Promise<RunningCli>;
  /** Makes room; also for a server that runs. */
  grow(server?: RunningCli): void;
  /** What the refusal says. */
  reason: RegExp;
}

const serve = (folder: string, shell?: string) =>
  startCli(['serve', '--data', folder, '--port', '0', '--json'], shell ? { shell } : {});

function tmpfs(options: string): string {
  const folder = newFolder();
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'throughline-test', folder], { stdio: 'ignore' });
  mounted.push(folder);
  return folder;
}

const mounted: string[] = [];
const made: string[] = [];
afterAll(async () => {
  await endAll();
  for (const folder of mounted) execFileSync('umount', [folder]);
  for (const folder of [...mounted, ...made]) rmSync(folder, { recursive: true, force: true });
});

function mayMount(): boolean {
  try {
    tmpfs(`size=${BYTES}`);
    return true;
  } catch {
    return false;
  }
}

const full: Record<string, () => SmallDisk> = {
  'full disk': () => {
    const folder = tmpfs(`size=${BYTES}`);
    return {
      folder,
      start: () => serve(folder),
      grow: () => execFileSync('mount', ['-o', 'remount,size=64m', folder]),
      reason: /the disk is full; make room/,
    };
  },
};
const limited: Record<string, () => SmallDisk> = {
  'disk that fails to write': () => {
    const folder = newFolder();
    made.push(folder);
    return {
      folder,
      start: () => serve(folder, `ulimit -S -f ${BYTES / 512} && exec "$@"`),
      grow: (server) => server && execFileSync('prlimit', ['--pid', String(server.pid), '--fsize=unlimited']),
      reason: /the disk failed \(SQLITE_IOERR_WRITE\)/,
    };
  },
};
const canMount = mayMount();

describe.each(Object.entries({ ...(canMount ? full : {}), ...limited }))('a %s', (_, make) => {
  const disk = make();

  /** Sends until nothing is taken, not even a small event. Answers the last refusals. */
  async function fill(load: Load, baseUrl: string) {
    for (let refusedBatches = 0; refusedBatches < 3; )
      if ((await load.batch(baseUrl, 40)).status === 503) refusedBatches++;
    const answers = [];
    while (answers.length < 10) {
      const answer = await load.single(baseUrl);
      if (answer.status === 503) answers.push(answer);
      else answers.length = 0;
    }
    return answers;
  }

  test('is told with the reason, holds nothing by half, and is forgotten when there is room', async () => {
    const server = await disk.start();
    const { baseUrl } = server;
    const tenant = await tenantWithTemplate(disk.folder, baseUrl);
    const load = new Load(tenant, Math.random, 4_000);
    const call = (method: string, path: string, body?: object) =>
      request(baseUrl, method, path, body, { token: tenant.token });
    await load.batch(baseUrl, 10);
    expect(load.acknowledgements).toBe(10);

    for (const { headers, json } of await fill(load, baseUrl)) {
      expect(json).toMatchObject({
        status: 'error',
        category: 'SERVICE_UNAVAILABLE',
        message: expect.stringMatching(disk.reason),
      });
      expect(json.message).toContain('Nothing was stored');
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    }
    // Also for what is not an event, and nothing of a refused event is there: not it, not its contact.
    const event = {
      eventTemplateId: tenant.templateId,
      id: 'refused',
      objectId: '4711',
      email: 'refused@example.com',
      tokens: {},
      extraData: { pad: 'x'.repeat(50_000) },
    };
    expect((await call('POST', `${V3}/events`, event)).status).toBe(503);
    expect((await call('GET', `${V3}/events/${tenant.templateId}/refused`)).status).toBe(404);
    expect((await call('GET', '/timeline/v1/records/contacts/4711/events')).status).toBe(404);
    await load.verify(baseUrl, disk.folder); // reading goes on

    disk.grow(server);
    const before = load.acknowledgements;
    await load.batch(baseUrl, 40);
    await load.single(baseUrl);
    expect(load.acknowledgements).toBe(before + 41);
    expect((await call('POST', `${V3}/events`, event)).status).toBe(201);
    expect(await server.end('SIGTERM')).toMatchObject({ code: 0, stderr: '' });
    expect(readdirSync(disk.folder)).toEqual(['throughline.sqlite']);
  });
});

describe.each(Object.entries({ ...(canMount ? full : {}), ...limited }))(
  'a %s in the middle of a load',
  (_, make) => {
    test('loses nothing that was acknowledged: events, ties, merges; each refusal says why', async () => {
      const disk = make();
      const server = await disk.start();
      const tenant = await tenantWithTemplate(disk.folder, server.baseUrl);
      const load = new Load(tenant, Math.random, 4_000);
      const loading = load.run(server.baseUrl, CONNECTIONS);
      const kinds = ['/events', '/events/batch/create', '/identify', '/submissions/', '/merge'];
      const refused = (kind: string) => load.refusals.some(({ path }) => path.includes(kind));
      await until(async () => load.refusals.length > 300 && kinds.every(refused));
      const { length } = load.refusals;
      disk.grow(server);
      await load.progress(500);
      load.stop();
      await loading;
      for (const { message } of load.refusals) {
        expect(message).toMatch(disk.reason);
        expect(message).toContain('Nothing was stored');
      }
      expect(load.refusals.length - length).toBeLessThan(300); // what was under way
      await load.verify(server.baseUrl, disk.folder);
      const { code, stderr } = await server.end('SIGTERM');
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const again = await serve(disk.folder);
      await load.verify(again.baseUrl, disk.folder);
      expect((await again.end('SIGTERM')).code).toBe(0);
    });
  },
);

describe.each(Object.entries(canMount ? full : limited))('stopping on a %s', (_, make) => {
  test.each(['SIGTERM', 'SIGKILL'] as const)('with %s loses nothing', async (signal) => {
    const disk = make();
    let server = await disk.start();
    const tenant = await tenantWithTemplate(disk.folder, server.baseUrl);
    const load = new Load(tenant, Math.random, 4_000);
    while ((await load.batch(server.baseUrl, 40)).status !== 503);
    expect(load.acknowledgements).toBeGreaterThan(0);
    const { code, stderr } = await server.end(signal);
    expect({ code, stderr }).toEqual({ code: signal === 'SIGTERM' ? 0 : null, stderr: '' });
    disk.grow();
    server = await serve(disk.folder);
    await load.batch(server.baseUrl, 40);
    await load.verify(server.baseUrl, disk.folder);
    expect((await server.end('SIGTERM')).code).toBe(0);
  });
});

test('a folder that takes no files is refused at the start, by name', async () => {
  const folder = canMount ? tmpfs('ro') : '/proc/throughline';
  for (const command of [
    ['serve', '--port', '0'],
    ['portal', 'create', '--name', 'P'],
  ]) {
    const { code, stdout, stderr } = await cli([...command, '--data', folder]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^The data folder '.*' cannot be opened: .+\n$/);
    expect(stderr).toContain(folder);
  }
});

test.skipIf(!canMount)('a folder on a full disk is refused at the start, with what would do', async () => {
  const folder = tmpfs('size=1m');
  const create = () => cli(['portal', 'create', '--name', 'P', '--data', folder]);
  expect((await create()).code).toBe(0);
  expect(() => writeFileSync(join(folder, 'other'), Buffer.alloc(2 ** 20))).toThrow(/ENOSPC/);
  expect(await create()).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('the disk is full; make room'),
  });
});

test.skipIf(!canMount)(
  'an erase that a full disk holds up says what holds, and is completed by itself',
  async () => {
    const folder = tmpfs('size=8m');
    const { baseUrl } = await serve(folder);
    const { token, templateId } = await tenantWithTemplate(folder, baseUrl);
    const call = (path: string, body: object) => request(baseUrl, 'POST', path, body, { token });
    const event = (email: string, pad: number) =>
      call(`${V3}/events`, {
        eventTemplateId: templateId,
        email,
        tokens: { nonce: '1' },
        extraData: { pad: 'x'.repeat(pad) },
      });
    const { objectId } = (await event('zorro@x.test', 1)).json;
    for (let n = 0; n < 12; n++) await event('other@x.test', 200_000);
    // The log takes the erase, and cannot be copied into the file.
    const { bavail, bsize } = statfsSync(folder);
    writeFileSync(join(folder, 'other'), Buffer.alloc(bavail * bsize - 300_000));
    const answer = await call('/crm/v3/objects/contacts/gdpr-delete', { objectId });
    expect(answer.status).toBe(503);
    expect(answer.json.message).toMatch(
      /^The contact is erased, but traces are .*: the disk is full; make room/,
    );
    const timeline = `/timeline/v1/records/contacts/${objectId}/events`;
    expect((await request(baseUrl, 'GET', timeline, undefined, { token })).status).toBe(404);
    const left = () => readdirSync(folder).some((name) => readFileSync(join(folder, name)).includes('zorro'));
    expect(left()).toBe(true);
    rmSync(join(folder, 'other'));
    await until(async () => !left());
  },
);

test('where the write-ahead log is taken away, nothing more is acknowledged, and what was is there after a stop', async () => {
  const folder = newFolder();
  made.push(folder);
  let server = await serve(folder);
  const { token, templateId } = await tenantWithTemplate(folder, server.baseUrl);
  rmSync(join(folder, 'throughline.sqlite-wal'));
  const acknowledged: string[] = [];
  const refused = await until(async () => {
    const event = { eventTemplateId: templateId, email: 'a@x.test', tokens: { nonce: '1' } };
    const answer = await request(server.baseUrl, 'POST', `${V3}/events`, event, { token });
    if (answer.status === 201) acknowledged.push(answer.json.id);
    return answer.status !== 201 && answer;
  });
  expect(refused.status).toBe(503);
  expect(refused.json.message).toMatch(/its write-ahead log is gone from the data folder; stop the server/);
  expect((await server.end('SIGTERM')).code).toBe(0);
  server = await serve(folder);
  expect(acknowledged.length).toBeGreaterThan(0);
  for (const id of acknowledged) {
    const path = `${V3}/events/${templateId}/${id}`;
    expect((await request(server.baseUrl, 'GET', path, undefined, { token })).status).toBe(200);
  }
});

test('where the folder is taken away, nothing more is acknowledged, and the refusal says so', async () => {
  const folder = newFolder();
  made.push(folder);
  const server = await serve(folder);
  const { token, templateId } = await tenantWithTemplate(folder, server.baseUrl);
  rmSync(folder, { recursive: true });
  const event = { eventTemplateId: templateId, email: 'a@x.test', tokens: { nonce: '1' } };
  const refused = await until(async () => {
    const answer = await request(server.baseUrl, 'POST', `${V3}/events`, event, { token });
    return answer.status !== 201 && answer;
  });
  expect(refused.status).toBe(503);
  expect(refused.json.message).toMatch(/its file is gone from the data folder; stop the server, put it back/);
});
