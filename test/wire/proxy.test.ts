// Behind a proxy: the public URL is what links say, and forwarded headers count from named proxies alone.
import { afterEach, describe, expect, test } from 'vitest';
import type { ServerOptions } from '../../dist/server.js';
import { type CallOptions, startDev, type TestServer } from '../harness.js';

const PUBLIC = 'https://timeline.example.com';
let server: TestServer;
afterEach(() => server.close());

const start = async (options: Partial<ServerOptions>) => {
  server = await startDev({ loopbackOnly: false, ...options });
};
const get = (path: string, options?: CallOptions) => server.call('GET', path, undefined, options);
/** The page without a record, which says where the API is. */
async function page(headers: Record<string, string> = {}): Promise<string> {
  for (const id of ['28001', '28002']) await server.call('DELETE', `/crm/v3/objects/contacts/${id}`);
  const { text } = await get('/', { token: '', headers });
  expect(text).toContain('/integrators/timeline/v3/events');
  return text;
}

/** Shows 30 wrong admin keys, each said to come from another address. */
async function guess(from: (n: number) => string): Promise<void> {
  for (let n = 0; n < 30; n++) await admin('wrong', from(n));
}
const admin = async (token: string, from: string) =>
  (await get('/timeline/v1/apps', { token, headers: { 'x-forwarded-for': from } })).status;

describe('a public URL', () => {
  test('is the base of links: announced, in the API document, on the page', async () => {
    await start({ publicUrl: PUBLIC });
    expect(server.baseUrl).toBe(PUBLIC);
    expect(server.listening).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect((await get('/openapi.json')).json.servers).toEqual([{ url: PUBLIC }]);
    expect(await page()).toContain(PUBLIC);
  });

  test('with https has browsers come over https alone, on every answer', async () => {
    await start({ publicUrl: PUBLIC });
    for (const path of ['/', '/docs/', '/openapi.json', '/nowhere', '/crm/v3/objects/contacts', '/%zz'])
      for (const token of ['', 'demo-token'])
        expect((await get(path, { token })).headers.get('strict-transport-security'), path).toBe(
          'max-age=31536000',
        );
  });

  test('without https says nothing of the kind; nor does none', async () => {
    await start({ publicUrl: 'http://timeline.example.com' });
    expect((await get('/')).headers.has('strict-transport-security')).toBe(false);
    await server.close();
    await start({});
    expect((await get('/')).headers.has('strict-transport-security')).toBe(false);
    expect((await get('/openapi.json')).json).not.toHaveProperty('servers');
    expect(server.baseUrl).toBe(server.listening);
  });
});

describe('forwarded headers', () => {
  test('of anybody count for nothing', async () => {
    await start({});
    expect(await page({ 'x-forwarded-proto': 'https', 'x-forwarded-host': 'evil.example' })).not.toMatch(
      /https:\/\/127|evil\.example/,
    );
    await guess((n) => `192.0.2.${n}`);
    expect(await admin('demo-admin-key', '198.51.100.1')).toBe(429); // all of them were this machine's
  });

  test('of another than the named proxy count for nothing', async () => {
    await start({ trustProxy: ['10.0.0.0/8', '192.0.2.1'] });
    expect(await page({ 'x-forwarded-proto': 'https' })).not.toContain('https://127');
    await guess((n) => `192.0.2.${n}`);
    expect(await admin('demo-admin-key', '198.51.100.1')).toBe(429);
  });

  test('of a named proxy say who came, and how', async () => {
    await start({ trustProxy: ['127.0.0.0/8'] });
    expect(await page({ 'x-forwarded-proto': 'https' })).toContain('https://127.0.0.1');
    await guess((n) => `192.0.2.${n}`);
    expect(await admin('demo-admin-key', '198.51.100.1')).toBe(200);
  });

  test('say what the proxy saw, not what the caller wrote before it', async () => {
    await start({ trustProxy: ['127.0.0.1'] });
    await guess((n) => `192.0.2.${n}, 203.0.113.7`);
    expect(await admin('demo-admin-key', '203.0.113.7')).toBe(429);
    expect(await admin('demo-admin-key', '192.0.2.1')).toBe(200);
  });
});
