// Custom objects: what a portal says of a type of its own, checked; which records it goes with, and under which ids. Pure.
import { brief, type Fault, invalid } from '../refusal.js';
import { type CustomType, numberOf, type ObjectType, standardTypeOf } from './record.js';

export interface ObjectSchema {
  type: CustomType;
  /** Unique in its portal, and never changed. */
  name: string;
  singular: string;
  plural: string;
  description?: string;
  /** By which people know a record. */
  primaryDisplayProperty?: string;
  secondaryDisplayProperties: readonly string[];
  /** A new record has a value of each. */
  requiredProperties: readonly string[];
  /** Where a search's `query` looks. */
  searchableProperties: readonly string[];
  /** The types that its records are associated with, in an order that never changes: ids are made of it. */
  associated: readonly ObjectType[];
  /** Those of them with which it no longer is. */
  dissociated?: readonly ObjectType[];
  /** Counts the changes, so that two at once cannot swallow one another. */
  version: number;
  createdAt: number;
  updatedAt: number;
  archivedAt?: number;
}

/** What became of a change: kept, or another was faster, or records of the type are in its way. */
export type SchemaOutcome = 'kept' | 'stale' | 'in-use';

/** A schema as a caller sends it. */
export interface SchemaInput {
  name?: string | null;
  labels?: { singular?: string | null; plural?: string | null } | null;
  description?: string | null;
  clearDescription?: boolean | null;
  primaryDisplayProperty?: string | null;
  secondaryDisplayProperties?: readonly string[] | null;
  requiredProperties?: readonly string[] | null;
  searchableProperties?: readonly string[] | null;
}

/** Archived ones too. */
export const MAX_SCHEMAS_PER_PORTAL = 50;
export const MAX_ASSOCIATED_TYPES = 50;
const MAX_SEARCHABLE = 20;
const MAX_SECONDARY = 2;
const MAX_REQUIRED = 100;
const MAX_LABEL_LENGTH = 200;
const MAX_DESCRIPTION_LENGTH = 2_000;
const SCHEMA_NAME = /^[A-Za-z][A-Za-z0-9_]{0,99}$/;

export function fullyQualifiedName(portalId: number, { name }: Pick<ObjectSchema, 'name'>): string {
  return `p${portalId}_${name}`;
}

/** POST: a new schema, checked. `properties` are those that it will have. */
export function newSchema(
  input: SchemaInput,
  properties: ReadonlySet<string>,
  associated: readonly ObjectType[],
  now: number,
): Omit<ObjectSchema, 'type'> {
  const faults: Fault[] = [];
  const name = input.name ?? '';
  if (!SCHEMA_NAME.test(name))
    faults.push({
      in: 'name',
      message: `'${brief(name)}' is not a name that a custom object may have; begin with a letter, then letters, digits and '_', at most 100`,
    });
  else if (standardTypeOf(name) || /^p\d+_/i.test(name))
    faults.push({ in: 'name', message: `'${name}' reads as another type's; choose another name` });
  for (const form of ['singular', 'plural'] as const)
    if (!input.labels?.[form])
      faults.push({ in: `labels.${form}`, message: 'is required and not set', code: 'REQUIRED_FIELD' });
  const blank: Omit<ObjectSchema, 'type'> = {
    name,
    singular: '',
    plural: '',
    secondaryDisplayProperties: [],
    requiredProperties: [],
    searchableProperties: [],
    associated,
    version: 1,
    createdAt: now,
    updatedAt: now,
  };
  const made = filled(blank, input, properties, faults);
  if (faults.length > 0) throw invalid('schema', faults);
  return made;
}

/** PATCH: what is sent changes. */
export function changedSchema(
  old: ObjectSchema,
  input: SchemaInput,
  properties: ReadonlySet<string>,
): ObjectSchema {
  const faults: Fault[] = [];
  const next = filled(old, input, properties, faults);
  if (faults.length > 0) throw invalid('schema', faults);
  return next;
}

function filled<Of extends Omit<ObjectSchema, 'type'>>(
  old: Of,
  input: SchemaInput,
  properties: ReadonlySet<string>,
  faults: Fault[],
): Of {
  const next = { ...old };
  for (const form of ['singular', 'plural'] as const) {
    const label = input.labels?.[form];
    if (label == null) continue;
    if (label.trim() === '' || label.length > MAX_LABEL_LENGTH)
      faults.push({ in: `labels.${form}`, message: `must be 1 to ${MAX_LABEL_LENGTH} characters` });
    next[form] = label;
  }
  if (input.description != null) {
    if (input.description.length > MAX_DESCRIPTION_LENGTH)
      faults.push({
        in: 'description',
        message: `has ${input.description.length} characters; at most ${MAX_DESCRIPTION_LENGTH} are taken`,
      });
    next.description = input.description;
  }
  if (input.clearDescription) delete next.description;
  const there = (field: string, name: string) => {
    if (!properties.has(name))
      faults.push({
        in: field,
        message: `there is no property '${brief(name)}'; create it, or name one that the custom object has`,
        code: 'PROPERTY_DOESNT_EXIST',
        context: { propertyName: [brief(name)] },
      });
  };
  if (input.primaryDisplayProperty != null) {
    there('primaryDisplayProperty', input.primaryDisplayProperty);
    next.primaryDisplayProperty = input.primaryDisplayProperty;
  }
  for (const [field, most] of [
    ['requiredProperties', MAX_REQUIRED],
    ['searchableProperties', MAX_SEARCHABLE],
    ['secondaryDisplayProperties', MAX_SECONDARY],
  ] as const) {
    const names = input[field];
    if (names == null) continue;
    if (names.length > most)
      faults.push({ in: field, message: `has ${names.length} properties; at most ${most} are taken` });
    else for (const [index, name] of names.entries()) there(`${field}[${index}]`, name);
    next[field] = [...new Set(names)];
  }
  return next;
}

/** The group that a custom object's properties are in, unless they say another. */
export function schemaGroup(name: string): string {
  return `${name}_information`;
}

// ---- associations ----

/** Two ids for each type that a schema goes with: out, and back. No two schemas have the same. */
const IDS_PER_SCHEMA = 2 * MAX_ASSOCIATED_TYPES;

function idsFrom({ type }: ObjectSchema): number {
  return numberOf(type) * IDS_PER_SCHEMA;
}

/** The types that a schema's records are associated with now, as it declares. */
export function associatedOf({ associated, dissociated = [] }: ObjectSchema): readonly ObjectType[] {
  return dissociated.length === 0 ? associated : associated.filter((each) => !dissociated.includes(each));
}

/** The schema with one more type that its records go with; one that it had before has its ids again. */
export function associatedWith(old: ObjectSchema, other: ObjectType): ObjectSchema {
  const isNew = !old.associated.includes(other);
  if (isNew && old.associated.length >= MAX_ASSOCIATED_TYPES)
    throw invalid('association', [
      {
        in: 'toObjectTypeId',
        message: `a custom object declares associations with at most ${MAX_ASSOCIATED_TYPES} types, and this one has; declare it on the other`,
      },
    ]);
  return {
    ...old,
    associated: isNew ? [...old.associated, other] : old.associated,
    dissociated: (old.dissociated ?? []).filter((each) => each !== other),
  };
}

/** The schema without one of the types that its records went with. */
export function dissociatedFrom(old: ObjectSchema, other: ObjectType): ObjectSchema {
  return { ...old, dissociated: [...new Set([...(old.dissociated ?? []), other])] };
}

/** The id of an association that a schema declares, in one direction; undefined where it declares none. */
export function schemaAssociationId(
  schema: ObjectSchema,
  from: ObjectType,
  to: ObjectType,
): number | undefined {
  const isOut = from === schema.type;
  const other = isOut ? to : from;
  if (!associatedOf(schema).includes(other) || (!isOut && to !== schema.type)) return undefined;
  return idsFrom(schema) + 2 * schema.associated.indexOf(other) + (isOut ? 0 : 1);
}

/** The type to which an association of this id leads from `from`; undefined where the schema knows of none. */
export function schemaAssociatedType(
  schema: ObjectSchema,
  from: ObjectType,
  typeId: number,
): ObjectType | undefined {
  const offset = typeId - idsFrom(schema);
  if (!(offset >= 0 && offset < IDS_PER_SCHEMA)) return undefined;
  const other = schema.associated[Math.floor(offset / 2)];
  if (other === undefined || !associatedOf(schema).includes(other)) return undefined;
  if (offset % 2 === 0) return from === schema.type ? other : undefined;
  return from === other ? schema.type : undefined;
}
