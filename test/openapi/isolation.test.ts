// Two portals, two apps, and every route of the document: with portal A's token, or its app's developer key, each is
// asked for what is portal B's, by every id there is. B stays as it was, nothing of B's is said, and what is B's is
// answered as what does not exist. B's own token then shows that the same requests would have worked.
import { afterAll, describe, expect, test } from 'vitest';
import { digest, newSecret } from '../../dist/access/credentials.js';
import { ALL_SCOPES } from '../../dist/access/scopes.js';
import { openStore } from '../../dist/store/sqlite/engine.js';
import { ADMIN_KEY, type Answer, type Json, startDev, V3 } from '../harness.js';
import { sendForm } from '../wire/support.js';
import { type Operation, operationsOf } from './operations.js';

/** For everybody, by design: no token, and so no portal of the caller's. */
const OPEN = ['submitForm'];

/** What custom objects have not. */
const OF_CONTACTS = ['mergeContacts', 'eraseContact', 'identify'];

/** Stands in everything of B's that A never sends. */
const CANARY = 'canary';

const server = await startDev({ trustProxy: ['127.0.0.1'] });
afterAll(() => server.close());

const document: Json = await (async () => {
  const dev = await startDev();
  const answer = await dev.call('GET', '/openapi.json');
  await dev.close();
  return answer.json;
})();
/** OAuth's have no caller in a portal, but an app: they are walked by themselves, below. */
const isOAuth = ({ operation }: Operation) => operation.tags.includes('OAuth');
const operations = operationsOf(document).filter((operation) => !isOAuth(operation));

// ---- who is there ----

/** What stands for a mark such as `@record`. */
type Marks = Readonly<Record<string, string>>;

interface Tenant {
  token: string;
  developerKey: string;
  marks: Marks;
}

let serial = 0;
/** Each call from another address: nobody is made to wait for guessing. */
async function call(
  method: string,
  path: string,
  body: unknown,
  token: string,
  query: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  serial++;
  const from = `10.${(serial >> 16) & 255}.${(serial >> 8) & 255}.${serial & 255}`;
  const search = new URLSearchParams(query).toString();
  return server.call(method.toUpperCase(), search === '' ? path : `${path}?${search}`, body, {
    token,
    headers: { 'x-forwarded-for': from },
  });
}

async function make(path: string, body: unknown, token: string): Promise<Json> {
  const made = await call('POST', path, body, token);
  expect(made.status, `${path}: ${made.text}`).toBeLessThan(300);
  return made.json;
}

const CONTACTS = '/crm/v3/objects/contacts';
const PROPERTIES = '/crm/v3/properties/contacts';
const SCHEMAS = '/crm/v3/schemas';
const INDEXED = { type: 'string', fieldType: 'text' };

/** Custom objects of a tenant: one with a record and what belongs to it, one without, and one that is archived. */
async function newCustomObjects(name: string, word: string, token: string, more: Marks): Promise<Marks> {
  const schema = (kind: string) => ({
    name: `${kind}_${name}`,
    labels: { singular: `${word} ${kind}`, plural: `${word} ${kind}s` },
    primaryDisplayProperty: 'name',
    properties: [
      { ...INDEXED, name: 'name', label: `${word} name` },
      { ...INDEXED, name: 'chip', label: `${word} chip`, hasUniqueValue: true },
    ],
    associatedObjects: ['CONTACT', 'COMPANY'],
  });
  const [toy, bare, gone] = [
    await make(SCHEMAS, schema('toy'), token),
    await make(SCHEMAS, schema('bare'), token),
    await make(SCHEMAS, schema('gone'), token),
  ];
  expect((await call('DELETE', `${SCHEMAS}/${gone.id}`, undefined, token)).status).toBe(204);
  const properties = `/crm/v3/properties/${toy.id}`;
  const { '@group': group, '@property': property } = more;
  await make(`${properties}/groups`, { name: group, label: `${word} group` }, token);
  await make(
    properties,
    { ...INDEXED, name: property, label: `${word} property`, groupName: `${toy.name}_information` },
    token,
  );
  const template = await make(
    `${V3}/${more['@app']}/event-templates`,
    { name: `${word} toys`, objectType: toy.id, headerTemplate: `${word} toy` },
    token,
  );
  return {
    '@custom': toy.id,
    '@customname': toy.name,
    '@customfull': toy.fullyQualifiedName,
    '@bare': bare.id,
    '@gone': gone.id,
    '@gonename': gone.name,
    '@association': toy.associations.find(({ toObjectTypeId }: Json) => toObjectTypeId === '0-2').id,
    '@toytemplate': template.id,
    ...(await newToy(name, word, token, { '@custom': toy.id, '@toytemplate': template.id })),
  };
}

/** A record of the custom object, with an event. */
async function newToy(name: string, word: string, token: string, marks: Marks): Promise<Marks> {
  const chip = `chip-${name}`;
  const properties = { name: `${word} toy`, chip };
  const toy = await make(`/crm/v3/objects/${marks['@custom']}`, { properties }, token);
  const event = { eventTemplateId: marks['@toytemplate'], objectId: toy.id, id: `event-${chip}`, tokens: {} };
  await make(`${V3}/events`, event, token);
  return { '@toy': toy.id, '@chip': chip };
}

/** A tenant with one of everything; `name` stands in all of it. */
async function newTenant(name: string, word: string): Promise<Tenant> {
  const portal = await make('/timeline/v1/portals', { name: `${word} portal` }, ADMIN_KEY);
  const app = await make('/timeline/v1/apps', { name: `${word} app`, scopes: ALL_SCOPES }, ADMIN_KEY);
  const issued = await make(
    `/timeline/v1/portals/${portal.portalId}/tokens`,
    { appId: app.appId, scopes: ALL_SCOPES },
    ADMIN_KEY,
  );
  const token = issued.accessToken;
  const template = await make(
    `${V3}/${app.appId}/event-templates`,
    {
      name: `${word} template`,
      headerTemplate: `${word} header {{petName}}`,
      detailTemplate: `${word} detail {{extraData.note}}`,
      tokens: ['petName', 'petAge', 'petColor'].map((token) => ({
        name: token,
        label: `${word} label`,
        type: 'string',
      })),
    },
    token,
  );
  const [property, group] = [`property_${name}`, `group_${name}`];
  await make(`${PROPERTIES}/groups`, { name: group, label: `${word} group` }, token);
  await make(
    PROPERTIES,
    {
      name: property,
      label: `${word} property`,
      type: 'string',
      fieldType: 'text',
      groupName: 'contactinformation',
    },
    token,
  );
  const contact = (n: number, more: object = {}) => ({
    properties: { email: `${name}-${n}@example.com`, firstname: `${word} ${n}`, ...more },
  });
  const company = await make('/crm/v3/objects/companies', { properties: { name: `${word} company` } }, token);
  const record = await make(CONTACTS, contact(1, { [property]: `${word} value` }), token);
  const other = await make(CONTACTS, contact(2), token);
  await call(
    'PUT',
    `/crm/v4/objects/contacts/${record.id}/associations/default/companies/${company.id}`,
    undefined,
    token,
  );
  const utk = `visitor-${name}`;
  await make('/timeline/v1/identify', { utk, objectId: record.id }, token);
  const event = await make(
    `${V3}/events`,
    {
      eventTemplateId: template.id,
      id: `event-${name}`,
      objectId: record.id,
      tokens: { petName: `${word} pet` },
      extraData: { note: `${word} note` },
    },
    token,
  );
  const custom = await newCustomObjects(name, word, token, {
    '@app': app.appId,
    '@property': property,
    '@group': group,
  });
  return {
    token,
    developerKey: app.developerKey,
    marks: {
      ...custom,
      '@portal': portal.portalId,
      '@app': app.appId,
      '@issued': issued.tokenId,
      '@template': template.id,
      '@event': event.id,
      '@record': record.id,
      '@other': other.id,
      '@company': company.id,
      '@email': `${name}-1@example.com`,
      '@utk': utk,
      '@property': property,
      '@group': group,
      '@form': 'b1f9e3c0-5a1d-4f0e-9a37-0c5d2b7e6f11',
    },
  };
}

/** A and B; and B has an event by A's app too, whose template is A's own. Of B's ids, none is A's. */
async function newWorld(): Promise<{ a: Tenant; b: Tenant; shared: Marks }> {
  serial++;
  const a = await newTenant(`a${serial}`, 'plain');
  const b = await newTenant(`b${serial}`, CANARY);
  const inputs = Array.from({ length: 99 }, (_, n) => ({ properties: { firstname: `${CANARY} ${n}` } }));
  // Both count their records from the same number: B's are moved out of A's reach.
  for (const type of ['contacts', 'companies', b.marks['@custom']])
    await make(
      `/crm/v3/objects/${type}/batch/create`,
      { inputs: type === 'contacts' ? inputs : inputs.map(() => ({ properties: { name: CANARY } })) },
      b.token,
    );
  const [record, other] = await Promise.all(
    [1, 2].map((n) =>
      make(CONTACTS, { properties: { email: `far-${n}-${serial}@example.com`, lastname: CANARY } }, b.token),
    ),
  );
  const company = await make('/crm/v3/objects/companies', { properties: { name: `${CANARY} far` } }, b.token);
  await make('/timeline/v1/identify', { utk: b.marks['@utk'], objectId: record.id }, b.token);
  await call(
    'PUT',
    `/crm/v4/objects/contacts/${record.id}/associations/default/companies/${company.id}`,
    undefined,
    b.token,
  );
  const toy = await newToy(`far-b${serial}`, CANARY, b.token, b.marks);
  const far = {
    ...toy,
    '@record': record.id,
    '@other': other.id,
    '@company': company.id,
    '@email': record.properties.email,
  };
  expect(Number(record.id)).toBeGreaterThan(Number(a.marks['@other']) + 50);
  expect(Number(toy['@toy'])).toBeGreaterThan(Number(a.marks['@toy']) + 50);
  const event = { objectId: record.id, tokens: { petName: `${CANARY} pet` } };
  await make(
    `${V3}/events`,
    { ...event, eventTemplateId: b.marks['@template'], id: b.marks['@event'] },
    b.token,
  );
  const { accessToken } = await make(
    `/timeline/v1/portals/${b.marks['@portal']}/tokens`,
    { appId: a.marks['@app'], scopes: ALL_SCOPES },
    ADMIN_KEY,
  );
  const shared = { '@template': a.marks['@template'] as string, '@event': `shared-${serial}` };
  await make(
    `${V3}/events`,
    { ...event, eventTemplateId: shared['@template'], id: shared['@event'] },
    accessToken,
  );
  return { a, b: { ...b, marks: { ...b.marks, ...far } }, shared };
}

/** Ids of the same kinds that nobody has. */
const NOBODY: Marks = {
  '@portal': '99999999',
  '@app': '99999998',
  '@issued': 'ffffffffffffffff',
  '@template': '99999997',
  '@event': 'event-of-nobody',
  '@record': '99999996',
  '@other': '99999995',
  '@company': '99999994',
  '@email': 'nobody@example.com',
  '@utk': 'visitor-of-nobody',
  '@property': 'property_of_nobody',
  '@group': 'group_of_nobody',
  '@custom': '2-99999993',
  '@customname': 'type_of_nobody',
  '@customfull': 'p99999999_type_of_nobody',
  '@bare': '2-99999992',
  '@gone': '2-99999991',
  '@gonename': 'gone_of_nobody',
  '@association': '9999999100',
  '@toytemplate': '99999990',
  '@toy': '99999989',
  '@chip': 'chip-of-nobody',
};

// ---- what is asked ----

/** By name of a parameter in the path. A route with another one must be taught here whose it is. */
const PATH: Readonly<Record<string, string>> = {
  portalId: '@portal',
  appId: '@app',
  tokenId: '@issued',
  eventTemplateId: '@template',
  eventId: '@event',
  objectId: '@record',
  toObjectId: '@company',
  propertyName: '@property',
  groupName: '@group',
  formGuid: '@form',
  objectType: 'contacts',
  toObjectType: 'companies',
  tokenName: 'petName',
  associationIdentifier: '@association',
};
/** Where schemas stand, an `{objectType}` is a custom object. */
const OF_SCHEMAS = /\/schemas(?=\/|$)/;
const NAMES_OF_CUSTOM = ['@custom', '@customname', '@customfull'];
/** By name of a parameter in the query. */
const QUERY: Readonly<Record<string, string>> = {
  template: '@template',
  associations: 'companies',
  properties: 'firstname,@property',
  propertiesWithHistory: 'firstname',
  limit: '50',
};
/** What stands for somebody's in the document's examples. */
const IN_EXAMPLES: [text: string, mark: string][] = [
  ['1001298', '@template'],
  ['"28001"', '"@record"'],
  ['"28002"', '"@other"'],
  ['"200001"', '"@app"'],
  ['art3mis-pup@petspot.com', '@email'],
  ['db2a3e6f1c2d4b5a8e7f60918273a4b5', '@utk'],
  ['pet_kind', '@property'],
  ['"name":"pets","label"', '"name":"@group","label"'],
  ['"2-100001"', '"@custom"'],
  ['"groupName":"contactinformation"', '"groupName":"@group"'],
];
/** Put beside what an example says, where the schema has room for it. */
const BESIDE: Readonly<Record<string, unknown>> = {
  objectId: '@record',
  utk: '@utk',
  email: '@email',
  id: '@event',
  customObjectTypeId: '@custom',
  associations: [
    {
      to: { id: '@company' },
      types: [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: 279 }],
    },
  ],
};

/** A request with marks in it. */
interface Shot {
  path: string;
  query: Marks;
  body: string | undefined;
}

/** Requests of an operation, with marks: its example, and that with each further id that its schema knows. */
function shots({ method, path, operation }: Operation): Shot[] {
  const isOfSchemas = OF_SCHEMAS.test(path);
  const marked = path.replace(/\{(\w+)\}/g, (_, name) => {
    const custom = path.endsWith('/purge') ? '@gone' : '@custom';
    const mark = isOfSchemas && name === 'objectType' ? custom : PATH[name];
    if (mark === undefined) throw new Error(`whose is {${name}} of ${path}? Say so in PATH`);
    return mark;
  });
  const names: string[] = (operation.parameters ?? [])
    .filter((parameter: Json) => parameter.in === 'query')
    .map((parameter: Json) => parameter.name);
  const full = Object.fromEntries(names.flatMap((name) => (QUERY[name] ? [[name, QUERY[name]]] : [])));
  const queries: Marks[] = [{}, ...(Object.keys(full).length > 0 ? [full] : [])];
  const byEmail = names.includes('idProperty')
    ? [{ path: marked.replace('@record', '@email'), query: { idProperty: 'email' } }]
    : [];
  const ofCompany = marked.replace('/contacts/@record', '/companies/@company');
  const withContacts = names.includes('include') ? [{ path: ofCompany, query: { include: 'contacts' } }] : [];
  const ofGone = names.includes('archived') ? { archived: 'true' } : {};
  const archived =
    isOfSchemas && (names.includes('archived') || path.endsWith('/purge'))
      ? [...new Set(['@gone', '@gonename'].map((gone) => marked.replace(/@(?:custom|gone)/, gone)))].map(
          (path) => ({ path, query: ofGone }),
        )
      : [];
  const plain = [...queries.map((query) => ({ path: marked, query })), ...byEmail];
  const addresses = isOfSchemas
    ? [...(method === 'delete' ? plain.map(bareOf) : []), ...plain, ...archived]
    : [...plain, ...withContacts];
  const content = operation.requestBody?.content['application/json'];
  let text = JSON.stringify(content?.example);
  for (const [from, mark] of IN_EXAMPLES) text = text?.replaceAll(from, mark);
  const bodies: (string | undefined)[] = content
    ? [JSON.parse(text), ...beside(JSON.parse(text), content.schema)].map((body) => JSON.stringify(body))
    : [undefined];
  const all = addresses.flatMap((address) => bodies.map((body) => ({ ...address, body })));
  return [...all, ...(isOfSchemas ? [...otherNames(all), ...ofSchemas(all)] : [...ofCustomObjects(all)])];
}

/** What has records is not archived: one that has none can be. */
function bareOf<Of extends Pick<Shot, 'path'>>(shot: Of): Of {
  return { ...shot, path: shot.path.replace(/@custom$/, '@bare') };
}

/** The first of them of a custom object by its name and its full name, in the path. */
function otherNames([shot]: readonly Shot[]): Shot[] {
  const ofType = /@(?:custom|bare)/;
  if (!shot || !ofType.test(shot.path)) return [];
  return NAMES_OF_CUSTOM.slice(1).map((name) => ({ ...shot, path: shot.path.replace(ofType, name) }));
}

/** Custom objects that are named in what is said of another. */
function* ofSchemas([shot]: readonly Shot[]): Generator<Shot> {
  if (shot?.body === undefined) return;
  for (const name of [...NAMES_OF_CUSTOM, '@bare']) {
    if (shot.body.includes('"toObjectTypeId"'))
      yield { ...shot, body: shot.body.replace('"0-1"', `"${name}"`) };
    if (shot.body.includes('"associatedObjects"'))
      yield { ...shot, body: shot.body.replace('"CONTACT"', `"${name}"`) };
  }
  // Everybody may have a name that another portal has.
  if (shot.body.includes('"associatedObjects"'))
    yield { ...shot, body: shot.body.replace('"name":"pets"', '"name":"@customname"') };
}

/** What is asked of contacts, asked of a custom object and its record; and an event on it. */
function* ofCustomObjects(all: readonly Shot[]): Generator<Shot> {
  const ofType = (shot: Shot, name: string): Shot => ({
    path: shot.path.replace('/contacts', `/${name}`).replace('@record', '@toy').replace('@email', '@chip'),
    query: Object.fromEntries(
      Object.entries(shot.query).map(([key, value]) => [
        key,
        value.replace(/^email$/, 'chip').replace('firstname', 'name'),
      ]),
    ),
    body: shot.body
      ?.replaceAll('"email"', '"chip"')
      .replaceAll('@email', '@chip')
      .replaceAll('"firstname"', '"name"')
      .replaceAll('"contactinformation"', '"@group"')
      .replaceAll('"@record"', '"@toy"')
      .replace(/"HUBSPOT_DEFINED"(.*?)279/g, '"USER_DEFINED"$1@association'),
  });
  const ofContacts = all.filter(({ path }) => /\/contacts(?=\/|$)/.test(path));
  yield* ofContacts.map((shot) => ofType(shot, '@custom'));
  yield* ofContacts.slice(0, 1).flatMap((shot) => NAMES_OF_CUSTOM.slice(1).map((name) => ofType(shot, name)));
  for (const shot of ofContacts.filter(({ path }) => path.includes('/companies')).slice(0, 1))
    for (const name of NAMES_OF_CUSTOM)
      yield { ...shot, path: shot.path.replace('/companies', `/${name}`).replace('@company', '@toy') };
  const [event] = all;
  if (event?.path.endsWith('/events') && event.body !== undefined)
    for (const name of NAMES_OF_CUSTOM)
      yield {
        ...event,
        body: JSON.stringify({
          eventTemplateId: '@toytemplate',
          objectId: '@toy',
          customObjectTypeId: name,
          tokens: {},
        }),
      };
}

function* beside(body: Json, schema: Json): Generator<Json> {
  const { properties = {} } = schema.$ref
    ? document.components.schemas[schema.$ref.split('/').at(-1)]
    : schema;
  for (const [name, value] of Object.entries(BESIDE))
    if (name in properties && !(name in body)) yield { ...body, [name]: value };
  if (properties.inputs?.items && Array.isArray(body.inputs))
    for (const input of beside(body.inputs[0], properties.inputs.items)) yield { ...body, inputs: [input] };
}

/** Each choice of marks that are B's, while the others are A's own; at least one is B's. */
function choices(marks: readonly string[]): ReadonlySet<string>[] {
  const known = marks.filter((mark) => NOBODY[mark] !== undefined);
  expect(known.length).toBeLessThan(6);
  return Array.from(
    { length: 2 ** known.length - 1 },
    (_, bits) => new Set(known.filter((_mark, index) => (bits + 1) & (1 << index))),
  );
}

const marksIn = (text: string) => [...new Set(text.match(/@[a-z]+(?=[^a-z.]|$)/g) ?? [])];
const fill = (text: string, of: (mark: string) => string) => text.replace(/@[a-z]+(?=[^a-z.]|$)/g, of);

function ask(shot: Shot, method: string, of: (mark: string) => string) {
  return {
    method,
    path: fill(shot.path, (mark) => encodeURIComponent(of(mark))),
    query: Object.fromEntries(Object.entries(shot.query).map(([name, value]) => [name, fill(value, of)])),
    body: shot.body === undefined ? undefined : fill(shot.body, of),
  };
}

/** What B finds of its own, by every route that reads. */
async function snapshot(b: Tenant): Promise<string[]> {
  const reads = operations.filter(({ method, id }) => method === 'get' && !OPEN.includes(id));
  return Promise.all(
    reads.flatMap((operation) =>
      shots(operation).map(async (shot) => {
        const { path, query } = ask(shot, 'get', (mark) => b.marks[mark] as string);
        const token = isAdministration(operation) ? ADMIN_KEY : b.token;
        const answer = await call('get', path, undefined, token, query);
        expect(answer.status, `${operation.id} with what is B's own: ${answer.text}`).toBe(200);
        // The lists of all apps and portals have those of the other tests too.
        return /^list(?:Apps|Portals)$/.test(operation.id) ? '' : `${operation.id} ${answer.text}`;
      }),
    ),
  );
}

function isAdministration({ operation }: Operation): boolean {
  return operation.security.some((way: Json) => 'admin_key' in way);
}

/** An answer without what differs from request to request, or names whom it was asked about. */
function masked({ text }: Answer, named: readonly string[]): string {
  let told = text
    .replace(/"correlationId":"[^"]+"/g, '')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
    .replace(/\b280\d\d\b/g, "<A's>"); // B's are beyond
  for (const name of [...named].sort((x, y) => y.length - x.length)) told = told.replaceAll(name, '<named>');
  return told;
}

test('every operation is walked, but those that are for everybody', () => {
  const open = operations.filter(({ operation }) => operation.security.length === 0);
  expect(open.map(({ id }) => id).sort()).toEqual([...OPEN].sort());
  expect(operations.length).toBeGreaterThan(70);
  for (const operation of operations) expect(shots(operation).length).toBeGreaterThan(0);
});

describe.each(operations.filter(({ id }) => !OPEN.includes(id)))('$id', (operation) => {
  test("never reaches what is another portal's", async () => {
    const { a, b, shared } = await newWorld();
    const before = await snapshot(b);
    expect(before.join()).toContain(CANARY);

    const send = (
      shot: Shot,
      credentials: 'token' | 'developerKey',
      of: (mark: string) => string | undefined,
    ): Promise<Answer> => {
      const { method, path, query, body } = ask(shot, operation.method, (mark) => of(mark) as string);
      return credentials === 'token'
        ? call(method, path, body, a.token, query)
        : call(method, path, body, '', { ...query, hapikey: a.developerKey });
    };
    const unlawful = (answer: Answer, about: string) => {
      expect(answer.text, about).not.toContain(CANARY);
      expect(answer.status, about).toBeLessThan(500);
      if (isAdministration(operation)) expect(answer.status, about).toBe(401);
    };

    let foreign = 0;
    const all = shots(operation);
    for (const shot of all) {
      const marks = marksIn(`${shot.path} ${Object.values(shot.query).join(' ')} ${shot.body ?? ''}`);
      const inPath = new Set(marksIn(shot.path));
      for (const theirs of [b.marks, { ...b.marks, ...shared }])
        for (const chosen of choices(marks.filter((mark) => theirs[mark] !== a.marks[mark])))
          for (const credentials of ['token', 'developerKey'] as const) {
            const answer = await send(
              shot,
              credentials,
              (mark) => (chosen.has(mark) ? theirs : a.marks)[mark],
            );
            const about = `${operation.id} ${shot.path} ${shot.body ?? ''} with B's ${[...chosen]} by ${credentials}: ${answer.status} ${answer.text}`;
            unlawful(answer, about);
            foreign++;
            // To remove what is not there is no fault in HubSpot's CRM: one answer for all that is not there.
            const removed = operation.method === 'delete' && answer.status === 204;
            if (!removed && [...chosen].some((mark) => inPath.has(mark)))
              expect(answer.status, about).toBeGreaterThanOrEqual(400);
            const nobody = await send(
              shot,
              credentials,
              (mark) => (chosen.has(mark) ? NOBODY : a.marks)[mark],
            );
            expect(answer.status, `${about}; with nobody's ${nobody.text}`).toBe(nobody.status);
            const named = [...chosen].flatMap((mark) => [theirs[mark] as string, NOBODY[mark] as string]);
            if (answer.status >= 400) expect(masked(answer, named), about).toBe(masked(nobody, named));
          }
    }
    if (all.some(({ path, body }) => marksIn(`${path} ${body ?? ''}`).some((mark) => NOBODY[mark])))
      expect(foreign).toBeGreaterThan(0);
    expect(await snapshot(b)).toEqual(before);

    // What is A's own may work, and says nothing of B either.
    for (const shot of all)
      for (const credentials of ['token', 'developerKey'] as const) {
        const answer = await send(shot, credentials, (mark) => a.marks[mark]);
        unlawful(answer, `${operation.id} with A's own by ${credentials}: ${answer.status} ${answer.text}`);
      }

    // The very same, by whom it belongs to.
    const told: string[] = [];
    const works = async (shot: Shot) => {
      const { method, path, query, body } = ask(shot, operation.method, (mark) => b.marks[mark] as string);
      const token = isAdministration(operation) ? ADMIN_KEY : b.token;
      const own = await call(method, path, body, token, query);
      told.push(`${path} ${own.text}`);
      return own.status < 300 || own.status === 409 || own.text.includes('CONFLICTING_UNIQUE_VALUE');
    };
    const [first, ...others] = all as [Shot, ...Shot[]];
    expect(await works(first), `${operation.id} by B itself: ${told}`).toBe(true);
    const isOfCustom = ({ path, body }: Shot) => /@(?:custom|bare|toy)/.test(`${path} ${body ?? ''}`);
    if (isOfCustom(first) || !others.some(isOfCustom) || OF_CONTACTS.includes(operation.id)) return;
    const worked = await Promise.all(others.filter(isOfCustom).map(works));
    expect(worked, `${operation.id} of B's custom object by B itself: ${told}`).toContain(true);
  });
});

// ---- OAuth: there an app calls, by its client id and secret ----

const FORM = 'application/x-www-form-urlencoded';
const REDIRECT = 'https://app.example/cb';
/** Those that ask by a token in the path are for whoever has it. */
const byApps = operationsOf(document).filter(
  (each) => isOAuth(each) && !each.path.includes('{token}') && each.method === 'post',
);

/** An app that was let into a portal: its credentials, what it got there, and a code that it has not yet redeemed. */
async function newClient(word: string) {
  const portal = await make('/timeline/v1/portals', { name: `${word} portal` }, ADMIN_KEY);
  const asked = { name: `${word} app`, scopes: ['timeline'], redirectUris: [REDIRECT] };
  const app = await make('/timeline/v1/apps', asked, ADMIN_KEY);
  const client = { client_id: app.clientId, client_secret: app.clientSecret };
  const store = await openStore({ folder: server.folder, clock: Date.now });
  const consent = async () => {
    const code = newSecret('code');
    await store.createConsent({
      portalId: Number(portal.portalId),
      appId: Number(app.appId),
      user: { id: 7, email: `${word}@example.com` },
      scopes: ['timeline'],
      redirectUri: REDIRECT,
      codeHash: digest(code),
      codeExpiresAt: Date.now() + 300_000,
    });
    return code;
  };
  const codes = [await consent(), await consent()];
  await store.close();
  const grant = { grant_type: 'authorization_code', redirect_uri: REDIRECT, ...client };
  const bought = await sendForm(server, '/oauth/v3/token', { ...grant, code: codes[0] as string });
  expect(bought.status, bought.text).toBe(200);
  const { access_token: access, refresh_token: refresh } = bought.json;
  return { client, access, refresh, code: codes[1] as string };
}

/** What an operation may be asked with a secret. */
function formsWith({ operation }: Operation, secret: string): Record<string, string>[] {
  const { schema } = operation.requestBody.content[FORM];
  const { properties } = document.components.schemas[schema.$ref.split('/').at(-1)];
  if (properties.token)
    return [{}, { token_type_hint: 'access_token' }, { token_type_hint: 'refresh_token' }].map((hint) => ({
      token: secret,
      ...hint,
    }));
  return [
    { grant_type: 'authorization_code', redirect_uri: REDIRECT, code: secret },
    { grant_type: 'refresh_token', refresh_token: secret },
  ];
}

test('of OAuth every operation of an app is walked', () => {
  expect(byApps.map(({ path }) => path).sort()).toEqual(
    ['2026-03/token', '2026-03/token/introspect', '2026-03/token/revoke', 'v1/token']
      .concat(['v3/token', 'v3/token/introspect', 'v3/token/revoke'])
      .map((path) => `/oauth/${path}`),
  );
});

test.each(byApps)("$id never reaches what is another app's", async (operation) => {
  const [a, b] = [await newClient('plain'), await newClient(CANARY)];
  const ask = (secret: string, { client }: typeof a) =>
    Promise.all(
      formsWith(operation, secret).map((form) => sendForm(server, operation.path, { ...form, ...client })),
    );
  for (const secret of [b.access, b.refresh, b.code]) {
    const [theirs, nobodys] = [await ask(secret, a), await ask(newSecret('token'), a)];
    const told = (answers: Answer[]) => answers.map((each) => [each.status, masked(each, [])]);
    expect(told(theirs)).toEqual(told(nobodys));
    expect(JSON.stringify(told(theirs))).not.toContain(CANARY);
  }
  // All of it is as good as before, by whom it belongs to.
  for (const token of [b.access, b.refresh]) {
    const { json } = await sendForm(server, '/oauth/v3/token/introspect', { token, ...b.client });
    expect(json.active).toBe(true);
  }
  const own = (await Promise.all([b.refresh, b.code].map((secret) => ask(secret, b)))).flat();
  expect(own.map(({ status }) => status)).toContain(200);
  if (operation.path.endsWith('/token')) expect(own.filter(({ status }) => status === 200)).toHaveLength(2);
});
