// Two portals with the same things in them, under the same names and often the same ids: in nothing of the CRM does
// one see the other's, or touch it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CallOptions, createTenant, type Json, startDev, type TestServer } from '../harness.js';
import { expectRefused, makeTemplate, timelinePath } from './support.js';

let server: TestServer;
const TYPES = ['contacts', 'companies', 'deals', 'tickets', 'pet'] as const;
type Type = (typeof TYPES)[number];
const NAMING: Record<Type, string> = {
  contacts: 'firstname',
  companies: 'name',
  deals: 'dealname',
  tickets: 'subject',
  pet: 'pet_name',
};

interface Side {
  word: string;
  options: CallOptions;
  portalId: number;
  appId: number;
  /** By type, in order. */
  ids: Record<Type, string[]>;
  petType: string;
}
let ada: Side;
let bob: Side;

async function made(side: Pick<Side, 'options'>, path: string, body: object): Promise<Json> {
  const answer = await server.call('POST', path, body, side.options);
  expect(answer.status, answer.text).toBe(201);
  return answer.json;
}

/** The same in each portal, but for the word. Bob has more of everything, so that ids of his are free with Ada. */
async function sideOf(word: string, count: number): Promise<Side> {
  const { token, portalId, appId } = await createTenant(server.folder, { lenient: true });
  const options = { token };
  const side: Side = {
    word,
    options,
    portalId,
    appId,
    petType: '',
    ids: { contacts: [], companies: [], deals: [], tickets: [], pet: [] },
  };
  const text = { type: 'string', fieldType: 'text' };
  const schema = await made(side, '/crm/v3/schemas', {
    name: 'pet',
    labels: { singular: word, plural: word },
    primaryDisplayProperty: 'pet_name',
    properties: [{ name: 'pet_name', label: 'Name', ...text }],
    associatedObjects: ['CONTACT'],
  });
  side.petType = schema.id;
  for (const type of TYPES) {
    await made(side, `/crm/v3/properties/${type}/groups`, { name: `${word}_group`, label: word });
    const property = { label: word, ...text, groupName: `${word}_group` };
    await made(side, `/crm/v3/properties/${type}`, { ...property, name: `of_${word}` });
    await made(side, `/crm/v3/properties/${type}`, { ...property, name: 'code', hasUniqueValue: true });
    for (let n = 0; n < count; n++) {
      const email = type === 'contacts' ? { email: `${n}@shared.example.com` } : {};
      const properties = { [NAMING[type]]: `shared ${n}`, [`of_${word}`]: word, code: `code-${n}`, ...email };
      side.ids[type].push((await made(side, `/crm/v3/objects/${type}`, { properties })).id);
    }
  }
  for (const type of TYPES.slice(1)) await server.call('PUT', pair(side, type), undefined, options);
  return side;
}

/** The association of a side's first contact with its first record of a type. */
const pair = ({ ids }: Side, type: Type) =>
  `/crm/v4/objects/contacts/${ids.contacts[0]}/associations/default/${type}/${ids[type][0]}`;
const get = (side: Side, path: string) => server.call('GET', path, undefined, side.options);
const post = (side: Side, path: string, body: object) => server.call('POST', path, body, side.options);

beforeAll(async () => {
  server = await startDev();
  ada = await sideOf('ada', 2);
  bob = await sideOf('bob', 4);
});
afterAll(() => server.close());

/** Everything that a portal says of its CRM, as one text. */
async function everything(side: Side): Promise<string> {
  const seen: string[] = [];
  const see = async (answer: Promise<{ status: number; text: string }>) => {
    const { status, text } = await answer;
    expect(status, text).toBeLessThan(300);
    seen.push(text.replace(/"(?:startedAt|completedAt)":"[^"]*"/g, ''));
  };
  await see(get(side, '/crm/v3/schemas'));
  await see(get(side, `/crm/v3/schemas/${side.petType}`));
  for (const type of TYPES) {
    const path = `/crm/v3/objects/${type}`;
    await see(get(side, `/crm/v3/properties/${type}`));
    await see(get(side, `/crm/v3/properties/${type}/groups`));
    await see(get(side, `${path}?limit=100&properties=of_ada,of_bob,code&propertiesWithHistory=code`));
    await see(get(side, `${path}?archived=true`));
    await see(post(side, `${path}/search`, { query: 'shared', properties: ['of_ada', 'of_bob'] }));
    for (const id of side.ids[type]) {
      await see(get(side, `${path}/${id}?properties=of_ada,of_bob`));
      await see(get(side, timelinePath(id, {}, type)));
    }
    if (type !== 'contacts')
      await see(get(side, `/crm/v4/objects/contacts/${side.ids.contacts[0]}/associations/${type}`));
  }
  return seen.join('\n');
}

test('what one says of itself does not name the other', async () => {
  const [ofAda, ofBob] = [await everything(ada), await everything(bob)];
  expect(ofAda).toContain('"of_ada":"ada"');
  expect(ofBob).toContain('"of_bob":"bob"');
  expect(ofAda).not.toMatch(/bob_group|"of_bob":"|"label":"bob"|"singular":"bob"/);
  expect(ofBob).not.toMatch(/ada_group|"of_ada":"|"label":"ada"|"singular":"ada"/);
  expect(ofAda).not.toContain(bob.petType);
  expect(ofBob).not.toContain(ada.petType);
});

describe.each(TYPES)('%s', (type) => {
  const path = `/crm/v3/objects/${type}`;
  const only = () => bob.ids[type].filter((id) => !ada.ids[type].includes(id));

  test('are found by everyone’s own id, e-mail, unique value and search', async () => {
    expect(only().length).toBeGreaterThan(0);
    for (const id of only()) expectRefused(await get(ada, `${path}/${id}`), 404, 'OBJECT_NOT_FOUND');
    expect((await get(ada, `${path}/code-0?idProperty=code`)).json.id).toBe(ada.ids[type][0]);
    expect((await get(bob, `${path}/code-0?idProperty=code`)).json.id).toBe(bob.ids[type][0]);
    expectRefused(await get(ada, `${path}/code-3?idProperty=code`), 404, 'OBJECT_NOT_FOUND');
    if (type === 'contacts')
      expectRefused(await get(ada, `${path}/3@shared.example.com?idProperty=email`), 404, 'OBJECT_NOT_FOUND');
    for (const [side, total] of [
      [ada, 2],
      [bob, 4],
    ] as const) {
      const filter = { propertyName: NAMING[type], operator: 'HAS_PROPERTY' };
      for (const body of [{}, { query: 'shared' }, { filterGroups: [{ filters: [filter] }] }])
        expect((await post(side, `${path}/search`, body)).json.total).toBe(total);
      const named = { propertyName: NAMING[type], operator: 'EQ', value: 'shared 0' };
      const found = await post(side, `${path}/search`, { filterGroups: [{ filters: [named] }] });
      expect(found.json.results.map(({ id }: Json) => id)).toEqual([side.ids[type][0]]);
    }
    const foreign = { propertyName: 'of_bob', operator: 'HAS_PROPERTY' };
    const none = await post(ada, `${path}/search`, { filterGroups: [{ filters: [foreign] }] });
    expect(none.json.total).toBe(0);
  });

  test('are not written, archived or associated from the other side', async () => {
    const before = await everything(bob);
    for (const id of only()) {
      const change = { properties: { [NAMING[type]]: 'stolen' } };
      const one = await server.call('PATCH', `${path}/${id}`, change, ada.options);
      expectRefused(one, 404, 'OBJECT_NOT_FOUND');
      const input = { inputs: [{ id, ...change }] };
      expect((await post(ada, `${path}/batch/update`, input)).json.numErrors).toBe(1);
      const read = await post(ada, `${path}/batch/read`, { inputs: [{ id }] });
      expect(read.json.results).toEqual([]);
      expect((await post(ada, `${path}/batch/archive`, { inputs: [{ id }] })).status).toBe(204);
      expectRefused(
        await server.call('DELETE', `${path}/${id}`, undefined, ada.options),
        404,
        'OBJECT_NOT_FOUND',
      );
      expectRefused(await get(ada, timelinePath(id, {}, type)), 404, 'OBJECT_NOT_FOUND');
      const other = type === 'contacts' ? 'companies' : 'contacts';
      const own = ada.ids[other][0];
      for (const [at, to] of [
        [`${other}/${own}`, `${type}/${id}`],
        [`${type}/${id}`, `${other}/${own}`],
      ])
        for (const method of ['PUT', 'DELETE']) {
          const way = method === 'PUT' ? 'default/' : '';
          const pair = `/crm/v4/objects/${at}/associations/${way}${to}`;
          expectRefused(await server.call(method, pair, undefined, ada.options), 404, 'OBJECT_NOT_FOUND');
        }
    }
    expect(await everything(bob)).toBe(before);
  });

  test('have properties and groups of their own side', async () => {
    const before = await everything(bob);
    const at = `/crm/v3/properties/${type}`;
    for (const name of ['of_bob', 'groups/bob_group']) {
      expectRefused(await get(ada, `${at}/${name}`), 404, 'OBJECT_NOT_FOUND');
      const change = await server.call('PATCH', `${at}/${name}`, { label: 'stolen' }, ada.options);
      expectRefused(change, 404, 'OBJECT_NOT_FOUND');
      const gone = await server.call('DELETE', `${at}/${name}`, undefined, ada.options);
      expectRefused(gone, 404, 'OBJECT_NOT_FOUND');
    }
    const names = { inputs: [{ name: 'of_bob' }] };
    expect((await post(ada, `${at}/batch/read`, names)).json.numErrors).toBe(1);
    expect((await post(ada, `${at}/batch/archive`, names)).status).toBe(204);
    expect(await everything(bob)).toBe(before);
  });

  test('carry events of their own side', async () => {
    const template = (side: Side) =>
      makeTemplate(server, { objectType: type, tokens: [] }, { ...side.options, appId: side.appId });
    const [ofAda, ofBob] = [await template(ada), await template(bob)];
    const shared = bob.ids[type][0] as string;
    const sent = { objectId: shared, tokens: {}, id: 'the-same' };
    expect((await server.event({ ...sent, eventTemplateId: ofBob }, bob.options)).status).toBe(201);
    expectRefused(
      await server.event({ ...sent, eventTemplateId: ofBob }, ada.options),
      404,
      'OBJECT_NOT_FOUND',
    );
    expectRefused(
      await get(ada, `/integrators/timeline/v3/events/${ofBob}/the-same`),
      404,
      'OBJECT_NOT_FOUND',
    );
    const own = { ...sent, objectId: ada.ids[type][0], eventTemplateId: ofAda };
    expect((await server.event(own, ada.options)).status).toBe(201);
    const timeline = await get(ada, timelinePath(own.objectId as string, {}, type));
    expect(timeline.json.results.map(({ eventTemplateId }: Json) => eventTemplateId)).toEqual([ofAda]);
  });
});

test('a custom object is its portal’s alone, whatever it is called by', async () => {
  const before = await everything(bob);
  for (const name of [bob.petType, `p${bob.portalId}_pet`]) {
    for (const path of ['/crm/v3/schemas', '/crm/v3/objects', '/crm/v3/properties'])
      expectRefused(await get(ada, `${path}/${name}`), 404, 'OBJECT_NOT_FOUND');
    for (const [method, body] of [
      ['PATCH', { labels: { plural: 'stolen' } }],
      ['DELETE', undefined],
    ] as const)
      expectRefused(
        await server.call(method, `/crm/v3/schemas/${name}`, body, ada.options),
        404,
        'OBJECT_NOT_FOUND',
      );
    const dropped = await server.call(
      'DELETE',
      `/crm/v3/schemas/${name}?archived=true`,
      undefined,
      ada.options,
    );
    expectRefused(dropped, 404, 'OBJECT_NOT_FOUND');
    const neighbour = await post(ada, '/crm/v3/schemas', {
      name: 'toy',
      labels: { singular: 'Toy', plural: 'Toys' },
      associatedObjects: [name],
    });
    expectRefused(neighbour, 400);
    const record = await post(ada, `/crm/v3/objects/${name}`, { properties: { pet_name: 'X' } });
    expectRefused(record, 404, 'OBJECT_NOT_FOUND');
  }
  const { json } = await get(bob, '/crm/v3/schemas/pet');
  const [{ id: associationTypeId }] = json.associations;
  const associated = await post(ada, '/crm/v3/objects/pet', {
    properties: { pet_name: 'X' },
    associations: [
      {
        to: { id: ada.ids.contacts[0] },
        types: [{ associationCategory: 'USER_DEFINED', associationTypeId: Number(associationTypeId) }],
      },
    ],
  });
  expectRefused(associated, 400);
  expect(await everything(bob)).toBe(before);
});
