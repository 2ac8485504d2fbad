// HubSpot's own client, unmodified: contacts, companies, deals and tickets, one by one, in batches, and searched.
import { Client } from '@hubspot/api-client';
import { FilterOperatorEnum as Operator } from '@hubspot/api-client/lib/codegen/crm/objects/index.js';
import { afterAll, describe, expect, test } from 'vitest';
import { DEMO_TOKEN, type Json, startDev } from '../harness.js';

const server = await startDev();
afterAll(() => server.close());

const TYPES = [
  ['contacts', 'lastname', 'jobtitle'],
  ['companies', 'name', 'city'],
  ['deals', 'dealname', 'description'],
  ['tickets', 'subject', 'content'],
] as const;

describe.each(TYPES)('%s', (type, name, other) => {
  const api = () =>
    new Client({ basePath: server.baseUrl, accessToken: DEMO_TOKEN }).crm[
      type
    ] as unknown as Client['crm']['companies'];
  const named = (value: string, more: Record<string, string> = {}) => ({
    properties: { [name]: value, ...more },
    associations: [],
  });

  test('are created, read, listed, changed and archived', async () => {
    const { basicApi } = api();
    const made = await basicApi.create(named('Round one', { [other]: 'before' }));
    expect(made.properties).toMatchObject({ [name]: 'Round one', [other]: 'before' });
    const changed = await basicApi.update(made.id, { properties: { [other]: 'after' } });
    expect(changed.properties[other]).toBe('after');
    expect(changed.updatedAt.getTime()).toBeGreaterThanOrEqual(made.createdAt.getTime());
    const read = await basicApi.getById(made.id, [name], [other]);
    expect(read.properties[name]).toBe('Round one');
    expect(read.propertiesWithHistory?.[other]?.map(({ value, sourceType }) => [value, sourceType])).toEqual([
      ['after', 'API'],
      ['before', 'API'],
    ]);
    const second = await basicApi.create(named('Round two'));
    const seen: string[] = [];
    for (let after: string | undefined; ; ) {
      const page = await basicApi.getPage(1, after, [name]);
      seen.push(...page.results.map(({ id }) => id));
      after = page.paging?.next?.after;
      if (after === undefined) break;
    }
    expect(seen).toEqual(expect.arrayContaining([made.id, second.id]));
    expect(new Set(seen).size).toBe(seen.length);
    await basicApi.archive(made.id);
    await expect(basicApi.getById(made.id)).rejects.toMatchObject({
      code: 404,
      body: { category: 'OBJECT_NOT_FOUND' },
    });
    expect((await basicApi.getById(made.id, undefined, undefined, undefined, true)).archived).toBe(true);
    await basicApi.archive(made.id); // again: nothing happens
  });

  test('in batches', async () => {
    const { batchApi, basicApi } = api();
    const made = await batchApi.create({ inputs: [named('Batch a'), named('Batch b')] });
    expect(made.status).toBe('COMPLETE');
    expect(made.results.map(({ properties }) => properties[name]).sort()).toEqual(['Batch a', 'Batch b']);
    const ids = made.results.map(({ id }) => ({ id }));
    const updated = await batchApi.update({
      inputs: ids.map(({ id }) => ({ id, properties: { [other]: `of ${id}` } })),
    });
    expect(updated.results.map(({ id, properties }) => properties[other] === `of ${id}`)).toEqual([
      true,
      true,
    ]);
    const read = await batchApi.read({ inputs: ids, properties: [name, other], propertiesWithHistory: [] });
    expect(read.results.map(({ properties }) => properties[name])).toEqual(['Batch a', 'Batch b']);
    const some = (await batchApi.read({
      inputs: [...ids, { id: '99999999' }],
      properties: [name],
      propertiesWithHistory: [],
    })) as Json;
    expect(some.results).toHaveLength(2);
    expect(some).toMatchObject({ numErrors: 1, errors: [{ category: 'OBJECT_NOT_FOUND' }] });
    await batchApi.archive({ inputs: ids });
    for (const { id } of ids) await expect(basicApi.getById(id)).rejects.toMatchObject({ code: 404 });
  });

  test('are searched', async () => {
    const { searchApi, batchApi } = api();
    await batchApi.create({
      inputs: ['Umbra', 'Umbrella', 'Penumbra'].map((value, n) => named(value, { [other]: `depth ${n}` })),
    });
    const search = async (body: object) =>
      searchApi.doSearch({ limit: 10, properties: [name], sorts: [name], ...body } as never);
    const filters = (...of: object[]) => ({ filterGroups: of.map((each) => ({ filters: [each] })) });
    const names = ({ results }: Awaited<ReturnType<typeof search>>) =>
      results.map(({ properties }) => properties[name]);

    expect(names(await search({ query: 'umbr' }))).toEqual(['Umbra', 'Umbrella']);
    const equal = { propertyName: name, operator: Operator.Eq, value: 'umbra' };
    expect(names(await search(filters(equal)))).toEqual(['Umbra']);
    const token = { propertyName: name, operator: Operator.ContainsToken, value: '*umbra' };
    expect(names(await search(filters(token)))).toEqual(['Penumbra', 'Umbra']);
    const among = { propertyName: other, operator: Operator.In, values: ['depth 1', 'depth 2'] };
    expect(names(await search(filters(among)))).toEqual(['Penumbra', 'Umbrella']);
    const page = await search({ ...filters(equal, among), limit: 2 });
    expect(page.total).toBe(3);
    expect(
      names(await search({ ...filters(equal, among), limit: 2, after: page.paging?.next?.after })),
    ).toEqual(['Umbrella']);
    await expect(search({ limit: 201 })).rejects.toMatchObject({
      code: 400,
      body: { category: 'VALIDATION_ERROR' },
    });
  });
});

test('contacts and companies are upserted by what is unique', async () => {
  const { crm } = new Client({ basePath: server.baseUrl, accessToken: DEMO_TOKEN });
  const email = 'upsert@example.com';
  const inputs = [{ id: email, idProperty: 'email', properties: { firstname: 'Ada' } }];
  for (const isNew of [true, false]) {
    const answer = (await crm.contacts.batchApi.upsert({ inputs })) as Json;
    expect(answer.results).toMatchObject([{ _new: isNew, properties: { email, firstname: 'Ada' } }]);
  }
  await crm.properties.coreApi.create('companies', {
    name: 'vat_id',
    label: 'VAT id',
    type: 'string',
    fieldType: 'text',
    groupName: 'companyinformation',
    hasUniqueValue: true,
  } as never);
  const companies = [{ id: 'DE1', idProperty: 'vat_id', properties: { name: 'Petspot' } }];
  for (const isNew of [true, false]) {
    const answer = (await crm.companies.batchApi.upsert({ inputs: companies })) as Json;
    expect(answer.results).toMatchObject([{ _new: isNew, properties: { name: 'Petspot' } }]);
  }
  const found = await crm.companies.basicApi.getById('DE1', ['name'], undefined, undefined, false, 'vat_id');
  expect(found.properties.name).toBe('Petspot');
  const taken = { properties: { name: 'Other', vat_id: 'de1' }, associations: [] };
  await expect(crm.companies.basicApi.create(taken)).rejects.toMatchObject({
    code: 400,
    body: { category: 'VALIDATION_ERROR', errors: [{ code: 'CONFLICTING_UNIQUE_VALUE' }] },
  });
});
