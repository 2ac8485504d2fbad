// The OAuth 2.0 authorization server: what an app may ask a person for, the code that their consent buys, the tokens
// that the code and then the refresh token buy, and how all of them end. The grants themselves are
// @node-oauth/oauth2-server's; what it would do otherwise than HubSpot is settled in `model`.
import { timingSafeEqual } from 'node:crypto';
import OAuth2Server from '@node-oauth/oauth2-server';
import { type Credentials, digest, newSecret } from './credentials.js';
import { isRegistered } from './redirect.js';
import { PLAIN_SCOPE } from './scopes.js';
import type { AccessStore, Client, Consent, Principal, User } from './store.js';

/** As HubSpot's. */
export const ACCESS_TOKEN_SECONDS = 1800;
export const GRANT_TYPES = ['authorization_code', 'refresh_token'] as const;
const CODE_MS = 5 * 60_000;

type OAuthCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'invalid_scope'
  | 'unsupported_grant_type'
  | 'unsupported_response_type';

/** No, with RFC 6749's code, HubSpot's status, and what would do. */
export class GrantRefusal extends OAuth2Server.OAuthError {
  constructor(
    readonly error: OAuthCode,
    readonly status: string,
    message: string,
  ) {
    super(message);
  }
}

const badClientId = () => new GrantRefusal('invalid_client', 'BAD_CLIENT_ID', 'missing or unknown client id');
const badClientSecret = () =>
  new GrantRefusal('invalid_client', 'BAD_CLIENT_SECRET', 'missing or wrong client secret');
const badCode = (message = 'missing or unknown auth code') =>
  new GrantRefusal('invalid_grant', 'BAD_AUTH_CODE', message);
const badRefreshToken = () =>
  new GrantRefusal('invalid_grant', 'BAD_REFRESH_TOKEN', 'refresh token is invalid, expired or revoked');

/** What an app asks a person for, checked. */
export interface Asked {
  client: Client;
  scopes: readonly string[];
  redirectUri: string;
  state?: string;
  codeChallenge?: string;
}

/** A request to be authorised: what is asked; or where to send the person back with an error; or why neither can be. */
export type Examined =
  | { asked: Asked }
  | { sendTo: string }
  | { unanswerable: 'client' | 'redirectUri' | 'repeated' };

/** Fields of a form or of a query; what stands twice is a list. */
export type Fields = Readonly<Record<string, unknown>>;

export interface Issued {
  accessToken: string;
  refreshToken: string;
  scopes: readonly string[];
  consent: Consent;
}

/** A token that works, and the app that has it. */
interface Known {
  use: 'access_token' | 'refresh_token';
  clientId: string;
  appId: number;
  portalId: number;
  scopes: readonly string[];
  user?: User;
  /** Seconds; absent: it does not expire by itself. */
  expiresIn?: number;
}

export type Grants = ReturnType<typeof grants>;

export interface GrantsOptions {
  store: AccessStore;
  credentials: Credentials;
  clock: () => number;
}

export function grants({ store, credentials, clock }: GrantsOptions) {
  const server = new OAuth2Server({
    model: model(),
    accessTokenLifetime: ACCESS_TOKEN_SECONDS,
    alwaysIssueNewRefreshToken: false,
  });

  /** Whoever comes without a secret is refused, PKCE or not. */
  function authenticated(clientId = '', secret = ''): Client {
    const client = credentials.client(clientId);
    if (!client) throw badClientId();
    if (!client.secretHash || !timingSafeEqual(digest(secret), client.secretHash)) throw badClientSecret();
    return client;
  }

  /**
   * The library asks the machine's clock whether a code has ended and when a token will; ours decides both here, and
   * what the library is told never ends. It marks a code before it looks at redirect_uri and PKCE, so that neither can
   * be guessed at; the mark and the issue are transactions that know of a replay in between.
   */
  function model(): Omit<OAuth2Server.AuthorizationCodeModel, 'saveAuthorizationCode'> &
    OAuth2Server.RefreshTokenModel {
    const clientOf = ({ appId }: Consent) => ({
      id: store.app(appId)?.clientId ?? '',
      grants: [...GRANT_TYPES],
    });
    return {
      async getClient(clientId: string, secret: string) {
        authenticated(clientId, secret);
        return { id: clientId, grants: [...GRANT_TYPES] };
      },
      async getAuthorizationCode(code: string) {
        const consent = store.consentByCode(digest(code));
        if (!consent) return undefined;
        if (!consent.codeUsed && consent.codeExpiresAt <= clock())
          throw new GrantRefusal('invalid_grant', 'EXPIRED_AUTH_CODE', 'the auth code has expired');
        const { codeChallenge, redirectUri, scopes } = consent;
        return {
          authorizationCode: code,
          expiresAt: NEVER,
          redirectUri,
          scope: [...scopes],
          client: clientOf(consent),
          user: consent,
          ...(codeChallenge === undefined ? {} : { codeChallenge, codeChallengeMethod: 'S256' }),
        };
      },
      async revokeAuthorizationCode({ user }: OAuth2Server.AuthorizationCode) {
        const first = await store.redeemCode((user as Consent).id, clock());
        if (!first) throw badCode('the auth code was used before; what it had bought is revoked');
        return true;
      },
      async getRefreshToken(token: string) {
        const consent = store.consentByRefreshToken(digest(token));
        if (!consent) return undefined;
        return {
          refreshToken: token,
          scope: [...consent.scopes],
          client: clientOf(consent),
          user: consent,
        };
      },
      // A refresh token stays what it is: the library is told not to ask.
      revokeToken: async () => false,
      // Nor is it asked who is calling: wire/authenticate knows.
      getAccessToken: async () => undefined,
      generateAccessToken: async () => newSecret('token'),
      generateRefreshToken: async () => newSecret('refresh'),
      async saveToken(token: OAuth2Server.Token, client: OAuth2Server.Client, user: OAuth2Server.User) {
        const at = clock();
        const kept = await store.issue({
          consentId: (user as Consent).id,
          ...(token.refreshToken ? { refreshHash: digest(token.refreshToken) } : {}),
          accessHash: digest(token.accessToken),
          scopes: token.scope ?? [],
          at,
          expiresAt: at + ACCESS_TOKEN_SECONDS * 1_000,
        });
        if (!kept) throw token.refreshToken ? badCode() : badRefreshToken();
        return { ...token, client, user };
      },
    };
  }

  return {
    /** Checks a request to be authorised. Nothing is sent to an address that the app has not registered. */
    examine(query: Fields): Examined {
      if (Object.values(query).some((value) => typeof value !== 'string'))
        return { unanswerable: 'repeated' };
      const { client_id, redirect_uri = '', state, ...rest } = query as Record<string, string | undefined>;
      const client = credentials.client(client_id ?? '');
      if (!client) return { unanswerable: 'client' };
      if (!isRegistered(client, redirect_uri)) return { unanswerable: 'redirectUri' };
      const back = { redirectUri: redirect_uri, ...(state === undefined ? {} : { state }) };
      const refused = (error: OAuthCode, description: string) => ({
        sendTo: addressOf(back, { error, error_description: description }),
      });
      if ((rest.response_type ?? 'code') !== 'code')
        return refused('unsupported_response_type', "response_type: only 'code' is answered");
      const { code_challenge: codeChallenge, code_challenge_method: method } = rest;
      if (codeChallenge !== undefined && method !== 'S256')
        return refused('invalid_request', "code_challenge_method: must be 'S256'");
      if (codeChallenge === undefined && method !== undefined)
        return refused('invalid_request', 'code_challenge: is missing');
      if (codeChallenge !== undefined && !/^[A-Za-z0-9_-]{43}$/.test(codeChallenge))
        return refused('invalid_request', 'code_challenge: must be the base64url of a SHA-256');
      const may = new Set([...client.app.scopes, PLAIN_SCOPE]);
      const required = scopesOf(rest.scope);
      const foreign = required.filter((scope) => !may.has(scope));
      if (required.length === 0)
        return refused('invalid_scope', `scope: is missing; the app may ask for ${listed([...may])}`);
      if (foreign.length > 0)
        return refused('invalid_scope', `scope: the app may not ask for ${listed(foreign)}`);
      const optional = scopesOf(rest.optional_scope).filter((scope) => may.has(scope));
      return {
        asked: {
          client,
          scopes: [...new Set([...required, ...optional])],
          ...back,
          ...(codeChallenge === undefined ? {} : { codeChallenge }),
        },
      };
    },

    /** A person consents: where to send them back, with the code. */
    async approve(asked: Asked, portalId: number, user: User): Promise<string> {
      const code = newSecret('code');
      const { client, scopes, redirectUri, codeChallenge } = asked;
      await store.createConsent({
        portalId,
        appId: client.app.id,
        user,
        scopes,
        redirectUri,
        ...(codeChallenge === undefined ? {} : { codeChallenge }),
        codeHash: digest(code),
        codeExpiresAt: clock() + CODE_MS,
      });
      return addressOf(asked, { code });
    },

    /** A person declines: where to send them back. */
    decline: (asked: Asked): string =>
      addressOf(asked, { error: 'access_denied', error_description: 'the person declined' }),

    /** Buys tokens with a code or a refresh token. */
    async buy(form: Readonly<Record<string, string | undefined>>): Promise<Issued> {
      authenticated(form.client_id, form.client_secret); // first: the library has one error for both
      const request = new OAuth2Server.Request({
        method: 'POST',
        query: {},
        headers: FORM_HEADERS,
        // The library takes a scope that stands twice for two, and spaces for a wish.
        body: { ...form, scope: scopesOf(form.scope).join(' ') || undefined },
      });
      try {
        const { accessToken, refreshToken, scope, user } = await server.token(
          request,
          new OAuth2Server.Response(),
        );
        return {
          accessToken,
          refreshToken: refreshToken ?? (form.refresh_token as string),
          scopes: scope ?? [],
          consent: user as Consent,
        };
      } catch (error) {
        throw refusalOf(error as Error, form);
      }
    },

    /** Whoever may ask about tokens and end them. */
    client: authenticated,

    accessToken(token: string): Known {
      const principal = credentials.principal(token);
      const known = principal && knownAccess(principal);
      if (!known)
        throw new GrantRefusal(
          'invalid_grant',
          'BAD_ACCESS_TOKEN',
          'access token is invalid, expired or revoked',
        );
      return known;
    },

    refreshToken: (token: string): Known & { user: User } => knownRefresh(consentBy(token)),

    /** What works of either kind. */
    token(token: string): Known | undefined {
      const principal = credentials.principal(token);
      if (principal) return knownAccess(principal);
      const consent = store.consentByRefreshToken(digest(token));
      return consent && knownRefresh(consent);
    },

    /** Ends a refresh token alone: its access tokens live on until they expire. */
    async endRefreshToken(token: string): Promise<void> {
      await store.endRefreshToken(consentBy(token).id);
    },

    /** Ends the app's own token; with a refresh token all that it bought (RFC 7009). Others' are left as they are. */
    async revoke(token: string, { app }: Client): Promise<void> {
      const consent = store.consentByRefreshToken(digest(token));
      if (consent?.appId === app.id) return store.revokeConsent(consent.id, clock());
      if (credentials.principal(token)?.appId === app.id) await store.endToken(digest(token));
    },
  };

  function consentBy(refreshToken: string): Consent {
    const consent = store.consentByRefreshToken(digest(refreshToken));
    if (!consent) throw badRefreshToken();
    return consent;
  }

  function knownAccess({ appId, portal, scopes, user, expiresAt }: Principal): Known | undefined {
    const left = expiresAt === undefined ? undefined : expiresAt - clock();
    if (left !== undefined && left <= 0) return undefined;
    return {
      use: 'access_token',
      clientId: store.app(appId)?.clientId ?? '',
      appId,
      portalId: portal.id,
      scopes,
      ...(user ? { user } : {}),
      ...(left === undefined ? {} : { expiresIn: Math.floor(left / 1_000) }),
    };
  }

  function knownRefresh({ appId, portalId, scopes, user }: Consent): Known & { user: User } {
    return {
      use: 'refresh_token',
      clientId: store.app(appId)?.clientId ?? '',
      appId,
      portalId,
      scopes,
      user,
    };
  }
}

const NEVER = new Date(8_640_000_000_000_000);
const FORM_HEADERS = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': '1' };

/** The library's own refusals, in HubSpot's words. */
function refusalOf(error: Error, form: Readonly<Record<string, string | undefined>>): Error {
  if (error instanceof GrantRefusal) return error;
  if (
    error instanceof OAuth2Server.UnsupportedGrantTypeError ||
    error instanceof OAuth2Server.UnauthorizedClientError ||
    !GRANT_TYPES.some((type) => type === form.grant_type)
  )
    return new GrantRefusal(
      form.grant_type ? 'unsupported_grant_type' : 'invalid_request',
      'BAD_GRANT_TYPE',
      `grant_type: must be one of ${GRANT_TYPES.join(', ')}`,
    );
  if (error instanceof OAuth2Server.InvalidScopeError)
    return new GrantRefusal('invalid_scope', 'BAD_SCOPE', 'scope: asks for more than was consented to');
  if (!(error instanceof OAuth2Server.InvalidGrantError || error instanceof OAuth2Server.InvalidRequestError))
    return (error as { inner?: Error }).inner ?? error;
  if (form.grant_type === 'refresh_token') return badRefreshToken();
  if (error.message.includes('redirect_uri'))
    return form.redirect_uri
      ? new GrantRefusal(
          'invalid_grant',
          'MISMATCH_REDIRECT_URI_AUTH_CODE',
          'redirect URI does not match the one that the auth code was made for',
        )
      : new GrantRefusal('invalid_request', 'BAD_REDIRECT_URI', 'missing or unknown redirect URI');
  if (/verifier/.test(error.message))
    return badCode('code_verifier: is missing or does not match the code_challenge of the auth code');
  return badCode();
}

/** The redirect URI keeps the query that it has. */
function addressOf(
  { redirectUri, state }: Pick<Asked, 'redirectUri' | 'state'>,
  more: Record<string, string>,
) {
  const query = new URLSearchParams({ ...more, ...(state === undefined ? {} : { state }) });
  return `${redirectUri}${redirectUri.includes('?') ? '&' : '?'}${query}`;
}

function scopesOf(text = ''): string[] {
  return [...new Set(text.split(' ').filter((scope) => scope !== ''))];
}

function listed(scopes: readonly string[]): string {
  return scopes.length > 10 ? `${scopes.slice(0, 10).join(' ')} …` : scopes.join(' ');
}
