// HubSpot's own client, unmodified: associations between records.
import { AssociationTypes, Client } from '@hubspot/api-client';
import { AssociationSpecAssociationCategoryEnum as Category } from '@hubspot/api-client/lib/codegen/crm/associations/v4/index.js';
import { afterAll, expect, test } from 'vitest';
import { DEMO_CREDENTIALS } from '../../dist/demo.js';
import { startDev } from '../harness.js';

const server = await startDev();
afterAll(() => server.close());

test('version 14 associates records, lists them and takes them apart', async () => {
  const { crm } = new Client({ basePath: server.baseUrl, accessToken: DEMO_CREDENTIALS.token });
  const { basicApi } = crm.associations.v4;
  const company = await crm.companies.basicApi.create({ properties: { name: 'Petspot' }, associations: [] });
  const contact = await crm.contacts.basicApi.create({
    properties: { email: 'ada@petspot.example' },
    associations: [
      {
        to: { id: company.id },
        types: [
          {
            associationCategory: Category.HubspotDefined,
            associationTypeId: AssociationTypes.contactToCompany,
          },
        ],
      },
    ],
  });
  const deal = await crm.deals.basicApi.create({ properties: { dealname: 'Bowls' }, associations: [] });

  const made = await basicApi.createDefault('contacts', contact.id, 'deals', deal.id);
  expect(made.status).toBe('COMPLETE');
  expect(made.completedAt).toBeInstanceOf(Date);
  expect(
    made.results.map(({ _from, to, associationSpec }) => [
      _from.id,
      to.id,
      associationSpec.associationTypeId,
    ]),
  ).toEqual([
    [contact.id, deal.id, AssociationTypes.contactToDeal],
    [deal.id, contact.id, AssociationTypes.dealToContact],
  ]);

  const page = await basicApi.getPage('companies', company.id, 'contacts', undefined, 500);
  expect(page.results.map(({ toObjectId }) => toObjectId)).toEqual([contact.id]);
  expect(page.results[0]?.associationTypes[0]?.typeId).toBe(AssociationTypes.companyToContact);

  const told = await crm.contacts.basicApi.getById(contact.id, undefined, undefined, ['companies', 'deals']);
  expect(told.associations?.companies?.results.map(({ id }) => id)).toEqual([company.id]);
  expect(told.associations?.deals?.results.map(({ id }) => id)).toEqual([deal.id]);

  const ticket = await crm.tickets.basicApi.create({ properties: { subject: 'Leash' }, associations: [] });
  const pair = await basicApi.create('tickets', ticket.id, 'companies', company.id, [
    { associationCategory: Category.HubspotDefined, associationTypeId: AssociationTypes.ticketToCompany },
  ]);
  expect(pair).toMatchObject({
    fromObjectTypeId: '0-5',
    fromObjectId: ticket.id,
    toObjectTypeId: '0-2',
    toObjectId: company.id,
    labels: [],
  });
  expect((await basicApi.getPage('companies', company.id, 'tickets')).results).toHaveLength(1);

  await basicApi.archive('deals', deal.id, 'contacts', contact.id);
  expect((await basicApi.getPage('contacts', contact.id, 'deals')).results).toEqual([]);
  await expect(basicApi.createDefault('contacts', contact.id, 'deals', '999999')).rejects.toMatchObject({
    code: 404,
  });
});
