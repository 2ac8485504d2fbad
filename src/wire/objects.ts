// HubSpot's CRM object paths for contacts, companies, deals, tickets and custom objects: create, read, list, change, archive, in
// batches too, and search. A record's shape on the wire is made here.
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { recordScopes, scopesOfTypes } from '../access/scopes.js';
import type { Portal } from '../access/store.js';
import type { Definitions } from '../records/definitions.js';
import { emailFault, UNKEEPABLE } from '../records/identity.js';
import { invalidValues, readOnlyFault, type ValueFault } from '../records/properties.js';
import {
  type CrmRecord,
  createdName,
  isCustom,
  modifiedName,
  type ObjectType,
  OWN_PROPERTIES,
  objectIdOf,
  type PropertyValue,
  propertyOf,
  type RecordOutcome,
  type RecordStore,
  type RecordWrite,
  type StandardType,
  singular,
} from '../records/record.js';
import type { Schemas } from '../records/schemas.js';
import { checkSearch, type Filter, MAX_SEARCH_CHARS, type Search } from '../records/search.js';
import { brief, type Fault, invalid, Refusal } from '../refusal.js';
import { inputAssociations, namedAssociations, toldAssociations } from './associations.js';
import type { Authenticator } from './authenticate.js';
import { batchErrorOf, problemOfRefusal, sentOnce } from './problem.js';
import type { BatchObjects, CrmObject, ObjectInput, SearchInput } from './schemas/objects.js';
import { noRecord, objectType, typed } from './typed.js';

export interface ObjectRoutes {
  store: RecordStore;
  definitions: Definitions;
  schemas: Schemas;
  authenticator: Authenticator;
  clock: () => number;
}

const MAX_BATCH = 100;
/** Of one record in one call. */
const MAX_PROPERTIES = 1_000;
const MAX_VALUE_LENGTH = 65_536;
const DEFAULT_LIST = 10;
const MAX_LIST = 100;
/** How many former values of a property are told. */
const MAX_HISTORY = 45;

const OfType = Type.Object({ objectType });
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
  archived: Type.Optional(Type.String({ description: 'true: archived records instead.' })),
  associations: Names('Types of which associated records are told too, at most 100 of each.'),
};
const IdProperty = Type.Optional(
  Type.String({ description: 'email, of contacts, or a property with unique values: the id is its value.' }),
);
const OneQuery = Type.Object({ ...Selection, idProperty: IdProperty });
const ListQuery = Type.Object({
  ...Selection,
  limit: Type.Optional(Type.String({ description: `1 to ${MAX_LIST}; ${DEFAULT_LIST} unless given.` })),
  after: Type.Optional(Type.String({ description: "The last page's paging.next.after." })),
});

export function objectRoutes(
  app: FastifyInstance,
  { store, definitions, schemas, authenticator, clock }: ObjectRoutes,
): void {
  const onRequest = authenticator.anyToken;
  const object = Type.Ref('SimplePublicObject');
  const failed = Type.Ref('Error');
  const doc = (operationId: string, summary: string, verb: 'read' | 'write') => ({
    tags: ['Records'],
    operationId,
    summary,
    security: scopesOfTypes(recordScopes, verb),
  });
  const about = typed(schemas, recordScopes);

  app.get<{ Params: Static<typeof OfType>; Querystring: Static<typeof ListQuery> }>(
    '/crm/v3/objects/:objectType',
    {
      onRequest,
      schema: {
        ...doc('listRecords', 'List records', 'read'),
        params: OfType,
        querystring: ListQuery,
        response: { 200: Type.Ref('CollectionResponseSimplePublicObject'), default: failed },
      },
    },
    async (request) => {
      const { type, portalId } = about(request, 'read');
      const { limit, after } = listQuery(request.query);
      const told = associationsOf(portalId, type, request.query.associations);
      const archived = request.query.archived === 'true';
      const records = store.records(portalId, type, { after, limit: limit + 1, archived });
      const shown = records.slice(0, limit);
      const last = shown.at(-1);
      return {
        results: shown.map((record) => ({ ...shaped(record, request.query), ...told(record) })),
        ...(records.length > limit && last ? { paging: { next: { after: String(last.id) } } } : {}),
      };
    },
  );

  app.post<{ Params: Static<typeof OfType>; Body: Static<typeof ObjectInput> }>(
    '/crm/v3/objects/:objectType',
    {
      onRequest,
      ...sentOnce('properties'),
      schema: {
        ...doc('createRecord', 'Create a record', 'write'),
        description: 'By hand: this lifts the block of an e-mail whose contact was erased.',
        params: OfType,
        body: Type.Ref('SimplePublicObjectInput'),
        response: { 201: object, default: failed },
      },
    },
    async (request, reply) => {
      const { type, portalId, portal } = about(request, 'write');
      const input = readInput(portal, type, request.body, clock());
      checkNamed(portalId, type, input);
      const associations = inputAssociations(schemas, portalId, type, request.body.associations ?? []);
      const record = await writeOne(portalId, { op: 'create', type, ...input, associations });
      return reply.code(201).send(shaped(record, { properties: Object.keys(request.body.properties) }, true));
    },
  );

  app.get<{ Params: Static<typeof OfRecord>; Querystring: Static<typeof OneQuery> }>(
    '/crm/v3/objects/:objectType/:objectId',
    {
      onRequest,
      schema: {
        ...doc('getRecord', 'Get a record', 'read'),
        description: 'By its id, or the id of a contact that was merged into it, or any e-mail of a contact.',
        params: OfRecord,
        querystring: OneQuery,
        response: { 200: object, default: failed },
      },
    },
    async (request) => {
      const { type, portalId } = about(request, 'read');
      const { objectId } = request.params;
      const id = objectIdOf(objectId);
      const found =
        request.query.archived === 'true'
          ? id !== undefined && store.archivedRecord({ portalId, type, id })
          : find(portalId, type, objectId, request.query.idProperty);
      if (!found) throw noRecord(request.params.objectType, objectId);
      const told = associationsOf(portalId, type, request.query.associations);
      return { ...shaped(found, request.query), ...told(found) };
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
        ...doc('updateRecord', 'Change properties of a record', 'write'),
        description: 'An empty value clears a property.',
        params: OfRecord,
        querystring: Type.Object({ idProperty: IdProperty }),
        body: Type.Ref('SimplePublicObjectInput'),
        response: { 200: object, default: failed },
      },
    },
    async (request) => {
      const { type, portalId, portal } = about(request, 'write');
      const found = find(portalId, type, request.params.objectId, request.query.idProperty);
      if (!found) throw noRecord(request.params.objectType, request.params.objectId);
      const input = readInput(portal, type, request.body, clock());
      const record = await writeOne(portalId, { op: 'update', type, id: found.id, ...input });
      return shaped(record, { properties: Object.keys(request.body.properties) }, true);
    },
  );

  app.delete<{ Params: Static<typeof OfRecord> }>(
    '/crm/v3/objects/:objectType/:objectId',
    {
      onRequest,
      schema: {
        ...doc('archiveRecord', 'Archive a record', 'write'),
        description: "It and its timeline are out of sight; a contact's e-mails and visitors are free again.",
        params: OfRecord,
        response: { 204: Type.Null({ description: 'Done; no body.' }), default: failed },
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

  type Batch = { Params: Static<typeof OfType>; Body: Static<typeof BatchObjects> };
  const batch = (operationId: string, summary: string, verb: 'read' | 'write', code: 200 | 201) => ({
    onRequest,
    ...sentOnce('inputs', 'properties'),
    schema: {
      ...doc(operationId, summary, verb),
      description: 'At most 100 inputs. Each stands for itself: 207 says of those that failed why.',
      params: OfType,
      body: Type.Ref('BatchInputSimplePublicObject'),
      response: {
        [code]: Type.Ref('BatchResponseSimplePublicObject'),
        207: Type.Ref('BatchResponseSimplePublicObjectWithErrors'),
        default: failed,
      },
    },
  });

  app.post<Batch>(
    '/crm/v3/objects/:objectType/batch/create',
    batch('createRecords', 'Create records', 'write', 201),
    async (request, reply) => {
      const { type, portalId, portal } = about(request, 'write');
      const answer = await writeBatch(portalId, type, request.body, (input, now) => {
        const read = readInput(portal, type, input, now);
        checkNamed(portalId, type, read);
        return {
          op: 'create',
          type,
          ...read,
          associations: inputAssociations(schemas, portalId, type, input.associations ?? []),
        };
      });
      return reply.code(answer.numErrors ? 207 : 201).send(answer);
    },
  );

  app.post<Batch>(
    '/crm/v3/objects/:objectType/batch/update',
    batch('updateRecords', 'Change records', 'write', 200),
    async (request, reply) => {
      const { type, portalId, portal } = about(request, 'write');
      const answer = await writeBatch(portalId, type, request.body, (input, now) => {
        const found = find(portalId, type, String(input.id ?? ''), input.idProperty ?? undefined);
        if (!found) throw noRecord(type, String(input.id ?? ''));
        return { op: 'update', type, id: found.id, ...readInput(portal, type, input, now) };
      });
      return reply.code(answer.numErrors ? 207 : 200).send(answer);
    },
  );

  app.post<Batch>(
    '/crm/v3/objects/:objectType/batch/upsert',
    batch('upsertRecords', 'Change records by a unique property, or create them', 'write', 200),
    async (request, reply) => {
      const { type, portalId, portal } = about(request, 'write');
      const answer = await writeBatch(portalId, type, request.body, (input, now) => {
        const name = String(input.id ?? '');
        const read = readInput(portal, type, input, now);
        if (type === 'contacts' && input.idProperty === 'email') {
          const fault = emailFault(name);
          if (fault) throw invalid('input', [{ in: 'id', message: fault }]);
          return { op: 'upsert', type, by: { email: name }, properties: read.properties };
        }
        if (input.idProperty == null)
          throw invalid('input', [
            {
              in: 'idProperty',
              message: 'must name a property with unique values, such as email of contacts',
            },
          ]);
        const by = definitions.unique(portalId, type, input.idProperty, name);
        if (!store.recordByUnique(portalId, type, by.uniqueKey))
          checkNamed(portalId, type, { ...read, properties: [...read.properties, by] });
        return { op: 'upsert', type, by, ...read };
      });
      return reply.code(answer.numErrors ? 207 : 200).send(answer);
    },
  );

  app.post<Batch>(
    '/crm/v3/objects/:objectType/batch/read',
    batch('readRecords', 'Get records', 'read', 200),
    async (request, reply) => {
      const { type, portalId } = about(request, 'read');
      const { body } = request;
      const inputs = bounded(body.inputs);
      const startedAt = clock();
      const found = inputs.map((input) =>
        find(portalId, type, String(input.id ?? ''), body.idProperty ?? undefined),
      );
      const missing = inputs.filter((_, index) => !found[index]).map((input) => String(input.id ?? ''));
      const results = found.flatMap((record) => (record ? [shaped(record, body)] : []));
      const errors =
        missing.length === 0
          ? []
          : [
              batchErrorOf({
                http: 404,
                category: 'OBJECT_NOT_FOUND',
                message: `Could not get some ${singular(type).toUpperCase()} objects, they may be deleted or not exist. Check that ids are valid.`,
                context: { ids: missing.map(brief) },
              }),
            ];
      return reply.code(errors.length > 0 ? 207 : 200).send(batchAnswer(results, errors, startedAt));
    },
  );

  app.post<Batch>(
    '/crm/v3/objects/:objectType/batch/archive',
    {
      onRequest,
      schema: {
        ...doc('archiveRecords', 'Archive records', 'write'),
        description: 'At most 100. Those that are not there are passed over.',
        params: OfType,
        body: Type.Ref('BatchInputSimplePublicObject'),
        response: { 204: Type.Null({ description: 'Done; no body.' }), default: failed },
      },
    },
    async (request, reply) => {
      const { type, portalId } = about(request, 'write');
      const writes = bounded(request.body.inputs).flatMap(({ id }): RecordWrite[] => {
        const known = objectIdOf(String(id ?? ''));
        return known === undefined ? [] : [{ op: 'archive', type, id: known }];
      });
      await store.write(portalId, writes, clock());
      return reply.code(204).send();
    },
  );

  app.post<{ Params: Static<typeof OfType>; Body: Static<typeof SearchInput> }>(
    '/crm/v3/objects/:objectType/search',
    {
      onRequest,
      config: { search: true },
      schema: {
        ...doc('searchRecords', 'Search records', 'read'),
        description: 'Any group of filters must hold, and of it every filter. Letter case does not matter.',
        params: OfType,
        body: Type.Ref('PublicObjectSearchRequest'),
        response: { 200: Type.Ref('CollectionResponseWithTotalSimplePublicObject'), default: failed },
      },
    },
    async (request) => {
      const { type, portalId } = about(request, 'read');
      if (request.text.length > MAX_SEARCH_CHARS)
        throw invalid('search', [
          {
            message: `the body has ${request.text.length} characters; at most ${MAX_SEARCH_CHARS} are taken`,
          },
        ]);
      const search = readSearch(request.body, type, schemas.searched(portalId, type));
      const { total, records } = await store.search(portalId, type, search);
      const next = search.offset + records.length;
      return {
        total,
        results: records.map((record) => shaped(record, request.body)),
        ...(next < total && records.length > 0 ? { paging: { next: { after: String(next) } } } : {}),
      };
    },
  );

  /** What records are told to be associated with, as a query asks. */
  function associationsOf(portalId: number, type: ObjectType, sent: string | string[] | undefined) {
    const types = namedAssociations(schemas, portalId, type, namesOf(sent) ?? []);
    return (record: CrmRecord) => toldAssociations(store, schemas, record, types);
  }

  function find(
    portalId: number,
    type: ObjectType,
    name: string,
    idProperty?: string,
  ): CrmRecord | undefined {
    if (idProperty === 'email' && type === 'contacts') return store.contactByEmail(portalId, name);
    if (idProperty !== undefined && idProperty !== 'hs_object_id')
      return store.recordByUnique(
        portalId,
        type,
        definitions.unique(portalId, type, idProperty, name).uniqueKey,
      );
    const id = objectIdOf(name);
    return id === undefined ? undefined : store.record({ portalId, type, id });
  }

  /** What is sent of a record, checked: its e-mail and its properties. An empty value clears one. */
  function readInput(
    portal: Portal,
    type: ObjectType,
    { properties }: Static<typeof ObjectInput>,
    at: number,
  ): { email?: string; properties: PropertyValue[] } {
    const faults: ValueFault[] = [];
    const names = Object.keys(properties).length;
    if (names > MAX_PROPERTIES)
      throw invalid('record', [
        { in: 'properties', message: `has ${names} properties; at most ${MAX_PROPERTIES} are taken` },
      ]);
    const input: { email?: string; properties: PropertyValue[] } = { properties: [] };
    for (const [name, sent] of Object.entries(properties)) {
      const value = sent === null ? '' : String(sent);
      if (value.length > MAX_VALUE_LENGTH) {
        const message = `has ${value.length} characters; at most ${MAX_VALUE_LENGTH} are taken`;
        faults.push({ name, message, code: 'INPUT_TOO_LARGE' });
        continue;
      }
      if (UNKEEPABLE.test(value)) {
        const message = 'has a NUL or half a surrogate pair; send well-formed text';
        faults.push({ name, message, code: 'INVALID_TEXT' });
        continue;
      }
      if (name === 'email' && type === 'contacts') {
        if (value === '') continue;
        const message = emailFault(value);
        if (message) faults.push({ name, message, code: 'INVALID_EMAIL' });
        input.email = value;
      } else if (OWN_PROPERTIES.has(name) && name !== 'email') {
        faults.push(readOnlyFault(name));
      } else {
        const unknown = portal.lenient ? 'create' : 'refuse';
        const read = definitions.value(portal.id, type, { name, value, at }, unknown);
        if ('code' in read) faults.push(read);
        else input.properties.push(read);
      }
    }
    if (faults.length > 0) throw invalidValues(faults);
    return input;
  }

  /** Refuses a new record that lacks what one of its type needs. */
  function checkNamed(
    portalId: number,
    type: ObjectType,
    input: { email?: string; properties: readonly PropertyValue[] },
  ): void {
    const set = new Set(input.properties.filter(({ value }) => value !== '').map(({ name }) => name));
    if (input.email !== undefined) set.add('email');
    if (isCustom(type)) {
      const { properties } = definitions.of(portalId, type);
      const required = schemas.schemaOf(portalId, type)?.requiredProperties ?? [];
      const missing = required.filter((name) => properties.has(name) && !set.has(name));
      if (missing.length > 0) throw lacking(type, missing);
    } else if (!NAMING[type].some((name) => set.has(name)))
      throw invalid('record', [
        {
          in: 'properties',
          message: `a new record of ${type} needs ${NAMING[type].join(' or ')}`,
          code: 'REQUIRED_FIELD',
        },
      ]);
  }

  async function writeOne(portalId: number, write: RecordWrite): Promise<CrmRecord> {
    const [outcome] = await store.write(portalId, [write], clock());
    if (!outcome || outcome instanceof Refusal) throw outcome;
    const record = store.record({ portalId, type: write.type, id: outcome.id });
    if (!record) throw noRecord(write.type, String(outcome.id));
    return record;
  }

  /** Writes those inputs that can be; the others, and those that the store refuses, become errors. */
  async function writeBatch(
    portalId: number,
    type: ObjectType,
    body: Static<typeof BatchObjects>,
    toWrite: (input: Static<typeof ObjectInput>, now: number) => RecordWrite,
  ) {
    const startedAt = clock();
    const writes: RecordWrite[] = [];
    const refusals = bounded(body.inputs).map((input): Refusal | undefined => {
      try {
        writes.push(toWrite({ ...input, properties: input.properties ?? {} }, startedAt));
        return undefined;
      } catch (error) {
        if (error instanceof Refusal) return error;
        throw error;
      }
    });
    const outcomes = await store.write(portalId, writes, startedAt);
    const results: object[] = [];
    const errors: object[] = [];
    let next = 0;
    for (const [index, refusal] of refusals.entries()) {
      const outcome: RecordOutcome = refusal ?? (outcomes[next++] as RecordOutcome);
      if (outcome instanceof Refusal) {
        const { objectWriteTraceId } = body.inputs[index] ?? {};
        const trace = objectWriteTraceId ? { objectWriteTraceId: [objectWriteTraceId] } : {};
        errors.push(batchErrorOf(problemOfRefusal(outcome), { index: [String(index)], ...trace }));
      } else {
        const record = store.record({ portalId, type, id: outcome.id });
        const names = Object.keys(body.inputs[index]?.properties ?? {});
        if (record)
          results.push({ ...shaped(record, { properties: names }, true), ...isNew(writes[0], outcome) });
      }
    }
    return batchAnswer(results, errors, startedAt);
  }

  function batchAnswer(results: object[], errors: object[], startedAt: number) {
    return {
      status: 'COMPLETE',
      results,
      ...(errors.length > 0 ? { numErrors: errors.length, errors } : {}),
      startedAt: new Date(startedAt).toISOString(),
      completedAt: new Date(clock()).toISOString(),
    };
  }

  type Selected = { properties?: string | string[] | null; propertiesWithHistory?: string | string[] | null };

  /** The record on the wire; `more`: the named properties come on top of the usual ones. */
  function shaped(record: CrmRecord & { archivedAt?: number }, selected: Selected, more = false): Shape {
    const history = namesOf(selected.propertiesWithHistory) ?? [];
    const chosen = namesOf(selected.properties) ?? (history.length > 0 ? history : undefined);
    const names =
      more || !chosen ? [...usualProperties(record.type), ...(chosen ?? [])] : [...chosen, ...history];
    const shape = toObject(record, names);
    if (history.length === 0) return shape;
    const told = history.map((name) => [name, store.history(record, name, MAX_HISTORY).map(toChange)]);
    return { ...shape, propertiesWithHistory: Object.fromEntries(told) };
  }
}

type Shape = Static<typeof CrmObject>;

function isNew(write: RecordWrite | undefined, outcome: RecordOutcome): { new?: boolean } {
  return write?.op === 'upsert' && !(outcome instanceof Refusal) ? { new: outcome.created } : {};
}

function bounded<T>(inputs: readonly T[]): readonly T[] {
  if (inputs.length > MAX_BATCH)
    throw invalid('batch', [
      {
        in: 'inputs',
        message: `has ${inputs.length} inputs; a batch has at most ${MAX_BATCH}: send several`,
      },
    ]);
  return inputs;
}

function namesOf(sent: string | string[] | null | undefined): string[] | undefined {
  if (sent == null) return undefined;
  const names = [sent]
    .flat()
    .flatMap((each) => each.split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return names.length > 0 ? names : undefined;
}

function listQuery(sent: { limit?: string; after?: string }): { limit: number; after: number } {
  const faults: Fault[] = [];
  const limit =
    sent.limit === undefined ? DEFAULT_LIST : /^\d{1,9}$/.test(sent.limit) ? Number(sent.limit) : 0;
  if (limit < 1 || limit > MAX_LIST)
    faults.push({
      in: 'limit',
      message: `'${brief(sent.limit ?? '')}' is out of bounds; send 1 to ${MAX_LIST}`,
    });
  const after = sent.after === undefined ? 0 : (objectIdOf(sent.after) ?? -1);
  if (after < 0)
    faults.push({ in: 'after', message: 'is not a cursor of ours; send paging.next.after of the last page' });
  if (faults.length > 0) throw invalid('query', faults);
  return { limit, after };
}

/** Of which properties a new record needs at least one. */
const NAMING: Readonly<Record<StandardType, readonly string[]>> = {
  contacts: ['email', 'firstname', 'lastname'],
  companies: ['name', 'domain'],
  deals: ['dealname'],
  tickets: ['subject'],
};

/** As HubSpot puts it. */
function lacking(type: ObjectType, missing: readonly string[]): Refusal {
  return new Refusal(
    'invalid',
    `Error creating ${type}. Some required properties were not set: ${missing.join(', ')}`,
    missing.map((name) => ({
      in: `properties.${name}`,
      message: 'is required and not set; send a value',
      code: 'REQUIRED_FIELD',
      context: { propertyName: [name] },
    })),
    { properties: missing },
  );
}

function readSearch(sent: Static<typeof SearchInput>, type: ObjectType, searched: readonly string[]): Search {
  const [sort] = sent.sorts ?? [];
  const sorted = typeof sort === 'string' ? { propertyName: sort } : sort;
  const search: Search = {
    groups: (sent.filterGroups ?? []).map(({ filters }) => filters.map(readFilter)),
    ...(sent.query ? { query: sent.query, searched } : {}),
    sort: {
      propertyName: sorted?.propertyName ?? createdName(type),
      descending: sorted?.direction === 'DESCENDING',
    },
    offset: sent.after == null ? 0 : Number(sent.after),
    limit: sent.limit ?? DEFAULT_LIST,
  };
  const faults: Fault[] = [];
  if ((sent.sorts?.length ?? 0) > 1)
    faults.push({ in: 'sorts', message: `has ${sent.sorts?.length} sorts; one is taken` });
  if (!Number.isInteger(search.offset) || search.offset < 0)
    faults.push({ in: 'after', message: 'is not a cursor of ours; send paging.next.after of the last page' });
  if (faults.length > 0) throw invalid(`search of ${type}`, faults);
  checkSearch(search);
  return search;
}

function readFilter(sent: {
  propertyName: string;
  operator: Filter['operator'];
  value?: string | number | boolean | null;
  highValue?: string | number | null;
  values?: (string | number)[] | null;
}): Filter {
  return {
    propertyName: sent.propertyName,
    operator: sent.operator,
    ...(sent.value == null ? {} : { value: String(sent.value) }),
    ...(sent.highValue == null ? {} : { highValue: String(sent.highValue) }),
    ...(sent.values == null ? {} : { values: sent.values.map(String) }),
  };
}

/** What is answered when nobody says which properties. */
export function usualProperties(type: ObjectType): readonly string[] {
  return isCustom(type) ? USUAL_OF_CUSTOM : USUAL_PROPERTIES[type];
}

const USUAL_OF_CUSTOM = ['hs_createdate', 'hs_lastmodifieddate', 'hs_object_id'];
const USUAL_PROPERTIES: Readonly<Record<StandardType, readonly string[]>> = {
  contacts: 'createdate email firstname hs_object_id lastmodifieddate lastname'.split(' '),
  companies: 'createdate domain hs_lastmodifieddate hs_object_id name'.split(' '),
  deals: 'amount closedate createdate dealname dealstage hs_lastmodifieddate hs_object_id pipeline'.split(
    ' ',
  ),
  tickets:
    'content createdate hs_lastmodifieddate hs_object_id hs_pipeline hs_pipeline_stage hs_ticket_category hs_ticket_priority subject'.split(
      ' ',
    ),
};

/** A record as HubSpot answers it; what it does not have is null. */
export function toObject(record: CrmRecord & { archivedAt?: number }, names: readonly string[]): Shape {
  const all = new Set([...names, 'hs_object_id', createdName(record.type), modifiedName(record.type)]);
  return {
    id: String(record.id),
    properties: Object.fromEntries([...all].sort().map((name) => [name, propertyOf(record, name) ?? null])),
    createdAt: new Date(record.createdAt).toISOString(),
    updatedAt: new Date(record.updatedAt).toISOString(),
    archived: record.archivedAt !== undefined,
    ...(record.archivedAt === undefined ? {} : { archivedAt: new Date(record.archivedAt).toISOString() }),
  };
}

/** A former value, and who said it: an event's id, or the kind of call. */
function toChange({ value, at, source }: { value: string; at: number; source: string }) {
  const isEvent = source.includes('/');
  return {
    value,
    timestamp: new Date(at).toISOString(),
    sourceType: isEvent ? 'INTEGRATION' : source,
    ...(isEvent ? { sourceId: source } : {}),
  };
}
