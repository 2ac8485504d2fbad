// `throughline dev` as people start it: what it says, what it has ready, whom it answers, what it leaves behind.
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { cli, cliJson, folder, inFolder, type RunningCli, startCli, until } from '../cli.js';
import { createTenant, DEMO_TOKEN, type Json, request, TEMPLATE, V3 } from '../harness.js';

inFolder();

const dev = (...more: string[]) => startCli(['dev', '--data', folder, '--port', '0', '--json', ...more]);
const inMemory = (...more: string[]) => startCli(['dev', '--port', '0', '--memory', '--json', ...more]);
const event = (more: object = {}) => ({
  eventTemplateId: TEMPLATE,
  email: 'someone@example.com',
  tokens: { petName: 'Art3mis', petAge: 3, petColor: 'black' },
  ...more,
});

/** Preloaded into a server, writes down which temporary folder it makes. */
const NOTING = `
  import fs from 'node:fs';
  import { syncBuiltinESMExports } from 'node:module';
  const make = fs.mkdtempSync;
  fs.mkdtempSync = (...args) => {
    const folder = make(...args);
    fs.writeFileSync(process.env.NOTED_IN, folder);
    return folder;
  };
  syncBuiltinESMExports();`;

/** The environment of a server whose `--memory` folder `noted` tells. */
const noting = () => ({
  NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(NOTING)}`,
  NOTED_IN: join(folder, 'noted'),
});
const noted = () => readFileSync(join(folder, 'noted'), 'utf8');

describe('what it says', () => {
  test('with --json is one line on stdout, and everything in it works', async () => {
    const server = await inMemory();
    const { announced, baseUrl } = server;
    for (const key of [
      ...['baseUrl', 'portalId', 'appId', 'accessToken', 'developerKey', 'adminKey', 'eventTemplateId'],
      ...['clientId', 'clientSecret'],
    ])
      expect(announced[key], key).toEqual(expect.stringMatching(/.+/));
    for (const value of Object.values(announced)) expect(typeof value).toBe('string');
    expect(baseUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);

    const { accessToken: token, appId, developerKey, eventTemplateId } = announced;
    const stored = await request(baseUrl, 'POST', `${V3}/events`, event({ eventTemplateId }), { token });
    expect(stored.status).toBe(201);
    const templates = await request(
      baseUrl,
      'GET',
      `${V3}/${appId}/event-templates?hapikey=${developerKey}`,
      undefined,
      { token: '' },
    );
    expect(templates.json.results.map(({ id }: Json) => id)).toEqual([eventTemplateId]);
    const apps = await request(baseUrl, 'GET', '/timeline/v1/apps', undefined, {
      token: announced.adminKey,
    });
    expect(apps.json.results.map((app: Json) => app.appId)).toEqual([appId]);
    for (const url of [announced.pageUrl, announced.referenceUrl])
      expect((await fetch(url)).status).toBe(200);

    const { stdout, stderr, code } = await server.end('SIGTERM');
    expect(stdout).toBe(`${JSON.stringify(announced)}\n`);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  });

  test('without it has all of that, and a curl that sh runs as it stands', async () => {
    const server = await startCli(['dev', '--data', folder, '--port', '0']);
    const text = server.stdout();
    for (const part of [
      `${server.baseUrl}/`,
      `${server.baseUrl}/docs`,
      '8420',
      DEMO_TOKEN,
      'demo-developer-key',
      'demo-admin-key',
      TEMPLATE,
    ])
      expect(text).toContain(part);
    const curl = /^curl .*?\n\n/ms.exec(text)?.[0] as string;
    const { stdout } = await promisify(execFile)('sh', ['-c', curl]);
    const answer = JSON.parse(stdout);
    expect(answer).toMatchObject({
      eventTemplateId: TEMPLATE,
      objectType: 'contacts',
      objectId: expect.stringMatching(/^\d+$/),
      tokens: { petAge: '3' },
    });
    const read = await request(server.baseUrl, 'GET', `${V3}/events/${TEMPLATE}/${answer.id}`);
    expect(read.json).toEqual(answer);
  });
});

describe('settings', () => {
  test('come from the environment too', async () => {
    const server = await startCli(['dev'], {
      env: {
        THROUGHLINE_DATA: join(folder, 'of', 'env'),
        THROUGHLINE_PORT: '0',
        THROUGHLINE_HOST: 'localhost',
        THROUGHLINE_JSON: '1',
        THROUGHLINE_DEMO_TOKEN: 'chosen',
        THROUGHLINE_TIME_ZONE: 'Asia/Tokyo',
      },
    });
    expect(server.announced.accessToken).toBe('chosen');
    expect(server.baseUrl).toMatch(/^http:\/\/localhost:\d+$/);
    expect(existsSync(join(folder, 'of', 'env', 'throughline.sqlite'))).toBe(true);
    const call = (method: string, path: string, body?: object) =>
      request(server.baseUrl, method, `${V3}${path}`, body, { token: 'chosen' });
    await call('POST', '/events', event({ id: 'e', timestamp: '2020-01-30T17:42:10Z' }));
    const { json } = await call('GET', `/events/${TEMPLATE}/e/detail`);
    expect(json.details).toContain('31, 2020'); // it was the next day in Tokyo
    const known = await request(server.baseUrl, 'GET', `${V3}/events/${TEMPLATE}/e`);
    expect(known.status).toBe(401); // the well-known token is not the chosen one
  });

  test('a flag goes before its variable', async () => {
    const server = await startCli(['dev', '--data', folder, '--port', '0'], {
      env: { THROUGHLINE_DATA: '/nowhere', THROUGHLINE_PORT: '1', THROUGHLINE_MEMORY: 'false' },
    });
    expect(server.stdout()).toContain('Throughline is ready');
    expect(existsSync(join(folder, 'throughline.sqlite'))).toBe(true); // MEMORY=false is no
  });

  test.each([
    ['', false],
    ['0', false],
    ['false', false],
    ['no', false],
    ['Off', false],
    ['1', true],
    ['true', true],
  ])('a variable of a flag that is %j means %s', async (THROUGHLINE_JSON, yes) => {
    const { stdout } = await cli(['portal', 'create', '--name', 'P', '--data', folder], {
      env: { THROUGHLINE_JSON },
    });
    expect(stdout).toMatch(yes ? /^{"portalId":"\d+"}\n$/ : /^portalId: \d+\n$/);
  });

  test.each([
    [['--port', 'x'], /from 0 to 65535/],
    [['--port', '65536'], /from 0 to 65535/],
    [['--host', ''], /an address such as 127\.0\.0\.1/],
    [['--time-zone', 'Mars/Olympus'], /IANA time zone/],
    [['--public-url', 'timeline.example.com'], /http or https address/],
    [['--public-url', 'ftp://example.com'], /http or https address/],
    [['--public-url', 'https://example.com/hub'], /without a path or a query/],
    [['--public-url', 'https://example.com/?x=1'], /without a path or a query/],
    [['--public-url', 'https://me@example.com'], /without a path or a query/],
    [['--trust-proxy', 'everybody'], /'everybody' is not an address or a network/],
    [['--trust-proxy', '10.0.0.1', '10.0.0.0/33'], /'10\.0\.0\.0\/33' is not an address/],
    [['--rate-limit', 'much'], /'hubspot', calls and seconds such as 200\/10s/],
    [['--rate-limit', '0/10s'], /'hubspot'/],
    [['--rate-limit', '10/10s,search=x'], /search=10\/1s/],
    [['--nonsense'], /unknown option '--nonsense'/],
  ])('%j is refused with a sentence', async (args, sentence) => {
    const { code, stdout, stderr } = await cli(['dev', '--data', folder, ...args]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(sentence);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('this machine', () => {
  test('may be told in a public URL by its IPv6 address too', async () => {
    const url = 'http://[::1]:8420';
    expect((await inMemory('--public-url', url)).announced).toMatchObject({ baseUrl: url });
  });

  const hasIPv6 = Object.values(networkInterfaces()).some((all) =>
    all?.some(({ address }) => address === '::1'),
  );
  test.skipIf(!hasIPv6)('may be told as a host in brackets', async () => {
    expect((await inMemory('--host', '[::1]')).baseUrl).toMatch(/^http:\/\/\[::1\]:\d+$/);
  });
});

describe('other machines', () => {
  test.each(['0.0.0.0', '::', '192.0.2.1', 'example.com'])('--host %s needs a chosen token', async (host) => {
    const { code, stdout, stderr } = await cli(['dev', '--data', folder, '--port', '0', '--host', host]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(host);
    expect(stderr).toContain('--demo-token');
    expect(readdirSync(folder)).toEqual([]);
  });

  test('a public URL that leads to other machines needs one too', async () => {
    const url = 'https://timeline.example.com/';
    const { code, stderr } = await cli(['dev', '--data', folder, '--port', '0', '--public-url', url]);
    expect(code).toBe(1);
    expect(stderr).toContain('https://timeline.example.com is reachable from other machines');
    const server = await dev('--public-url', url, '--demo-token', 'a-token-of-mine');
    expect(server.announced).toMatchObject({
      baseUrl: 'https://timeline.example.com',
      pageUrl: 'https://timeline.example.com/',
      accessToken: 'a-token-of-mine',
    });
  });

  test('whoever has the chosen token cannot tell the other secrets from it: they are new at every start', async () => {
    const secretsOf = ({ announced }: RunningCli) => {
      const { developerKey, clientSecret, adminKey } = announced;
      return [developerKey, clientSecret, adminKey];
    };
    const [one, two] = [
      await dev('--demo-token', 'a-token-of-mine'),
      await inMemory('--demo-token', 'a-token-of-mine'),
    ];
    const secrets = [...secretsOf(one), ...secretsOf(two)];
    expect(new Set(secrets).size).toBe(6);
    for (const secret of secrets) expect(secret).toMatch(/^tl-(?:key|secret|admin)-.{43}$/);
    const { baseUrl, announced } = one;
    const templates = async (key: string | undefined) =>
      (await request(baseUrl, 'GET', `${V3}/8420/event-templates?hapikey=${key}`, undefined, { token: '' }))
        .status;
    const clients = async (client_secret: string | undefined) => {
      const { clientId: client_id = '' } = announced;
      const body = new URLSearchParams({ client_id, client_secret: client_secret ?? '', token: 'x' });
      return (await fetch(`${baseUrl}/oauth/v3/token/introspect`, { method: 'POST', body })).status;
    };
    expect(await templates(announced.developerKey)).toBe(200);
    expect(await clients(announced.clientSecret)).toBe(200);
    for (const known of ['demo', 'a-token-of-mine']) {
      expect(await templates(`${known}-developer-key`)).toBe(401);
      expect(await clients(`${known}-client-secret`)).toBe(400);
    }
  });

  test('with one it starts, and the pages need the token as their password', async () => {
    const server = await dev('--host', '0.0.0.0', '--demo-token', 'a-token-of-mine');
    const baseUrl = server.baseUrl.replace('0.0.0.0', '127.0.0.1');
    const page = (password?: string) =>
      fetch(`${baseUrl}/`, {
        headers:
          password === undefined
            ? {}
            : { authorization: `Basic ${Buffer.from(`me:${password}`).toString('base64')}` },
      });
    for (const password of [undefined, '', DEMO_TOKEN, 'a-token-of-mine ']) {
      const refused = await page(password);
      expect(refused.status).toBe(401);
      expect(refused.headers.get('www-authenticate')).toMatch(/^Basic /);
      expect(await refused.text()).not.toContain('ada@example.com');
    }
    const shown = await page('a-token-of-mine');
    expect(shown.status).toBe(200);
    expect(await shown.text()).toContain('ada@example.com');
    const sent = (token: string) => request(baseUrl, 'POST', `${V3}/events`, event(), { token });
    expect((await sent(DEMO_TOKEN)).status).toBe(401);
    expect((await sent('a-token-of-mine')).status).toBe(201);
  });

  test('a port that is taken is told, with what would do', async () => {
    const first = await inMemory();
    const { port } = new URL(first.baseUrl);
    const { code, stdout, stderr } = await cli(['dev', '--data', folder, '--port', port]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(port);
    expect(stderr).toContain('choose another --port');
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

describe('--memory', () => {
  const args = ['dev', '--memory', '--port', '0'];

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('is gone after %s', async (signal) => {
    const server = await startCli(args, { env: noting() });
    expect(existsSync(join(noted(), 'throughline.sqlite'))).toBe(true);
    if (existsSync('/dev/shm')) expect(noted()).toMatch(/^\/dev\/shm\//);
    expect((await server.end(signal)).code).toBe(0);
    expect(existsSync(noted())).toBe(false);
  });

  test('is gone when the server is stopped while it starts', async () => {
    // The shell tells the id of the process that becomes the server.
    const shell = 'echo $$ > "$NOTED_IN.pid"; exec "$@"';
    const starting = cli(args, { env: noting(), shell });
    await until(
      async () => existsSync(join(folder, 'noted')) && existsSync(join(noted(), 'throughline.sqlite')),
    );
    process.kill(Number(readFileSync(join(folder, 'noted.pid'), 'utf8')), 'SIGTERM');
    expect((await starting).code).toBe(0);
    expect(existsSync(noted())).toBe(false);
  });

  test('is gone when the server cannot start', async () => {
    const { baseUrl } = await dev();
    const port = ['--port', new URL(baseUrl).port];
    expect((await cli([...args, ...port], { env: noting() })).code).toBe(1);
    expect(noted()).toMatch(/throughline-/);
    expect(existsSync(noted())).toBe(false);
  });
});

describe('the demo as an app that is let in', () => {
  test.each([
    [['--auto-consent'], {}],
    [[], { THROUGHLINE_AUTO_CONSENT: '1' }],
  ])('%j %j needs nobody who allows it', async (more, env) => {
    const { baseUrl, announced } = await startCli(['dev', '--memory', '--port', '0', '--json', ...more], {
      env,
    });
    const redirect_uri = 'http://127.0.0.1:9/cb';
    const { clientId: client_id, clientSecret: client_secret } = announced;
    const query = new URLSearchParams({ client_id, redirect_uri, scope: 'timeline' });
    const back = await fetch(`${baseUrl}/oauth/authorize?${query}`, { redirect: 'manual' });
    const code = new URL(back.headers.get('location') as string).searchParams.get('code') as string;
    const bought = await fetch(`${baseUrl}/oauth/v1/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        client_id,
        client_secret,
        redirect_uri,
        code,
      }),
    });
    const { access_token: token }: Json = await bought.json();
    expect((await request(baseUrl, 'POST', `${V3}/events`, event(), { token })).status).toBe(201);
  });

  test('without that somebody is asked', async () => {
    const { baseUrl, announced } = await inMemory();
    const query = new URLSearchParams({
      client_id: announced.clientId,
      redirect_uri: 'http://localhost/',
      scope: 'timeline',
    });
    const asked = await fetch(`${baseUrl}/oauth/authorize?${query}`, { redirect: 'manual' });
    expect(asked.status).toBe(200);
    expect(await asked.text()).toContain('Give Petspot access?');
  });
});

describe('the demo', () => {
  const timelines = async ({ baseUrl }: RunningCli) => {
    const page = await (await fetch(`${baseUrl}/`)).text();
    expect(page).toContain('ada@example.com');
    const ids = new Set<string>();
    for (const id of new Set([...page.matchAll(/\/contacts\/(\d+)/g)].map((match) => match[1]))) {
      const { json } = await request(baseUrl, 'GET', `/timeline/v1/records/contacts/${id}/events?limit=100`);
      for (const each of json.results) ids.add(each.id);
    }
    return [...ids].filter((id) => id.startsWith('petspot:demo-')).sort();
  };
  const all = [1, 2, 3, 4, 5].map((n) => `petspot:demo-${n}`);

  test('is there on a folder that holds other things, and leaves them alone', async () => {
    const tenant = await createTenant(folder, { lenient: true });
    const server = await dev();
    expect(await timelines(server)).toEqual(all);
    const own = await request(
      server.baseUrl,
      'GET',
      `${V3}/${tenant.appId}/event-templates`,
      undefined,
      tenant,
    );
    expect(own.json).toEqual({ results: [] });
    const foreign = await request(
      server.baseUrl,
      'GET',
      `${V3}/events/${TEMPLATE}/petspot:demo-1`,
      undefined,
      tenant,
    );
    expect(foreign.status).toBe(404);
  });

  test('is not added twice, and what was changed of it stays; two at once see the same', async () => {
    let server = await dev();
    await request(server.baseUrl, 'POST', `${V3}/events`, event({ id: 'mine' }));
    const path = `${V3}/8420/event-templates/${TEMPLATE}`;
    const template = (await request(server.baseUrl, 'GET', path)).json;
    const changed = { ...template, name: 'Changed', headerTemplate: 'Hello' };
    expect((await request(server.baseUrl, 'PUT', path, changed)).status).toBe(200);
    await server.end('SIGTERM');

    server = await dev();
    const beside = await dev();
    for (const each of [server, beside]) {
      expect((await request(each.baseUrl, 'GET', path)).json.name).toBe('Changed');
      expect(await timelines(each)).toEqual(all);
      expect((await request(each.baseUrl, 'GET', `${V3}/events/${TEMPLATE}/mine`)).status).toBe(200);
    }
    await request(server.baseUrl, 'POST', `${V3}/events`, event({ id: 'new' }));
    expect((await request(beside.baseUrl, 'GET', `${V3}/events/${TEMPLATE}/new`)).status).toBe(200);
    await server.end('SIGTERM');
    await request(beside.baseUrl, 'POST', `${V3}/events`, event({ id: 'newer' }));
    expect((await request(beside.baseUrl, 'GET', `${V3}/events/${TEMPLATE}/newer`)).status).toBe(200);
    expect((await beside.end('SIGTERM')).code).toBe(0);
    expect(readdirSync(folder)).toEqual(['throughline.sqlite']);
  });

  test('comes back when its template was deleted', async () => {
    let server = await dev();
    const path = `${V3}/8420/event-templates/${TEMPLATE}`;
    expect((await request(server.baseUrl, 'DELETE', path)).status).toBe(204);
    expect((await request(server.baseUrl, 'GET', path)).status).toBe(404);
    await server.end('SIGTERM');
    server = await dev();
    expect((await request(server.baseUrl, 'GET', path)).status).toBe(200);
    expect(await timelines(server)).toEqual(all);
  });

  test('has credentials that are in no file', async () => {
    const server = await dev('--demo-token', 'a-token-of-mine');
    const sent = await request(server.baseUrl, 'POST', `${V3}/events`, event(), { token: 'a-token-of-mine' });
    expect(sent.status).toBe(201);
    const bytes = () => Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name))));
    const whileRunning = bytes();
    await server.end('SIGTERM');
    for (const each of [whileRunning, bytes()]) {
      expect(each.includes('Petspot')).toBe(true);
      const { adminKey, developerKey, clientSecret } = server.announced;
      for (const secret of ['a-token-of-mine', 'demo-token', adminKey, developerKey, clientSecret])
        expect(each.includes(secret as string)).toBe(false);
    }
    expect((await cliJson(['token', 'list', '--data', folder])).tokens).toEqual([]);
  });
});
