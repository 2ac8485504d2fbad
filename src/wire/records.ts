// HubSpot's CRM paths, as far as the timeline needs them: read a record, merge and erase contacts. And ours: identify.
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { EVENTS_WRITE, recordScopes } from '../access/scopes.js';
import { emailFault, nameFault, type Subject } from '../records/identity.js';
import {
  type CrmRecord,
  type NewContact,
  type ObjectType,
  OWN_PROPERTIES,
  objectIdOf,
  objectTypeOf,
  PROPERTY_NAME,
  type PropertyValue,
  type RecordStore,
} from '../records/record.js';
import { brief, type Fault, invalid, Refusal } from '../refusal.js';
import { type Authenticator, needScope, principalOf } from './authenticate.js';
import type { ContactInput, CrmObject, GdprDeleteInput, IdentifyInput, MergeInput } from './schemas.js';
import { noRecord } from './timelines.js';

export interface RecordRoutes {
  store: RecordStore;
  authenticator: Authenticator;
  clock: () => number;
}

const RecordParams = Type.Object({
  objectType: Type.String({
    description: 'contacts, companies, deals or tickets, or a type id such as 0-1.',
  }),
  objectId: Type.String({ description: "The record's id; with idProperty=email, a contact's e-mail." }),
});
const RecordQuery = Type.Object({
  properties: Type.Optional(
    Type.Unsafe<string | string[]>({
      type: ['string', 'array'],
      items: { type: 'string' },
      description: 'Names, separated by commas or sent several times; absent: the usual ones.',
    }),
  ),
  idProperty: Type.Optional(
    Type.Unsafe<string>({
      type: 'string',
      enum: ['email', 'hs_object_id'],
      description: 'What the objectId of the path is; hs_object_id if absent.',
    }),
  ),
  archived: Type.Optional(Type.String({ description: 'true finds archived records alone: there are none.' })),
});

export function recordRoutes(app: FastifyInstance, { store, authenticator, clock }: RecordRoutes): void {
  const failed = Type.Ref('Error');
  const record = Type.Ref('SimplePublicObject');
  const security = [...recordScopes('contacts', 'write')].map((scope) => ({ oauth2: [scope] }));

  app.get<{ Params: Static<typeof RecordParams>; Querystring: Static<typeof RecordQuery> }>(
    '/crm/v3/objects/:objectType/:objectId',
    {
      onRequest: authenticator.anyToken,
      schema: {
        tags: ['Records'],
        operationId: 'getRecord',
        summary: 'Get a record',
        description: 'By its id, or the id of a contact that was merged into it, or any e-mail of a contact.',
        security: (['contacts', 'companies', 'deals', 'tickets'] as const).flatMap((type) =>
          recordScopes(type, 'read').map((scope) => ({ oauth2: [scope] })),
        ),
        params: RecordParams,
        querystring: RecordQuery,
        response: { 200: record, default: failed },
      },
    },
    async (request) => {
      const { objectType, objectId } = request.params;
      const { properties, idProperty, archived } = request.query;
      const principal = principalOf(request);
      const type = objectTypeOf(objectType);
      if (!type) throw noRecord(objectType, objectId);
      needScope(principal, recordScopes(type, 'read'));
      const found = find(principal.portal.id, type, objectId, idProperty);
      if (!found || archived === 'true') throw noRecord(objectType, objectId);
      const names =
        properties === undefined ? USUAL_PROPERTIES[type] : [properties].flat().join(',').split(',');
      return toObject(
        found,
        names.filter((name) => name !== ''),
      );
    },
  );

  app.post<{ Body: Static<typeof ContactInput> }>(
    '/crm/v3/objects/contacts',
    {
      onRequest: authenticator.token(recordScopes('contacts', 'write')),
      schema: {
        tags: ['Records'],
        operationId: 'createContact',
        summary: 'Create a contact',
        description: 'By hand: this lifts the block of an e-mail whose contact was erased.',
        security,
        body: Type.Ref('SimplePublicObjectInputForCreate'),
        response: { 201: record, default: failed },
      },
    },
    async (request, reply) => {
      const portalId = principalOf(request).portal.id;
      const id = await store.createContact(portalId, newContact(request.body, clock()));
      if (id instanceof Refusal) throw id;
      const made = find(portalId, 'contacts', String(id));
      if (!made) throw noRecord('contacts', String(id));
      const names = Object.keys(request.body.properties);
      return reply.code(201).send(toObject(made, [...USUAL_PROPERTIES.contacts, ...names]));
    },
  );

  app.post<{ Body: Static<typeof MergeInput> }>(
    '/crm/v3/objects/contacts/merge',
    {
      onRequest: authenticator.token(recordScopes('contacts', 'write')),
      schema: {
        tags: ['Records'],
        operationId: 'mergeContacts',
        summary: 'Merge two contacts',
        description:
          "The primary remains, with both's identities and events, its own properties winning. The other's id goes on finding it.",
        security,
        body: Type.Ref('PublicMergeInput'),
        response: { 200: record, default: failed },
      },
    },
    async (request) => {
      const { primaryObjectId, objectIdToMerge } = request.body;
      const portalId = principalOf(request).portal.id;
      const primary = contactId('primaryObjectId', primaryObjectId);
      const other = contactId('objectIdToMerge', objectIdToMerge);
      if (primary === other)
        throw invalid('merge', [
          { in: 'objectIdToMerge', message: `is the primary contact itself, ${other}; name another` },
        ]);
      const remains = await store.merge(portalId, primary, other, clock());
      if (remains instanceof Refusal) throw remains;
      const merged = remains === undefined ? undefined : find(portalId, 'contacts', String(remains));
      if (!merged) throw noRecord('contacts', `${primary} or ${other}`);
      return toObject(
        merged,
        USUAL_PROPERTIES.contacts.concat('hs_merged_object_ids', 'hs_additional_emails'),
      );
    },
  );

  app.post<{ Body: Static<typeof GdprDeleteInput> }>(
    '/crm/v3/objects/contacts/gdpr-delete',
    {
      onRequest: authenticator.token(recordScopes('contacts', 'write')),
      schema: {
        tags: ['Records'],
        operationId: 'eraseContact',
        summary: 'Erase a contact for good',
        description:
          'Its identities, events, visits and properties leave every file; its e-mails are refused from now on.',
        security,
        body: Type.Ref('PublicGdprDeleteInput'),
        response: { 204: Type.Null({ description: 'Done; no body.' }), default: failed },
      },
    },
    async (request, reply) => {
      const { objectId, idProperty } = request.body;
      const portalId = principalOf(request).portal.id;
      if (idProperty === 'email') {
        const email = String(objectId);
        const fault = emailFault(email);
        if (fault) throw invalid('request', [{ in: 'objectId', message: fault }]);
        await store.erase(portalId, { email }); // an unknown one is blocked all the same
      } else {
        const id = contactId('objectId', objectId);
        if (!(await store.erase(portalId, { objectId: id }))) throw noRecord('contacts', String(id));
      }
      return reply.code(204).send();
    },
  );

  app.post<{ Body: Static<typeof IdentifyInput> }>(
    '/timeline/v1/identify',
    {
      onRequest: authenticator.token(EVENTS_WRITE),
      schema: {
        tags: ['Records'],
        operationId: 'identify',
        summary: 'Say who a visitor is',
        description:
          "The visitor's events stand on the contact's timeline from now on, at their own times. The last identification wins.",
        security: EVENTS_WRITE.map((scope) => ({ oauth2: [scope] })),
        body: Type.Ref('IdentifyInput'),
        response: { 200: Type.Ref('Identified'), default: failed },
      },
    },
    async (request) => {
      const { portal } = principalOf(request);
      const subject = identified(request.body, portal.lenient);
      const at = clock();
      const contact = await store.identify({ portalId: portal.id, subject, properties: [], at });
      if (contact instanceof Refusal) throw contact;
      return { objectId: String(contact) };
    },
  );

  function find(
    portalId: number,
    type: ObjectType,
    name: string,
    idProperty?: string,
  ): CrmRecord | undefined {
    if (idProperty === 'email') return type === 'contacts' ? store.contactByEmail(portalId, name) : undefined;
    const id = objectIdOf(name);
    return id === undefined ? undefined : store.record({ portalId, type, id });
  }
}

function contactId(field: string, sent: string | number): number {
  const id = objectIdOf(String(sent));
  if (id === undefined)
    throw invalid('request', [{ in: field, message: `'${brief(String(sent))}' is not a contact's id` }]);
  return id;
}

function newContact({ properties }: Static<typeof ContactInput>, at: number): NewContact {
  const faults: Fault[] = [];
  const contact: NewContact & { properties: PropertyValue[] } = { properties: [], at };
  for (const [name, sent] of Object.entries(properties)) {
    if (sent === null || sent === '') continue;
    const value = String(sent);
    const path = `properties.${brief(name)}`;
    if (name === 'email') {
      const fault = emailFault(value);
      if (fault) faults.push({ in: path, message: fault });
      contact.email = value;
    } else if (OWN_PROPERTIES.has(name) || !PROPERTY_NAME.test(name)) {
      faults.push({ in: path, message: 'is not a property that can be set' });
    } else {
      contact.properties.push({ name, value, at });
    }
  }
  const names = contact.properties.map(({ name }) => name);
  if (contact.email === undefined && !names.includes('firstname') && !names.includes('lastname'))
    faults.push({ in: 'properties', message: 'name the contact: send email, firstname or lastname' });
  if (faults.length > 0) throw invalid('contact', faults);
  return contact;
}

function identified(sent: Static<typeof IdentifyInput>, lenient: boolean): Subject {
  const { utk, email, objectId } = sent;
  const faults: Fault[] = [];
  const fault = (field: string, message: string | undefined) =>
    message && faults.push({ in: field, message });
  fault('utk', nameFault(utk));
  const subject: Subject = {
    type: 'contacts',
    utk,
    unknown: lenient ? 'create' : 'refuse',
    identifies: true,
  };
  if (email != null) {
    fault('email', emailFault(email));
    subject.email = email;
  }
  if (objectId != null) {
    const id = objectIdOf(String(objectId));
    if (id === undefined) fault('objectId', `'${brief(String(objectId))}' is not a contact's id`);
    else subject.objectId = id;
  }
  if ((email == null) === (objectId == null))
    faults.push({ message: 'send either email or objectId, so that it is clear who the visitor is' });
  if (faults.length > 0) throw invalid('request', faults);
  return subject;
}

/** What is answered when nobody says which properties. */
const USUAL_PROPERTIES: Readonly<Record<ObjectType, readonly string[]>> = {
  contacts: ['createdate', 'email', 'firstname', 'hs_object_id', 'lastmodifieddate', 'lastname'],
  companies: ['createdate', 'domain', 'hs_lastmodifieddate', 'hs_object_id', 'name'],
  deals: [
    'amount',
    'closedate',
    'createdate',
    'dealname',
    'dealstage',
    'hs_lastmodifieddate',
    'hs_object_id',
    'pipeline',
  ],
  tickets: [
    'content',
    'createdate',
    'hs_lastmodifieddate',
    'hs_object_id',
    'hs_pipeline',
    'hs_pipeline_stage',
    'hs_ticket_category',
    'hs_ticket_priority',
    'subject',
  ],
};

function toObject(record: CrmRecord, names: readonly string[]): Static<typeof CrmObject> {
  const all = new Set([...names, 'hs_object_id', 'createdate', modifiedName(record)]);
  return {
    id: String(record.id),
    properties: Object.fromEntries([...all].sort().map((name) => [name, property(record, name)])),
    createdAt: new Date(record.createdAt).toISOString(),
    updatedAt: new Date(record.updatedAt).toISOString(),
    archived: false,
  };
}

function modifiedName({ type }: CrmRecord): string {
  return type === 'contacts' ? 'lastmodifieddate' : 'hs_lastmodifieddate';
}

function property(record: CrmRecord, name: string): string | null {
  if (!OWN_PROPERTIES.has(name)) return record.properties.get(name) ?? null;
  const joined = (values: readonly (string | number)[]) => (values.length > 0 ? values.join(';') : null);
  switch (name) {
    case 'email':
      return record.email ?? null;
    case 'hs_object_id':
      return String(record.id);
    case 'createdate':
      return new Date(record.createdAt).toISOString();
    case 'hs_additional_emails':
      return joined(record.additionalEmails);
    case 'hs_merged_object_ids':
      return joined(record.mergedIds);
    default:
      return name === modifiedName(record) ? new Date(record.updatedAt).toISOString() : null;
  }
}
