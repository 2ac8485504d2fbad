// `throughline portal|app|token|admin-key …`: what they answer, with and without a server on the folder, what they
// refuse, and that no secret stays.
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, cliJson, folder, inFolder, startCli, until } from '../cli.js';
import { Load, tenantWithTemplate } from '../crash/load.js';
import { type Json, request, V3 } from '../harness.js';

inFolder();

const run = (...args: string[]) => cli([...args, '--data', folder]);
const json = (...args: string[]) => cliJson([...args, '--data', folder]);
const bytes = () => Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name))));

/** Makes one of each and looks at every answer and list. */
async function makeAll() {
  const portal = await json('portal', 'create', '--name', 'Zürich', '--time-zone', 'Europe/Zurich');
  expect(portal).toEqual({ portalId: expect.stringMatching(/^\d+$/) });
  const app = await json(
    ...['app', 'create', '--name', 'An app', '--redirect-uri', 'https://a.example/x', 'https://b.example/y'],
    ...['--scope', 'timeline', 'developers-read', 'developers-write'],
  );
  expect(app).toEqual({
    appId: expect.stringMatching(/^\d+$/),
    clientId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    clientSecret: expect.stringMatching(/.{40}/),
    developerKey: expect.stringMatching(/.{40}/),
  });
  const ids = ['--portal', portal.portalId, '--app', app.appId];
  const token = await json('token', 'create', ...ids, '--scope', 'timeline', 'developers-read');
  expect(token).toEqual({
    tokenId: expect.stringMatching(/^[0-9a-f]{16}$/),
    accessToken: expect.stringMatching(/.{40}/),
  });

  const [portals, apps, tokens] = await Promise.all(['portal', 'app', 'token'].map((of) => json(of, 'list')));
  expect(portals.portals).toContainEqual({
    ...portal,
    name: 'Zürich',
    lenient: false,
    timeZone: 'Europe/Zurich',
  });
  expect(apps.apps).toContainEqual({
    appId: app.appId,
    clientId: app.clientId,
    name: 'An app',
    redirectUris: ['https://a.example/x', 'https://b.example/y'],
    scopes: ['timeline', 'developers-read', 'developers-write'],
  });
  expect(tokens.tokens).toContainEqual({
    tokenId: token.tokenId,
    ...portal,
    appId: app.appId,
    scopes: ['timeline', 'developers-read'],
    createdAt: expect.stringMatching(/Z$/),
  });
  const secrets = [app.clientSecret, app.developerKey, token.accessToken] as string[];
  const listed = JSON.stringify([portals, apps, tokens]);
  for (const secret of secrets) {
    expect(listed).not.toContain(secret);
    expect(bytes().includes(secret)).toBe(false);
    expect(bytes().includes(secret.slice(-30))).toBe(false);
  }
  return { ...portal, ...app, ...token };
}

describe('the commands', () => {
  test('make and list on a folder that nobody holds, and leave it tidy', async () => {
    await makeAll();
    expect(readdirSync(folder)).toEqual(['throughline.sqlite']);
    expect(bytes().includes('Zürich')).toBe(true);
  });

  test('make and list while a server works hard on the folder; what they make counts at once', async () => {
    const server = await startCli(['serve', '--data', folder, '--port', '0', '--json']);
    const load = new Load(await tenantWithTemplate(folder, server.baseUrl), Math.random);
    const loading = load.run(server.baseUrl, 4);
    const { appId, accessToken: token, developerKey } = await makeAll();
    const templates = `${V3}/${appId}/event-templates`;
    const created = await request(
      server.baseUrl,
      'POST',
      `${templates}?hapikey=${developerKey}`,
      { name: 'T', objectType: 'contacts', tokens: [] },
      { token: '' },
    );
    expect(created.status).toBe(201);
    const sent = await request(
      server.baseUrl,
      'POST',
      `${V3}/events`,
      { eventTemplateId: created.json.id, email: 'a@example.com', tokens: {} },
      { token },
    );
    expect(sent.status).toBe(201);
    // It has developers-read, not developers-write.
    expect((await request(server.baseUrl, 'GET', templates, undefined, { token })).status).toBe(200);
    const refused = await request(server.baseUrl, 'DELETE', `${templates}/${created.json.id}`, undefined, {
      token,
    });
    expect(refused.status).toBe(403);
    load.stop();
    await loading;
    expect(await server.end('SIGTERM')).toMatchObject({ code: 0, stderr: '' });
  });

  test('a portal may leave new contacts without the company of their domain', async () => {
    const portal = await json('portal', 'create', '--name', 'Left', '--no-associate-by-domain');
    expect((await json('portal', 'list')).portals).toContainEqual({
      ...portal,
      name: 'Left',
      lenient: false,
      associateByDomain: false,
    });
  });

  test('what stands twice counts once, as by the API', async () => {
    const { portalId } = await json('portal', 'create', '--name', 'P');
    const scopes = ['--scope', 'timeline', 'timeline'];
    const twice = [...scopes, '--redirect-uri', 'https://a.example', 'https://a.example'];
    const { appId } = await json('app', 'create', '--name', 'A', ...twice);
    const app = async () => (await json('app', 'list')).apps[0];
    const once = { redirectUris: ['https://a.example'], scopes: ['timeline'] };
    expect(await app()).toMatchObject(once);
    await json('app', 'update', '--app', appId, ...twice);
    expect(await app()).toMatchObject(once);
    await json('token', 'create', '--portal', portalId, '--app', appId, ...scopes);
    expect((await json('token', 'list')).tokens).toMatchObject([{ scopes: ['timeline'] }]);
  });

  test('rotate, uninstall and revoke, and a running server minds it', async () => {
    const server = await startCli(['serve', '--data', folder, '--port', '0', '--json']);
    const { portalId, appId, accessToken, developerKey } = await makeAll();
    const ids = ['--portal', portalId, '--app', appId];
    const templates = `${V3}/${appId}/event-templates`;
    const withToken = (token: string) => request(server.baseUrl, 'GET', templates, undefined, { token });
    const withKey = (key: string) =>
      request(server.baseUrl, 'GET', `${templates}?hapikey=${key}`, undefined, { token: '' });
    const dead = (ask: () => Promise<{ status: number }>) => until(async () => (await ask()).status === 401);
    expect([(await withToken(accessToken)).status, (await withKey(developerKey)).status]).toEqual([200, 200]);

    const rotated = await json('app', 'rotate', '--app', appId, '--secret', 'developer-key');
    expect(rotated).toEqual({ appId, developerKey: expect.stringMatching(/^tl-key-.{40}/) });
    await dead(() => withKey(developerKey));
    expect((await withKey(rotated.developerKey)).status).toBe(200);
    const secret = await json('app', 'rotate', '--app', appId);
    expect(secret).toEqual({ appId, clientSecret: expect.stringMatching(/^tl-secret-.{40}/) });

    const { accessToken: second } = await json('token', 'create', ...ids, '--scope', 'developers-read');
    expect((await withToken(second)).status).toBe(200);
    const { tokens } = await json('token', 'list');
    const { tokenId } = tokens.find((token: Json) => token.scopes.includes('timeline'));
    expect(await json('token', 'revoke', '--token', tokenId)).toEqual({ tokenId });
    await dead(() => withToken(accessToken));
    expect((await withToken(second)).status).toBe(200);
    expect((await json('token', 'list')).tokens).toHaveLength(1);

    expect(await json('app', 'uninstall', ...ids)).toEqual({ portalId, appId });
    await dead(() => withToken(second));
    expect((await json('token', 'list')).tokens).toEqual([]);
    expect(await json('app', 'install', ...ids)).toEqual({ portalId, appId });
    expect((await withToken(second)).status).toBe(401); // what died stays dead
    for (const shown of [rotated.developerKey, secret.clientSecret])
      expect(bytes().includes(shown.slice(-30))).toBe(false);
  });

  test('update changes what is named and leaves the rest', async () => {
    const { portalId } = await json('portal', 'create', '--name', 'P', '--time-zone', 'Asia/Tokyo');
    const { appId, clientId } = await json(
      ...['app', 'create', '--name', 'A', '--scope', 'timeline', '--redirect-uri', 'https://a.example/x'],
    );
    const update = (...args: string[]) => json('portal', 'update', '--portal', portalId, ...args);
    const portal = async () => (await json('portal', 'list')).portals[0];
    expect(await update('--lenient', '--no-associate-by-domain')).toEqual({ portalId });
    const changed = { portalId, name: 'P', lenient: true, timeZone: 'Asia/Tokyo', associateByDomain: false };
    expect(await portal()).toEqual(changed);
    await update('--name', 'Q');
    expect(await portal()).toEqual({ ...changed, name: 'Q' });
    await update('--strict', '--associate-by-domain', '--time-zone', 'Europe/Zurich');
    expect(await portal()).toEqual({ portalId, name: 'Q', lenient: false, timeZone: 'Europe/Zurich' });
    await update('--no-time-zone');
    expect(await portal()).toEqual({ portalId, name: 'Q', lenient: false });

    const app = async () => (await json('app', 'list')).apps[0];
    expect(await json('app', 'update', '--app', appId, '--scope', 'timeline', 'tickets')).toEqual({ appId });
    const kept = { appId, clientId, name: 'A', redirectUris: ['https://a.example/x'] };
    expect(await app()).toEqual({ ...kept, scopes: ['timeline', 'tickets'] });
    for (const args of [
      ['portal', 'update', '--portal', '4711'],
      ['portal', 'update', '--portal', portalId, '--lenient', '--strict'],
      ['portal', 'update', '--portal', portalId, '--name', ''],
      ['app', 'update', '--app', '4711', '--name', 'x'],
      ['app', 'update', '--app', appId, '--scope', 'timelines'],
    ])
      expect(await run(...args)).toMatchObject({
        code: 1,
        stdout: '',
        stderr: expect.stringMatching(/\.\n$/),
      });
    expect([(await portal()).name, (await app()).scopes]).toEqual(['Q', ['timeline', 'tickets']]);
  });

  test('an admin key opens the API for apps and portals until it is revoked', async () => {
    const made = await json('admin-key', 'create', '--name', 'Deploy');
    expect(made).toEqual({ adminKeyId: '1', adminKey: expect.stringMatching(/^tl-admin-.{40}/) });
    expect(bytes().includes(made.adminKey.slice(-30))).toBe(false);
    const { adminKeys } = await json('admin-key', 'list');
    expect(adminKeys).toEqual([{ adminKeyId: '1', name: 'Deploy', createdAt: expect.stringMatching(/Z$/) }]);
    const server = await startCli(['serve', '--data', folder, '--port', '0', '--json']);
    const ask = () =>
      request(server.baseUrl, 'GET', '/timeline/v1/apps', undefined, { token: made.adminKey });
    expect((await ask()).json).toEqual({ results: [] });
    expect(await json('admin-key', 'revoke', '--admin-key', '1')).toEqual({ adminKeyId: '1' });
    await until(async () => (await ask()).status === 401);
    expect((await json('admin-key', 'list')).adminKeys).toEqual([]);
  });

  test('a folder that is not there, or is empty, is made by what creates, and by nothing else', async () => {
    expect((await run('portal', 'list')).stderr).toMatch(/ is no data folder; /);
    expect(readdirSync(folder)).toEqual([]);
    const typo = join(folder, 'typo');
    for (const args of [
      ['portal', 'list'],
      ['app', 'list'],
      ['token', 'list'],
      ['admin-key', 'list'],
      ['app', 'rotate', '--app', '1'],
      ['token', 'revoke', '--token', '1'],
      ['user', 'list'],
      ['user', 'password', '--email', 'ada@example.com'],
      ['user', 'remove', '--email', 'ada@example.com'],
      ['token', 'create', '--portal', '1', '--app', '1', '--scope', 'timeline'],
      ['import', '-', '--portal', '1', '--app', '1'],
    ]) {
      const { code, stdout, stderr } = await cli([...args, '--data', typo], { input: '' });
      expect({ code, stdout }, args.join(' ')).toEqual({ code: 1, stdout: '' });
      expect(stderr).toBe(
        `'${typo}' is no data folder; --data names it, 'throughline portal create' makes one.\n`,
      );
      expect(existsSync(typo)).toBe(false);
    }
    for (const [args, sentence] of [
      [['portal', 'create', '--name', ' '], /^name: is empty/],
      [['app', 'create', '--name', 'A', '--scope', 'timelines'], /^scopes: there is no scope timelines;/],
      [['admin-key', 'create', '--name', ' '], /^name: is empty/],
      [['user', 'create', '--email', 'ada'], /is not an e-mail/],
      [['user', 'create', '--email', 'ada@example.com'], /The password will not do/],
    ] as const) {
      expect((await cli([...args, '--data', typo], { input: 'short' })).stderr).toMatch(sentence);
      expect(existsSync(typo), args.join(' ')).toBe(false);
    }
    const file = join(folder, 'file');
    writeFileSync(file, 'mine');
    expect((await cli(['portal', 'list', '--data', file])).stderr).toMatch(/file' is no data folder; /);
    for (const data of [file, join(file, 'data')])
      expect((await cli(['admin-key', 'create', '--data', data])).stderr).toBe(
        `The data folder '${data}' cannot be opened: it is a file, or in one; name a folder\n`,
      );
    expect(readFileSync(file, 'utf8')).toBe('mine');
    symlinkSync('unseen', join(folder, 'unseen'));
    expect((await cli(['portal', 'list', '--data', join(folder, 'unseen')])).stderr).toMatch(
      /^ELOOP: .*unseen/,
    );
    expect((await cliJson(['admin-key', 'create', '--data', typo])).adminKeyId).toBe('1');
    expect(existsSync(typo)).toBe(true);
  });

  test('--version says which one this is', async () => {
    expect((await cli(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test('several at once on a fresh folder all succeed', async () => {
    const made = await Promise.all([1, 2, 3, 4].map((n) => json('portal', 'create', '--name', `p${n}`)));
    expect(new Set(made.map(({ portalId }) => portalId)).size).toBe(4);
    expect((await json('portal', 'list')).portals).toHaveLength(4);
  });

  test('without --json print a line a thing, for people', async () => {
    await run('admin-key', 'create');
    expect((await run('portal', 'list')).stdout).toBe('no portals yet\n');
    await run('admin-key', 'revoke', '--admin-key', '1');
    expect((await run('admin-key', 'list')).stdout).toBe('no admin keys yet\n');
    expect((await run('portal', 'create', '--name', 'P')).stdout).toMatch(/^portalId: \d+\n$/);
    const scopes = ['--scope', 'timeline', 'developers-read'];
    expect((await run('app', 'create', '--name', 'A', ...scopes)).stdout).toMatch(
      /^appId: \d+\nclientId: \S+\nclientSecret: \S+\ndeveloperKey: \S+\n$/,
    );
    expect((await run('portal', 'list')).stdout).toMatch(/^portalId: \d+ {2}name: P .*\n$/);
    expect((await run('app', 'list')).stdout).toMatch(
      /^appId: \d+ {2}name: A .*scopes: timeline developers-read\n$/,
    );
  });

  test('a reader that has gone, as head does, is no failure', async () => {
    const shell = '{ "$@"; echo "ended with $?" >&2; } | true';
    for (const args of [
      ['portal', 'create', '--name', 'P'],
      ['portal', 'list'],
      ['app', 'list', '--json'],
    ])
      expect((await cli([...args, '--data', folder], { shell })).stderr).toBe('ended with 0\n');
    expect((await json('portal', 'list')).portals).toHaveLength(1);
    expect(readdirSync(folder)).toEqual(['throughline.sqlite']);
  });

  test.skipIf(!existsSync('/dev/full'))(
    'an answer that cannot be written is told in a sentence',
    async () => {
      const { code, stderr } = await cli(['admin-key', 'create', '--data', folder], {
        shell: 'exec "$@" > /dev/full',
      });
      expect({ code, stderr }).toEqual({ code: 1, stderr: 'ENOSPC: no space left on device, write\n' });
    },
  );

  test('refuse what is not there or not allowed, say what would do, and make nothing', async () => {
    const { portalId } = await json('portal', 'create', '--name', 'P');
    const { appId } = await json('app', 'create', '--name', 'A', '--scope', 'timeline');
    const token = (portal: string, app: string, ...scopes: string[]) => [
      ...['token', 'create', '--portal', portal, '--app', app],
      ...(scopes.length > 0 ? ['--scope', ...scopes] : []),
    ];
    const refused: [string[], RegExp][] = [
      [
        token('4711', appId, 'timeline'),
        /^There is no portal 4711; 'throughline portal list' shows them\.\n$/,
      ],
      [token('mine', appId, 'timeline'), /^There is no portal mine;/],
      [token(portalId, '4711', 'timeline'), /^There is no app 4711; 'throughline app list' shows them\.\n$/],
      [
        token(portalId, appId, 'timeline', 'tickets'),
        /^scopes: app \d+ may not ask for tickets; it may ask for timeline\.\n$/,
      ],
      [token(portalId, appId), /--scope.*\n--help tells what there is\.\n$/],
      [['token', 'create', '--scope', 'timeline'], /--portal/],
      [['app', 'create', '--name', 'B'], /--scope/],
      [
        ['app', 'create', '--name', 'B', '--scope', 'timeline', 'timelines', 'x'],
        /^scopes: there is no scope timelines, x; there are timeline, .*crm\.objects\.contacts\.read/,
      ],
      [
        ['app', 'create', '--name', 'B', '--scope', 'timeline', '--redirect-uri', 'javascript:alert(1)'],
        /^redirectUris\[0\]: 'javascript:alert\(1\)' is not a web address;/,
      ],
      [['app', 'create', '--name', ' ', '--scope', 'timeline'], /^name: is empty;/],
      [
        ['portal', 'create', '--name', 'P\nportalId: 1'],
        /^name: has control characters, such as a line break;/,
      ],
      [token(portalId, appId, 'timelines'), /^scopes: there is no scope timelines;/],
      [['app', 'rotate', '--app', '4711'], /^There is no app 4711;/],
      [['app', 'rotate', '--app', appId, '--secret', 'all'], /client-secret, developer-key/],
      [['app', 'uninstall', '--app', appId, '--portal', portalId], /is not installed in portal/],
      [['app', 'install', '--app', appId, '--portal', '4711'], /^There is no portal 4711;/],
      [
        ['app', 'install', '--app', appId, '--portal', `0x${Number(portalId).toString(16)}`],
        /^There is no portal 0x/,
      ],
      [['token', 'revoke', '--token', 'x'], /^There is no token with the id x; 'throughline token list'/],
      [['admin-key', 'revoke', '--admin-key', '7'], /^There is no admin key with the id 7;/],
      [['app', 'create', '--scope', 'timeline'], /--name/],
      [['portal', 'create'], /--name/],
      [['portal', 'create', '--name', 'Q', '--time-zone', 'Mars/Olympus'], /IANA time zone such as/],
      [['portal', 'crate'], /create|unknown command/],
    ];
    const results = await Promise.all(
      refused.map(([args]) => run(...args, ...(args[1] === 'crate' ? [] : ['--json']))),
    );
    for (const [index, { code, stdout, stderr }] of results.entries()) {
      const [args, sentence] = refused[index] as [string[], RegExp];
      expect({ code, stdout }, args.join(' ')).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(sentence);
      expect(stderr).not.toMatch(/^\s+at /m);
    }
    expect((await json('portal', 'list')).portals).toHaveLength(1);
    expect((await json('app', 'list')).apps).toHaveLength(1);
    expect((await json('token', 'list')).tokens).toEqual([]);
  });
});
