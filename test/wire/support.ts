// What the wire's tests share: templates made in passing, requests written byte for byte, and the one error body.
import { type Agent, request as httpRequest } from 'node:http';
import { expect } from 'vitest';
import { digest, newSecret } from '../../dist/access/credentials.js';
import { ALL_SCOPES } from '../../dist/access/scopes.js';
import { openStore } from '../../dist/store/sqlite/engine.js';
import {
  type Answer,
  APP,
  type CallOptions,
  type Json,
  parsed,
  TEMPLATE,
  type TestServer,
  V3,
} from '../harness.js';

export const TEMPLATES = `${V3}/${APP}/event-templates`;
export const BATCH = `${V3}/events/batch/create`;
export const CONTACTS = '/crm/v3/objects/contacts';

export const PET_TOKENS = [
  { name: 'petName', label: 'Pet Name', type: 'string' },
  { name: 'petAge', label: 'Pet Age', type: 'number' },
  { name: 'adopted', label: 'Adopted', type: 'date' },
  {
    name: 'petColor',
    label: 'Pet Color',
    type: 'enumeration',
    options: [
      { value: 'white', label: 'White' },
      { value: 'black', label: 'Black' },
    ],
  },
];

/** A new template of the demo's app, with the pet's tokens unless the body says otherwise. Answers its id. */
export async function makeTemplate(
  server: TestServer,
  body: object = {},
  options?: CallOptions & { appId?: number | string },
): Promise<string> {
  const path = `${V3}/${options?.appId ?? APP}/event-templates`;
  const made = await server.call('POST', path, { name: 'Pets', tokens: PET_TOKENS, ...body }, options);
  expect(made.status, made.text).toBe(201);
  return made.json.id;
}

/** The path of an event, its id percent-encoded as clients do it. */
export function eventPath(id: string, template = TEMPLATE, family = V3): string {
  return `${family}/events/${template}/${encodeURIComponent(id)}`;
}

export function timelinePath(objectId: string, query: Record<string, string> = {}, type = 'contacts') {
  const search = new URLSearchParams(query).toString();
  return `/timeline/v1/records/${type}/${objectId}/events${search === '' ? '' : `?${search}`}`;
}

let counter = 0;
/** A name that no other test uses. */
export function fresh(prefix: string): string {
  counter++;
  return `${prefix}-${process.pid}-${counter}`;
}

export const freshEmail = () => `${fresh('person')}@example.com`;

/** Sends an event of the demo's template, about whoever is said. Answers it as it is stored. */
export async function storedEvent(server: TestServer, who: object): Promise<Json> {
  const answer = await server.event({ eventTemplateId: TEMPLATE, tokens: {}, ...who });
  expect(answer.status, answer.text).toBe(201);
  return answer.json;
}

/** Every event of a contact's timeline, newest first. */
export async function timelineOf(server: TestServer, objectId: string): Promise<Json[]> {
  const events: Json[] = [];
  for (let after: string | undefined; ; ) {
    const query = { limit: '100', ...(after === undefined ? {} : { after }) };
    const { json } = await server.call('GET', timelinePath(objectId, query));
    events.push(...json.results);
    after = json.paging?.next.after;
    if (after === undefined) return events;
  }
}

/** Submits a form as a page does that anybody sees: without a token. */
export function submitForm(server: TestServer, body: object, portal: number | string = '8420') {
  const path = `/submissions/v3/integration/submit/${portal}/${crypto.randomUUID()}`;
  return server.call('POST', path, body, { token: '' });
}

/** Every refusal is HubSpot's error body, under the id of its request. */
export function expectRefused(answer: Answer, status: number, category = 'VALIDATION_ERROR'): void {
  expect(answer.status, answer.text.slice(0, 500)).toBe(status);
  expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(answer.json).toMatchObject({ status: 'error', category, message: expect.any(String) });
  expect(answer.json.correlationId).toMatch(/^[0-9a-f-]{36}$/);
  expect(answer.headers.get('x-hubspot-correlation-id')).toBe(answer.json.correlationId);
}

/** The fields that a refusal puts at fault, in order. */
export function faultyFields(answer: Answer): (string | undefined)[] {
  return (answer.json.errors ?? []).map((fault: { in?: string }) => fault.in);
}

export interface RawRequest {
  method?: string;
  path: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  /** Where it comes from. */
  localAddress?: string;
  /** Keeps the connection; a connection of its own unless given. */
  agent?: Agent | false;
}

/** Sends what is written, with the demo's token: no path or header is tidied on its way, as `fetch` would. */
export function sendRaw(
  server: { baseUrl: string },
  { method, path, headers, body, localAddress, agent = false }: RawRequest,
) {
  const { hostname, port } = new URL(server.baseUrl);
  return new Promise<Answer>((resolve, reject) => {
    const request = httpRequest(
      {
        hostname,
        port,
        method: method ?? 'GET',
        path,
        ...(localAddress === undefined ? {} : { localAddress }),
        headers: { authorization: 'Bearer demo-token', ...headers },
        agent,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const all = new Headers();
          for (const [name, value] of Object.entries(response.headers))
            if (value !== undefined) all.set(name, String(value));
          resolve({ status: response.statusCode ?? 0, headers: all, text, json: parsed(text) });
        });
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

/** A token for an app and a portal that exist, in a running server's folder. */
export async function issueToken(
  folder: string,
  { portalId, appId, scopes = ALL_SCOPES }: { portalId: number; appId: number; scopes?: readonly string[] },
): Promise<string> {
  const store = await openStore({ folder, clock: Date.now });
  try {
    const token = newSecret('token');
    await store.createToken({ hash: digest(token), portalId, appId, scopes });
    return token;
  } finally {
    await store.close();
  }
}

let addresses = 0;

/**
 * POSTs a form, as OAuth's endpoints want it, each from another address of this machine: attempts that fail are
 * limited by address.
 */
export function sendForm(
  server: { baseUrl: string },
  path: string,
  fields: Record<string, string> | string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  addresses = (addresses + 1) % 60_000;
  return sendRaw(server, {
    method: 'POST',
    path,
    localAddress: `127.9.${addresses >> 8}.${addresses & 255 || 1}`,
    body: typeof fields === 'string' ? fields : new URLSearchParams(fields).toString(),
    headers: { authorization: '', 'content-type': 'application/x-www-form-urlencoded', ...headers },
  });
}
