// Which records belong to each other, over HTTP: HubSpot's paths of associations, what records tell of them, and the
// company that a new contact finds by its e-mail.
import { afterAll, describe, expect, test } from 'vitest';
import { openStore } from '../../dist/store/sqlite/engine.js';
import { type Answer, createTenant, startDev, TEMPLATE } from '../harness.js';
import { expectRefused, faultyFields, fresh, issueToken, makeTemplate, submitForm } from './support.js';

const server = await startDev();
afterAll(() => server.close());

const NAMES = { contacts: 'firstname', companies: 'name', deals: 'dealname', tickets: 'subject' } as const;
type ObjectType = keyof typeof NAMES;

async function make(type: ObjectType, properties: object = {}, more: object = {}): Promise<string> {
  const named = { [NAMES[type]]: fresh(type), ...properties };
  const made = await server.call('POST', `/crm/v3/objects/${type}`, { properties: named, ...more });
  expect(made.status, made.text).toBe(201);
  return made.json.id;
}

const between = (from: string, id: string, to: string, toId?: string) =>
  `/crm/v4/objects/${from}/${id}/associations/${to}${toId === undefined ? '' : `/${toId}`}`;

function associate(from: string, id: string, to: string, toId: string, token?: string): Promise<Answer> {
  const path = `/crm/v4/objects/${from}/${id}/associations/default/${to}/${toId}`;
  return server.call('PUT', path, undefined, token === undefined ? {} : { token });
}

async function associated(from: string, id: string, to: string): Promise<string[]> {
  const answer = await server.call('GET', between(from, id, to));
  expect(answer.status, answer.text).toBe(200);
  return answer.json.results.map((each: { toObjectId: string }) => each.toObjectId);
}

describe('two records', () => {
  test.each([
    ['contacts', 'companies', 279, 280],
    ['contacts', 'deals', 4, 3],
    ['contacts', 'tickets', 15, 16],
    ['companies', 'deals', 342, 341],
    ['companies', 'tickets', 340, 339],
    ['deals', 'tickets', 27, 28],
  ] as const)('%s and %s belong to each other as %i and %i, until taken apart', async (a, b, there, back) => {
    const [from, to] = [await make(a), await make(b)];
    const answer = await associate(a, from, b, to);
    expect(answer.status, answer.text).toBe(200);
    const spec = (associationTypeId: number) => ({
      associationSpec: { associationCategory: 'HUBSPOT_DEFINED', associationTypeId },
    });
    expect(answer.json).toEqual({
      status: 'COMPLETE',
      results: [
        { from: { id: from }, to: { id: to }, ...spec(there) },
        { from: { id: to }, to: { id: from }, ...spec(back) },
      ],
      startedAt: expect.stringMatching(/Z$/),
      completedAt: expect.stringMatching(/Z$/),
    });
    const list = await server.call('GET', between(b, to, a));
    expect(list.json).toEqual({
      results: [
        {
          toObjectId: from,
          associationTypes: [{ category: 'HUBSPOT_DEFINED', typeId: back, label: null }],
        },
      ],
    });
    expect((await associate(b, to, a, from)).status).toBe(200); // again, from the other side
    expect(await associated(a, from, b)).toEqual([to]);

    for (const round of [1, 2]) {
      const apart = await server.call('DELETE', between(b, to, a, from));
      expect([round, apart.status, apart.text]).toEqual([round, 204, '']);
    }
    expect(await associated(a, from, b)).toEqual([]);
    expect(await associated(b, to, a)).toEqual([]);
  });

  test('may be named by type ids and singular', async () => {
    const [contact, company] = [await make('contacts'), await make('companies')];
    expect((await associate('0-1', contact, 'company', company)).status).toBe(200);
    expect(await associated('contact', contact, '0-2')).toEqual([company]);
  });

  test('must both exist', async () => {
    const contact = await make('contacts');
    for (const [from, id, to, toId] of [
      ['contacts', contact, 'companies', '999999'],
      ['companies', '999999', 'contacts', contact],
      ['planets', '1', 'contacts', contact],
      ['contacts', contact, 'planets', '1'],
      ['contacts', contact, 'companies', 'x'],
    ] as const) {
      expectRefused(await associate(from, id, to, toId), 404, 'OBJECT_NOT_FOUND');
      expectRefused(await server.call('DELETE', between(from, id, to, toId)), 404, 'OBJECT_NOT_FOUND');
    }
    expectRefused(await server.call('GET', between('contacts', '999999', 'deals')), 404, 'OBJECT_NOT_FOUND');
  });

  test('may be associated as what: by any id between their types, the primary one too, and no other', async () => {
    const [contact, company] = [await make('contacts'), await make('companies')];
    const put = (...ids: number[]) =>
      server.call(
        'PUT',
        between('contacts', contact, 'companies', company),
        ids.map((associationTypeId) => ({ associationCategory: 'HUBSPOT_DEFINED', associationTypeId })),
      );
    for (const ids of [[], [4], [280], [279, 4]]) expectRefused(await put(...ids), 400);
    expect(await associated('contacts', contact, 'companies')).toEqual([]);
    expect((await put(1, 279)).status).toBe(201);
    expect(await associated('contacts', contact, 'companies')).toEqual([company]);
  });

  test('of one type are not associated here', async () => {
    const [one, two] = [await make('contacts'), await make('contacts')];
    const answer = await associate('contacts', one, 'contacts', two);
    expectRefused(answer, 400);
    expect(answer.json.message).toContain('companies, deals, tickets');
  });

  test('need the scopes of both types', async () => {
    const tenant = await createTenant(server.folder);
    const scopes = ['crm.objects.contacts.write', 'crm.objects.contacts.read', 'crm.objects.companies.read'];
    const token = await issueToken(server.folder, { ...tenant, scopes });
    expectRefused(await associate('contacts', '1', 'companies', '2', token), 403, 'MISSING_SCOPES');
    expectRefused(
      await server.call('GET', between('contacts', '1', 'deals'), undefined, { token }),
      403,
      'MISSING_SCOPES',
    );
    expectRefused(await associate('contacts', '1', 'companies', '2', ''), 401, 'INVALID_AUTHENTICATION');
  });

  test('of another portal are not there', async () => {
    const { token } = await createTenant(server.folder);
    const [contact, company] = [await make('contacts'), await make('companies')];
    expectRefused(await associate('contacts', contact, 'companies', company, token), 404, 'OBJECT_NOT_FOUND');
    await associate('contacts', contact, 'companies', company);
    const path = between('contacts', contact, 'companies');
    expectRefused(await server.call('GET', path, undefined, { token }), 404, 'OBJECT_NOT_FOUND');
    const apart = between('contacts', contact, 'companies', company);
    expectRefused(await server.call('DELETE', apart, undefined, { token }), 404, 'OBJECT_NOT_FOUND');
    expect(await associated('contacts', contact, 'companies')).toEqual([company]);
  });
});

describe('the list of associated records', () => {
  test('comes in pages, each record once', async () => {
    const company = await make('companies');
    const contacts: string[] = [];
    for (let n = 0; n < 7; n++) {
      contacts.push(await make('contacts'));
      await associate('companies', company, 'contacts', contacts.at(-1) as string);
    }
    const seen: string[][] = [];
    for (let query = '?limit=3'; query !== ''; ) {
      const { json } = await server.call('GET', `${between('companies', company, 'contacts')}${query}`);
      seen.push(json.results.map((each: { toObjectId: string }) => each.toObjectId));
      query = json.paging ? `?limit=3&after=${json.paging.next.after}` : '';
      if (json.paging)
        expect(json.paging.next.link).toBe(
          `${server.baseUrl}${between('companies', company, 'contacts')}${query}`,
        );
    }
    expect(seen.map((page) => page.length)).toEqual([3, 3, 1]);
    expect(seen.flat()).toEqual(contacts);
  });

  test.each([
    ['?limit=0', 'limit'],
    ['?limit=501', 'limit'],
    ['?limit=x', 'limit'],
    ['?after=x', 'after'],
  ])('%s is refused', async (query, field) => {
    const company = await make('companies');
    const answer = await server.call('GET', `${between('companies', company, 'contacts')}${query}`);
    expectRefused(answer, 400);
    expect(faultyFields(answer)).toEqual([field]);
  });

  test('is without archived records, and those of an archived one are gone', async () => {
    const [contact, company] = [await make('contacts'), await make('companies')];
    await associate('contacts', contact, 'companies', company);
    await server.call('DELETE', `/crm/v3/objects/companies/${company}`);
    expect(await associated('contacts', contact, 'companies')).toEqual([]);
    expectRefused(
      await server.call('GET', between('companies', company, 'contacts')),
      404,
      'OBJECT_NOT_FOUND',
    );
  });

  test('has both contacts after a merge, under the id that remains', async () => {
    const [primary, other] = [await make('contacts'), await make('contacts')];
    const [shared, own, deal] = [await make('companies'), await make('companies'), await make('deals')];
    for (const contact of [primary, other]) await associate('contacts', contact, 'companies', shared);
    await associate('contacts', other, 'companies', own);
    await associate('contacts', other, 'deals', deal);
    const ids = { primaryObjectId: primary, objectIdToMerge: other };
    expect((await server.call('POST', '/crm/v3/objects/contacts/merge', ids)).status).toBe(200);
    for (const id of [primary, other]) {
      expect(await associated('contacts', id, 'companies')).toEqual([shared, own]);
      expect(await associated('contacts', id, 'deals')).toEqual([deal]);
    }
    for (const company of [shared, own])
      expect(await associated('companies', company, 'contacts')).toEqual([primary]);
  });

  test('has nothing of an erased contact', async () => {
    const [contact, company] = [await make('contacts'), await make('companies')];
    await associate('contacts', contact, 'companies', company);
    const erased = await server.call('POST', '/crm/v3/objects/contacts/gdpr-delete', { objectId: contact });
    expect(erased.status).toBe(204);
    expect(await associated('companies', company, 'contacts')).toEqual([]);
  });
});

describe('a record', () => {
  test('tells its associations, by type, where they are asked for', async () => {
    const [contact, deal] = [await make('contacts'), await make('deals')];
    const companies = [await make('companies'), await make('companies')];
    for (const company of companies) await associate('contacts', contact, 'companies', company);
    await associate('contacts', contact, 'deals', deal);
    const path = `/crm/v3/objects/contacts/${contact}`;
    expect((await server.call('GET', path)).json).not.toHaveProperty('associations');
    const expected = {
      companies: { results: companies.map((id) => ({ id, type: 'contact_to_company' })) },
      deals: { results: [{ id: deal, type: 'contact_to_deal' }] },
    };
    const one = await server.call('GET', `${path}?associations=companies,deal&associations=tickets`);
    expect(one.json.associations).toEqual(expected);
    const after = Number(contact) - 1;
    const list = await server.call('GET', `/crm/v3/objects/contacts?associations=company&after=${after}`);
    expect(list.json.results[0]).toMatchObject({
      id: contact,
      associations: { companies: expected.companies },
    });
    const bad = await server.call('GET', `${path}?associations=planets`);
    expectRefused(bad, 400);
    expect(faultyFields(bad)).toEqual(['associations']);
  });

  test("tells none with HubSpot's types that are not here, nor with its own, and is not refused for them", async () => {
    const [contact, company] = [await make('contacts'), await make('companies')];
    await associate('contacts', contact, 'companies', company);
    const asked = 'notes,calls,EMAIL,line_items,0-27,contacts,companies';
    const { status, json } = await server.call(
      'GET',
      `/crm/v3/objects/contacts/${contact}?associations=${asked}`,
    );
    expect(status).toBe(200);
    expect(json.associations).toEqual({ companies: { results: [expect.objectContaining({ id: company })] } });
  });

  test('is made with its associations, or not at all', async () => {
    const [contact, company] = [await make('contacts'), await make('companies')];
    const to = (id: string | number, ...typeIds: number[]) => ({
      to: { id },
      types: typeIds.map((associationTypeId) => ({
        associationCategory: 'HUBSPOT_DEFINED',
        associationTypeId,
      })),
    });
    const deal = await make('deals', {}, { associations: [to(contact, 3), to(Number(company), 341, 5)] });
    expect(await associated('deals', deal, 'contacts')).toEqual([contact]);
    expect(await associated('companies', company, 'deals')).toEqual([deal]);

    for (const [association, field] of [
      [to('999999', 3), 'associations[0].to.id'],
      [to('x', 3), 'associations[0].to.id'],
      [to(contact), 'associations[0].types'],
      [to(contact, 279), 'associations[0].types'],
      [to(contact, 3, 341), 'associations[0].types'],
    ] as const) {
      const dealname = fresh('unmade');
      const body = { properties: { dealname }, associations: [association] };
      const answer = await server.call('POST', '/crm/v3/objects/deals', body);
      expectRefused(answer, 400);
      expect(faultyFields(answer)).toEqual([field]);
      const filters = [{ propertyName: 'dealname', operator: 'EQ', value: dealname }];
      const found = await server.call('POST', '/crm/v3/objects/deals/search', {
        filterGroups: [{ filters }],
      });
      expect(found.json.total).toBe(0);
    }

    const batch = await server.call('POST', '/crm/v3/objects/tickets/batch/create', {
      inputs: [
        { properties: { subject: 'a' }, associations: [to(contact, 16)] },
        { properties: { subject: 'b' }, associations: [to('999999', 16)] },
      ],
    });
    expect(batch.status).toBe(207);
    expect(batch.json.numErrors).toBe(1);
    expect(await associated('contacts', contact, 'tickets')).toEqual([batch.json.results[0].id]);
  });
});

describe('a new contact', () => {
  const petspot = () => `${fresh('petspot')}.example`;

  test('by event, form, identification, hand, batch and upsert belongs to the company of its domain', async () => {
    const domain = petspot();
    const company = await make('companies', { domain: domain.toUpperCase() });
    const byEvent = await server.event({
      eventTemplateId: TEMPLATE,
      email: `event@${domain}`,
      tokens: { petName: 'Rex', petAge: 1, petColor: 'black' },
    });
    const byHand = await make('contacts', { email: `hand@${domain.toUpperCase()}` });
    const identified = await server.call('POST', '/timeline/v1/identify', {
      utk: fresh('utk'),
      email: `identified@${domain}`,
    });
    const created = await server.call('POST', '/crm/v3/objects/contacts/batch/create', {
      inputs: [{ properties: { email: `batch@${domain}` } }],
    });
    const upserted = await server.call('POST', '/crm/v3/objects/contacts/batch/upsert', {
      inputs: [{ id: `upsert@${domain}`, idProperty: 'email', properties: {} }],
    });
    const form = await submitForm(server, { fields: [{ name: 'email', value: `form@${domain}` }] });
    expect(form.status, form.text).toBe(200);
    const byForm = await server.call('GET', `/crm/v3/objects/contacts/form@${domain}?idProperty=email`);
    expect(await associated('companies', company, 'contacts')).toEqual([
      byEvent.json.objectId,
      byHand,
      identified.json.objectId,
      created.json.results[0].id,
      upserted.json.results[0].id,
      byForm.json.id,
    ]);
  });

  test('belongs to nobody where two companies have the domain, none has it, or one was archived', async () => {
    const domain = petspot();
    const one = await make('companies', { domain });
    const two = await make('companies', { domain });
    const contact = await make('contacts', { email: `a@${domain}` });
    expect(await associated('contacts', contact, 'companies')).toEqual([]);
    await server.call('DELETE', `/crm/v3/objects/companies/${one}`);
    const later = await make('contacts', { email: `b@${domain}` });
    expect(await associated('contacts', later, 'companies')).toEqual([two]);
    const other = await make('contacts', { email: `a@${petspot()}` });
    expect(await associated('contacts', other, 'companies')).toEqual([]);
  });

  test('with a free e-mail belongs to nobody, whatever domain a company says it has', async () => {
    const company = await make('companies', { domain: 'gmail.com' });
    await make('contacts', { email: `${fresh('someone')}@gmail.com` });
    expect(await associated('companies', company, 'contacts')).toEqual([]);
  });

  test('is meant: one that is there already stays as it is', async () => {
    const domain = petspot();
    const contact = await make('contacts', { email: `early@${domain}` });
    const company = await make('companies', { domain });
    await server.event({
      eventTemplateId: TEMPLATE,
      email: `early@${domain}`,
      tokens: { petName: 'Rex', petAge: 1, petColor: 'black' },
    });
    await server.call('PATCH', `/crm/v3/objects/contacts/${contact}`, { properties: { lastname: 'B' } });
    expect(await associated('companies', company, 'contacts')).toEqual([]);
  });

  test('is left alone in a portal that is set so', async () => {
    const { appId } = await createTenant(server.folder);
    const store = await openStore({ folder: server.folder, clock: Date.now });
    const portalId = await store.createPortal({ name: 'Left', lenient: true, associateByDomain: false });
    await store.close();
    const token = await issueToken(server.folder, { portalId, appId });
    const post = (type: string, properties: object) =>
      server.call('POST', `/crm/v3/objects/${type}`, { properties }, { token });
    const company = await post('companies', { domain: 'petspot.example' });
    await post('contacts', { email: 'ada@petspot.example' });
    const path = between('companies', company.json.id, 'contacts');
    expect((await server.call('GET', path, undefined, { token })).json.results).toEqual([]);
  });
});

describe("a company's timeline with its contacts", () => {
  const timeline = (company: string, query: string) =>
    server.call('GET', `/timeline/v1/records/companies/${company}/events?${query}`);

  async function happened() {
    const company = await make('companies');
    const contacts = [await make('contacts'), await make('contacts')];
    for (const contact of contacts) await associate('companies', company, 'contacts', contact);
    const stranger = await make('contacts');
    const template = await makeTemplate(server, { name: 'Signed', objectType: 'companies', tokens: [] });
    const expected: { id: string; record: object }[] = [];
    for (let n = 0; n < 12; n++) {
      const id = fresh('event');
      const ofCompany = n % 4 === 0;
      const objectId = ofCompany ? company : ([...contacts, stranger][n % 3] as string);
      const sent = await server.event({
        eventTemplateId: ofCompany ? template : TEMPLATE,
        id,
        objectId,
        timestamp: Date.UTC(2026, 0, 1) + Math.floor(n / 3) * 1000, // several at one moment
        tokens: {},
      });
      expect(sent.status, sent.text).toBe(201);
      const objectType = ofCompany ? 'companies' : 'contacts';
      if (objectId !== stranger) expected.unshift({ id, record: { objectType, objectId } });
    }
    return { company, contacts, expected, template };
  }

  test('is one, each event once and marked with whose it is, over its pages', async () => {
    const { company, expected, template } = await happened();
    const seen: object[] = [];
    for (let after = ''; ; ) {
      const { json } = await timeline(company, `include=contacts&limit=4${after}`);
      seen.push(...json.results.map(({ id, record }: { id: string; record: object }) => ({ id, record })));
      if (!json.paging) break;
      after = `&after=${json.paging.next.after}`;
    }
    expect(seen).toEqual(expected);
    const alone = await timeline(company, 'limit=100');
    const own = expected.filter(({ record }) => 'objectType' in record && record.objectType === 'companies');
    expect(alone.json.results.map(({ id }: { id: string }) => id)).toEqual(own.map(({ id }) => id));
    expect(alone.json.results[0]).not.toHaveProperty('record');
    const filtered = await timeline(company, `include=contacts&template=${template}`);
    expect(filtered.json.results).toHaveLength(own.length);
  });

  test('is without a contact that was archived or taken apart', async () => {
    const { company, contacts, expected } = await happened();
    const [gone, apart] = contacts as [string, string];
    const left = async () => (await timeline(company, 'include=contacts')).json.results.length;
    const of = (id: string) =>
      expected.filter(({ record }) => (record as { objectId: string }).objectId === id);
    await server.call('DELETE', `/crm/v3/objects/contacts/${gone}`);
    expect(await left()).toBe(expected.length - of(gone).length);
    await server.call('DELETE', between('companies', company, 'contacts', apart));
    expect(await left()).toBe(of(company).length);
  });

  test.each([
    ['companies', 'deals'],
    ['companies', ''],
    ['contacts', 'contacts'],
    ['deals', 'contacts'],
  ] as const)('of %s, include=%s is refused', async (type, include) => {
    const id = await make(type);
    const answer = await server.call('GET', `/timeline/v1/records/${type}/${id}/events?include=${include}`);
    expectRefused(answer, 400);
    expect(faultyFields(answer)).toEqual(['include']);
  });
});
