// Limits as HubSpot's, where they are asked for: calls of an app in a portal, and searches in a portal. What is over is
// refused with HubSpot's own body, which its clients know how to wait for; every other answer says how much is left.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { HttpProblem, type Problem } from './problem.js';

export interface Quota {
  points: number;
  seconds: number;
}

export interface RateLimit {
  /** Of an app in a portal. */
  calls: Quota;
  /** In a portal, all apps together; these do not count as calls. */
  searches: Quota;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Counts as a search, not as a call. */
    search?: true;
  }
}

/** Counts what is authenticated only: there are as many counters as apps in portals, and each is forgotten in time. */
export function rateLimits(app: FastifyInstance, { calls, searches }: RateLimit): void {
  const ofCalls = limiter(calls);
  const ofSearches = limiter(searches);

  // After authentication, before the body is read.
  app.addHook('preParsing', async (request, reply) => {
    const { principal, appId } = request;
    if (principal && request.routeOptions.config.search) {
      const used = await consume(ofSearches, String(principal.portal.id));
      if (isOver(used, searches)) throw new HttpProblem(overLimit('secondly', 'SECONDLY', used));
      return;
    }
    const caller = callerOf(request, appId);
    if (caller === undefined) return;
    const used = await consume(ofCalls, caller);
    tell(reply, calls, used);
    if (isOver(used, calls))
      throw new HttpProblem(overLimit('ten_secondly_rolling', 'TEN_SECONDLY_ROLLING', used));
  });
}

/** An app in a portal; or an app, by its developer key. */
function callerOf({ principal }: FastifyRequest, appId: number): string | undefined {
  if (principal) return `${principal.portal.id}:${principal.appId}`;
  return appId === 0 ? undefined : `app:${appId}`;
}

function limiter({ points, seconds }: Quota): RateLimiterMemory {
  return new RateLimiterMemory({ points, duration: seconds });
}

async function consume(limiter: RateLimiterMemory, key: string): Promise<RateLimiterRes> {
  try {
    return await limiter.consume(key);
  } catch (over) {
    if (over instanceof RateLimiterRes) return over;
    throw over;
  }
}

function isOver({ consumedPoints }: RateLimiterRes, { points }: Quota): boolean {
  return consumedPoints > points;
}

function tell(reply: FastifyReply, { points, seconds }: Quota, { remainingPoints }: RateLimiterRes): void {
  reply.headers({
    'x-hubspot-ratelimit-max': String(points),
    'x-hubspot-ratelimit-remaining': String(remainingPoints),
    'x-hubspot-ratelimit-interval-milliseconds': String(seconds * 1_000),
  });
}

function overLimit(limit: string, policyName: string, { msBeforeNext }: RateLimiterRes): Problem {
  const message = `You have reached your ${limit} limit.`;
  return {
    http: 429,
    category: 'RATE_LIMITS',
    message,
    headers: { 'retry-after': String(Math.ceil(msBeforeNext / 1_000)) },
    body: { status: 'error', message, errorType: 'RATE_LIMIT', policyName },
  };
}
