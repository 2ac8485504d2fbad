// HubSpot's OAuth 2.0 endpoints that programs call: tokens are bought, asked about and ended here. Consent is a page,
// see ui/consent.ts. Errors have HubSpot's shape for OAuth: RFC 6749's two fields, its own status and message.
import formbody from '@fastify/formbody';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { ACCESS_TOKEN_SECONDS, GRANT_TYPES, GrantRefusal, type Grants } from '../access/grants.js';
import { ALL_SCOPES, PLAIN_SCOPE } from '../access/scopes.js';
import { invalid, Refusal } from '../refusal.js';
import type { Attempts } from './attempts.js';
import { basicCredentials } from './authenticate.js';
import { operations } from './openapi.js';
import { repeatedFaults } from './problem.js';
import type { OAuthTokenForm, OAuthTokenQuestion } from './schemas/oauth.js';

export interface OAuthRoutes {
  grants: Grants;
  attempts: Attempts;
  /** Without a trailing slash. */
  baseUrl: () => string;
}

/** Newest first; the first one is what the metadata name. */
const FAMILIES = ['v3', '2026-03', 'v1'] as const;
type Family = (typeof FAMILIES)[number];
const NAMES: Readonly<Record<Family, string>> = { v3: '', '2026-03': 'In202603', v1: 'InV1' };

const MAX_FORM_BYTES = 64 * 1024;
const NEVER_STORED = { 'cache-control': 'no-store', pragma: 'no-cache' };

const TokenParams = Type.Object({ token: Type.String({ description: 'The token itself.' }) });
type OfToken = { Params: Static<typeof TokenParams> };
type TokenForm = { Body: Static<typeof OAuthTokenForm> };
type Question = { Body: Static<typeof OAuthTokenQuestion> };

export function oauthRoutes(app: FastifyInstance, options: OAuthRoutes): void {
  app.register(async (scope) => {
    scope.removeContentTypeParser('application/json');
    await scope.register(formbody, { bodyLimit: MAX_FORM_BYTES });
    scope.setErrorHandler(answerInShape);
    // No body is a form without fields: then the answer says which of them is missing.
    scope.addHook('preValidation', (request, _reply, done) => {
      request.body ??= {};
      // Programs of version 1 send its fields in the address too.
      if (request.routeOptions.url === '/oauth/v1/token')
        request.body = { ...(request.query as object), ...(request.body as object) };
      const repeated = Object.entries(request.body as object).filter(([, value]) => Array.isArray(value));
      if (repeated.length > 0) throw invalid('request', repeatedFaults(repeated.map(([name]) => name)));
      done();
    });
    scope.addHook('onRequest', (_request, reply, done) => {
      reply.headers(NEVER_STORED);
      done();
    });
    routes(scope, options);
  });
}

function routes(scope: FastifyInstance, { grants, attempts, baseUrl }: OAuthRoutes): void {
  const guarded = { bodyLimit: MAX_FORM_BYTES, preHandler: attempts.guard('token', clientOf) };
  const doc = operations('OAuth', []);
  const form = (body: string, answer: object) => ({
    consumes: ['application/x-www-form-urlencoded'],
    body: Type.Ref(body),
    response: { 200: answer },
  });

  for (const family of FAMILIES) {
    scope.post<TokenForm>(
      `/oauth/${family}/token`,
      {
        ...guarded,
        schema: {
          ...doc(`createOAuthToken${NAMES[family]}`, 'Buy tokens'),
          description: `With the code of a consent, once; then with the refresh token, as often as needed: it stays the same and does not expire by itself. The access token lives ${ACCESS_TOKEN_SECONDS} seconds.${family === 'v1' ? " Fields are taken from the query too; the body's count." : ''}`,
          ...form('OAuthTokenForm', Type.Ref(family === 'v1' ? 'OAuthTokenV1' : 'OAuthToken')),
        },
      },
      async (request) => {
        const { accessToken, refreshToken, scopes, consent } = await grants.buy(fieldsOf(request));
        const answer = {
          token_type: 'bearer',
          refresh_token: refreshToken,
          access_token: accessToken,
          expires_in: ACCESS_TOKEN_SECONDS,
        };
        if (family === 'v1') return answer;
        const { portalId, user } = consent;
        return { ...answer, hub_id: portalId, scopes, user_id: user.id, token_use: 'access_token' };
      },
    );
    if (family === 'v1') continue;

    scope.post<Question>(
      `/oauth/${family}/token/introspect`,
      {
        ...guarded,
        schema: {
          ...doc(`introspectOAuthToken${NAMES[family]}`, 'Ask about a token'),
          description: "Whether one of the app's own tokens works, and what it may do.",
          ...form('OAuthTokenQuestion', Type.Ref('OAuthTokenState')),
        },
      },
      async (request) => {
        const { client_id, client_secret, token } = fieldsOf(request);
        const { app } = grants.client(client_id, client_secret);
        const known = grants.token(token ?? '');
        if (!known || known.appId !== app.id) return { active: false };
        return {
          active: true,
          token,
          token_use: known.use,
          token_type: 'Bearer',
          client_id: known.clientId,
          app_id: known.appId,
          hub_id: known.portalId,
          hub_domain: hubDomain(),
          scopes: known.scopes,
          scope: known.scopes.join(' '),
          ...(known.user ? { user_id: known.user.id, user: known.user.email } : {}),
          ...(known.expiresIn === undefined ? {} : { expires_in: known.expiresIn }),
          ...(known.use === 'access_token' ? signedOf(known) : {}),
        };
      },
    );
    scope.post<Question>(
      `/oauth/${family}/token/revoke`,
      {
        ...guarded,
        schema: {
          ...doc(`revokeOAuthToken${NAMES[family]}`, 'Revoke a token'),
          description:
            "Ends one of the app's own tokens at once; with a refresh token, all that it bought (RFC 7009). What is no token of the app's is left as it is.",
          ...form('OAuthTokenQuestion', Type.Ref('OAuthRevoked')),
        },
      },
      async (request) => {
        const { client_id, client_secret, token } = fieldsOf(request);
        await grants.revoke(token ?? '', grants.client(client_id, client_secret));
        return {};
      },
    );
  }

  const refreshTokens = '/oauth/v1/refresh-tokens/:token';
  const path = { params: TokenParams };
  scope.get<OfToken>(
    '/oauth/v1/access-tokens/:token',
    {
      schema: {
        ...doc('getAccessToken', 'Read about an access token'),
        description: 'Whose it is and what it may do.',
        ...path,
        response: { 200: Type.Ref('AccessTokenInfo') },
      },
    },
    (request) => {
      const { token } = request.params;
      const known = grants.accessToken(token);
      const { appId, portalId, scopes, user, expiresIn } = known;
      return {
        token,
        ...(user ? { user: user.email, user_id: user.id } : {}),
        hub_domain: hubDomain(),
        scopes,
        // Empty, as HubSpot's mostly are: its clients up to 11 are typed to find them.
        scope_to_scope_group_pks: [],
        trial_scopes: [],
        trial_scope_to_scope_group_pks: [],
        ...signedOf(known),
        hub_id: portalId,
        app_id: appId,
        ...(expiresIn === undefined ? {} : { expires_in: expiresIn }),
        token_type: 'access',
      };
    },
  );
  scope.get<OfToken>(
    refreshTokens,
    {
      schema: {
        ...doc('getRefreshToken', 'Read about a refresh token'),
        description: 'Whose it is and what it may do.',
        ...path,
        response: { 200: Type.Ref('RefreshTokenInfo') },
      },
    },
    (request) => {
      const { token } = request.params;
      const { clientId, portalId, scopes, user } = grants.refreshToken(token);
      return {
        token,
        user: user.email,
        hub_domain: hubDomain(),
        scopes,
        hub_id: portalId,
        client_id: clientId,
        user_id: user.id,
        token_type: 'refresh',
      };
    },
  );
  scope.delete<OfToken>(
    refreshTokens,
    {
      schema: {
        ...doc('deleteRefreshToken', 'End a refresh token'),
        description:
          'It alone: access tokens that it bought live on until they expire, and the app stays installed.',
        ...path,
        response: { 204: Type.Null({ description: 'It is ended.' }) },
      },
    },
    async (request, reply) => {
      await grants.endRefreshToken(request.params.token);
      return reply.code(204).send();
    },
  );

  scope.get(
    '/.well-known/oauth-authorization-server',
    {
      schema: {
        ...doc('getOAuthMetadata', 'Where the OAuth endpoints are'),
        description: 'Authorization server metadata (RFC 8414).',
        response: { 200: Type.Ref('OAuthMetadata') },
      },
    },
    (_request, reply) => {
      const [newest] = FAMILIES;
      const at = (path: string) => `${baseUrl()}/oauth/${path}`;
      reply.header('cache-control', 'no-cache');
      return {
        issuer: baseUrl(),
        authorization_endpoint: at('authorize'),
        token_endpoint: at(`${newest}/token`),
        introspection_endpoint: at(`${newest}/token/introspect`),
        revocation_endpoint: at(`${newest}/token/revoke`),
        response_types_supported: ['code'],
        response_modes_supported: ['query'],
        grant_types_supported: [...GRANT_TYPES],
        code_challenge_methods_supported: ['S256'],
        token_endpoint_auth_methods_supported: AUTH_METHODS,
        introspection_endpoint_auth_methods_supported: AUTH_METHODS,
        revocation_endpoint_auth_methods_supported: AUTH_METHODS,
        scopes_supported: [PLAIN_SCOPE, ...ALL_SCOPES],
        service_documentation: `${baseUrl()}/docs`,
      };
    },
  );

  /** HubSpot's accounts have a domain; ours all have the server's. */
  function hubDomain(): string {
    return new URL(baseUrl()).host;
  }
}

/** What HubSpot signs of an access token; nothing is signed here. */
function signedOf({ appId, portalId, user }: ReturnType<Grants['accessToken']>) {
  return {
    signed_access_token: { hubId: portalId, appId, ...(user ? { userId: user.id } : {}) },
    is_private_distribution: false,
  };
}

const AUTH_METHODS = ['client_secret_post', 'client_secret_basic'];

/**
 * The form's fields, but those that are empty, which count as omitted (RFC 6749, 3.2). The client's credentials may come
 * as HTTP Basic authentication instead (2.3.1).
 */
function fieldsOf(request: FastifyRequest): Readonly<Record<string, string | undefined>> {
  const sent = Object.entries(request.body as Record<string, string>);
  const fields: Record<string, string | undefined> = Object.fromEntries(
    sent.filter(([, value]) => value !== ''),
  );
  const basic = basicCredentials(request.headers.authorization);
  if (!basic) return fields;
  const decoded = (text: string) => new URLSearchParams(`_=${text}`).get('_') ?? '';
  return { ...fields, client_id: decoded(basic.user), client_secret: decoded(basic.password) };
}

function clientOf(request: FastifyRequest): string | undefined {
  return fieldsOf(request).client_id;
}

/** Every refusal of these routes in HubSpot's shape for OAuth; what is none of OAuth's goes on to the app's handler. */
function answerInShape(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error instanceof GrantRefusal) {
    if (error.error !== 'invalid_client') reply.secretWasRight = true;
    const unauthenticated =
      error.error === 'invalid_client' && basicCredentials(request.headers.authorization) !== undefined;
    if (unauthenticated) reply.header('www-authenticate', 'Basic realm="Throughline"');
    return refuse(unauthenticated ? 401 : 400, error.error, error.status, error.message);
  }
  if (error instanceof Refusal && error.reason === 'invalid')
    return refuse(400, 'invalid_request', 'BAD_REQUEST', error.message);
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE')
    return refuse(
      415,
      'invalid_request',
      'BAD_REQUEST',
      'The body must be a form: send it with the header Content-Type: application/x-www-form-urlencoded',
    );
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return refuse(413, 'invalid_request', 'BAD_REQUEST', `The form is over ${MAX_FORM_BYTES} bytes`);
  throw error;

  function refuse(http: number, code: string, status: string, message: string): FastifyReply {
    return reply.code(http).type('application/json; charset=utf-8').serializer(JSON.stringify).send({
      error: code,
      error_description: message,
      status,
      message,
      correlationId: request.id,
    });
  }
}
