// Who is looking at the pages: people sign in by a plain form and have a session, whose cookie no script reads. Forms
// that change something carry a key of the session's, or before there is one, of a cookie's: no other site knows it.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { digest, newSecret } from '../access/credentials.js';
import { isPassword } from '../access/passwords.js';
import type { AccessStore, User } from '../access/store.js';
import type { Attempts } from '../wire/attempts.js';
import { HttpProblem } from '../wire/problem.js';
import { signInPage } from './forms.js';
import { HIDDEN, sendPage, type ViewOf } from './send.js';
import type { Account } from './view.js';

export interface SignInOptions {
  store: AccessStore;
  clock: () => number;
  attempts: Attempts;
  /** Where the server is reached: over https, cookies travel over nothing else. */
  baseUrl: () => string;
}

const SESSION_MS = 12 * 3_600_000;
/** Anybody may send one. */
export const MAX_FORM_BYTES = 64 * 1024;
const FORM = { ...HIDDEN, bodyLimit: MAX_FORM_BYTES };
const MAX_NEXT_LENGTH = 8_000;

export type SignIn = ReturnType<typeof signIn>;

export function signIn({ store, clock, attempts, baseUrl }: SignInOptions) {
  const cookieName = (name: string) => pageCookie(name, baseUrl()).name;
  const cookie = () => pageCookie('', baseUrl()).options;
  const sessionOf = ({ cookies }: FastifyRequest) => cookies[cookieName('session')];

  /** Who has signed in. */
  function person(request: FastifyRequest): User | undefined {
    const token = sessionOf(request);
    const session = token === undefined ? undefined : store.session(digest(token));
    return session && session.expiresAt > clock() ? session.user : undefined;
  }

  /** Who has signed in, with what the form to sign out must carry. */
  function account(request: FastifyRequest): Account | undefined {
    const token = sessionOf(request);
    const user = person(request);
    return user && token !== undefined ? { email: user.email, key: keyOf(token) } : undefined;
  }

  /** What a form must carry. */
  function formKey(request: FastifyRequest, reply: FastifyReply): string {
    const session = account(request);
    if (session) return session.key;
    const known = request.cookies[cookieName('form')];
    const secret = known ?? newSecret('session');
    if (known === undefined) reply.setCookie(cookieName('form'), secret, cookie());
    return keyOf(secret);
  }

  /** Refuses a form that another site has sent. */
  function checkFormKey(request: FastifyRequest): void {
    const secret = (person(request) && sessionOf(request)) ?? request.cookies[cookieName('form')];
    const site = request.headers['sec-fetch-site'];
    const { key } = (request.body ?? {}) as { key?: unknown };
    if (
      secret === undefined ||
      typeof key !== 'string' ||
      !timingSafeEqual(digest(key), digest(keyOf(secret))) ||
      (site !== undefined && site !== 'same-origin')
    )
      throw new HttpProblem({
        http: 403,
        category: 'VALIDATION_ERROR',
        message: 'the form is not one of this page: open the page again, and send it from there',
      });
  }

  return {
    person,
    account,
    formKey,
    checkFormKey,

    /** To the page where one signs in, and from there back. */
    ask: (request: FastifyRequest, reply: FastifyReply): FastifyReply =>
      reply.redirect(signInPath(request.url), 303),

    routes(scope: FastifyInstance, viewOf: ViewOf): void {
      scope.get<{ Querystring: { next?: unknown } }>('/sign-in', HIDDEN, (request, reply) => {
        const next = ourOwn(request.query.next);
        if (person(request)) return reply.redirect(next, 303);
        return sendPage(reply, 200, signInPage(viewOf(request), { next, key: formKey(request, reply) }));
      });

      const guarded = attempts.guard('sign-in', ({ body }) => emailOf(body as Sent).toLowerCase());
      scope.post('/sign-in', { ...FORM, preHandler: guarded }, async (request, reply) => {
        checkFormKey(request);
        const sent = (request.body ?? {}) as NonNullable<Sent>;
        const next = ourOwn(sent.next);
        const [email, password] = [emailOf(sent), textOf(sent.password)];
        const user = store.userByEmail(email);
        const token = newSecret('session'); // never the one that came: it may be somebody else's
        const now = clock();
        if (
          !(await isPassword(password, user?.password)) ||
          !user ||
          !(await store.createSession(digest(token), user.id, user.password, now, now + SESSION_MS))
        ) {
          const contents = { next, email, wrong: true, key: formKey(request, reply) };
          return sendPage(reply, 401, signInPage(viewOf(request), contents));
        }
        reply.setCookie(cookieName('session'), token, { ...cookie(), maxAge: SESSION_MS / 1_000 });
        return reply.redirect(next, 303);
      });

      scope.post('/sign-out', FORM, async (request, reply) => {
        checkFormKey(request);
        const token = sessionOf(request);
        if (token !== undefined) await store.endSession(digest(token));
        reply.clearCookie(cookieName('session'), cookie());
        const next = ourOwn((request.body as Sent)?.next);
        return reply.redirect(next === '/' ? '/sign-in' : signInPath(next), 303);
      });
    },
  };
}

/** How the pages keep something in a browser. Over https it travels over nothing else, and is this host's alone. */
export function pageCookie(name: string, baseUrl: string) {
  const secure = baseUrl.startsWith('https:');
  return {
    name: `${secure ? '__Host-' : ''}throughline-${name}`,
    options: { path: '/', httpOnly: true, sameSite: 'lax', secure },
  } as const;
}

type Sent = Record<string, unknown> | undefined;

function keyOf(secret: string): string {
  return createHash('sha256').update(`form ${secret}`).digest('base64url');
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** As it is looked up, and as attempts in its name are counted. */
function emailOf(sent: Sent): string {
  return textOf(sent?.email).trim();
}

function signInPath(next: string): string {
  return `/sign-in?${new URLSearchParams({ next })}`;
}

/** A path of this server, and nobody else's address however it is written. */
function ourOwn(next: unknown): string {
  if (typeof next !== 'string' || next.length > MAX_NEXT_LENGTH || !/^\/[!-~]*$/.test(next)) return '/';
  const url = URL.canParse(next, OURS) ? new URL(next, OURS) : undefined;
  // Two slashes that dots stood before, as in `/..//host`, would be another's address once the dots are gone.
  return url?.origin === OURS && !url.pathname.startsWith('//') ? `${url.pathname}${url.search}` : '/';
}

const OURS = 'http://ours.invalid';
