// The OAuth server over HTTP: what a code and a refresh token buy, every refusal in HubSpot's words, and how tokens
// end: by time, by revocation, by a code that is used twice. Nothing of them is kept in clear.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { digest, newSecret } from '../../dist/access/credentials.js';
import { demo } from '../../dist/demo.js';
import { openStore } from '../../dist/store/sqlite/engine.js';
import { ADMIN_KEY, type Answer, type Json, startDev, type TestServer } from '../harness.js';
import { eventPath, expectRefused, sendForm, sendRaw } from './support.js';

const START = Date.parse('2026-05-01T12:00:00Z');
const CLIENT = { client_id: demo.clientId, client_secret: 'demo-client-secret' };
const REDIRECT = 'http://localhost:3000/oauth-callback';
const VERIFIER = 'a-verifier-of-at-least-forty-three-characters-';
const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url');
const EVENT = eventPath('petspot:demo-1');

let server: TestServer;
/** An app of somebody else's, in a portal of theirs. */
let other: { client_id: string; client_secret: string; portalId: number };
let now = START;
const logged: string[] = [];
const secrets = new Set<string>();
beforeAll(async () => {
  const write = process.stderr.write.bind(process.stderr);
  vi.spyOn(process.stderr, 'write').mockImplementation((text, ...rest: Json[]) => {
    logged.push(String(text));
    return write(text, ...rest);
  });
  server = await startDev({ autoConsent: true, clock: () => now });
  const store = await openStore({ folder: server.folder, clock: () => now });
  const secret = newSecret('secret');
  other = { client_id: crypto.randomUUID(), client_secret: secret, portalId: 0 };
  other.portalId = await store.createPortal({ name: 'Other', lenient: false });
  await store.createApp({
    name: 'Other',
    clientId: other.client_id,
    clientSecretHash: digest(secret),
    redirectUris: ['https://other.example/cb', 'https://other.example/cb?x=1', 'otherapp://cb'],
    scopes: ['timeline', 'forms'],
  });
  await store.close();
});
afterAll(async () => {
  await server.close();
  vi.restoreAllMocks();
});
beforeEach(() => {
  now += 3_600_000;
});

const authorize = (query: Record<string, string> | string, path = '/oauth/authorize') =>
  server.call('GET', `${path}?${new URLSearchParams(query)}`, undefined, { token: '' });

/** A person consents: what the app is told at its redirect URI. */
async function consent(more: Record<string, string> = {}, path?: string): Promise<URLSearchParams> {
  const answer = await authorize(
    { client_id: demo.clientId, redirect_uri: REDIRECT, scope: 'oauth timeline', ...more },
    path,
  );
  expect(answer.status, answer.text).toBe(302);
  const told = new URL(answer.headers.get('location') ?? '').searchParams;
  for (const [name, value] of told) if (name === 'code') secrets.add(value);
  return told;
}

async function newCode(more?: Record<string, string>): Promise<string> {
  return (await consent(more)).get('code') ?? expect.fail('there is no code');
}

async function buy(fields: Record<string, string>, family = 'v1', headers?: Record<string, string>) {
  const answer = await sendForm(server, `/oauth/${family}/token`, fields, headers);
  for (const name of ['access_token', 'refresh_token'])
    if (answer.json?.[name]) secrets.add(answer.json[name]);
  return answer;
}

const withCode = (code: string, more: Record<string, string> = {}) => ({
  grant_type: 'authorization_code',
  ...CLIENT,
  code,
  redirect_uri: REDIRECT,
  ...more,
});
const withRefreshToken = (token: string, more: Record<string, string> = {}) => ({
  grant_type: 'refresh_token',
  ...CLIENT,
  refresh_token: token,
  ...more,
});

async function install(): Promise<{ access_token: string; refresh_token: string }> {
  const bought = await buy(withCode(await newCode()));
  expect(bought.status, bought.text).toBe(200);
  return bought.json;
}

const works = async (token: string) => (await server.call('GET', EVENT, undefined, { token })).status === 200;

/** A refusal in HubSpot's shape for OAuth. */
function expectDenied(answer: Answer, error: string, status: string, http = 400): void {
  expect(answer.status, answer.text).toBe(http);
  expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  const { message } = answer.json;
  expect(answer.json).toEqual({
    error,
    error_description: message,
    status,
    message: expect.stringMatching(/\S/),
    correlationId: answer.headers.get('x-hubspot-correlation-id'),
  });
}

describe('a request for consent', () => {
  test('ends at the redirect URI, whose own query stays, with code and state to the letter', async () => {
    const state = 'ä &=?#/+ 🙂';
    const told = await consent({ state, redirect_uri: `${REDIRECT}?mine=a%20b&c` });
    expect([...told.keys()]).toEqual(['mine', 'c', 'code', 'state']);
    expect(told.get('state')).toBe(state);
    expect(told.get('code')).toMatch(/^\S{40,512}$/);
  });

  const back = { client_id: demo.clientId, redirect_uri: REDIRECT, scope: 'timeline', state: 's' };
  test.each<[string, Record<string, string>, string]>([
    ['another response_type', { response_type: 'token' }, 'unsupported_response_type'],
    ['no scope', { scope: '' }, 'invalid_scope'],
    ['a scope the app may not ask for', { scope: 'timeline timelines' }, 'invalid_scope'],
    ['PKCE by plain', { code_challenge: CHALLENGE, code_challenge_method: 'plain' }, 'invalid_request'],
    ['PKCE by what it would be by default', { code_challenge: CHALLENGE }, 'invalid_request'],
    ['a method and no challenge', { code_challenge_method: 'S256' }, 'invalid_request'],
    ['a challenge that is none', { code_challenge: 'x', code_challenge_method: 'S256' }, 'invalid_request'],
  ])('%s is told to the app', async (_what, more, error) => {
    const answer = await authorize({ ...back, ...more });
    const { searchParams: told, origin } = new URL(answer.headers.get('location') ?? '');
    expect([answer.status, origin]).toEqual([302, 'http://localhost:3000']);
    expect(Object.fromEntries(told)).toEqual({
      error,
      error_description: expect.stringMatching(/^[\w ]+: /),
      state: 's',
    });
  });

  const unregistered = [
    '',
    '/relative',
    'https://localhost:3000/oauth-callback',
    'http://localhost:65536/',
    'http://localhost:3000@evil.example/',
    'http://localhost.evil.example/',
    'http://localhost:3000\\@evil.example/',
    'http://evil.example/?http://localhost:3000/',
    `${REDIRECT}#fragment`,
    ` ${REDIRECT}`,
    `${REDIRECT}\r\nSet-Cookie: a=b`,
    'javascript:alert(1)',
  ];
  test.each(unregistered)('the redirect URI %j is an error page, never a redirect', async (redirect_uri) => {
    const answer = await authorize({ ...back, redirect_uri });
    expect([answer.status, answer.headers.get('location')]).toEqual([400, null]);
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(answer.text).toContain('redirect_uri');
  });

  test('a registered redirect URI counts to the letter alone', async () => {
    const asked = { client_id: other.client_id, scope: 'timeline', state: 's' };
    for (const redirect_uri of [
      'https://other.example/cb',
      'https://other.example/cb?x=1',
      'otherapp://cb',
    ]) {
      const { status, headers } = await authorize({ ...asked, redirect_uri });
      expect([
        status,
        headers.get('location')?.startsWith(`${redirect_uri}${redirect_uri.includes('?') ? '&' : '?'}code=`),
      ]).toEqual([302, true]);
    }
    for (const redirect_uri of [
      'https://other.example/cb/',
      'https://other.example/CB',
      'https://other.example/cb?x=2',
      'https://other.example:443/cb',
      'http://other.example/cb',
      'otherapp://cb/more',
      'http://localhost:3000/',
    ])
      expect((await authorize({ ...asked, redirect_uri })).status, redirect_uri).toBe(400);
  });

  test.each([
    ['an unknown client', 'client_id=nobody'],
    ['no client', 'redirect_uri=http://localhost/'],
    ['a client of another length', `client_id=${'x'.repeat(5_000)}`],
    ['a client named twice', `client_id=${demo.clientId}&client_id=${demo.clientId}`],
    [
      'a state named twice',
      `client_id=${demo.clientId}&redirect_uri=${REDIRECT}&scope=timeline&state=a&state=b`,
    ],
  ])('%s is an error page, in the person’s language', async (_what, query) => {
    const ask = (language: string) =>
      server.call('GET', `/oauth/authorize?${query}`, undefined, {
        headers: { 'accept-language': language },
      });
    for (const language of ['en', 'de']) {
      const answer = await ask(language);
      expect([answer.status, answer.headers.get('location')]).toEqual([400, null]);
      expect(answer.text).toContain(`<html lang="${language}">`);
    }
  });

  test('for a portal by its number is for that one; for one that is not there an error page', async () => {
    const path = `/oauth/${other.portalId}/authorize`;
    const { json } = await buy(withCode((await consent({}, path)).get('code') as string), 'v3');
    expect(json.hub_id).toBe(other.portalId);
    for (const id of ['999', 'x', '0x20e4'])
      expect((await authorize(back, `/oauth/${id}/authorize`)).status).toBe(404);
  });

  test('optional scopes are granted as far as the app may have them', async () => {
    const { json } = await buy(
      withCode(await newCode({ optional_scope: 'forms cars  tickets forms' })),
      'v3',
    );
    expect(json.scopes).toEqual(['oauth', 'timeline', 'forms', 'tickets']);
  });

  test('an install address that asks for parts of HubSpot that are not here too lets the app in', async () => {
    const scope =
      'oauth timeline crm.objects.owners.read automation e-commerce crm.objects.custom.sensitive.read.v2 crm.pipelines.orders.read';
    const { json } = await buy(withCode(await newCode({ scope })), 'v3');
    expect(json.scopes).toEqual(scope.split(' '));
    expect(await works(json.access_token)).toBe(true);
  });
});

describe('buying tokens', () => {
  test.each(['v1', 'v3', '2026-03'])(
    '%s answers as HubSpot does, with code and refresh token',
    async (family) => {
      const tokens = {
        token_type: 'bearer',
        access_token: expect.stringMatching(/^\S{40,512}$/),
        refresh_token: expect.stringMatching(/^\S{40,512}$/),
        expires_in: 1800,
        ...(family === 'v1'
          ? {}
          : {
              hub_id: 8420,
              scopes: ['oauth', 'timeline'],
              user_id: demo.person.id,
              token_use: 'access_token',
            }),
      };
      const first = await buy(withCode(await newCode()), family);
      expect([first.status, first.json]).toEqual([200, tokens]);
      expect(first.headers.get('cache-control')).toBe('no-store');
      const second = await buy(withRefreshToken(first.json.refresh_token), family);
      expect([second.status, second.json]).toEqual([200, tokens]);
      expect(second.json.refresh_token).toBe(first.json.refresh_token);
      expect(second.json.access_token).not.toBe(first.json.access_token);
      for (const { json } of [first, second]) expect(await works(json.access_token)).toBe(true);
    },
  );

  test('v1 takes what programs write into its address, the others only a body', async () => {
    const inAddress = (family: string, fields: Record<string, string>) =>
      server.call('POST', `/oauth/${family}/token?${new URLSearchParams(fields)}`, undefined, { token: '' });
    const fields = withCode(await newCode());
    expectDenied(await inAddress('v3', fields), 'invalid_client', 'BAD_CLIENT_ID');
    const bought = await inAddress('v1', fields);
    expect(bought.status, bought.text).toBe(200);
    for (const name of ['access_token', 'refresh_token']) secrets.add(bought.json[name]);
    const again = await inAddress('v1', withRefreshToken(bought.json.refresh_token));
    secrets.add(again.json.access_token);
    expect(await works(again.json.access_token)).toBe(true);
    const both = await sendForm(
      server,
      '/oauth/v1/token?refresh_token=x',
      withRefreshToken(bought.json.refresh_token),
    );
    secrets.add(both.json.access_token);
    expect(both.status, both.text).toBe(200);
    expectDenied(
      await inAddress('v1', { ...CLIENT, grant_type: 'refresh_token', refresh_token: 'x' }),
      'invalid_grant',
      'BAD_REFRESH_TOKEN',
    );
  });

  test('the token has the scopes of the consent and no others, in its portal alone', async () => {
    const { access_token: token } = (await buy(withCode(await newCode({ scope: 'forms' })))).json;
    expectRefused(await server.call('GET', EVENT, undefined, { token }), 403, 'MISSING_SCOPES');
    const elsewhere = (await consent({}, `/oauth/${other.portalId}/authorize`)).get('code') as string;
    const foreign = (await buy(withCode(elsewhere))).json.access_token;
    expectRefused(await server.call('GET', EVENT, undefined, { token: foreign }), 404, 'OBJECT_NOT_FOUND');
  });

  test('a refresh may ask for less, and not for more', async () => {
    const { refresh_token } = await install();
    const less = await buy(withRefreshToken(refresh_token, { scope: 'oauth' }), 'v3');
    expect(less.json.scopes).toEqual(['oauth']);
    expectDenied(
      await buy(withRefreshToken(refresh_token, { scope: 'oauth forms' })),
      'invalid_scope',
      'BAD_SCOPE',
    );
    const twice = await buy(withRefreshToken(refresh_token, { scope: ' timeline  timeline' }), 'v3');
    expect(twice.json.scopes).toEqual(['timeline']);
    for (const all of [{}, { scope: '' }, { scope: ' ' }])
      expect((await buy(withRefreshToken(refresh_token, all), 'v3')).json.scopes).toEqual([
        'oauth',
        'timeline',
      ]);
  });

  test('the client may give its credentials as HTTP Basic authentication', async () => {
    const basic = (secret: string) => ({
      authorization: `Basic ${Buffer.from(`${demo.clientId}:${secret}`).toString('base64')}`,
    });
    const { client_id: _, client_secret: __, ...form } = withCode(await newCode());
    const refused = await buy(form, 'v1', basic('wrong'));
    expectDenied(refused, 'invalid_client', 'BAD_CLIENT_SECRET', 401);
    expect(refused.headers.get('www-authenticate')).toMatch(/^Basic /);
    expect((await buy(form, 'v1', basic(CLIENT.client_secret))).status).toBe(200);
  });

  test.each<[string, Record<string, string>, string, string]>([
    ['no client', { client_id: '' }, 'invalid_client', 'BAD_CLIENT_ID'],
    ['an unknown client', { client_id: 'nobody' }, 'invalid_client', 'BAD_CLIENT_ID'],
    ['a client of another kind', { client_id: '\u0000ü' }, 'invalid_client', 'BAD_CLIENT_ID'],
    ['no secret', { client_secret: '' }, 'invalid_client', 'BAD_CLIENT_SECRET'],
    [
      'no secret but a verifier',
      { client_secret: '', code_verifier: VERIFIER },
      'invalid_client',
      'BAD_CLIENT_SECRET',
    ],
    ['a wrong secret', { client_secret: 'wrong' }, 'invalid_client', 'BAD_CLIENT_SECRET'],
    ['no grant_type', { grant_type: '' }, 'invalid_request', 'BAD_GRANT_TYPE'],
    ['another grant_type', { grant_type: 'password' }, 'unsupported_grant_type', 'BAD_GRANT_TYPE'],
    [
      'the client’s own grant',
      { grant_type: 'client_credentials' },
      'unsupported_grant_type',
      'BAD_GRANT_TYPE',
    ],
    ['no code', { code: '' }, 'invalid_grant', 'BAD_AUTH_CODE'],
    ['an unknown code', { code: 'tl-code-x' }, 'invalid_grant', 'BAD_AUTH_CODE'],
    ['a code that is none', { code: '\u0000ü' }, 'invalid_grant', 'BAD_AUTH_CODE'],
    ['no redirect URI', { redirect_uri: '' }, 'invalid_request', 'BAD_REDIRECT_URI'],
    [
      'another redirect URI',
      { redirect_uri: `${REDIRECT}/` },
      'invalid_grant',
      'MISMATCH_REDIRECT_URI_AUTH_CODE',
    ],
    ['a verifier that was not asked for', { code_verifier: VERIFIER }, 'invalid_grant', 'BAD_AUTH_CODE'],
  ])('with %s is refused', async (_what, more, error, status) => {
    expectDenied(await buy(withCode(await newCode(), more)), error, status);
  });

  test.each<[string, Record<string, string>, string, string]>([
    ['no refresh token', { refresh_token: '' }, 'invalid_grant', 'BAD_REFRESH_TOKEN'],
    ['an unknown refresh token', { refresh_token: 'x' }, 'invalid_grant', 'BAD_REFRESH_TOKEN'],
    ['a wrong secret', { client_secret: 'wrong' }, 'invalid_client', 'BAD_CLIENT_SECRET'],
    ['no secret', { client_secret: '' }, 'invalid_client', 'BAD_CLIENT_SECRET'],
  ])('again, with %s, is refused', async (_what, more, error, status) => {
    const { refresh_token } = await install();
    expectDenied(await buy(withRefreshToken(refresh_token, more)), error, status);
    if (more.refresh_token !== undefined) return;
    expect((await buy(withRefreshToken(refresh_token))).status).toBe(200);
  });

  test("says it in HubSpot's own words", async () => {
    const message = 'refresh token is invalid, expired or revoked';
    expect((await buy(withRefreshToken('x'))).json).toMatchObject({ message, error_description: message });
    expect((await buy(withCode('x'))).json.message).toBe('missing or unknown auth code');
  });

  test("another app's code or refresh token buys nothing, and they stay good", async () => {
    const { client_id, client_secret } = other;
    const [code, { refresh_token }] = [await newCode(), await install()];
    expectDenied(await buy(withCode(code, { client_id, client_secret })), 'invalid_grant', 'BAD_AUTH_CODE');
    expectDenied(
      await buy(withRefreshToken(refresh_token, { client_id, client_secret })),
      'invalid_grant',
      'BAD_REFRESH_TOKEN',
    );
    expect((await buy(withCode(code))).status).toBe(200);
    expect((await buy(withRefreshToken(refresh_token))).status).toBe(200);
  });

  test('without any body is told what is missing', async () => {
    const answer = await sendRaw(server, { method: 'POST', path: '/oauth/v1/token', headers: {} });
    expectDenied(answer, 'invalid_client', 'BAD_CLIENT_ID');
  });

  test('with a field twice is told which one', async () => {
    const { json } = await sendForm(server, '/oauth/v1/token', 'code=a&grant_type=x&grant_type=x');
    expect(json.message).toBe('grant_type: stands more than once; send it once');
  });

  test.each<[string, string, Record<string, string>, number]>([
    ['JSON', JSON.stringify({ grant_type: 'refresh_token' }), { 'content-type': 'application/json' }, 415],
    ['a field twice', 'grant_type=refresh_token&code=a&code=b', {}, 400],
    ['too much', `code=${'x'.repeat(70_000)}`, {}, 413],
  ])('with %s is refused in the same shape', async (_what, body, headers, http) => {
    expectDenied(
      await sendForm(server, '/oauth/v1/token', body, headers),
      'invalid_request',
      'BAD_REQUEST',
      http,
    );
  });
});

describe('a code', () => {
  test('works once: used again it is refused, and what it had bought dies at once', async () => {
    const code = await newCode();
    const { access_token, refresh_token } = (await buy(withCode(code))).json;
    const refreshed = (await buy(withRefreshToken(refresh_token))).json.access_token;
    const innocent = await install();
    expect(await works(access_token)).toBe(true);
    expectDenied(await buy(withCode(code)), 'invalid_grant', 'BAD_AUTH_CODE');
    for (const token of [access_token, refreshed])
      expectRefused(await server.call('GET', EVENT, undefined, { token }), 401, 'INVALID_AUTHENTICATION');
    expectDenied(await buy(withRefreshToken(refresh_token)), 'invalid_grant', 'BAD_REFRESH_TOKEN');
    expectDenied(await buy(withCode(code)), 'invalid_grant', 'BAD_AUTH_CODE');
    expect(await works(innocent.access_token)).toBe(true);
  });

  test('works for one of many at once, and then for none of them', async () => {
    const code = await newCode();
    const answers = await Promise.all(Array.from({ length: 8 }, () => buy(withCode(code))));
    const bought = answers.filter(({ status }) => status === 200);
    expect(bought.length).toBeLessThanOrEqual(1);
    for (const { json } of bought) expect(await works(json.access_token)).toBe(false);
  });

  test('lives five minutes', async () => {
    const [young, old] = [await newCode(), await newCode()];
    now += 299_000;
    expect((await buy(withCode(young))).status).toBe(200);
    now += 1_000;
    expectDenied(await buy(withCode(old)), 'invalid_grant', 'EXPIRED_AUTH_CODE');
    // Its replay is known even then.
    const { access_token } = await install();
    now += 600_000;
    expect(await works(access_token)).toBe(true);
    expectDenied(await buy(withCode(young)), 'invalid_grant', 'BAD_AUTH_CODE');
  });

  test('with PKCE needs its verifier, and a wrong one spends it', async () => {
    const pkce = { code_challenge: CHALLENGE, code_challenge_method: 'S256' };
    expect((await buy(withCode(await newCode(pkce), { code_verifier: VERIFIER }))).status).toBe(200);
    for (const more of [
      {},
      { code_verifier: `${VERIFIER}x` },
      { code_verifier: CHALLENGE },
      { code_verifier: 'short' },
    ]) {
      const code = await newCode(pkce);
      expectDenied(
        await buy(withCode(code, more as Record<string, string>)),
        'invalid_grant',
        'BAD_AUTH_CODE',
      );
      expectDenied(await buy(withCode(code, { code_verifier: VERIFIER })), 'invalid_grant', 'BAD_AUTH_CODE');
    }
  });
});

describe('an access token', () => {
  test('ends at once where a thousand newer ones of its consent have come, though it was used a moment ago', async () => {
    const { access_token: token, refresh_token } = await install();
    expect(await works(token)).toBe(true);
    now++;
    const refresh = () => sendForm(server, '/oauth/v1/token', withRefreshToken(refresh_token));
    for (let n = 0; n < 1_000; n += 50)
      for (const { status } of await Promise.all(Array.from({ length: 50 }, refresh)))
        expect(status).toBe(200);
    expect(await works(token)).toBe(false);
  });

  test('expires after 1800 seconds, in words with the time; its refresh token does not', async () => {
    const { access_token: token, refresh_token } = await install();
    const ends = now + 1_800_000;
    now = ends - 1;
    expect(await works(token)).toBe(true);
    for (const [seconds, ago] of [
      [0, '0 second(s)'],
      [75, '75 second(s)'],
      [130, '2 minute(s)'],
      [7_300, '2 hour(s)'],
      [5 * 86_400, '5 day(s)'],
    ] as const) {
      now = ends + seconds * 1_000;
      const answer = await server.call('GET', EVENT, undefined, { token });
      expectRefused(answer, 401, 'EXPIRED_AUTHENTICATION');
      expect(answer.json.message).toBe(`The OAuth token used to make this call expired ${ago} ago.`);
      expect(answer.json.context).toEqual({ 'expire time': [new Date(ends).toISOString()] });
      expect(answer.headers.get('x-hubspot-auth-failure')).toBe('401 Unauthorized');
    }
    now += 365 * 86_400_000;
    const fresh = await buy(withRefreshToken(refresh_token));
    expect(await works(fresh.json.access_token)).toBe(true);
    // Nobody asks about one that ended so long ago: it is forgotten.
    const forgotten = await server.call('GET', EVENT, undefined, { token: `${token} ` });
    expect(forgotten.status).toBe(401);
  });

  test('tells about itself, by its path', async () => {
    const { access_token: token } = await install();
    now += 46_500;
    const about = (path: string) => server.call('GET', path, undefined, { token: '' });
    expect((await about(`/oauth/v1/access-tokens/${token}`)).json).toEqual({
      token,
      user: demo.person.email,
      user_id: demo.person.id,
      hub_domain: new URL(server.baseUrl).host,
      hub_id: 8420,
      app_id: 8420,
      scopes: ['oauth', 'timeline'],
      scope_to_scope_group_pks: [],
      trial_scopes: [],
      trial_scope_to_scope_group_pks: [],
      signed_access_token: { hubId: 8420, appId: 8420, userId: demo.person.id },
      expires_in: 1753,
      token_type: 'access',
      is_private_distribution: false,
    });
    // A token that does not expire says nothing of it.
    const unending = (await about('/oauth/v1/access-tokens/demo-token')).json;
    expect(unending).not.toHaveProperty('expires_in');
    now += 1_800_000;
    for (const each of [token, 'nobody', 'x'.repeat(600)])
      expectDenied(await about(`/oauth/v1/access-tokens/${each}`), 'invalid_grant', 'BAD_ACCESS_TOKEN');
  });
});

describe('a refresh token', () => {
  const path = (token: string) => `/oauth/v1/refresh-tokens/${token}`;

  test('tells about itself', async () => {
    const { refresh_token: token } = await install();
    expect((await server.call('GET', path(token), undefined, { token: '' })).json).toEqual({
      token,
      user: demo.person.email,
      user_id: demo.person.id,
      hub_domain: new URL(server.baseUrl).host,
      hub_id: 8420,
      client_id: demo.clientId,
      scopes: ['oauth', 'timeline'],
      token_type: 'refresh',
    });
  });

  test('is deleted alone: its access tokens live on', async () => {
    const { access_token, refresh_token } = await install();
    const remove = () => server.call('DELETE', path(refresh_token), undefined, { token: '' });
    expect((await remove()).status).toBe(204);
    expectDenied(await buy(withRefreshToken(refresh_token)), 'invalid_grant', 'BAD_REFRESH_TOKEN');
    expectDenied(await remove(), 'invalid_grant', 'BAD_REFRESH_TOKEN');
    const gone = await server.call('GET', path(refresh_token), undefined, { token: '' });
    expectDenied(gone, 'invalid_grant', 'BAD_REFRESH_TOKEN');
    expect(await works(access_token)).toBe(true);
  });
});

describe.each(['v3', '2026-03'])('%s', (family) => {
  const ask = (token: string, client: object = CLIENT) =>
    sendForm(server, `/oauth/${family}/token/introspect`, { token, ...client });
  const revoke = (token: string, client: object = CLIENT) =>
    sendForm(server, `/oauth/${family}/token/revoke`, { token, ...client });

  test('introspects either kind of token, for its own app alone', async () => {
    const { access_token, refresh_token } = await install();
    const known = {
      active: true,
      token_type: 'Bearer',
      client_id: demo.clientId,
      app_id: 8420,
      hub_id: 8420,
      hub_domain: new URL(server.baseUrl).host,
      user_id: demo.person.id,
      user: demo.person.email,
      scopes: ['oauth', 'timeline'],
      scope: 'oauth timeline',
    };
    expect((await ask(access_token)).json).toEqual({
      ...known,
      token: access_token,
      token_use: 'access_token',
      expires_in: 1800,
      // HubSpot requires both, of access tokens alone.
      signed_access_token: { hubId: 8420, appId: 8420, userId: demo.person.id },
      is_private_distribution: false,
    });
    expect((await ask(refresh_token)).json).toEqual({
      ...known,
      token: refresh_token,
      token_use: 'refresh_token',
    });
    const { client_id, client_secret } = other;
    for (const token of [access_token, refresh_token])
      expect((await ask(token, { client_id, client_secret })).json).toEqual({ active: false });
    for (const token of ['', 'nobody']) expect((await ask(token)).json).toEqual({ active: false });
    expectDenied(await ask(access_token, { client_id }), 'invalid_client', 'BAD_CLIENT_SECRET');
    now += 1_800_000;
    expect((await ask(access_token)).json).toEqual({ active: false });
  });

  test('revokes: seen at once, and by its own app alone', async () => {
    const { access_token, refresh_token } = await install();
    const { client_id, client_secret } = other;
    for (const token of [access_token, refresh_token]) {
      expect((await revoke(token, { client_id, client_secret })).status).toBe(200);
      expectDenied(await revoke(token, {}), 'invalid_client', 'BAD_CLIENT_ID');
    }
    expect(await works(access_token)).toBe(true);
    expect((await revoke(access_token)).status).toBe(200);
    expect(await works(access_token)).toBe(false);
    const again = (await buy(withRefreshToken(refresh_token))).json.access_token;
    expect(await works(again)).toBe(true);
    expect((await revoke(refresh_token)).status).toBe(200);
    expect(await works(again)).toBe(false);
    expectDenied(await buy(withRefreshToken(refresh_token)), 'invalid_grant', 'BAD_REFRESH_TOKEN');
    expect((await revoke('nobody')).status).toBe(200);
  });
});

test('an app that leaves a portal leaves no token that works there, and others stay', async () => {
  const [here, there] = [
    await install(),
    (await buy(withCode((await consent({}, `/oauth/${other.portalId}/authorize`)).get('code') as string)))
      .json,
  ];
  const pending = await newCode();
  expect(await works(here.access_token)).toBe(true);
  const store = await openStore({ folder: server.folder, clock: () => now });
  expect(await store.uninstall(8420, 8420)).toBe(true);
  expect(await store.uninstall(8420, 8420)).toBe(false);
  await store.close();
  await vi.waitFor(async () => expect(await works(here.access_token)).toBe(false), { timeout: 5_000 });
  expectDenied(await buy(withRefreshToken(here.refresh_token)), 'invalid_grant', 'BAD_REFRESH_TOKEN');
  expectDenied(await buy(withCode(pending)), 'invalid_grant', 'BAD_AUTH_CODE');
  const about = await server.call('GET', `/oauth/v1/access-tokens/${there.access_token}`);
  expect(about.status).toBe(200);
});

describe('what an administrator does over HTTP', () => {
  const admin = (method: string, path: string, body?: unknown) =>
    server.call(method, `/timeline/v1${path}`, body, { token: ADMIN_KEY });
  const introspect = (token: string, client: Record<string, string> = CLIENT) =>
    sendForm(server, '/oauth/v3/token/introspect', { token, ...client });
  const installIn = async (portalId: number) => {
    const told = await consent({}, `/oauth/${portalId}/authorize`);
    const { status, json } = await buy(withCode(told.get('code') as string));
    expect(status).toBe(200);
    return json as { access_token: string; refresh_token: string };
  };
  const active = async (token: string) => {
    const { status, json } = await introspect(token);
    expect(status).toBe(200);
    return json.active === true || json;
  };

  test('uninstalled, an app has no token and no code in that portal from the answer on; in others it has', async () => {
    const [here, again, there] = [
      await installIn(other.portalId),
      await installIn(other.portalId),
      await installIn(8420),
    ];
    const pending = (await consent({}, `/oauth/${other.portalId}/authorize`)).get('code') as string;
    const path = `/portals/${other.portalId}/apps/8420`;
    const installed = async () =>
      (await admin('GET', `/portals/${other.portalId}/apps`)).json.results.map(({ appId }: Json) => appId);
    expect(await installed()).toContain('8420');
    const alive = async (token: string) =>
      (await server.call('GET', '/crm/v3/objects/contacts', undefined, { token })).status;
    const scoped = (
      await consent({ scope: 'timeline crm.objects.contacts.read' }, `/oauth/${other.portalId}/authorize`)
    ).get('code') as string;
    const reading = (await buy(withCode(scoped))).json;
    expect(await alive(reading.access_token)).toBe(200); // it is remembered now
    const all = [here, again, reading].flatMap((each) => [each.access_token, each.refresh_token]);
    for (const token of [...all, there.access_token, there.refresh_token])
      expect(await active(token)).toBe(true);

    expect((await admin('DELETE', path)).status).toBe(204);
    expect(await alive(reading.access_token)).toBe(401);
    for (const token of all) expect(await active(token)).toEqual({ active: false });
    for (const { access_token, refresh_token } of [here, again, reading]) {
      expectDenied(
        await server.call('GET', `/oauth/v1/access-tokens/${access_token}`),
        'invalid_grant',
        'BAD_ACCESS_TOKEN',
      );
      expectDenied(
        await server.call('GET', `/oauth/v1/refresh-tokens/${refresh_token}`),
        'invalid_grant',
        'BAD_REFRESH_TOKEN',
      );
      expectDenied(await buy(withRefreshToken(refresh_token)), 'invalid_grant', 'BAD_REFRESH_TOKEN');
    }
    expectDenied(await buy(withCode(pending)), 'invalid_grant', 'BAD_AUTH_CODE');
    expect(await installed()).not.toContain('8420');
    expectRefused(await admin('DELETE', path), 404, 'OBJECT_NOT_FOUND');

    for (const token of [there.access_token, there.refresh_token]) expect(await active(token)).toBe(true);
    expect((await buy(withRefreshToken(there.refresh_token))).status).toBe(200);
    // Let in again, it has new tokens, and the old ones stay what they are.
    expect(await active((await installIn(other.portalId)).access_token)).toBe(true);
    expect(await installed()).toContain('8420');
    for (const token of all) expect(await active(token)).toEqual({ active: false });
  });

  test('a token that is bought while the app is uninstalled is dead afterwards, or was never sold', async () => {
    for (let round = 0; round < 5; round++) {
      const { refresh_token } = await installIn(other.portalId);
      const buying = Array.from({ length: 5 }, () => buy(withRefreshToken(refresh_token)));
      const removed = await admin('DELETE', `/portals/${other.portalId}/apps/8420`);
      expect(removed.status).toBe(204);
      for (const { status, json } of await Promise.all(buying)) {
        if (status === 200) expect(await active(json.access_token)).toEqual({ active: false });
        else expect(json.status).toBe('BAD_REFRESH_TOKEN');
      }
    }
  });

  test('a new client secret: the old one buys, asks and ends nothing from the answer on, the new one all of it', async () => {
    const redirect_uri = 'https://rotated.example/cb';
    const app = (
      await admin('POST', '/apps', { name: 'Rotated', redirectUris: [redirect_uri], scopes: ['timeline'] })
    ).json;
    const old = { client_id: app.clientId, client_secret: app.clientSecret };
    const code = () => newCode({ client_id: app.clientId, redirect_uri, scope: 'timeline' });
    const { access_token, refresh_token } = (await buy(withCode(await code(), { ...old, redirect_uri })))
      .json;
    const pending = await code();
    const rotated = await admin('POST', `/apps/${app.appId}/client-secret/rotate`);
    expect(rotated.status, rotated.text).toBe(200);
    const renewed = { ...old, client_secret: rotated.json.clientSecret };
    for (const secret of [old, renewed]) secrets.add(secret.client_secret);

    const denied = (answer: Answer, http = 400) =>
      expectDenied(answer, 'invalid_client', 'BAD_CLIENT_SECRET', http);
    const basic = ({ client_id, client_secret }: typeof old) => ({
      authorization: `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString('base64')}`,
    });
    for (const family of ['v1', 'v3', '2026-03'])
      denied(await buy(withRefreshToken(refresh_token, old), family));
    denied(
      await sendForm(server, '/oauth/v3/token', { grant_type: 'refresh_token', refresh_token }, basic(old)),
      401,
    );
    denied(await buy(withCode(pending, { ...old, redirect_uri })));
    denied(await introspect(access_token, old));
    denied(await sendForm(server, '/oauth/v3/token/revoke', { token: refresh_token, ...old }));

    // What it had stays: neither the refused attempts nor the new secret ended anything.
    expect((await introspect(access_token, renewed)).json).toMatchObject({ active: true });
    const refreshed = await buy(withRefreshToken(refresh_token, renewed));
    expect(refreshed.json).toMatchObject({ refresh_token, expires_in: 1800 });
    const byBasic = await sendForm(
      server,
      '/oauth/v3/token',
      { grant_type: 'refresh_token', refresh_token },
      basic(renewed),
    );
    expect(byBasic.status, byBasic.text).toBe(200);
    expect((await buy(withCode(pending, { ...renewed, redirect_uri }))).status).toBe(200);
    expect(
      (await sendForm(server, '/oauth/v3/token/revoke', { token: refresh_token, ...renewed })).status,
    ).toBe(200);
    expect((await introspect(refreshed.json.access_token, renewed)).json).toEqual({ active: false });
  });
});

test('the metadata say where everything is, from the base URL', async () => {
  const { json } = await server.call('GET', '/.well-known/oauth-authorization-server', undefined, {
    token: '',
  });
  expect(json.issuer).toBe(server.baseUrl);
  for (const name of ['token_endpoint', 'introspection_endpoint', 'revocation_endpoint']) {
    const { origin, pathname } = new URL(json[name]);
    expect(origin).toBe(server.baseUrl);
    expect((await sendForm(server, pathname, {})).json).toMatchObject({ status: 'BAD_CLIENT_ID' });
  }
  expect((await server.call('GET', new URL(json.authorization_endpoint).pathname)).status).toBe(400);
  expect(json.code_challenge_methods_supported).toEqual(['S256']);
  expect(json.scopes_supported).toEqual(expect.arrayContaining(['oauth', 'timeline', 'developers-write']));
});

test('no code, token or secret is in any file of the folder, or was logged', async () => {
  await install();
  expect(secrets.size).toBeGreaterThan(50);
  const files = readdirSync(server.folder).map((name) => readFileSync(join(server.folder, name)));
  expect(files.length).toBeGreaterThan(1); // the log of writes too
  const text = Buffer.concat(files).toString('latin1') + logged.join('');
  expect(text).toContain(demo.clientId);
  for (const secret of [...secrets, CLIENT.client_secret, other.client_secret, VERIFIER])
    expect(text.includes(secret), secret).toBe(false);
});
