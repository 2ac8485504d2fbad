// Custom objects over HTTP: what a schema may say, what its records must have, and events that stand on them.
import { afterAll, describe, expect, test } from 'vitest';
import { MAX_SCHEMAS_PER_PORTAL } from '../../dist/records/schema.js';
import { type Answer, createTenant, type Json, startDev, V3 } from '../harness.js';
import { expectRefused, faultyFields, fresh, issueToken, makeTemplate, timelinePath } from './support.js';

const server = await startDev();
afterAll(() => server.close());

const SCHEMAS = '/crm/v3/schemas';
type Tenant = Awaited<ReturnType<typeof createTenant>>;
const NAME = { name: 'pet_name', label: 'Name', type: 'string', fieldType: 'text' };
const AGE = { name: 'age', label: 'Age', type: 'number', fieldType: 'number' };

function schemaOf(name: string, more: object = {}) {
  return {
    name,
    labels: { singular: 'Pet', plural: 'Pets' },
    primaryDisplayProperty: 'pet_name',
    requiredProperties: ['pet_name'],
    properties: [NAME, AGE],
    associatedObjects: ['CONTACT'],
    ...more,
  };
}

let count = 0;
const petName = () => `pet${process.pid}x${count++}`;

/** A new custom object of the demo's portal, or of another tenant's; its answer. */
async function makeSchema(more: object = {}, token?: string): Promise<Json> {
  const options = token === undefined ? {} : { token };
  const made = await server.call('POST', SCHEMAS, schemaOf(petName(), more), options);
  expect(made.status, made.text).toBe(201);
  return made.json;
}

async function makePet(type: string, name: string, more: object = {}, token?: string): Promise<string> {
  const options = token === undefined ? {} : { token };
  const body = { properties: { pet_name: name, ...more } };
  const made = await server.call('POST', `/crm/v3/objects/${type}`, body, options);
  expect(made.status, made.text).toBe(201);
  return made.json.id;
}

const agesOf = (count: number) => Array.from({ length: count }, (_, n) => ({ ...AGE, name: `age${n}` }));

const textsOf = (answer: Answer) => answer.json.results.map(({ id }: Json) => id);

describe('a schema', () => {
  test.each([
    ['no letter first', { name: '1pet' }, ['name']],
    ["a standard type's name", { name: 'contacts' }, ['name']],
    ["what reads as another portal's", { name: 'p1_pet' }, ['name']],
    ['what reads as a full name in another letter case', { name: 'P8420_pet' }, ['name']],
    ['no labels', { labels: {} }, ['labels.singular', 'labels.plural']],
    ['an unknown primary property', { primaryDisplayProperty: 'x' }, ['primaryDisplayProperty']],
    ['an unknown required property', { requiredProperties: ['pet_name', 'x'] }, ['requiredProperties[1]']],
    [
      'three secondary properties',
      { secondaryDisplayProperties: ['pet_name', 'age', 'hs_object_id'] },
      ['secondaryDisplayProperties'],
    ],
    ['an unknown associated type', { associatedObjects: ['CONTACT', 'PLANET'] }, ['associatedObjects[1]']],
    [
      'a property that is wrong',
      { properties: [NAME, { ...AGE, fieldType: 'text' }] },
      ['properties[1].fieldType'],
    ],
    ['a property twice', { properties: [NAME, NAME] }, ['properties[1].name']],
    [
      'a property that every type has',
      { properties: [NAME, { ...NAME, name: 'hs_object_id' }] },
      ['properties[1].name', 'properties[1].name'],
    ],
    [
      'a label that is too long',
      { labels: { singular: 'x'.repeat(201), plural: 'Pets' } },
      ['labels.singular'],
    ],
    ['too long a description', { description: 'x'.repeat(2_001) }, ['description']],
    ['101 required properties', { requiredProperties: Array(101).fill('pet_name') }, ['requiredProperties']],
    ['21 that are searched', { searchableProperties: Array(21).fill('pet_name') }, ['searchableProperties']],
    ['201 properties', { properties: [NAME, ...agesOf(200)] }, ['properties']],
    [
      '11 properties with unique values',
      { properties: [NAME, ...agesOf(11).map((each) => ({ ...each, hasUniqueValue: true }))] },
      ['properties'],
    ],
    ['51 associated types', { associatedObjects: Array(51).fill('CONTACT') }, ['associatedObjects']],
  ])('with %s is refused, and says where', async (_what, more, fields) => {
    const answer = await server.call('POST', SCHEMAS, schemaOf(petName(), more));
    expectRefused(answer, 400);
    expect(faultyFields(answer)).toEqual(fields);
  });

  test('is made with as much of each as it may have', async () => {
    const made = await makeSchema({
      labels: { singular: 'x'.repeat(200), plural: 'y'.repeat(200) },
      description: 'x'.repeat(2_000),
      properties: [NAME, ...agesOf(199)],
      requiredProperties: ['pet_name', ...agesOf(99).map(({ name }) => name)],
      searchableProperties: ['pet_name', ...agesOf(19).map(({ name }) => name)],
      secondaryDisplayProperties: ['age0', 'age1'],
      associatedObjects: Array(50).fill('CONTACT'),
    });
    expect(made.requiredProperties).toHaveLength(100);
  });

  test('has a name that no other has, in any letter case, archived ones too', async () => {
    const { name, id } = await makeSchema();
    const same = schemaOf(name.toUpperCase());
    expectRefused(await server.call('POST', SCHEMAS, same), 409, 'CONFLICT');
    expect((await server.call('DELETE', `${SCHEMAS}/${id}`)).status).toBe(204);
    expectRefused(await server.call('POST', SCHEMAS, same), 409, 'CONFLICT');
    expectRefused(await server.call('DELETE', `${SCHEMAS}/${id}`), 404, 'OBJECT_NOT_FOUND');
    expect((await server.call('DELETE', `${SCHEMAS}/${id}?archived=true`)).status).toBe(204);
    expectRefused(await server.call('DELETE', `${SCHEMAS}/${id}?archived=true`), 404, 'OBJECT_NOT_FOUND');
    const again = await server.call('POST', SCHEMAS, same);
    expect(again.status).toBe(201);
    expect(again.json.id).not.toBe(id);
  });

  test('is dropped by its name too, or its full name, in any letter case', async () => {
    for (const nameOf of [
      ({ name }: Json) => name.toUpperCase(),
      ({ fullyQualifiedName: [p, ...rest] }: Json) => p + rest.join('').toUpperCase(),
    ]) {
      const made = await makeSchema();
      const path = `${SCHEMAS}/${nameOf(made)}`;
      expectRefused(await server.call('DELETE', `${path}?archived=true`), 404, 'OBJECT_NOT_FOUND');
      expect((await server.call('DELETE', path)).status).toBe(204);
      expect((await server.call('DELETE', `${path}?archived=true`)).status).toBe(204);
    }
  });

  test('is purged once it is archived, as version 11 of the client asks for it', async () => {
    const { id } = await makeSchema();
    const purge = () => server.call('DELETE', `${SCHEMAS}/${id}/purge`);
    expectRefused(await purge(), 404, 'OBJECT_NOT_FOUND');
    expect((await server.call('GET', `${SCHEMAS}/${id}`)).status).toBe(200);
    expect((await server.call('DELETE', `${SCHEMAS}/${id}`)).status).toBe(204);
    expect((await purge()).status).toBe(204);
    expectRefused(await purge(), 404, 'OBJECT_NOT_FOUND');
  });

  test('that has records is not archived', async () => {
    const { id } = await makeSchema();
    const pet = await makePet(id, 'Rex');
    const refused = await server.call('DELETE', `${SCHEMAS}/${id}`);
    expectRefused(refused, 400);
    expect(faultyFields(refused)).toEqual(['objectType']);
    expect((await server.call('DELETE', `/crm/v3/objects/${id}/${pet}`)).status).toBe(204);
    expect((await server.call('DELETE', `${SCHEMAS}/${id}`)).status).toBe(204);
    for (const path of [`/crm/v3/objects/${id}/${pet}`, `/crm/v3/properties/${id}`, `${SCHEMAS}/${id}`])
      expectRefused(await server.call('GET', path), 404, 'OBJECT_NOT_FOUND');
    const more = { properties: { pet_name: 'Max' } };
    expectRefused(await server.call('POST', `/crm/v3/objects/${id}`, more), 404, 'OBJECT_NOT_FOUND');
  });

  test('changes in what is sent; its description can go', async () => {
    const made = await makeSchema({ description: 'Animals' });
    const path = `${SCHEMAS}/${made.fullyQualifiedName}`;
    const changed = await server.call('PATCH', path, {
      labels: { plural: 'Animals' },
      searchableProperties: ['pet_name'],
      requiredProperties: [],
      clearDescription: true,
    });
    expect(changed.status, changed.text).toBe(200);
    expect(changed.json).toMatchObject({
      id: made.id,
      labels: { singular: 'Pet', plural: 'Animals' },
      searchableProperties: ['pet_name'],
      requiredProperties: [],
      primaryDisplayProperty: 'pet_name',
    });
    expect(changed.json).not.toHaveProperty('description');
    const refused = await server.call('PATCH', path, { requiredProperties: ['x'] });
    expectRefused(refused, 400);
    expect(faultyFields(refused)).toEqual(['requiredProperties[0]']);
  });

  test('of two that are changed at once neither is lost', async () => {
    const { id } = await makeSchema();
    const answers = await Promise.all([
      server.call('PATCH', `${SCHEMAS}/${id}`, { labels: { singular: 'Beast' } }),
      server.call('PATCH', `${SCHEMAS}/${id}`, { labels: { plural: 'Beasts' } }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    const { json } = await server.call('GET', `${SCHEMAS}/${id}`);
    expect(json.labels).toEqual({ singular: 'Beast', plural: 'Beasts' });
  });

  test('needs its scopes', async () => {
    const reader = await createTenant(server.folder, { scopes: ['crm.objects.custom.read'] });
    const { token } = await createTenant(server.folder, { scopes: ['crm.schemas.custom.read'] });
    for (const each of [token, reader.token]) {
      expect((await server.call('GET', SCHEMAS, undefined, { token: each })).status).toBe(200);
      const made = await server.call('POST', SCHEMAS, schemaOf(petName()), { token: each });
      expectRefused(made, 403, 'MISSING_SCOPES');
    }
    const refused = await server.call('POST', SCHEMAS, schemaOf(petName()), { token });
    expectRefused(refused, 403, 'MISSING_SCOPES');
    expect(refused.text).toContain('crm.schemas.custom.write');
    const { id } = await makeSchema();
    const foreign = await server.call('GET', `/crm/v3/objects/${id}`, undefined, { token });
    expectRefused(foreign, 404, 'OBJECT_NOT_FOUND');
  });

  // The statuses of: its records read, written; its properties read, written; schemas read, written.
  test.each([
    ['crm.objects.custom.read', [200, 403, 200, 403, 200, 403]],
    ['crm.objects.custom.write', [403, 201, 403, 201, 403, 403]],
    ['crm.schemas.custom.read', [403, 403, 200, 403, 200, 403]],
    ['crm.schemas.custom.write', [403, 403, 403, 201, 403, 201]],
    ['crm.objects.contacts.write', [403, 403, 403, 403, 403, 403]],
  ])('its records and its properties are opened by %s as far as that goes', async (scope, expected) => {
    const tenant = await createTenant(server.folder);
    const { id } = await makeSchema({}, tenant.token);
    const token = await issueToken(server.folder, { ...tenant, scopes: [scope] });
    const [records, properties] = [`/crm/v3/objects/${id}`, `/crm/v3/properties/${id}`];
    const groupName = (await server.call('GET', `${properties}/groups`, undefined, tenant)).json.results[0]
      .name;
    const statuses: number[] = [];
    for (const [path, body] of [
      [records, { properties: { pet_name: 'Rex' } }],
      [properties, { ...AGE, name: 'weight', groupName }],
      [SCHEMAS, schemaOf(petName())],
    ] as const) {
      statuses.push((await server.call('GET', path, undefined, { token })).status);
      statuses.push((await server.call('POST', path, body, { token })).status);
    }
    expect(statuses).toEqual(expected);
  });

  test('has a bounded number of neighbours', async () => {
    const { token } = await createTenant(server.folder);
    for (let n = 0; n < MAX_SCHEMAS_PER_PORTAL; n++) await makeSchema({}, token);
    const refused = await server.call('POST', SCHEMAS, schemaOf(petName()), { token });
    expectRefused(refused, 400);
    expect(refused.json.message).toContain(String(MAX_SCHEMAS_PER_PORTAL));
  });
});

describe('records of a custom object', () => {
  test('are found by id, name and full name of the type, and have its scopes', async () => {
    const { id: type, name, fullyQualifiedName } = await makeSchema();
    const pet = await makePet(type, 'Rex', { age: 3 });
    for (const each of [type, name, fullyQualifiedName, name.toUpperCase()]) {
      const read = await server.call('GET', `/crm/v3/objects/${each}/${pet}?properties=pet_name,age`);
      expect(read.json.properties).toMatchObject({ pet_name: 'Rex', age: '3', hs_object_id: pet });
      expect(Date.parse(read.json.properties.hs_createdate)).toBeGreaterThan(0);
    }
    const usual = await server.call('GET', `/crm/v3/objects/${type}/${pet}`);
    expect(Object.keys(usual.json.properties)).toEqual([
      'hs_createdate',
      'hs_lastmodifieddate',
      'hs_object_id',
    ]);
    const wrong = await server.call('POST', `/crm/v3/objects/${type}`, {
      properties: { pet_name: 'Rex', age: 'old' },
    });
    expectRefused(wrong, 400);
    expect(faultyFields(wrong)).toEqual(['properties.age']);
  });

  test('of a type that is not there are refused by the name of the type', async () => {
    const answer = await server.call('POST', '/crm/v3/objects/unheard_of', { properties: {} });
    expectRefused(answer, 404, 'OBJECT_NOT_FOUND');
    expect(answer.json.message).toMatch(
      /^resource not found: this portal has no type of records 'unheard_of'; name /,
    );
    expect(answer.json.context).toEqual({ objectType: ['unheard_of'] });
  });

  test('need what is required when they are made, one by one and in batches, not when they change', async () => {
    const { id: type } = await makeSchema();
    const lacking = await server.call('POST', `/crm/v3/objects/${type}`, { properties: { age: 1 } });
    expectRefused(lacking, 400);
    expect(faultyFields(lacking)).toEqual(['properties.pet_name']);
    expect(lacking.json.message).toContain('Some required properties were not set');
    const batch = await server.call('POST', `/crm/v3/objects/${type}/batch/create`, {
      inputs: [{ properties: { pet_name: 'A' } }, { properties: { pet_name: '' } }],
    });
    expect(batch.status).toBe(207);
    expect(batch.json.results).toHaveLength(1);
    expect(batch.json.errors).toMatchObject([{ context: { index: ['1'] } }]);
    const { id } = batch.json.results[0];
    const changed = await server.call('PATCH', `/crm/v3/objects/${type}/${id}`, { properties: { age: 2 } });
    expect(changed.status).toBe(200);
  });

  test('need what is required when an upsert by that very property makes them and clears it', async () => {
    const { objectTypeId: type } = await makeSchema({ properties: [{ ...NAME, hasUniqueValue: true }, AGE] });
    const upsert = (properties: object) =>
      server.call('POST', `/crm/v3/objects/${type}/batch/upsert`, {
        inputs: [{ id: 'Rex', idProperty: 'pet_name', properties }],
      });
    const refused = await upsert({ pet_name: '' });
    expect(refused.json).toMatchObject({ results: [], errors: [{ errors: [{ code: 'REQUIRED_FIELD' }] }] });
    expect((await upsert({ age: 3 })).json.results).toMatchObject([{ new: true }]);
  });

  test('are searched by their schema’s properties, and sorted by when they were made', async () => {
    const { id: type } = await makeSchema({ searchableProperties: ['pet_name'] });
    const pets = [];
    for (const name of ['Old Rex', 'Max', 'Young Rex']) pets.push(await makePet(type, name, { age: 4 }));
    const search = (body: object) => server.call('POST', `/crm/v3/objects/${type}/search`, body);
    expect(textsOf(await search({ query: 'rex' }))).toEqual([pets[0], pets[2]]);
    expect(textsOf(await search({ query: '4' }))).toEqual([]);
    expect((await search({})).json.total).toBe(3);
    const newest = await search({ sorts: [{ propertyName: 'hs_object_id', direction: 'DESCENDING' }] });
    expect(textsOf(newest)).toEqual(pets.toReversed());
    const since = { propertyName: 'hs_createdate', operator: 'GTE', value: '2020-01-01' };
    expect((await search({ filterGroups: [{ filters: [since] }] })).json.total).toBe(3);
  });

  test('are associated with the types that the schema names, custom ones too, and with no other', async () => {
    const toy = await makeSchema({ associatedObjects: [] });
    const pet = await makeSchema({ associatedObjects: ['contact', '0-2', toy.id] });
    const [rex, ball] = [await makePet(pet.id, 'Rex'), await makePet(toy.id, 'Ball')];
    const put = (from: string, fromId: string, to: string, toId: string) =>
      server.call('PUT', `/crm/v4/objects/${from}/${fromId}/associations/default/${to}/${toId}`);
    const made = await put(toy.name, ball, pet.name, rex);
    expect(made.status, made.text).toBe(200);
    const [there, back] = made.json.results.map(({ associationSpec }: Json) => associationSpec);
    expect(there.associationTypeId).not.toBe(back.associationTypeId);
    const list = await server.call('GET', `/crm/v4/objects/${pet.id}/${rex}/associations/${toy.id}`);
    expect(list.json.results).toEqual([
      {
        toObjectId: ball,
        associationTypes: [{ category: 'USER_DEFINED', typeId: back.associationTypeId, label: null }],
      },
    ]);
    const with2 = await server.call('POST', `/crm/v3/objects/${toy.id}`, {
      properties: { pet_name: 'Bone' },
      associations: [{ to: { id: rex }, types: [there] }],
    });
    expect(with2.status, with2.text).toBe(201);
    const told = await server.call('GET', `/crm/v3/objects/${pet.id}/${rex}?associations=${toy.name}`);
    expect(told.json.associations[toy.id].results.map(({ id }: Json) => id)).toEqual([ball, with2.json.id]);
    const deal = await server.call('POST', '/crm/v3/objects/deals', { properties: { dealname: 'D' } });
    expectRefused(await put(pet.id, rex, 'deals', deal.json.id), 400);
    // Nothing of a type that is archived is told.
    for (const id of [ball, with2.json.id]) await server.call('DELETE', `/crm/v3/objects/${toy.id}/${id}`);
    expect((await server.call('DELETE', `${SCHEMAS}/${toy.id}`)).status).toBe(204);
    const { json } = await server.call('GET', `${SCHEMAS}/${pet.id}`);
    expect(json.associations.map(({ toObjectTypeId }: Json) => toObjectTypeId)).toEqual(['0-1', '0-2']);
  });
});

describe('associations of types', () => {
  const associate = (at: string, from: string, to: string) =>
    server.call('POST', `${SCHEMAS}/${at}/associations`, { fromObjectTypeId: from, toObjectTypeId: to });
  const typesOf = async (type: string) =>
    (await server.call('GET', `${SCHEMAS}/${type}`)).json.associations.map(
      (each: Json) => each.toObjectTypeId,
    );

  test('come and go, from either side, and keep their ids', async () => {
    const [pet, toy] = [
      await makeSchema({ associatedObjects: [] }),
      await makeSchema({ associatedObjects: [] }),
    ];
    const [rex, ball] = [await makePet(pet.id, 'Rex'), await makePet(toy.id, 'Ball')];
    const path = `/crm/v4/objects/${pet.id}/${rex}/associations`;
    expectRefused(await server.call('PUT', `${path}/default/${toy.id}/${ball}`), 400);
    const there = await associate(pet.name, pet.id, toy.name);
    expect(there.status, there.text).toBe(201);
    expect(there.json.name).toBe(`${pet.name}_to_${toy.name}`);
    const back = await associate(pet.id, toy.id, pet.id);
    expect(back.json.id).not.toBe(there.json.id);
    expect((await associate(pet.id, pet.id, toy.id)).json).toEqual(there.json);
    expect([await typesOf(pet.id), await typesOf(toy.id)]).toEqual([[toy.id], [pet.id]]);
    expect((await server.call('PUT', `${path}/default/${toy.id}/${ball}`)).status).toBe(200);

    const apart = `${SCHEMAS}/${toy.id}/associations/${there.json.id}`;
    expect((await server.call('DELETE', apart)).status).toBe(204);
    expect([await typesOf(pet.id), await typesOf(toy.id)]).toEqual([[], []]);
    expectRefused(await server.call('GET', `${path}/${toy.id}`), 400);
    expectRefused(await server.call('DELETE', apart), 404, 'OBJECT_NOT_FOUND');
    expect((await associate(pet.id, pet.id, toy.id)).json).toEqual(there.json);
    const again = await server.call('GET', `${path}/${toy.id}`);
    expect(again.json.results.map((each: Json) => each.toObjectId)).toEqual([ball]);
  });

  test('are of the custom object in the path, with a type that is there', async () => {
    const { id } = await makeSchema();
    for (const [from, to, field] of [
      [id, 'planets', 'toObjectTypeId'],
      ['2-1', id, 'fromObjectTypeId'],
      ['contacts', 'deals', 'fromObjectTypeId'],
      [id, id, 'fromObjectTypeId'],
    ] as const) {
      const refused = await associate(id, from, to);
      expectRefused(refused, 400);
      expect(faultyFields(refused)).toEqual([field]);
    }
    for (const wrong of ['279', '0', 'x', '-1', '1e300'])
      expectRefused(
        await server.call('DELETE', `${SCHEMAS}/${id}/associations/${wrong}`),
        404,
        'OBJECT_NOT_FOUND',
      );
  });
});

describe('events on a custom object', () => {
  const walked = { name: 'Walked', headerTemplate: 'Walked {{where}}' };
  const WHERE = { name: 'where', label: 'Where', type: 'string', objectPropertyName: 'last_place' };
  const AGED = { name: 'age', label: 'Age', type: 'string', objectPropertyName: 'age' };

  test('have a template by the demo’s developer key too, all that HubSpot’s client sends with templates', async () => {
    const { name: objectType } = await makeSchema();
    const path = `${V3}/8420/event-templates?hapikey=demo-developer-key`;
    const made = await server.call('POST', path, { ...walked, objectType, tokens: [WHERE] }, { token: '' });
    expect(made.status, made.text).toBe(201);
  });

  test('stand on its record, and go out of sight with it', async () => {
    const { id: type, name, fullyQualifiedName } = await makeSchema();
    const rex = await makePet(type, 'Rex');
    for (const objectType of [type, name, fullyQualifiedName]) {
      const eventTemplateId = await makeTemplate(server, { ...walked, objectType, tokens: [WHERE, AGED] });
      const event = { eventTemplateId, objectId: rex, tokens: { where: objectType, age: '7' } };
      const stored = await server.event({ ...event, customObjectTypeId: type });
      expect(stored.status, stored.text).toBe(201);
      expect(stored.json).toMatchObject({ objectType: type, objectId: rex, customObjectTypeId: type });
      expect((await server.event({ ...event, customObjectTypeId: name })).status).toBe(201);

      const timeline = await server.call('GET', timelinePath(rex, { limit: '1' }, name));
      expect(timeline.json.results).toMatchObject([{ header: `<p>Walked ${objectType}</p>` }]);

      const nobody = await server.event({ ...event, objectId: undefined, email: 'rex@example.com' });
      expectRefused(nobody, 400);
      expect(faultyFields(nobody)).toEqual(['objectId']);
      for (const other of ['2-1', 'contacts', '0-1']) {
        const disagrees = await server.event({ ...event, customObjectTypeId: other });
        expectRefused(disagrees, 400);
        expect(faultyFields(disagrees)).toEqual(['customObjectTypeId']);
        expect(disagrees.json.message).toContain(type);
      }
      const unfit = await server.event({ ...event, tokens: { where: 'x', age: 'old' } });
      expectRefused(unfit, 400);
      expect(faultyFields(unfit)).toEqual(['tokens.age']);
    }
    const read = await server.call('GET', `/crm/v3/objects/${type}/${rex}?properties=age,last_place`);
    expect(read.json.properties).toMatchObject({ age: '7', last_place: fullyQualifiedName });
    expect((await server.call('GET', timelinePath(rex, {}, type))).json.results).toHaveLength(6);

    expect((await server.call('DELETE', `/crm/v3/objects/${name}/${rex}`)).status).toBe(204);
    expectRefused(await server.call('GET', timelinePath(rex, {}, type)), 404, 'OBJECT_NOT_FOUND');
  });

  test('a template is for a type that is there', async () => {
    const tenant = await createTenant(server.folder);
    const path = `${V3}/${tenant.appId}/event-templates`;
    const asked = (objectType: string, options: object) =>
      server.call('POST', path, { ...walked, objectType, tokens: [] }, options);
    const key = `?hapikey=${tenant.developerKey}`;
    const byKey = (objectType: string) =>
      server.call('POST', `${path}${key}`, { ...walked, objectType, tokens: [] }, { token: '' });
    const own = await makeSchema({}, tenant.token);
    const foreign = await makeSchema();
    for (const name of [own.id, own.name, own.fullyQualifiedName]) {
      expect((await asked(name, { token: tenant.token })).json.objectType).toBe(name);
      expect((await byKey(name)).status).toBe(201);
    }
    for (const name of [foreign.id, foreign.name, foreign.fullyQualifiedName, '2-1', 'planets']) {
      for (const refused of [await asked(name, { token: tenant.token }), await byKey(name)]) {
        expectRefused(refused, 400);
        expect(faultyFields(refused)).toEqual(['objectType']);
      }
    }
  });

  test('an app in several portals: by name each that has the type, by id its own alone', async () => {
    const first = await createTenant(server.folder);
    const second: Tenant = await createTenant(server.folder);
    const token = await issueToken(server.folder, { portalId: second.portalId, appId: first.appId });
    const [one, two] = [await makeSchema({}, first.token), await makeSchema({}, token)];
    const name = petName();
    const same = [];
    for (const each of [first.token, token]) {
      const made = await server.call('POST', SCHEMAS, schemaOf(name), { token: each });
      same.push(made.json.id);
    }
    expect(same[0]).not.toBe(same[1]);
    const options = { token: first.token, appId: first.appId };
    const template = (objectType: string) =>
      makeTemplate(server, { ...walked, objectType, tokens: [] }, options);
    const [byName, byId, own] = [await template(name), await template(same[0]), await template(one.name)];
    const mine = await makePet(name, 'Mine', {}, first.token);
    const theirs = await makePet(name, 'Theirs', {}, token);
    const send = (eventTemplateId: string, objectId: string, token: string) =>
      server.event({ eventTemplateId, objectId, tokens: {}, id: fresh('e') }, { token });
    expect((await send(byName, mine, first.token)).json.objectType).toBe(same[0]);
    expect((await send(byName, theirs, token)).json.objectType).toBe(same[1]);
    expect((await send(byId, mine, first.token)).status).toBe(201);
    for (const id of [byId, own]) {
      const refused = await send(id, theirs, token);
      expectRefused(refused, 400);
      expect(faultyFields(refused)).toEqual(['eventTemplateId']);
    }
    expect(two.id).not.toBe(one.id);
    expectRefused(await send(byName, '999999', token), 404, 'OBJECT_NOT_FOUND');
  });
});
