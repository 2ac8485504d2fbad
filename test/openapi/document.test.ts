// /openapi.json is a valid OpenAPI 3.1 document in both modes, and says of each operation what people need.
import { rmSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  EVENTS_READ,
  EVENTS_WRITE,
  propertyScopes,
  recordScopes,
  schemaScopes,
} from '../../dist/access/scopes.js';
import { OBJECT_TYPES } from '../../dist/records/record.js';
import { startServer } from '../../dist/server.js';
import { type Json, request, startDev, type TestServer, V3 } from '../harness.js';
import { newFolder } from '../store/folders.js';
import { operationsOf } from './operations.js';

let dev: TestServer;
let served: Json;
beforeAll(async () => {
  dev = await startDev();
  served = await documentOfServe();
});
afterAll(() => dev.close());

async function documentOfServe(): Promise<Json> {
  const folder = newFolder();
  const server = await startServer({ folder, host: '127.0.0.1', port: 0, timeZone: 'UTC' });
  const answer = await request(server.baseUrl, 'GET', '/openapi.json', undefined, { token: '' });
  await server.close();
  rmSync(folder, { recursive: true, force: true });
  return answer.json;
}

const isOAuth = (operation: Json) => operation.tags.includes('OAuth');
/** What is sent: JSON, but for OAuth's forms. */
const bodyOf = (operation: Json) =>
  operation.requestBody.content[
    isOAuth(operation) ? 'application/x-www-form-urlencoded' : 'application/json'
  ];

test('dev and serve publish the same document, without credentials', async () => {
  const answer = await dev.call('GET', '/openapi.json', undefined, { token: '' });
  expect(answer.status).toBe(200);
  expect(answer.json).toEqual(served);
});

test('to send events, one or many, comes first', () => {
  expect(Object.keys(served.paths).slice(0, 2)).toEqual([`${V3}/events`, `${V3}/events/batch/create`]);
});

test('it is valid OpenAPI 3.1, and no reference dangles', async () => {
  const validator = new Validator();
  const result = await validator.validate(structuredClone(served));
  expect(result.errors).toBeUndefined();
  expect(result.valid).toBe(true);
  expect(validator.version).toBe('3.1');
  const references = [...JSON.stringify(served).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => path);
  expect(references.length).toBeGreaterThan(50);
  for (const path of references)
    expect(
      (path as string).split('/').reduce((at: Json, name) => at?.[name], served),
      path,
    ).toBeTypeOf('object');
});

test('a validator that should refuse a broken document does', async () => {
  const broken = structuredClone(served);
  broken.paths['/integrators/timeline/v3/events'].post.responses = 7;
  expect((await new Validator().validate(broken)).valid).toBe(false);
});

describe('every operation', () => {
  test('has an id of its own, a summary, described parameters and answers', () => {
    const operations = operationsOf(served);
    expect(operations.length).toBeGreaterThan(40);
    expect(new Set(operations.map(({ id }) => id)).size).toBe(operations.length);
    for (const { id, path, operation } of operations) {
      expect(id, path).toMatch(/^[a-z][A-Za-z0-9]+$/);
      expect(operation.summary, id).toMatch(/^[A-Z].{5,}/);
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const documented = (operation.parameters ?? []).filter((parameter: Json) => parameter.in === 'path');
      expect(documented.map((parameter: Json) => parameter.name).sort(), id).toEqual(named.sort());
      for (const parameter of operation.parameters ?? [])
        expect(parameter.description, `${id} ${parameter.name}`).toMatch(/.{5,}/);
      for (const [status, response] of Object.entries<Json>(operation.responses)) {
        expect(response.description, `${id} ${status}`).not.toBe('Default Response');
        expect(response.headers, id).toHaveProperty('x-hubspot-correlation-id');
      }
    }
  });

  test("answers by reference, and HubSpot's error body where it fails", () => {
    for (const { id, operation } of operationsOf(served)) {
      const { default: failure, 429: limited, ...answers } = operation.responses;
      const isCounted = operation.security.some((way: Json) => way.oauth2 ?? way.developer_hapikey);
      expect(limited?.content['application/json'].schema, id).toEqual(
        isCounted ? { $ref: '#/components/schemas/RateLimited' } : undefined,
      );
      expect(failure.content['application/json'].schema, id).toEqual({
        $ref: `#/components/schemas/${isOAuth(operation) ? 'OAuthError' : 'Error'}`,
      });
      for (const [status, response] of Object.entries<Json>(answers)) {
        if (status === '204') expect(response.content, id).toBeUndefined();
        else if (id.startsWith('renderEvent'))
          expect(response.content, id).toHaveProperty(['text/html', 'schema', 'type'], 'string');
        else
          expect(response.content['application/json'].schema.$ref, id).toMatch(/^#\/components\/schemas\//);
      }
      if (operation.requestBody)
        expect(bodyOf(operation).schema.$ref, id).toMatch(/^#\/components\/schemas\//);
    }
  });

  test('names every scope of which any one will do', () => {
    for (const { id, method, path, operation } of operationsOf(served)) {
      const reads = method === 'get';
      const oauth = (scopes: readonly string[]) => scopes.map((scope) => ({ oauth2: [scope] }));
      const verb = /^(?:list|get|read|search)/.test(id) ? 'read' : 'write';
      const ofTypes = (scopes: typeof recordScopes) =>
        oauth([...OBJECT_TYPES, '2-1'].flatMap((type) => scopes(type, verb)));
      const byPath = path.startsWith('/crm/v3/properties/{objectType}')
        ? ofTypes(propertyScopes)
        : /^\/crm\/v[34]\/objects\/\{/.test(path)
          ? ofTypes(recordScopes)
          : /^\/crm(?:-object-schemas)?\/v3\/schemas/.test(path)
            ? oauth(schemaScopes(verb))
            : undefined;
      const own: Record<string, unknown> = {
        mergeContacts: oauth(['crm.objects.contacts.write']),
        eraseContact: oauth(['crm.objects.contacts.write']),
        submitForm: [], // for everybody: people's browsers send it
        submitFormSecurely: oauth(['forms']),
      };
      expect(operation.security, id).toEqual(
        own[id] ??
          (isOAuth(operation) ? [] : undefined) ?? // the client's secret, or the token itself, is in the request
          byPath ??
          (isAdministration(path)
            ? [{ admin_key: [] }] // and no scope of any token
            : undefined) ??
          (path.includes('event-templates')
            ? [{ oauth2: [reads ? 'developers-read' : 'developers-write'] }, { developer_hapikey: [] }]
            : oauth(reads ? EVENTS_READ : EVENTS_WRITE)),
      );
    }
    expect(EVENTS_WRITE).toHaveLength(16);
    expect(EVENTS_READ).toHaveLength(16);
  });

  test('has examples that fit their schemas', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema({ $id: 'document', ...served });
    let examples = 0;
    for (const { id, operation } of operationsOf(served)) {
      const bodies = [operation.requestBody, ...Object.values<Json>(operation.responses)].filter(
        (body) => body?.content,
      );
      for (const media of bodies.flatMap((body) => Object.values<Json>(body.content))) {
        expect(media.example, id).toBeDefined();
        const { $ref } = media.schema;
        const validate = ajv.compile($ref ? { $ref: `document${$ref}` } : media.schema);
        expect(validate(media.example) || validate.errors, id).toBe(true);
        examples++;
      }
    }
    expect(examples).toBeGreaterThan(60);
  });
});

/** Our own API for apps and portals. */
function isAdministration(path: string): boolean {
  return /^\/timeline\/v1\/(?:apps|portals)(?:\/|$)/.test(path);
}

test("the example of POST /events is the seed's event, and works as it stands", async () => {
  const { post } = served.paths['/integrators/timeline/v3/events'];
  const example = post.requestBody.content['application/json'].example;
  expect(example).toMatchObject({ email: 'art3mis-pup@petspot.com', tokens: { petAge: 3 } });
  const answer = await dev.event(example);
  expect(answer.status).toBe(201);
  const { id, objectId, timestamp, ...rest } = post.responses['201'].content['application/json'].example;
  expect([id, objectId, timestamp].every((value) => typeof value === 'string')).toBe(true);
  expect(answer.json).toMatchObject(rest);
  expect(Object.keys(answer.json).sort()).toEqual(
    [...Object.keys(rest), 'id', 'objectId', 'timestamp'].sort(),
  );
});

test('requests say that other fields are ignored, and they are', async () => {
  const requests = new Set<string>(
    operationsOf(served)
      .filter(({ operation }) => operation.requestBody)
      .map(({ operation }) => bodyOf(operation).schema.$ref),
  );
  expect(requests.size).toBeGreaterThan(12);
  for (const $ref of requests) {
    const schema = served.components.schemas[$ref.split('/').at(-1) as string];
    expect(schema.description, $ref).toContain('Other fields are ignored');
    expect(schema.additionalProperties, $ref).not.toBe(false);
  }
  const { example } =
    served.paths['/integrators/timeline/v3/events'].post.requestBody.content['application/json'];
  const answer = await dev.event({ ...example, nobodyKnows: { this: 'field' }, createdAt: 7 });
  expect(answer.status).toBe(201);
  expect(answer.json).not.toHaveProperty('nobodyKnows');
  expect(answer.json).not.toHaveProperty('createdAt');
});
