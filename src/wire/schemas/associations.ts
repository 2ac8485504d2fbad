// Who belongs to whom.
import { type TSchema, Type } from 'typebox';
import { batchFields, IdText, ignored, nextPageWithLink } from './parts.js';

const AssociatedId = Type.Object(
  { id: Type.String(), type: Type.String({ description: 'Such as contact_to_company.' }) },
  { $id: 'AssociatedId', description: 'A record that belongs to another.' },
);

const AssociatedIds = Type.Object(
  { results: Type.Array(Type.Ref('AssociatedId')), paging: nextPageWithLink },
  { $id: 'CollectionResponseAssociatedId', description: 'At most 100; the others are paged.' },
);

const associationSpec = {
  associationCategory: Type.Unsafe<string>({
    type: 'string',
    enum: ['HUBSPOT_DEFINED', 'INTEGRATOR_DEFINED', 'USER_DEFINED'],
  }),
  associationTypeId: Type.Integer({ description: 'Such as 279: contact to company.' }),
};

export const InputAssociation = Type.Object(
  {
    to: Type.Object({ id: IdText({ description: 'A record that exists.' }) }),
    types: Type.Array(Type.Object(associationSpec)),
  },
  { $id: 'PublicAssociationsForObject', description: 'What a new record belongs to.' },
);

export const AssociationSpec = Type.Object(associationSpec, { $id: 'AssociationSpec' });

const AssociationSpecs = Type.Array(Type.Ref('AssociationSpec'), {
  $id: 'AssociationSpecs',
  description: ignored('As what two records belong to each other.'),
});

const AssociatedPair = Type.Object(
  {
    fromObjectTypeId: Type.String(),
    fromObjectId: Type.String(),
    toObjectTypeId: Type.String(),
    toObjectId: Type.String(),
    labels: Type.Array(Type.String()),
  },
  { $id: 'LabelsBetweenObjectPair', description: 'Two records that belong to each other.' },
);

const ObjectName = Type.Object({ id: Type.String() }, { $id: 'PublicObjectId' });

const DefaultAssociation = Type.Object(
  {
    from: Type.Ref('PublicObjectId'),
    to: Type.Ref('PublicObjectId'),
    associationSpec: Type.Ref('AssociationSpec'),
  },
  { $id: 'PublicDefaultAssociation', description: 'One direction of an association.' },
);

const DefaultAssociations = Type.Object(batchFields('PublicDefaultAssociation'), {
  $id: 'BatchResponsePublicDefaultAssociation',
  description: 'Both directions.',
});

const AssociatedObject = Type.Object(
  {
    toObjectId: Type.String(),
    associationTypes: Type.Array(
      Type.Object({
        category: associationSpec.associationCategory,
        typeId: Type.Integer(),
        label: Type.Unsafe<string | null>({ type: ['string', 'null'] }),
      }),
    ),
  },
  { $id: 'MultiAssociatedObjectWithLabel' },
);

const AssociatedObjects = Type.Object(
  { results: Type.Array(Type.Ref('MultiAssociatedObjectWithLabel')), paging: nextPageWithLink },
  {
    $id: 'CollectionResponseMultiAssociatedObjectWithLabelForwardPaging',
    description: 'A page of what belongs to the record.',
  },
);

/** Those that others refer to by name. */
export const associationSchemas: readonly TSchema[] = [
  AssociatedId,
  AssociatedIds,
  InputAssociation,
  AssociationSpec,
  AssociationSpecs,
  AssociatedPair,
  ObjectName,
  DefaultAssociation,
  DefaultAssociations,
  AssociatedObject,
  AssociatedObjects,
];
