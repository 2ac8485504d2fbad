// Who is calling: a bearer token for a portal and an app, an app's developer key for its templates, or an admin key.
// Runs before a body is read, so that a stranger costs nothing.
import type { FastifyRequest } from 'fastify';
import type { Credentials } from '../access/credentials.js';
import type { Principal } from '../access/store.js';
import { expiredToken, HttpProblem, INVALID_AUTHENTICATION, missingScopes, NO_ADMIN_KEY } from './problem.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the hooks of `authenticator`. */
    principal: Principal | null;
    /** The app whose templates are asked for. */
    appId: number;
  }
}

export type Authenticator = ReturnType<typeof authenticator>;

export function authenticator(credentials: Credentials, clock: () => number) {
  function bearer(request: FastifyRequest): Principal | undefined {
    const token = bearerToken(request.headers.authorization);
    const principal = token === undefined ? undefined : credentials.principal(token);
    if (principal?.expiresAt === undefined) return principal;
    const now = clock();
    if (principal.expiresAt <= now) throw new HttpProblem(expiredToken(principal.expiresAt, now));
    return principal;
  }

  return {
    /** A token with any one of these scopes. */
    token(anyOf: readonly string[]) {
      const enough = new Set(anyOf);
      return (request: FastifyRequest, _reply: unknown, done: () => void): void => {
        const principal = bearer(request);
        if (!principal) throw new HttpProblem(INVALID_AUTHENTICATION);
        if (!principal.scopes.some((scope) => enough.has(scope))) throw new HttpProblem(missingScopes(anyOf));
        request.principal = principal;
        done();
      };
    },

    /** Finds who holds a token with any one of these scopes, where that is known without asking the store. */
    holderOf(anyOf: readonly string[]) {
      const enough = new Set(anyOf);
      return (authorization: string | undefined): Principal | undefined => {
        const token = bearerToken(authorization);
        const principal = token === undefined ? undefined : credentials.remembered(token);
        const { expiresAt = Number.POSITIVE_INFINITY, scopes = [] } = principal ?? {};
        return scopes.some((scope) => enough.has(scope)) && expiresAt > clock() ? principal : undefined;
      };
    },

    /** A token; what it may do depends on the path, see `needScope`. */
    anyToken: (request: FastifyRequest, _reply: unknown, done: () => void): void => {
      const principal = bearer(request);
      if (!principal) throw new HttpProblem(INVALID_AUTHENTICATION);
      request.principal = principal;
      done();
    },

    /** An admin key, which opens nothing else. */
    admin: async (request: FastifyRequest): Promise<void> => {
      const key = bearerToken(request.headers.authorization);
      if (key === undefined || !credentials.isAdminKey(key)) throw new HttpProblem(NO_ADMIN_KEY);
    },

    /** A token of the app with any one of these scopes, or the app's developer key as `hapikey`. */
    developer(anyOf: readonly string[]) {
      const enough = new Set(anyOf);
      return (request: FastifyRequest, _reply: unknown, done: () => void): void => {
        const { hapikey } = request.query as { hapikey?: unknown };
        const principal = bearer(request);
        const keyOf = typeof hapikey === 'string' ? credentials.appOf(hapikey) : undefined;
        if (!principal && keyOf === undefined) throw new HttpProblem(INVALID_AUTHENTICATION);
        if (keyOf === undefined && !principal?.scopes.some((scope) => enough.has(scope)))
          throw new HttpProblem(missingScopes(anyOf));
        if (keyOf === undefined) request.principal = principal as Principal;
        request.appId = keyOf ?? (principal as Principal).appId;
        done();
      };
    },
  };
}

function bearerToken(header: string | undefined): string | undefined {
  return header && /^bearer /i.test(header) ? header.slice(7).trim() : undefined;
}

/** What HTTP Basic authentication says, as it stands there; undefined where a header says nothing of the kind. */
export function basicCredentials(
  authorization: string | undefined,
): { user: string; password: string } | undefined {
  const [, encoded] = /^Basic +([A-Za-z0-9+/=_-]+) *$/i.exec(authorization ?? '') ?? [];
  if (encoded === undefined) return undefined;
  const [user = '', ...password] = Buffer.from(encoded, 'base64').toString().split(':');
  return { user, password: password.join(':') };
}

/** Refuses a principal that has none of these scopes. */
export function needScope(principal: Principal, anyOf: readonly string[]): void {
  if (!principal.scopes.some((scope) => anyOf.includes(scope))) throw new HttpProblem(missingScopes(anyOf));
}

/** The principal of a route that `token` guards. */
export function principalOf(request: FastifyRequest): Principal {
  if (!request.principal) throw new HttpProblem(INVALID_AUTHENTICATION);
  return request.principal;
}
