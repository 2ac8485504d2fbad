// Our own API for apps and portals: an admin key opens it and nothing else does; secrets are shown once; what is
// replaced, revoked or uninstalled is dead from the answer on.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { digest, newSecret } from '../../dist/access/credentials.js';
import { ALL_SCOPES } from '../../dist/access/scopes.js';
import { openStore } from '../../dist/store/sqlite/engine.js';
import { ADMIN_KEY, type Answer, APP, DEMO_TOKEN, type Json, startDev, V3 } from '../harness.js';
import { operationsOf } from '../openapi/operations.js';
import { expectRefused, faultyFields, fresh } from './support.js';

const APPS = '/timeline/v1/apps';
const PORTALS = '/timeline/v1/portals';
const server = await startDev();
afterAll(() => server.close());

const admin = (method: string, path: string, body?: unknown): Promise<Answer> =>
  server.call(method, path, body, { token: ADMIN_KEY });

async function made(path: string, body: object): Promise<Json> {
  const answer = await admin('POST', path, body);
  expect(answer.status, answer.text).toBe(201);
  return answer.json;
}
const newApp = (more: object = {}) =>
  made(APPS, { name: fresh('App'), scopes: ['timeline', 'developers-read'], ...more });
const newPortal = (more: object = {}) => made(PORTALS, { name: fresh('Portal'), ...more });
const newToken = (portalId: string, appId: string, scopes = ['timeline', 'developers-read']) =>
  made(`${PORTALS}/${portalId}/tokens`, { appId, scopes });

const templates = async (appId: string, token: string) =>
  (await server.call('GET', `${V3}/${appId}/event-templates`, undefined, { token })).status;
const templatesByKey = async (appId: string, key: string) =>
  (await server.call('GET', `${V3}/${appId}/event-templates?hapikey=${key}`, undefined, { token: '' }))
    .status;

describe('apps', () => {
  test('are made with their secrets, and read, listed and changed without them', async () => {
    const redirectUris = ['https://a.example/x', 'http://localhost:3000/y'];
    const app = await newApp({ name: 'Petspot', redirectUris });
    const { clientSecret, developerKey, ...shown } = app;
    expect(shown).toEqual({
      appId: expect.stringMatching(/^\d+$/),
      clientId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      name: 'Petspot',
      redirectUris,
      scopes: ['timeline', 'developers-read'],
    });
    expect([clientSecret, developerKey]).toEqual([
      expect.stringMatching(/^tl-secret-.{43}$/),
      expect.stringMatching(/^tl-key-.{43}$/),
    ]);
    expect((await admin('GET', `${APPS}/${app.appId}`)).json).toEqual(shown);
    expect((await admin('GET', APPS)).json.results).toContainEqual(shown);

    const changed = await admin('PATCH', `${APPS}/${app.appId}`, { redirectUris: [], name: null });
    expect(changed.json).toEqual({ ...shown, redirectUris: [] });
    const again = await admin('PATCH', `${APPS}/${app.appId}`, {
      name: 'P',
      scopes: ['tickets', 'tickets', 'oauth'],
    });
    expect(again.json).toEqual({ ...shown, redirectUris: [], name: 'P', scopes: ['tickets', 'oauth'] });
    expect((await admin('GET', `${APPS}/${app.appId}`)).json).toEqual(again.json);
    expect(await templatesByKey(app.appId, developerKey)).toBe(200); // a change beside them leaves secrets alone
  });

  test('have a developer key that is good for their own templates alone', async () => {
    const [app, other] = [await newApp(), await newApp()];
    expect(await templatesByKey(app.appId, app.developerKey)).toBe(200);
    expect(await templatesByKey(other.appId, app.developerKey)).toBe(404);
    for (const [method, path] of [
      ['GET', `${V3}/events/1/x`],
      ['GET', '/crm/v3/objects/contacts'],
      ['GET', APPS],
    ] as const)
      expectRefused(
        await server.call(method, `${path}?hapikey=${app.developerKey}`, undefined, {
          token: app.developerKey,
        }),
        401,
        'INVALID_AUTHENTICATION',
      );
  });

  test('get a new developer key, and the old one is dead at once', async () => {
    const { appId, developerKey } = await newApp();
    expect(await templatesByKey(appId, developerKey)).toBe(200);
    const rotated = await admin('POST', `${APPS}/${appId}/developer-key/rotate`);
    expect(rotated.json).toEqual({ developerKey: expect.stringMatching(/^tl-key-.{43}$/) });
    expect(await templatesByKey(appId, developerKey)).toBe(401);
    expect(await templatesByKey(appId, rotated.json.developerKey)).toBe(200);
  });

  test('get a new client secret, which is kept as its digest', async () => {
    const { appId, clientSecret } = await newApp();
    const rotated = await admin('POST', `${APPS}/${appId}/client-secret/rotate`);
    expect(rotated.json).toEqual({ clientSecret: expect.stringMatching(/^tl-secret-.{43}$/) });
    expect(rotated.json.clientSecret).not.toBe(clientSecret);
    const files = Buffer.concat(
      readdirSync(server.folder).map((name) => readFileSync(join(server.folder, name))),
    );
    expect(files.includes(Buffer.from(digest(rotated.json.clientSecret)))).toBe(true);
    for (const secret of [clientSecret, rotated.json.clientSecret])
      expect(files.includes(secret.slice(-30))).toBe(false);
  });

  test("of the demo keep the process's secrets", async () => {
    for (const secret of ['client-secret', 'developer-key'])
      expectRefused(await admin('POST', `${APPS}/${APP}/${secret}/rotate`), 409, 'CONFLICT');
    expect(await templatesByKey(APP, 'demo-developer-key')).toBe(200);
  });

  test('may ask for parts of HubSpot that are not here', async () => {
    const scopes = ['timeline', 'crm.objects.owners.read', 'contacts'];
    const { status, json } = await admin('POST', APPS, { name: 'A', scopes });
    expect([status, json.scopes]).toEqual([201, scopes]);
  });

  test('are refused with every fault named', async () => {
    const body = {
      name: ' ',
      scopes: ['timeline', 'timelines', 'oops'],
      redirectUris: ['https://a.example', '/back', 'javascript:alert(1)', 'https://a.example/#x'],
    };
    const refused = await admin('POST', APPS, body);
    expectRefused(refused, 400);
    expect(faultyFields(refused)).toEqual([
      'name',
      'redirectUris[1]',
      'redirectUris[2]',
      'redirectUris[3]',
      'scopes',
    ]);
    expect(refused.json.message).toContain("'/back' is not a web address");
    expect(refused.json.errors[4].message).toMatch(
      /^there is no scope timelines, oops; there are timeline, /,
    );
    const { appId } = await newApp();
    const before = (await admin('GET', `${APPS}/${appId}`)).json;
    expect(faultyFields(await admin('PATCH', `${APPS}/${appId}`, body))).toHaveLength(5);
    expect((await admin('GET', `${APPS}/${appId}`)).json).toEqual(before);
    const long = { name: 'x'.repeat(201), scopes: [], redirectUris: Array(101).fill('https://a.example') };
    expect(faultyFields(await admin('POST', APPS, long))).toEqual(['name']); // the same address counts once
    for (const path of [APPS, PORTALS])
      expect(faultyFields(await admin('POST', path, { name: 'half \ud83d', scopes: [] }))).toEqual(['name']);
    const many = long.redirectUris.map((uri, index) => `${uri}/${index}`);
    expect(faultyFields(await admin('POST', APPS, { ...long, redirectUris: many }))).toEqual([
      'name',
      'redirectUris',
    ]);
  });

  test('are as long as they may be: 200 characters of name, 100 redirect URIs of 2,000 characters', async () => {
    const uriOf = (chars: number, n = 0) => `https://a.example/${n}?`.padEnd(chars, 'x');
    const most = {
      name: 'x'.repeat(200),
      redirectUris: Array.from({ length: 100 }, (_, n) => uriOf(2_000, n)),
    };
    const made = await admin('POST', APPS, { ...most, scopes: [] });
    expect(made.status, made.text).toBe(201);
    expect(made.json).toMatchObject(most);
    const over = { name: 'A', redirectUris: [uriOf(2_000), uriOf(2_001)], scopes: [] };
    expect(faultyFields(await admin('POST', APPS, over))).toEqual(['redirectUris[1]']);
    expect((await admin('POST', PORTALS, { name: most.name })).status).toBe(201);
  });

  test.each([
    'ftp://a.example/',
    'https://',
    'https://a.example/b c',
    'https://a.example/ü',
    'https://a.example/\t',
  ])('are not sent back to %j', async (uri) => {
    const refused = await admin('POST', APPS, { name: 'A', scopes: [], redirectUris: [uri] });
    expectRefused(refused, 400);
    expect(faultyFields(refused)).toEqual(['redirectUris[0]']);
  });
});

describe('portals', () => {
  test('are made, read, listed and changed', async () => {
    const plain = await newPortal({ name: 'Plain' });
    expect(plain).toEqual({
      portalId: expect.stringMatching(/^\d+$/),
      name: 'Plain',
      lenient: false,
      associateByDomain: true,
    });
    const settings = { name: 'Zürich', lenient: true, timeZone: 'Europe/Zurich', associateByDomain: false };
    const portal = await newPortal(settings);
    const path = `${PORTALS}/${portal.portalId}`;
    expect(portal).toEqual({ portalId: portal.portalId, ...settings });
    expect((await admin('GET', path)).json).toEqual(portal);
    expect((await admin('GET', PORTALS)).json.results).toEqual(expect.arrayContaining([plain, portal]));
    expect((await admin('PATCH', path, { name: 'Z' })).json).toEqual({ ...portal, name: 'Z' });
    const { timeZone: _, ...rest } = portal;
    expect((await admin('PATCH', path, { timeZone: null, lenient: false })).json).toEqual({
      ...rest,
      name: 'Z',
      lenient: false,
    });
    expect(faultyFields(await admin('PATCH', path, { timeZone: 'Mars/Olympus', name: '' }))).toEqual([
      'name',
      'timeZone',
    ]);
    expect(faultyFields(await admin('POST', PORTALS, { name: 'x', timeZone: 'Mars/Olympus' }))).toEqual([
      'timeZone',
    ]);
  });

  test('that change count for calls at once', async () => {
    const { portalId } = await newPortal();
    const { appId } = await newApp({ scopes: ALL_SCOPES });
    const { accessToken: token } = await newToken(portalId, appId, [...ALL_SCOPES]);
    const template = await server.call(
      'POST',
      `${V3}/${appId}/event-templates`,
      { name: 'T', tokens: [] },
      { token },
    );
    const event = { eventTemplateId: template.json.id, objectId: '77', tokens: {} };
    expectRefused(await server.event(event, { token }), 404, 'OBJECT_NOT_FOUND'); // strict
    await admin('PATCH', `${PORTALS}/${portalId}`, { lenient: true });
    expect((await server.event(event, { token })).status).toBe(201);
  });
});

describe('an app in a portal', () => {
  test('is the demo’s in the demo’s, until it is uninstalled: its token ends too', async () => {
    const path = `${PORTALS}/8420/apps/${APP}`;
    expect((await admin('GET', `${PORTALS}/8420/apps`)).json.results).toMatchObject([{ appId: APP }]);
    expect(await templates(APP, DEMO_TOKEN)).toBe(200);
    expect((await admin('DELETE', path)).status).toBe(204);
    expect(await templates(APP, DEMO_TOKEN)).toBe(401);
    expect((await admin('PUT', path)).status).toBe(204);
    expect(await templates(APP, DEMO_TOKEN)).toBe(200);
  });

  test('is installed and uninstalled; all of its tokens there die at once, and nobody else’s', async () => {
    const [here, there] = [await newPortal(), await newPortal()];
    const [app, neighbour] = [await newApp(), await newApp()];
    const installed = async (portalId: string) =>
      (await admin('GET', `${PORTALS}/${portalId}/apps`)).json.results.map(({ appId }: Json) => appId);
    const path = `${PORTALS}/${here.portalId}/apps/${app.appId}`;
    expect(await installed(here.portalId)).toEqual([]);
    expect((await admin('PUT', path)).status).toBe(204);
    expect((await admin('PUT', path)).status).toBe(204);
    expect(await installed(here.portalId)).toEqual([app.appId]);

    const own = [
      await newToken(here.portalId, app.appId),
      await newToken(here.portalId, app.appId, ['developers-read']),
    ];
    const others = [
      [neighbour.appId, await newToken(here.portalId, neighbour.appId)],
      [app.appId, await newToken(there.portalId, app.appId)],
    ] as const;
    for (const { accessToken } of own) expect(await templates(app.appId, accessToken)).toBe(200);
    for (const [appId, { accessToken }] of others) expect(await templates(appId, accessToken)).toBe(200);

    expect((await admin('DELETE', path)).status).toBe(204);
    for (const { accessToken } of own) expect(await templates(app.appId, accessToken)).toBe(401);
    for (const [appId, { accessToken }] of others) expect(await templates(appId, accessToken)).toBe(200);
    expect(await installed(here.portalId)).toEqual([neighbour.appId]);
    expectRefused(await admin('DELETE', path), 404, 'OBJECT_NOT_FOUND');

    await newToken(here.portalId, app.appId); // installs it again
    expect(await installed(here.portalId)).toEqual([app.appId, neighbour.appId]);
    for (const { accessToken } of own) expect(await templates(app.appId, accessToken)).toBe(401);
  });

  test('gets private-app tokens: shown once, listed without, revoked at once', async () => {
    const [{ portalId }, other] = [await newPortal(), await newPortal()];
    const { appId } = await newApp();
    const tokens = `${PORTALS}/${portalId}/tokens`;
    const token = await newToken(portalId, appId, ['developers-read', 'developers-read']);
    const { accessToken, ...shown } = token;
    expect(accessToken).toMatch(/^tl-token-.{43}$/);
    expect(shown).toEqual({
      tokenId: expect.stringMatching(/^[0-9a-f]{16}$/),
      portalId,
      appId,
      scopes: ['developers-read'],
      createdAt: expect.stringMatching(/Z$/),
    });
    const second = await newToken(portalId, appId);
    const listed = await admin('GET', tokens);
    expect(listed.json.results).toHaveLength(2);
    expect(listed.json.results).toContainEqual({ ...shown, createdAt: expect.stringMatching(/Z$/) });
    expect(listed.text).not.toContain(accessToken);
    expect((await admin('GET', `${PORTALS}/${other.portalId}/tokens`)).json).toEqual({ results: [] });

    expect(await templates(appId, accessToken)).toBe(200);
    expectRefused(
      await admin('DELETE', `${PORTALS}/${other.portalId}/tokens/${token.tokenId}`),
      404,
      'OBJECT_NOT_FOUND',
    );
    expect(await templates(appId, accessToken)).toBe(200);
    expect((await admin('DELETE', `${tokens}/${token.tokenId}`)).status).toBe(204);
    expect(await templates(appId, accessToken)).toBe(401);
    expect(await templates(appId, second.accessToken)).toBe(200);
    expectRefused(await admin('DELETE', `${tokens}/${token.tokenId}`), 404, 'OBJECT_NOT_FOUND');
  });

  test('gets no token that may do more than the app may ask for', async () => {
    const { portalId } = await newPortal();
    const { appId } = await newApp();
    const tokens = `${PORTALS}/${portalId}/tokens`;
    const refused = await admin('POST', tokens, { appId, scopes: ['timeline', 'tickets'] });
    expectRefused(refused, 400);
    expect(refused.json.message).toBe(
      `scopes: app ${appId} may not ask for tickets; it may ask for timeline, developers-read`,
    );
    expect((await admin('POST', tokens, { appId, scopes: ['x'] })).json.message).toContain(
      'there is no scope x;',
    );
    expect(faultyFields(await admin('POST', tokens, { appId: '4711', scopes: [] }))).toEqual(['appId']);
    expect((await admin('GET', tokens)).json.results).toEqual([]);
    expect((await admin('GET', `${PORTALS}/${portalId}/apps`)).json.results).toEqual([]);
  });
});

test('lists are paged to their end, without a repetition', async () => {
  const { portalId } = await newPortal();
  const { appId } = await newApp();
  for (let n = 0; n < 4; n++) {
    await newApp();
    await newToken(portalId, appId);
  }
  for (const [path, id] of [
    [APPS, 'appId'],
    [PORTALS, 'portalId'],
    [`${PORTALS}/${portalId}/tokens`, 'tokenId'],
  ] as const) {
    const all = (await admin('GET', path)).json.results.map((each: Json) => each[id]);
    expect(all.length).toBeGreaterThan(3);
    const walked: string[] = [];
    for (let after: string | undefined = ''; after !== undefined; ) {
      const page: Json = (await admin('GET', `${path}?limit=3${after === '' ? '' : `&after=${after}`}`)).json;
      expect(page.results.length).toBeLessThanOrEqual(3);
      walked.push(...page.results.map((each: Json) => each[id]));
      after = page.paging?.next.after;
    }
    expect(walked).toEqual(all);
    for (const query of ['limit=0', 'limit=101', 'limit=x', 'after=%20', 'after=-1'])
      expectRefused(await admin('GET', `${path}?${query}`), 400);
  }
});

test('clients that name JSON everywhere need no body where there is none to send', async () => {
  const [{ portalId }, { appId }] = [await newPortal(), await newApp()];
  for (const [method, path] of [
    ['PUT', `${PORTALS}/${portalId}/apps/${appId}`],
    ['DELETE', `${PORTALS}/${portalId}/apps/${appId}`],
    ['POST', `${APPS}/${appId}/client-secret/rotate`],
  ] as const)
    expect((await admin(method, path, '')).status, path).toBeLessThan(300);
  expectRefused(await admin('POST', APPS, ''), 400);
});

test('what is not there is 404 and named', async () => {
  const { portalId } = await newPortal();
  const { appId } = await newApp();
  const missing: [string, string, object?][] = [
    ['GET', `${APPS}/4711`],
    ['GET', `${APPS}/1e1`],
    ['GET', `${APPS}/-1`],
    ['GET', `${APPS}/99999999999999999999`],
    ['PATCH', `${APPS}/4711`, { name: 'x' }],
    ['POST', `${APPS}/4711/client-secret/rotate`],
    ['POST', `${APPS}/4711/developer-key/rotate`],
    ['GET', `${PORTALS}/4711`],
    ['PATCH', `${PORTALS}/4711`, { name: 'x' }],
    ['GET', `${PORTALS}/4711/apps`],
    ['PUT', `${PORTALS}/4711/apps/${appId}`],
    ['PUT', `${PORTALS}/${portalId}/apps/4711`],
    ['DELETE', `${PORTALS}/4711/apps/${appId}`],
    ['GET', `${PORTALS}/4711/tokens`],
    ['POST', `${PORTALS}/4711/tokens`, { appId, scopes: [] }],
    ['DELETE', `${PORTALS}/${portalId}/tokens/4711`],
    ['DELETE', `${PORTALS}/${portalId}/tokens/%25`],
  ];
  for (const [method, path, body] of missing) {
    const answer = await admin(method, path, body);
    expectRefused(answer, 404, 'OBJECT_NOT_FOUND');
    expect(answer.json.message, path).toMatch(/^resource not found: (?:there is no (?:app|portal) |portal )/);
  }
});

test('answers with a secret are kept by no cache', async () => {
  const { portalId } = await newPortal();
  const { appId } = await newApp();
  for (const [path, body] of [
    [APPS, { name: 'x', scopes: ['timeline'] }],
    [`${APPS}/${appId}/client-secret/rotate`, undefined],
    [`${APPS}/${appId}/developer-key/rotate`, undefined],
    [`${PORTALS}/${portalId}/tokens`, { appId, scopes: [] }],
  ] as const)
    expect((await admin('POST', path, body)).headers.get('cache-control')).toBe('no-store');
});

test('an admin key opens this API and nothing else, and nothing else opens it', async () => {
  const stored = newSecret('admin');
  const store = await openStore({ folder: server.folder, clock: Date.now });
  await store.createAdminKey({ name: 'Stored', hash: digest(stored) });
  await store.close();
  const own = await startDev();
  try {
    const document = (await own.call('GET', '/openapi.json')).json;
    const filled = (path: string) => path.replace(/\{\w+\}/g, '1');
    const operations = operationsOf(document);
    const ours = operations.filter(({ path }) => path.startsWith(APPS) || path.startsWith(PORTALS));
    expect(ours).toHaveLength(16);
    for (const { id, method, path, operation } of operations) {
      const call = (token: string) =>
        own.call(
          method.toUpperCase(),
          `${filled(path)}?hapikey=${token}`,
          operation.requestBody ? {} : undefined,
          { token },
        );
      if (ours.some((each) => each.id === id)) {
        expectRefused(await call(DEMO_TOKEN), 401, 'INVALID_AUTHENTICATION');
        expect((await call(ADMIN_KEY)).status, id).not.toBe(401);
      } else if (operation.security.length > 0)
        expectRefused(await call(ADMIN_KEY), 401, 'INVALID_AUTHENTICATION');
    }
  } finally {
    await own.close();
  }
  expect((await server.call('GET', APPS, undefined, { token: stored })).status).toBe(200);
  expectRefused(
    await server.call('GET', '/crm/v3/objects/contacts', undefined, { token: stored }),
    401,
    'INVALID_AUTHENTICATION',
  );
  const none = await server.call('GET', APPS, undefined, { token: '' });
  expectRefused(none, 401, 'INVALID_AUTHENTICATION');
  expect(none.json.message).toContain('throughline admin-key create');
});
