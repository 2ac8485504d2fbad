// Our own API, under /timeline/v1: a record's timeline, rendered.
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { EVENTS_READ } from '../access/scopes.js';
import { MOMENT_HINT, parseMoment } from '../records/moment.js';
import type { ObjectType, RecordKey, RecordStore } from '../records/record.js';
import type { Schemas } from '../records/schemas.js';
import { brief, type Fault, invalid } from '../refusal.js';
import { eventBody, present } from '../timeline/present.js';
import {
  type Cursor,
  MAX_CONTACTS_ON_TIMELINE,
  type TimelineEvent,
  type TimelineQuery,
  type TimelineStore,
} from '../timeline/store.js';
import type { Templates } from '../timeline/templates.js';
import { type Authenticator, principalOf } from './authenticate.js';
import { eventText } from './events.js';
import { anyOneOf, operations } from './openapi.js';
import { limitOf, pageFields } from './paging.js';
import { noRecord, objectType, recordKey } from './typed.js';

const DEFAULT_PAGE = 50;
const MAX_PAGE = 100;

export interface TimelineRoutes {
  store: TimelineStore & RecordStore;
  templates: Templates;
  schemas: Schemas;
  authenticator: Authenticator;
  timeZone: string;
}

const TimelineParams = Type.Object({
  objectType,
  objectId: Type.String({ description: "The record's id." }),
});
const TimelineQuerystring = Type.Object({
  ...pageFields(DEFAULT_PAGE, MAX_PAGE),
  template: Type.Optional(Type.String({ description: "Only this template's events." })),
  from: Type.Optional(Type.String({ description: 'Not before: ISO 8601 or epoch ms, inclusive.' })),
  include: Type.Optional(
    Type.String({
      description: `contacts: of a company, with the events of its contacts, at most ${MAX_CONTACTS_ON_TIMELINE} of them.`,
    }),
  ),
  to: Type.Optional(Type.String({ description: 'Before: ISO 8601 or epoch ms, exclusive.' })),
});

export function timelineRoutes(app: FastifyInstance, routes: TimelineRoutes): void {
  const { store, templates, schemas, authenticator } = routes;

  app.get<{ Params: Static<typeof TimelineParams>; Querystring: Static<typeof TimelineQuerystring> }>(
    '/timeline/v1/records/:objectType/:objectId/events',
    {
      onRequest: authenticator.token(EVENTS_READ),
      schema: {
        ...operations('Timelines', anyOneOf(EVENTS_READ))('getTimeline', "Get a record's timeline"),
        description:
          "Newest first, each event with its header and detail rendered. All events of the token's portal, whichever app sent them.",
        params: TimelineParams,
        querystring: TimelineQuerystring,
        response: { 200: Type.Ref('Timeline') },
      },
    },
    async (request, reply) => {
      const { portal } = principalOf(request);
      const key = recordKey(schemas, portal.id, request.params.objectType, request.params.objectId);
      const query = timelineQuery(request.query, key?.type);
      const record = key && store.record(key);
      if (!record) throw noRecord(request.params.objectType, request.params.objectId);
      const timeZone = portal.timeZone ?? routes.timeZone;
      const { entries, next } = renderedPage({ store, templates, timeZone }, record, query);
      const results = entries.map(entryText);
      const paging = next ? `,"paging":{"next":{"after":"${cursorText(next)}"}}` : '';
      return reply
        .type('application/json; charset=utf-8')
        .send(`{"results":[${results.join(',')}]${paging}}`);
    },
  );
}

function entryText({ event, header, detail }: TimelineEntry): string {
  const { record } = event;
  const whose = record ? `,"record":{"objectType":"${record.type}","objectId":"${record.id}"}` : '';
  return eventText(event, `"header":${JSON.stringify(header)},"detail":${JSON.stringify(detail)}${whose}`);
}

/** Events may be large: a page ends early rather than grow beyond this, though never without an event. */
const MAX_PAGE_CHARS = 8 * 1024 * 1024;
/** Nor keep others waiting: a template may take half a second for each. The process's CPU time, in µs: by the clock, a
 * busy machine would cut pages short. */
const MAX_PAGE_CPU = 300_000;

/** An event with both its parts as HTML, and what of its body a page shows too. */
export type TimelineEntry = { event: TimelineEvent } & ReturnType<typeof renderedParts>;

/** A page of a timeline, rendered, and the cursor of what is after it. */
export function renderedPage(
  by: { store: TimelineStore; templates: Templates; timeZone: string },
  record: RecordKey,
  query: TimelineQuery,
): { entries: TimelineEntry[]; next?: Cursor } {
  const { events, next } = by.store.timeline(record, { ...query, chars: MAX_PAGE_CHARS });
  const entries: TimelineEntry[] = [];
  const [cpu, clock] = [process.cpuUsage(), performance.now()];
  const used = () => {
    const { user, system } = process.cpuUsage(cpu);
    return user + system;
  };
  let chars = 0;
  for (const event of events) {
    const late = performance.now() - clock > MAX_PAGE_CPU / 1000; // the clock is cheaper to look at
    if (late && used() > MAX_PAGE_CPU && entries.length > 0) break;
    const parts = renderedParts(event, by.templates, by.timeZone);
    chars += parts.header.length + parts.detail.length + event.body.length;
    if (chars > MAX_PAGE_CHARS && entries.length > 0) break;
    entries.push({ event, ...parts });
  }
  const cursor =
    entries.length === events.length
      ? next
      : by.store.timeline(record, { ...query, limit: entries.length }).next;
  return { entries, ...(cursor ? { next: cursor } : {}) };
}

function renderedParts(event: TimelineEvent, templates: Templates, timeZone: string) {
  const template = templates.get(event.templateId);
  const body = eventBody(event);
  const part = (name: 'headerTemplate' | 'detailTemplate') =>
    template ? present(event, body, template, name, timeZone) : '';
  return { template, body, header: part('headerTemplate'), detail: part('detailTemplate') };
}

/** The query of a timeline of a record of that type, checked; every fault is told. */
export function timelineQuery(sent: Static<typeof TimelineQuerystring>, type?: ObjectType): TimelineQuery {
  const faults: Fault[] = [];
  const query: TimelineQuery = { limit: limitOf(sent, DEFAULT_PAGE, MAX_PAGE, faults) };
  if (sent.after !== undefined) {
    const after = parseCursor(sent.after);
    if (after) query.after = after;
    else
      faults.push({
        in: 'after',
        message: 'is not a cursor of ours; send paging.next.after of the last page, or leave it out',
      });
  }
  if (sent.template !== undefined) {
    query.templateId = /^[1-9]\d{0,15}$/.test(sent.template) ? Number(sent.template) : 0;
    if (query.templateId === 0)
      faults.push({ in: 'template', message: "must be an event template's id, all digits" });
  }
  if (sent.include !== undefined) {
    if (sent.include === 'contacts' && type === 'companies') query.withContacts = true;
    else faults.push({ in: 'include', message: "must be 'contacts', on the timeline of a company" });
  }
  for (const side of ['from', 'to'] as const) {
    const text = sent[side];
    if (text === undefined) continue;
    const moment = parseMoment(text);
    if (moment === undefined)
      faults.push({ in: side, message: `'${brief(text)}' is not a time; ${MOMENT_HINT}` });
    else query[side] = moment;
  }
  if (faults.length > 0) throw invalid('query', faults);
  return query;
}

export function cursorText({ timestamp, seq }: Cursor): string {
  return Buffer.from(`${timestamp}.${seq}`).toString('base64url');
}

function parseCursor(text: string): Cursor | undefined {
  const match = /^(-?\d{1,16})\.(\d{1,16})$/.exec(
    text.length <= 64 ? Buffer.from(text, 'base64url').toString() : '',
  );
  const cursor = match && { timestamp: Number(match[1]), seq: Number(match[2]) };
  return cursor && cursorText(cursor) === text ? cursor : undefined;
}
