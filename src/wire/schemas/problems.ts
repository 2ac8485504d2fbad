// HubSpot's error bodies.
import { type TSchema, Type } from 'typebox';
import { ContextMap, TextMap } from './parts.js';

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

const RateLimited = Type.Object(
  {
    status: Type.String({ description: 'Always "error".' }),
    message: Type.String(),
    errorType: Type.String({ description: 'Always "RATE_LIMIT".' }),
    policyName: Type.String({ description: 'The limit that was reached.' }),
    correlationId: Type.String({ format: 'uuid' }),
  },
  {
    $id: 'RateLimited',
    description: 'Too many calls, where limits are set; Retry-After says how long to wait.',
  },
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

/** Those that others refer to by name. */
export const problemSchemas: readonly TSchema[] = [ErrorDetail, Problem, RateLimited, StandardError];
