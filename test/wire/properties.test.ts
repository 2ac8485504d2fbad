// Property definitions over HTTP, and what they mean for records, events and forms: types are checked, and names that
// nobody defined are made in lenient portals and refused in strict ones.
import { afterAll, describe, expect, test } from 'vitest';
import { type Answer, type CallOptions, createTenant, type Json, startDev, V3 } from '../harness.js';
import { expectRefused, faultyFields, fresh, freshEmail, issueToken, submitForm } from './support.js';

const server = await startDev();
afterAll(() => server.close());
const strict = await createTenant(server.folder);
const lenient = await createTenant(server.folder, { lenient: true });

const ROOT = '/crm/v3/properties/contacts';
const SHOE = {
  name: 'shoe_size',
  label: 'Shoe size',
  type: 'number',
  fieldType: 'number',
  groupName: 'contactinformation',
};
const KIND = {
  ...SHOE,
  name: 'kind',
  label: 'Kind',
  type: 'enumeration',
  fieldType: 'select',
  options: [
    { label: 'Cat', value: 'cat', hidden: false, displayOrder: 0 },
    { label: 'Dog', value: 'dog', hidden: true, displayOrder: 1, description: 'Barks.' },
  ],
};

const call = (method: string, path: string, body?: unknown, options: CallOptions = { token: strict.token }) =>
  server.call(method, path, body, options);
async function made(body: object, options?: CallOptions): Promise<Json> {
  const answer = await call('POST', ROOT, body, options);
  expect(answer.status, answer.text).toBe(201);
  return answer.json;
}
function named(more: object = {}) {
  return { ...SHOE, name: fresh('shoe'), ...more };
}
/** The codes of the properties that an answer refuses. */
function codes(answer: Answer): Record<string, string> {
  expectRefused(answer, 400);
  expect(answer.json.message).toMatch(/^Property values were not valid: \[\{/);
  return Object.fromEntries(
    answer.json.errors.map(({ code, context }: Json) => [context.propertyName[0], code]),
  );
}

describe('a definition', () => {
  test('is made, read, changed and archived, and can be made again', async () => {
    const kind = { ...KIND, name: fresh('kind') };
    const created = await made(kind);
    expect(created).toMatchObject({
      ...kind,
      description: '',
      hasUniqueValue: false,
      hidden: false,
      formField: true,
      calculated: false,
      externalOptions: false,
      hubspotDefined: false,
      archived: false,
      modificationMetadata: { archivable: true, readOnlyDefinition: false, readOnlyValue: false },
    });
    const path = `${ROOT}/${kind.name}`;
    expect((await call('GET', path)).json).toEqual(created);
    expect((await call('GET', ROOT)).json.results).toContainEqual(created);

    const changed = await call('PATCH', path, { label: 'Sort', options: KIND.options.slice(0, 1) });
    expect(changed.json).toEqual({
      ...created,
      label: 'Sort',
      options: KIND.options.slice(0, 1),
      updatedAt: expect.any(String),
    });

    const none = { label: null, type: null, fieldType: null, groupName: null, options: null };
    expect((await call('PATCH', path, none)).json).toEqual({
      ...changed.json,
      updatedAt: expect.any(String),
    });

    expect((await call('DELETE', path)).status).toBe(204);
    expect((await call('DELETE', path)).status).toBe(204);
    expectRefused(await call('GET', path), 404, 'OBJECT_NOT_FOUND');
    expectRefused(await call('PATCH', path, { label: 'x' }), 404, 'OBJECT_NOT_FOUND');
    const gone = await call('GET', `${path}?archived=true`);
    expect(gone.json).toMatchObject({ name: kind.name, archived: true, archivedAt: expect.any(String) });
    expect((await call('GET', `${ROOT}?archived=true`)).json.results).toContainEqual(gone.json);
    const again = await made({ ...SHOE, name: kind.name });
    expect(again).toMatchObject({ type: 'number', archived: false });
  });

  test('of an enumeration whose options are kept elsewhere, such as owners, says so and takes any value', async () => {
    const owner = {
      ...named(),
      ...{ type: 'enumeration', fieldType: 'select', referencedObjectType: 'OWNER', externalOptions: true },
    };
    const created = await made(owner);
    expect(created).toMatchObject({ externalOptions: true, options: [] });
    const properties = { firstname: 'Ada', [owner.name]: '41629779' };
    const record = await call('POST', '/crm/v3/objects/contacts', { properties });
    expect(record.status, record.text).toBe(201);
    expect(record.json.properties[owner.name]).toBe('41629779');

    const path = `${ROOT}/${owner.name}`;
    expect((await call('PATCH', path, { label: 'Keeper', externalOptions: false })).json).toMatchObject({
      label: 'Keeper',
      externalOptions: true,
    });
    const text = { type: 'string', fieldType: 'text' };
    expect((await call('PATCH', path, text)).json).toMatchObject({ ...text, externalOptions: false });
    expect(await made({ ...named(), externalOptions: true })).toMatchObject({ externalOptions: false });
  });

  test('of a name that is there is a conflict, whoever is first', async () => {
    const shoe = named();
    const answers = await Promise.all([1, 2, 3].map(() => call('POST', ROOT, shoe)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    expectRefused(await call('POST', ROOT, { ...SHOE, name: 'firstname' }), 409, 'CONFLICT');
    expectRefused(await call('POST', ROOT, { ...SHOE, name: 'hs_object_id' }), 409, 'CONFLICT');
  });

  test("HubSpot's own are there, and stay", async () => {
    const { results } = (await call('GET', ROOT)).json;
    const email = results.find(({ name }: Json) => name === 'email');
    expect(email).toMatchObject({
      type: 'string',
      hubspotDefined: true,
      modificationMetadata: { archivable: false },
    });
    expectRefused(await call('DELETE', `${ROOT}/email`), 400);
    expectRefused(await call('PATCH', `${ROOT}/email`, { label: 'Mail' }), 400);
    const options = [{ label: 'Only', value: 'only', hidden: false }];
    const changed = await call('PATCH', `${ROOT}/lifecyclestage`, { options }, { token: lenient.token });
    expect(changed.json).toMatchObject({ options, hubspotDefined: true });
    expect((await call('GET', `${ROOT}/lifecyclestage`)).json.options).toHaveLength(8);
  });

  test('is of one portal and one type', async () => {
    const shoe = await made(named());
    expectRefused(
      await call('GET', `${ROOT}/${shoe.name}`, undefined, { token: lenient.token }),
      404,
      'OBJECT_NOT_FOUND',
    );
    expectRefused(await call('GET', `/crm/v3/properties/deals/${shoe.name}`), 404, 'OBJECT_NOT_FOUND');
    expect((await call('GET', `/crm/v3/properties/0-1/${shoe.name}`)).json).toEqual(shoe);
    expectRefused(await call('GET', '/crm/v3/properties/rockets'), 404, 'OBJECT_NOT_FOUND');
  });

  test('that breaks a rule is refused with every field', async () => {
    const answer = await call('POST', ROOT, {
      ...KIND,
      name: 'a b',
      fieldType: 'number',
      groupName: 'nowhere',
    });
    expectRefused(answer, 400);
    expect(faultyFields(answer).sort()).toEqual(['fieldType', 'groupName', 'name']);
    expectRefused(await call('POST', ROOT, { name: 'x' }), 400);
    expectRefused(await call('POST', ROOT, { ...SHOE, type: 'colour' }), 400);
  });

  test('needs a scope of the type, its schemas or its objects', async () => {
    const token = (scopes: string[]) => issueToken(server.folder, { ...strict, scopes });
    const reads = { token: await token(['crm.schemas.contacts.read']) };
    const objects = { token: await token(['crm.objects.contacts.write']) };
    expect((await call('GET', ROOT, undefined, reads)).status).toBe(200);
    expectRefused(await call('POST', ROOT, named(), reads), 403, 'MISSING_SCOPES');
    expectRefused(await call('GET', '/crm/v3/properties/deals', undefined, reads), 403, 'MISSING_SCOPES');
    expect((await call('POST', ROOT, named(), objects)).status).toBe(201);
    const schemas = { token: await token(['crm.schemas.contacts.write']) };
    expect((await call('POST', ROOT, named(), schemas)).status).toBe(201);
    expectRefused(await call('GET', ROOT, undefined, schemas), 403, 'MISSING_SCOPES');
    const tickets = { token: await token(['tickets']) };
    expect((await call('GET', '/crm/v3/properties/tickets', undefined, tickets)).status).toBe(200);
    expectRefused(await call('GET', ROOT, undefined, tickets), 403, 'MISSING_SCOPES');
    expectRefused(await call('GET', ROOT, undefined, { token: '' }), 401, 'INVALID_AUTHENTICATION');
    const ofTickets = { token: await token(['crm.schemas.tickets.write']) };
    const stain = { ...named(), groupName: 'ticketinformation' };
    expect((await call('POST', '/crm/v3/properties/tickets', stain, ofTickets)).status).toBe(201);
    expectRefused(await call('GET', '/crm/v3/objects/tickets', undefined, ofTickets), 403, 'MISSING_SCOPES');
  });

  test('comes in batches, each for itself', async () => {
    const [one, two] = [named(), named()];
    const bad = { ...SHOE, name: 'email' };
    const inputs = [one, bad, two, one];
    const created = await call('POST', `${ROOT}/batch/create`, { inputs });
    expect(created.status).toBe(207);
    expect(created.json.results.map(({ name }: Json) => name)).toEqual([one.name, two.name]);
    expect(created.json.errors.map(({ category, context }: Json) => [category, context.index])).toEqual([
      ['CONFLICT', ['1']],
      ['CONFLICT', ['3']],
    ]);
    const names = [{ name: one.name }, { name: 'nothing' }];
    const read = await call('POST', `${ROOT}/batch/read`, { inputs: names, archived: false });
    expect([read.status, read.json.results.length, read.json.numErrors]).toEqual([207, 1, 1]);
    const own = { inputs: [...names, { name: 'email' }] };
    expectRefused(await call('POST', `${ROOT}/batch/archive`, own), 400);
    expect((await call('POST', `${ROOT}/batch/archive`, { inputs: names })).status).toBe(204);
    expectRefused(await call('GET', `${ROOT}/${one.name}`), 404, 'OBJECT_NOT_FOUND');
    const archived = await call('POST', `${ROOT}/batch/read`, { inputs: names.slice(0, 1), archived: true });
    expect(archived.json).toMatchObject({ results: [{ name: one.name, archived: true }] });
    const many = Array.from({ length: 101 }, () => named());
    expectRefused(await call('POST', `${ROOT}/batch/create`, { inputs: many }), 400);
  });
});

test('groups are made, read, changed and archived; not while they have properties', async () => {
  const groups = `${ROOT}/groups`;
  const group = { name: fresh('group'), label: 'Feet', displayOrder: 4 };
  const created = await call('POST', groups, group);
  expect([created.status, created.json]).toEqual([201, { ...group, archived: false }]);
  expectRefused(await call('POST', groups, group), 409, 'CONFLICT');
  expect((await call('GET', groups)).json.results).toContainEqual(created.json);
  const changed = await call('PATCH', `${groups}/${group.name}`, { label: 'Shoes' });
  expect(changed.json).toEqual({ ...created.json, label: 'Shoes' });
  expect((await call('GET', `${groups}/${group.name}`)).json).toEqual(changed.json);

  const shoe = await made(named({ groupName: group.name }));
  expectRefused(await call('DELETE', `${groups}/${group.name}`), 400);
  await call('PATCH', `${ROOT}/${shoe.name}`, { groupName: 'contactinformation' });
  expect((await call('DELETE', `${groups}/${group.name}`)).status).toBe(204);
  expectRefused(await call('GET', `${groups}/${group.name}`), 404, 'OBJECT_NOT_FOUND');
  expectRefused(await call('DELETE', `${groups}/contactinformation`), 400);
  expectRefused(await call('PATCH', `${groups}/nothing`, { label: 'x' }), 404, 'OBJECT_NOT_FOUND');
});

test('properties and groups that several archive at once are archived, and each is told so', async () => {
  const group = { name: fresh('group'), label: 'Feet' };
  await call('POST', `${ROOT}/groups`, group);
  const inputs = Array.from({ length: 10 }, () => named());
  await call('POST', `${ROOT}/batch/create`, { inputs });
  const [one, ...rest] = inputs.map(({ name }) => ({ name }));
  const archiving = [`${ROOT}/${one?.name}`, `${ROOT}/groups/${group.name}`].flatMap((path) =>
    Array.from({ length: 4 }, () => call('DELETE', path)),
  );
  const batches = Array.from({ length: 2 }, () => call('POST', `${ROOT}/batch/archive`, { inputs: rest }));
  for (const { status, text } of await Promise.all([...archiving, ...batches]))
    expect(status, text).toBe(204);
  const { json } = await call('POST', `${ROOT}/batch/read`, { inputs: [one, ...rest], archived: true });
  expect(json.results).toHaveLength(10);
});

describe('a record', () => {
  const OBJECTS = '/crm/v3/objects/contacts';
  const WRONG = {
    annualrevenue: 'text is text',
    total_revenue: 'much',
    closedate: 'soon',
    hs_email_optout: 'perhaps',
    lifecyclestage: 'butterfly',
    hs_object_id: '7',
  };
  const CODES = {
    total_revenue: 'INVALID_NUMBER',
    closedate: 'INVALID_DATE',
    hs_email_optout: 'INVALID_BOOLEAN',
    lifecyclestage: 'INVALID_OPTION',
    hs_object_id: 'READ_ONLY_VALUE',
  };

  test('takes values of the right type, however it is written', async () => {
    const email = () => freshEmail();
    expect(codes(await call('POST', OBJECTS, { properties: { email: email(), ...WRONG } }))).toEqual(CODES);
    const created = await call('POST', OBJECTS, {
      properties: { email: email(), total_revenue: 3.5, closedate: 1709164800000, hs_email_optout: true },
    });
    expect(created.json.properties).toMatchObject({
      total_revenue: '3.5',
      closedate: '2024-02-29T00:00:00.000Z',
      hs_email_optout: 'true',
    });
    const path = `${OBJECTS}/${created.json.id}`;
    expect(codes(await call('PATCH', path, { properties: WRONG }))).toEqual(CODES);
    const cleared = await call('PATCH', path, { properties: { total_revenue: '' } });
    expect(cleared.json.properties.total_revenue).toBeNull();

    for (const [way, input] of [
      ['create', { properties: { email: email(), ...WRONG } }],
      ['update', { id: created.json.id, properties: WRONG }],
      ['upsert', { id: email(), idProperty: 'email', properties: WRONG }],
    ] as const) {
      const good = { ...input, properties: { firstname: 'Ada' } };
      const answer = await call('POST', `${OBJECTS}/batch/${way}`, { inputs: [input, good] });
      expect(answer.status, answer.text).toBe(207);
      expect(answer.json.results).toHaveLength(1);
      expect(answer.json.errors[0].errors.map(({ code }: Json) => code).sort(), way).toEqual(
        Object.values(CODES).sort(),
      );
    }
  });

  test('in a strict portal has no property that nobody defined; with a definition it has', async () => {
    const { name } = named();
    const body = { properties: { email: freshEmail(), [name]: '43' } };
    expect(codes(await call('POST', OBJECTS, body))).toEqual({ [name]: 'PROPERTY_DOESNT_EXIST' });
    await made({ ...SHOE, name });
    const created = await call('POST', OBJECTS, body);
    expect(created.json.properties[name]).toBe('43');
    await call('DELETE', `${ROOT}/${name}`);
    expect(codes(await call('POST', OBJECTS, body))).toEqual({ [name]: 'PROPERTY_DOESNT_EXIST' });
  });

  test('in a lenient portal gets it, as text; a refused write leaves none', async () => {
    const options = { token: lenient.token };
    const [name, other] = [fresh('shoe'), fresh('shoe')];
    const email = freshEmail();
    const created = await call('POST', OBJECTS, { properties: { email, [name]: '43' } }, options);
    expect(created.json.properties[name]).toBe('43');
    const found = await call('GET', `${ROOT}/${name}`, undefined, options);
    expect(found.json).toMatchObject({ name, label: name, type: 'string', hubspotDefined: false });
    const again = await call('POST', OBJECTS, { properties: { email, [other]: '43' } }, options);
    expectRefused(again, 409, 'CONFLICT');
    expectRefused(await call('GET', `${ROOT}/${other}`, undefined, options), 404, 'OBJECT_NOT_FOUND');
    const odd = { email: freshEmail(), 'shoe size': '43' };
    expect(codes(await call('POST', OBJECTS, { properties: odd }, options))).toEqual({
      'shoe size': 'PROPERTY_DOESNT_EXIST',
    });
  });
});

describe('a token that sets a property that nobody defined', () => {
  async function event(tenant: typeof strict, objectPropertyName: string) {
    // A developer key is of no portal: what properties there are shows when an event comes.
    const path = `${V3}/${tenant.appId}/event-templates?hapikey=${tenant.developerKey}`;
    const template = await call('POST', path, setting(objectPropertyName), { token: '' });
    expect(template.status, template.text).toBe(201);
    const eventTemplateId = template.json.id;
    const email = freshEmail();
    return { eventTemplateId, email, tokens: { size: '43' } };
  }

  const setting = (objectPropertyName: string) => ({
    name: 'Shoes',
    tokens: [{ name: 'size', label: 'Size', type: 'string', objectPropertyName }],
  });

  test('is refused in a template by a token of a strict portal, but where it was there before', async () => {
    const { name } = named();
    const path = `${V3}/${strict.appId}/event-templates`;
    const refused = await call('POST', path, setting(name));
    expectRefused(refused, 400);
    expect(refused.json.errors).toMatchObject([
      {
        in: 'tokens.size.objectPropertyName',
        code: 'PROPERTY_DOESNT_EXIST',
        context: { propertyName: [name] },
      },
    ]);
    await made({ ...SHOE, name });
    const template = await call('POST', path, setting(name));
    expect(template.status).toBe(201);
    await call('DELETE', `${ROOT}/${name}`);
    const token = `${path}/${template.json.id}/tokens`;
    const update = { label: 'Size', objectPropertyName: name };
    expect((await call('PUT', `${token}/size`, update)).status).toBe(200);
    const other = { name: 'width', label: 'Width', type: 'string', objectPropertyName: fresh('shoe') };
    expectRefused(await call('POST', token, other), 400);
    expect((await call('POST', token, { ...other, objectPropertyName: 'firstname' })).status).toBe(200);
  });

  test('is refused with its name in a strict portal, until somebody does', async () => {
    const { name } = named();
    const body = await event(strict, name);
    const options = { token: strict.token };
    const refused = await server.event(body, options);
    expectRefused(refused, 400);
    expect(refused.json.errors).toEqual([
      {
        in: 'tokens.size',
        message: `Property "${name}" does not exist`,
        code: 'PROPERTY_DOESNT_EXIST',
        context: { propertyName: [name] },
      },
    ]);
    const without = await server.event({ ...body, tokens: {} }, options);
    expect(without.status, 'a token that is not sent sets nothing').toBe(201);
    await made({ ...SHOE, name });
    expect((await server.event(body, options)).status).toBe(201);
  });

  test('makes it in a lenient one, in the same breath', async () => {
    const name = fresh('shoe');
    const options = { token: lenient.token };
    const body = await event(lenient, name);
    const answers = await Promise.all([1, 2, 3].map(() => server.event(body, options)));
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
    const path = `/crm/v3/objects/contacts/${answers[0]?.json.objectId}?properties=${name}`;
    expect((await call('GET', path, undefined, options)).json.properties[name]).toBe('43');
    const found = await call('GET', `${ROOT}/${name}`, undefined, options);
    expect(found.json).toMatchObject({ type: 'string', fieldType: 'text' });
  });
});

test('names that nobody defined are no way past the bound of a type’s properties, however many come at once', async () => {
  const { portalId, token } = await createTenant(server.folder, { lenient: true });
  const names = (n: number) => Array.from({ length: 400 }, (_, index) => [`made_${n}_${index}`, 'x']);
  const inputs = [0, 1, 2, 3].map((n) => ({
    properties: { firstname: 'A', ...Object.fromEntries(names(n)) },
  }));
  const batch = await call('POST', '/crm/v3/objects/contacts/batch/create', { inputs }, { token });
  expect(batch.status, batch.text.slice(0, 500)).toBe(207);
  expect(batch.json.results).toHaveLength(2);
  expect(batch.json.errors.map(({ context }: Json) => context.index)).toEqual([['2'], ['3']]);
  expect(batch.json.errors[0].message).toContain('more than 1000 properties');
  const form = (n: number) =>
    submitForm(server, { fields: names(n).map(([name, value]) => ({ name, value })) }, portalId);
  expectRefused(await form(4), 400);
  const { json } = await call('GET', ROOT, undefined, { token });
  const own = json.results.filter(({ hubspotDefined }: Json) => !hubspotDefined);
  expect(own).toHaveLength(800);
});

test('a form may set what is defined, and in a lenient portal anything', async () => {
  const submit = ({ portalId }: typeof strict, name: string) => {
    const email = { name: 'email', value: freshEmail() };
    return submitForm(server, { fields: [email, { name, value: '43' }] }, portalId);
  };
  const name = fresh('shoe');
  const refused = await submit(strict, name);
  expect([refused.status, refused.json.errors?.[0]?.errorType]).toEqual([
    400,
    'FIELD_NOT_IN_FORM_DEFINITION',
  ]);
  expect((await submit(strict, 'firstname')).status).toBe(200);
  expect((await submit(lenient, name)).status).toBe(200);
  const found = await call('GET', `${ROOT}/${name}`, undefined, { token: lenient.token });
  expect(found.json).toMatchObject({ name, type: 'string' });
});

describe('values that come another way are checked by their type', () => {
  const WRONG = [
    ['numemployees', 'a few', 'INVALID_OPTION'],
    ['num_notes', 'many', 'INVALID_NUMBER'],
    ['hs_email_optout', 'perhaps', 'INVALID_BOOLEAN'],
    ['notes_last_contacted', 'yesterday', 'INVALID_DATE'],
    ['hs_merged_object_ids', '1', 'READ_ONLY_VALUE'],
  ] as const;

  test('a token that names a property', async () => {
    const options = { token: lenient.token };
    const named = WRONG.filter(([, , code]) => code !== 'READ_ONLY_VALUE');
    const tokens = named.map(([name]) => ({ name, label: name, type: 'string', objectPropertyName: name }));
    const made = await call(
      'POST',
      `${V3}/${lenient.appId}/event-templates`,
      { name: 'Typed', tokens },
      options,
    );
    const email = `${fresh('typed')}@example.com`;
    const event = { eventTemplateId: made.json.id, email };
    const refused = await server.event(
      { ...event, tokens: Object.fromEntries(named.map(([name, value]) => [name, value])) },
      options,
    );
    expectRefused(refused, 400);
    expect(refused.json.errors.map(({ in: at, code }: Json) => [at, code])).toEqual(
      named.map(([name, , code]) => [`tokens.${name}`, code]),
    );
    for (const { message } of refused.json.errors) expect(message).toMatch(/was not/);
    const good = { num_notes: ' 3 ', hs_email_optout: 'TRUE', notes_last_contacted: '2026-01-02' };
    const stored = await server.event({ ...event, tokens: good }, options);
    expect(stored.status, stored.text).toBe(201);
    expect(stored.json.tokens).toEqual(good);
    const path = `/crm/v3/objects/contacts/${stored.json.objectId}?properties=${Object.keys(good)}`;
    expect((await call('GET', path, undefined, options)).json.properties).toMatchObject({
      num_notes: '3',
      hs_email_optout: 'true',
      notes_last_contacted: '2026-01-02T00:00:00.000Z',
    });
  });

  test.each(WRONG.slice(0, 4))('a form’s field %s', async (name, value, errorType) => {
    const fields = [
      { name: 'email', value: freshEmail() },
      { name, value },
    ];
    const refused = await submitForm(server, { fields }, lenient.portalId);
    expect(refused.status).toBe(400);
    expect(refused.json.errors).toMatchObject([{ errorType }]);
    expect(refused.json.errors[0].message).toContain(`Error in 'fields.${name}'`);
  });
});

test.each([
  [
    'POST',
    ROOT,
    '{"name":"twice","name":"again","label":"T","type":"string","fieldType":"text","groupName":"contactinformation"}',
    'name',
  ],
  ['PATCH', `${ROOT}/shoe_size`, '{"label":"A","label":"B"}', 'label'],
  [
    'POST',
    `${ROOT}/batch/create`,
    '{"inputs":[{"name":"twice","name":"again","label":"T","type":"string","fieldType":"text","groupName":"contactinformation"}]}',
    'inputs[0].name',
  ],
  ['POST', `${ROOT}/batch/read`, '{"inputs":[{"name":"email","name":"zip"}]}', 'inputs[0].name'],
  ['POST', `${ROOT}/batch/archive`, '{"inputs":[{"name":"twice","name":"again"}]}', 'inputs[0].name'],
  ['POST', `${ROOT}/groups`, '{"name":"twice","name":"again","label":"T"}', 'name'],
  ['PATCH', `${ROOT}/groups/contactinformation`, '{"label":"A","label":"B"}', 'label'],
  ['POST', '/crm/v3/objects/contacts/batch/archive', '{"inputs":[{"id":"1","id":"2"}]}', 'inputs[0].id'],
  [
    'POST',
    '/crm/v3/objects/contacts/search',
    '{"filterGroups":[{"filters":[{"propertyName":"zip","operator":"EQ","value":"1","value":"2"}]}]}',
    'filterGroups[0].filters[0].value',
  ],
])('%s %s: what stands twice is refused, as everywhere', async (method, path, body, field) => {
  const refused = await server.call(method, path, body);
  expectRefused(refused, 400);
  expect(faultyFields(refused)).toEqual([field]);
});
