// HubSpot's CRM object paths: records by hand, one by one and in batches, lists and searches.
import { afterAll, describe, expect, test } from 'vitest';
import { OWN_PROPERTIES } from '../../dist/records/record.js';
import { createTenant, startDev, TEMPLATE } from '../harness.js';
import { CONTACTS, expectRefused, fresh, freshEmail } from './support.js';

const server = await startDev();
afterAll(() => server.close());

async function make(type: string, properties: object): Promise<string> {
  const made = await server.call('POST', `/crm/v3/objects/${type}`, { properties });
  expect(made.status).toBe(201);
  return made.json.id;
}

describe('one record', () => {
  test.each([
    ['contacts', { email: 'one@example.com', firstname: 'One', score: 7 }, 'lastmodifieddate'],
    ['companies', { name: 'Acme', domain: 'acme.example' }, 'hs_lastmodifieddate'],
    ['deals', { dealname: 'Big', amount: '10', dealstage: 'won' }, 'hs_lastmodifieddate'],
    ['tickets', { subject: 'Help' }, 'hs_lastmodifieddate'],
  ])('of %s is created, read, changed and archived', async (type, properties, modified) => {
    const path = `/crm/v3/objects/${type}`;
    const made = await server.call('POST', path, { properties });
    expect(made.status).toBe(201);
    expect(made.json).toMatchObject({ archived: false, properties: { hs_object_id: made.json.id } });
    for (const [name, value] of Object.entries(properties))
      expect(made.json.properties[name]).toBe(String(value));
    expect(made.json.properties[modified]).toBe(made.json.updatedAt);

    const [name = '', value] = Object.entries(properties)[0] ?? [];
    const one = `${path}/${made.json.id}`;
    const read = await server.call('GET', `${one}?properties=${name},nothing`);
    expect(read.json.properties).toMatchObject({ [name]: value, nothing: null });

    const changed = await server.call('PATCH', one, { properties: { note: 'x', [name]: value } });
    expect(changed.status).toBe(200);
    expect(changed.json.properties.note).toBe('x');
    const cleared = await server.call('PATCH', one, { properties: { note: '' } });
    expect(cleared.json.properties.note).toBeNull();

    expect((await server.call('DELETE', one)).status).toBe(204);
    expect((await server.call('DELETE', one)).status).toBe(204);
    expectRefused(await server.call('GET', one), 404, 'OBJECT_NOT_FOUND');
    expectRefused(await server.call('PATCH', one, { properties: { note: 'y' } }), 404, 'OBJECT_NOT_FOUND');
    const archived = await server.call('GET', `${one}?archived=true`);
    expect(archived.json).toMatchObject({ id: made.json.id, archived: true });
    expect(Date.parse(archived.json.archivedAt)).toBeGreaterThan(0);
  });

  test('answers to its type id too', async () => {
    const id = await make('0-2', { name: 'By type id' });
    expect((await server.call('GET', `/crm/v3/objects/companies/${id}`)).json.id).toBe(id);
  });

  test('that nothing names is refused', async () => {
    for (const type of ['contacts', 'companies', 'deals', 'tickets'])
      expectRefused(await server.call('POST', `/crm/v3/objects/${type}`, { properties: { x: '1' } }), 400);
  });

  test('loses no digits of a number: one that JSON does not carry exactly is refused', async () => {
    const [most, more] = ['9007199254740991', '12345678901234567890'];
    const made = await server.call('POST', CONTACTS, `{"properties":{"firstname":"N","zip":${most}}}`);
    expect(made.json.properties.zip).toBe(most);
    for (const sent of [more, '-9007199254740993', '1e400']) {
      const body = `{"properties":{"firstname":"N","zip":${sent}}}`;
      for (const [method, path] of [
        ['POST', CONTACTS],
        ['PATCH', `${CONTACTS}/${made.json.id}`],
      ] as const) {
        const refused = await server.call(method, path, body);
        expectRefused(refused, 400);
        expect(refused.json.errors).toMatchObject([{ in: 'properties.zip', code: 'INVALID_NUMBER' }]);
        expect(refused.json.message).toContain('send it as a string');
      }
      for (const what of ['update', 'upsert']) {
        const input = `{"id":${sent},"idProperty":"email","properties":{}}`;
        const batch = await server.call('POST', `${CONTACTS}/batch/${what}`, `{"inputs":[${input}]}`);
        expect(batch.status).toBe(207);
        expect(batch.json.errors[0].errors).toMatchObject([{ in: 'id' }]);
      }
      const read = await server.call('POST', `${CONTACTS}/batch/read`, `{"inputs":[{"id":${sent}}]}`);
      expectRefused(read, 400);
      const filter = `{"propertyName":"zip","operator":"EQ","value":${sent}}`;
      const search = `{"filterGroups":[{"filters":[${filter}]}]}`;
      const refused = await server.call('POST', `${CONTACTS}/search`, search);
      expectRefused(refused, 400);
      expect(refused.json.errors).toMatchObject([{ in: 'filterGroups[0].filters[0]' }]);
    }
    expect((await server.call('GET', `${CONTACTS}/${made.json.id}?properties=zip`)).json.properties.zip).toBe(
      most,
    );
  });

  test('sets none of the properties that are its own affair', async () => {
    const refused = await server.call('POST', CONTACTS, {
      properties: { firstname: 'X', hs_object_id: '5', createdate: '2020-01-01' },
    });
    expectRefused(refused, 400);
    expect(refused.json.errors.map((fault: { in: string }) => fault.in)).toEqual([
      'properties.hs_object_id',
      'properties.createdate',
    ]);
  });
});

describe("a contact's e-mail", () => {
  test('that another has is a conflict that names it, in any letter case', async () => {
    const email = freshEmail();
    const id = await make('contacts', { email });
    const refused = await server.call('POST', CONTACTS, { properties: { email: email.toUpperCase() } });
    expectRefused(refused, 409, 'CONFLICT');
    expect(refused.json.message).toBe(`Contact already exists. Existing ID: ${id}`);
    const other = await make('contacts', { email: freshEmail() });
    expectRefused(
      await server.call('PATCH', `${CONTACTS}/${other}`, { properties: { email } }),
      409,
      'CONFLICT',
    );
  });

  test('changes, and the old one still finds the contact', async () => {
    const [before, after] = [freshEmail(), freshEmail()];
    const id = await make('contacts', { email: before });
    const changed = await server.call('PATCH', `${CONTACTS}/${before}?idProperty=email`, {
      properties: { email: after },
    });
    expect(changed.json).toMatchObject({ id, properties: { email: after } });
    for (const email of [before, after])
      expect((await server.call('GET', `${CONTACTS}/${email}?idProperty=email`)).json.id).toBe(id);
  });

  test('that it has is not cleared: that is refused, not passed over', async () => {
    const email = freshEmail();
    const id = await make('contacts', { email, firstname: 'Kept' });
    for (const nothing of ['', null]) {
      const properties = { email: nothing, firstname: 'Other' };
      const refused = await server.call('PATCH', `${CONTACTS}/${id}`, { properties });
      expectRefused(refused, 400);
      expect(refused.json.errors).toMatchObject([{ in: 'properties.email', code: 'INVALID_EMAIL' }]);
      for (const [what, input] of [
        ['update', { id, properties }],
        ['upsert', { id: email, idProperty: 'email', properties }],
      ] as const) {
        const batch = await server.call('POST', `${CONTACTS}/batch/${what}`, { inputs: [input] });
        expect(batch.status).toBe(207);
        expect(batch.json.errors[0].errors).toMatchObject([{ in: 'properties.email' }]);
      }
    }
    expect((await server.call('GET', `${CONTACTS}/${id}`)).json.properties).toMatchObject({
      email,
      firstname: 'Kept',
    });
    const nameless = await make('contacts', { firstname: 'None' });
    const properties = { email: '', firstname: 'Still none' };
    const taken = await server.call('PATCH', `${CONTACTS}/${nameless}`, { properties });
    expect(taken.json.properties).toMatchObject({ email: null, firstname: 'Still none' });
  });

  test('is free again when the contact is archived', async () => {
    const email = freshEmail();
    const first = await make('contacts', { email });
    await server.call('DELETE', `${CONTACTS}/${first}`);
    expectRefused(await server.call('GET', `${CONTACTS}/${email}?idProperty=email`), 404, 'OBJECT_NOT_FOUND');
    expect(await make('contacts', { email })).not.toBe(first);
  });
});

test('an archived record takes its timeline out of sight', async () => {
  const email = freshEmail();
  const { json } = await server.event({ eventTemplateId: TEMPLATE, email, tokens: { petName: 'A' } });
  const timeline = `/timeline/v1/records/contacts/${json.objectId}/events`;
  expect((await server.call('GET', timeline)).json.results).toHaveLength(1);
  await server.call('DELETE', `${CONTACTS}/${json.objectId}`);
  expectRefused(await server.call('GET', timeline), 404, 'OBJECT_NOT_FOUND');
});

test('a list shows each record once, page by page, and archived ones apart', async () => {
  const tenant = await createTenant(server.folder);
  const call = (method: string, path: string, body?: unknown) =>
    server.call(method, path, body, { token: tenant.token });
  const ids: string[] = [];
  for (let n = 0; n < 7; n++)
    ids.push((await call('POST', CONTACTS, { properties: { firstname: `P${n}` } })).json.id);
  await call('DELETE', `${CONTACTS}/${ids[3]}`);
  const seen: string[] = [];
  for (let path = `${CONTACTS}?limit=2&after=&properties=a&properties=b%26?`; ; ) {
    const page = (await call('GET', path)).json;
    seen.push(...page.results.map((record: { id: string }) => record.id));
    if (!page.paging) break;
    expect(page.results).toHaveLength(2);
    const { after, link } = page.paging.next;
    path = `${CONTACTS}?limit=2&after=${after}&properties=a&properties=b%26%3F`;
    expect(link).toBe(`${server.baseUrl}${path}`);
  }
  expect(seen).toEqual(ids.filter((_, n) => n !== 3));
  const archived = (await call('GET', `${CONTACTS}?archived=true`)).json;
  expect(archived.results.map((record: { id: string }) => record.id)).toEqual([ids[3]]);
  for (const query of ['limit=0', 'limit=101', 'limit=x', 'after=x', 'archived=yes', 'archived='])
    expectRefused(await call('GET', `${CONTACTS}?${query}`), 400);
  const twice = await call('GET', `${CONTACTS}?properties=email&properties=city&limit=1&limit=2`);
  expectRefused(twice, 400);
  expect(twice.json.message).toBe('limit: stands more than once; send it once');
});

test('an upsert gives a new contact the e-mail that is its id, and refuses another', async () => {
  const [id, other] = [freshEmail(), freshEmail()];
  const upsert = async (email: string) => {
    const inputs = [{ id, idProperty: 'email', properties: { email, city: 'Bern' } }];
    return (await server.call('POST', `${CONTACTS}/batch/upsert`, { inputs })).json;
  };
  const refused = await upsert(other);
  expect(refused.errors[0].errors[0].in).toBe('properties.email');
  expectRefused(await server.call('GET', `${CONTACTS}/${id}?idProperty=email`), 404, 'OBJECT_NOT_FOUND');
  expect((await upsert(id.toUpperCase())).results[0].new).toBe(true);
  const changed = await upsert(other);
  expect(changed.results[0]).toMatchObject({ new: false, properties: { email: other, city: 'Bern' } });
});

test('archived records are told of each, as often as they are asked for, by their ids', async () => {
  const email = freshEmail();
  const [gone, there] = [await make('contacts', { email }), await make('contacts', { email: freshEmail() })];
  await server.call('DELETE', `${CONTACTS}/${gone}`);
  const inputs = [{ id: gone }, { id: there }];
  const idsOf = async (query: string) => {
    const { status, json } = await server.call('POST', `${CONTACTS}/batch/read${query}`, { inputs });
    expect(status).toBe(207);
    const ids = json.results.map((record: { id: string }) => record.id);
    return [...ids, ...json.errors[0].context.ids];
  };
  for (const on of ['true', 'True']) {
    expect((await server.call('GET', `${CONTACTS}/${gone}?archived=${on}`)).json.archived).toBe(true);
    expect(await idsOf(`?archived=${on}`)).toEqual([gone, there]);
  }
  for (const off of ['', '?archived=false', '?archived=False'])
    expect(await idsOf(off)).toEqual([there, gone]);

  const byEmail = await server.call('POST', `${CONTACTS}/batch/read?archived=true`, {
    inputs: [{ id: email }],
    idProperty: 'email',
  });
  expectRefused(byEmail, 400);
  expectRefused(await server.call('GET', `${CONTACTS}/${email}?archived=true&idProperty=email`), 400);
});

describe('batches', () => {
  test('that are wrong in two ways at once are refused, and the server goes on', async () => {
    const twice = await server.call(
      'POST',
      `${CONTACTS}/batch/read`,
      '{"idProperty":"nope","inputs":[{"id":"a@example.com"},{"id":123456789012345678901}]}',
    );
    expectRefused(twice, 400);
    const id = await make('contacts', { email: freshEmail() });
    expect((await server.call('GET', `${CONTACTS}/${id}`)).status).toBe(200);
  });

  test('create what can be, and name the inputs that cannot', async () => {
    const [taken, free] = [freshEmail(), freshEmail()];
    await make('contacts', { email: taken });
    const answer = await server.call('POST', `${CONTACTS}/batch/create`, {
      inputs: [
        { properties: { email: free }, objectWriteTraceId: 'a' },
        { properties: { email: taken }, objectWriteTraceId: 'b' },
        { properties: { email: 'no address' } },
      ],
    });
    expect(answer.status).toBe(207);
    expect(answer.json.results).toMatchObject([{ properties: { email: free }, objectWriteTraceId: 'a' }]);
    expect(answer.json.results).toHaveLength(1);
    expect(answer.json).toMatchObject({ status: 'COMPLETE', numErrors: 2 });
    expect(answer.json.errors).toMatchObject([
      { category: 'CONFLICT', context: { index: ['1'], objectWriteTraceId: ['b'] } },
      { category: 'VALIDATION_ERROR', context: { index: ['2'] } },
    ]);
    const good = await server.call('POST', `${CONTACTS}/batch/create`, {
      inputs: [{ properties: { email: freshEmail() } }],
    });
    expect(good.status).toBe(201);
    expect(good.json).not.toHaveProperty('errors');
  });

  test('update, upsert, read and archive', async () => {
    const [known, unknown] = [freshEmail(), freshEmail()];
    const id = await make('contacts', { email: known });
    const updated = await server.call('POST', `${CONTACTS}/batch/update`, {
      inputs: [
        { id, properties: { firstname: 'U' } },
        { id: '999999', properties: { firstname: 'U' } },
      ],
    });
    expect(updated.status).toBe(207);
    expect(updated.json.results).toMatchObject([{ id, properties: { firstname: 'U' } }]);
    expect(updated.json.errors).toMatchObject([{ category: 'OBJECT_NOT_FOUND' }]);

    const upserted = await server.call('POST', `${CONTACTS}/batch/upsert`, {
      inputs: [
        { id: known.toUpperCase(), idProperty: 'email', properties: { lastname: 'Known' } },
        { id: unknown, idProperty: 'email', properties: { lastname: 'New' } },
      ],
    });
    expect(upserted.status).toBe(200);
    expect(upserted.json.results).toMatchObject([
      { id, new: false, properties: { lastname: 'Known' } },
      { new: true, properties: { lastname: 'New' } },
    ]);

    const renamed = freshEmail();
    const again = await server.call('POST', `${CONTACTS}/batch/upsert`, {
      inputs: [
        { id: known, idProperty: 'email', properties: { email: known } },
        { id: unknown, idProperty: 'email', properties: { email: renamed } },
      ],
    });
    expect(again.status).toBe(200);
    expect(again.json.results).toMatchObject([
      { id, properties: { email: known } },
      { id: upserted.json.results[1].id, new: false, properties: { email: renamed } },
    ]);

    const read = await server.call('POST', `${CONTACTS}/batch/read`, {
      inputs: [{ id: known }, { id: 'nobody@example.com' }],
      idProperty: 'email',
      properties: ['lastname'],
    });
    expect(read.status).toBe(207);
    expect(read.json.results).toMatchObject([{ id, properties: { lastname: 'Known' } }]);
    expect(read.json.errors).toMatchObject([
      { category: 'OBJECT_NOT_FOUND', context: { ids: ['nobody@example.com'] } },
    ]);

    const archived = await server.call('POST', `${CONTACTS}/batch/archive`, {
      inputs: [{ id }, { id: '999999' }],
    });
    expect(archived.status).toBe(204);
    expectRefused(await server.call('GET', `${CONTACTS}/${id}`), 404, 'OBJECT_NOT_FOUND');
  });

  test.each(['create', 'update', 'upsert', 'read', 'archive'])(
    'of %s have at most 100 inputs',
    async (what) => {
      const inputs = Array(101).fill({ id: '1', properties: { firstname: 'x' } });
      const refused = await server.call('POST', `${CONTACTS}/batch/${what}`, { inputs });
      expectRefused(refused, 400);
      expect(refused.json.message).toContain('100');
      const most = await server.call('POST', `${CONTACTS}/batch/${what}`, { inputs: inputs.slice(1) });
      expect(most.json?.message ?? '').not.toContain('at most 100');
    },
  );
});

test('former values are told, the newest first, with what said so', async () => {
  const made = await server.call('POST', '/integrators/timeline/v3/8420/event-templates', {
    name: 'Sets a property',
    tokens: [{ name: 'city', label: 'City', type: 'string', objectPropertyName: 'city' }],
  });
  const email = freshEmail();
  const id = await make('contacts', { email, city: 'Ulm' });
  const event = { eventTemplateId: made.json.id, email, id: fresh('move'), tokens: { city: 'Bern' } };
  await server.event({ ...event, timestamp: Date.now() + 60_000 });
  await server.event({ ...event, id: fresh('move'), tokens: { city: 'Graz' }, timestamp: 1_000 });
  const { json } = await server.call('GET', `${CONTACTS}/${id}?propertiesWithHistory=city`);
  expect(json.properties.city).toBe('Bern');
  expect(json.propertiesWithHistory.city).toMatchObject([
    { value: 'Bern', sourceType: 'INTEGRATION', sourceId: `${made.json.id}/${event.id}` },
    { value: 'Ulm', sourceType: 'API' },
    { value: 'Graz', sourceType: 'INTEGRATION', timestamp: '1970-01-01T00:00:01.000Z' },
  ]);
});

test("of what is the record's own affair the value that it has is told, and none where it has none", async () => {
  const email = freshEmail();
  const { json: made } = await server.call('POST', CONTACTS, { properties: { email } });
  await server.call('PATCH', `${CONTACTS}/${made.id}`, { properties: { city: 'Ulm' } });
  const names = 'email,createdate,hs_object_id,lastmodifieddate,hs_additional_emails,lastname';
  const { json } = await server.call('GET', `${CONTACTS}/${made.id}?propertiesWithHistory=${names}`);
  const one = (value: string, timestamp: string) => [{ value, timestamp, sourceType: 'API' }];
  expect(json.propertiesWithHistory).toEqual({
    email: one(email, made.createdAt),
    createdate: one(made.createdAt, made.createdAt),
    hs_object_id: one(made.id, made.createdAt),
    lastmodifieddate: one(json.updatedAt, json.updatedAt),
    hs_additional_emails: [],
    lastname: [],
  });
});

test('what is written by hand holds, also after an event that is dated ahead', async () => {
  const made = await server.call('POST', '/integrators/timeline/v3/8420/event-templates', {
    name: 'Sets a property',
    tokens: [{ name: 'city', label: 'City', type: 'string', objectPropertyName: 'city' }],
  });
  const email = freshEmail();
  const ahead = { timestamp: Date.now() + 3_600_000, tokens: { city: 'Bern' } };
  const { objectId: id } = (await server.event({ eventTemplateId: made.json.id, email, ...ahead })).json;
  for (const city of ['Ulm', '', 'Graz']) {
    const changed = await server.call('PATCH', `${CONTACTS}/${id}`, { properties: { city } });
    expect(changed.json.properties.city ?? '').toBe(city);
  }
  const input = { id: email, idProperty: 'email', properties: { city: 'Linz' } };
  await server.call('POST', `${CONTACTS}/batch/upsert`, { inputs: [input] });
  const { json } = await server.call('GET', `${CONTACTS}/${id}?propertiesWithHistory=city`);
  const values = json.propertiesWithHistory.city.map(({ value }: { value: string }) => value);
  expect([json.properties.city, values]).toEqual(['Linz', ['Linz', 'Graz', '', 'Ulm', 'Bern']]);
});

test.each([
  ['properties', 2_000],
  ['propertiesWithHistory', 200],
])('a call names so many %s at most: each is looked up in every record', async (field, most) => {
  const id = await make('contacts', { email: freshEmail() });
  const read = (count: number) =>
    server.call('POST', `${CONTACTS}/batch/read`, { [field]: Array(count).fill('city'), inputs: [{ id }] });
  expect((await read(most)).status).toBe(200);
  const refused = await read(most + 1);
  expect(refused.status).toBe(400);
  expect(refused.json.message).toBe(`${field}: has ${most + 1} names; at most ${most} are taken`);
  expect((await server.call('GET', `${CONTACTS}?${field}=${'a,'.repeat(most)}b`)).status).toBe(400);
});

describe('a search', () => {
  test('finds, sorts and pages', async () => {
    const name = fresh('search').replace(/\W/g, '');
    const ids: string[] = [];
    for (const score of [3, 1, 2]) ids.push(await make('companies', { name, score }));
    const find = (body: object) => server.call('POST', '/crm/v3/objects/companies/search', body);
    const filters = [{ propertyName: 'name', operator: 'EQ', value: name.toUpperCase() }];
    const sorts = [{ propertyName: 'score', direction: 'DESCENDING' }];
    const first = await find({ filterGroups: [{ filters }], sorts, limit: 2, properties: ['score'] });
    expect(first.status).toBe(200);
    expect(first.json.total).toBe(3);
    expect(first.json.results.map((each: { id: string }) => each.id)).toEqual([ids[0], ids[2]]);
    const { after } = first.json.paging.next;
    const second = await find({ filterGroups: [{ filters }], sorts, limit: 2, after });
    expect(second.json.results.map((each: { id: string }) => each.id)).toEqual([ids[1]]);
    expect(second.json).not.toHaveProperty('paging');
  });

  test("sorts as HubSpot's client writes it: a name, after a - to go down, or the object as text", async () => {
    const name = fresh('sorts').replace(/\W/g, '');
    const ids: string[] = [];
    for (const score of [3, 1, 2]) ids.push(await make('companies', { name, score }));
    const sortedBy = async (sort: string) => {
      const filters = [{ propertyName: 'name', operator: 'EQ', value: name }];
      const body = { filterGroups: [{ filters }], sorts: [sort] };
      const { json } = await server.call('POST', '/crm/v3/objects/companies/search', body);
      return json.results.map((each: { id: string }) => each.id);
    };
    expect(await sortedBy('score')).toEqual([ids[1], ids[2], ids[0]]);
    expect(await sortedBy('-score')).toEqual([ids[0], ids[2], ids[1]]);
    const text = (direction: string) => JSON.stringify({ propertyName: 'score', direction });
    expect(await sortedBy(text('ASCENDING'))).toEqual([ids[1], ids[2], ids[0]]);
    expect(await sortedBy(text('DESCENDING'))).toEqual([ids[0], ids[2], ids[1]]);
    expect(await sortedBy('{"propertyName":"score","direction":null}')).toEqual([ids[1], ids[2], ids[0]]);
    for (const sort of ['{', '{}', '{"propertyName":"score","direction":"UP"}']) {
      const sent = { sorts: [sort] };
      const refused = await server.call('POST', '/crm/v3/objects/companies/search', sent);
      expectRefused(refused, 400);
      expect(refused.json.errors).toMatchObject([{ in: 'sorts[0]' }]);
    }
  });

  test('by a property that a strict portal does not have is refused, with its name', async () => {
    const { token } = await createTenant(server.folder);
    const search = (body: object) => server.call('POST', `${CONTACTS}/search`, body, { token });
    const by = (propertyName: string) => ({ propertyName, operator: 'HAS_PROPERTY' });
    const filters = ['email', 'firsname'].map(by);
    const refused = await search({ filterGroups: [{ filters }] });
    expectRefused(refused, 400);
    expect(refused.json.errors).toMatchObject([
      {
        in: 'filterGroups[0].filters[1].propertyName',
        code: 'PROPERTY_DOESNT_EXIST',
        context: { propertyName: ['firsname'] },
      },
    ]);
    for (const name of OWN_PROPERTIES)
      if (!['hs_createdate', 'hs_lastmodifieddate'].includes(name))
        expect((await search({ filters: [by(name)], sorts: [name] })).status, name).toBe(200);
    expect((await server.call('POST', `${CONTACTS}/search`, { filters })).json.total).toBe(0);
  });

  test('takes filters by themselves for a group, but not beside groups', async () => {
    const id = await make('contacts', { email: freshEmail(), lastname: fresh('alone') });
    const { lastname } = (await server.call('GET', `${CONTACTS}/${id}`)).json.properties;
    const filters = [{ propertyName: 'lastname', operator: 'EQ', value: lastname }];
    const find = (body: object) => server.call('POST', `${CONTACTS}/search`, body);
    for (const filterGroups of [undefined, null, []]) {
      const { json } = await find({ filters, filterGroups, sorts: null, limit: null, after: null });
      expect(json.results.map((each: { id: string }) => each.id)).toEqual([id]);
    }
    const both = await find({ filters, filterGroups: [{ filters }] });
    expectRefused(both, 400);
    expect(both.json.message).toBe('filters: stands beside filterGroups; send it as one of them');
    for (const faulty of [{ operator: 'EQ' }, { operator: 'EQ', value: 2 ** 60 }]) {
      const refused = await find({ filters: [{ propertyName: 'lastname', ...faulty }] });
      expectRefused(refused, 400);
      expect(refused.json.errors[0].in).toBe('filters[0]');
    }
    const twice = await server.call(
      'POST',
      `${CONTACTS}/search`,
      '{"filters":[{"propertyName":"lastname","operator":"EQ","value":"a","value":"b"}]}',
    );
    expectRefused(twice, 400);
    expect(twice.json.errors[0].in).toBe('filters[0].value');
  });

  test('by what records are associated with is refused, where it would have found nothing', async () => {
    const filters = [{ propertyName: 'associations.contact', operator: 'EQ', value: '1' }];
    const refused = await server.call('POST', '/crm/v3/objects/deals/search', {
      filterGroups: [{ filters }],
    });
    expectRefused(refused, 400);
    expect(refused.json.message).toContain('associations.contact');
  });

  test.each([
    ['zip', '01234', '1234'],
    ['mobilephone', '+4930901820', '4930901820'],
    ['fax', '12345678901234567890', '12345678901234567891'],
    ['website', '1.10', '1.1'],
    ['website', '1e3', '1000'],
  ])('of %s takes %s for another text than %s', async (propertyName, sent, other) => {
    const lastname = fresh('digits');
    const id = await make('contacts', { lastname, [propertyName]: sent });
    const found = async (filter: object) => {
      const filters = [
        { propertyName: 'lastname', operator: 'EQ', value: lastname },
        { propertyName, ...filter },
      ];
      const { json } = await server.call('POST', `${CONTACTS}/search`, { filterGroups: [{ filters }] });
      return json.results.map((each: { id: string }) => each.id);
    };
    expect(await found({ operator: 'EQ', value: sent })).toEqual([id]);
    expect(await found({ operator: 'EQ', value: other })).toEqual([]);
    expect(await found({ operator: 'NEQ', value: other })).toEqual([id]);
    expect(await found({ operator: 'IN', values: ['x', other] })).toEqual([]);
    expect(await found({ operator: 'NOT_IN', values: [other] })).toEqual([id]);
  });

  test('finds numbers and moments however they are written', async () => {
    const dealname = fresh('sizes');
    const closedate = '2026-03-05T10:00:00.000Z';
    const id = await make('deals', { dealname, amount: '2.50', closedate });
    const found = async (propertyName: string, filter: object) => {
      const filters = [
        { propertyName: 'dealname', operator: 'EQ', value: dealname },
        { propertyName, ...filter },
      ];
      const { json } = await server.call('POST', '/crm/v3/objects/deals/search', {
        filterGroups: [{ filters }],
      });
      return json.results.map((each: { id: string }) => each.id);
    };
    expect(await found('amount', { operator: 'EQ', value: 2.5 })).toEqual([id]);
    expect(await found('closedate', { operator: 'EQ', value: String(Date.parse(closedate)) })).toEqual([id]);
    expect(await found('closedate', { operator: 'IN', values: ['2026-03-05T11:00:00+01:00'] })).toEqual([id]);
    expect(await found('closedate', { operator: 'NEQ', value: closedate })).toEqual([]);
    for (const value of ['2026-03-05T10:00:00', '2026-03-05 10:00', '2026-03-05T12:00+02'])
      expect(await found('closedate', { operator: 'EQ', value })).toEqual([id]);
    expect(await found('closedate', { operator: 'EQ', value: '2026-03-05' })).toEqual([]);
  });

  test.each([
    [{ filterGroups: [{ filters: [{ propertyName: 'a', operator: 'LIKE', value: 'x' }] }] }],
    [{ limit: 201 }],
    [{ after: '9999' }],
    [{ after: '1e1' }],
    [{ after: '0x10' }],
    [{ sorts: ['a', 'b'] }],
    [{ sorts: ['{"propertyName":"a"'] }],
    [{ sorts: ['{"propertyName":"a","direction":"UP"}'] }],
    [{ sorts: ['{"propertyName":5}'] }],
    [{ query: 'x'.repeat(3_001 - '{"query":""}'.length) }],
  ])('that is over a limit or unknown is refused: %j', async (body) => {
    expectRefused(await server.call('POST', `${CONTACTS}/search`, body), 400);
  });

  test('has 3,000 characters at most', async () => {
    const query = 'x'.repeat(3_000 - '{"query":""}'.length);
    const answer = await server.call('POST', `${CONTACTS}/search`, { query });
    expect(answer.status, answer.text).toBe(200);
  });
});

test('each type needs its own scope, to read and to write', async () => {
  const { token } = await createTenant(server.folder, { scopes: ['crm.objects.contacts.read'] });
  const call = (method: string, path: string, body?: unknown) => server.call(method, path, body, { token });
  expect((await call('GET', CONTACTS)).status).toBe(200);
  for (const refused of [
    await call('POST', CONTACTS, { properties: { firstname: 'x' } }),
    await call('DELETE', `${CONTACTS}/1`),
    await call('GET', '/crm/v3/objects/companies'),
    await call('POST', '/crm/v3/objects/deals/search', {}),
  ])
    expectRefused(refused, 403, 'MISSING_SCOPES');
});
