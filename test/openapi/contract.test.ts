// The published document against HubSpot's timeline v3, whose facts hubspot-v3.json holds: answers match exactly,
// requests are wider only where this file says so. In the table `!` marks what is required.
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { type Json, startDev, V3 } from '../harness.js';
import { operationsOf } from './operations.js';

interface Operation {
  scopes: string;
  body?: string;
  parameters?: Record<string, string>;
  answers: Record<string, string | null>;
}
interface Facts {
  operations: Record<string, Operation>;
  scopes: Record<string, string[]>;
  models: Record<string, Record<string, string>>;
}
const hubspot: Facts = JSON.parse(readFileSync(new URL('hubspot-v3.json', import.meta.url), 'utf8'));

/** Paths that HubSpot's file no longer has, though its clients call them, and one that its guide shows. */
const MORE_OPERATIONS: Facts['operations'] = {
  'GET /events/{eventTemplateId}/{eventId}/detail': {
    scopes: 'eventsRead',
    parameters: { eventTemplateId: 'string', eventId: 'string' },
    answers: { 200: 'EventDetail' },
  },
  'GET /events/{eventTemplateId}/{eventId}/render': {
    scopes: 'eventsRead',
    parameters: { eventTemplateId: 'string', eventId: 'string' },
    answers: { 200: 'string' },
  },
  'GET /{appId}/event-templates/{eventTemplateId}/tokens': {
    scopes: 'templatesRead',
    parameters: { appId: 'integer int32', eventTemplateId: 'string' },
    answers: { 200: 'CollectionResponseTimelineEventTemplateTokenNoPaging' },
  },
};

/** Where HubSpot has one model for a token that is sent and one that is answered, we have two. */
const SENT_TOKEN = 'TimelineEventTemplateTokenRequest';
const BODIES: Record<string, string> = { TimelineEventTemplateToken: SENT_TOKEN };

/** What HubSpot's file does not list, though its own answers have it. */
const MORE_ANSWER_FIELDS: Facts['models'] = {
  TimelineEventResponse: { extraData: 'array|object' }, // its templates have {{extraData[1]}}
  Error: { 'status!': 'string' },
  ErrorDetail: { errorType: 'string' }, // in the answers of forms
};

/** How requests are wider than HubSpot's, field by field: theirs, ours. Everything else is the same. */
const TEMPLATE_TEXTS = {
  'headerTemplate: string': 'headerTemplate: string|null',
  'detailTemplate: string': 'detailTemplate: string|null',
  'tokens!: TimelineEventTemplateToken[]': `tokens: ${SENT_TOKEN}[]|null`,
};
const TOKEN_PARTS = {
  'options!: TimelineEventTemplateTokenOption[]': 'options: TimelineEventTemplateTokenOption[]|null',
  'objectPropertyName: string': 'objectPropertyName: string|null',
};
const WIDER: Record<string, Record<string, string>> = {
  BatchInputTimelineEvent: {},
  TimelineEvent: {
    'eventTemplateId!: string': 'eventTemplateId!: number|string',
    'id!: string': 'id: number|string|null',
    'objectId: string': 'objectId: number|string|null',
    'tokens!: map of string': 'tokens!: map of boolean|number|string',
    'timestamp: string date-time': 'timestamp: number|string|null',
    'email: string': 'email: string|null',
    'utk: string': 'utk: string|null',
    'domain: string': 'domain: string|null',
    'customObjectTypeId: string': 'customObjectTypeId: string|null',
    'extraData: object': 'extraData: array|object|null',
    // Written out in place, so that a fault is told once; compared below.
    'timelineIFrame: TimelineEventIFrame': 'timelineIFrame: object|null',
  },
  TimelineEventTemplateCreateRequest: {
    ...TEMPLATE_TEXTS,
    'objectType!: string': 'objectType: string|null',
  },
  TimelineEventTemplateUpdateRequest: {
    ...TEMPLATE_TEXTS,
    'id!: string': 'id: number|string|null',
  },
  TimelineEventTemplateTokenUpdateRequest: TOKEN_PARTS,
};
/** What is sent of a token, when HubSpot's one model is read as a request. */
const WIDER_TOKEN = TOKEN_PARTS;
const ANSWERED_ONLY = ['createdAt: string date-time', 'updatedAt: string date-time'];

const server = await startDev();
afterAll(() => server.close());
const document: Json = (await server.call('GET', '/openapi.json')).json;

describe.each([V3, '/crm/v3/timeline'])('the operations under %s', (family) => {
  test("are HubSpot's and three more, with its scopes, parameters, bodies and success codes", () => {
    const ours = Object.fromEntries(
      operationsOf(document)
        .filter(({ path }) => path.startsWith(`${family}/`))
        .map(({ method, path, operation }) => [
          `${method.toUpperCase()} ${path.slice(family.length)}`,
          factsOf(operation),
        ]),
    );
    const theirs = Object.fromEntries(
      Object.entries({ ...hubspot.operations, ...MORE_OPERATIONS }).map(
        ([name, { scopes, body, parameters = {}, answers }]) => [
          name,
          {
            scopes: [...(hubspot.scopes[scopes] as string[])].sort(),
            body: body && (BODIES[body] ?? body),
            parameters,
            answers,
          },
        ],
      ),
    );
    expect(Object.keys(theirs)).toHaveLength(14);
    expect(ours).toEqual(theirs);
  });
});

test('every model of HubSpot is answered exactly, or accepted', () => {
  const ours = Object.keys(document.components.schemas);
  expect(ours).toEqual(expect.arrayContaining(Object.keys(hubspot.models)));
  expect(Object.keys(hubspot.models)).toHaveLength(16);
  expect(Object.keys(hubspot.models)).toEqual(expect.arrayContaining(Object.keys(WIDER)));
});

const answered = Object.keys(hubspot.models).filter((model) => !(model in WIDER));
test.each(answered)('%s is answered exactly as HubSpot does', (model) => {
  const more = MORE_ANSWER_FIELDS[model] ?? {};
  expect(linesOf(document.components.schemas[model])).toEqual(lines({ ...hubspot.models[model], ...more }));
});

test.each(Object.keys(WIDER))('%s is accepted as HubSpot does, and wider only as said', (model) => {
  expect(linesOf(document.components.schemas[model])).toEqual(
    widened(lines(hubspot.models[model] ?? {}), WIDER[model] ?? {}),
  );
});

test('a token is sent as it is answered, without its dates', () => {
  const theirs = lines(hubspot.models.TimelineEventTemplateToken ?? {});
  expect(theirs).toEqual(expect.arrayContaining(ANSWERED_ONLY));
  expect(linesOf(document.components.schemas[SENT_TOKEN])).toEqual(
    widened(
      theirs.filter((line) => !ANSWERED_ONLY.includes(line)),
      WIDER_TOKEN,
    ),
  );
});

test("an event's window is sent as it is answered", () => {
  const { TimelineEvent, TimelineEventIFrame } = document.components.schemas;
  expect(linesOf(TimelineEvent.properties.timelineIFrame)).toEqual(linesOf(TimelineEventIFrame));
});

/** `theirs` with some lines made wider; every widening must be of a line that is there. */
function widened(theirs: string[], wider: Record<string, string>): string[] {
  expect(theirs).toEqual(expect.arrayContaining(Object.keys(wider)));
  return theirs.map((line) => wider[line] ?? line).sort();
}

function lines(model: Record<string, string>): string[] {
  return Object.entries(model)
    .map(([field, type]) => `${field}: ${type}`)
    .sort();
}

function linesOf(schema: Json): string[] {
  expect(schema.type).toSatisfy((type) => [type].flat().includes('object'));
  for (const name of schema.required ?? []) expect(schema.properties).toHaveProperty([name]);
  return lines(
    Object.fromEntries(
      Object.entries<Json>(schema.properties).map(([field, value]) => [
        schema.required?.includes(field) ? `${field}!` : field,
        typeOf(value),
      ]),
    ),
  );
}

function factsOf(operation: Json): Json {
  const { default: _, 429: _limited, ...answers } = operation.responses;
  const body = operation.requestBody?.content['application/json'].schema;
  return {
    scopes: operation.security.flatMap((way: Json) => way.oauth2 ?? []).sort(),
    body: body && typeOf(body),
    parameters: Object.fromEntries(
      (operation.parameters ?? [])
        .filter((parameter: Json) => parameter.in === 'path')
        .map((parameter: Json) => [parameter.name, typeOf(parameter.schema)]),
    ),
    answers: Object.fromEntries(
      Object.entries<Json>(answers).map(([status, { content }]) => [
        status,
        content ? typeOf(Object.values<Json>(content)[0].schema) : null,
      ]),
    ),
  };
}

/** A schema in the table's notation. */
function typeOf(schema: Json): string {
  if (schema.$ref) return schema.$ref.split('/').at(-1);
  if (schema.enum) return `enum ${[...schema.enum].sort().join(' ')}`;
  const types: string[] = [schema.type].flat();
  const names = types
    .filter((type) => type !== 'null')
    .map((type) => {
      if (type === 'array') return schema.items ? `${typeOf(schema.items)}[]` : 'array';
      if (type === 'object' && typeof schema.additionalProperties === 'object')
        return `map of ${typeOf(schema.additionalProperties)}`;
      return schema.format ? `${type} ${schema.format}` : type;
    });
  return [...names.sort(), ...(types.includes('null') ? ['null'] : [])].join('|');
}
