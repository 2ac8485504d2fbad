// Records of the CRM: alone, in batches, in lists and searches.
import { type Static, type TSchema, Type } from 'typebox';
import { OPERATORS, type Operator } from '../../records/search.js';
import type { InputAssociation } from './associations.js';
import {
  batchErrors,
  batchFields,
  DateTime,
  ignored,
  MapOf,
  MaybeId,
  MaybeList,
  MaybeText,
  nextPage,
  nextPageWithLink,
} from './parts.js';

const FormerValue = Type.Object(
  {
    value: Type.String(),
    timestamp: DateTime('When it was so.'),
    sourceType: Type.String({ description: 'INTEGRATION (an event), FORM or API.' }),
    sourceId: Type.Optional(Type.String({ description: 'The event, as its template and id.' })),
  },
  { $id: 'ValueWithTimestamp', description: 'A value that a property had or has.' },
);

const objectFields = {
  id: Type.String(),
  properties: MapOf(Type.Unsafe<string | null>({ type: ['string', 'null'] })),
  propertiesWithHistory: Type.Optional(MapOf(Type.Array(Type.Ref('ValueWithTimestamp')))),
  createdAt: DateTime('When it was made.'),
  updatedAt: DateTime('When something of it last changed.'),
  archived: Type.Boolean(),
  archivedAt: Type.Optional(DateTime('When it was archived.')),
  associations: Type.Optional(MapOf(Type.Ref('CollectionResponseAssociatedId'))),
};

export const CrmObject = Type.Object(objectFields, {
  $id: 'SimplePublicObject',
  description: 'A record; properties that it does not have are null.',
});

const CrmObjectOfBatch = Type.Object(
  {
    ...objectFields,
    new: Type.Optional(Type.Boolean({ description: 'It was not there before.' })),
    objectWriteTraceId: Type.Optional(Type.String({ description: 'As the input has it.' })),
  },
  { $id: 'SimplePublicUpsertObject', description: 'A record of a batch.' },
);

const objectBatchFields = batchFields('SimplePublicUpsertObject');

const ObjectBatch = Type.Object(objectBatchFields, {
  $id: 'BatchResponseSimplePublicObject',
  description: 'Every input worked.',
});

const ObjectBatchWithErrors = Type.Object(
  { ...objectBatchFields, ...batchErrors },
  { $id: 'BatchResponseSimplePublicObjectWithErrors', description: 'Some inputs failed.' },
);

const ObjectList = Type.Object(
  { results: Type.Array(Type.Ref('SimplePublicObject')), paging: nextPageWithLink },
  { $id: 'CollectionResponseSimplePublicObject', description: 'A page of records.' },
);

const ObjectSearch = Type.Object(
  { total: Type.Integer(), results: Type.Array(Type.Ref('SimplePublicObject')), paging: nextPage },
  {
    $id: 'CollectionResponseWithTotalSimplePublicObject',
    description: 'A page of what was found, and how much that is.',
  },
);

const scalar = Type.Unsafe<string | number | boolean | null>({
  type: ['string', 'number', 'boolean', 'null'],
});

const InputProperties = MapOf(scalar);

const inputNames = {
  id: MaybeId({ description: "The record's id, or what idProperty says." }),
  idProperty: MaybeText({
    description: 'email, of contacts, or a property with unique values: the id is its value.',
  }),
  objectWriteTraceId: MaybeText({ description: 'Told again with what comes of the input.' }),
};

const MaybeAssociations = MaybeList<Static<typeof InputAssociation>>(
  Type.Ref('PublicAssociationsForObject'),
  'Of a new record alone: made with it, or it is not made.',
);

export const ObjectInput = Type.Object(
  { ...inputNames, properties: InputProperties, associations: MaybeAssociations },
  { $id: 'SimplePublicObjectInput', description: ignored('A record to be created or changed.') },
);

const MaybeNames = Type.Optional(
  Type.Unsafe<string[] | null>({ type: ['array', 'null'], items: { type: 'string' } }),
);

export const BatchObjects = Type.Object(
  {
    inputs: Type.Array(
      Type.Object({
        ...inputNames,
        properties: Type.Optional(
          Type.Unsafe<Static<typeof InputProperties> | null>({
            ...InputProperties,
            type: ['object', 'null'],
          }),
        ),
        associations: MaybeAssociations,
      }),
    ),
    idProperty: MaybeText({ description: 'Of a batch that reads: what its ids are values of.' }),
    properties: MaybeNames,
    propertiesWithHistory: MaybeNames,
  },
  { $id: 'BatchInputSimplePublicObject', description: ignored('At most 100 records.') },
);

export const SearchFilter = Type.Object({
  propertyName: Type.String(),
  operator: Type.Unsafe<Operator>({ type: 'string', enum: [...OPERATORS] }),
  value: Type.Optional(scalar),
  highValue: Type.Optional(Type.Unsafe<string | number | null>({ type: ['string', 'number', 'null'] })),
  values: Type.Optional(
    Type.Unsafe<(string | number)[] | null>({
      type: ['array', 'null'],
      items: { type: ['string', 'number'] },
    }),
  ),
});

const Sort = Type.Unsafe<string | { propertyName?: string | null; direction?: string | null }>({
  type: ['string', 'object'],
  properties: {
    propertyName: { type: ['string', 'null'] },
    direction: { type: ['string', 'null'], enum: ['ASCENDING', 'DESCENDING', null] },
  },
});

const SearchGroup = Type.Object({ filters: Type.Array(SearchFilter) });

export const SearchInput = Type.Object(
  {
    filterGroups: MaybeList<Static<typeof SearchGroup>>(SearchGroup, 'Any one of them must hold.'),
    filters: MaybeList<Static<typeof SearchFilter>>(
      SearchFilter,
      'A group by itself, instead of filterGroups.',
    ),
    query: MaybeText({ description: "Words that begin words of the records' names." }),
    sorts: MaybeList<Static<typeof Sort>>(
      Sort,
      'One: a name, after a "-" to go down, or an object, which may be JSON text.',
    ),
    properties: MaybeNames,
    limit: Type.Optional(Type.Unsafe<number | null>({ type: ['integer', 'null'] })),
    after: MaybeId({ description: "The last page's paging.next.after." }),
  },
  { $id: 'PublicObjectSearchRequest', description: ignored('A search.') },
);

/** Those that others refer to by name. */
export const objectSchemas: readonly TSchema[] = [
  FormerValue,
  CrmObject,
  CrmObjectOfBatch,
  ObjectBatch,
  ObjectBatchWithErrors,
  ObjectList,
  ObjectSearch,
  ObjectInput,
  BatchObjects,
  SearchInput,
];
