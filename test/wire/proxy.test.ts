// Behind a proxy: the public URL is what links say, and forwarded headers count from named proxies alone.
import { afterEach, describe, expect, test } from 'vitest';
import { hashPassword } from '../../dist/access/passwords.js';
import type { ServerOptions } from '../../dist/server.js';
import { openStore } from '../../dist/store/sqlite/engine.js';
import { type Answer, type CallOptions, createTenant, startDev, type TestServer } from '../harness.js';
import { sendForm, sendRaw } from './support.js';

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

describe('signing in and consenting behind a proxy that speaks https', () => {
  const REDIRECT = 'https://app.example/cb';
  const ADA = { email: 'ada@example.com', password: 'correct horse battery' };
  const cookies = new Map<string, string>();
  const set: string[] = [];
  const answers: Answer[] = [];

  /** As the proxy passes it on: over http, to the server's own address, with the browser's cookies and its host. */
  const pass = async (path: string, form?: Record<string, string>) => {
    const headers = {
      host: new URL(PUBLIC).host,
      cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
      'x-forwarded-proto': 'https',
      'x-forwarded-for': '198.51.100.1',
      ...(form ? { origin: PUBLIC, 'sec-fetch-site': 'same-origin' } : {}),
    };
    const at = { baseUrl: server.listening };
    const answer = form
      ? await sendForm(at, path, form, headers)
      : await sendRaw(at, { path, headers: { authorization: '', ...headers } });
    answers.push(answer);
    for (const cookie of answer.headers.get('set-cookie')?.split(/,(?=[^ ;]+=)/) ?? []) {
      set.push(cookie);
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      cookies.set(name, value);
    }
    return answer;
  };
  const location = ({ headers }: Answer) => headers.get('location') ?? '';
  const hidden = ({ text }: Answer) =>
    Object.fromEntries(
      [...text.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)"/g)].map(([, name, value]) => [
        name,
        (value as string).replaceAll('&amp;', '&'),
      ]),
    );

  test.each([
    ['named', ['127.0.0.0/8']],
    ['not named', undefined],
  ])('the whole way, from a proxy that is %s', async (_which, trustProxy) => {
    for (const kept of [set, answers]) kept.length = 0;
    cookies.clear();
    await start({
      publicUrl: PUBLIC,
      demo: undefined as never,
      ...(trustProxy === undefined ? {} : { trustProxy }),
    });
    const { appId, portalId, clientId: client_id, clientSecret } = await createTenant(server.folder);
    const store = await openStore({ folder: server.folder, clock: Date.now });
    await store.changeApp(appId, { redirectUris: [REDIRECT] });
    await store.createUser(ADA.email, await hashPassword(ADA.password), Date.now());
    await store.close();

    const { json: metadata } = await pass('/.well-known/oauth-authorization-server');
    expect(metadata.issuer).toBe(PUBLIC);
    const ends = Object.entries<string>(metadata).filter(([name]) => /_endpoint$|^service/.test(name));
    expect(ends.length).toBeGreaterThan(4);
    for (const [name, url] of ends) expect(new URL(url).origin, name).toBe(PUBLIC);

    const query = new URLSearchParams({ client_id, redirect_uri: REDIRECT, scope: 'timeline', state: 's' });
    const consent = `${new URL(metadata.authorization_endpoint).pathname}?${query}`;
    const sent = await pass(consent);
    expect([sent.status, location(sent)]).toEqual([
      303,
      `/sign-in?${new URLSearchParams({ next: consent })}`,
    ]);
    const shown = await pass(location(sent));
    const wrong = await pass('/sign-in', { ...hidden(shown), ...ADA, password: 'wrong' });
    expect(wrong.status).toBe(401);
    const signedIn = await pass('/sign-in', { ...hidden(shown), ...ADA });
    expect([signedIn.status, location(signedIn)]).toEqual([303, consent]);

    const asked = await pass(consent);
    expect(asked.text).toContain('app.example');
    const allow = { ...hidden(asked), portal: String(portalId), answer: 'allow' };
    const allowed = await pass(consent, allow);
    const told = new URL(location(allowed));
    expect([allowed.status, `${told.origin}${told.pathname}`]).toEqual([303, REDIRECT]);
    expect([...told.searchParams.keys()]).toEqual(['code', 'state']);
    const declined = await pass(consent, { ...allow, answer: 'cancel' });
    expect(location(declined)).toContain(`${REDIRECT}?error=access_denied`);
    const bought = await pass(new URL(metadata.token_endpoint).pathname, {
      grant_type: 'authorization_code',
      client_id,
      client_secret: clientSecret,
      redirect_uri: REDIRECT,
      code: told.searchParams.get('code') as string,
    });
    expect(bought.status, bought.text).toBe(200);
    const about = await pass(`/oauth/v1/access-tokens/${bought.json.access_token}`);
    expect(about.json).toMatchObject({ hub_domain: new URL(PUBLIC).host, user: ADA.email });

    const list = await pass('/');
    expect(list.text).toContain(ADA.email);
    expect((await pass(`/?portal=${portalId}`)).text).toContain(`(${portalId})</p>`);
    expect(location(await pass('/records'))).toBe('/');
    expect(location(await pass(`/records?portal=${portalId}`))).toBe(`/?portal=${portalId}`);
    expect(location(await pass('/records/?type=//evil.io'))).toBe('/?type=//evil.io');
    expect((await pass('/oauth/authorize?client_id=nobody')).status).toBe(400);
    expect((await pass('/records/contacts/1')).status).toBe(404);
    expect((await pass('/assets/style.css')).status).toBe(200);
    const out = await pass('/sign-out', hidden(list));
    expect([out.status, location(out)]).toEqual([303, '/sign-in']);

    for (const { headers } of answers)
      expect(headers.get('strict-transport-security')).toBe('max-age=31536000');
    for (const { text } of answers) expect(text).not.toMatch(/http:\/\/(?:127|timeline\.example)/);
    // Each of the three, when it is set and when it is taken away.
    expect([...cookies.keys()].sort()).toEqual([
      '__Host-throughline-form',
      '__Host-throughline-portal',
      '__Host-throughline-session',
    ]);
    expect(set.length).toBeGreaterThan(3);
    for (const cookie of set)
      expect(cookie).toMatch(
        /^__Host-[^;]+;(?: Max-Age=\d+;)? Path=\/;(?: Expires=[^;]+;)? HttpOnly; Secure; SameSite=Lax$/,
      );
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
