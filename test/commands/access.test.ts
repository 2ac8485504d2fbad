// `throughline portal|app|token create|list`: what they answer, with and without a server on the folder, what they
// refuse, and that no secret stays.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cli, cliJson, endAll, startCli } from '../cli.js';
import { Load, tenantWithTemplate } from '../crash/load.js';
import { request, V3 } from '../harness.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'throughline-access-'));
});
afterEach(async () => {
  await endAll();
  rmSync(folder, { recursive: true, force: true });
});

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
  expect(token).toEqual({ accessToken: expect.stringMatching(/.{40}/) });

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

  test('several at once on a fresh folder all succeed', async () => {
    const made = await Promise.all([1, 2, 3, 4].map((n) => json('portal', 'create', '--name', `p${n}`)));
    expect(new Set(made.map(({ portalId }) => portalId)).size).toBe(4);
    expect((await json('portal', 'list')).portals).toHaveLength(4);
  });

  test('without --json print a line a thing, for people', async () => {
    expect((await run('portal', 'list')).stdout).toBe('no portals yet\n');
    expect((await run('portal', 'create', '--name', 'P')).stdout).toMatch(/^portalId: \d+\n$/);
    expect((await run('app', 'create', '--name', 'A', '--scope', 'timeline')).stdout).toMatch(
      /^appId: \d+\nclientId: \S+\nclientSecret: \S+\ndeveloperKey: \S+\n$/,
    );
    expect((await run('portal', 'list')).stdout).toMatch(/^portalId: \d+ {2}name: P .*\n$/);
    expect((await run('app', 'list')).stdout).toMatch(/^appId: \d+ {2}name: A .*timeline\n$/);
  });

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
        /may not ask for tickets; it was created with: timeline\.\n$/,
      ],
      [token(portalId, appId), /--scope/],
      [['token', 'create', '--scope', 'timeline'], /--portal/],
      [['app', 'create', '--name', 'B'], /--scope/],
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
