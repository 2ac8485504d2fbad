// The one source of the wire's shapes, a file a resource beside this one: types, validation and OpenAPI all come from
// them. Here they are put together and compiled.
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import type { TSchema } from 'typebox';
import { adminSchemas } from './schemas/admin.js';
import { associationSchemas } from './schemas/associations.js';
import { customObjectSchemas } from './schemas/custom_objects.js';
import { eventSchemas } from './schemas/events.js';
import { oauthSchemas } from './schemas/oauth.js';
import { objectSchemas } from './schemas/objects.js';
import { peopleSchemas } from './schemas/people.js';
import { problemSchemas } from './schemas/problems.js';
import { propertySchemas } from './schemas/properties.js';
import { templateSchemas } from './schemas/templates.js';

/** Every schema that others refer to by name. */
export const named: readonly TSchema[] = [
  ...eventSchemas,
  ...problemSchemas,
  ...templateSchemas,
  ...objectSchemas,
  ...associationSchemas,
  ...propertySchemas,
  ...customObjectSchemas,
  ...peopleSchemas,
  ...oauthSchemas,
  ...adminSchemas,
];

const STRICTLY = {
  coerceTypes: false,
  removeAdditional: false,
  useDefaults: false,
  allowUnionTypes: true,
  strict: false,
  // Of our own schemas, which tests hold against JSON Schema: here it would take a tenth of every start.
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
