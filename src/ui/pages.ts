// What people look at: the list of records, and a record's timeline. Plain HTML that needs no script.
// Every answer here is a page in the person's language, errors too, under a policy that lets nothing foreign run.
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import cookie from '@fastify/cookie';
import formbody from '@fastify/formbody';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { digest } from '../access/credentials.js';
import type { Portal } from '../access/store.js';
import {
  type CrmRecord,
  createdName,
  type ObjectType,
  objectIdOf,
  type RecordKey,
  type RecordStore,
} from '../records/record.js';
import type { Schemas } from '../records/schemas.js';
import { MAX_SEARCH_RESULTS } from '../records/search.js';
import { Refusal } from '../refusal.js';
import type { TimelineQuery, TimelineStore } from '../timeline/store.js';
import type { Templates } from '../timeline/templates.js';
import { basicCredentials } from '../wire/authenticate.js';
import { HttpProblem, problemOf } from '../wire/problem.js';
import { cursorText, renderedPage, timelineQuery } from '../wire/timelines.js';
import { recordKey } from '../wire/typed.js';
import { type ConsentOptions, consentRoutes } from './consent.js';
import { endOfDay } from './days.js';
import { problemPage } from './document.js';
import type { Entry } from './event.js';
import { unanswerablePage } from './forms.js';
import { type ListContents, type Listed, listPage, MAX_QUERY_CHARS } from './list_page.js';
import { type Associated, recordPage } from './record_page.js';
import { HIDDEN, sendPage } from './send.js';
import { pageCookie, type SignIn, type SignInOptions, signIn } from './sign_in.js';
import type { View } from './view.js';
import { languageOf } from './words.js';

export interface PageOptions {
  store: TimelineStore & RecordStore;
  templates: Templates;
  schemas: Schemas;
  /** The portals to choose from, a bounded number, the likeliest first; or the one of this id, if there is one. */
  portals: (id?: string) => Portal[];
  /** IANA zone for portals that have none of their own. */
  timeZone: string;
  /** Where people reach the server; absent: where they have just reached it. */
  publicUrl?: string | undefined;
  /** Asked for by HTTP Basic authentication; absent: the pages are open. */
  password?: string | undefined;
  /** How apps are let into portals, and people in here. Without a `person` in it, they sign in first. */
  access: Omit<ConsentOptions & SignInOptions, 'portals'>;
}

const LISTED_RECORDS = 50;
/** Associated records shown, of each type. */
const LISTED_ASSOCIATED = 10;

const ASSETS = { 'style.css': 'text/css; charset=utf-8', 'icon.svg': 'image/svg+xml' };

interface ListQuery {
  type?: unknown;
  query?: unknown;
  after?: unknown;
}

export function pages(app: FastifyInstance, options: PageOptions): void {
  app.register(async (scope) => {
    assets(scope);
    await scope.register(cookie);
    await scope.register(formbody);
    await scope.register(async (inner) => guarded(inner, options));
  });
}

/** Every page, behind whatever lets people in. */
function guarded(scope: FastifyInstance, options: PageOptions): void {
  const { password, access } = options;
  const session = signIn(access);
  const signedIn = access.person ? undefined : session;
  const viewOf = (request: FastifyRequest) => viewFor(request, options);

  scope.setErrorHandler((error: FastifyError, request, reply) => {
    const problem = problemOf(error);
    if (!problem) request.log.error({ err: error, correlationId: request.id }, 'a page failed');
    const http = problem?.http ?? 500;
    return sendPage(reply.headers(problem?.headers ?? {}), http, problemPage(viewOf(request), http));
  });

  if (password !== undefined) {
    const expected = digest(password); // of one length, so that comparing tells nothing about the password's
    scope.addHook('onRequest', (request, _reply, done) => {
      const given = basicCredentials(request.headers.authorization)?.password;
      if (given === undefined || !timingSafeEqual(digest(given), expected)) throw UNAUTHENTICATED;
      done();
    });
  }

  consentRoutes(scope, viewOf, { ...access, portals: options.portals }, session);
  signedIn?.routes(scope, viewOf);
  scope.register(async (records) => {
    if (signedIn)
      records.addHook('onRequest', async (request, reply) => {
        if (!signedIn.person(request)) return signedIn.ask(request, reply);
      });
    routes(records, options, signedIn);
  });
}

function viewFor(request: FastifyRequest, { timeZone, schemas }: PageOptions, portal?: Portal): View {
  return {
    language: languageOf(request.headers['accept-language']),
    timeZone: portal?.timeZone ?? timeZone,
    ...(portal ? { portal } : {}),
    customs: portal ? schemas.all(portal.id) : [],
  };
}

function routes(scope: FastifyInstance, options: PageOptions, session: SignIn | undefined): void {
  const { store, templates, schemas } = options;
  const choice = pageCookie('portal', options.publicUrl ?? '');

  scope.get<{ Querystring: ListQuery }>('/', HIDDEN, async (request, reply) => {
    const portal = portalOf(request, reply);
    if (!portal) return sendPage(reply, 404, unanswerablePage(viewOf(request), 'portal'));
    const contents = await listed(portal.id, request.query);
    const baseUrl = options.publicUrl ?? `${request.protocol}://${request.host}`;
    return sendPage(reply, 200, listPage(viewOf(request, portal), contents, baseUrl));
  });

  async function listed(portalId: number, sent: ListQuery): Promise<ListContents> {
    if (sent.type === undefined) {
      // By what is shown of them: an event may have come long after it happened.
      const at = ({ last }: Listed) => last?.timestamp ?? Number.MIN_SAFE_INTEGER;
      const records = store.recentRecords(portalId, LISTED_RECORDS).map(withLast);
      return { records: records.sort((a, b) => at(b) - at(a)), isFirst: true };
    }
    const type = schemas.typeOf(portalId, String(sent.type));
    if (!type) throw NOTHING_HERE;
    const after = sent.after === undefined ? 0 : objectIdOf(String(sent.after));
    const query = sent.query === undefined ? '' : String(sent.query).trim();
    if (after === undefined || query.length > MAX_QUERY_CHARS) throw UNREADABLE;
    const isFirst = after === 0;
    if (query !== '') return { type, query, isFirst, ...(await found(portalId, type, query, after)) };
    const page = { after, limit: LISTED_RECORDS + 1, archived: false };
    const records = store.records(portalId, type, page);
    const shown = records.slice(0, LISTED_RECORDS);
    const next = records.length > shown.length ? { next: String(shown.at(-1)?.id) } : {};
    return { type, isFirst, records: shown.map(withLast), ...next };
  }

  async function found(portalId: number, type: ObjectType, query: string, offset: number) {
    if (offset + LISTED_RECORDS > MAX_SEARCH_RESULTS) throw UNREADABLE;
    const sort = { propertyName: createdName(type), descending: false };
    try {
      const searched = schemas.searched(portalId, type);
      const search = { groups: [], query, searched, sort, offset, limit: LISTED_RECORDS };
      const { total, records } = await store.search(portalId, type, search);
      const end = offset + records.length;
      const goesOn = records.length > 0 && end < total && end + LISTED_RECORDS <= MAX_SEARCH_RESULTS;
      return { total, records: records.map(withLast), ...(goesOn ? { next: String(end) } : {}) };
    } catch (error) {
      if (error instanceof Refusal && error.reason === 'invalid') return { records: [], tooBroad: true };
      throw error;
    }
  }

  function withLast(record: CrmRecord): Listed {
    const [last] = store.timeline(record, { limit: 1 }).events;
    const template = last && templates.get(last.templateId);
    return {
      record,
      ...(last ? { last: { timestamp: last.timestamp, label: template?.name ?? '' } } : {}),
    };
  }

  function associatedWith(record: CrmRecord): Associated[] {
    return schemas.associatedTypes(record.portalId, record.type).map((type) => {
      const ids = store.associated(record, type, { after: 0, limit: LISTED_ASSOCIATED + 1 });
      const shown = ids.slice(0, LISTED_ASSOCIATED);
      const records = shown.flatMap((id) => store.record({ portalId: record.portalId, type, id }) ?? []);
      return { type, records, more: ids.length > shown.length };
    });
  }

  scope.get<{
    Params: { objectType: string; objectId: string };
    Querystring: { after?: unknown; until?: unknown; include?: unknown };
  }>('/records/:objectType/:objectId', HIDDEN, (request, reply) => {
    const portal = portalOf(request, reply);
    const { objectType, objectId } = request.params;
    const key = portal && recordKey(schemas, portal.id, objectType, objectId);
    const record = key && store.record(key);
    if (!record) throw NOTHING_HERE;
    const { after, until = '', include } = request.query;
    const timeZone = portal.timeZone ?? options.timeZone;
    const to = until === '' ? undefined : endOfDay(String(until), timeZone);
    if (until !== '' && to === undefined) throw UNREADABLE;
    const query = timelineQuery(
      {
        ...(after === undefined ? {} : { after: String(after) }),
        ...(include === undefined ? {} : { include: String(include) }),
      },
      record.type,
    );
    const { entries, next } = timeline(record, { ...query, ...(to === undefined ? {} : { to }) }, timeZone);
    const page = {
      record,
      entries,
      isNewest: after === undefined && to === undefined,
      ...(to === undefined ? {} : { until: String(until) }),
      ...(next ? { older: next } : {}),
      associated: associatedWith(record),
      ...(record.type === 'companies' ? { withContacts: query.withContacts ?? false } : {}),
    };
    return sendPage(reply, 200, recordPage(viewOf(request, portal), page));
  });

  scope.get('/records', HIDDEN, ({ url }, reply) => reply.redirect(url.replace(/^[^?]*/, '/')));
  scope.get('/records/*', HIDDEN, () => {
    throw NOTHING_HERE;
  });

  /** The portal that the address names; else the one looked at last; else the likeliest. */
  function portalOf({ query, cookies }: FastifyRequest, reply: FastifyReply): Portal | undefined {
    const { portal: named } = query as { portal?: unknown };
    if (named !== undefined) {
      const [portal] = options.portals(String(named));
      if (portal) reply.setCookie(choice.name, String(portal.id), choice.options);
      return portal;
    }
    const chosen = cookies[choice.name];
    return (chosen === undefined ? undefined : options.portals(chosen)[0]) ?? options.portals()[0];
  }

  function viewOf(request: FastifyRequest, portal?: Portal): View {
    const account = session?.account(request);
    const portals = options.portals();
    const isAmong = !portal || portals.some(({ id }) => id === portal.id);
    return {
      ...viewFor(request, options, portal),
      portals: isAmong ? portals : [portal, ...portals],
      ...(account ? { account } : {}),
    };
  }

  /** One page's events, rendered, and the cursor of those after them. */
  function timeline({ portalId, type, id }: RecordKey, query: TimelineQuery, timeZone: string) {
    const record = { portalId, type, id };
    const { entries: rendered, next } = renderedPage({ store, templates, timeZone }, record, query);
    const owners = new Map<number, CrmRecord | undefined>();
    const contact = (id: number) => {
      if (!owners.has(id)) owners.set(id, store.record({ ...record, type: 'contacts', id }));
      return owners.get(id);
    };
    const entries = rendered.map((entry): Entry => {
      const { record: owner } = entry.event;
      const whose = owner?.type === 'contacts' ? contact(owner.id) : undefined;
      return { ...entry, ...(whose ? { whose } : {}) };
    });
    return { entries, next: next && cursorText(next) };
  }
}

const UNREADABLE = new Refusal('invalid', 'the address is not one of ours');
const NOTHING_HERE = new Refusal('not-found', 'there is no such page');
const UNAUTHENTICATED = new HttpProblem({
  http: 401,
  category: 'INVALID_AUTHENTICATION',
  message: 'The pages ask for a password',
  headers: { 'www-authenticate': 'Basic realm="Throughline", charset="UTF-8"' },
});

/** Read once; asked for again, a browser is told that nothing changed. */
function assets(scope: FastifyInstance): void {
  for (const [name, type] of Object.entries(ASSETS)) {
    const bytes = readFileSync(new URL(`assets/${name}`, import.meta.url));
    const etag = `"${createHash('sha256').update(bytes).digest('base64url')}"`;
    scope.get(`/assets/${name}`, HIDDEN, (request, reply) => {
      reply.headers({ etag, 'cache-control': 'no-cache', 'x-content-type-options': 'nosniff' });
      return request.headers['if-none-match'] === etag
        ? reply.code(304).send()
        : reply.type(type).send(bytes);
    });
  }
}
