// Limits as HubSpot's: off unless asked for; by app and portal; its headers, its bodies, its clients' own patience.
import { Client } from '@hubspot/api-client';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { RateLimit } from '../../dist/wire/rate_limit.js';
import { APP, createTenant, DEMO_TOKEN, type Json, startDev, type TestServer, V3 } from '../harness.js';
import { CONTACTS, issueToken } from './support.js';

let server: TestServer;
afterEach(async () => {
  vi.useRealTimers();
  await server.close();
});

const HEADERS = [
  'x-hubspot-ratelimit-max',
  'x-hubspot-ratelimit-remaining',
  'x-hubspot-ratelimit-interval-milliseconds',
];

async function start(calls: [number, number], searches: [number, number] = [5, 1]): Promise<void> {
  const quota = ([points, seconds]: [number, number]) => ({ points, seconds });
  const rateLimit: RateLimit = { calls: quota(calls), searches: quota(searches) };
  server = await startDev({ rateLimit });
}

const list = (token = DEMO_TOKEN) => server.call('GET', CONTACTS, undefined, { token });
const search = (token = DEMO_TOKEN) => server.call('POST', `${CONTACTS}/search`, {}, { token });
const told = ({ headers }: { headers: Headers }) => HEADERS.map((name) => headers.get(name));

describe('without the setting', () => {
  test('there is no limit and no header of one', async () => {
    server = await startDev();
    for (let n = 0; n < 150; n++) expect((await list()).status).toBe(200);
    expect(told(await list())).toEqual([null, null, null]);
    for (let n = 0; n < 10; n++) expect((await search()).status).toBe(200);
  });
});

describe('calls', () => {
  test("over the limit get HubSpot's 429, and its headers say how much is left", async () => {
    await start([3, 10]);
    for (const left of ['2', '1', '0']) {
      const answer = await list();
      expect(answer.status).toBe(200);
      expect(told(answer)).toEqual(['3', left, '10000']);
    }
    const refused = await list();
    expect(refused.status).toBe(429);
    expect(refused.json).toEqual({
      status: 'error',
      message: 'You have reached your ten_secondly_rolling limit.',
      errorType: 'RATE_LIMIT',
      correlationId: refused.headers.get('x-hubspot-correlation-id'),
      policyName: 'TEN_SECONDLY_ROLLING',
    });
    const { components } = (await server.call('GET', '/openapi.json')).json;
    expect(
      new Ajv2020({ validateFormats: false }).compile(components.schemas.RateLimited)(refused.json),
    ).toBe(true);
    expect(told(refused)).toEqual(['3', '0', '10000']);
    const wait = Number(refused.headers.get('retry-after'));
    expect(wait).toBeLessThanOrEqual(10);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 1_000 * wait });
    expect(told(await list())).toEqual(['3', '2', '10000']);
  });

  test('are counted by app and portal', async () => {
    await start([2, 60]);
    const tenant = await createTenant(server.folder);
    const otherApp = await issueToken(server.folder, { portalId: 8420, appId: tenant.appId });
    const otherPortal = await issueToken(server.folder, { portalId: tenant.portalId, appId: Number(APP) });
    const secondToken = await issueToken(server.folder, { portalId: 8420, appId: Number(APP) });
    await list();
    await list();
    expect((await list()).status).toBe(429);
    expect((await list(secondToken)).status).toBe(429); // a second token is no second quota
    for (const token of [otherApp, otherPortal, tenant.token]) expect((await list(token)).status).toBe(200);
  });

  test("by developer key are counted by app; strangers' are not counted at all", async () => {
    await start([2, 60]);
    const ask = (key: string) =>
      server.call('GET', `${V3}/${APP}/event-templates?hapikey=${key}`, undefined, { token: '' });
    for (let n = 0; n < 5; n++) {
      const stranger = await ask('wrong');
      expect([stranger.status, ...told(stranger)]).toEqual([401, null, null, null]);
    }
    expect([(await ask('demo-developer-key')).status, (await ask('demo-developer-key')).status]).toEqual([
      200, 200,
    ]);
    expect((await ask('demo-developer-key')).status).toBe(429);
    expect((await list()).status).toBe(200); // the app in a portal is another matter
  });

  test('that need no token are not counted: pages, documents, forms', async () => {
    await start([1, 60]);
    const form = '/submissions/v3/integration/submit/8420/d1b2c3d4-0000-4000-8000-00000000abcd';
    const fields = [{ name: 'firstname', value: 'Ada' }];
    for (let n = 0; n < 2; n++)
      for (const [method, path, body] of [
        ['GET', '/'],
        ['GET', '/openapi.json'],
        ['POST', form, { fields }],
      ] as const) {
        const answer = await server.call(method, path, body, { token: '' });
        expect([answer.status, ...told(answer)], path).toEqual([200, null, null, null]);
      }
  });

  test('that fail carry the headers too', async () => {
    await start([3, 10]);
    const answer = await server.event({ eventTemplateId: '1' });
    expect([answer.status, ...told(answer)]).toEqual([400, '3', '2', '10000']);
  });

  test('over the limit write nothing', async () => {
    await start([1, 60]);
    const contact = { properties: { email: 'over@example.com' } };
    await list();
    expect((await server.call('POST', CONTACTS, contact)).status).toBe(429);
    const found = await search();
    expect(found.json.results.map((each: Json) => each.properties.email)).not.toContain('over@example.com');
  });
});

describe('searches', () => {
  test('have a limit of their own, by portal, without headers', async () => {
    await start([1, 60], [2, 60]);
    const tenant = await createTenant(server.folder);
    const otherApp = await issueToken(server.folder, { portalId: 8420, appId: tenant.appId });
    await list(); // no call is left
    const first = await search();
    expect([first.status, ...told(first)]).toEqual([200, null, null, null]);
    expect((await search(otherApp)).status).toBe(200);
    const refused = await search();
    expect(refused.status).toBe(429);
    expect(refused.json).toEqual({
      status: 'error',
      message: 'You have reached your secondly limit.',
      errorType: 'RATE_LIMIT',
      correlationId: expect.any(String),
      policyName: 'SECONDLY',
    });
    expect(told(refused)).toEqual([null, null, null]);
    expect((await search(tenant.token)).status).toBe(200); // another portal
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
    expect((await search()).status).toBe(200);
  });
});

describe("HubSpot's own client", () => {
  const client = () =>
    new Client({ basePath: server.baseUrl, accessToken: DEMO_TOKEN, numberOfApiCallRetries: 3 });

  test('waits for its turn to call, and gets through', async () => {
    await start([2, 10]);
    const { basicApi } = client().crm.contacts;
    const started = Date.now();
    for (let n = 0; n < 3; n++) expect((await basicApi.getPage(1)).results).toHaveLength(1);
    const waited = Date.now() - started;
    expect(waited).toBeGreaterThan(9_500); // its own 10 s: it was refused once
    expect(waited).toBeLessThan(30_000); // twice would be that and 20 s
  });

  test('waits for its turn to search, and gets through', async () => {
    await start([100, 10], [1, 1]);
    const { searchApi } = client().crm.contacts;
    const started = Date.now();
    for (let n = 0; n < 3; n++)
      expect((await searchApi.doSearch({ limit: 1, filterGroups: [] } as never)).results).toHaveLength(1);
    expect(Date.now() - started).toBeGreaterThan(1_500);
  });

  test('that does not retry is told', async () => {
    await start([1, 60]);
    const { basicApi } = new Client({ basePath: server.baseUrl, accessToken: DEMO_TOKEN }).crm.contacts;
    await basicApi.getPage(1);
    await expect(basicApi.getPage(1)).rejects.toMatchObject({
      code: 429,
      body: { policyName: 'TEN_SECONDLY_ROLLING' },
    });
  });
});
