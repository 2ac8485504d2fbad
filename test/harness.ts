// What tests of the running server share: the built server on a free port over a fresh folder, and calls to it.
import { rmSync } from 'node:fs';
import { digest, newApp, newSecret } from '../dist/access/credentials.js';
import { ALL_SCOPES } from '../dist/access/scopes.js';
import { DEMO_CREDENTIALS } from '../dist/demo.js';
import { type Server, type ServerOptions, startServer } from '../dist/server.js';
import { openStore } from '../dist/store/sqlite/engine.js';
import { newFolder } from './store/folders.js';

/** HubSpot's prefix. */
export const V3 = '/integrators/timeline/v3';
export const TEMPLATE = '1001298';
export const APP = '8420';
export const DEMO_TOKEN = DEMO_CREDENTIALS.token;
export const ADMIN_KEY = DEMO_CREDENTIALS.adminKey;

// biome-ignore lint/suspicious/noExplicitAny: an answer's shape is what the tests are about
export type Json = any;

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** The parsed body; undefined where it is not JSON. */
  json: Json;
}

export interface TestServer extends Server {
  folder: string;
  /** A body that is not a string goes as JSON. The token is the demo's unless given; '' sends none. */
  call(method: string, path: string, body?: unknown, options?: CallOptions): Promise<Answer>;
  /** POSTs one event. */
  event(body: object, options?: CallOptions): Promise<Answer>;
}

export interface CallOptions {
  token?: string;
  headers?: Record<string, string>;
}

/** `dev`'s server, in this process, on a fresh folder that is removed at close. */
export async function startDev(options: Partial<ServerOptions> = {}): Promise<TestServer> {
  const folder = options.folder ?? newFolder();
  const server = await startServer({
    folder,
    host: '127.0.0.1',
    port: 0,
    timeZone: 'UTC',
    demo: DEMO_CREDENTIALS,
    loopbackOnly: true,
    ...options,
  });
  const call: TestServer['call'] = (method, path, body, options) =>
    request(server.listening, method, path, body, options);
  return {
    ...server,
    folder,
    call,
    event: (body, options) => call('POST', `${V3}/events`, body, options),
    async close() {
      await server.close();
      if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}

export async function request(
  baseUrl: string,
  method: string,
  path: string,
  body?: unknown,
  { token = DEMO_TOKEN, headers = {} }: CallOptions = {},
): Promise<Answer> {
  const response = await fetch(`${baseUrl}${path}`, {
    method,
    redirect: 'manual',
    headers: {
      ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: parsed(text) };
}

/** Undefined where it is not JSON. */
export function parsed(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export interface Tenant {
  portalId: number;
  appId: number;
  token: string;
  developerKey: string;
  clientId: string;
  clientSecret: string;
}

/** A tenant of its own in a server's folder, as the commands would make it: a portal, an app, a token, a key. */
export async function createTenant(
  folder: string,
  { lenient = false, scopes = ALL_SCOPES }: { lenient?: boolean; scopes?: readonly string[] } = {},
): Promise<Tenant> {
  const store = await openStore({ folder, clock: Date.now });
  try {
    const token = newSecret('token');
    const portalId = await store.createPortal({ name: 'Test', lenient });
    const { id: appId, ...secrets } = await newApp(store, { name: 'Test', redirectUris: [], scopes });
    await store.createToken({ hash: digest(token), portalId, appId, scopes });
    return { portalId, appId, token, ...secrets };
  } finally {
    await store.close();
  }
}
