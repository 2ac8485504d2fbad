// What the wire's shapes are made of. Requests may be wider than answers: ids as numbers, null for absent.
import { type Static, type TSchema, Type } from 'typebox';

type Texts = { description?: string; format?: string };

/** A string, or null for "not set". */
export const MaybeText = (texts: Texts) =>
  Type.Optional(Type.Unsafe<string | null>({ type: ['string', 'null'], ...texts }));

export const IdText = (texts: Texts) =>
  Type.Unsafe<string | number>({ type: ['string', 'number'], ...texts });

export const MaybeId = (texts: Texts) =>
  Type.Optional(Type.Unsafe<string | number | null>({ type: ['string', 'number', 'null'], ...texts }));

export const DateTime = (description: string) => Type.String({ format: 'date-time', description });

// Type.Record would match names by a pattern, which a line break in a name escapes.
export const MapOf = <T extends TSchema>(value: T, texts: Texts = {}) =>
  Type.Unsafe<Record<string, Static<T>>>({ type: 'object', additionalProperties: value, ...texts });

export const TextMap = MapOf(Type.String());
export const ContextMap = MapOf(Type.Array(Type.String()));

/** Said of every request: an answer can be posted back. */
export const ignored = (what: string) =>
  `${what} Other fields are ignored; null is taken as absent where absent will do.`;

/** `result` is the name of what a batch answers with. */
export const batchFields = (result: string) => ({
  status: Type.Unsafe<string>({ type: 'string', enum: ['CANCELED', 'COMPLETE', 'PENDING', 'PROCESSING'] }),
  results: Type.Array(Type.Ref(result)),
  requestedAt: Type.Optional(DateTime('When the request came.')),
  startedAt: DateTime('When the work began.'),
  completedAt: DateTime('When it was done.'),
  links: Type.Optional(TextMap),
});

export const batchErrors = {
  numErrors: Type.Optional(Type.Integer({ format: 'int32' })),
  errors: Type.Optional(Type.Array(Type.Ref('StandardError'))),
};

const after = Type.String({ description: 'Its cursor.' });

export const nextPage = Type.Optional(Type.Object({ next: Type.Object({ after }) }));

/** The same, as HubSpot's lists have it. */
export const nextPageWithLink = Type.Optional(
  Type.Object({ next: Type.Object({ after, link: Type.String({ description: 'Its address.' }) }) }),
);

const SWITCH = ['true', 'false', 'True', 'False'] as const;

/** Yes or no in a query, as Python writes it too. */
export const MaybeSwitch = (description: string) =>
  Type.Optional(Type.Unsafe<(typeof SWITCH)[number]>({ type: 'string', enum: [...SWITCH], description }));

export function isOn(sent: string | undefined): boolean {
  return sent?.toLowerCase() === 'true';
}

export const MaybeFlag = (description: string) =>
  Type.Optional(Type.Unsafe<boolean | null>({ type: ['boolean', 'null'], description }));

export const MaybeList = <Item>(items: object, description: string) =>
  Type.Optional(Type.Unsafe<Item[] | null>({ type: ['array', 'null'], items, description }));

export const MaybeTextList = (description: string) => MaybeList<string>({ type: 'string' }, description);
