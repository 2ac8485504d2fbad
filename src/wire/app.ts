// The Fastify instance: plugins, limits, request ids, error answers, OpenAPI, and every route.
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import swagger from '@fastify/swagger';
import fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import type { Credentials } from '../access/credentials.js';
import type { Grants } from '../access/grants.js';
import type { AccessStore } from '../access/store.js';
import type { Definitions } from '../records/definitions.js';
import type { RecordStore } from '../records/record.js';
import type { Schemas } from '../records/schemas.js';
import { brief, invalid } from '../refusal.js';
import type { Intake } from '../timeline/intake.js';
import type { TimelineStore } from '../timeline/store.js';
import type { Templates } from '../timeline/templates.js';
import { adminRoutes } from './admin.js';
import { associationRoutes } from './associations.js';
import type { Attempts } from './attempts.js';
import { authenticator } from './authenticate.js';
import { customObjectRoutes, SCHEMA_PATHS } from './custom_objects.js';
import { eventCalls, eventRoutes } from './events.js';
import { formRoutes } from './forms.js';
import { Front } from './front.js';
import { afterAnswers, inTurn } from './in_turn.js';
import { jsonOf } from './json.js';
import { eventLane, linesOf, SMALL_BODY_BYTES } from './lane.js';
import { oauthRoutes } from './oauth.js';
import { objectBatchRoutes } from './object_batches.js';
import { objectSearchRoutes } from './object_search.js';
import { objectRoutes } from './objects.js';
import { OLDER_FAMILY, openapi } from './openapi.js';
import { peopleRoutes } from './people.js';
import {
  bodyOf,
  faultsOf,
  HttpProblem,
  INTERNAL,
  type Problem,
  problemOf,
  problemOfParser,
  queryFaultsOf,
} from './problem.js';
import { propertyRoutes } from './properties.js';
import { type RateLimit, rateLimits } from './rate_limit.js';
import { reference } from './reference.js';
import { checker, named } from './schemas.js';
import { templateRoutes } from './templates.js';
import { timelineRoutes } from './timelines.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The body as it came, where it is JSON. */
    text: string;
  }
}

const MAX_BODY_BYTES = 16 * 1024 * 1024;
/** A request that takes longer to arrive is given up. */
const MAX_REQUEST_MS = 60_000;
/** A connection over which nothing moves for so long, or twice as long where an answer is taken in part, ends, but while
 * a request is worked on. One that does not arrive has been answered by then: Node looks for those every half minute. */
const MAX_STILL_MS = 120_000;
/** As long as proxies keep theirs, and a little longer, so that it is they who close. */
const KEEP_ALIVE_MS = 72_000;
/** Bodies that are on their way or being worked on, all together: of known callers, and of strangers, who may send forms. */
const MAX_BODY_BYTES_IN_FLIGHT = { known: 256 * 1024 * 1024, strange: 64 * 1024 * 1024 };
/** 500 bytes, each percent-encoded, and room. */
const MAX_PARAM_LENGTH = 2_000;

/** The two prefixes under which HubSpot's clients look for the timeline; one set of handlers. */
const FAMILIES = ['/integrators/timeline/v3', OLDER_FAMILY];

export interface AppOptions {
  store: TimelineStore & RecordStore & AccessStore;
  intake: Intake;
  templates: Templates;
  definitions: Definitions;
  schemas: Schemas;
  credentials: Credentials;
  grants: Grants;
  /** Limits attempts to guess a secret. */
  attempts: Attempts;
  clock: () => number;
  timeZone: string;
  /** Refuse requests whose Host header is not a loopback name (against DNS rebinding). */
  loopbackOnly: boolean;
  /** Where people and apps reach the server, once it listens. Without a trailing slash. */
  baseUrl: () => string;
  /** Where people and apps reach the server, when it is not where it listens. Without a trailing slash. */
  publicUrl?: string | undefined;
  /** Proxies whose X-Forwarded headers are believed: addresses and networks. Nobody's unless given. */
  trustProxy?: readonly string[] | undefined;
  /** No limit unless given. */
  rateLimit?: RateLimit | undefined;
  /** Adds what people look at. */
  pages: (app: FastifyInstance) => void;
}

/** A year, as browsers take it. */
const STRICT_TRANSPORT = 'max-age=31536000';

export async function createApp(options: AppOptions): Promise<FastifyInstance> {
  const { publicUrl, rateLimit } = options;
  const overTls = publicUrl?.startsWith('https:');
  const auth = authenticator(options.credentials, options.clock);
  const calls = eventCalls(options);
  let closing = false;
  const lane = eventLane({
    ...{ calls, intake: options.intake, authenticator: auth, families: FAMILIES },
    headers: linesOf({
      'x-content-type-options': 'nosniff',
      ...(overTls ? { 'strict-transport-security': STRICT_TRANSPORT } : {}),
    }),
    isOurHost: (host) => host !== undefined && (!options.loopbackOnly || isLoopback(host)),
    failed: (err, correlationId) => app.log.error({ err, correlationId }, 'a request failed'),
  });
  const app = fastify({
    serverFactory: (handler) => {
      const listener = inTurn(handler);
      // A request without a Host is refused below: Node's 400 has no body.
      const setting = {
        requestTimeout: MAX_REQUEST_MS,
        keepAliveTimeout: KEEP_ALIVE_MS,
        requireHostHeader: false,
      };
      // With limits, every call is counted on its way through the framework.
      const server = rateLimit
        ? createServer(setting, listener)
        : new Front({ ...setting, lane, isClosing: () => closing }, listener);
      // What else a client may expect than to be told to go on is passed over (RFC 9110, 10.1.1): Node's 417 has no body.
      server.setTimeout(MAX_STILL_MS).on('checkExpectation', listener);
      // Whoever has closed their side after the last request, as `nc -N` does, still takes its answer.
      return Object.assign(server, { httpAllowHalfOpen: true });
    },
    ...(options.trustProxy ? { trustProxy: [...options.trustProxy] } : {}),
    bodyLimit: MAX_BODY_BYTES,
    // A base path that ends in a slash makes two of them; and callers write one at the end, as HubSpot takes it.
    routerOptions: {
      maxParamLength: MAX_PARAM_LENGTH,
      ignoreDuplicateSlashes: true,
      ignoreTrailingSlash: true,
    },
    genReqId: () => randomUUID(),
    // On stderr: stdout is the commands' own. No URLs: a developer key may stand in one.
    logger: { level: 'error', stream: process.stderr, redact: ['req.headers.authorization', 'req.url'] },
    childLoggerFactory: (logger) => logger, // what is logged of a request names its id itself
    logController: new LogController({ disableRequestLogging: true }),
    clientErrorHandler: answerUnread,
    return503OnClosing: false, // what comes on an open connection while we stop is still answered
    frameworkErrors: (error, request, reply) => {
      if (overTls) reply.header('strict-transport-security', STRICT_TRANSPORT); // it comes before every hook
      answer(problemOf(error) ?? INTERNAL, request, reply);
    },
  });
  app.addHook('preClose', (done) => {
    closing = true;
    done();
  });
  app.decorateRequest('text', '');
  app.decorateRequest('principal', null);
  app.decorateRequest('appId', 0);

  // One hook, since each costs every request.
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-hubspot-correlation-id', request.id).header('x-content-type-options', 'nosniff');
    if (overTls) reply.header('strict-transport-security', STRICT_TRANSPORT);
    const { headers, raw, routeOptions } = request;
    if (headers.host === undefined && raw.httpVersion === '1.1') throw new HttpProblem(NO_HOST);
    if (options.loopbackOnly && !isLoopback(headers.host)) throw new HttpProblem(FOREIGN_HOST);
    if (request.is404) throw notServed(request); // before its body is read
    // Clients that name a type everywhere: of what is not sent, and not wanted.
    if (routeOptions.schema?.body === undefined && isEmpty(headers)) delete headers['content-type'];
    done();
  });
  if (rateLimit) rateLimits(app, rateLimit);
  boundBodiesInFlight(app);

  app.removeContentTypeParser(['text/plain', 'application/json']);
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    try {
      // A type, and chunks of which none came.
      if (body.length === 0 && request.routeOptions.schema?.body === undefined) return done(null, undefined);
      const { text, value } = jsonOf(body as Buffer);
      request.text = text;
      done(null, value);
    } catch (error) {
      done(error as Error);
    }
  });
  for (const schema of named) app.addSchema(schema);
  app.setValidatorCompiler(({ schema, httpPart }) => {
    const check = checker(schema as object);
    return (data) => {
      const errors = check(data);
      if (errors.length === 0) return true;
      const faults = httpPart === 'querystring' ? queryFaultsOf(errors, data) : faultsOf(errors, data);
      return { error: invalid('request', faults) };
    };
  });

  // What the schemas say of answers, tests hold; to compile serialisers of them took a third of every start.
  app.setSerializerCompiler(() => JSON.stringify);

  app.setErrorHandler((error: FastifyError, request, reply) => {
    const problem = problemOf(error, request.routeOptions.bodyLimit);
    if (!problem) request.log.error({ err: error, correlationId: request.id }, 'a request failed');
    return answer(problem ?? INTERNAL, request, reply);
  });
  app.setNotFoundHandler((request) => {
    throw notServed(request);
  });

  await app.register(swagger, openapi(publicUrl));
  const routes = { ...options, authenticator: auth, calls };
  await app.register(async (scope) => {
    for (const prefix of FAMILIES)
      await scope.register(
        async (family) => {
          await eventRoutes(family, routes);
          templateRoutes(family, routes);
        },
        { prefix },
      );
    timelineRoutes(scope, routes);
    peopleRoutes(scope, routes);
    objectRoutes(scope, routes);
    objectBatchRoutes(scope, routes);
    objectSearchRoutes(scope, routes);
    propertyRoutes(scope, routes);
    associationRoutes(scope, routes);
    for (const prefix of SCHEMA_PATHS)
      await scope.register(async (family) => customObjectRoutes(family, routes), { prefix });
    formRoutes(scope, routes);
    oauthRoutes(scope, routes);
    adminRoutes(scope, routes);
  });
  let document: string | undefined; // to write it takes as long as a hundred events
  app.get('/openapi.json', { schema: { hide: true } }, (_request, reply) => {
    document ??= JSON.stringify(app.swagger());
    return reply.type('application/json; charset=utf-8').send(document);
  });
  reference(app);
  options.pages(app);
  return app;
}

function answer(problem: Problem, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { http, headers = {} } = problem;
  return reply
    .code(http)
    .headers({ 'x-hubspot-correlation-id': request.id, ...headers })
    .type('application/json; charset=utf-8')
    .serializer(JSON.stringify)
    .send(bodyOf(problem, request.id));
}

const unread = new WeakSet<Socket>();

/**
 * What Node's parser refuses never becomes a request: its answer is written here, after those of the requests that came
 * before it, and the connection ends.
 */
function answerUnread(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  if (unread.has(socket)) return; // what comes after it cannot be read either
  unread.add(socket);
  afterAnswers(socket, () => endUnread(error.code, socket));
}

function endUnread(code: string | undefined, socket: Socket): void {
  if (!socket.writable) return; // the last answer has ended it
  const problem = problemOfParser(code);
  const id = randomUUID();
  const body = JSON.stringify(bodyOf(problem, id));
  socket.end(
    `HTTP/1.1 ${problem.http} ${STATUS_CODES[problem.http]}\r\nconnection: close\r\nx-hubspot-correlation-id: ${id}\r\n` +
      `content-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

function notServed({ method }: FastifyRequest): HttpProblem {
  return new HttpProblem({
    http: 404,
    category: 'OBJECT_NOT_FOUND',
    message: `resource not found: nothing answers ${method} at this path; see /docs`,
  });
}

const LOOPBACK_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;

function isLoopback(host = ''): boolean {
  return LOOPBACK_HOST.test(host);
}

const NO_HOST: Problem = {
  http: 400,
  category: 'VALIDATION_ERROR',
  message: 'The request names no host: send the header Host',
};

const FOREIGN_HOST: Problem = {
  http: 421,
  category: 'VALIDATION_ERROR',
  message: 'This server answers on this machine only: call it as localhost or 127.0.0.1',
};

/** Whether no body comes. */
function isEmpty(headers: IncomingHttpHeaders): boolean {
  return headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0;
}

function boundBodiesInFlight(app: FastifyInstance): void {
  const inFlight = { known: 0, strange: 0 };
  // After authentication: a stranger takes no room from others.
  app.addHook('preParsing', (request, reply, _payload, done) => {
    const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
    const packed = request.headers['content-encoding'] ?? 'identity';
    if (packed.toLowerCase() !== 'identity' && !isEmpty(request.headers))
      throw new HttpProblem({
        http: 415,
        category: 'VALIDATION_ERROR',
        message: `The body is compressed: send it as it is, without the header Content-Encoding: ${brief(packed)}`,
      });
    if (encoding === undefined && Number(length ?? 0) <= SMALL_BODY_BYTES) return done();
    if (Number(length) > MAX_BODY_BYTES)
      throw new HttpProblem({
        http: 413,
        category: 'VALIDATION_ERROR',
        message: `The body is ${length} bytes; at most ${MAX_BODY_BYTES} (16 MiB) are taken: send it in parts`,
      });
    const limit = request.routeOptions.bodyLimit ?? MAX_BODY_BYTES;
    const bytes = length === undefined ? limit : Math.min(Number(length) || 0, limit);
    const sender = request.principal || request.appId !== 0 ? 'known' : 'strange';
    if (inFlight[sender] + bytes > MAX_BODY_BYTES_IN_FLIGHT[sender])
      throw new HttpProblem({
        http: 503,
        category: 'SERVICE_UNAVAILABLE',
        message: 'More bodies are being worked on than memory allows; try again shortly',
        headers: { 'retry-after': '1' },
      });
    inFlight[sender] += bytes;
    reply.raw.once('close', () => {
      inFlight[sender] -= bytes; // answered, or given up by the caller
    });
    done();
  });
}
