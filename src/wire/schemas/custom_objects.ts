// Types that portals make themselves: HubSpot's object schemas.
import { type Static, type TSchema, Type } from 'typebox';
import { DateTime, ignored, MaybeFlag, MaybeList, MaybeText, MaybeTextList } from './parts.js';
import { PropertyCreate } from './properties.js';

const ObjectLabels = {
  singular: MaybeText({ description: 'Such as Car.' }),
  plural: MaybeText({ description: 'Such as Cars.' }),
};

const objectTypeParts = {
  description: MaybeText({ description: 'For people.' }),
  primaryDisplayProperty: MaybeText({ description: 'By which people know a record.' }),
  secondaryDisplayProperties: MaybeTextList('What people see besides, at most two.'),
  requiredProperties: MaybeTextList('A new record has a value of each.'),
  searchableProperties: MaybeTextList("Where a search's query looks; absent: the primary display property."),
};

const FirstProperty = Type.Object(
  {
    ...PropertyCreate.properties,
    groupName: MaybeText({
      description: "Absent: the custom object's own group, which is the only one yet.",
    }),
  },
  { $id: 'ObjectTypePropertyCreate', description: 'A property that a custom object begins with.' },
);

export const ObjectSchemaCreate = Type.Object(
  {
    name: Type.String({ description: 'A letter, then letters, digits, "_"; it stays.' }),
    labels: Type.Object(ObjectLabels),
    ...objectTypeParts,
    properties: MaybeList<Static<typeof FirstProperty>>(
      Type.Ref('ObjectTypePropertyCreate'),
      'What its records have.',
    ),
    associatedObjects: MaybeTextList('Types that its records are associated with: CONTACT, COMPANY, 2-…'),
  },
  { $id: 'ObjectSchemaEgg', description: ignored('A custom object to be created.') },
);

export const ObjectSchemaUpdate = Type.Object(
  {
    labels: Type.Optional(
      Type.Unsafe<{ singular?: string | null; plural?: string | null } | null>({
        type: ['object', 'null'],
        properties: ObjectLabels,
      }),
    ),
    ...objectTypeParts,
    clearDescription: MaybeFlag('It has none from now on.'),
  },
  { $id: 'ObjectTypeDefinitionPatch', description: ignored('What of a custom object changes.') },
);

const objectTypeFields = {
  id: Type.String(),
  objectTypeId: Type.String({ description: 'Its records are found under it.' }),
  name: Type.String(),
  fullyQualifiedName: Type.String({ description: 'p, the portal, _, the name.' }),
  portalId: Type.Integer(),
  labels: Type.Object({ singular: Type.String(), plural: Type.String() }),
  description: Type.Optional(Type.String()),
  primaryDisplayProperty: Type.Optional(Type.String()),
  secondaryDisplayProperties: Type.Array(Type.String()),
  requiredProperties: Type.Array(Type.String()),
  searchableProperties: Type.Array(Type.String()),
  createdAt: DateTime('When it was made.'),
  updatedAt: DateTime('When something of it last changed.'),
  archived: Type.Boolean(),
};

export const ObjectTypeAnswer = Type.Object(objectTypeFields, {
  $id: 'ObjectTypeDefinition',
  description: 'A type of records that a portal made itself.',
});

export const AssociationCreate = Type.Object(
  {
    fromObjectTypeId: Type.String({ description: "Either of the two is the path's." }),
    toObjectTypeId: Type.String(),
    name: MaybeText({ description: 'Not kept: the types name it.' }),
  },
  { $id: 'AssociationDefinitionEgg', description: ignored('Two types whose records may belong together.') },
);

const AssociationDefinition = Type.Object(
  {
    id: Type.String({ description: 'The associationTypeId.' }),
    fromObjectTypeId: Type.String(),
    toObjectTypeId: Type.String(),
    name: Type.String(),
  },
  { $id: 'AssociationDefinition', description: 'A type that records of this one are associated with.' },
);

export const ObjectSchemaAnswer = Type.Object(
  {
    ...objectTypeFields,
    properties: Type.Array(Type.Ref('Property')),
    associations: Type.Array(Type.Ref('AssociationDefinition')),
  },
  { $id: 'ObjectSchema', description: 'A custom object: a type of records that a portal made itself.' },
);

const ObjectSchemaList = Type.Object(
  { results: Type.Array(Type.Ref('ObjectSchema')) },
  { $id: 'CollectionResponseObjectSchemaNoPaging', description: "All of the portal's custom objects." },
);

/** Those that others refer to by name. */
export const customObjectSchemas: readonly TSchema[] = [
  FirstProperty,
  ObjectSchemaCreate,
  ObjectSchemaUpdate,
  ObjectTypeAnswer,
  AssociationCreate,
  AssociationDefinition,
  ObjectSchemaAnswer,
  ObjectSchemaList,
];
