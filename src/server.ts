// The hall: joins the store, the ground and the wire. start() answers when the server takes requests; close() lets
// what is under way finish, then leaves a tidy folder.
import type { FastifyInstance } from 'fastify';
import { type Credentials, credentials } from './access/credentials.js';
import { grants } from './access/grants.js';
import type { Portal } from './access/store.js';
import { type DemoCredentials, demo, ensureDemo } from './demo.js';
import { Definitions } from './records/definitions.js';
import { Schemas } from './records/schemas.js';
import { openStore } from './store/sqlite/engine.js';
import { Intake } from './timeline/intake.js';
import { Templates } from './timeline/templates.js';
import { pages } from './ui/pages.js';
import { createApp } from './wire/app.js';
import { attempts } from './wire/attempts.js';
import type { RateLimit } from './wire/rate_limit.js';

export interface ServerOptions {
  /** The folder that holds everything; made where it is missing. */
  folder: string;
  host: string;
  /** 0 takes a free one. */
  port: number;
  /** IANA zone for portals that have none of their own. */
  timeZone: string;
  /** The demo portal, pages that are open to whoever is at the machine, and credentials that exist in this process only. */
  demo?: DemoCredentials;
  /** Refuse requests whose Host header is not a loopback name. */
  loopbackOnly?: boolean;
  /** What people must give to see the pages; absent: they are open. */
  pagePassword?: string;
  /** Lets every app that asks into the first portal without asking back: for tests, with `demo`. */
  autoConsent?: boolean;
  /** Where people and apps reach the server, when a proxy stands before it. Without a trailing slash. */
  publicUrl?: string;
  /** Proxies whose X-Forwarded headers are believed. */
  trustProxy?: readonly string[];
  /** No limit unless given. */
  rateLimit?: RateLimit;
  /** Epoch ms; absent: the machine's clock. */
  clock?: () => number;
}

export interface Server {
  /** Where people and apps reach it, without a trailing slash. */
  baseUrl: string;
  /** Where it listens, without a trailing slash; the same, where no proxy stands before it. */
  listening: string;
  close(): Promise<void>;
}

/** So many portals can be chosen from on a page; a link may name any other. */
const MAX_CHOICES = 500;
/** How long what is under way may take to finish, once the server is to stop. */
const DRAIN_MS = 5_000;

export async function startServer(options: ServerOptions): Promise<Server> {
  const { folder, host, port, timeZone, publicUrl, trustProxy, rateLimit, clock = Date.now } = options;
  let listening = '';
  const baseUrl = () => publicUrl ?? listening;
  const remembered: { forget(): void }[] = [];
  let definitions: Definitions | undefined;
  let access: Credentials | undefined;
  const store = await openStore({
    folder,
    clock,
    onOthersWrote: () => {
      for (const each of remembered) each.forget();
    },
    onRevoked: () => access?.forget(),
    onDefined: (portalId, type) => definitions?.forgetOf(portalId, type),
  });
  try {
    if (options.demo) await ensureDemo(store, clock);
    const known = options.demo && {
      ...options.demo,
      appId: demo.appId,
      principal: () => demo.principal(store),
    };
    access = credentials(store, known);
    const templates = new Templates(store, clock);
    definitions = new Definitions(store, clock);
    const schemas = new Schemas(store, definitions, clock);
    remembered.push(access, templates, definitions, schemas);
    const toChooseFrom = () => {
      const portals = store.portals({ after: -1, limit: MAX_CHOICES });
      return options.demo ? demoFirst(portals) : portals;
    };
    const portalOf = (id: string) => {
      const portal = /^[1-9]\d{0,14}$/.test(id) ? store.portal(Number(id)) : undefined;
      return portal ? [portal] : [];
    };
    const doors = {
      grants: grants({ store, credentials: access, clock }),
      attempts: attempts(),
      baseUrl,
    };
    const app = await createApp({
      ...doors,
      store,
      intake: new Intake(store),
      templates,
      definitions,
      schemas,
      credentials: access,
      clock,
      timeZone,
      loopbackOnly: options.loopbackOnly ?? false,
      publicUrl,
      trustProxy,
      rateLimit,
      pages: (on: FastifyInstance) =>
        pages(on, {
          store,
          templates,
          schemas,
          portals: (id) => (id === undefined ? toChooseFrom() : portalOf(id)),
          timeZone,
          publicUrl,
          password: options.pagePassword,
          access: {
            ...doors,
            store,
            clock,
            ...(options.demo ? { person: demo.person, auto: options.autoConsent ?? false } : {}),
          },
        }),
    });
    const address = new URL(await app.listen({ host, port }));
    listening = `http://${host.includes(':') ? `[${host}]` : host}:${address.port || 80}`;
    return {
      baseUrl: baseUrl(),
      listening,
      async close() {
        await drain(app);
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

function demoFirst(portals: Portal[]): Portal[] {
  return portals.sort((a, b) => Number(b.id === demo.portalId) - Number(a.id === demo.portalId));
}

async function drain(app: FastifyInstance): Promise<void> {
  // A connection whose last answer goes out now would stay open for as long as its client likes.
  const idle = setInterval(() => app.server.closeIdleConnections(), 20);
  const late = setTimeout(() => app.server.closeAllConnections(), DRAIN_MS);
  try {
    await app.close();
  } finally {
    clearInterval(idle);
    clearTimeout(late);
  }
}
