// Event templates and their tokens, as HubSpot has them.
import { type Static, type TSchema, Type } from 'typebox';
import {
  MAX_NAME_LENGTH,
  MAX_TEMPLATES_PER_APP,
  MAX_TOKENS_PER_TEMPLATE,
  TOKEN_TYPES,
} from '../../timeline/template.js';
import { DateTime, ignored, MaybeId, MaybeList, MaybeText } from './parts.js';

const TokenOption = Type.Object(
  {
    value: Type.String({ description: 'As events send it.' }),
    label: Type.String({ description: 'As people see it.' }),
  },
  { $id: 'TimelineEventTemplateTokenOption', description: 'A value that an enumeration token may have.' },
);

const tokenFields = {
  name: Type.String({
    description: 'Letters, digits, ".", "-", "_", neither "." nor ".."; unique in the template.',
  }),
  label: Type.String({ description: `At most ${MAX_NAME_LENGTH} characters.` }),
  type: Type.Unsafe<(typeof TOKEN_TYPES)[number]>({ type: 'string', enum: [...TOKEN_TYPES] }),
};

const MaybeOptions = MaybeList<Static<typeof TokenOption>>(
  Type.Ref('TimelineEventTemplateTokenOption'),
  'What an enumeration may be.',
);

const objectPropertyName = MaybeText({ description: "A record's property that the token sets too." });

export const dates = {
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

const MaybeTokens = MaybeList<Static<typeof TokenRequest>>(
  Type.Ref('TimelineEventTemplateTokenRequest'),
  `At most ${MAX_TOKENS_PER_TEMPLATE}.`,
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

/** Those that others refer to by name. */
export const templateSchemas: readonly TSchema[] = [
  TokenOption,
  TokenRequest,
  TokenUpdate,
  Token,
  TemplateCreate,
  TemplateUpdate,
  Template,
  TemplateList,
  TokenList,
];
