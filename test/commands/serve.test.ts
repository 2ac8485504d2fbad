// `throughline serve`: nothing ready-made. What the commands made counts, and nothing else.
import { describe, expect, test } from 'vitest';
import { cli, cliJson, folder, inFolder, startCli, until } from '../cli.js';
import { createTenant, DEMO_TOKEN, request, TEMPLATE, V3 } from '../harness.js';

inFolder();

const serve = (...more: string[]) => startCli(['serve', '--data', folder, '--port', '0', '--json', ...more]);

describe('serve', () => {
  test('with --json says in one line where it is; without, in a sentence', async () => {
    const first = await serve();
    const { stdout, stderr, code } = await first.end('SIGTERM');
    expect(stdout).toBe(`${JSON.stringify(first.announced)}\n`);
    expect(first.announced.baseUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    const second = await startCli(['serve', '--data', folder, '--port', '0']);
    expect(second.stdout()).toContain(second.baseUrl);
  });

  test('behind a proxy says where the public reaches it, and where it listens', async () => {
    const url = 'https://timeline.example.com';
    const announced = (await serve('--public-url', `${url}/`)).announced;
    expect(announced).toEqual({
      ...{ baseUrl: url, pageUrl: `${url}/`, referenceUrl: `${url}/docs` },
      listeningUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/),
    });
    const { status } = await request(announced.listeningUrl, 'GET', '/openapi.json');
    expect(status).toBe(200);
    const spoken = await startCli(['serve', '--data', folder, '--port', '0'], {
      env: { THROUGHLINE_PUBLIC_URL: url },
    });
    expect(spoken.stdout()).toContain(`serves ${url} `);
    expect(spoken.stdout()).toMatch(/listening on http:\/\/127\.0\.0\.1:\d+\n$/);
  });

  test.each([
    [['--rate-limit', 'hubspot'], {}, ['110', '109', '10000']],
    [['--rate-limit', '7/2s'], {}, ['7', '6', '2000']],
    [['--rate-limit', '200/10s,search=10/1s'], {}, ['200', '199', '10000']],
    [[], { THROUGHLINE_RATE_LIMIT: '3/5s' }, ['3', '2', '5000']],
    [[], {}, [null, null, null]],
  ] as [string[], Record<string, string>, (string | null)[]][])(
    'limits calls as %j with %j says',
    async (args, env, expected) => {
      const { token } = await createTenant(folder);
      const { baseUrl } = await startCli(['serve', '--data', folder, '--port', '0', '--json', ...args], {
        env,
      });
      const { headers } = await request(baseUrl, 'GET', '/crm/v3/objects/contacts', undefined, { token });
      const names = ['max', 'remaining', 'interval-milliseconds'];
      expect(names.map((name) => headers.get(`x-hubspot-ratelimit-${name}`))).toEqual(expected);
    },
  );

  test('believes the proxies that its variable names, and those that its flag names', async () => {
    const admin = await cliJson(['admin-key', 'create', '--data', folder]);
    for (const [args, env] of [
      [['--trust-proxy', '10.0.0.0/8', '127.0.0.1'], {}],
      [[], { THROUGHLINE_TRUST_PROXY: '10.0.0.0/8, 127.0.0.1' }],
    ] as [string[], Record<string, string>][]) {
      const { baseUrl } = await startCli(['serve', '--data', folder, '--port', '0', '--json', ...args], {
        env,
      });
      const ask = (token: string, from: string) =>
        request(baseUrl, 'GET', '/timeline/v1/apps', undefined, {
          token,
          headers: { 'x-forwarded-for': from },
        });
      for (let n = 0; n < 30; n++) await ask('wrong', '192.0.2.1');
      expect((await ask(admin.adminKey, '192.0.2.1')).status).toBe(429);
      expect((await ask(admin.adminKey, '192.0.2.2')).status).toBe(200);
    }
  });

  test('shows nobody a page who is not signed in, and on a folder that dev used has no demo credentials', async () => {
    const dev = await startCli(['dev', '--data', folder, '--port', '0', '--json']);
    const path = `${V3}/events/${TEMPLATE}/petspot:demo-1`;
    expect((await request(dev.baseUrl, 'GET', path)).status).toBe(200);
    await dev.end('SIGTERM');
    const { baseUrl } = await serve();
    for (const page of ['/', '/records/contacts/28001', '/records/x?after=1']) {
      const answer = await request(baseUrl, 'GET', page, undefined, { token: DEMO_TOKEN });
      expect([answer.status, answer.text]).toEqual([303, '']);
      expect(answer.headers.get('location')).toBe(`/sign-in?next=${encodeURIComponent(page)}`);
    }
    expect((await request(baseUrl, 'GET', path, undefined, { token: DEMO_TOKEN })).status).toBe(401);
    for (const key of ['demo-developer-key', ''])
      expect(
        (await request(baseUrl, 'GET', `${V3}/8420/event-templates?hapikey=${key}`, undefined, { token: '' }))
          .status,
      ).toBe(401);
    // Not for want of data: a token that was made for that portal and app reads it.
    const { accessToken: token } = await cliJson(
      'token create --portal 8420 --app 8420 --scope timeline --data'.split(' ').concat(folder),
    );
    expect((await request(baseUrl, 'GET', path, undefined, { token })).status).toBe(200);
  });

  test('is strict: a record that nobody made is not found', async () => {
    const { portalId, appId, accessToken: token, developerKey } = await made();
    const { baseUrl } = await serve();
    const template = await request(
      baseUrl,
      'POST',
      `${V3}/${appId}/event-templates?hapikey=${developerKey}`,
      { name: 'T', objectType: 'contacts', tokens: [] },
      { token: '' },
    );
    const send = (about: object) =>
      request(
        baseUrl,
        'POST',
        `${V3}/events`,
        { eventTemplateId: template.json.id, tokens: {}, ...about },
        { token },
      );
    expect(await send({ objectId: '5' })).toMatchObject({
      status: 404,
      json: { category: 'OBJECT_NOT_FOUND' },
    });
    const known = await send({ email: 'a@example.com' });
    expect(known.status).toBe(201);
    expect((await send({ objectId: known.json.objectId })).status).toBe(201);
    expect(portalId).toMatch(/^\d+$/);
  });

  test('notices what another process changed', async () => {
    const tenant = await createTenant(folder);
    const [one, two] = await Promise.all([serve(), serve()]);
    const call = (server: { baseUrl: string }, method: string, path: string, body?: object) =>
      request(server.baseUrl, method, `${V3}${path}`, body, { token: tenant.token });
    const templates = `/${tenant.appId}/event-templates`;
    const { json: template } = await call(one, 'POST', templates, {
      name: 'T',
      objectType: 'contacts',
      tokens: [],
    });
    const event = { eventTemplateId: template.id, email: 'a@example.com', tokens: { new: 'x' } };
    for (const server of [one, two]) expect((await call(server, 'POST', '/events', event)).status).toBe(400);
    const added = await call(two, 'POST', `${templates}/${template.id}/tokens`, {
      name: 'new',
      label: 'New',
      type: 'string',
    });
    expect(added.status).toBe(200);
    await until(async () => (await call(one, 'POST', '/events', event)).status === 201);
    // Changes on both sides do not swallow one another.
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const answers = await Promise.all(
      names.map((name, index) =>
        call(index % 2 ? one : two, 'POST', `${templates}/${template.id}/tokens`, {
          name,
          label: name,
          type: 'string',
        }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(names.map(() => 200));
    const { json: whole } = await call(one, 'GET', templates);
    expect(whole.results[0].tokens.map(({ name }: { name: string }) => name).sort()).toEqual([
      ...names,
      'new',
    ]);
    expect((await call(two, 'DELETE', `${templates}/${template.id}`)).status).toBe(204);
    await until(async () => (await call(one, 'POST', '/events', event)).status === 404);
  });

  test('notices a custom object that another process made, and a property of it', async () => {
    const tenant = await createTenant(folder);
    const [one, two] = await Promise.all([serve(), serve()]);
    const call = (server: { baseUrl: string }, method: string, path: string, body?: object) =>
      request(server.baseUrl, method, `/crm/v3${path}`, body, { token: tenant.token });
    expect((await call(one, 'GET', '/schemas')).json.results).toEqual([]);
    const made = await call(two, 'POST', '/schemas', {
      name: 'pet',
      labels: { singular: 'Pet', plural: 'Pets' },
      requiredProperties: [],
      properties: [{ name: 'nickname', label: 'Nickname', type: 'string', fieldType: 'text' }],
      primaryDisplayProperty: 'nickname',
      associatedObjects: [],
    });
    expect(made.status).toBe(201);
    await until(async () => (await call(one, 'GET', '/properties/pet/nickname')).status === 200);
    const color = {
      name: 'color',
      label: 'Color',
      type: 'string',
      fieldType: 'text',
      groupName: 'pet_information',
    };
    expect((await call(two, 'POST', '/properties/pet', color)).status).toBe(201);
    await until(async () => (await call(one, 'GET', '/properties/pet/color')).status === 200);
  });

  test('a port that is taken is told, with what would do', async () => {
    const { baseUrl } = await serve();
    const { port } = new URL(baseUrl);
    const { code, stderr } = await cli(['serve', '--data', folder, '--port', port]);
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`${port}.*choose another --port`));
  });

  test.each(['192.0.2.1', 'no.such.invalid'])(
    'so is the address %s, which it does not have',
    async (host) => {
      const { code, stdout, stderr } = await cli(['serve', '--data', folder, '--host', host, '--port', '0']);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(new RegExp(`${host}.*choose another --host`));
    },
  );
});

/** A portal, an app and a token, by the commands. */
async function made() {
  const at = ['--data', folder];
  const { portalId } = await cliJson(['portal', 'create', '--name', 'P', ...at]);
  const app = await cliJson(['app', 'create', '--name', 'A', '--scope', 'timeline', ...at]);
  const token = await cliJson([
    'token',
    'create',
    '--portal',
    portalId,
    '--app',
    app.appId,
    '--scope',
    'timeline',
    ...at,
  ]);
  return { portalId, ...app, ...token };
}
