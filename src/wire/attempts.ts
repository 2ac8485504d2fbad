// Guessing secrets is slow: failed attempts are counted by address, and by the client that they name, and whoever has
// failed too often waits. What succeeds counts for nothing, so that a busy client with the right secret never notices.
// Memory is bounded: addresses and clients fall into a fixed number of places, which nobody outside can foresee.
import { createHmac, randomBytes } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { HttpProblem } from './problem.js';

declare module 'fastify' {
  interface FastifyReply {
    /** Whatever is refused is no attempt then. */
    secretWasRight?: true;
  }
}

export type AttemptKind = 'token' | 'sign-in' | 'admin';

export interface Attempts {
  /**
   * A hook for a route's `onRequest` (where only the address counts, for the body is not there yet) or `preHandler`. The
   * route's answer tells whether the attempt failed. `clientOf` names the client, as whoever checks the secret reads it.
   */
  guard(
    kind: AttemptKind,
    clientOf?: (request: FastifyRequest) => string | undefined,
  ): (request: FastifyRequest, reply: FastifyReply) => Promise<void>;
}

/** Failures from one address in a window; an IPv6 network of 64 bits is one address. */
const MAX_FAILURES_OF_ADDRESS = 30;
/** Failures in the name of one client in a window, wherever they come from. */
const MAX_FAILURES_OF_CLIENT = 100;
const WINDOW_SECONDS = 60;
const PLACES = 2 ** 15;

interface Kind {
  /** What a failed attempt is answered with. What a good key gets wrong besides is no attempt. */
  failures: readonly number[];
  /** Attempts under way at once, whose end nobody knows yet. People sign in one by one. */
  atOnce: number;
}
const KINDS: Readonly<Record<AttemptKind, Kind>> = {
  token: { failures: [400, 401, 403], atOnce: 1_000 },
  'sign-in': { failures: [400, 401, 403], atOnce: 10 },
  admin: { failures: [401], atOnce: 1_000 },
};

export function attempts(): Attempts {
  const salt = randomBytes(16);
  const place = (...what: string[]) =>
    createHmac('sha256', salt).update(JSON.stringify(what)).digest().readUInt32BE() % PLACES;
  const ofAddresses = counter(MAX_FAILURES_OF_ADDRESS, 'from this address');
  const ofClients = counter(MAX_FAILURES_OF_CLIENT, 'for this client');

  return {
    guard: (kind, clientOf) => {
      const { failures, atOnce } = KINDS[kind];
      return async (request, reply) => {
        const client = clientOf?.(request);
        const begun = [ofAddresses.begin(place(kind, networkOf(request.ip)), atOnce)];
        if (client) begun.push(ofClients.begin(place(kind, client), atOnce));
        reply.raw.once('close', () => {
          const failed =
            !reply.secretWasRight && (failures.includes(reply.statusCode) || !reply.raw.writableFinished);
          for (const { end } of begun) end(failed);
        });
        for (const { check } of begun) await check();
      };
    },
  };
}

/** Failures by place in a window, and what is under way there. */
function counter(max: number, whose: string) {
  const failed = new RateLimiterMemory({ points: max, duration: WINDOW_SECONDS });
  const underWay = new Map<number, number>();
  return {
    begin(place: number, atOnce: number) {
      underWay.set(place, (underWay.get(place) ?? 0) + 1);
      return {
        async check(): Promise<void> {
          const known = await failed.get(place);
          const failures = known && known.msBeforeNext > 0 ? known.consumedPoints : 0; // late timers forget late
          if (failures >= max || failures + (underWay.get(place) ?? 0) > max + atOnce)
            throw tooMany(whose, known?.msBeforeNext ?? 0);
        },
        end(asFailure: boolean): void {
          const left = (underWay.get(place) ?? 1) - 1;
          if (left === 0) underWay.delete(place);
          else underWay.set(place, left);
          if (asFailure) void failed.penalty(place);
        },
      };
    },
  };
}

function tooMany(whose: string, ms: number): HttpProblem {
  const seconds = Math.max(1, Math.ceil(ms / 1_000));
  return new HttpProblem({
    http: 429,
    category: 'RATE_LIMITS',
    message: `Too many attempts ${whose} have failed. Wait ${seconds} second${seconds === 1 ? '' : 's'}, check the credentials, and try again`,
    headers: { 'retry-after': String(seconds) },
  });
}

/** Whoever has one IPv6 address has all 2^64 of its network. */
function networkOf(ip: string): string {
  if (!isIPv6(ip)) return ip;
  const v4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1];
  if (v4) return v4;
  const [head = '', tail] = (ip.split('%')[0] as string).split('::');
  const groups = head === '' ? [] : head.split(':');
  const after = tail ? tail.split(':') : [];
  const zeros = tail === undefined ? 0 : 8 - groups.length - after.length;
  return [...groups, ...Array(Math.max(0, zeros)).fill('0'), ...after]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
