// The whole way of an app into a portal, walked by clients that know nothing of us: openid-client, which holds a server
// to the standards, and HubSpot's own.
import { Client } from '@hubspot/api-client';
import * as oauth from 'openid-client';
import { afterAll, expect, test } from 'vitest';
import { DEMO_CREDENTIALS, demo } from '../../dist/demo.js';
import { type Json, startDev, TEMPLATE } from '../harness.js';

const REDIRECT = 'http://localhost:3000/oauth-callback';
const SECRET = DEMO_CREDENTIALS.clientSecret;

let now = Date.now();
const server = await startDev({ autoConsent: true, clock: () => now });
afterAll(() => server.close());

/** Follows the address at which a person would consent; where they would be sent back to. */
async function consent(address: URL | string): Promise<URL> {
  const answer = await fetch(address, { redirect: 'manual' });
  expect(answer.status).toBe(302);
  return new URL(answer.headers.get('location') as string);
}

const send = (accessToken: string) =>
  new Client({ basePath: server.baseUrl, accessToken }).crm.timeline.eventsApi.create({
    eventTemplateId: TEMPLATE,
    email: 'oauth@example.com',
    tokens: { petName: 'Art3mis' },
  });

test.each([
  ['client_secret_post', oauth.ClientSecretPost],
  ['client_secret_basic', oauth.ClientSecretBasic],
])(
  'openid-client, with %s: discovery, consent with PKCE, refresh, introspection, revocation',
  async (_name, authentication) => {
    const config = await oauth.discovery(
      new URL(server.baseUrl),
      demo.clientId,
      undefined,
      authentication(SECRET),
      { algorithm: 'oauth2', execute: [oauth.allowInsecureRequests] },
    );
    expect(config.serverMetadata().supportsPKCE()).toBe(true);
    const [pkceCodeVerifier, expectedState] = [oauth.randomPKCECodeVerifier(), oauth.randomState()];
    const asked = oauth.buildAuthorizationUrl(config, {
      redirect_uri: REDIRECT,
      scope: 'oauth timeline',
      code_challenge: await oauth.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
      state: expectedState,
    });
    const back = await consent(asked);
    const checks = { pkceCodeVerifier, expectedState };
    const first = await oauth.authorizationCodeGrant(config, back, checks);
    expect(first).toMatchObject({ token_type: 'bearer', expires_in: 1800 });
    expect((await send(first.access_token)).email).toBe('oauth@example.com');

    const second = await oauth.refreshTokenGrant(config, first.refresh_token as string);
    expect(second.refresh_token).toBe(first.refresh_token);
    expect(await oauth.tokenIntrospection(config, second.access_token)).toMatchObject({
      active: true,
      client_id: demo.clientId,
      scope: 'oauth timeline',
    });
    await oauth.tokenRevocation(config, second.access_token);
    expect(await oauth.tokenIntrospection(config, second.access_token)).toEqual({ active: false });
    await expect(send(second.access_token)).rejects.toMatchObject({ code: 401 });

    await expect(oauth.authorizationCodeGrant(config, back, checks)).rejects.toMatchObject({
      error: 'invalid_grant',
      status: 400,
    });
    await expect(send(first.access_token)).rejects.toMatchObject({ code: 401 });
    await expect(oauth.refreshTokenGrant(config, first.refresh_token as string)).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  },
);

test("HubSpot's client: getAuthorizationUrl, tokensApi.create with code and refresh token, and the API with both", async () => {
  const client = new Client({ basePath: server.baseUrl });
  const { tokensApi, accessTokensApi, refreshTokensApi } = client.oauth;
  const theirs = client.oauth.getAuthorizationUrl(
    demo.clientId,
    REDIRECT,
    'oauth timeline',
    'forms',
    'state',
  );
  const { pathname, search } = new URL(theirs); // it has HubSpot's own host, whatever basePath says
  const back = await consent(`${server.baseUrl}${pathname}${search}`);
  expect(back.searchParams.get('state')).toBe('state');
  const code = back.searchParams.get('code') as string;

  const first = await tokensApi.create('authorization_code', code, REDIRECT, demo.clientId, SECRET);
  expect(first).toMatchObject({ tokenType: 'bearer', expiresIn: 1800 });
  await send(first.accessToken);
  expect(await accessTokensApi.get(first.accessToken)).toMatchObject({
    hubId: demo.portalId,
    appId: demo.appId,
    scopes: ['oauth', 'timeline', 'forms'],
    tokenType: 'access',
  });
  expect(await refreshTokensApi.get(first.refreshToken)).toMatchObject({
    hubId: demo.portalId,
    clientId: demo.clientId,
  });

  now += 1_800_000;
  const expired: Json = await send(first.accessToken).catch((error) => error);
  expect([expired.code, expired.body.category]).toEqual([401, 'EXPIRED_AUTHENTICATION']);
  const refresh = () =>
    tokensApi.create('refresh_token', undefined, undefined, demo.clientId, SECRET, first.refreshToken);
  const second = await refresh();
  expect(second.refreshToken).toBe(first.refreshToken);
  await send(second.accessToken);

  await refreshTokensApi.archive(first.refreshToken);
  await send(second.accessToken);
  await expect(refresh()).rejects.toMatchObject({ code: 400, body: { status: 'BAD_REFRESH_TOKEN' } });
});
