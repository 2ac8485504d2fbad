// HubSpot's paths of associations, v4: which records belong to each other.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { recordScopes } from '../access/scopes.js';
import {
  type CrmRecord,
  isCustom,
  type ObjectType,
  objectIdOf,
  type RecordName,
  type RecordStore,
  typeIdOf,
} from '../records/record.js';
import type { Schemas } from '../records/schemas.js';
import { brief, type Fault, invalid, Refusal } from '../refusal.js';
import type { Authenticator } from './authenticate.js';
import { batchAnswer } from './batch.js';
import { DONE } from './openapi.js';
import { pageFields, pageOfRecords, shownOf } from './paging.js';
import type { AssociationSpec, InputAssociation } from './schemas/associations.js';
import { noRecord, reading, objectType as type, typed, writing } from './typed.js';

export interface AssociationRoutes {
  store: RecordStore;
  schemas: Schemas;
  authenticator: Authenticator;
  clock: () => number;
  /** Without a trailing slash. */
  baseUrl: () => string;
}

const MAX_PAGE = 500;
/** How many associated records of a type are told with a record. */
const MAX_TOLD = 100;

/** Who defined the associations between two types. */
function categoryOf(from: ObjectType, to: ObjectType): string {
  return isCustom(from) || isCustom(to) ? 'USER_DEFINED' : 'HUBSPOT_DEFINED';
}

const id = Type.String({ description: "The record's id." });
const ListParams = Type.Object({ objectType: type, objectId: id, toObjectType: type });
const PairParams = Type.Object({ objectType: type, objectId: id, toObjectType: type, toObjectId: id });
const ListQuery = Type.Object(pageFields(MAX_PAGE, MAX_PAGE));

export function associationRoutes(
  app: FastifyInstance,
  { store, schemas, authenticator, clock, baseUrl }: AssociationRoutes,
): void {
  const onRequest = authenticator.anyToken;
  const ofPath = typed(schemas, recordScopes);

  type Pair = Static<typeof PairParams>;

  /** The types that a path names, and the portal; the caller may do this to both. */
  function about(request: FastifyRequest<{ Params: Static<typeof ListParams> }>, verb: 'read' | 'write') {
    const { type: from, portalId } = ofPath(request, verb);
    const { type: to } = ofPath(request, verb, request.params.toObjectType);
    const typeId = schemas.associationId(portalId, from, to);
    if (typeId === undefined)
      throw invalid('association', [
        {
          in: 'toObjectType',
          message: `${from} are associated with ${listed(schemas.associatedTypes(portalId, from))}, not with ${to}`,
        },
      ]);
    return { from, to, typeId, portalId };
  }

  function existing(portalId: number, type: ObjectType, name: string): CrmRecord {
    const known = objectIdOf(name);
    const record = known === undefined ? undefined : store.record({ portalId, type, id: known });
    if (!record) throw noRecord(type, name);
    return record;
  }

  /** Both records, between which something was done. */
  async function write(request: FastifyRequest<{ Params: Pair }>, op: 'associate' | 'dissociate') {
    const { from, to, typeId, portalId } = about(request, 'write');
    const a = existing(portalId, from, request.params.objectId);
    const b = existing(portalId, to, request.params.toObjectId);
    const name = { type: to, id: b.id };
    const [outcome] = await store.write(portalId, [{ op, type: from, id: a.id, to: name }], clock());
    if (outcome instanceof Refusal) throw outcome;
    return { a, b, typeId, portalId };
  }

  app.put<{ Params: Pair }>(
    '/crm/v4/objects/:objectType/:objectId/associations/default/:toObjectType/:toObjectId',
    {
      onRequest,
      schema: {
        ...writing('associateRecords', 'Associate two records'),
        description: 'In both directions. Done before, it stays so.',
        params: PairParams,
        response: { 200: Type.Ref('BatchResponsePublicDefaultAssociation') },
      },
    },
    async (request) => {
      const startedAt = clock();
      const { a, b, typeId, portalId } = await write(request, 'associate');
      const back = schemas.associationId(portalId, b.type, a.type);
      const between = (from: CrmRecord, to: CrmRecord, associationTypeId?: number) => ({
        from: { id: String(from.id) },
        to: { id: String(to.id) },
        associationSpec: { associationCategory: categoryOf(a.type, b.type), associationTypeId },
      });
      return batchAnswer([between(a, b, typeId), between(b, a, back)], [], startedAt, clock());
    },
  );

  app.put<{ Params: Pair; Body: Static<typeof AssociationSpec>[] }>(
    '/crm/v4/objects/:objectType/:objectId/associations/:toObjectType/:toObjectId',
    {
      onRequest,
      schema: {
        ...writing('associateRecordsAs', 'Associate two records, as what'),
        description:
          'There are no labels here: any of the ids between the two types makes the same association.',
        params: PairParams,
        body: Type.Ref('AssociationSpecs'),
        response: { 201: Type.Ref('LabelsBetweenObjectPair') },
      },
    },
    async (request, reply) => {
      const { from, to, portalId } = about(request, 'write');
      const fault = specsFault(schemas, portalId, from, request.body, to);
      if (fault) throw invalid('association', [{ message: fault }]);
      const { a, b } = await write(request, 'associate');
      return reply.code(201).send({
        fromObjectTypeId: typeIdOf(from),
        fromObjectId: String(a.id),
        toObjectTypeId: typeIdOf(to),
        toObjectId: String(b.id),
        labels: [],
      });
    },
  );

  app.get<{ Params: Static<typeof ListParams>; Querystring: Static<typeof ListQuery> }>(
    '/crm/v4/objects/:objectType/:objectId/associations/:toObjectType',
    {
      onRequest,
      schema: {
        ...reading('listAssociations', 'List the records of a type that are associated with a record'),
        params: ListParams,
        querystring: ListQuery,
        response: { 200: Type.Ref('CollectionResponseMultiAssociatedObjectWithLabelForwardPaging') },
      },
    },
    async (request) => {
      const { from, to, typeId, portalId } = about(request, 'read');
      const { limit, after } = pageOfRecords(request.query, MAX_PAGE, MAX_PAGE);
      const record = existing(portalId, from, request.params.objectId);
      const ids = store.associated(record, to, { after, limit: limit + 1 });
      const list = { address: `${baseUrl()}${pathBetween(record, to)}`, before: request };
      const { shown, paging } = shownOf(ids, limit, (id) => id, list);
      const associationTypes = [{ category: categoryOf(from, to), typeId, label: null }];
      return {
        results: shown.map((each) => ({ toObjectId: String(each), associationTypes })),
        ...paging,
      };
    },
  );

  app.delete<{ Params: Pair }>(
    '/crm/v4/objects/:objectType/:objectId/associations/:toObjectType/:toObjectId',
    {
      onRequest,
      schema: {
        ...writing('dissociateRecords', 'Take two records apart'),
        description: 'In both directions. Done before, it stays so.',
        params: PairParams,
        response: DONE,
      },
    },
    async (request, reply) => {
      await write(request, 'dissociate');
      return reply.code(204).send();
    },
  );
}

function pathBetween({ type, id }: CrmRecord, to: ObjectType): string {
  return `/crm/v4/objects/${type}/${id}/associations/${to}`;
}

/** HubSpot's types of records that are not here. A custom object may have such a name. */
const TYPE_OF_ELSEWHERE =
  /^(?:0-\d{1,4}|(?:appointment|call|cart|commercepayment|communication|course|deal_split|email|feedback_submission|goal|invoice|lead|line_item|listing|marketing_event|meeting|note|order|postal_mail|product|project|quote|service|subscription|task|user)s?|tax(?:es)?)$/i;

/** The types that `associations=` names, but those with which nothing of the type is ever associated. */
export function namedAssociations(
  schemas: Schemas,
  portalId: number,
  from: ObjectType,
  names: readonly string[],
): ObjectType[] {
  const faults: Fault[] = [];
  const types = names.flatMap((name) => {
    const to = schemas.typeOf(portalId, name);
    if (to) return schemas.associationId(portalId, from, to) === undefined ? [] : [to];
    if (TYPE_OF_ELSEWHERE.test(name)) return [];
    faults.push({
      in: 'associations',
      message: `'${brief(name)}' is no type of records; send ${listed(schemas.associatedTypes(portalId, from))}`,
    });
    return [];
  });
  if (faults.length > 0) throw invalid('query', faults);
  return [...new Set(types)];
}

/** What a record is told to be associated with, by type; types without any are left out. */
export function toldAssociations(
  store: RecordStore,
  schemas: Schemas,
  record: CrmRecord,
  types: readonly ObjectType[],
  baseUrl: string,
) {
  const told = types.flatMap((to) => {
    const ids = store.associated(record, to, { after: 0, limit: MAX_TOLD + 1 });
    if (ids.length === 0) return [];
    const list = { address: `${baseUrl}${pathBetween(record, to)}` };
    const { shown, paging } = shownOf(ids, MAX_TOLD, (id) => id, list);
    const name = schemas.associationName(record.portalId, record.type, to);
    const results = shown.map((each) => ({ id: String(each), type: name }));
    return [[to, { results, ...paging }] as const];
  });
  return told.length > 0 ? { associations: Object.fromEntries(told) } : {};
}

/** What is wrong where not every id, of at least one, is of an association between the two types. */
function specsFault(
  schemas: Schemas,
  portalId: number,
  from: ObjectType,
  specs: readonly Static<typeof AssociationSpec>[],
  to: ObjectType | undefined,
): string | undefined {
  const fits =
    to &&
    specs.length > 0 &&
    specs.every((each) => schemas.associatedType(portalId, from, each.associationTypeId) === to);
  if (fits) return undefined;
  const known = schemas
    .associatedTypes(portalId, from)
    .map((each) => `${schemas.associationId(portalId, from, each)} with ${each}`);
  return `associationTypeId must be that of one association of ${from}: ${listed(known)}`;
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'nothing' : names.join(', ');
}

/** The records that a new one of a type is to be associated with, by the ids of the associations. */
export function inputAssociations(
  schemas: Schemas,
  portalId: number,
  from: ObjectType,
  sent: readonly Static<typeof InputAssociation>[],
): RecordName[] {
  const faults: Fault[] = [];
  if (sent.length > MAX_TOLD)
    faults.push({ in: 'associations', message: `has ${sent.length}; at most ${MAX_TOLD} are taken` });
  const names = sent.slice(0, MAX_TOLD).flatMap(({ to, types }, index): RecordName[] => {
    const toId = objectIdOf(String(to.id));
    if (toId === undefined)
      faults.push({
        in: `associations[${index}].to.id`,
        message: `'${brief(String(to.id))}' is not a record's id`,
      });
    const [given] = types;
    const toType = given && schemas.associatedType(portalId, from, given.associationTypeId);
    const fault = specsFault(schemas, portalId, from, types, toType);
    if (fault) faults.push({ in: `associations[${index}].types`, message: fault });
    return toId !== undefined && toType ? [{ type: toType, id: toId }] : [];
  });
  if (faults.length > 0) throw invalid('record', faults);
  return names;
}
