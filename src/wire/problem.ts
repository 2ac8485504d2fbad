// HubSpot's error body, and how each error becomes one. Every error answer of the server is made here.
import type { ErrorObject } from 'ajv';
import type { FastifyError, FastifyRequest } from 'fastify';
import { type Fault, invalid, Refusal, type RefusalReason } from '../refusal.js';
import { repeatedPaths } from './json.js';

/** An answer that is not 2xx: HubSpot's body without the correlation id, which the request has. */
export interface Problem {
  http: number;
  category: string;
  message: string;
  errors?: readonly Fault[] | readonly object[];
  context?: Readonly<Record<string, readonly string[]>>;
  links?: Readonly<Record<string, string>>;
  headers?: Readonly<Record<string, string>>;
  /** HubSpot's own body, where it is not the usual one. */
  body?: Readonly<Record<string, unknown>>;
}

/** The body of the answer. */
export function bodyOf(problem: Problem, correlationId: string): object {
  const { message, category, errors, context, links, body } = problem;
  if (body) return { ...body, correlationId };
  return {
    status: 'error',
    message,
    correlationId,
    category,
    ...(errors ? { errors } : {}),
    ...(context ? { context } : {}),
    ...(links ? { links } : {}),
  };
}

/** Thrown by wire/ itself, for what only HTTP knows. */
export class HttpProblem extends Error {
  constructor(readonly problem: Problem) {
    super(problem.message);
  }
}

const RETRY_SOON = { 'retry-after': '1' };

const OF_REFUSAL: Readonly<Record<RefusalReason, Pick<Problem, 'http' | 'category' | 'headers'>>> = {
  invalid: { http: 400, category: 'VALIDATION_ERROR' },
  'not-found': { http: 404, category: 'OBJECT_NOT_FOUND' },
  conflict: { http: 409, category: 'CONFLICT' },
  'too-many': { http: 414, category: 'VALIDATION_ERROR' },
  overloaded: { http: 503, category: 'SERVICE_UNAVAILABLE', headers: RETRY_SOON },
  unavailable: { http: 503, category: 'SERVICE_UNAVAILABLE', headers: RETRY_SOON },
};

export const INVALID_AUTHENTICATION: Problem = {
  http: 401,
  category: 'INVALID_AUTHENTICATION',
  message:
    'Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview',
  headers: { 'x-hubspot-auth-failure': '401 Unauthorized', 'www-authenticate': 'Bearer' },
};

const UNITS: readonly [name: string, seconds: number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

/** A token whose time is over, in HubSpot's words. */
export function expiredToken(expiresAt: number, now: number): Problem {
  const seconds = Math.max(0, Math.floor((now - expiresAt) / 1_000));
  // HubSpot counts 75 seconds: a unit is used from two of it on.
  const [unit, length] = UNITS.find(([, length]) => seconds >= 2 * length) ?? ['second', 1];
  return {
    http: 401,
    category: 'EXPIRED_AUTHENTICATION',
    message: `The OAuth token used to make this call expired ${Math.floor(seconds / length)} ${unit}(s) ago.`,
    context: { 'expire time': [new Date(expiresAt).toISOString()] },
    headers: {
      'x-hubspot-auth-failure': '401 Unauthorized',
      'www-authenticate': 'Bearer error="invalid_token"',
    },
  };
}

export const NO_ADMIN_KEY: Problem = {
  ...INVALID_AUTHENTICATION,
  message:
    "This needs an admin key, sent as 'Authorization: Bearer …'; 'throughline admin-key create' makes one, and no app's token will do",
};

export function missingScopes(anyOf: readonly string[]): Problem {
  return {
    http: 403,
    category: 'MISSING_SCOPES',
    message:
      "This app hasn't been granted all required scopes to make this call. Read more about required scopes here: https://developers.hubspot.com/scopes.",
    errors: [
      {
        message: 'One or more of the following scopes are required.',
        context: { requiredGranularScopes: anyOf },
      },
    ],
    links: { scopes: 'https://developers.hubspot.com/scopes' },
  };
}

export function problemOfRefusal(refusal: Refusal): Problem {
  return {
    ...OF_REFUSAL[refusal.reason],
    message: refusal.message,
    ...(refusal.faults.length > 0 ? { errors: refusal.faults } : {}),
    ...(Object.keys(refusal.context).length > 0 ? { context: refusal.context } : {}),
  };
}

/** One input's failure, as a batch's answer tells it. `which` says which input it was. */
export function batchErrorOf(
  problem: Problem,
  which: Readonly<Record<string, readonly string[]>> = {},
): object {
  const { category, message, context, links = {}, errors = [] } = problem;
  return { status: 'error', category, message, context: { ...which, ...context }, links, errors };
}

/**
 * Whatever was thrown, as an answer. `undefined`: a fault of ours, to be logged and told as 500. `bodyLimit`: how many
 * bytes the route takes.
 */
export function problemOf(error: FastifyError | Error, bodyLimit?: number): Problem | undefined {
  if (error instanceof HttpProblem) return error.problem;
  if (error instanceof Refusal) return problemOfRefusal(error);
  const { statusCode = 500, code, message } = error as FastifyError;
  if (statusCode >= 500) return undefined;
  const told = code === 'FST_ERR_CTP_BODY_TOO_LARGE' && bodyLimit ? tooLarge(bodyLimit) : OF_FASTIFY[code];
  return { http: statusCode, category: 'VALIDATION_ERROR', message: told ?? message };
}

function tooLarge(bodyLimit: number): string {
  return `The body is over ${bodyLimit / 1024 ** 2} MiB, the most that is taken: send it in parts`;
}

/** What Node's HTTP parser refuses, by its error's code. */
export function problemOfParser(code = ''): Problem {
  const { http, message } = OF_PARSER[code] ?? UNREADABLE;
  return { http, category: 'VALIDATION_ERROR', message };
}

const OF_PARSER: Readonly<Record<string, typeof UNREADABLE>> = {
  ERR_HTTP_REQUEST_TIMEOUT: { http: 408, message: 'The request took too long to arrive: send it again' },
  HPE_HEADER_OVERFLOW: {
    http: 431,
    message: 'The address and headers are over 16 KiB, the most that is taken: send less in them',
  },
};
const UNREADABLE = {
  http: 400,
  message: 'This is not an HTTP request that can be read: check its method, headers and length',
};

const OF_FASTIFY: Readonly<Record<string, string>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE:
    'The body must be JSON: send it with the header Content-Type: application/json',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'The body is empty: send a JSON object',
  FST_ERR_MAX_PARAM_LENGTH: 'A part of the path is longer than any id can be',
  FST_ERR_BAD_URL: 'The path is not a valid URL: percent-encode what stands in it',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'The body is not as long as Content-Length says: send it whole',
};

export const INTERNAL: Problem = {
  http: 500,
  category: 'INTERNAL_ERROR',
  message: 'Something went wrong here, not with your request. The log has it under the correlation id',
};

/** What cannot be told of names that stand more than once: which one counts. */
export function repeatedFaults(paths: readonly string[]): Fault[] {
  return paths.map((path) => ({ in: path, message: 'stands more than once; send it once' }));
}

/** What a validator found, one fault a field: `in` is a path such as `tokens.petAge` or `inputs[3].id`. */
export function faultsOf(errors: readonly ErrorObject[] | null | undefined, data: unknown): Fault[] {
  return (errors ?? []).map((error) => {
    const path = fieldPath(error.instancePath, data);
    if (error.keyword === 'required') {
      const name = (error.params as { missingProperty: string }).missingProperty;
      return {
        in: path ? `${path}.${name}` : name,
        message: 'is required and not set',
        code: 'REQUIRED_FIELD',
      };
    }
    if (path === '' && error.keyword === 'type')
      return { message: 'what is sent must be a JSON object: { … }' };
    const message = FAULTS[error.keyword]?.(error.params) ?? error.message ?? 'is not valid';
    return path ? { in: path, message } : { message };
  });
}

/** The same of a query, where a list is a name that stands more than once. */
export function queryFaultsOf(errors: readonly ErrorObject[], data: unknown): Fault[] {
  const sent = data as Readonly<Record<string, unknown>>;
  return faultsOf(errors, data).flatMap((fault) =>
    fault.in !== undefined && Array.isArray(sent[fault.in]) ? repeatedFaults([fault.in]) : [fault],
  );
}

const FAULTS: Readonly<Record<string, (params: Record<string, unknown>) => string>> = {
  type: ({ type }) =>
    `must be ${[type]
      .flat()
      .filter((name) => name !== 'null')
      .join(' or ')}`,
  enum: ({ allowedValues }) =>
    `must be one of ${(allowedValues as (string | null)[]).filter((value) => value !== null).join(', ')}`,
  // Only ids in paths have patterns.
  pattern: ({ pattern }) =>
    String(pattern).startsWith('^\\d')
      ? 'must be a number in digits, such as 8420'
      : 'must be a UUID, such as 6f1b2c3d-4e5f-4a6b-8c7d-0123456789ab',
};

function fieldPath(pointer: string, data: unknown): string {
  let path = '';
  let at = data;
  for (const escaped of pointer.split('/').slice(1)) {
    const part = escaped.replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(at)) path += `[${part}]`;
    else path += path ? `.${part}` : part;
    at = (at as Record<string, unknown>)[part];
  }
  return path;
}

/**
 * A route's hook that refuses names which stand twice: in the body, in its member `lists[0]` (a list's objects, or an
 * object), in theirs, and so on.
 */
export function sentOnce(...lists: string[]) {
  return {
    preHandler: async ({ text }: FastifyRequest) => {
      if (!text.trimStart().startsWith('{')) return;
      const repeated = repeatedPaths(text, lists);
      if (repeated.length > 0) throw invalid('request', repeatedFaults(repeated));
    },
  };
}
