// Who somebody is: HubSpot's paths to merge and erase contacts, and ours to identify a visitor.
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { EVENTS_WRITE, recordScopes } from '../access/scopes.js';
import type { Portal } from '../access/store.js';
import { emailFault, nameFault, type Subject, unknownIn } from '../records/identity.js';
import { objectIdOf, type RecordStore, standardTypeOf } from '../records/record.js';
import { brief, type Fault, invalid, Refusal } from '../refusal.js';
import { type Authenticator, principalOf } from './authenticate.js';
import { shaper } from './object_shape.js';
import { anyOneOf, DONE, operations } from './openapi.js';
import { sentOnce } from './problem.js';
import type { GdprDeleteInput, IdentifyInput, MergeInput } from './schemas/people.js';
import { noRecord } from './typed.js';

export interface PeopleRoutes {
  store: RecordStore;
  authenticator: Authenticator;
  clock: () => number;
}

const OfContacts = Type.Object({ objectType: Type.String({ description: 'contacts, or 0-1.' }) });

export function peopleRoutes(app: FastifyInstance, { store, authenticator, clock }: PeopleRoutes): void {
  const record = Type.Ref('SimplePublicObject');
  const writing = operations('Records', anyOneOf(recordScopes('contacts', 'write')));
  const identifying = operations('Records', anyOneOf(EVENTS_WRITE));

  app.post<{ Params: Static<typeof OfContacts>; Body: Static<typeof MergeInput> }>(
    '/crm/v3/objects/:objectType/merge',
    {
      onRequest: authenticator.token(recordScopes('contacts', 'write')),
      ...sentOnce(),
      schema: {
        ...writing('mergeContacts', 'Merge two contacts'),
        description:
          "The primary remains, with both's identities and events, its own properties winning. The other's id goes on finding it.",
        params: OfContacts,
        body: Type.Ref('PublicMergeInput'),
        response: { 200: record },
      },
    },
    async (request) => {
      needContacts(request.params.objectType);
      const { primaryObjectId, objectIdToMerge } = request.body;
      const portalId = principalOf(request).portal.id;
      const primary = contactId('primaryObjectId', primaryObjectId);
      const other = contactId('objectIdToMerge', objectIdToMerge);
      if (primary === other)
        throw invalid('merge', [
          { in: 'objectIdToMerge', message: `is the primary contact itself, ${other}; name another` },
        ]);
      const contact = (id: number) => store.record({ portalId, type: 'contacts', id });
      const remains = await store.merge(portalId, primary, other, clock());
      if (remains instanceof Refusal) throw remains;
      const merged = remains === undefined ? undefined : contact(remains);
      if (!merged) throw noRecord('contacts', String(contact(primary) ? other : primary));
      return shaper(store).written(merged, ['hs_merged_object_ids', 'hs_additional_emails']);
    },
  );

  app.post<{ Params: Static<typeof OfContacts>; Body: Static<typeof GdprDeleteInput> }>(
    '/crm/v3/objects/:objectType/gdpr-delete',
    {
      onRequest: authenticator.token(recordScopes('contacts', 'write')),
      ...sentOnce(),
      schema: {
        ...writing('eraseContact', 'Erase a contact for good'),
        description:
          'Its identities, events, visits and properties leave every file; its e-mails are refused from now on.',
        params: OfContacts,
        body: Type.Ref('PublicGdprDeleteInput'),
        response: DONE,
      },
    },
    async (request, reply) => {
      needContacts(request.params.objectType);
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
      ...sentOnce(),
      schema: {
        ...identifying('identify', 'Say who a visitor is'),
        description:
          "The visitor's events stand on the contact's timeline from now on, at their own times. The last identification wins.",
        body: Type.Ref('IdentifyInput'),
        response: { 200: Type.Ref('Identified') },
      },
    },
    async (request) => {
      const { portal } = principalOf(request);
      const subject = identified(request.body, portal);
      const at = clock();
      const contact = await store.identify({ portalId: portal.id, subject, properties: [], at });
      if (contact instanceof Refusal) throw contact;
      return { objectId: String(contact) };
    },
  );
}

function needContacts(objectType: string): void {
  if (standardTypeOf(objectType) !== 'contacts')
    throw invalid('request', [
      {
        in: 'objectType',
        message: `'${brief(objectType)}' are not merged or erased here, contacts alone are; send contacts or 0-1`,
      },
    ]);
}

function contactId(field: string, sent: string | number): number {
  const id = objectIdOf(String(sent));
  if (id === undefined)
    throw invalid('request', [{ in: field, message: `'${brief(String(sent))}' is not a contact's id` }]);
  return id;
}

function identified(sent: Static<typeof IdentifyInput>, portal: Portal): Subject {
  const { utk, email, objectId } = sent;
  const faults: Fault[] = [];
  const fault = (field: string, message: string | undefined) =>
    message && faults.push({ in: field, message });
  fault('utk', nameFault(utk));
  const subject: Subject = { type: 'contacts', utk, unknown: unknownIn(portal), identifies: true };
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
