// HubSpot's paths for property definitions: which properties records of a type have, and under which groups people
// see them.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { propertyScopes, scopesOfTypes } from '../access/scopes.js';
import type { Definitions } from '../records/definitions.js';
import type { PropertyDefinition, PropertyGroup } from '../records/properties.js';
import type { Schemas } from '../records/schemas.js';
import { orRefusal, Refusal } from '../refusal.js';
import type { Authenticator } from './authenticate.js';
import { batchAnswer, bounded } from './batch.js';
import { anyOneOf, DONE, operations } from './openapi.js';
import { batchErrorOf, problemOfRefusal, sentOnce } from './problem.js';
import { isOn, MaybeSwitch } from './schemas/parts.js';
import type {
  BatchPropertyCreate,
  BatchPropertyNames,
  BatchPropertyRead,
  GroupAnswer,
  GroupCreate,
  GroupUpdate,
  PropertyAnswer,
  PropertyCreate,
  PropertyUpdate,
} from './schemas/properties.js';
import { OfType, objectType, typed } from './typed.js';

export interface PropertyRoutes {
  definitions: Definitions;
  schemas: Schemas;
  authenticator: Authenticator;
  clock: () => number;
}

const ROOT = '/crm/v3/properties/:objectType';

const OfProperty = Type.Object({
  objectType,
  propertyName: Type.String({ description: "The property's name." }),
});
const OfGroup = Type.Object({ objectType, groupName: Type.String({ description: "The group's name." }) });
const Which = Type.Object({
  archived: MaybeSwitch('true: archived ones instead.'),
});

type InType = { Params: Static<typeof OfType> };
type InProperty = { Params: Static<typeof OfProperty> };
type InGroup = { Params: Static<typeof OfGroup> };
type Chosen = { Querystring: Static<typeof Which> };

export function propertyRoutes(
  app: FastifyInstance,
  { definitions, schemas, authenticator, clock }: PropertyRoutes,
): void {
  const onRequest = authenticator.anyToken;
  const property = Type.Ref('Property');
  const group = Type.Ref('PropertyGroup');
  const reading = operations('Records', anyOneOf(scopesOfTypes(propertyScopes, 'read')));
  const writing = operations('Records', anyOneOf(scopesOfTypes(propertyScopes, 'write')));
  const ofPath = typed(schemas, propertyScopes);

  /** The portal, and the type that a path names; the caller may do this to its properties. */
  function about(request: FastifyRequest<InType>, verb: 'read' | 'write') {
    const { portalId, type } = ofPath(request, verb);
    return [portalId, type] as const;
  }

  app.get<InType & Chosen>(
    ROOT,
    {
      onRequest,
      schema: {
        ...reading('listProperties', 'List the properties of a type'),
        params: OfType,
        querystring: Which,
        response: { 200: Type.Ref('CollectionResponsePropertyNoPaging') },
      },
    },
    async (request) => {
      const { properties, archivedProperties } = definitions.of(...about(request, 'read'));
      const chosen = isOn(request.query.archived) ? archivedProperties : properties;
      return { results: [...chosen.values()].map(toProperty) };
    },
  );

  app.post<InType & { Body: Static<typeof PropertyCreate> }>(
    ROOT,
    {
      onRequest,
      ...sentOnce('options'),
      schema: {
        ...writing('createProperty', 'Create a property'),
        params: OfType,
        body: Type.Ref('PropertyCreate'),
        response: { 201: property },
      },
    },
    async (request, reply) => {
      const [created] = await definitions.create(...about(request, 'write'), [request.body]);
      if (!created || created instanceof Refusal) throw created;
      return reply.code(201).send(toProperty(created));
    },
  );

  app.get<InProperty & Chosen>(
    `${ROOT}/:propertyName`,
    {
      onRequest,
      schema: {
        ...reading('getProperty', 'Get a property'),
        params: OfProperty,
        querystring: Which,
        response: { 200: property },
      },
    },
    async (request) => {
      const { propertyName } = request.params;
      return toProperty(
        definitions.property(...about(request, 'read'), propertyName, isOn(request.query.archived)),
      );
    },
  );

  app.patch<InProperty & { Body: Static<typeof PropertyUpdate> }>(
    `${ROOT}/:propertyName`,
    {
      onRequest,
      ...sentOnce('options'),
      schema: {
        ...writing('updateProperty', 'Change a property'),
        description:
          "Values that records have stay as they are. Of HubSpot's own only an enumeration's options change.",
        params: OfProperty,
        body: Type.Ref('PropertyUpdate'),
        response: { 200: property },
      },
    },
    async (request) =>
      toProperty(
        await definitions.change(...about(request, 'write'), request.params.propertyName, request.body),
      ),
  );

  app.delete<InProperty>(
    `${ROOT}/:propertyName`,
    {
      onRequest,
      schema: {
        ...writing('archiveProperty', 'Archive a property'),
        description: "Not HubSpot's own. Records keep its values.",
        params: OfProperty,
        response: DONE,
      },
    },
    async (request, reply) => {
      await definitions.archive(...about(request, 'write'), request.params.propertyName);
      return reply.code(204).send();
    },
  );

  app.post<InType & { Body: Static<typeof BatchPropertyCreate> }>(
    `${ROOT}/batch/create`,
    {
      onRequest,
      ...sentOnce('inputs', 'options'),
      schema: {
        ...writing('createProperties', 'Create properties'),
        description: 'At most 100. Each stands for itself.',
        params: OfType,
        body: Type.Ref('BatchInputPropertyCreate'),
        response: {
          201: Type.Ref('BatchResponseProperty'),
          207: Type.Ref('BatchResponsePropertyWithErrors'),
        },
      },
    },
    async (request, reply) => {
      const where = about(request, 'write');
      const startedAt = clock();
      const outcomes = await definitions.create(...where, bounded(request.body.inputs));
      const answer = answerOf(outcomes, startedAt);
      return reply.code('numErrors' in answer ? 207 : 201).send(answer);
    },
  );

  app.post<InType & { Body: Static<typeof BatchPropertyRead> }>(
    `${ROOT}/batch/read`,
    {
      onRequest,
      ...sentOnce('inputs'),
      schema: {
        ...reading('readProperties', 'Get properties'),
        description: 'At most 100.',
        params: OfType,
        body: Type.Ref('BatchReadInputPropertyName'),
        response: {
          200: Type.Ref('BatchResponseProperty'),
          207: Type.Ref('BatchResponsePropertyWithErrors'),
        },
      },
    },
    async (request, reply) => {
      const where = about(request, 'read');
      const startedAt = clock();
      const { inputs, archived } = request.body;
      const outcomes = bounded(inputs).map(({ name }) =>
        orRefusal(() => definitions.property(...where, name, archived ?? false)),
      );
      const answer = answerOf(outcomes, startedAt);
      return reply.code('numErrors' in answer ? 207 : 200).send(answer);
    },
  );

  app.post<InType & { Body: Static<typeof BatchPropertyNames> }>(
    `${ROOT}/batch/archive`,
    {
      onRequest,
      ...sentOnce('inputs'),
      schema: {
        ...writing('archiveProperties', 'Archive properties'),
        description:
          "At most 100. Those that are not there are passed over; where one is HubSpot's own, none is archived.",
        params: OfType,
        body: Type.Ref('BatchInputPropertyName'),
        response: DONE,
      },
    },
    async (request, reply) => {
      const where = about(request, 'write');
      await definitions.archiveAll(
        ...where,
        bounded(request.body.inputs).map(({ name }) => name),
      );
      return reply.code(204).send();
    },
  );

  app.get<InType>(
    `${ROOT}/groups`,
    {
      onRequest,
      schema: {
        ...reading('listPropertyGroups', 'List the property groups of a type'),
        params: OfType,
        response: { 200: Type.Ref('CollectionResponsePropertyGroupNoPaging') },
      },
    },
    async (request) => ({
      results: [...definitions.of(...about(request, 'read')).groups.values()].map(toGroup),
    }),
  );

  app.post<InType & { Body: Static<typeof GroupCreate> }>(
    `${ROOT}/groups`,
    {
      onRequest,
      ...sentOnce(),
      schema: {
        ...writing('createPropertyGroup', 'Create a property group'),
        params: OfType,
        body: Type.Ref('PropertyGroupCreate'),
        response: { 201: group },
      },
    },
    async (request, reply) => {
      const created = await definitions.createGroup(...about(request, 'write'), request.body);
      return reply.code(201).send(toGroup(created));
    },
  );

  app.get<InGroup>(
    `${ROOT}/groups/:groupName`,
    {
      onRequest,
      schema: {
        ...reading('getPropertyGroup', 'Get a property group'),
        params: OfGroup,
        response: { 200: group },
      },
    },
    async (request) => toGroup(definitions.group(...about(request, 'read'), request.params.groupName)),
  );

  app.patch<InGroup & { Body: Static<typeof GroupUpdate> }>(
    `${ROOT}/groups/:groupName`,
    {
      onRequest,
      ...sentOnce(),
      schema: {
        ...writing('updatePropertyGroup', 'Change a property group'),
        params: OfGroup,
        body: Type.Ref('PropertyGroupUpdate'),
        response: { 200: group },
      },
    },
    async (request) =>
      toGroup(
        await definitions.changeGroup(...about(request, 'write'), request.params.groupName, request.body),
      ),
  );

  app.delete<InGroup>(
    `${ROOT}/groups/:groupName`,
    {
      onRequest,
      schema: {
        ...writing('archivePropertyGroup', 'Archive a property group'),
        description: "Not HubSpot's own, and none that has properties.",
        params: OfGroup,
        response: DONE,
      },
    },
    async (request, reply) => {
      await definitions.archiveGroup(...about(request, 'write'), request.params.groupName);
      return reply.code(204).send();
    },
  );

  function answerOf(outcomes: readonly (PropertyDefinition | Refusal)[], startedAt: number) {
    const results: Static<typeof PropertyAnswer>[] = [];
    const errors: object[] = [];
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome instanceof Refusal)
        errors.push(batchErrorOf(problemOfRefusal(outcome), { index: [String(index)] }));
      else results.push(toProperty(outcome));
    }
    return batchAnswer(results, errors, startedAt, clock());
  }
}

export function toProperty(definition: PropertyDefinition): Static<typeof PropertyAnswer> {
  const { name, label, type, fieldType, groupName, description, displayOrder, hidden, formField } =
    definition;
  const { options, externalOptions, predefined, readOnly, unique, createdAt, updatedAt, archivedAt } =
    definition;
  return {
    name,
    label,
    type,
    fieldType,
    groupName,
    description,
    options: [...options],
    displayOrder,
    hasUniqueValue: unique ?? false,
    hidden,
    formField,
    calculated: false,
    externalOptions,
    hubspotDefined: predefined,
    modificationMetadata: {
      archivable: !predefined,
      readOnlyDefinition: predefined,
      readOnlyOptions: predefined && type !== 'enumeration',
      readOnlyValue: readOnly,
    },
    ...(createdAt === 0 ? {} : { createdAt: new Date(createdAt).toISOString() }),
    ...(updatedAt === 0 ? {} : { updatedAt: new Date(updatedAt).toISOString() }),
    archived: archivedAt !== undefined,
    ...(archivedAt === undefined ? {} : { archivedAt: new Date(archivedAt).toISOString() }),
  };
}

function toGroup({ name, label, displayOrder, archivedAt }: PropertyGroup): Static<typeof GroupAnswer> {
  return { name, label, displayOrder, archived: archivedAt !== undefined };
}
