// HubSpot's CRM object paths for one record, whether a contact, company, deal, ticket or custom object, and for lists of
// them: create, read, list, change, archive.
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { recordScopes } from '../access/scopes.js';
import type { Definitions } from '../records/definitions.js';
import {
  type CrmRecord,
  type ObjectType,
  objectIdOf,
  type RecordStore,
  type RecordWrite,
} from '../records/record.js';
import type { Schemas } from '../records/schemas.js';
import { Refusal } from '../refusal.js';
import { inputAssociations, namedAssociations, toldAssociations } from './associations.js';
import type { Authenticator } from './authenticate.js';
import { readerOfObjects } from './object_input.js';
import { namesOf, shaper } from './object_shape.js';
import { DONE } from './openapi.js';
import { pageFields, pageOfRecords, shownOf } from './paging.js';
import { sentOnce } from './problem.js';
import type { ObjectInput } from './schemas/objects.js';
import { isOn, MaybeSwitch } from './schemas/parts.js';
import { noRecord, OfType, objectType, reading, typed, writing } from './typed.js';

export interface ObjectRoutes {
  store: RecordStore;
  definitions: Definitions;
  schemas: Schemas;
  authenticator: Authenticator;
  clock: () => number;
  /** Without a trailing slash. */
  baseUrl: () => string;
}

const DEFAULT_LIST = 10;
const MAX_LIST = 100;
const OfRecord = Type.Object({
  objectType,
  objectId: Type.String({ description: "The record's id; with idProperty, that property's value." }),
});
const Names = (description: string) =>
  Type.Optional(
    Type.Unsafe<string | string[]>({ type: ['string', 'array'], items: { type: 'string' }, description }),
  );
const Selection = {
  properties: Names('Names, separated by commas or sent several times; absent: the usual ones.'),
  propertiesWithHistory: Names('Properties of which former values are told too.'),
  archived: MaybeSwitch('true: archived records instead.'),
  associations: Names('Types of which associated records are told too, at most 100 of each.'),
};
const IdProperty = Type.Optional(
  Type.String({ description: 'email, of contacts, or a property with unique values: the id is its value.' }),
);
const OneQuery = Type.Object({ ...Selection, idProperty: IdProperty });
const ListQuery = Type.Object({
  ...Selection,
  ...pageFields(DEFAULT_LIST, MAX_LIST),
});

export function objectRoutes(
  app: FastifyInstance,
  { store, definitions, schemas, authenticator, clock, baseUrl }: ObjectRoutes,
): void {
  const onRequest = authenticator.anyToken;
  const object = Type.Ref('SimplePublicObject');
  const about = typed(schemas, recordScopes);
  const { find, readInput, checkNamed } = readerOfObjects({ store, definitions, schemas });

  app.get<{ Params: Static<typeof OfType>; Querystring: Static<typeof ListQuery> }>(
    '/crm/v3/objects/:objectType',
    {
      onRequest,
      schema: {
        ...reading('listRecords', 'List records'),
        params: OfType,
        querystring: ListQuery,
        response: { 200: Type.Ref('CollectionResponseSimplePublicObject') },
      },
    },
    async (request) => {
      const { type, portalId } = about(request, 'read');
      const { limit, after } = pageOfRecords(request.query, DEFAULT_LIST, MAX_LIST);
      const told = associationsOf(portalId, type, request.query.associations);
      const archived = isOn(request.query.archived);
      const records = store.records(portalId, type, { after, limit: limit + 1, archived });
      const list = { address: `${baseUrl()}/crm/v3/objects/${type}`, before: request };
      const { shown, paging } = shownOf(records, limit, ({ id }) => id, list);
      const { shaped } = shaper(store, request.query);
      return {
        results: shown.map((record) => ({ ...shaped(record), ...told(record) })),
        ...paging,
      };
    },
  );

  app.post<{ Params: Static<typeof OfType>; Body: Static<typeof ObjectInput> }>(
    '/crm/v3/objects/:objectType',
    {
      onRequest,
      ...sentOnce('properties'),
      schema: {
        ...writing('createRecord', 'Create a record'),
        description: 'By hand: this lifts the block of an e-mail whose contact was erased.',
        params: OfType,
        body: Type.Ref('SimplePublicObjectInput'),
        response: { 201: object },
      },
    },
    async (request, reply) => {
      const { type, portalId, portal } = about(request, 'write');
      const input = readInput(portal, type, request.body, clock());
      checkNamed(portalId, type, input);
      const associations = inputAssociations(schemas, portalId, type, request.body.associations ?? []);
      const record = await writeOne(portalId, { op: 'create', type, ...input, associations });
      return reply.code(201).send(shaper(store).written(record, Object.keys(request.body.properties)));
    },
  );

  app.get<{ Params: Static<typeof OfRecord>; Querystring: Static<typeof OneQuery> }>(
    '/crm/v3/objects/:objectType/:objectId',
    {
      onRequest,
      schema: {
        ...reading('getRecord', 'Get a record'),
        description: 'By its id, or the id of a contact that was merged into it, or any e-mail of a contact.',
        params: OfRecord,
        querystring: OneQuery,
        response: { 200: object },
      },
    },
    async (request) => {
      const { type, portalId } = about(request, 'read');
      const { objectId } = request.params;
      const { idProperty, archived } = request.query;
      const found = await find(portalId, type, objectId, idProperty, isOn(archived));
      if (!found) throw noRecord(request.params.objectType, objectId);
      const told = associationsOf(portalId, type, request.query.associations);
      return { ...shaper(store, request.query).shaped(found), ...told(found) };
    },
  );

  app.patch<{
    Params: Static<typeof OfRecord>;
    Querystring: { idProperty?: string };
    Body: Static<typeof ObjectInput>;
  }>(
    '/crm/v3/objects/:objectType/:objectId',
    {
      onRequest,
      ...sentOnce('properties'),
      schema: {
        ...writing('updateRecord', 'Change properties of a record'),
        description: "An empty value clears a property, but not a contact's e-mail.",
        params: OfRecord,
        querystring: Type.Object({ idProperty: IdProperty }),
        body: Type.Ref('SimplePublicObjectInput'),
        response: { 200: object },
      },
    },
    async (request) => {
      const { type, portalId, portal } = about(request, 'write');
      const found = await find(portalId, type, request.params.objectId, request.query.idProperty);
      if (!found) throw noRecord(request.params.objectType, request.params.objectId);
      const input = readInput(portal, type, request.body, clock(), found);
      const record = await writeOne(portalId, { op: 'update', type, id: found.id, ...input });
      return shaper(store).written(record, Object.keys(request.body.properties));
    },
  );

  app.delete<{ Params: Static<typeof OfRecord> }>(
    '/crm/v3/objects/:objectType/:objectId',
    {
      onRequest,
      schema: {
        ...writing('archiveRecord', 'Archive a record'),
        description: "It and its timeline are out of sight; a contact's e-mails and visitors are free again.",
        params: OfRecord,
        response: DONE,
      },
    },
    async (request, reply) => {
      const { type, portalId } = about(request, 'write');
      const id = objectIdOf(request.params.objectId);
      if (id === undefined) throw noRecord(request.params.objectType, request.params.objectId);
      const [outcome] = await store.write(portalId, [{ op: 'archive', type, id }], clock());
      const gone = outcome instanceof Refusal && store.archivedRecord({ portalId, type, id });
      if (outcome instanceof Refusal && !gone) throw outcome;
      return reply.code(204).send();
    },
  );

  /** What records are told to be associated with, as a query asks. */
  function associationsOf(portalId: number, type: ObjectType, sent: string | string[] | undefined) {
    const types = namedAssociations(schemas, portalId, type, namesOf(sent) ?? []);
    return (record: CrmRecord) => toldAssociations(store, schemas, record, types, baseUrl());
  }

  async function writeOne(portalId: number, write: RecordWrite): Promise<CrmRecord> {
    const [outcome] = await store.write(portalId, [write], clock());
    if (!outcome || outcome instanceof Refusal) throw outcome;
    const record = store.record({ portalId, type: write.type, id: outcome.id });
    if (!record) throw noRecord(write.type, String(outcome.id));
    return record;
  }
}
