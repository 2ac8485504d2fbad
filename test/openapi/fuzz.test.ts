// Every operation of the document under fire: requests made from its own schemas, right, bent and hostile. No answer
// is a 5xx, every answer fits the document, every refusal has HubSpot's body; and afterwards the server still works.
// A failure prints the seed that replays it; FUZZ_RUNS sets how many requests each operation gets.
import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import fc, { type Arbitrary } from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digest, newSecret } from '../../dist/access/credentials.js';
import { ALL_SCOPES } from '../../dist/access/scopes.js';
import { openStore } from '../../dist/store/sqlite/engine.js';
import {
  ADMIN_KEY,
  APP,
  createTenant,
  type Json,
  request,
  startDev,
  TEMPLATE,
  type Tenant,
  type TestServer,
  V3,
} from '../harness.js';
import { type Operation, operationsOf } from './operations.js';

const RUNS = Number(process.env.FUZZ_RUNS ?? 150);
/** Of a few operations two requests in a hundred are right: what chance leaves out comes in another round. */
const MAX_ROUNDS = 10;
/** Requests under way at once, where the order is no matter. */
const AT_ONCE = 8;
/** Operations that are others' at another address: the same handlers. */
const REPEATED = /(?:InCrmV3|OfClients|InV1|In202603)$/;

let server: TestServer;
let agent: Agent;
/** As another process beside the server has it: one for all worlds, for opening it takes long. */
let store: Awaited<ReturnType<typeof openStore>>;
let foreign: { token: string; developerKey: string };
beforeAll(async () => {
  server = await startDev();
  store = await openStore({ folder: server.folder, clock: Date.now });
  agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  foreign = await createTenant(server.folder, { lenient: true });
});
afterAll(async () => {
  agent.destroy();
  await store.close();
  await server.close();
});

// The operations are those of the document; it is read before the tests are counted.
const document: Json = await (async () => {
  const dev = await startDev();
  const answer = await dev.call('GET', '/openapi.json');
  await dev.close();
  return answer.json;
})();

// ---- what is sent ----

/** A request, with marks such as `@template` for what each operation's own tenant has. */
interface Shot {
  method: string;
  path: string;
  query: string;
  auth: string;
  contentType: string | undefined;
  body: string | undefined;
}

const FORM = 'application/x-www-form-urlencoded';
const LONG = 'x'.repeat(600);
const NASTY_STRINGS = [
  '',
  ' ',
  '\0',
  '\ud800',
  '😀'.repeat(126),
  '__proto__',
  'constructor',
  'toString',
  'a\nb',
  '{{uuid}}',
  '{{uuid}}'.repeat(60),
  '{{#each extraData}}{{this}}{{/each}}',
  '{{#if',
  '<script>alert(1)</script>',
  "'; drop table events; --",
  '-1',
  '0x10',
  '1e3',
  '9007199254740993',
  'NaN',
  '+275760-09-13T00:00:00.001Z',
  '-271821-04-19T23:59:59.999Z',
  '2020-02-30T00:00:00Z',
  '[email protected]',
  'javascript:alert(1)',
  'http://[',
  '../../etc/passwd',
  LONG,
];
/** What nothing can be made of that expects a text. */
const STRANGE_OBJECT = '{"toString":1,"valueOf":2,"length":3}';
/** JSON that JSON.stringify does not write, put in for a mark of its own. */
const RAW = [
  '1e999',
  '-1e999',
  '-0',
  '1E+22',
  '9007199254740993',
  '0.1000000000000000055511151231257827',
  '{"a":1,"a":2}',
  '{"__proto__":{"polluted":true},"constructor":{"prototype":1}}',
  STRANGE_OBJECT,
  '"\\u0000\\ud800"',
  `${'['.repeat(5_000)}${']'.repeat(5_000)}`,
  `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`,
];
const rawMark = (index: number) => `@raw${index}@`;
const NASTY_CONSTANTS: unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e21,
  2 ** 53 + 2,
  2 ** 31,
  5e-324,
  [],
  {},
];
const nastyString = fc.oneof(fc.constantFrom(...NASTY_STRINGS), fc.string({ unit: 'binary', maxLength: 40 }));
const nastyValue: Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(...NASTY_CONSTANTS),
  fc.nat(RAW.length - 1).map(rawMark),
  nastyString,
  fc.jsonValue({ maxDepth: 3 }),
);

/** What makes sense under a name, so that many requests get past the first check. */
const SENSIBLE: Record<string, unknown[]> = {
  eventTemplateId: ['@template'],
  eventId: ['@event'],
  tokenName: ['petName', 'petAge', 'petColor', 'absent'],
  appId: ['@app'],
  objectId: ['@record'],
  objectType: ['contacts', 'contacts', 'deals', '0-1'],
  schemaType: ['@custom'],
  archivedSchemaType: ['@gone'],
  associationIdentifier: ['@association'],
  fromObjectTypeId: ['@custom'],
  toObjectTypeId: ['0-1', '0-2'],
  toObjectType: ['companies', 'companies', '0-2', 'deals'],
  toObjectId: ['@company'],
  associationTypeId: [279, 279, 1],
  include: ['contacts'],
  email: ['@mail', 'ada@example.com'],
  utk: ['visitor'],
  hutk: ['visitor'],
  pageUri: ['https://my.petspot.com/register'],
  portalId: ['@portal'],
  tokenId: ['@issued'],
  scopes: [['timeline'], []],
  redirectUris: [['https://my.petspot.com/oauth/callback'], null],
  timeZone: ['Europe/Berlin', null],
  formGuid: ['b1f9e3c0-5a1d-4f0e-9a37-0c5d2b7e6f11'],
  primaryObjectId: ['@record'],
  objectIdToMerge: ['@other', '@other', '@record'],
  properties: [{ firstname: 'Ada' }, { lastname: 'Lovelace', email: '@mail' }, 'firstname,email', []],
  timestamp: [1580406130276, '2020-01-30T17:42:10.276Z'],
  url: ['https://my.petspot.com/pets/Art3mis'],
  width: [600],
  height: [1],
  tokens: [{ petName: 'Art3mis' }, { petAge: 3, petColor: 'black' }, {}],
  limit: ['1', '100'],
  detail: ['true', 'false'],
  from: ['0'],
  to: ['2100-01-01T00:00:00Z'],
  grant_type: ['authorization_code', 'refresh_token', 'refresh_token'],
  client_id: ['@client'],
  client_secret: ['@secret'],
  code: ['@code'],
  redirect_uri: ['https://app.example/cb'],
  refresh_token: ['@refresh'],
  token: ['@access', '@refresh'],
  scope: ['timeline'],
  name: ['petKind', 'Pet 7', 'firstname'],
  label: ['Kind of pet'],
  singular: ['Pet'],
  plural: ['Pets'],
  primaryDisplayProperty: ['hs_object_id'],
  requiredProperties: [[]],
  searchableProperties: [[], ['hs_object_id']],
  secondaryDisplayProperties: [[]],
  associatedObjects: [['CONTACT'], []],
  propertyName: ['@property', 'firstname', 'lifecyclestage'],
  groupName: ['@group', 'contactinformation'],
  type: ['string', 'enumeration'],
  fieldType: ['text', 'select'],
  hasUniqueValue: [false],
  calculationFormula: [null],
  headerTemplate: ['Hello {{petName}}'],
  detailTemplate: ['{{#each extraData.a}}**{{this}}**{{/each}}'],
};
const often = <T>(usual: Arbitrary<T>, rare: Arbitrary<T>, weight = 16) =>
  fc.oneof({ weight, arbitrary: usual }, { weight: 1, arbitrary: rare });

/** Values of a schema, now and then of another kind. */
function valuesOf(schema: Json, name = ''): Arbitrary<unknown> {
  const resolved = resolve(schema);
  const isMap = typeof resolved.additionalProperties === 'object';
  const isPlain = !resolved.properties && !resolved.items;
  const isList = resolved.items !== undefined;
  const known = SENSIBLE[name]?.filter((value) => Array.isArray(value) === isList) ?? [];
  const sensible = (isPlain || isMap || isList) && known.length > 0 ? known : undefined;
  const fitting = fc.oneof(
    ...[resolved.type].flat().map((type: string) => ofType(resolved, type)),
  ) as Arbitrary<unknown>;
  return often(sensible ? often(fc.constantFrom(...sensible), fitting, 6) : fitting, nastyValue);
}

function ofType(schema: Json, type: string): Arbitrary<unknown> {
  if (schema.enum) return fc.constantFrom(...schema.enum);
  switch (type) {
    case 'null':
      return fc.constant(null);
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return fc.integer();
    case 'number':
      return fc.oneof(fc.nat(), fc.double());
    case 'string':
      return schema.format === 'date-time'
        ? fc.date({ noInvalidDate: true }).map((date) => date.toISOString())
        : fc.oneof(fc.stringMatching(/^[A-Za-z0-9._-]{1,12}$/), nastyString);
    case 'array':
      return fc.array(schema.items ? valuesOf(schema.items) : nastyValue, { maxLength: 4 });
    default:
      return typeof schema.additionalProperties === 'object'
        ? fc.dictionary(fc.oneof(fc.string(), nastyString), valuesOf(schema.additionalProperties), {
            maxKeys: 4,
          })
        : objectOf(schema);
  }
}

function objectOf(schema: Json): Arbitrary<unknown> {
  const { properties = {}, required = [] } = schema;
  const fields = Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [name, valuesOf(value, name)]),
  );
  const whole = fc.record(fields, { requiredKeys: required });
  const lacking = fc.record(fields, { requiredKeys: [] });
  const extended = fc
    .tuple(whole, fc.dictionary(nastyString, nastyValue, { maxKeys: 3 }))
    .map(([object, more]) => ({ ...more, ...object }));
  return fc.oneof(
    { weight: 6, arbitrary: whole },
    { weight: 1, arbitrary: lacking },
    { weight: 1, arbitrary: extended },
  );
}

function resolve(schema: Json): Json {
  return schema.$ref ? document.components.schemas[schema.$ref.split('/').at(-1)] : schema;
}

function written(value: unknown): string {
  return (JSON.stringify(value) ?? '').replace(/"@raw(\d+)@"/g, (_, index) => RAW[Number(index)] as string);
}

/** A form, most often with every field that there is. */
function formOf(schema: Json): Arbitrary<string> {
  const { properties } = resolve(schema);
  const whole = fc.record(
    Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, valuesOf(value, name)])),
  );
  const text = (value: unknown) => encoded(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
  const form = often<unknown>(whole, objectOf(resolve(schema)), 6).map((fields) =>
    Object.entries(fields as object)
      .map(([name, value]) => `${encoded(name)}=${text(value)}`)
      .join('&'),
  );
  return often(form, fc.constantFrom('', '&', '=', 'code=%zz', 'code=a&code=b', '__proto__=x', 'a[b]=c'));
}

/** JSON text, now and then no longer JSON. */
function textOf(value: Arbitrary<unknown>): Arbitrary<string> {
  const text = value.map(written);
  const broken = fc
    .tuple(
      text,
      fc.nat(),
      fc.oneof(fc.constantFrom('', '"', '{', ']', ',', '\0', '\ufeff', '\\'), fc.string()),
    )
    .map(([whole, at, piece]) => whole.slice(0, at % (whole.length + 1)) + piece);
  return often(text, fc.oneof(broken, fc.constantFrom('', 'null', '[]', '{"inputs":{}}', ...RAW)));
}

const ODD_PATHS = [
  '%',
  '%zz',
  '%C0%80',
  '%00',
  '%ED%A0%80',
  '%2e%2e',
  '..',
  '%2F',
  'a'.repeat(600),
  'a'.repeat(3_000),
];
const segmentOf = (name: string, schema: Json) =>
  often(
    valuesOf(schema, name).map((value) =>
      encoded(typeof value === 'string' ? value : (JSON.stringify(value) ?? '')),
    ),
    fc.constantFrom(...ODD_PATHS),
  );

function encoded(text: string): string {
  try {
    // A mark stays readable: it is replaced when the request goes out.
    return encodeURIComponent(text).replaceAll('%40', '@');
  } catch {
    return '%ED%A0%80';
  }
}

function shots({ method, path, operation }: Operation): Arbitrary<Shot> {
  const parameters: Json[] = operation.parameters ?? [];
  const schemaType = path.endsWith('/purge') ? 'archivedSchemaType' : 'schemaType';
  const segments = path.split('/').map((part) => {
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    return name === undefined
      ? fc.constant(part)
      : segmentOf(
          path.includes('/schemas/') && name === 'objectType' ? schemaType : name,
          parameters.find((parameter) => parameter.name === name).schema,
        );
  });
  const pair = fc.oneof(
    ...parameters
      .filter((parameter) => parameter.in === 'query')
      .map(({ name, schema }) => segmentOf(name, schema).map((value) => `${name}=${value}`)),
    fc.tuple(nastyString, nastyString).map(([name, value]) => `${encoded(name)}=${encoded(value)}`),
    fc.constantFrom('&', '=', '%zz', '%ff=%00', '__proto__[a]=1', 'limit=1&limit=2', 'hapikey=@key'),
  );
  const [[media, { schema: sent = undefined } = {}] = []] = Object.entries<Json>(
    operation.requestBody?.content ?? {},
  );
  const hasBody = sent !== undefined;
  const secret = secretOf(operation);
  // Wrong admin keys are few: who shows many is made to wait, with the right one too.
  const tokens = often(
    fc.constant('Bearer @token'),
    fc.constantFrom(
      '',
      'Bearer @foreign',
      'Bearer',
      'Bearer x',
      'Basic eDp5',
      `Bearer ${LONG}`,
      'bearer  @token ',
    ),
  );
  const body = media === FORM ? formOf(sent) : textOf(hasBody ? valuesOf(sent) : nastyValue);
  return fc.record({
    method: fc.constant(method.toUpperCase()),
    // A slash at the end is passed over: without its last parameter a path is another operation's.
    path: fc
      .tuple(...segments)
      .map((parts) => parts.join('/'))
      .filter((sent) => !sent.endsWith('/')),
    query: often(
      fc.constant(''),
      fc.array(pair, { maxLength: 4 }).map((pairs) => pairs.join('&')),
      2,
    ),
    auth: secret === '@admin' ? fc.constantFrom('Bearer @admin', 'bearer  @admin ') : tokens,
    contentType: hasBody
      ? often<string | undefined>(
          media === FORM
            ? fc.constantFrom(FORM, `${FORM}; charset=utf-8`)
            : fc.constantFrom('application/json', 'application/json; charset=utf-8'),
          fc.constantFrom(
            undefined,
            'text/plain',
            'application/xml',
            ';;;',
            FORM,
            'application/json',
            'application/jsonx',
          ),
        )
      : fc.constantFrom(undefined, undefined, undefined, 'application/json', 'text/plain'),
    body: hasBody
      ? often<string | undefined>(body, fc.constant(undefined), 40)
      : often(fc.constant(undefined), body),
  });
}

/** What opens an operation: a token, or an admin key. */
function secretOf(operation: Json): string {
  return operation.security.some((way: Json) => 'admin_key' in way) ? '@admin' : '@token';
}

// ---- whom it meets ----

interface World {
  /** Mark to value. */
  marks: Record<string, string>;
  /** Puts back what a request may have changed or archived. */
  renew(part: Part): Promise<void>;
}

/** What an operation may take away; each is put back by itself, for there are thousands of requests. */
type Part =
  | 'token'
  | 'template'
  | 'records'
  | 'definitions'
  | 'schema'
  | 'archivedSchema'
  | 'association'
  | 'consents';

const TOKENS = [
  { name: 'petName', label: 'Name', type: 'string' },
  { name: 'petAge', label: 'Age', type: 'number' },
  { name: 'petColor', label: 'Color', type: 'enumeration', options: [{ value: 'black', label: 'Black' }] },
];

/** A consent with a code that is good, and one with tokens that are. */
async function newTokens({ portalId, appId }: Tenant): Promise<World['marks']> {
  const [code, spent] = [newSecret('code'), newSecret('code')];
  const [access, refresh] = [newSecret('token'), newSecret('refresh')];
  const at = Date.now();
  const consent = {
    portalId,
    appId,
    user: { id: 1, email: 'fuzz@example.com' },
    scopes: ['timeline'],
    redirectUri: 'https://app.example/cb',
    codeExpiresAt: at + 600_000,
  };
  for (const each of [code, spent]) await store.createConsent({ ...consent, codeHash: digest(each) });
  const { id = 0 } = store.consentByCode(digest(spent)) ?? {};
  await store.redeemCode(id, at);
  const hashes = { accessHash: digest(access), refreshHash: digest(refresh) };
  await store.issue({ consentId: id, ...hashes, scopes: ['timeline'], at, expiresAt: at + 600_000 });
  return { '@code': code, '@access': access, '@refresh': refresh };
}

async function newWorld(): Promise<World> {
  const tenant = await createTenant(server.folder, { lenient: true });
  const options = { token: tenant.token };
  const marks: World['marks'] = {
    '@admin': ADMIN_KEY,
    '@token': tenant.token,
    '@key': tenant.developerKey,
    '@foreign': foreign.token,
    '@app': String(tenant.appId),
    '@portal': String(tenant.portalId),
    '@client': tenant.clientId,
    '@secret': tenant.clientSecret,
  };
  const made = async (path: string, body: object, token = options.token): Promise<Json> => {
    const answer = await server.call('POST', path, body, { token });
    expect(answer.status, answer.text).toBeLessThan(300);
    return answer.json;
  };
  const company = await made('/crm/v3/objects/companies', { properties: { name: 'Fuzz' } });
  marks['@company'] = company.id;
  let renewals = 0;
  const parts: Record<Part, () => Promise<void>> = {
    async token() {
      const asked = { appId: tenant.appId, scopes: ALL_SCOPES };
      const issued = await made(`/timeline/v1/portals/${tenant.portalId}/tokens`, asked, ADMIN_KEY);
      options.token = issued.accessToken;
      Object.assign(marks, { '@issued': issued.tokenId, '@token': issued.accessToken });
    },
    async template() {
      const template = await made(`${V3}/${tenant.appId}/event-templates`, {
        name: 'Fuzz',
        headerTemplate: '{{petName}}',
        detailTemplate: '{{extraData.a}}',
        tokens: TOKENS,
      });
      marks['@template'] = template.id;
      await parts.records();
    },
    async records() {
      // Whoever was erased cannot come again.
      const emails = [`fuzz${renewals}@example.com`, `other${renewals}@example.com`];
      const about = {
        eventTemplateId: marks['@template'],
        tokens: { petName: 'Art3mis' },
        extraData: { a: 1 },
      };
      const inputs = emails.map((email) => ({ ...about, email }));
      const { results } = await made(`${V3}/events/batch/create`, { inputs });
      const [event, other] = emails.map((email) => results.find((each: Json) => each.email === email));
      Object.assign(marks, {
        '@event': event.id,
        '@record': event.objectId,
        '@other': other.objectId,
        '@mail': emails[0],
      });
    },
    async definitions() {
      const [property, group] = [`kind${renewals}`, `pets${renewals}`];
      const definition = { name: property, label: 'Kind', type: 'string', fieldType: 'text' };
      await made('/crm/v3/properties/contacts/groups', { name: group, label: 'Pets' });
      await made('/crm/v3/properties/contacts', { ...definition, groupName: 'contactinformation' });
      Object.assign(marks, { '@property': property, '@group': group });
    },
    async schema() {
      const path = `/crm/v3/schemas/${marks['@custom']}`;
      const known = await server.call('GET', path, undefined, options);
      if (known.status === 200) return;
      await server.call('DELETE', `${path}?archived=true`, undefined, options); // there are not to be too many
      const schema = { name: `toys${renewals}`, labels: { singular: 'Toy', plural: 'Toys' } };
      marks['@custom'] = (await made('/crm/v3/schemas', schema)).id;
      await parts.association();
    },
    async archivedSchema() {
      const schema = { name: `gone${renewals}`, labels: { singular: 'Gone', plural: 'Gone' } };
      marks['@gone'] = (await made('/crm/v3/schemas', schema)).id;
      await server.call('DELETE', `/crm/v3/schemas/${marks['@gone']}`, undefined, options);
    },
    async association() {
      const type = marks['@custom'];
      const pair = { fromObjectTypeId: type, toObjectTypeId: '0-1' };
      marks['@association'] = (await made(`/crm/v3/schemas/${type}/associations`, pair)).id;
    },
    async consents() {
      Object.assign(marks, await newTokens(tenant));
    },
  };
  const renew = async (part: Part) => {
    renewals++;
    await parts[part]();
  };
  const first = ['token', 'template', 'definitions', 'schema', 'archivedSchema', 'consents'] as const;
  for (const part of first) await renew(part);
  return { marks, renew };
}

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

let addresses = 0;

/** Sends the shot as it stands: fetch would tidy addresses and refuse bodies on GET. */
function fire(shot: Shot, marks: World['marks']): Promise<Answer> {
  const marked = (text: string) => text.replace(/@[a-z]+/g, (mark) => marks[mark] ?? mark);
  const body = shot.body === undefined ? undefined : Buffer.from(marked(shot.body));
  return new Promise((done, failed) => {
    const sent = httpRequest(
      server.baseUrl,
      {
        // Attempts that fail are limited by address: each comes from another one.
        ...(shot.path.startsWith('/oauth/')
          ? { agent: false as const, localAddress: `127.8.${++addresses >> 8}.${addresses & 255 || 1}` }
          : { agent }),
        method: shot.method,
        path: marked(shot.query === '' ? shot.path : `${shot.path}?${shot.query}`),
        headers: {
          ...(shot.auth === '' ? {} : { authorization: marked(shot.auth) }),
          ...(shot.contentType === undefined ? {} : { 'content-type': shot.contentType }),
          ...(body === undefined ? {} : { 'content-length': body.length }),
        },
      },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part) => parts.push(part));
        response.on('error', failed);
        response.on('end', () =>
          done({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(parts).toString(),
          }),
        );
      },
    );
    sent.on('error', failed);
    sent.end(body);
  });
}

// ---- what must come back ----

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const ajv = new Ajv2020({
  strict: false,
  formats: {
    'date-time': (text: string) =>
      /^[+-]?\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/.test(text) && !Number.isNaN(Date.parse(text)),
    uuid: UUID,
    int32: { type: 'number', validate: (value: number) => value === (value | 0) },
  },
});
ajv.addSchema({ $id: 'document', components: { schemas: closed(document.components.schemas) } });
const isError = ajv.compile({ $ref: 'document#/components/schemas/Error' });
const isOAuthError = ajv.compile({ $ref: 'document#/components/schemas/OAuthError' });

/** The schemas with nothing allowed that they do not name. */
function closed(schemas: Json): Json {
  return Object.fromEntries(
    Object.entries<Json>(schemas).map(([name, schema]) => [name, { additionalProperties: false, ...schema }]),
  );
}

function validators(operation: Json): Map<number, ValidateFunction | undefined> {
  return new Map(
    Object.entries<Json>(operation.responses)
      .filter(([status]) => status !== 'default')
      .map(([status, { content }]) => {
        const $ref = content?.['application/json']?.schema.$ref;
        return [Number(status), $ref && ajv.compile({ $ref: `document${$ref}` })];
      }),
  );
}

function check(
  { status, headers, text }: Answer,
  documented: Map<number, ValidateFunction | undefined>,
): void {
  expect(status, text).toBeLessThan(500);
  const id = headers['x-hubspot-correlation-id'];
  expect(id).toMatch(UUID);
  if (status >= 300) {
    expect(headers['content-type']).toMatch(/^application\/json/);
    const body = JSON.parse(text);
    const fits = body.error === undefined ? isError : isOAuthError;
    expect(fits(body) || fits.errors, text).toBe(true);
    expect(body).toMatchObject(
      body.error === undefined ? { status: 'error', correlationId: id } : { correlationId: id },
    );
    expect(body.message).toMatch(/\S/);
    return;
  }
  expect([...documented.keys()]).toContain(status);
  const validate = documented.get(status);
  if (validate) {
    expect(headers['content-type']).toMatch(/^application\/json/);
    expect(validate(JSON.parse(text)) || validate.errors, text).toBe(true);
  } else if (status === 204) expect(text).toBe('');
  else expect(headers['content-type']).toBe('text/html; charset=utf-8');
}

describe.each(operationsOf(document))('$id', (target) => {
  test('answers every request as documented, and none with 5xx', async () => {
    const world = await newWorld();
    const documented = validators(target.operation);
    const spent = spentBy(target.id);
    const statuses = new Set<number>();
    // The fuzz reaches both sides of every operation; where one is rare, it goes on until it does.
    const ends = () => ({
      answered: [...statuses].some((status) => status < 300),
      // Nothing can be wrong with how the metadata are asked for.
      refused: target.id === 'getOAuthMetadata' || [...statuses].some((status) => status >= 400),
    });
    for (let round = 0; round < MAX_ROUNDS && Object.values(ends()).includes(false); round++)
      await fc.assert(
        fc.asyncProperty(shots(target), async (shot) => {
          const answer = await fire(shot, world.marks);
          check(answer, documented);
          statuses.add(answer.status);
          if (answer.status < 300 && spent) await world.renew(spent);
        }),
        { numRuns: RUNS },
      );
    expect(ends()).toEqual({ answered: true, refused: true });
  });
});

/** What an operation takes away, when it works, that the next request needs. */
const SPENDS: Readonly<Record<string, Part>> = {
  updateTemplate: 'template',
  archiveTemplate: 'template',
  updateToken: 'template',
  archiveToken: 'template',
  mergeContacts: 'records',
  eraseContact: 'records',
  archiveRecord: 'records',
  archiveRecords: 'records',
  archiveProperty: 'definitions',
  archiveProperties: 'definitions',
  archivePropertyGroup: 'definitions',
  archiveSchema: 'schema',
  purgeSchema: 'archivedSchema',
  archiveAssociationType: 'association',
  uninstallApp: 'token',
  revokePrivateToken: 'token',
  deleteRefreshToken: 'consents',
  revokeOAuthToken: 'consents',
};
/** They put in or set what can be put in or set again. */
const LASTING = ['associateRecords', 'associateRecordsAs', 'dissociateRecords', 'installApp'];

function spentBy(id: string): Part | undefined {
  return SPENDS[id.replace(REPEATED, '')];
}

test('of every operation that replaces or removes it is known what it takes away', () => {
  const known = [...Object.keys(SPENDS), ...LASTING];
  const removing = operationsOf(document).filter(({ method }) => ['put', 'delete'].includes(method));
  expect(removing.map(({ id }) => id.replace(REPEATED, '')).filter((id) => !known.includes(id))).toEqual([]);
});

/** The body with each of its parts in turn replaced by each hostile value, and with each hostile name added. */
function* spoilt(part: Json, whole: (part: unknown) => unknown = (same) => same): Generator<unknown> {
  for (const value of [...NASTY_CONSTANTS, ...NASTY_STRINGS, ...RAW.map((_, index) => rawMark(index))])
    yield whole(value);
  if (typeof part !== 'object') return;
  for (const [name, value] of Object.entries(part))
    yield* spoilt(value, (other) =>
      whole(Array.isArray(part) ? part.with(Number(name), other) : { ...part, [name]: other }),
    );
  if (!Array.isArray(part))
    for (const name of NASTY_STRINGS)
      for (const value of ['text', rawMark(RAW.indexOf(STRANGE_OBJECT))])
        yield whole(Object.fromEntries([...Object.entries(part), [name, value]]));
}

describe.each(
  operationsOf(document).filter(
    ({ id, operation }) => !REPEATED.test(id) && operation.requestBody?.content['application/json'],
  ),
)('the example of $id', ({ id, method, path, operation }) => {
  test('may have anything in any place', async () => {
    const { marks, renew } = await newWorld();
    const documented = validators(operation);
    const address = path
      .replace('/schemas/{objectType}', '/schemas/@custom')
      .replace('{associationIdentifier}', '@association')
      .replace('{eventTemplateId}', '@template')
      .replace('{appId}', '@app')
      .replace('{tokenName}', 'petName')
      .replace('{objectType}', 'contacts')
      .replace('{propertyName}', '@property')
      .replace('{groupName}', '@group')
      .replace('{objectId}', '@record')
      .replace('{toObjectType}', 'companies')
      .replace('{toObjectId}', '@company')
      .replace('{portalId}', '@portal')
      .replace('{objectType}', 'contacts')
      .replace('{objectId}', '@record')
      .replace('{formGuid}', SENSIBLE.formGuid?.[0] as string);
    const { example } = operation.requestBody.content['application/json'];
    // The tenant's own things stand in for the example's.
    const body = JSON.parse(
      JSON.stringify(example)
        .replaceAll(TEMPLATE, '@template')
        .replaceAll('"200001"', '"@app"')
        .replaceAll('{"name":"pet_kind"}', '{"name":"@property"}')
        .replaceAll('"2-100001"', '"@custom"')
        .replaceAll('"28001"', '"@record"')
        .replaceAll('"28002"', '"@other"'),
    );
    const shot = {
      method: method.toUpperCase(),
      path: address,
      query: '',
      auth: `Bearer ${secretOf(operation)}`,
      contentType: 'application/json',
    };
    const statuses = new Set<number>();
    const spent = spentBy(id);
    const bodies = [...spoilt(body)].map(written);
    const together = spent ? 1 : AT_ONCE;
    for (let at = 0; at < bodies.length; at += together) {
      const some = bodies.slice(at, at + together);
      for (const answer of await Promise.all(some.map((body) => fire({ ...shot, body }, marks)))) {
        check(answer, documented);
        statuses.add(answer.status);
        if (answer.status < 300 && spent) await renew(spent);
      }
    }
    expect([...statuses].some((status) => status < 300)).toBe(true);
    expect([...statuses].some((status) => status >= 400)).toBe(true);
  });
});

test("after all that the server still answers the seed's event", async () => {
  const { example } = document.paths[`${V3}/events`].post.requestBody.content['application/json'];
  const created = await request(server.baseUrl, 'POST', `${V3}/events`, example);
  expect(created.status).toBe(201);
  const read = await server.call('GET', `${V3}/events/${TEMPLATE}/${created.json.id}`);
  expect(read.text).toBe(created.text);
  const templates = await server.call('GET', `${V3}/${APP}/event-templates`);
  expect(templates.json.results.map((template: Json) => template.id)).toEqual([TEMPLATE]);
});
