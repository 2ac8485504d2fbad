// Limits attempts to guess a secret: at the token endpoint, at signing in. Counted by who tries and by whose secret
// it is; over the limit it is 429, whoever is right.
import type { FastifyRequest } from 'fastify';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { HttpProblem } from './problem.js';

/** What guards a route: `kind` keeps the counts of different secrets apart. */
export type Guard = (kind: string) => (request: FastifyRequest) => Promise<void>;

const ATTEMPTS = 100;
const PER_SECONDS = 60;

export function attempts(_clock: () => number): { guard: Guard } {
  const counted = new RateLimiterMemory({ points: ATTEMPTS, duration: PER_SECONDS });
  const guard: Guard = (kind) => async (request) => {
    const { client_id, email } = (request.body ?? {}) as Record<string, unknown>;
    try {
      await counted.consume(`${kind} ${request.ip} ${String(client_id ?? email ?? '').slice(0, 200)}`);
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error;
      throw new HttpProblem({
        http: 429,
        category: 'RATE_LIMITS',
        message: `More than ${ATTEMPTS} attempts in ${PER_SECONDS} s; try again later`,
        headers: { 'retry-after': String(Math.ceil(error.msBeforeNext / 1_000)) },
      });
    }
  };
  return { guard };
}
