// HubSpot's CRM object paths for many records in one call: create, change, upsert, read, archive. Each input stands for
// itself, and the answer says of those that failed why.
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { recordScopes } from '../access/scopes.js';
import { emailFault, emailKey } from '../records/identity.js';
import {
  type CrmRecord,
  type ObjectType,
  objectIdOf,
  type RecordWrite,
  singular,
} from '../records/record.js';
import { brief, invalid, orRefusal, Refusal, refusalOf, together } from '../refusal.js';
import { inputAssociations } from './associations.js';
import { batchAnswer, bounded } from './batch.js';
import { idOf, readerOfObjects } from './object_input.js';
import { shaper } from './object_shape.js';
import type { ObjectRoutes } from './objects.js';
import { DONE } from './openapi.js';
import { batchErrorOf, problemOfRefusal, sentOnce } from './problem.js';
import type { BatchObjects, ObjectInput } from './schemas/objects.js';
import { isOn, MaybeSwitch } from './schemas/parts.js';
import { noRecord, OfType, reading, typed, writing } from './typed.js';

const ReadQuery = Type.Object({ archived: MaybeSwitch('true: archived records instead.') });

export function objectBatchRoutes(
  app: FastifyInstance,
  { store, definitions, schemas, authenticator, clock }: ObjectRoutes,
): void {
  const onRequest = authenticator.anyToken;
  const about = typed(schemas, recordScopes);
  const { find, findAll, readInput, checkNamed } = readerOfObjects({ store, definitions, schemas });

  type Batch = { Params: Static<typeof OfType>; Body: Static<typeof BatchObjects> };
  const batch = (doc: typeof reading, operationId: string, summary: string, code: 200 | 201) => ({
    onRequest,
    ...sentOnce('inputs', 'properties'),
    schema: {
      ...doc(operationId, summary),
      description: 'At most 100 inputs. Each stands for itself: 207 says of those that failed why.',
      params: OfType,
      body: Type.Ref('BatchInputSimplePublicObject'),
      response: {
        [code]: Type.Ref('BatchResponseSimplePublicObject'),
        207: Type.Ref('BatchResponseSimplePublicObjectWithErrors'),
      },
    },
  });

  app.post<Batch>(
    '/crm/v3/objects/:objectType/batch/create',
    batch(writing, 'createRecords', 'Create records', 201),
    async (request, reply) => {
      const { type, portalId, portal } = about(request, 'write');
      const answer = await writeBatch(portalId, type, request.body, async (input, now) => {
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
    batch(writing, 'updateRecords', 'Change records', 200),
    async (request, reply) => {
      const { type, portalId, portal } = about(request, 'write');
      const answer = await writeBatch(portalId, type, request.body, async (input, now) => {
        const found = await find(portalId, type, idOf(input), input.idProperty ?? undefined);
        if (!found) throw noRecord(type, idOf(input));
        return { op: 'update', type, id: found.id, ...readInput(portal, type, input, now, found) };
      });
      return reply.code(answer.numErrors ? 207 : 200).send(answer);
    },
  );

  app.post<Batch>(
    '/crm/v3/objects/:objectType/batch/upsert',
    batch(writing, 'upsertRecords', 'Change records by a unique property, or create them', 200),
    async (request, reply) => {
      const { type, portalId, portal } = about(request, 'write');
      const answer = await writeBatch(
        portalId,
        type,
        request.body,
        async (input, now) => {
          const name = idOf(input);
          const read = (before?: CrmRecord) => readInput(portal, type, input, now, before);
          if (type === 'contacts' && input.idProperty === 'email') {
            const fault = emailFault(name);
            if (fault) throw invalid('input', [{ in: 'id', message: fault }]);
            const before = await find(portalId, type, name, 'email');
            const sent = read(before);
            if (!before && sent.email !== undefined && emailKey(sent.email) !== emailKey(name))
              throw invalid('input', [
                { in: 'properties.email', message: 'is not the id, which a new contact has as its e-mail' },
              ]);
            return { op: 'upsert', type, by: { email: name }, ...sent };
          }
          if (input.idProperty == null)
            throw invalid('input', [
              {
                in: 'idProperty',
                message:
                  'must name a property with unique values, such as email of contacts, or hs_object_id',
              },
            ]);
          if (input.idProperty === 'hs_object_id') {
            const found = await find(portalId, type, name);
            if (!found) throw noRecord(type, name); // ids are the server's to make
            return { op: 'update', type, id: found.id, ...read(found) };
          }
          const by = { ...definitions.unique(portalId, type, input.idProperty, name), at: now };
          const before = store.recordByUnique(portalId, type, by.uniqueKey);
          const sent = read(before);
          const upsert = { op: 'upsert' as const, type, by, ...sent };
          const named = orRefusal(() =>
            checkNamed(portalId, type, { ...sent, properties: [by, ...sent.properties] }),
          );
          if (!(named instanceof Refusal)) return upsert;
          // Whether it is new shows when it is written.
          const { reason, message, faults, context } = named;
          return { ...upsert, refusedIfNew: { reason, message, faults, context } };
        },
        true,
      );
      return reply.code(answer.numErrors ? 207 : 200).send(answer);
    },
  );

  const ofRead = batch(reading, 'readRecords', 'Get records', 200);
  app.post<Batch & { Querystring: Static<typeof ReadQuery> }>(
    '/crm/v3/objects/:objectType/batch/read',
    { ...ofRead, schema: { ...ofRead.schema, querystring: ReadQuery } },
    async (request, reply) => {
      const { type, portalId } = about(request, 'read');
      const { body } = request;
      const inputs = bounded(body.inputs);
      const startedAt = clock();
      const archived = isOn(request.query.archived);
      const names = inputs.map(idOf);
      const found = await findAll(portalId, type, names, body.idProperty ?? undefined, archived);
      const missing = names.filter((_, index) => !found[index]);
      const { shaped } = shaper(store, body);
      const results = found.flatMap((record) => (record ? [shaped(record)] : []));
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
      return reply.code(errors.length > 0 ? 207 : 200).send(batchAnswer(results, errors, startedAt, clock()));
    },
  );

  app.post<Batch>(
    '/crm/v3/objects/:objectType/batch/archive',
    {
      onRequest,
      ...sentOnce('inputs'),
      schema: {
        ...writing('archiveRecords', 'Archive records'),
        description: 'At most 100. Those that are not there are passed over.',
        params: OfType,
        body: Type.Ref('BatchInputSimplePublicObject'),
        response: DONE,
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

  /** Writes those inputs that can be; the others, and those that the store refuses, become errors. */
  async function writeBatch(
    portalId: number,
    type: ObjectType,
    body: Static<typeof BatchObjects>,
    toWrite: (input: Static<typeof ObjectInput>, now: number) => Promise<RecordWrite>,
    upserts = false,
  ) {
    const startedAt = clock();
    const read = await Promise.all(
      bounded(body.inputs).map((input) =>
        toWrite({ ...input, properties: input.properties ?? {} }, startedAt).catch(refusalOf),
      ),
    );
    const outcomes = await together(read, (writes) => store.write(portalId, writes, startedAt));
    const results: object[] = [];
    const errors: object[] = [];
    const { written } = shaper(store);
    for (const [index, outcome] of outcomes.entries()) {
      const { objectWriteTraceId } = body.inputs[index] ?? {};
      if (outcome instanceof Refusal) {
        const trace = objectWriteTraceId ? { objectWriteTraceId: [objectWriteTraceId] } : {};
        errors.push(batchErrorOf(problemOfRefusal(outcome), { index: [String(index)], ...trace }));
      } else {
        const record = store.record({ portalId, type, id: outcome.id });
        const sent = Object.keys(body.inputs[index]?.properties ?? {});
        if (record)
          results.push({
            ...written(record, sent),
            ...(upserts ? { new: outcome.created } : {}),
            ...(objectWriteTraceId ? { objectWriteTraceId } : {}),
          });
      }
    }
    return batchAnswer(results, errors, startedAt, clock());
  }
}
