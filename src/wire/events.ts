// HubSpot's event paths: create, batch, get, detail, render. Bodies are checked here against their schema, by the
// rules on the ground after that; everything wrong in one body is told at once.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { EVENTS_READ, EVENTS_WRITE } from '../access/scopes.js';
import type { Principal } from '../access/store.js';
import type { Definitions } from '../records/definitions.js';
import type { Schemas } from '../records/schemas.js';
import { type Fault, invalid, Refusal } from '../refusal.js';
import { draftEvent, type EventInput, MAX_EVENT_BYTES } from '../timeline/event.js';
import type { Intake } from '../timeline/intake.js';
import { eventBody, present } from '../timeline/present.js';
import type { EventDraft, StoredEvent, TimelineStore } from '../timeline/store.js';
import { MAX_TOKENS_PER_TEMPLATE, type Template } from '../timeline/template.js';
import type { Templates } from '../timeline/templates.js';
import { type Authenticator, principalOf } from './authenticate.js';
import { elements, members, type Span } from './json.js';
import { anyOneOf } from './openapi.js';
import { batchErrorOf, faultsOf, type Problem, problemOfRefusal, repeatedFaults } from './problem.js';
import { ajv, TimelineEvent } from './schemas.js';

const MAX_BATCH = 500;

export interface EventRoutes {
  store: TimelineStore;
  intake: Intake;
  templates: Templates;
  definitions: Definitions;
  schemas: Schemas;
  authenticator: Authenticator;
  clock: () => number;
  /** The zone in which portals that have none of their own print dates. */
  timeZone: string;
}

type SentEvent = Static<typeof TimelineEvent>;
const isEvent = ajv.compile<SentEvent>(TimelineEvent);
const unchecked = () => () => true;

export function eventRoutes(app: FastifyInstance, routes: EventRoutes): void {
  const { store, intake, templates, definitions, schemas, authenticator, clock } = routes;
  const write = authenticator.token(EVENTS_WRITE);
  const read = authenticator.token(EVENTS_READ);
  const tags = ['Events'];
  const failed = Type.Ref('Error');

  app.post(
    '/events',
    {
      onRequest: write,
      validatorCompiler: unchecked,
      schema: {
        tags,
        operationId: 'createEvent',
        summary: 'Create an event',
        description:
          'Answered when the event is on disk. The same id again replaces the event; with another record it moves there.',
        security: anyOneOf(EVENTS_WRITE),
        body: Type.Ref('TimelineEvent'),
        response: { 201: Type.Ref('TimelineEventResponse'), default: failed },
      },
    },
    async (request, reply) => {
      const draft = checked(request.body, request.text, undefined, principalOf(request));
      const stored = await intake.append(draft);
      return reply.code(201).type('application/json; charset=utf-8').send(eventText(stored));
    },
  );

  app.post(
    '/events/batch/create',
    {
      onRequest: write,
      validatorCompiler: unchecked,
      schema: {
        tags,
        operationId: 'createEvents',
        summary: `Create up to ${MAX_BATCH} events`,
        description:
          'Each input stands for itself: the good ones are stored, and 207 says of each other which it was (context.index) and why.',
        security: anyOneOf(EVENTS_WRITE),
        body: Type.Ref('BatchInputTimelineEvent'),
        response: {
          201: Type.Ref('BatchResponseTimelineEventResponse'),
          207: Type.Ref('BatchResponseTimelineEventResponseWithErrors'),
          default: failed,
        },
      },
    },
    async (request, reply) => {
      const startedAt = new Date(clock()).toISOString();
      const { text } = request;
      const inputs = batchInputs(request.body);
      const body = members(text);
      if (body.repeated.length > 0) throw invalid('batch', repeatedFaults(body.repeated));
      const spans = elements(text, (body.spans.get('inputs') as Span).start);
      const principal = principalOf(request);
      const drafts: EventDraft[] = [];
      const refusals: (Refusal | undefined)[] = inputs.map((input, index) => {
        try {
          drafts.push(checked(input, text, spans[index], principal));
          return undefined;
        } catch (error) {
          if (error instanceof Refusal) return error;
          throw error;
        }
      });
      const outcomes = await intake.appendAll(drafts);
      let next = 0;
      const results: string[] = [];
      const errors: string[] = [];
      for (const [index, refused] of refusals.entries()) {
        const outcome = refused ?? (outcomes[next++] as StoredEvent | Refusal);
        if (outcome instanceof Refusal)
          errors.push(batchError(problemOfRefusal(outcome), index, inputs[index]));
        else results.push(eventText(outcome));
      }
      const answer =
        `{"status":"COMPLETE","results":[${results.join(',')}]` +
        (errors.length > 0 ? `,"numErrors":${errors.length},"errors":[${errors.join(',')}]` : '') +
        `,"startedAt":"${startedAt}","completedAt":"${new Date(clock()).toISOString()}"}`;
      return reply
        .code(errors.length > 0 ? 207 : 201)
        .type('application/json; charset=utf-8')
        .send(answer);
    },
  );

  const params = Type.Object({
    eventTemplateId: Type.String({ description: "The event template's id." }),
    eventId: Type.String({ description: "The event's id, percent-encoded: it may hold any character." }),
  });
  const security = anyOneOf(EVENTS_READ);
  type Named = { Params: Static<typeof params> };

  app.get<Named>(
    '/events/:eventTemplateId/:eventId',
    {
      onRequest: read,
      schema: {
        tags,
        operationId: 'getEvent',
        summary: 'Get an event',
        security,
        params,
        response: { 200: Type.Ref('TimelineEventResponse'), default: failed },
      },
    },
    async (request, reply) =>
      reply.type('application/json; charset=utf-8').send(eventText(find(request, request.params).event)),
  );

  app.get<Named>(
    '/events/:eventTemplateId/:eventId/detail',
    {
      onRequest: read,
      schema: {
        tags,
        operationId: 'getEventDetail',
        summary: "Render an event's detail",
        description: 'Rendered now, by the template as it is now.',
        security,
        params,
        response: { 200: Type.Ref('EventDetail'), default: failed },
      },
    },
    async (request) => ({ details: rendered(request, request.params, 'detailTemplate') }),
  );

  const renderQuery = Type.Object({
    detail: Type.Optional(
      Type.Unsafe<'true' | 'false'>({
        type: 'string',
        enum: ['true', 'false'],
        description: 'true: the detail; false or absent: the header.',
      }),
    ),
  });
  app.get<Named & { Querystring: Static<typeof renderQuery> }>(
    '/events/:eventTemplateId/:eventId/render',
    {
      onRequest: read,
      schema: {
        tags,
        operationId: 'renderEvent',
        summary: "Render an event's header, or with detail=true its detail, as HTML",
        description: 'Rendered now, by the template as it is now.',
        security,
        params,
        querystring: renderQuery,
        response: {
          200: { description: 'The HTML.', content: { 'text/html': { schema: { type: 'string' } } } },
          default: failed,
        },
      },
    },
    async (request, reply) =>
      reply
        .type('text/html; charset=utf-8')
        .header('content-security-policy', "default-src 'none'; sandbox")
        .send(
          rendered(
            request,
            request.params,
            request.query.detail === 'true' ? 'detailTemplate' : 'headerTemplate',
          ),
        ),
  );

  /** The draft of one event as it was sent, its text at `span`; or a refusal that tells everything wrong with it. */
  function checked(
    sent: unknown,
    text: string,
    span: Span | undefined,
    { portal, appId }: Principal,
  ): EventDraft {
    const length = span ? span.end - span.start : text.length;
    if (length * 3 > MAX_EVENT_BYTES) {
      const bytes = Buffer.byteLength(span ? text.slice(span.start, span.end) : text);
      if (bytes > MAX_EVENT_BYTES)
        throw invalid('event', [
          { message: `the event is ${bytes} bytes; at most ${MAX_EVENT_BYTES} (1 MB) are taken` },
        ]);
    }
    const faults: Fault[] = [];
    const { eventTemplateId, ...input } = readEvent(sent, text, span?.start ?? 0, faults);
    // Without its template nothing more can be told; with it, one answer tells the rest too.
    const template =
      eventTemplateId === undefined ? undefined : ofAppOrRefusal(templates, appId, eventTemplateId);
    if (!template || template instanceof Refusal)
      throw faults.length > 0 ? invalid('event', faults) : template;
    const draft = draftEvent(
      input,
      {
        portalId: portal.id,
        unknown: portal.lenient ? 'create' : 'refuse',
        template,
        definitions,
        schemas,
        now: clock(),
      },
      faults,
    );
    if (faults.length > 0) throw invalid('event', faults);
    return draft;
  }

  function find(request: FastifyRequest, { eventTemplateId, eventId }: Static<typeof params>) {
    const { portal, appId } = principalOf(request);
    const template = templates.ofApp(appId, eventTemplateId);
    const event = store.event(portal.id, template.id, eventId);
    if (!event)
      throw new Refusal(
        'not-found',
        `resource not found: template ${template.id} has no event with this id`,
        [],
        {
          eventId: [eventId],
        },
      );
    return { event, template, timeZone: portal.timeZone ?? routes.timeZone };
  }

  function rendered(
    request: FastifyRequest,
    named: Static<typeof params>,
    part: 'headerTemplate' | 'detailTemplate',
  ): string {
    const { event, template, timeZone } = find(request, named);
    return present(event, eventBody(event), template, part, timeZone);
  }
}

/** The event's answer: its stored text, with its id and the record that holds it now. `more` are further members, as JSON. */
export function eventText({ id, objectId, body }: StoredEvent, more = ''): string {
  const about = objectId === undefined ? '' : `"objectId":"${objectId}",`;
  return `{${about}"id":${JSON.stringify(id)},${more === '' ? '' : `${more},`}${body.slice(1)}`;
}

function ofAppOrRefusal(templates: Templates, appId: number, id: string): Template | Refusal {
  try {
    return templates.ofApp(appId, id);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

const TEXT_FIELDS = ['email', 'utk', 'domain', 'customObjectTypeId'] as const;

/** The parts of an event that have the right shape; the faults of those that have not go to `faults`. */
function readEvent(
  sent: unknown,
  text: string,
  start: number,
  faults: Fault[],
): EventInput & { eventTemplateId?: string } {
  const names = Object.keys((sent as { tokens?: object } | null)?.tokens ?? {}).length;
  if (names > MAX_TOKENS_PER_TEMPLATE)
    throw invalid('event', [
      { in: 'tokens', message: `has ${names} tokens; a template has at most ${MAX_TOKENS_PER_TEMPLATE}` },
    ]);
  const bad = isEvent(sent) ? [] : faultsOf(isEvent.errors, sent);
  for (const fault of bad) faults.push(fault);
  if (typeof sent !== 'object' || sent === null || Array.isArray(sent)) return { tokens: {} };
  const event = (bad.length > 0 ? withoutFaulty(sent as Record<string, unknown>, bad) : sent) as SentEvent;

  const { spans, repeated } = members(text, start);
  for (const fault of repeatedFaults(repeated)) faults.push(fault);
  const input: EventInput & { eventTemplateId?: string } = {
    tokens: event.tokens ? readTokens(event.tokens, text, spans.get('tokens') as Span, faults) : {},
  };
  for (const field of ['eventTemplateId', 'id', 'objectId'] as const) {
    const value = event[field];
    const id = value == null ? undefined : idText(value, field, faults);
    if (id !== undefined) input[field] = id;
  }
  for (const field of TEXT_FIELDS) {
    const value = event[field];
    if (value != null) input[field] = value;
  }
  if (event.timestamp != null) input.timestamp = event.timestamp;
  if (event.timelineIFrame) {
    input.timelineIFrame = event.timelineIFrame;
    const { repeated } = members(text, (spans.get('timelineIFrame') as Span).start);
    for (const fault of repeatedFaults(repeated.map((name) => `timelineIFrame.${name}`))) faults.push(fault);
  }
  if (event.extraData) {
    const { start, end } = spans.get('extraData') as Span;
    input.extraData = text.slice(start, end);
  }
  return input;
}

/** The event without the fields and tokens that are at fault, so that the rules can judge the rest. */
function withoutFaulty(sent: Record<string, unknown>, faults: readonly Fault[]): Record<string, unknown> {
  const paths = new Set(faults.map((fault) => fault.in ?? ''));
  const fields = new Set([...paths].map((path) => path.split('.', 1)[0]));
  const hasParts = (name: string) => (name === 'tokens' || name === 'timelineIFrame') && !paths.has(name);
  const rest = Object.entries(sent).filter(([name]) => hasParts(name) || !fields.has(name));
  return Object.fromEntries(
    rest.map(([name, value]) => [
      name,
      hasParts(name) && value ? omit(value as object, `${name}.`, paths) : value,
    ]),
  );
}

function omit(values: object, prefix: string, paths: ReadonlySet<string>): object {
  return Object.fromEntries(Object.entries(values).filter(([name]) => !paths.has(`${prefix}${name}`)));
}

/** Token values as text; a number as it was written. */
function readTokens(
  tokens: SentEvent['tokens'],
  text: string,
  span: Span,
  faults: Fault[],
): Record<string, string> {
  const { spans, repeated } = members(text, span.start);
  for (const fault of repeatedFaults(repeated.map((name) => `tokens.${name}`))) faults.push(fault);
  const values: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(tokens)) {
    if (typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER) {
      faults.push({ in: `tokens.${name}`, message: TOO_LARGE });
      continue;
    }
    const written = spans.get(name);
    values[name] =
      typeof value === 'number' && written ? text.slice(written.start, written.end) : String(value);
  }
  return values;
}

const TOO_LARGE = 'is a number beyond ±2^53, which JSON does not carry exactly; send it as a string';

function idText(value: string | number, field: string, faults: Fault[]): string | undefined {
  if (typeof value !== 'number' || Math.abs(value) <= Number.MAX_SAFE_INTEGER) return String(value);
  faults.push({ in: field, message: TOO_LARGE });
  return undefined;
}

function batchInputs(body: unknown): unknown[] {
  const inputs = (body as { inputs?: unknown } | null)?.inputs;
  if (typeof body !== 'object' || Array.isArray(body) || !Array.isArray(inputs))
    throw invalid('batch', [{ in: 'inputs', message: 'must be an array of events: send {"inputs": [ … ]}' }]);
  if (inputs.length > MAX_BATCH)
    throw invalid('batch', [
      {
        in: 'inputs',
        message: `has ${inputs.length} events; a batch has at most ${MAX_BATCH}: send several`,
      },
    ]);
  return inputs;
}

function batchError(problem: Problem, index: number, input: unknown): string {
  const id = (input as { id?: unknown } | null)?.id;
  return JSON.stringify(
    batchErrorOf(problem, {
      index: [String(index)],
      ...(typeof id === 'string' || typeof id === 'number' ? { id: [String(id).slice(0, 500)] } : {}),
    }),
  );
}
