// Properties of which no two records have the same value: kept so by every way in, and finding their record.
import { afterAll, describe, expect, test } from 'vitest';
import { MAX_UNIQUE_PER_TYPE } from '../../dist/records/properties.js';
import { createTenant, DEMO_TOKEN, type Json, startDev } from '../harness.js';
import { expectRefused, faultyFields, fresh, makeTemplate, submitForm } from './support.js';

let now = Date.now();
const server = await startDev({ clock: () => now++ }); // no two looks at it tell the same
afterAll(() => server.close());

const definitionOf = (name: string, more: object = {}) => ({
  name,
  label: 'Unique',
  type: 'string',
  fieldType: 'text',
  groupName: 'contactinformation',
  hasUniqueValue: true,
  ...more,
});
for (const [type, groupName] of [
  ['contacts', 'contactinformation'],
  ['companies', 'companyinformation'],
]) {
  const made = await server.call('POST', `/crm/v3/properties/${type}`, definitionOf('code', { groupName }));
  expect(made.status, made.text).toBe(201);
  expect(made.json.hasUniqueValue).toBe(true);
}

const create = (properties: object, type = 'contacts') =>
  server.call('POST', `/crm/v3/objects/${type}`, { properties });
const patch = (path: string, properties: object) =>
  server.call('PATCH', `/crm/v3/objects/contacts/${path}`, { properties });
async function made(code: string, type = 'contacts'): Promise<string> {
  const answer = await create({ firstname: 'A', name: 'A', code }, type);
  expect(answer.status, answer.text).toBe(201);
  return answer.json.id;
}
async function codeOf(id: string, type = 'contacts'): Promise<string | null> {
  const { json } = await server.call('GET', `/crm/v3/objects/${type}/${id}?properties=code`);
  return json.properties.code;
}

test('a value that another record has is refused as HubSpot does', async () => {
  const code = fresh('taken');
  const first = await made(code);
  const second = await made(fresh('own'));
  for (const [answer, whose] of [
    [await create({ firstname: 'B', code: code.toUpperCase() }), 'a new record'],
    [await patch(second, { code }), second],
  ] as const) {
    expectRefused(answer, 400);
    expect(faultyFields(answer)).toEqual(['properties.code']);
    expect(answer.json.errors[0]).toMatchObject({
      code: 'CONFLICTING_UNIQUE_VALUE',
      context: { propertyName: ['code'], existingObjectId: [first] },
    });
    expect(answer.json.message).toMatch(/^Property values were not valid: \[\{"isValid":false,/);
    expect(answer.json.message).toContain(`on ${whose}. ${first} already has that value.`);
  }
  const batch = await server.call('POST', '/crm/v3/objects/contacts/batch/create', {
    inputs: [
      { properties: { firstname: 'C', code: `${code}-c` } },
      { properties: { firstname: 'D', code: `${code}-c` } },
    ],
  });
  expect(batch.status).toBe(207);
  expect(batch.json.results).toHaveLength(1);
  expect(batch.json.errors).toMatchObject([{ context: { index: ['1'] } }]);
  // The same again is no conflict, nor is another type's.
  expect((await patch(first, { code })).status).toBe(200);
  await made(code, 'companies');
});

test('a value is free again when it is cleared, changed, or its record archived', async () => {
  const code = fresh('free');
  const first = await made(code);
  await patch(first, { code: '' });
  const second = await made(code);
  await patch(second, { code: `${code}-2` });
  const third = await made(code);
  await server.call('DELETE', `/crm/v3/objects/contacts/${third}`);
  const fourth = await made(code);
  expectRefused(await patch(first, { code }), 400);
  expect(await codeOf(fourth)).toBe(code);
});

test('a number is the same value however it is written', async () => {
  const definition = definitionOf('ticket_number', { type: 'number', fieldType: 'number' });
  expect((await server.call('POST', '/crm/v3/properties/contacts', definition)).status).toBe(201);
  const first = await create({ firstname: 'A', ticket_number: '3.0' });
  expect(first.status).toBe(201);
  expectRefused(await create({ firstname: 'B', ticket_number: 3 }), 400);
  const read = await server.call('GET', '/crm/v3/objects/contacts/03?idProperty=ticket_number');
  expect(read.json.id).toBe(first.json.id);
  const filters = [{ propertyName: 'ticket_number', operator: 'EQ', value: '3' }];
  const found = await server.call('POST', '/crm/v3/objects/contacts/search', { filterGroups: [{ filters }] });
  expect(found.json.results.map(({ id }: Json) => id)).toEqual([first.json.id]);
});

test('a search by EQ or IN finds who has the value, letter case aside, and nobody archived', async () => {
  const code = fresh('search');
  const [a, b, gone] = [await made(`${code}-a`), await made(`${code}-b`), await made(`${code}-gone`)];
  await server.call('DELETE', `/crm/v3/objects/contacts/${gone}`);
  await made(`${code}-a`, 'companies');
  const found = async (...filters: object[]) => {
    const body = { filterGroups: filters.map((filter) => ({ filters: [filter] })) };
    const { status, json } = await server.call('POST', '/crm/v3/objects/contacts/search', body);
    expect(status).toBe(200);
    return json.results.map(({ id }: Json) => id);
  };
  const of = (...ends: string[]) => ends.map((end) => `${code}-${end}`);
  const is = (value: string) => ({ propertyName: 'code', operator: 'EQ', value });
  expect(await found(is(`${code}-A`))).toEqual([a]);
  expect(await found(is(`${code}-gone`))).toEqual([]);
  expect(await found(is(code))).toEqual([]);
  expect(await found(is(''))).toEqual([]);
  const among = { propertyName: 'code', operator: 'IN', values: of('b', 'gone', 'a') };
  expect(await found(among)).toEqual([a, b]);
  expect(await found(is(`${code}-b`), { propertyName: 'hs_object_id', operator: 'EQ', value: a })).toEqual([
    a,
    b,
  ]);
});

describe('idProperty', () => {
  test('finds, changes, reads and upserts by it', async () => {
    const code = fresh('find');
    const id = await made(code);
    const read = await server.call('GET', `/crm/v3/objects/contacts/${code.toUpperCase()}?idProperty=code`);
    expect(read.json.id).toBe(id);
    expect((await patch(`${code}?idProperty=code`, { lastname: 'B' })).json.id).toBe(id);
    const post = (path: string, body: object) =>
      server.call('POST', `/crm/v3/objects/contacts/batch/${path}`, body);

    const several = await post('read', { idProperty: 'code', inputs: [{ id: code }, { id: 'nobody' }] });
    expect(several.status).toBe(207);
    expect(several.json.results.map((each: Json) => each.id)).toEqual([id]);
    const update = { idProperty: 'code', id: code, properties: { lastname: 'C' } };
    const updated = await post('update', { inputs: [update, { ...update, id: 'nobody' }] });
    expect(updated.status).toBe(207);
    expect(updated.json.results[0]).toMatchObject({ id, properties: { lastname: 'C' } });

    const upserted = await post('upsert', {
      inputs: [
        { ...update, properties: { lastname: 'D' } },
        { idProperty: 'code', id: `${code}-new`, properties: { email: `${code}@example.com` } },
        { idProperty: 'code', id: `${code}-bare`, properties: {} },
      ],
    });
    expect(upserted.status, upserted.text).toBe(207);
    expect(upserted.json.results).toMatchObject([
      { id, new: false, properties: { lastname: 'D' } },
      { new: true, properties: { email: `${code}@example.com` } },
    ]);
    expect(upserted.json.errors).toMatchObject([{ context: { index: ['2'] } }]); // a contact needs a name
    expect(await codeOf(upserted.json.results[1].id)).toBe(`${code}-new`);
    const [other] = (await post('upsert', {
      inputs: [{ idProperty: 'code', id: `${code}-new`, properties: { code } }],
    }).then(({ json }) => json.errors)) as Json[];
    expect(other.errors[0].code).toBe('CONFLICTING_UNIQUE_VALUE');
  });

  test('makes no record without a name, also of one that is gone meanwhile, and finds what the batch made', async () => {
    const upsert = (...inputs: object[]) =>
      server.call('POST', '/crm/v3/objects/contacts/batch/upsert', { inputs });
    const unnamed = (code: string) => ({ idProperty: 'code', id: code, properties: { city: 'Bern' } });
    for (let turn = 0; turn < 20; turn++) {
      const code = fresh('gone');
      const id = await made(code);
      const [, { json }] = await Promise.all([
        server.call('DELETE', `/crm/v3/objects/contacts/${id}`),
        upsert(unnamed(code)),
      ]);
      for (const result of json.results) expect(result).toMatchObject({ id, new: false });
      for (const { errors } of json.errors ?? []) expect(errors[0].code).toBe('REQUIRED_FIELD');
    }
    const code = fresh('twice');
    const { json } = await upsert({ ...unnamed(code), properties: { firstname: 'A' } }, unnamed(code));
    expect(json.results.map((each: Json) => each.new)).toEqual([true, false]);
    expect(json.results[0].id).toBe(json.results[1].id);
  });

  test('makes a record that then has what else is sent of it', async () => {
    const [code, other] = [fresh('sought'), fresh('sent')];
    const inputs = [{ idProperty: 'code', id: code, properties: { firstname: 'A', code: other } }];
    const { json } = await server.call('POST', '/crm/v3/objects/contacts/batch/upsert', { inputs });
    expect(json.results).toMatchObject([{ new: true, properties: { code: other } }]);
  });

  test('that is hs_object_id upserts the record of that id, and makes none', async () => {
    const inputs = [await made(fresh('by-id')), '99999999', 'none'].map((id) => ({
      idProperty: 'hs_object_id',
      id,
      properties: { lastname: 'E' },
    }));
    const upserted = await server.call('POST', '/crm/v3/objects/contacts/batch/upsert', { inputs });
    expect(upserted.status, upserted.text).toBe(207);
    expect(upserted.json.results).toMatchObject([
      { id: inputs[0]?.id, new: false, properties: { lastname: 'E' } },
    ]);
    expect(upserted.json.errors).toMatchObject(['1', '2'].map((at) => ({ context: { index: [at] } })));
  });

  test.each(['firstname', 'nowhere', '__proto__'])('that is %s is refused', async (name) => {
    const id = await made(fresh('refused'));
    const one = await server.call('GET', `/crm/v3/objects/contacts/${id}?idProperty=${name}`);
    expectRefused(one, 400);
    expect(faultyFields(one)).toEqual(['idProperty']);
    expect(one.json.message).toContain('code');
    const batch = { inputs: [{ idProperty: name, id, properties: {} }] };
    const upserted = await server.call('POST', '/crm/v3/objects/contacts/batch/upsert', batch);
    expect(upserted.json.errors[0].errors).toMatchObject([{ in: 'idProperty' }]);
  });
});

describe('events and forms', () => {
  const token = { name: 'code', label: 'Code', type: 'string', objectPropertyName: 'code' };

  test('that would take another’s value are refused, and leave nothing', async () => {
    const code = fresh('event');
    const owner = await made(code);
    const eventTemplateId = await makeTemplate(server, { tokens: [token] });
    const id = fresh('refused');
    const event = { eventTemplateId, id, email: `${id}@example.com`, tokens: { code } };
    const refused = await server.event(event);
    expectRefused(refused, 400);
    expect(refused.json.errors[0]).toMatchObject({ code: 'CONFLICTING_UNIQUE_VALUE' });
    const nobody = await server.call('GET', `/crm/v3/objects/contacts/${event.email}?idProperty=email`);
    expect(nobody.status).toBe(404);

    const good = await server.event({ ...event, objectId: owner, email: undefined });
    expect(good.status, good.text).toBe(201);
    const fields = Object.entries({ email: event.email, code }).map(([name, value]) => ({ name, value }));
    const form = await submitForm(server, { fields });
    expect(form.status).toBe(400);
    expect(form.json.errors).toMatchObject([{ errorType: 'CONFLICTING_UNIQUE_VALUE' }]);
    expect(form.json.errors[0].message).toContain("'fields.code'");
  });

  test('of a visitor keep the value for when the visitor is known, unless it is taken by then', async () => {
    const eventTemplateId = await makeTemplate(server, { tokens: [token] });
    const [early, late] = [fresh('early'), fresh('late')];
    const [one, two] = [fresh('utk'), fresh('utk')];
    for (const [utk, code] of [
      [one, early],
      [two, late],
    ])
      expect((await server.event({ eventTemplateId, utk, tokens: { code } })).status).toBe(201);
    const owner = await made(late);
    const identified = [];
    for (const utk of [one, two]) {
      const email = `${utk}@example.com`;
      const answer = await server.call('POST', '/timeline/v1/identify', { utk, email });
      identified.push(answer.json.objectId);
    }
    const [first, second] = identified as [string, string];
    expect(await codeOf(first)).toBe(early);
    expect(await codeOf(second)).toBe(null);
    expect(await codeOf(owner)).toBe(late);
    expectRefused(await create({ firstname: 'B', code: early }), 400);
  });
});

test('a contact that is merged brings its value, unless the primary has one', async () => {
  const [kept, brought, lost] = [fresh('kept'), fresh('brought'), fresh('lost')];
  const merge = (primaryObjectId: string, objectIdToMerge: string) =>
    server.call('POST', '/crm/v3/objects/0-1/merge', { primaryObjectId, objectIdToMerge });
  const [bare, rich] = [(await create({ firstname: 'Bare' })).json.id, await made(brought)];
  expect((await merge(bare, rich)).status).toBe(200);
  expect(await codeOf(bare)).toBe(brought);
  expectRefused(await create({ firstname: 'B', code: brought }), 400);
  const [primary, other] = [await made(kept), await made(lost)];
  expect((await merge(primary, other)).status).toBe(200);
  expect(await codeOf(primary)).toBe(kept);
  await made(lost);
  expectRefused(await create({ firstname: 'B', code: kept }), 400);
});

describe('a definition', () => {
  const define = (body: object, token = DEMO_TOKEN) =>
    server.call('POST', '/crm/v3/properties/contacts', body, { token });

  test('says it once: it is neither made unique later nor no longer', async () => {
    const [plain, unique] = [fresh('plain').replaceAll('-', '_'), fresh('unique').replaceAll('-', '_')];
    await define(definitionOf(plain, { hasUniqueValue: false }));
    await define(definitionOf(unique));
    for (const [name, hasUniqueValue] of [
      [plain, true],
      [unique, false],
    ] as const) {
      const path = `/crm/v3/properties/contacts/${name}`;
      const changed = await server.call('PATCH', path, { hasUniqueValue });
      expectRefused(changed, 400);
      expect(faultyFields(changed)).toEqual(['hasUniqueValue']);
      expect((await server.call('DELETE', path)).status).toBe(204);
      const again = await define(definitionOf(name, { hasUniqueValue }));
      expectRefused(again, 400);
      expect(faultyFields(again)).toEqual(['hasUniqueValue']);
      expect((await define(definitionOf(name, { hasUniqueValue: !hasUniqueValue }))).status).toBe(201);
    }
  });

  test('keeps its type, by which its values were read, archived or not: 1.0 is a number that 1 is, and another text', async () => {
    const name = fresh('typed').replaceAll('-', '_');
    const path = `/crm/v3/properties/contacts/${name}`;
    const number = { type: 'number', fieldType: 'number' };
    await define(definitionOf(name));
    expect((await create({ firstname: 'A', [name]: '1.0' })).status).toBe(201);
    const changed = await server.call('PATCH', path, number);
    expect((await server.call('DELETE', path)).status).toBe(204);
    for (const answer of [changed, await define(definitionOf(name, number))]) {
      expectRefused(answer, 400);
      expect(faultyFields(answer)).toEqual(['type']);
    }
    expect((await define(definitionOf(name))).status).toBe(201);
    expectRefused(await create({ firstname: 'B', [name]: '1.0' }), 400);
  });

  test('there are a bounded number of', async () => {
    const { token } = await createTenant(server.folder);
    for (let n = 0; n < MAX_UNIQUE_PER_TYPE; n++)
      expect((await define(definitionOf(`code_${n}`), token)).status).toBe(201);
    const refused = await define(definitionOf('one_more'), token);
    expectRefused(refused, 400);
    expect(refused.json.message).toContain(String(MAX_UNIQUE_PER_TYPE));
    expect((await define(definitionOf('plain', { hasUniqueValue: false }), token)).status).toBe(201);
  });
});
