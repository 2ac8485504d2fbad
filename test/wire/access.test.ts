// Who may do what: tokens, scopes, developer keys; and that nobody sees what is another's.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { APP, createTenant, DEMO_TOKEN, type Json, request, startDev, TEMPLATE, V3 } from '../harness.js';
import {
  BATCH,
  eventPath,
  expectRefused,
  fresh,
  issueToken,
  makeTemplate,
  PET_TOKENS,
  TEMPLATES,
  timelinePath,
} from './support.js';

const DEMO_PORTAL = 8420;
const DEVELOPER_KEY = 'demo-developer-key';
const server = await startDev();
afterAll(() => server.close());

/** A token of the demo's app in its portal, for these scopes alone. */
const tokenFor = (...scopes: string[]) =>
  issueToken(server.folder, { portalId: DEMO_PORTAL, appId: Number(APP), scopes });

const event = (more: object = {}) => ({
  eventTemplateId: TEMPLATE,
  email: 'access@example.com',
  tokens: {},
  ...more,
});

/** Every route, as a call with a token or with other headers. */
const ROUTES: [method: string, path: string, body?: unknown][] = [
  ['POST', `${V3}/events`, event()],
  ['POST', BATCH, { inputs: [event()] }],
  ['GET', eventPath('petspot:demo-1')],
  ['GET', `${eventPath('petspot:demo-1')}/detail`],
  ['GET', `${eventPath('petspot:demo-1')}/render`],
  ['GET', timelinePath('28001')],
  ['GET', TEMPLATES],
  ['POST', TEMPLATES, { name: 'x' }],
  ['GET', `${TEMPLATES}/${TEMPLATE}`],
  ['PUT', `${TEMPLATES}/${TEMPLATE}`, { name: 'x' }],
  ['DELETE', `${TEMPLATES}/${TEMPLATE}`],
  ['GET', `${TEMPLATES}/${TEMPLATE}/tokens`],
  ['POST', `${TEMPLATES}/${TEMPLATE}/tokens`, PET_TOKENS[0]],
  ['PUT', `${TEMPLATES}/${TEMPLATE}/tokens/petName`, { label: 'x' }],
  ['DELETE', `${TEMPLATES}/${TEMPLATE}/tokens/petName`],
];

test.each(ROUTES)(
  '%s %s without credentials, or with wrong ones, is 401 and does nothing',
  async (method, path, body) => {
    for (const options of [
      { token: '' },
      { token: 'wrong' },
      { token: 'x'.repeat(5_000) },
      { token: '', headers: { authorization: DEMO_TOKEN } },
      { token: '', headers: { authorization: `Basic ${DEMO_TOKEN}` } },
      { token: '', headers: { authorization: 'Bearer' } },
    ]) {
      const refused = await server.call(method, path, body, options);
      expectRefused(refused, 401, 'INVALID_AUTHENTICATION');
      expect(refused.headers.get('x-hubspot-auth-failure')).toBe('401 Unauthorized');
    }
    expectRefused(
      await server.call(method, `${path}?hapikey=wrong`, body, { token: '' }),
      401,
      'INVALID_AUTHENTICATION',
    );
    expect((await server.call('GET', `${TEMPLATES}/${TEMPLATE}`)).json.name).toBe('PetSpot Registration');
  },
);

test('a stranger is turned away before the body is looked at', async () => {
  expectRefused(
    await server.call('POST', `${V3}/events`, '{', { token: 'wrong' }),
    401,
    'INVALID_AUTHENTICATION',
  );
});

test('the word Bearer may have any letter case', async () => {
  for (const word of ['bearer', 'BEARER'])
    expect(
      (
        await server.call('GET', TEMPLATES, undefined, {
          token: '',
          headers: { authorization: `${word} ${DEMO_TOKEN}` },
        })
      ).status,
    ).toBe(200);
});

const CRM = ['contacts', 'companies', 'deals'];
const crmScopes = (verb: string) =>
  CRM.flatMap((type) => [
    `crm.objects.${type}.${verb}`,
    `crm.objects.${type}.sensitive.${verb}.v2`,
    `crm.objects.${type}.highly_sensitive.${verb}.v2`,
    `crm.schemas.${type}.${verb}`,
  ]);
const BOTH = ['timeline', 'tickets', 'tickets.sensitive.v2', 'tickets.highly_sensitive.v2'];

test.each(BOTH)('the scope %s alone is enough to write and to read events', async (scope) => {
  const token = await tokenFor(scope);
  const created = await server.event(event(), { token });
  expect(created.status).toBe(201);
  expect((await server.call('POST', BATCH, { inputs: [event()] }, { token })).status).toBe(201);
  expect((await server.call('GET', eventPath(created.json.id), undefined, { token })).status).toBe(200);
  expect((await server.call('GET', timelinePath(created.json.objectId), undefined, { token })).status).toBe(
    200,
  );
  expectRefused(await server.call('GET', TEMPLATES, undefined, { token }), 403, 'MISSING_SCOPES');
});

test.each(crmScopes('write'))(
  'the scope %s alone is enough to write events, not to read them',
  async (scope) => {
    const token = await tokenFor(scope);
    const created = await server.event(event(), { token });
    expect(created.status).toBe(201);
    expectRefused(
      await server.call('GET', eventPath(created.json.id), undefined, { token }),
      403,
      'MISSING_SCOPES',
    );
  },
);

test.each(crmScopes('read'))(
  'the scope %s alone is enough to read events, not to write them',
  async (scope) => {
    const token = await tokenFor(scope);
    for (const part of ['', '/detail', '/render'])
      expect(
        (await server.call('GET', `${eventPath('petspot:demo-1')}${part}`, undefined, { token })).status,
      ).toBe(200);
    expectRefused(await server.event(event(), { token }), 403, 'MISSING_SCOPES');
    expectRefused(await server.call('POST', BATCH, { inputs: [event()] }, { token }), 403, 'MISSING_SCOPES');
  },
);

test('developers-read reads templates, developers-write changes them; neither touches events', async () => {
  const read = { token: await tokenFor('developers-read') };
  const write = { token: await tokenFor('developers-write') };
  for (const [method, path, body] of ROUTES.filter(([, path]) => !path.startsWith(TEMPLATES)))
    for (const options of [read, write])
      expectRefused(await server.call(method, path, body, options), 403, 'MISSING_SCOPES');
  for (const [method, path, body] of ROUTES.filter(([, path]) => path.startsWith(TEMPLATES)))
    expectRefused(
      await server.call(method, path, body, method === 'GET' ? write : read),
      403,
      'MISSING_SCOPES',
    );
  expect((await server.call('GET', `${TEMPLATES}/${TEMPLATE}`, undefined, read)).status).toBe(200);
  expect((await server.call('POST', TEMPLATES, { name: 'x' }, write)).status).toBe(201);
});

test('a missing scope is told with the scopes that would do', async () => {
  const token = await tokenFor('forms', 'timelines');
  const refused = await server.event(event(), { token });
  expectRefused(refused, 403, 'MISSING_SCOPES');
  expect(refused.json.message).toContain("hasn't been granted all required scopes");
  expect(refused.json.links.scopes).toBe('https://developers.hubspot.com/scopes');
  expect(refused.json.errors[0].message).toBe('One or more of the following scopes are required.');
  const { requiredGranularScopes } = refused.json.errors[0].context;
  expect([...requiredGranularScopes].sort()).toEqual([...BOTH, ...crmScopes('write')].sort());
});

test("the developer key opens the app's templates, as hapikey, and nothing else", async () => {
  const key = `hapikey=${DEVELOPER_KEY}`;
  const none = { token: '' };
  const made = await server.call('POST', `${TEMPLATES}?${key}`, { name: 'By key', tokens: PET_TOKENS }, none);
  expect(made.status).toBe(201);
  const path = `${TEMPLATES}/${made.json.id}`;
  expect((await server.call('GET', `${TEMPLATES}?${key}`, undefined, none)).status).toBe(200);
  expect((await server.call('GET', `${path}?${key}`, undefined, none)).status).toBe(200);
  expect((await server.call('PUT', `${path}?${key}`, { name: 'x' }, none)).status).toBe(200);
  expect((await server.call('PUT', `${path}/tokens/petName?${key}`, { label: 'x' }, none)).status).toBe(200);
  expect((await server.call('DELETE', `${path}/tokens/petName?${key}`, undefined, none)).status).toBe(204);
  expect((await server.call('DELETE', `${path}?${key}`, undefined, none)).status).toBe(204);
  for (const [method, route, body] of ROUTES.filter(([, route]) => !route.startsWith(TEMPLATES)))
    expectRefused(await server.call(method, `${route}?${key}`, body, none), 401, 'INVALID_AUTHENTICATION');
  expectRefused(
    await server.call('GET', TEMPLATES, undefined, { token: DEVELOPER_KEY }),
    401,
    'INVALID_AUTHENTICATION',
  );
});

test('the key is enough beside a bearer that is not', async () => {
  const token = await tokenFor('timeline');
  for (const each of [token, 'wrong'])
    expect(
      (await server.call('GET', `${TEMPLATES}?hapikey=${DEVELOPER_KEY}`, undefined, { token: each })).status,
    ).toBe(200);
});

test("an app sees and changes its own templates only; another's are as if they were not there", async () => {
  const other = await createTenant(server.folder);
  const foreign = await makeTemplate(server, { name: 'Foreign' }, other);
  const theirs = `${V3}/${other.appId}/event-templates`;
  expect(
    (await server.call('GET', theirs, undefined, other)).json.results.map((each: Json) => each.id),
  ).toEqual([foreign]);
  for (const credentials of [{}, { token: '', key: `?hapikey=${DEVELOPER_KEY}` }]) {
    const { key = '', ...options } = credentials as { key?: string; token?: string };
    const all = await server.call('GET', `${TEMPLATES}${key}`, undefined, options);
    expect(all.json.results.map((each: Json) => each.id)).not.toContain(foreign);
    // Neither through the caller's own app nor by naming the other's.
    for (const list of [TEMPLATES, theirs])
      for (const [method, path, body] of [
        ['GET', `/${foreign}`],
        ['PUT', `/${foreign}`, { name: 'Taken' }],
        ['DELETE', `/${foreign}`],
        ['GET', `/${foreign}/tokens`],
        ['POST', `/${foreign}/tokens`, { name: 'mine', label: 'L', type: 'string' }],
        ['PUT', `/${foreign}/tokens/petName`, { label: 'Mine' }],
        ['DELETE', `/${foreign}/tokens/petName`],
      ] as const)
        expectRefused(
          await server.call(method, `${list}${path}${key}`, body, options),
          404,
          'OBJECT_NOT_FOUND',
        );
    for (const [method, body] of [['GET'], ['POST', { name: 'Mine' }]] as const)
      expectRefused(await server.call(method, `${theirs}${key}`, body, options), 404, 'OBJECT_NOT_FOUND');
  }
  const kept = await server.call('GET', `${theirs}/${foreign}`, undefined, other);
  expect(kept.json.name).toBe('Foreign');
  expect(kept.json.tokens).toHaveLength(PET_TOKENS.length);
  expect(
    (await server.call('GET', `${theirs}?hapikey=${other.developerKey}`, undefined, { token: '' })).status,
  ).toBe(200);
});

test("an event names only a template of the caller's app: another's is told as one that is not there is", async () => {
  const other = await createTenant(server.folder);
  const foreign = await makeTemplate(server, {}, other);
  const id = fresh('foreign');
  const refused = await server.event(event({ id, eventTemplateId: foreign }));
  const missing = await server.event(event({ id, eventTemplateId: '999999999' }));
  expectRefused(refused, 404, 'OBJECT_NOT_FOUND');
  expect(refused.json.message).toBe(missing.json.message.replaceAll('999999999', foreign));
  const batch = await server.call('POST', BATCH, { inputs: [event({ id, eventTemplateId: foreign })] });
  expect(batch.json).toMatchObject({ results: [], errors: [{ category: 'OBJECT_NOT_FOUND' }] });
  expectRefused(await server.call('GET', eventPath(id, foreign), undefined, other), 404, 'OBJECT_NOT_FOUND');

  await server.event(event({ id, eventTemplateId: foreign }), other);
  for (const part of ['', '/detail', '/render'])
    expectRefused(await server.call('GET', `${eventPath(id, foreign)}${part}`), 404, 'OBJECT_NOT_FOUND');
});

test('a token that is made while the server runs works at once', async () => {
  const { token } = await createTenant(server.folder);
  expectRefused(await server.event(event(), { token }), 404, 'OBJECT_NOT_FOUND');
});

test("the demo's credentials live in the process only, and other secrets are kept as digests", async () => {
  const { token, developerKey } = await createTenant(server.folder);
  await server.event(event(), { token });
  await server.call('GET', `${TEMPLATES}?hapikey=${developerKey}`, undefined, { token: '' });
  const files = readdirSync(server.folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  expect(files.length).toBeGreaterThan(0);
  for (const file of files) {
    const bytes = readFileSync(join(file.parentPath, file.name));
    for (const secret of [DEMO_TOKEN, DEVELOPER_KEY, token, developerKey])
      expect(bytes.includes(secret)).toBe(false);
  }
});

test('without the demo its credentials open nothing, and the pages ask who is there', async () => {
  const real = await startDev({ demo: undefined as never, loopbackOnly: false });
  try {
    expectRefused(await request(real.baseUrl, 'GET', TEMPLATES), 401, 'INVALID_AUTHENTICATION');
    expectRefused(
      await request(real.baseUrl, 'GET', `${TEMPLATES}?hapikey=${DEVELOPER_KEY}`, undefined, { token: '' }),
      401,
      'INVALID_AUTHENTICATION',
    );
    const page = await request(real.baseUrl, 'GET', '/');
    expect([page.status, page.headers.get('location'), page.text]).toEqual([303, '/sign-in?next=%2F', '']);
  } finally {
    await real.close();
  }
});
