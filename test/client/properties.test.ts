// HubSpot's own client, unmodified: properties, their groups and batches.
import { Client } from '@hubspot/api-client';
import {
  PropertyCreateFieldTypeEnum as FieldType,
  PropertyCreateTypeEnum as PropertyType,
} from '@hubspot/api-client/lib/codegen/crm/properties/index.js';
import { afterAll, expect, test } from 'vitest';
import { DEMO_TOKEN, startDev } from '../harness.js';

const server = await startDev();
afterAll(() => server.close());

const propertiesOf = () => new Client({ basePath: server.baseUrl, accessToken: DEMO_TOKEN }).crm.properties;
const KIND = {
  name: 'pet_kind',
  label: 'Kind of pet',
  type: PropertyType.Enumeration,
  fieldType: FieldType.Select,
  groupName: 'pets',
  options: [{ label: 'Dog', value: 'dog', hidden: false, displayOrder: 0 }],
};

test('the whole round: group, property, batches, archive', async () => {
  const { coreApi, batchApi, groupsApi } = propertiesOf();

  const group = await groupsApi.create('contacts', { name: 'pets', label: 'Pets', displayOrder: 2 });
  expect(group).toMatchObject({ name: 'pets', label: 'Pets', displayOrder: 2, archived: false });
  expect((await groupsApi.update('contacts', 'pets', { label: 'Animals' })).label).toBe('Animals');
  expect((await groupsApi.getByName('contacts', 'pets')).label).toBe('Animals');
  expect((await groupsApi.getAll('contacts')).results.map(({ name }) => name)).toContain('pets');

  const created = await coreApi.create('contacts', KIND);
  expect(created).toMatchObject(KIND);
  expect(created.createdAt).toBeInstanceOf(Date);
  expect(created.modificationMetadata).toMatchObject({ archivable: true });
  const options = [...KIND.options, { label: 'Cat', value: 'cat', hidden: false, displayOrder: 1 }];
  expect((await coreApi.update('contacts', 'pet_kind', { options })).options).toEqual(options);
  expect((await coreApi.getByName('contacts', 'pet_kind')).options).toEqual(options);
  const all = await coreApi.getAll('contacts');
  expect(all.results.map(({ name }) => name)).toEqual(expect.arrayContaining(['email', 'pet_kind']));
  await expect(coreApi.create('contacts', KIND)).rejects.toMatchObject({ code: 409 });

  const more = [1, 2].map((n) => ({
    ...KIND,
    name: `pet_${n}`,
    type: PropertyType.Number,
    fieldType: FieldType.Number,
    options: [],
  }));
  const batch = await batchApi.create('contacts', { inputs: more });
  expect(batch).toMatchObject({ status: 'COMPLETE', results: [{ name: 'pet_1' }, { name: 'pet_2' }] });
  const inputs = [{ name: 'pet_1' }, { name: 'pet_2' }];
  expect((await batchApi.read('contacts', { archived: false, inputs })).results).toHaveLength(2);
  await batchApi.archive('contacts', { inputs });
  expect((await batchApi.read('contacts', { archived: true, inputs })).results).toHaveLength(2);

  await coreApi.archive('contacts', 'pet_kind');
  await expect(coreApi.getByName('contacts', 'pet_kind')).rejects.toMatchObject({ code: 404 });
  expect((await coreApi.getByName('contacts', 'pet_kind', true)).archived).toBe(true);
  await groupsApi.archive('contacts', 'pets');
  await expect(groupsApi.getByName('contacts', 'pets')).rejects.toMatchObject({ code: 404 });
});

test.each(['contacts', 'companies', 'deals', 'tickets'])('%s have HubSpot’s usual ones', async (type) => {
  const { results } = await propertiesOf().coreApi.getAll(type);
  expect(results.length).toBeGreaterThan(24);
  for (const each of results) {
    expect(each).toMatchObject({ hubspotDefined: true, archived: false });
    expect([each.name, each.label, each.groupName].every((text) => text.length > 0)).toBe(true);
  }
});

test('a value of the wrong type is told as HubSpot does', async () => {
  const { basicApi } = new Client({ basePath: server.baseUrl, accessToken: DEMO_TOKEN }).crm.deals;
  const properties = { dealname: 'A', amount: 'a lot', dealstage: 'contractsent', pipeline: 'default' };
  await expect(basicApi.create({ properties, associations: [] })).rejects.toMatchObject({
    code: 400,
    body: {
      category: 'VALIDATION_ERROR',
      errors: [{ code: 'INVALID_NUMBER', context: { propertyName: ['amount'] } }],
    },
  });
});
