// HubSpot's own clients, unmodified: custom objects, their records, their properties and their associations.
import { Client } from '@hubspot/api-client';
import { AssociationSpecAssociationCategoryEnum as Category } from '@hubspot/api-client/lib/codegen/crm/associations/v4/index.js';
import { FilterOperatorEnum as Operator } from '@hubspot/api-client/lib/codegen/crm/objects/index.js';
import {
  PropertyCreateFieldTypeEnum as FieldType,
  PropertyCreateTypeEnum as PropertyType,
} from '@hubspot/api-client/lib/codegen/crm/properties/index.js';
import { ObjectTypePropertyCreateTypeEnum as Kind } from '@hubspot/api-client/lib/codegen/crm/schemas/index.js';
import { Client as Client11 } from 'hubspot-api-client-11';
import { afterAll, expect, test } from 'vitest';
import { DEMO_TOKEN, type Json, startDev } from '../harness.js';

const server = await startDev();
afterAll(() => server.close());

const clientOf = () => new Client({ basePath: server.baseUrl, accessToken: DEMO_TOKEN });
const CAR = {
  name: 'car',
  labels: { singular: 'Car', plural: 'Cars' },
  description: 'What we rent out',
  primaryDisplayProperty: 'model',
  secondaryDisplayProperties: ['maker'],
  requiredProperties: ['vin'],
  searchableProperties: ['model', 'maker'],
  properties: [
    { name: 'model', label: 'Model', type: Kind.String, fieldType: 'text' },
    { name: 'maker', label: 'Maker', type: Kind.String, fieldType: 'text' },
    { name: 'vin', label: 'VIN', type: Kind.String, fieldType: 'text', hasUniqueValue: true },
    { name: 'year', label: 'Year', type: Kind.Number, fieldType: 'number' },
  ],
  associatedObjects: ['CONTACT'],
};

test('the whole round of a custom object', async () => {
  const client = clientOf();
  const { coreApi } = client.crm.schemas;

  const made = await coreApi.create(CAR);
  expect(made.objectTypeId).toMatch(/^2-\d+$/);
  const type = made.objectTypeId as string;
  expect(made).toMatchObject({
    id: type,
    name: 'car',
    fullyQualifiedName: 'p8420_car',
    labels: CAR.labels,
    description: CAR.description,
    primaryDisplayProperty: 'model',
    secondaryDisplayProperties: ['maker'],
    requiredProperties: ['vin'],
    searchableProperties: ['model', 'maker'],
    archived: false,
  });
  expect(made.createdAt).toBeInstanceOf(Date);
  expect(made.properties.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['model', 'maker', 'vin', 'year', 'hs_object_id', 'hs_createdate']),
  );
  expect(made.properties.find(({ name }) => name === 'vin')).toMatchObject({
    hasUniqueValue: true,
    groupName: 'car_information',
  });
  expect(made.associations).toEqual([
    expect.objectContaining({ fromObjectTypeId: type, toObjectTypeId: '0-1', name: 'car_to_contact' }),
  ]);
  await expect(coreApi.create(CAR)).rejects.toMatchObject({ code: 409 });

  for (const name of [type, 'car', 'p8420_car'])
    expect((await coreApi.getById(name)).fullyQualifiedName).toBe('p8420_car');
  expect((await coreApi.getAll()).results.map(({ name }) => name)).toEqual(['car']);
  const labels = { singular: 'Vehicle', plural: 'Vehicles' };
  expect(await coreApi.update(type, { labels, requiredProperties: ['vin'] })).toMatchObject({ labels });
  expect((await coreApi.getById(type)).labels).toEqual(labels);

  const { basicApi, batchApi, searchApi } = client.crm.objects;
  await expect(
    basicApi.create('car', { properties: { model: 'Beetle' }, associations: [] }),
  ).rejects.toMatchObject({
    code: 400,
    body: { category: 'VALIDATION_ERROR', errors: [{ in: 'properties.vin', code: 'REQUIRED_FIELD' }] },
  });
  const beetle = await basicApi.create(type, {
    properties: { model: 'Beetle', vin: 'A1', year: '1963' },
    associations: [],
  });
  expect(beetle.properties).toMatchObject({ model: 'Beetle', vin: 'A1', year: '1963' });
  const batch = await batchApi.create('p8420_car', {
    inputs: [
      { properties: { model: 'Golf', maker: 'VW', vin: 'B2' }, associations: [] },
      { properties: { model: 'Panda', maker: 'Fiat', vin: 'C3' }, associations: [] },
    ],
  });
  expect(batch.results).toHaveLength(2);
  expect(
    (await basicApi.getPage('car', 10, undefined, ['model'])).results.map((each) => each.properties.model),
  ).toEqual(['Beetle', 'Golf', 'Panda']);
  const read = await basicApi.getById('car', 'b2', ['model'], undefined, undefined, false, 'vin');
  expect(read.properties.model).toBe('Golf');
  expect((await basicApi.update('car', read.id, { properties: { year: '1974' } })).properties.year).toBe(
    '1974',
  );
  const upserted = (await batchApi.upsert('car', {
    inputs: [
      { idProperty: 'vin', id: 'B2', properties: { maker: 'Volkswagen' } },
      { idProperty: 'vin', id: 'D4', properties: { model: '2CV' } },
    ],
  })) as Json;
  expect(
    upserted.results.map((each: Json) => [each.properties.maker ?? each.properties.model, each._new]),
  ).toEqual([
    ['Volkswagen', false],
    ['2CV', true],
  ]);
  const search = await searchApi.doSearch('car', {
    query: 'volks',
    filterGroups: [{ filters: [{ propertyName: 'year', operator: Operator.Gt, value: '1970' }] }],
    properties: ['model'],
    sorts: ['model'],
    limit: 10,
  });
  expect(search).toMatchObject({ total: 1, results: [{ properties: { model: 'Golf' } }] });

  const properties = client.crm.properties;
  await properties.coreApi.create('car', {
    name: 'doors',
    label: 'Doors',
    type: PropertyType.Number,
    fieldType: FieldType.Number,
    groupName: 'car_information',
  });
  expect((await properties.coreApi.getByName('car', 'doors')).hubspotDefined).toBe(false);
  expect((await properties.groupsApi.getAll('car')).results.map(({ name }) => name)).toEqual([
    'car_information',
  ]);

  const contact = await client.crm.contacts.basicApi.create({
    properties: { email: 'driver@example.com' },
    associations: [],
  });
  const { basicApi: associations } = client.crm.associations.v4;
  const associated = await associations.createDefault('car', beetle.id, 'contacts', contact.id);
  const typeId = associated.results[0]?.associationSpec.associationTypeId as number;
  expect(String(typeId)).toBe(made.associations[0]?.id);
  expect(associated.results[0]?.associationSpec.associationCategory).toBe('USER_DEFINED');
  expect((await associations.getPage('contacts', contact.id, 'car')).results).toMatchObject([
    { toObjectId: beetle.id },
  ]);
  await associations.archive('car', beetle.id, 'contacts', contact.id);
  expect((await associations.getPage('contacts', contact.id, 'car')).results).toEqual([]);
  const pair = await associations.create('car', beetle.id, 'contacts', contact.id, [
    { associationCategory: Category.UserDefined, associationTypeId: typeId },
  ]);
  expect(pair).toMatchObject({ fromObjectTypeId: type, toObjectTypeId: '0-1' });
  const told = await basicApi.getById('car', beetle.id, undefined, undefined, ['contacts']);
  expect(told.associations?.contacts?.results).toEqual([{ id: contact.id, type: 'car_to_contact' }]);

  const toDeals = await coreApi.createAssociation(type, {
    fromObjectTypeId: type,
    toObjectTypeId: '0-3',
    name: 'car_to_deal',
  });
  expect(toDeals).toMatchObject({ fromObjectTypeId: type, toObjectTypeId: '0-3', name: 'car_to_deal' });
  const deal = await client.crm.deals.basicApi.create({ properties: { dealname: 'Rent' }, associations: [] });
  const rented = await associations.createDefault('deals', deal.id, 'car', beetle.id);
  expect(String(rented.results[1]?.associationSpec.associationTypeId)).toBe(toDeals.id);
  await coreApi.archiveAssociation(type, toDeals.id);
  await expect(associations.getPage('deals', deal.id, 'car')).rejects.toMatchObject({ code: 400 });
  expect((await coreApi.getById(type)).associations.map(({ toObjectTypeId }) => toObjectTypeId)).toEqual([
    '0-1',
  ]);
  await expect(coreApi.archiveAssociation(type, toDeals.id)).rejects.toMatchObject({ code: 404 });

  await expect(coreApi.archive(type)).rejects.toMatchObject({ code: 400 });
  const { results } = await basicApi.getPage('car', 100);
  await batchApi.archive('car', { inputs: results.slice(1).map(({ id }) => ({ id })) });
  await basicApi.archive('car', beetle.id);
  await coreApi.archive(type);
  await expect(coreApi.getById(type)).rejects.toMatchObject({ code: 404 });
  await expect(basicApi.getPage('car', 10)).rejects.toMatchObject({ code: 404 });
  expect((await coreApi.getAll(true)).results).toMatchObject([{ name: 'car', archived: true }]);
  await expect(coreApi.create(CAR)).rejects.toMatchObject({ code: 409 });
  await coreApi.archive(type, true);
  expect((await coreApi.create(CAR)).objectTypeId).not.toBe(type);
});

test('version 11 finds the same under its own path', async () => {
  const { coreApi, publicObjectSchemasApi } = new Client11({
    basePath: server.baseUrl,
    accessToken: DEMO_TOKEN,
  }).crm.schemas;
  const made = await coreApi.create({
    ...(CAR as Json),
    name: 'boat',
    labels: { singular: 'Boat', plural: 'Boats' },
  });
  expect((await coreApi.getById('boat')).id).toBe(made.id);
  expect((await clientOf().crm.schemas.coreApi.getById('boat')).id).toBe(made.id);
  await coreApi.archive('boat');
  await expect(coreApi.getById('boat')).rejects.toMatchObject({ code: 404 });
  await publicObjectSchemasApi.purge('boat');
  expect((await coreApi.getAll(true)).results.map(({ name }) => name)).not.toContain('boat');
});
