// Property definitions and their groups.
import { type Static, type TSchema, Type } from 'typebox';
import { FIELD_TYPES, type FieldType, PROPERTY_TYPES, type PropertyType } from '../../records/properties.js';
import { batchErrors, batchFields, DateTime, ignored, MaybeFlag, MaybeList, MaybeText } from './parts.js';
import { dates } from './templates.js';

const PropertyOption = Type.Object(
  {
    label: Type.String({ description: 'As people see it.' }),
    value: Type.String({ description: 'As it is sent and kept.' }),
    description: Type.Optional(Type.String()),
    displayOrder: Type.Optional(Type.Integer()),
    hidden: Type.Boolean(),
  },
  { $id: 'Option', description: 'A value that an enumeration may have.' },
);

const MaybeOrder = Type.Optional(
  Type.Unsafe<number | null>({
    type: ['integer', 'null'],
    format: 'int32',
    description: 'The lowest comes first; -1: after all that have one.',
  }),
);

const PropertyOptionInput = Type.Object(
  {
    label: Type.String(),
    value: Type.String(),
    description: MaybeText({}),
    displayOrder: MaybeOrder,
    hidden: MaybeFlag('Not offered to people.'),
  },
  { $id: 'OptionInput', description: ignored('A value that an enumeration may have.') },
);

const propertyType = { type: 'string', enum: [...PROPERTY_TYPES] };
const fieldType = { type: 'string', enum: [...new Set(Object.values(FIELD_TYPES).flat())] };

function orNull({ type, enum: values }: { type: string; enum: readonly string[] }) {
  return { type: [type, 'null'], enum: [...values, null] };
}

export const PropertyAnswer = Type.Object(
  {
    name: Type.String({ description: 'As records and tokens name it.' }),
    label: Type.String(),
    type: Type.Unsafe<PropertyType>(propertyType),
    fieldType: Type.Unsafe<FieldType>(fieldType),
    groupName: Type.String(),
    description: Type.String(),
    options: Type.Array(Type.Ref('Option')),
    displayOrder: Type.Integer(),
    hasUniqueValue: Type.Boolean(),
    hidden: Type.Boolean(),
    formField: Type.Boolean(),
    calculated: Type.Boolean(),
    externalOptions: Type.Boolean({ description: 'Which values there are is kept elsewhere: any is taken.' }),
    hubspotDefined: Type.Boolean({ description: 'Every portal has it.' }),
    modificationMetadata: Type.Object({
      archivable: Type.Boolean(),
      readOnlyDefinition: Type.Boolean(),
      readOnlyOptions: Type.Boolean(),
      readOnlyValue: Type.Boolean(),
    }),
    ...dates,
    archived: Type.Boolean(),
    archivedAt: Type.Optional(DateTime('When it was archived.')),
  },
  { $id: 'Property', description: 'A property that records of a type have.' },
);

const propertyParts = {
  description: MaybeText({ description: 'For people.' }),
  options: MaybeList<Static<typeof PropertyOptionInput>>(
    Type.Ref('OptionInput'),
    'What an enumeration may be.',
  ),
  displayOrder: MaybeOrder,
  hidden: MaybeFlag('Not shown to people.'),
  formField: MaybeFlag('Forms may have it.'),
  hasUniqueValue: MaybeFlag(
    'No two records have the same value; of a string or a number, from its creation on.',
  ),
  externalOptions: MaybeFlag(
    'Which values there are is kept elsewhere: any is taken; of an enumeration, from its creation on.',
  ),
  calculationFormula: MaybeText({ description: 'Not kept here: absent.' }),
};

export const PropertyCreate = Type.Object(
  {
    name: Type.String({ description: 'Letters, digits, "_", "-", "."; unique among those of the type.' }),
    label: Type.String(),
    type: Type.Unsafe<PropertyType>(propertyType),
    fieldType: Type.Unsafe<FieldType>({ ...fieldType, description: 'Must go with the type.' }),
    groupName: Type.String({ description: 'A property group that exists.' }),
    ...propertyParts,
  },
  { $id: 'PropertyCreate', description: ignored('A property to be created.') },
);

export const PropertyUpdate = Type.Object(
  {
    label: MaybeText({}),
    type: Type.Optional(Type.Unsafe<PropertyType | null>(orNull(propertyType))),
    fieldType: Type.Optional(Type.Unsafe<FieldType | null>(orNull(fieldType))),
    groupName: MaybeText({ description: 'A property group that exists.' }),
    ...propertyParts,
  },
  { $id: 'PropertyUpdate', description: ignored('What of a property changes.') },
);

const PropertyList = Type.Object(
  { results: Type.Array(Type.Ref('Property')) },
  { $id: 'CollectionResponsePropertyNoPaging', description: 'All properties of the type.' },
);

const propertyBatchFields = batchFields('Property');

const PropertyBatch = Type.Object(propertyBatchFields, {
  $id: 'BatchResponseProperty',
  description: 'Every property was created or found.',
});

const PropertyBatchWithErrors = Type.Object(
  { ...propertyBatchFields, ...batchErrors },
  { $id: 'BatchResponsePropertyWithErrors', description: 'Some inputs failed.' },
);

export const BatchPropertyCreate = Type.Object(
  {
    inputs: Type.Unsafe<Static<typeof PropertyCreate>[]>({
      type: 'array',
      items: Type.Ref('PropertyCreate'),
      description: 'At most 100.',
    }),
  },
  { $id: 'BatchInputPropertyCreate', description: ignored('Properties to be created.') },
);

const propertyNames = Type.Array(Type.Object({ name: Type.String() }), { description: 'At most 100.' });

export const BatchPropertyRead = Type.Object(
  { inputs: propertyNames, archived: MaybeFlag('Archived ones instead.') },
  { $id: 'BatchReadInputPropertyName', description: ignored('Properties to be read.') },
);

export const BatchPropertyNames = Type.Object(
  { inputs: propertyNames },
  { $id: 'BatchInputPropertyName', description: ignored('Properties to be archived.') },
);

export const GroupAnswer = Type.Object(
  {
    name: Type.String(),
    label: Type.String(),
    displayOrder: Type.Integer(),
    archived: Type.Boolean(),
  },
  { $id: 'PropertyGroup', description: 'Under which heading people see properties.' },
);

const GroupList = Type.Object(
  { results: Type.Array(Type.Ref('PropertyGroup')) },
  { $id: 'CollectionResponsePropertyGroupNoPaging', description: 'All property groups of the type.' },
);

export const GroupCreate = Type.Object(
  {
    name: Type.String({ description: 'Letters, digits, "_", "-", "."; unique among those of the type.' }),
    label: Type.String(),
    displayOrder: MaybeOrder,
  },
  { $id: 'PropertyGroupCreate', description: ignored('A property group to be created.') },
);

export const GroupUpdate = Type.Object(
  { label: MaybeText({}), displayOrder: MaybeOrder },
  { $id: 'PropertyGroupUpdate', description: ignored('What of a property group changes.') },
);

/** Those that others refer to by name. */
export const propertySchemas: readonly TSchema[] = [
  PropertyOption,
  PropertyOptionInput,
  PropertyAnswer,
  PropertyCreate,
  PropertyUpdate,
  PropertyList,
  PropertyBatch,
  PropertyBatchWithErrors,
  BatchPropertyCreate,
  BatchPropertyRead,
  BatchPropertyNames,
  GroupAnswer,
  GroupList,
  GroupCreate,
  GroupUpdate,
];
