// HubSpot's event paths: create, batch, get, detail, render. Bodies are checked here against their schema, by the
// rules on the ground after that; everything wrong in one body is told at once.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { EVENTS_READ, EVENTS_WRITE } from '../access/scopes.js';
import type { Principal } from '../access/store.js';
import type { Definitions } from '../records/definitions.js';
import type { Schemas } from '../records/schemas.js';
import { invalid, orRefusal, Refusal, together } from '../refusal.js';
import { jsonText } from '../timeline/event.js';
import type { Intake } from '../timeline/intake.js';
import { eventBody, present } from '../timeline/present.js';
import type { StoredEvent, TimelineStore } from '../timeline/store.js';
import type { Templates } from '../timeline/templates.js';
import { type Authenticator, principalOf } from './authenticate.js';
import { elements, jsonOf, members, type Span } from './json.js';
import { anyOneOf, operations } from './openapi.js';
import { batchErrorOf, type Problem, problemOfRefusal, repeatedFaults } from './problem.js';
import { isOn, MaybeSwitch } from './schemas/parts.js';
import { readerOfSent } from './sent.js';

const MAX_BATCH = 500;

interface EventSetting {
  store: TimelineStore;
  intake: Intake;
  templates: Templates;
  definitions: Definitions;
  schemas: Schemas;
  clock: () => number;
}

export interface EventRoutes extends EventSetting {
  calls: EventCalls;
  authenticator: Authenticator;
  /** The zone in which portals that have none of their own print dates. */
  timeZone: string;
}

const unchecked = () => () => true;

/** What is asked of events, for the routes and for the lane past them. Refusals are thrown. */
export type EventCalls = ReturnType<typeof eventCalls>;

export function eventCalls({ store, intake, templates, definitions, schemas, clock }: EventSetting) {
  const checked = readerOfSent({ templates, definitions, schemas, clock });
  return {
    /** A body as it was sent, and its text; the event's answer, when it is on disk. */
    send: (principal: Principal, sent: unknown, text: string): Promise<string> =>
      intake.append(checked(sent, text, undefined, principal)).then((event) => eventText(event)),

    read: (principal: Principal, eventTemplateId: string, eventId: string): string =>
      eventText(find(principal, eventTemplateId, eventId).event),

    /** The body of a batch, as bytes until its turn comes. `refused`: how many of its inputs were. */
    sendAll(principal: Principal, body: Buffer | undefined): Promise<{ answer: string; refused: number }> {
      const startedAt = new Date(clock()).toISOString();
      return intake.inLine(body?.length ?? 0, async () => {
        const { text, value } = body ? jsonOf(body) : { text: '', value: undefined };
        const inputs = batchInputs(value);
        const written = members(text);
        const repeated = written.repeated();
        if (repeated.length > 0) throw invalid('batch', repeatedFaults(repeated));
        const spans = elements(text, (written.span('inputs') as Span).start);
        const read = inputs.map((input, index) =>
          orRefusal(() => checked(input, text, spans[index], principal)),
        );
        const outcomes = await together(read, (drafts) => intake.appendAll(drafts));
        const results: string[] = [];
        const errors: string[] = [];
        for (const [index, outcome] of outcomes.entries()) {
          if (outcome instanceof Refusal)
            errors.push(batchError(problemOfRefusal(outcome), index, inputs[index]));
          else results.push(eventText(outcome));
        }
        const answer =
          `{"status":"COMPLETE","results":[${results.join(',')}]` +
          (errors.length > 0 ? `,"numErrors":${errors.length},"errors":[${errors.join(',')}]` : '') +
          `,"startedAt":"${startedAt}","completedAt":"${new Date(clock()).toISOString()}"}`;
        return { answer, refused: errors.length };
      });
    },

    find,
  };

  function find({ portal, appId }: Principal, eventTemplateId: string, eventId: string) {
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
    return { event, template };
  }
}

export async function eventRoutes(app: FastifyInstance, routes: EventRoutes): Promise<void> {
  const { calls, intake, authenticator } = routes;
  const write = authenticator.token(EVENTS_WRITE);
  const unlessFull = (_request: unknown, _reply: unknown, done: () => void) => {
    intake.refuseWhenFull();
    done();
  };
  const read = authenticator.token(EVENTS_READ);
  const reading = operations('Events', anyOneOf(EVENTS_READ));
  const writing = operations('Events', anyOneOf(EVENTS_WRITE));

  app.post(
    '/events',
    {
      onRequest: [write, unlessFull],
      validatorCompiler: unchecked,
      schema: {
        ...writing('createEvent', 'Create an event'),
        description:
          'Answered when the event is on disk. The same id again replaces the event; with another record it moves there.',
        body: Type.Ref('TimelineEvent'),
        response: { 201: Type.Ref('TimelineEventResponse') },
      },
    },
    async (request, reply) => {
      const event = await calls.send(principalOf(request), request.body, request.text);
      return reply.code(201).type('application/json; charset=utf-8').send(event);
    },
  );

  // Awaited, so that the document has it here.
  await app.register(async (scope) => {
    // A batch is read when its turn comes.
    scope.removeContentTypeParser('application/json');
    scope.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) =>
      done(null, body),
    );
    scope.post(
      '/events/batch/create',
      {
        onRequest: [write, unlessFull],
        validatorCompiler: unchecked,
        schema: {
          ...writing('createEvents', `Create up to ${MAX_BATCH} events`),
          description:
            'Each input stands for itself: the good ones are stored, and 207 says of each other which it was (context.index) and why.',
          body: Type.Ref('BatchInputTimelineEvent'),
          response: {
            201: Type.Ref('BatchResponseTimelineEventResponse'),
            207: Type.Ref('BatchResponseTimelineEventResponseWithErrors'),
          },
        },
      },
      async (request, reply) => {
        const { answer, refused } = await calls.sendAll(
          principalOf(request),
          request.body as Buffer | undefined,
        );
        return reply
          .code(refused > 0 ? 207 : 201)
          .type('application/json; charset=utf-8')
          .send(answer);
      },
    );
  });

  const params = Type.Object({
    eventTemplateId: Type.String({ description: "The event template's id." }),
    eventId: Type.String({ description: "The event's id, percent-encoded: it may hold any character." }),
  });
  type Named = { Params: Static<typeof params> };

  app.get<Named>(
    '/events/:eventTemplateId/:eventId',
    {
      onRequest: read,
      schema: {
        ...reading('getEvent', 'Get an event'),
        params,
        response: { 200: Type.Ref('TimelineEventResponse') },
      },
    },
    async (request, reply) => {
      const { eventTemplateId, eventId } = request.params;
      const event = calls.read(principalOf(request), eventTemplateId, eventId);
      return reply.type('application/json; charset=utf-8').send(event);
    },
  );

  app.get<Named>(
    '/events/:eventTemplateId/:eventId/detail',
    {
      onRequest: read,
      schema: {
        ...reading('getEventDetail', "Render an event's detail"),
        description: 'Rendered now, by the template as it is now.',
        params,
        response: { 200: Type.Ref('EventDetail') },
      },
    },
    async (request) => ({ details: rendered(request, request.params, 'detailTemplate') }),
  );

  const renderQuery = Type.Object({
    detail: MaybeSwitch('true: the detail; false or absent: the header.'),
  });
  app.get<Named & { Querystring: Static<typeof renderQuery> }>(
    '/events/:eventTemplateId/:eventId/render',
    {
      onRequest: read,
      schema: {
        ...reading('renderEvent', "Render an event's header, or with detail=true its detail, as HTML"),
        description: 'Rendered now, by the template as it is now.',
        params,
        querystring: renderQuery,
        response: {
          200: { description: 'The HTML.', content: { 'text/html': { schema: { type: 'string' } } } },
        },
      },
    },
    async (request, reply) =>
      reply
        .type('text/html; charset=utf-8')
        .header('content-security-policy', "default-src 'none'; sandbox")
        .send(
          rendered(request, request.params, isOn(request.query.detail) ? 'detailTemplate' : 'headerTemplate'),
        ),
  );

  function rendered(
    request: FastifyRequest,
    { eventTemplateId, eventId }: Static<typeof params>,
    part: 'headerTemplate' | 'detailTemplate',
  ): string {
    const principal = principalOf(request);
    const { event, template } = calls.find(principal, eventTemplateId, eventId);
    return present(event, eventBody(event), template, part, principal.portal.timeZone ?? routes.timeZone);
  }
}

/** The event's answer: its stored text, with its id and the record that holds it now. `more` are further members, as JSON. */
export function eventText({ id, objectId, body }: StoredEvent, more = ''): string {
  const about = objectId === undefined ? '' : `"objectId":"${objectId}",`;
  return `{${about}"id":${jsonText(id)},${more === '' ? '' : `${more},`}${body.slice(1)}`;
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
