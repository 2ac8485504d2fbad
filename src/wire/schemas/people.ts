// Who somebody is: merging, erasing, identifying, and forms.
import { type TSchema, Type } from 'typebox';
import { IdText, ignored, MaybeId, MaybeText } from './parts.js';

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
        name: Type.String({
          description:
            'email, or a property of contacts; with its type, as 0-1/email, where a form names it so.',
        }),
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

/** Those that others refer to by name. */
export const peopleSchemas: readonly TSchema[] = [
  MergeInput,
  GdprDeleteInput,
  IdentifyInput,
  Identified,
  FormSubmission,
  FormAnswer,
];
