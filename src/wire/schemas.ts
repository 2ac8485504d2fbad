// The one source of the wire's shapes: types, validation and OpenAPI all come from here. Names and required flags of
// answers are HubSpot's (timeline v3); requests may be wider: ids as numbers, null for absent, tokens of any scalar.
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { type Static, type TSchema, Type } from 'typebox';
import { FIELD_TYPES, type FieldType, PROPERTY_TYPES, type PropertyType } from '../records/properties.js';
import { OPERATORS, type Operator } from '../records/search.js';
import { MAX_EVENT_ID_BYTES, MAX_IFRAME_PIXELS } from '../timeline/event.js';
import {
  MAX_NAME_LENGTH,
  MAX_TEMPLATES_PER_APP,
  MAX_TOKENS_PER_TEMPLATE,
  TOKEN_TYPES,
} from '../timeline/template.js';

type Texts = { description?: string; format?: string };

/** A string, or null for "not set". */
const MaybeText = (texts: Texts) =>
  Type.Optional(Type.Unsafe<string | null>({ type: ['string', 'null'], ...texts }));
const IdText = (texts: Texts) => Type.Unsafe<string | number>({ type: ['string', 'number'], ...texts });
const MaybeId = (texts: Texts) =>
  Type.Optional(Type.Unsafe<string | number | null>({ type: ['string', 'number', 'null'], ...texts }));
const DateTime = (description: string) => Type.String({ format: 'date-time', description });
// Type.Record would match names by a pattern, which a line break in a name escapes.
const MapOf = <T extends TSchema>(value: T, texts: Texts = {}) =>
  Type.Unsafe<Record<string, Static<T>>>({ type: 'object', additionalProperties: value, ...texts });
const TextMap = MapOf(Type.String());
const ContextMap = MapOf(Type.Array(Type.String()));
/** Said of every request: an answer can be posted back. */
const ignored = (what: string) =>
  `${what} Other fields are ignored; null is taken as absent where absent will do.`;

const TimelineIFrame = Type.Object(
  {
    linkLabel: Type.String({ description: 'The text of the link that opens the window.' }),
    headerLabel: Type.String({ description: 'The title of the window.' }),
    url: Type.String({ description: 'What the window shows: an http or https address.' }),
    width: Type.Integer({ format: 'int32', description: `Pixels, 1 to ${MAX_IFRAME_PIXELS}.` }),
    height: Type.Integer({ format: 'int32', description: `Pixels, 1 to ${MAX_IFRAME_PIXELS}.` }),
  },
  { $id: 'TimelineEventIFrame', description: 'A window that a link on the event opens.' },
);

export const TimelineEvent = Type.Object(
  {
    eventTemplateId: IdText({ description: "The event template's id." }),
    id: MaybeId({
      description: `At most ${MAX_EVENT_ID_BYTES} bytes; made for you when absent. {{uuid}} anywhere in it becomes a fresh UUID. The same id again replaces the event.`,
    }),
    tokens: MapOf(Type.Unsafe<string | number | boolean>({ type: ['string', 'number', 'boolean'] }), {
      description: "Values of the template's tokens, by name. Answered as strings.",
    }),
    objectId: MaybeId({ description: 'The record. Required but for contacts.' }),
    email: MaybeText({ description: 'Finds or creates a contact; with objectId, changes its e-mail.' }),
    utk: MaybeText({ description: "The visitor's cookie, hubspotutk, when the e-mail is unknown." }),
    domain: MaybeText({ description: 'Often paired with utk.' }),
    customObjectTypeId: MaybeText({
      description: "A custom object's id (2-…), name or full name: it must be the template's type.",
    }),
    timestamp: MaybeId({
      description: 'ISO 8601 or epoch milliseconds; absent: now. Its place on the timeline.',
    }),
    extraData: Type.Optional(
      Type.Unsafe<object | null>({
        type: ['object', 'null'],
        description: "Any JSON object, kept exactly as sent, for the template's detail.",
      }),
    ),
    timelineIFrame: Type.Optional(
      Type.Unsafe<Static<typeof TimelineIFrame> | null>({
        ...TimelineIFrame,
        $id: undefined,
        description: 'All five fields, or none.',
        type: ['object', 'null'],
      }),
    ),
  },
  { $id: 'TimelineEvent', description: ignored('An event to be created.') },
);

const TimelineEventResponse = Type.Object(
  {
    objectType: Type.String({ description: "The template's object type." }),
    id: Type.String(),
    eventTemplateId: Type.String(),
    objectId: Type.Optional(Type.String({ description: 'The record that holds the event now.' })),
    email: Type.Optional(Type.String()),
    utk: Type.Optional(Type.String()),
    domain: Type.Optional(Type.String()),
    customObjectTypeId: Type.Optional(Type.String()),
    timestamp: Type.Optional(DateTime('ISO 8601 with milliseconds, UTC.')),
    tokens: TextMap,
    extraData: Type.Optional(Type.Object({}, { additionalProperties: true })),
    timelineIFrame: Type.Optional(Type.Ref('TimelineEventIFrame')),
    createdAt: Type.Optional(DateTime('Unused.')),
  },
  { $id: 'TimelineEventResponse', description: 'The event. Only fields that have a value are there.' },
);

const BatchInput = Type.Object(
  { inputs: Type.Array(Type.Ref('TimelineEvent'), { description: 'At most 500.' }) },
  { $id: 'BatchInputTimelineEvent', description: ignored('Events to be created.') },
);

const ErrorDetail = Type.Object(
  {
    message: Type.String(),
    in: Type.Optional(Type.String({ description: 'The path of the field that is at fault.' })),
    code: Type.Optional(Type.String()),
    errorType: Type.Optional(Type.String({ description: "Forms' word for code." })),
    subCategory: Type.Optional(Type.String()),
    context: Type.Optional(ContextMap),
  },
  { $id: 'ErrorDetail', description: 'One thing that is wrong.' },
);

const Problem = Type.Object(
  {
    status: Type.String({ description: 'Always "error".' }),
    message: Type.String({ description: 'What is wrong and what would do.' }),
    correlationId: Type.String({ format: 'uuid' }),
    category: Type.String(),
    subCategory: Type.Optional(Type.String()),
    errors: Type.Optional(Type.Array(Type.Ref('ErrorDetail'))),
    context: Type.Optional(ContextMap),
    links: Type.Optional(TextMap),
  },
  { $id: 'Error', description: 'Why the request failed; every error answer has this body.' },
);

const StandardError = Type.Object(
  {
    status: Type.String(),
    category: Type.String(),
    message: Type.String(),
    context: ContextMap,
    links: TextMap,
    errors: Type.Array(Type.Ref('ErrorDetail')),
    id: Type.Optional(Type.String()),
    subCategory: Type.Optional(Type.Object({})),
  },
  { $id: 'StandardError', description: 'Why one input of a batch failed; context.index says which.' },
);

const batchFields = {
  status: Type.Unsafe<string>({ type: 'string', enum: ['CANCELED', 'COMPLETE', 'PENDING', 'PROCESSING'] }),
  results: Type.Array(Type.Ref('TimelineEventResponse')),
  requestedAt: Type.Optional(DateTime('When the request came.')),
  startedAt: DateTime('When the work began.'),
  completedAt: DateTime('When it was done.'),
  links: Type.Optional(TextMap),
};
const batchErrors = {
  numErrors: Type.Optional(Type.Integer({ format: 'int32' })),
  errors: Type.Optional(Type.Array(Type.Ref('StandardError'))),
};
const BatchResponse = Type.Object(batchFields, {
  $id: 'BatchResponseTimelineEventResponse',
  description: 'Every event was stored.',
});
const BatchResponseWithErrors = Type.Object(
  {
    ...batchFields,
    ...batchErrors,
  },
  { $id: 'BatchResponseTimelineEventResponseWithErrors', description: 'Some inputs failed.' },
);

const EventDetail = Type.Object(
  { details: Type.String({ description: "The template's detail part, as HTML." }) },
  { $id: 'EventDetail', description: "An event's rendered detail." },
);

const TokenOption = Type.Object(
  {
    value: Type.String({ description: 'As events send it.' }),
    label: Type.String({ description: 'As people see it.' }),
  },
  { $id: 'TimelineEventTemplateTokenOption', description: 'A value that an enumeration token may have.' },
);
const tokenFields = {
  name: Type.String({ description: 'Letters, digits, ".", "-", "_"; unique in the template.' }),
  label: Type.String({ description: `At most ${MAX_NAME_LENGTH} characters.` }),
  type: Type.Unsafe<(typeof TOKEN_TYPES)[number]>({ type: 'string', enum: [...TOKEN_TYPES] }),
};
const MaybeOptions = Type.Optional(
  Type.Unsafe<Static<typeof TokenOption>[] | null>({
    type: ['array', 'null'],
    items: Type.Ref('TimelineEventTemplateTokenOption'),
    description: 'What an enumeration may be.',
  }),
);
const objectPropertyName = MaybeText({ description: "A record's property that the token sets too." });
const dates = {
  createdAt: Type.Optional(DateTime('When it was made.')),
  updatedAt: Type.Optional(DateTime('When it was last changed.')),
};

export const TokenRequest = Type.Object(
  { ...tokenFields, options: MaybeOptions, objectPropertyName },
  { $id: 'TimelineEventTemplateTokenRequest', description: ignored('A token to be added.') },
);
export const TokenUpdate = Type.Object(
  { label: tokenFields.label, options: MaybeOptions, objectPropertyName },
  { $id: 'TimelineEventTemplateTokenUpdateRequest', description: ignored('What a token becomes.') },
);
export const Token = Type.Object(
  {
    ...tokenFields,
    options: Type.Array(Type.Ref('TimelineEventTemplateTokenOption')),
    objectPropertyName: Type.Optional(Type.String()),
    ...dates,
  },
  { $id: 'TimelineEventTemplateToken', description: 'A value that events of the template carry.' },
);

const MaybeTokens = Type.Optional(
  Type.Unsafe<Static<typeof TokenRequest>[] | null>({
    type: ['array', 'null'],
    items: Type.Ref('TimelineEventTemplateTokenRequest'),
    description: `At most ${MAX_TOKENS_PER_TEMPLATE}.`,
  }),
);
const templateTexts = {
  name: Type.String({ description: `Of at most ${MAX_TEMPLATES_PER_APP} templates of the app.` }),
  headerTemplate: MaybeText({ description: 'Handlebars and Markdown: the title line.' }),
  detailTemplate: MaybeText({ description: 'Handlebars and Markdown: what opens below it.' }),
};
export const TemplateCreate = Type.Object(
  {
    ...templateTexts,
    objectType: MaybeText({
      description:
        'contacts (if absent), companies, deals, tickets, or the id (2-…) or name of a custom object.',
    }),
    tokens: MaybeTokens,
  },
  { $id: 'TimelineEventTemplateCreateRequest', description: ignored('A template to be created.') },
);
export const TemplateUpdate = Type.Object(
  { ...templateTexts, id: MaybeId({ description: 'The id in the path.' }), tokens: MaybeTokens },
  { $id: 'TimelineEventTemplateUpdateRequest', description: ignored('What a template becomes.') },
);
export const Template = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    objectType: Type.String(),
    headerTemplate: Type.Optional(Type.String()),
    detailTemplate: Type.Optional(Type.String()),
    tokens: Type.Array(Type.Ref('TimelineEventTemplateToken')),
    ...dates,
  },
  {
    $id: 'TimelineEventTemplate',
    description: 'How events of one kind read, and the tokens that they carry.',
  },
);
const TemplateList = Type.Object(
  { results: Type.Array(Type.Ref('TimelineEventTemplate')) },
  { $id: 'CollectionResponseTimelineEventTemplateNoPaging', description: 'All templates of the app.' },
);
const TokenList = Type.Object(
  { results: Type.Array(Type.Ref('TimelineEventTemplateToken')) },
  { $id: 'CollectionResponseTimelineEventTemplateTokenNoPaging', description: 'All tokens of the template.' },
);

const TimelineEntry = Type.Object(
  {
    ...TimelineEventResponse.properties,
    header: Type.String({ description: "The template's header, as HTML." }),
    detail: Type.String({ description: "The template's detail, as HTML." }),
    record: Type.Optional(
      Type.Object(
        { objectType: Type.String(), objectId: Type.String() },
        { description: 'Whose it is, where the timeline is of several records.' },
      ),
    ),
  },
  { $id: 'TimelineEntry', description: 'An event on a timeline.' },
);
const TimelineAnswer = Type.Object(
  {
    results: Type.Array(Type.Ref('TimelineEntry')),
    paging: Type.Optional(
      Type.Object({
        next: Type.Object({ after: Type.String({ description: 'Send it as `after` for the next page.' }) }),
      }),
    ),
  },
  { $id: 'Timeline', description: 'A page of a timeline; without paging.next it is the last.' },
);

const nextPage = Type.Optional(Type.Object({ next: Type.Object({ after: Type.String() }) }));

const FormerValue = Type.Object(
  {
    value: Type.String(),
    timestamp: DateTime('When it was so.'),
    sourceType: Type.String({ description: 'INTEGRATION (an event), FORM or API.' }),
    sourceId: Type.Optional(Type.String({ description: 'The event, as its template and id.' })),
  },
  { $id: 'ValueWithTimestamp', description: 'A value that a property had or has.' },
);
const AssociatedId = Type.Object(
  { id: Type.String(), type: Type.String({ description: 'Such as contact_to_company.' }) },
  { $id: 'AssociatedId', description: 'A record that belongs to another.' },
);
const AssociatedIds = Type.Object(
  { results: Type.Array(Type.Ref('AssociatedId')), paging: nextPage },
  { $id: 'CollectionResponseAssociatedId', description: 'At most 100; the others are paged.' },
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
  { ...objectFields, new: Type.Optional(Type.Boolean({ description: 'It was not there before.' })) },
  { $id: 'SimplePublicUpsertObject', description: 'A record of a batch.' },
);
const objectBatchFields = { ...batchFields, results: Type.Array(Type.Ref('SimplePublicUpsertObject')) };
const ObjectBatch = Type.Object(objectBatchFields, {
  $id: 'BatchResponseSimplePublicObject',
  description: 'Every input worked.',
});
const ObjectBatchWithErrors = Type.Object(
  { ...objectBatchFields, ...batchErrors },
  { $id: 'BatchResponseSimplePublicObjectWithErrors', description: 'Some inputs failed.' },
);
const ObjectList = Type.Object(
  { results: Type.Array(Type.Ref('SimplePublicObject')), paging: nextPage },
  { $id: 'CollectionResponseSimplePublicObject', description: 'A page of records.' },
);
const ObjectSearch = Type.Object(
  { total: Type.Integer(), results: Type.Array(Type.Ref('SimplePublicObject')), paging: nextPage },
  {
    $id: 'CollectionResponseWithTotalSimplePublicObject',
    description: 'A page of what was found, and how much that is.',
  },
);
const InputProperties = MapOf(
  Type.Unsafe<string | number | boolean | null>({ type: ['string', 'number', 'boolean', 'null'] }),
);
const inputNames = {
  id: MaybeId({ description: "The record's id, or what idProperty says." }),
  idProperty: MaybeText({
    description: 'email, of contacts, or a property with unique values: the id is its value.',
  }),
  objectWriteTraceId: MaybeText({ description: 'Told again where the input fails.' }),
};
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
const MaybeAssociations = Type.Optional(
  Type.Unsafe<Static<typeof InputAssociation>[] | null>({
    type: ['array', 'null'],
    items: Type.Ref('PublicAssociationsForObject'),
    description: 'Of a new record alone: made with it, or it is not made.',
  }),
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
const DefaultAssociations = Type.Object(
  { ...batchFields, results: Type.Array(Type.Ref('PublicDefaultAssociation')) },
  { $id: 'BatchResponsePublicDefaultAssociation', description: 'Both directions.' },
);
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
  { results: Type.Array(Type.Ref('MultiAssociatedObjectWithLabel')), paging: nextPage },
  {
    $id: 'CollectionResponseMultiAssociatedObjectWithLabelForwardPaging',
    description: 'A page of what belongs to the record.',
  },
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
        properties: Type.Optional(InputProperties),
        associations: MaybeAssociations,
      }),
    ),
    idProperty: MaybeText({ description: 'Of a batch that reads: what its ids are values of.' }),
    properties: MaybeNames,
    propertiesWithHistory: MaybeNames,
  },
  { $id: 'BatchInputSimplePublicObject', description: ignored('At most 100 records.') },
);
const scalar = Type.Unsafe<string | number | boolean | null>({
  type: ['string', 'number', 'boolean', 'null'],
});
const SearchFilter = Type.Object({
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
const Sort = Type.Unsafe<string | { propertyName?: string; direction?: string }>({
  type: ['string', 'object'],
  properties: {
    propertyName: { type: 'string' },
    direction: { type: 'string', enum: ['ASCENDING', 'DESCENDING'] },
  },
});
export const SearchInput = Type.Object(
  {
    filterGroups: Type.Optional(Type.Array(Type.Object({ filters: Type.Array(SearchFilter) }))),
    query: MaybeText({ description: "Words that begin words of the records' names." }),
    sorts: Type.Optional(Type.Array(Sort)),
    properties: MaybeNames,
    limit: Type.Optional(Type.Integer()),
    after: MaybeId({ description: "The last page's paging.next.after." }),
  },
  { $id: 'PublicObjectSearchRequest', description: ignored('A search.') },
);
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
const MaybeFlag = (description: string) =>
  Type.Optional(Type.Unsafe<boolean | null>({ type: ['boolean', 'null'], description }));
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
  options: Type.Optional(
    Type.Unsafe<Static<typeof PropertyOptionInput>[] | null>({
      type: ['array', 'null'],
      items: Type.Ref('OptionInput'),
      description: 'What an enumeration may be.',
    }),
  ),
  displayOrder: MaybeOrder,
  hidden: MaybeFlag('Not shown to people.'),
  formField: MaybeFlag('Forms may have it.'),
  hasUniqueValue: MaybeFlag(
    'No two records have the same value; of a string or a number, from its creation on.',
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
const ObjectLabels = {
  singular: MaybeText({ description: 'Such as Car.' }),
  plural: MaybeText({ description: 'Such as Cars.' }),
};
const MaybeTextList = (description: string) =>
  Type.Optional(
    Type.Unsafe<string[] | null>({ type: ['array', 'null'], items: { type: 'string' }, description }),
  );
const objectTypeParts = {
  description: MaybeText({ description: 'For people.' }),
  primaryDisplayProperty: MaybeText({ description: 'By which people know a record.' }),
  secondaryDisplayProperties: MaybeTextList('What people see besides, at most two.'),
  requiredProperties: MaybeTextList('A new record has a value of each.'),
  searchableProperties: MaybeTextList("Where a search's query looks; absent: the primary display property."),
};
const FirstProperty = Type.Object(
  {
    name: Type.String({ description: 'Letters, digits, "_", "-", "."; unique among those of the type.' }),
    label: Type.String(),
    type: Type.Unsafe<PropertyType>(propertyType),
    fieldType: Type.Unsafe<FieldType>({ ...fieldType, description: 'Must go with the type.' }),
    groupName: MaybeText({
      description: "Absent: the custom object's own group, which is the only one yet.",
    }),
    ...propertyParts,
  },
  { $id: 'ObjectTypePropertyCreate', description: 'A property that a custom object begins with.' },
);
export const ObjectSchemaCreate = Type.Object(
  {
    name: Type.String({ description: 'A letter, then letters, digits, "_"; it stays.' }),
    labels: Type.Object(ObjectLabels),
    ...objectTypeParts,
    properties: Type.Optional(
      Type.Unsafe<Static<typeof FirstProperty>[] | null>({
        type: ['array', 'null'],
        items: Type.Ref('ObjectTypePropertyCreate'),
        description: 'What its records have.',
      }),
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
export const PropertyUpdate = Type.Object(
  {
    label: MaybeText({}),
    type: Type.Optional(Type.Unsafe<PropertyType>(propertyType)),
    fieldType: Type.Optional(Type.Unsafe<FieldType>(fieldType)),
    groupName: MaybeText({ description: 'A property group that exists.' }),
    ...propertyParts,
  },
  { $id: 'PropertyUpdate', description: ignored('What of a property changes.') },
);
const PropertyList = Type.Object(
  { results: Type.Array(Type.Ref('Property')) },
  { $id: 'CollectionResponsePropertyNoPaging', description: 'All properties of the type.' },
);
const propertyBatchFields = { ...batchFields, results: Type.Array(Type.Ref('Property')) };
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
export const MergeInput = Type.Object(
  {
    primaryObjectId: IdText({ description: 'The contact that remains.' }),
    objectIdToMerge: IdText({
      description: 'The contact that is merged into it; its id goes on finding it.',
    }),
  },
  { $id: 'PublicMergeInput', description: ignored('Two contacts that are one.') },
);
export const GdprDeleteInput = Type.Object(
  {
    objectId: IdText({ description: "The contact's id; with idProperty email, its e-mail." }),
    idProperty: Type.Optional(
      Type.Unsafe<string | null>({
        type: ['string', 'null'],
        enum: ['email', 'hs_object_id', null],
        description: 'What objectId is; hs_object_id if absent.',
      }),
    ),
  },
  { $id: 'PublicGdprDeleteInput', description: ignored('A contact to be erased.') },
);
export const IdentifyInput = Type.Object(
  {
    utk: Type.String({ description: "The visitor's cookie, hubspotutk." }),
    email: MaybeText({ description: 'Finds or creates the contact. Either this or objectId.' }),
    objectId: MaybeId({ description: 'The contact. Either this or email.' }),
  },
  { $id: 'IdentifyInput', description: ignored('Who a visitor is.') },
);
const Identified = Type.Object(
  { objectId: Type.String({ description: 'The contact.' }) },
  { $id: 'Identified', description: 'The contact that the visitor is.' },
);
export const FormSubmission = Type.Object(
  {
    fields: Type.Array(
      Type.Object({
        objectTypeId: MaybeText({ description: '0-1 (contacts) if absent.' }),
        name: Type.String({ description: 'email, or a property of contacts.' }),
        value: Type.Unsafe<string | number | boolean>({ type: ['string', 'number', 'boolean'] }),
      }),
      { description: 'At most 1,000.' },
    ),
    submittedAt: MaybeId({ description: 'Epoch ms, at most a month ago.' }),
    context: Type.Optional(
      Type.Unsafe<{ hutk?: string | null; pageUri?: string | null } | null>({
        type: ['object', 'null'],
        properties: { hutk: { type: ['string', 'null'] }, pageUri: { type: ['string', 'null'] } },
        description: 'hutk: the visitor; pageUri, pageName and the like are kept with the visit.',
      }),
    ),
  },
  { $id: 'FormSubmission', description: ignored('A form as somebody filled it in.') },
);
const FormAnswer = Type.Object(
  { inlineMessage: Type.String({ description: 'For the person who filled it in.' }) },
  { $id: 'FormSubmissionAnswer', description: 'The form was taken.' },
);

// OAuth's names are RFC 6749's and HubSpot's own: snake case.
const MaybeField = (description: string) => Type.Optional(Type.String({ description }));
const clientFields = {
  client_id: MaybeField("The app's client id."),
  client_secret: MaybeField("The app's secret: always needed. Both may come as HTTP Basic authentication."),
};
export const OAuthTokenForm = Type.Object(
  {
    grant_type: MaybeField('authorization_code, or refresh_token.'),
    ...clientFields,
    code: MaybeField('What the consent gave: works once.'),
    redirect_uri: MaybeField('The same as in the request for consent.'),
    code_verifier: MaybeField('Where the request for consent had a code_challenge.'),
    refresh_token: MaybeField('Buys another access token.'),
    scope: MaybeField('Less than was consented to, if so wanted.'),
  },
  { $id: 'OAuthTokenForm', description: ignored('Buys tokens.') },
);
export const OAuthTokenQuestion = Type.Object(
  {
    ...clientFields,
    token: MaybeField('An access token or a refresh token.'),
    token_type_hint: MaybeField('Not needed: either kind is found.'),
  },
  { $id: 'OAuthTokenQuestion', description: ignored('A token to be told about, or ended.') },
);
const oauthToken = {
  token_type: Type.String({ description: 'bearer' }),
  refresh_token: Type.String(),
  access_token: Type.String({ description: 'At most 512 characters.' }),
  expires_in: Type.Integer({ description: 'Seconds.' }),
};
const OAuthTokenV1 = Type.Object(oauthToken, { $id: 'OAuthTokenV1', description: 'The tokens.' });
const OAuthToken = Type.Object(
  {
    ...oauthToken,
    hub_id: Type.Integer({ description: 'The portal.' }),
    scopes: Type.Array(Type.String()),
    user_id: Type.Integer({ description: 'Who consented.' }),
    token_use: Type.String(),
  },
  { $id: 'OAuthToken', description: 'The tokens, and what they are for.' },
);
const OAuthTokenState = Type.Object(
  {
    active: Type.Boolean(),
    token: Type.Optional(Type.String()),
    token_use: Type.Optional(Type.String({ description: 'access_token or refresh_token' })),
    token_type: Type.Optional(Type.String()),
    client_id: Type.Optional(Type.String()),
    app_id: Type.Optional(Type.Integer()),
    hub_id: Type.Optional(Type.Integer()),
    hub_domain: Type.Optional(Type.String()),
    user_id: Type.Optional(Type.Integer()),
    user: Type.Optional(Type.String()),
    scopes: Type.Optional(Type.Array(Type.String())),
    scope: Type.Optional(Type.String({ description: 'The same as scopes, as RFC 7662 has it.' })),
    expires_in: Type.Optional(Type.Integer({ description: 'Seconds; absent where it does not expire.' })),
  },
  {
    $id: 'OAuthTokenState',
    description: 'What is known of a token that works; of any other only that it does not.',
  },
);
const OAuthRevoked = Type.Object(
  {},
  { $id: 'OAuthRevoked', description: 'The token does not work any more.' },
);
const AccessTokenInfo = Type.Object(
  {
    token: Type.String(),
    user: Type.Optional(Type.String({ description: "The consenting person's e-mail." })),
    user_id: Type.Optional(Type.Integer()),
    hub_domain: Type.String(),
    scopes: Type.Array(Type.String()),
    signed_access_token: Type.Object({
      hubId: Type.Integer(),
      appId: Type.Integer(),
      userId: Type.Optional(Type.Integer()),
    }),
    hub_id: Type.Integer(),
    app_id: Type.Integer(),
    expires_in: Type.Optional(Type.Integer({ description: 'Seconds; absent where it does not expire.' })),
    token_type: Type.String({ description: 'access' }),
    is_private_distribution: Type.Boolean(),
  },
  { $id: 'AccessTokenInfo', description: 'What an access token may do, and where.' },
);
const RefreshTokenInfo = Type.Object(
  {
    token: Type.String(),
    user: Type.String({ description: "The consenting person's e-mail." }),
    hub_domain: Type.String(),
    scopes: Type.Array(Type.String()),
    hub_id: Type.Integer(),
    client_id: Type.String(),
    user_id: Type.Integer(),
    token_type: Type.String({ description: 'refresh' }),
  },
  { $id: 'RefreshTokenInfo', description: 'What a refresh token is for.' },
);
const OAuthMetadata = Type.Object(
  {
    issuer: Type.String(),
    authorization_endpoint: Type.String(),
    token_endpoint: Type.String(),
    introspection_endpoint: Type.String(),
    revocation_endpoint: Type.String(),
    response_types_supported: Type.Array(Type.String()),
    response_modes_supported: Type.Array(Type.String()),
    grant_types_supported: Type.Array(Type.String()),
    code_challenge_methods_supported: Type.Array(Type.String()),
    token_endpoint_auth_methods_supported: Type.Array(Type.String()),
    introspection_endpoint_auth_methods_supported: Type.Array(Type.String()),
    revocation_endpoint_auth_methods_supported: Type.Array(Type.String()),
    scopes_supported: Type.Array(Type.String()),
    service_documentation: Type.String(),
  },
  { $id: 'OAuthMetadata', description: 'Authorization server metadata.' },
);
const OAuthError = Type.Object(
  {
    error: Type.String({ description: "RFC 6749's code." }),
    error_description: Type.String(),
    status: Type.String({ description: "HubSpot's, such as BAD_AUTH_CODE." }),
    message: Type.String({ description: 'What is wrong and what would do.' }),
    correlationId: Type.String({ format: 'uuid' }),
  },
  { $id: 'OAuthError', description: "Why the request failed, in OAuth's shape." },
);
const appFields = {
  name: Type.String({ description: 'What people call it.' }),
  redirectUris: Type.Array(Type.String(), { description: 'Where OAuth may send people back to.' }),
  scopes: Type.Array(Type.String(), { description: 'What it may ask a portal for.' }),
};
const MaybeList = (description: string) =>
  Type.Optional(
    Type.Unsafe<string[] | null>({ type: ['array', 'null'], items: { type: 'string' }, description }),
  );
const appAnswer = {
  appId: Type.String(),
  clientId: Type.String({ format: 'uuid' }),
  ...appFields,
};
const clientSecret = Type.String({ description: 'Shown this once.' });
const developerKey = Type.String({
  description: 'Shown this once; good for the templates of the app alone.',
});
export const AppAnswer = Type.Object(appAnswer, { $id: 'App', description: "An integrator's app." });
const AppWithSecrets = Type.Object(
  { ...appAnswer, clientSecret, developerKey },
  { $id: 'AppWithSecrets', description: 'A new app, with its secrets.' },
);
const AppList = Type.Object(
  { results: Type.Array(Type.Ref('App')), paging: nextPage },
  { $id: 'AppList', description: 'A page of apps.' },
);
const ClientSecret = Type.Object(
  { clientSecret },
  { $id: 'ClientSecret', description: "The app's secret for OAuth." },
);
const DeveloperKey = Type.Object(
  { developerKey },
  { $id: 'DeveloperKey', description: "The app's key for its templates, sent as hapikey." },
);
export const AppCreate = Type.Object(
  {
    name: appFields.name,
    scopes: appFields.scopes,
    redirectUris: MaybeList('Where OAuth may send people back to; nowhere if absent.'),
  },
  { $id: 'AppCreate', description: ignored('An app to be created.') },
);
export const AppUpdate = Type.Object(
  {
    name: MaybeText({ description: 'What people call it.' }),
    scopes: MaybeList('What it may ask a portal for.'),
    redirectUris: MaybeList('Where OAuth may send people back to.'),
  },
  { $id: 'AppUpdate', description: ignored('What is to change of an app.') },
);
const LENIENT = 'Creates records that events name and that do not exist.';
const BY_DOMAIN = "Associates a new contact with the company of its e-mail's domain.";
const ZONE = 'IANA time zone in which templates print dates.';
export const PortalAnswer = Type.Object(
  {
    portalId: Type.String(),
    name: Type.String({ description: 'What people call it.' }),
    lenient: Type.Boolean({ description: LENIENT }),
    timeZone: Type.Optional(Type.String({ description: ZONE })),
    associateByDomain: Type.Boolean({ description: BY_DOMAIN }),
  },
  { $id: 'Portal', description: "A tenant: HubSpot's account." },
);
const PortalList = Type.Object(
  { results: Type.Array(Type.Ref('Portal')), paging: nextPage },
  { $id: 'PortalList', description: 'A page of portals.' },
);
const portalSettings = {
  lenient: MaybeFlag(LENIENT),
  timeZone: MaybeText({ description: ZONE }),
  associateByDomain: MaybeFlag(BY_DOMAIN),
};
export const PortalCreate = Type.Object(
  { name: Type.String({ description: 'What people call it.' }), ...portalSettings },
  { $id: 'PortalCreate', description: ignored('A portal to be created.') },
);
export const PortalUpdate = Type.Object(
  { name: MaybeText({ description: 'What people call it.' }), ...portalSettings },
  { $id: 'PortalUpdate', description: ignored('What is to change of a portal.') },
);
const privateToken = {
  tokenId: Type.String({ description: 'Says which token it is; it is not the token.' }),
  portalId: Type.String(),
  appId: Type.String(),
  scopes: Type.Array(Type.String()),
  createdAt: DateTime('When it was made.'),
};
export const PrivateToken = Type.Object(privateToken, {
  $id: 'PrivateToken',
  description: "A private app's token in a portal.",
});
const PrivateTokenWithSecret = Type.Object(
  { ...privateToken, accessToken: Type.String({ description: 'The token itself, shown this once.' }) },
  { $id: 'PrivateTokenWithSecret', description: 'A new token.' },
);
const PrivateTokenList = Type.Object(
  { results: Type.Array(Type.Ref('PrivateToken')), paging: nextPage },
  { $id: 'PrivateTokenList', description: 'A page of tokens.' },
);
export const PrivateTokenCreate = Type.Object(
  {
    appId: IdText({ description: 'The app that the token is for.' }),
    scopes: Type.Array(Type.String(), { description: 'What it may do; of what the app may ask for.' }),
  },
  { $id: 'PrivateTokenCreate', description: ignored('A token to be created.') },
);

/** Every schema that others refer to by name. */
export const named: readonly TSchema[] = [
  TimelineIFrame,
  TimelineEvent,
  TimelineEventResponse,
  BatchInput,
  BatchResponse,
  BatchResponseWithErrors,
  EventDetail,
  ErrorDetail,
  Problem,
  StandardError,
  TokenOption,
  TokenRequest,
  TokenUpdate,
  Token,
  TemplateCreate,
  TemplateUpdate,
  Template,
  TemplateList,
  TokenList,
  TimelineEntry,
  TimelineAnswer,
  FormerValue,
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
  CrmObject,
  CrmObjectOfBatch,
  ObjectBatch,
  ObjectBatchWithErrors,
  ObjectList,
  ObjectSearch,
  ObjectInput,
  BatchObjects,
  SearchInput,
  PropertyOption,
  PropertyOptionInput,
  PropertyAnswer,
  PropertyCreate,
  PropertyUpdate,
  FirstProperty,
  ObjectSchemaCreate,
  ObjectSchemaUpdate,
  ObjectTypeAnswer,
  AssociationCreate,
  AssociationDefinition,
  ObjectSchemaAnswer,
  ObjectSchemaList,
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
  MergeInput,
  GdprDeleteInput,
  IdentifyInput,
  Identified,
  FormSubmission,
  FormAnswer,
  OAuthTokenForm,
  OAuthTokenQuestion,
  OAuthTokenV1,
  OAuthToken,
  OAuthTokenState,
  OAuthRevoked,
  AccessTokenInfo,
  RefreshTokenInfo,
  OAuthMetadata,
  OAuthError,
  AppAnswer,
  AppWithSecrets,
  AppList,
  ClientSecret,
  DeveloperKey,
  AppCreate,
  AppUpdate,
  PortalAnswer,
  PortalList,
  PortalCreate,
  PortalUpdate,
  PrivateToken,
  PrivateTokenWithSecret,
  PrivateTokenList,
  PrivateTokenCreate,
];

const STRICTLY = {
  coerceTypes: false,
  removeAdditional: false,
  useDefaults: false,
  allowUnionTypes: true,
  strict: false,
  // Of our own schemas, which a test holds against JSON Schema: here it would take a tenth of every start.
  validateSchema: false,
  formats: { int32: true, 'date-time': true, uuid: true },
} as const;

/** Checks bodies: nothing is coerced, dropped or filled in; every fault is found, not only the first. */
export const ajv = new Ajv({ ...STRICTLY, allErrors: true }).addSchema(named as object[]);
const untilFirstFault = new Ajv(STRICTLY).addSchema(named as object[]);

/** So much of each list is searched for every fault: they cost, and a body has room for millions. */
const LIST_SEARCHED = 100;
const MEMBERS_SEARCHED = 1_000;

/**
 * What is wrong with data by a schema: every fault in the beginnings of its lists, or else the first one. Compiled when
 * first used: all of them together took a fifth of every start.
 */
export function checker(schema: object): (data: unknown) => ErrorObject[] {
  let first: ValidateFunction | undefined;
  let all: ValidateFunction | undefined;
  return (data) => {
    first ??= untilFirstFault.compile(schema);
    if (first(data)) return [];
    all ??= ajv.compile(schema);
    return (all(beginnings(data)) ? first.errors : all.errors) ?? [];
  };
}

/** A copy with the beginning of each list, as deep as our schemas go. */
function beginnings(value: unknown, depth = 4): unknown {
  if (typeof value !== 'object' || value === null || depth === 0) return value;
  if (Array.isArray(value)) return value.slice(0, LIST_SEARCHED).map((each) => beginnings(each, depth - 1));
  const entries = Object.entries(value).slice(0, MEMBERS_SEARCHED);
  return Object.fromEntries(entries.map(([name, each]) => [name, beginnings(each, depth - 1)]));
}
