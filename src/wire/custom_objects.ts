// HubSpot's paths for custom objects: the types of records that a portal makes itself. Its clients of one age look
// under /crm/v3/schemas, those of another under /crm-object-schemas/v3/schemas: one set of handlers.
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { schemaScopes } from '../access/scopes.js';
import type { Definitions } from '../records/definitions.js';
import { type ObjectType, typeIdOf } from '../records/record.js';
import { fullyQualifiedName, type ObjectSchema } from '../records/schema.js';
import type { Schemas } from '../records/schemas.js';
import { type Authenticator, principalOf } from './authenticate.js';
import { anyOneOf, DONE, operations, SCHEMAS_OF_CLIENTS } from './openapi.js';
import { sentOnce } from './problem.js';
import { toProperty } from './properties.js';
import type {
  AssociationCreate,
  ObjectSchemaAnswer,
  ObjectSchemaCreate,
  ObjectSchemaUpdate,
  ObjectTypeAnswer,
} from './schemas/custom_objects.js';
import { isOn, MaybeSwitch } from './schemas/parts.js';

export interface CustomObjectRoutes {
  schemas: Schemas;
  definitions: Definitions;
  authenticator: Authenticator;
}

/** Where the paths stand. */
export const SCHEMA_PATHS = ['/crm/v3/schemas', SCHEMAS_OF_CLIENTS];

const OfSchema = Type.Object({
  objectType: Type.String({ description: "The custom object's id (2-…), name or full name." }),
});
const Which = Type.Object({
  archived: MaybeSwitch('true: archived ones instead.'),
});
const Dropping = Type.Object({
  archived: MaybeSwitch('true: drops one that is archived; its name is free again.'),
});
const OfAssociation = Type.Object({
  ...OfSchema.properties,
  associationIdentifier: Type.String({ description: "The association's id, as the schema lists it." }),
});
type InSchema = { Params: Static<typeof OfSchema> };
type Chosen = { Querystring: Static<typeof Which> };

export function customObjectRoutes(
  app: FastifyInstance,
  { schemas, definitions, authenticator }: CustomObjectRoutes,
): void {
  const read = authenticator.token(schemaScopes('read'));
  const write = authenticator.token(schemaScopes('write'));
  const answer = Type.Ref('ObjectSchema');
  const reading = operations('Records', anyOneOf(schemaScopes('read')));
  const writing = operations('Records', anyOneOf(schemaScopes('write')));

  app.get<Chosen>(
    '',
    {
      onRequest: read,
      schema: {
        ...reading('listSchemas', 'List the custom objects'),
        querystring: Which,
        response: { 200: Type.Ref('CollectionResponseObjectSchemaNoPaging') },
      },
    },
    async (request) => {
      const { id } = principalOf(request).portal;
      return { results: schemas.all(id, isOn(request.query.archived)).map((each) => whole(id, each)) };
    },
  );

  app.post<{ Body: Static<typeof ObjectSchemaCreate> }>(
    '',
    {
      onRequest: write,
      ...sentOnce(),
      schema: {
        ...writing('createSchema', 'Create a custom object'),
        description: 'A type of records that this portal alone has.',
        body: Type.Ref('ObjectSchemaEgg'),
        response: { 201: answer },
      },
    },
    async (request, reply) => {
      const { id } = principalOf(request).portal;
      const made = await schemas.create(id, request.body);
      return reply.code(201).send(whole(id, made));
    },
  );

  app.get<InSchema>(
    '/:objectType',
    {
      onRequest: read,
      schema: {
        ...reading('getSchema', 'Get a custom object'),
        params: OfSchema,
        response: { 200: answer },
      },
    },
    async (request) => {
      const { id } = principalOf(request).portal;
      return whole(id, schemas.get(id, request.params.objectType));
    },
  );

  app.patch<InSchema & { Body: Static<typeof ObjectSchemaUpdate> }>(
    '/:objectType',
    {
      onRequest: write,
      ...sentOnce(),
      schema: {
        ...writing('updateSchema', 'Change a custom object'),
        description: 'Its name stays. Records that were there before need nothing that is required now.',
        params: OfSchema,
        body: Type.Ref('ObjectTypeDefinitionPatch'),
        response: { 200: Type.Ref('ObjectTypeDefinition') },
      },
    },
    async (request) => {
      const { id } = principalOf(request).portal;
      return bare(id, await schemas.change(id, request.params.objectType, request.body));
    },
  );

  app.delete<InSchema & { Querystring: Static<typeof Dropping> }>(
    '/:objectType',
    {
      onRequest: write,
      schema: {
        ...writing('archiveSchema', 'Archive a custom object'),
        description: 'Refused while there are records of it.',
        params: OfSchema,
        querystring: Dropping,
        response: DONE,
      },
    },
    async (request, reply) => {
      const { id } = principalOf(request).portal;
      const { objectType } = request.params;
      if (isOn(request.query.archived)) await schemas.drop(id, objectType);
      else await schemas.archive(id, objectType);
      return reply.code(204).send();
    },
  );

  app.delete<InSchema>(
    '/:objectType/purge',
    {
      onRequest: write,
      schema: {
        ...writing('purgeSchema', 'Drop a custom object that is archived'),
        description: 'Its name is free again.',
        params: OfSchema,
        response: DONE,
      },
    },
    async (request, reply) => {
      await schemas.drop(principalOf(request).portal.id, request.params.objectType);
      return reply.code(204).send();
    },
  );

  app.post<InSchema & { Body: Static<typeof AssociationCreate> }>(
    '/:objectType/associations',
    {
      onRequest: write,
      ...sentOnce(),
      schema: {
        ...writing('createAssociationType', 'Associate a custom object with another type'),
        params: OfSchema,
        body: Type.Ref('AssociationDefinitionEgg'),
        response: { 201: Type.Ref('AssociationDefinition') },
      },
    },
    async (request, reply) => {
      const { id } = principalOf(request).portal;
      const { from, to } = await schemas.associate(id, request.params.objectType, request.body);
      const [made] = association(id, from, to);
      return reply.code(201).send(made);
    },
  );

  app.delete<{ Params: Static<typeof OfAssociation> }>(
    '/:objectType/associations/:associationIdentifier',
    {
      onRequest: write,
      schema: {
        ...writing('archiveAssociationType', 'Take a custom object and another type apart'),
        description:
          'Which records belong together is kept, and seen again when the types are associated again.',
        params: OfAssociation,
        response: DONE,
      },
    },
    async (request, reply) => {
      const { id } = principalOf(request).portal;
      await schemas.dissociate(id, request.params.objectType, request.params.associationIdentifier);
      return reply.code(204).send();
    },
  );

  function association(portalId: number, from: ObjectType, to: ObjectType) {
    const id = schemas.associationId(portalId, from, to);
    if (id === undefined) return [];
    const name = schemas.associationName(portalId, from, to);
    return [{ id: String(id), fromObjectTypeId: typeIdOf(from), toObjectTypeId: typeIdOf(to), name }];
  }

  function whole(portalId: number, schema: ObjectSchema): Static<typeof ObjectSchemaAnswer> {
    const { properties } = definitions.of(portalId, schema.type);
    return {
      ...bare(portalId, schema),
      properties: [...properties.values()].map(toProperty),
      associations: schemas
        .associatedTypes(portalId, schema.type)
        .flatMap((to) => association(portalId, schema.type, to)),
    };
  }
}

function bare(portalId: number, schema: ObjectSchema): Static<typeof ObjectTypeAnswer> {
  const {
    type,
    name,
    singular,
    plural,
    description,
    primaryDisplayProperty,
    createdAt,
    updatedAt,
    archivedAt,
  } = schema;
  return {
    id: type,
    objectTypeId: type,
    name,
    fullyQualifiedName: fullyQualifiedName(portalId, schema),
    portalId,
    labels: { singular, plural },
    ...(description === undefined ? {} : { description }),
    ...(primaryDisplayProperty === undefined ? {} : { primaryDisplayProperty }),
    secondaryDisplayProperties: [...schema.secondaryDisplayProperties],
    requiredProperties: [...schema.requiredProperties],
    searchableProperties: [...schema.searchableProperties],
    createdAt: new Date(createdAt).toISOString(),
    updatedAt: new Date(updatedAt).toISOString(),
    archived: archivedAt !== undefined,
  };
}
