// The custom objects of all portals: a bounded cache in front of the store, changes that do not swallow one another,
// and what a name means in a portal: which type, which associations, where a search looks.
import { brief, type Fault, invalid, orRefusal, Refusal } from '../refusal.js';
import { associatedStandardType, associatedStandardTypes, standardAssociationId } from './associations.js';
import type { Definitions } from './definitions.js';
import { predefinedOfCustom } from './predefined.js';
import {
  MAX_OPTIONS_PER_TYPE,
  MAX_UNIQUE_PER_TYPE,
  newGroup,
  newProperty,
  optionsIn,
  type PropertyInput,
} from './properties.js';
import {
  type CustomType,
  isCustom,
  type ObjectType,
  type RecordStore,
  SEARCHED_PROPERTIES,
  singular,
  standardTypeOf,
} from './record.js';
import {
  associatedOf,
  associatedWith,
  changedSchema,
  dissociatedFrom,
  fullyQualifiedName,
  MAX_ASSOCIATED_TYPES,
  MAX_SCHEMAS_PER_PORTAL,
  newSchema,
  type ObjectSchema,
  type SchemaInput,
  schemaAssociatedType,
  schemaAssociationId,
  schemaGroup,
} from './schema.js';

const MAX_CACHED_PORTALS = 2_000;
const MAX_ATTEMPTS = 20;
const MAX_FIRST_PROPERTIES = 200;

/** A new schema, with the properties and the associations that it begins with. */
export interface NewSchemaInput extends SchemaInput {
  properties?: readonly PropertyInput[] | null;
  associatedObjects?: readonly string[] | null;
}

interface OfPortal {
  live: ReadonlyMap<CustomType, ObjectSchema>;
  archived: ReadonlyMap<CustomType, ObjectSchema>;
  /** By name, in lower case: archived ones keep theirs. */
  byName: ReadonlyMap<string, CustomType>;
}

type SchemaStore = Pick<
  RecordStore,
  'schemas' | 'appMeetsSchema' | 'createSchema' | 'saveSchema' | 'dropSchema'
>;

export class Schemas {
  readonly #cache = new Map<number, OfPortal>();

  constructor(
    private readonly store: SchemaStore,
    private readonly definitions: Pick<Definitions, 'of' | 'forgetOf'>,
    private readonly clock: () => number,
  ) {}

  /** The type that a name means in a portal: a standard one's names, or a custom one's id, name or full name. */
  typeOf(portalId: number, name: string): ObjectType | undefined {
    const standard = standardTypeOf(name);
    if (standard) return standard;
    const type = this.#customOf(portalId, name);
    return type && this.#of(portalId).live.has(type) ? type : undefined;
  }

  /** Whether a template of an app may be for records of this type: some portal that has the app has the type. */
  isMetBy(appId: number, name: string): boolean {
    return this.store.appMeetsSchema(appId, name);
  }

  /** Undefined for a standard type. */
  schemaOf(portalId: number, type: ObjectType): ObjectSchema | undefined {
    return isCustom(type) ? this.#of(portalId).live.get(type) : undefined;
  }

  /** In order of their ids. */
  all(portalId: number, isArchived = false): ObjectSchema[] {
    const { live, archived } = this.#of(portalId);
    return [...(isArchived ? archived : live).values()];
  }

  /** By id, name or full name. */
  get(portalId: number, name: string, isArchived = false): ObjectSchema {
    const type = this.#customOf(portalId, name);
    const found = type && this.#of(portalId)[isArchived ? 'archived' : 'live'].get(type);
    if (!found) throw noSchema(name);
    return found;
  }

  async create(portalId: number, input: NewSchemaInput): Promise<ObjectSchema> {
    const now = this.clock();
    const faults: Fault[] = [];
    const group = { ...newGroupOf(input, now), predefined: true };
    const names = new Set(predefinedOfCustom(group.name).map(({ name }) => name));
    const sent = input.properties ?? [];
    if (sent.length > MAX_FIRST_PROPERTIES)
      faults.push({
        in: 'properties',
        message: `has ${sent.length} properties; at most ${MAX_FIRST_PROPERTIES} are taken: create the others afterwards`,
      });
    const properties = sent.slice(0, MAX_FIRST_PROPERTIES).flatMap((each, index) => {
      const path = `properties[${index}]`;
      if (names.has(each.name ?? ''))
        faults.push({ in: `${path}.name`, message: `'${brief(each.name ?? '')}' is there already` });
      names.add(each.name ?? '');
      return (
        collected(faults, `${path}.`, () =>
          newProperty({ ...each, groupName: each.groupName ?? group.name }, new Set([group.name]), now),
        ) ?? []
      );
    });
    if (optionsIn(properties) > MAX_OPTIONS_PER_TYPE)
      faults.push({
        in: 'properties',
        message: `have ${optionsIn(properties)} options all together; at most ${MAX_OPTIONS_PER_TYPE} are taken`,
      });
    const unique = properties.filter((each) => each.unique).length;
    if (unique > MAX_UNIQUE_PER_TYPE)
      faults.push({
        in: 'properties',
        message: `have ${unique} with unique values; at most ${MAX_UNIQUE_PER_TYPE} are taken`,
      });
    const associated = this.#associated(portalId, input.associatedObjects ?? [], faults);
    const schema = collected(faults, '', () => newSchema(input, names, associated, now));
    if (!schema || faults.length > 0) throw invalid('schema', faults);
    try {
      const made = await this.store.createSchema(
        portalId,
        schema,
        [group, ...properties],
        MAX_SCHEMAS_PER_PORTAL,
      );
      if (made === 'taken') throw taken(schema.name);
      if (made === 'full') throw full();
      return made;
    } finally {
      this.#cache.delete(portalId);
    }
  }

  change(portalId: number, name: string, input: SchemaInput): Promise<ObjectSchema> {
    return this.#change(portalId, name, (old) =>
      changedSchema(old, input, new Set(this.definitions.of(portalId, old.type).properties.keys())),
    );
  }

  /** Refused while there are records of it. */
  async archive(portalId: number, name: string): Promise<void> {
    await this.#change(portalId, name, (old, now) => ({ ...old, archivedAt: now }));
  }

  /** Forgets one that is archived: its name is free again. */
  async drop(portalId: number, name: string): Promise<void> {
    const { type } = this.get(portalId, name, true);
    await this.store.dropSchema(portalId, type);
    this.#cache.delete(portalId);
    this.definitions.forgetOf(portalId, type);
  }

  /** Records of a custom object and of another type may belong to each other from now on. Answers both, as sent. */
  async associate(
    portalId: number,
    name: string,
    sent: { fromObjectTypeId: string; toObjectTypeId: string },
  ): Promise<{ from: ObjectType; to: ObjectType }> {
    const { type } = this.get(portalId, name);
    const faults: Fault[] = [];
    const [from, to] = (['fromObjectTypeId', 'toObjectTypeId'] as const).map((field) => {
      const found = this.typeOf(portalId, sent[field]);
      if (!found) faults.push({ in: field, message: `'${brief(sent[field])}' is no type of records here` });
      return found;
    });
    if (from && to && (from === to || (from !== type && to !== type)))
      faults.push({ in: 'fromObjectTypeId', message: `one of the two, and one alone, must be ${type}` });
    if (!from || !to || faults.length > 0) throw invalid('association', faults);
    if (this.associationId(portalId, from, to) === undefined)
      await this.#change(portalId, type, (old) => associatedWith(old, from === type ? to : from));
    return { from, to };
  }

  /** The other way round: by the id of the association, in either direction. Records that belong together stay so, unseen. */
  async dissociate(portalId: number, name: string, associationId: string): Promise<void> {
    const { type } = this.get(portalId, name);
    const to = this.associatedType(portalId, type, Number(associationId));
    const back = this.associatedTypes(portalId, type).find(
      (each) => this.associationId(portalId, each, type) === Number(associationId),
    );
    const other = to ?? back;
    const pair = other ? [type, other] : [];
    const declares = pair
      .flatMap((each) => this.schemaOf(portalId, each) ?? [])
      .filter((each) => pair.some((of) => associatedOf(each).includes(of)));
    if (declares.length === 0) throw noAssociation(type, associationId);
    for (const each of declares)
      await this.#change(portalId, each.type, (old) =>
        dissociatedFrom(old, pair.find((of) => of !== each.type) as ObjectType),
      );
  }

  /** The types that records of a type are associated with. */
  associatedTypes(portalId: number, from: ObjectType): ObjectType[] {
    const { live } = this.#of(portalId);
    const types = new Set<ObjectType>(isCustom(from) ? [] : associatedStandardTypes(from));
    const own = live.get(from as CustomType);
    for (const to of own ? associatedOf(own) : []) if (!isCustom(to) || live.has(to)) types.add(to);
    for (const schema of live.values()) if (associatedOf(schema).includes(from)) types.add(schema.type);
    return [...types];
  }

  /** The id of an association in one direction; undefined where there is none between the types. */
  associationId(portalId: number, from: ObjectType, to: ObjectType): number | undefined {
    if (!isCustom(from) && !isCustom(to)) return standardAssociationId(from, to);
    for (const type of [from, to]) {
      const schema = this.schemaOf(portalId, type);
      const id = schema && schemaAssociationId(schema, from, to);
      if (id !== undefined) return id;
    }
    return undefined;
  }

  /** What an association is called in one direction, such as `contact_to_company`. */
  associationName(portalId: number, from: ObjectType, to: ObjectType): string {
    const word = (type: ObjectType) => this.schemaOf(portalId, type)?.name ?? singular(type).toLowerCase();
    return `${word(from)}_to_${word(to)}`;
  }

  /** The type that an association of this id leads to. */
  associatedType(portalId: number, from: ObjectType, typeId: number): ObjectType | undefined {
    const standard = isCustom(from) ? undefined : associatedStandardType(from, typeId);
    if (standard) return standard;
    const { live } = this.#of(portalId);
    for (const schema of live.values()) {
      const to = schemaAssociatedType(schema, from, typeId);
      if (to !== undefined) return isCustom(to) && !live.has(to) ? undefined : to;
    }
    return undefined;
  }

  /** The properties that a search's `query` looks into. */
  searched(portalId: number, type: ObjectType): readonly string[] {
    if (!isCustom(type)) return SEARCHED_PROPERTIES[type];
    const schema = this.schemaOf(portalId, type);
    if (!schema) return [];
    const { searchableProperties, primaryDisplayProperty } = schema;
    if (searchableProperties.length > 0) return searchableProperties;
    return primaryDisplayProperty === undefined ? [] : [primaryDisplayProperty];
  }

  /** Forgets what was looked up: somebody may have changed it. */
  forget(): void {
    this.#cache.clear();
  }

  #associated(portalId: number, names: readonly string[], faults: Fault[]): ObjectType[] {
    if (names.length > MAX_ASSOCIATED_TYPES) {
      faults.push({
        in: 'associatedObjects',
        message: `has ${names.length} types; at most ${MAX_ASSOCIATED_TYPES} are taken`,
      });
      return [];
    }
    const types = names.flatMap((name, index) => {
      const type = this.typeOf(portalId, name);
      if (!type)
        faults.push({
          in: `associatedObjects[${index}]`,
          message: `'${brief(name)}' is no type of records here; name CONTACT, COMPANY, DEAL, TICKET or a custom object's id`,
        });
      return type ?? [];
    });
    return [...new Set(types)];
  }

  /** Applies a change to the schema as it is now; again, when another change was faster. */
  async #change(
    portalId: number,
    name: string,
    apply: (old: ObjectSchema, now: number) => ObjectSchema,
  ): Promise<ObjectSchema> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      this.#cache.delete(portalId);
      const old = this.get(portalId, name);
      const now = this.clock();
      const changed = { ...apply(old, now), version: old.version + 1, updatedAt: now };
      const outcome = await this.store.saveSchema(portalId, changed);
      this.#cache.delete(portalId);
      if (outcome === 'kept') return changed;
      if (outcome === 'in-use') throw inUse(changed);
    }
    throw new Refusal('overloaded', `'${brief(name)}' is being changed by many at once; try again shortly`);
  }

  /** The type that a custom object's id, name or full name means, archived or not. */
  #customOf(portalId: number, name: string): CustomType | undefined {
    if (isCustom(name)) return name;
    const prefix = fullyQualifiedName(portalId, { name: '' });
    const own = name.startsWith(prefix) ? name.slice(prefix.length) : name;
    return this.#of(portalId).byName.get(own.toLowerCase());
  }

  #of(portalId: number): OfPortal {
    const cached = this.#cache.get(portalId);
    if (cached) return cached;
    const all = this.store.schemas(portalId);
    const live = all.filter(({ archivedAt }) => archivedAt === undefined);
    const known: OfPortal = {
      live: new Map(live.map((each) => [each.type, each])),
      archived: new Map(
        all.filter(({ archivedAt }) => archivedAt !== undefined).map((each) => [each.type, each]),
      ),
      byName: new Map(all.map((each) => [each.name.toLowerCase(), each.type])),
    };
    if (this.#cache.size >= MAX_CACHED_PORTALS) this.#cache.clear();
    this.#cache.set(portalId, known);
    return known;
  }
}

function newGroupOf({ name, labels }: SchemaInput, now: number) {
  const label = labels?.singular?.slice(0, 200) || 'Object';
  return newGroup(
    { name: schemaGroup(name?.slice(0, 100).replace(/\W/g, '') || 'object'), label: `${label} Information` },
    now,
  );
}

/** What `make` makes; where it refuses, its faults go to `faults`, under `path`. */
function collected<T>(faults: Fault[], path: string, make: () => T): T | undefined {
  const made = orRefusal(make);
  if (!(made instanceof Refusal)) return made;
  for (const fault of made.faults)
    faults.push({ ...fault, ...(fault.in === undefined ? {} : { in: `${path}${fault.in}` }) });
  return undefined;
}

function noSchema(name: string): Refusal {
  return new Refusal(
    'not-found',
    `resource not found: this portal has no custom object '${brief(name)}'; name one by its id (2-…), name or full name`,
    [],
    { objectType: [brief(name)] },
  );
}

function noAssociation(type: CustomType, id: string): Refusal {
  return new Refusal(
    'not-found',
    `resource not found: ${type} has no association '${brief(id)}'; its schema lists those that it has`,
    [],
    { associationIdentifier: [brief(id)] },
  );
}

function taken(name: string): Refusal {
  return new Refusal(
    'conflict',
    `Object type name '${brief(name)}' already exists in this portal; choose another name, or where it is archived, delete it with ?archived=true first`,
    [],
    { name: [brief(name)] },
  );
}

function full(): Refusal {
  return new Refusal(
    'invalid',
    `a portal has at most ${MAX_SCHEMAS_PER_PORTAL} custom objects, archived ones too, and this one has them; delete an archived one with ?archived=true`,
  );
}

function inUse({ name, type }: ObjectSchema): Refusal {
  return new Refusal(
    'invalid',
    `Unable to delete object type ${type} ('${name}'): there are records of it; archive them first`,
    [
      {
        in: 'objectType',
        message: `has records; archive those of ${type} first`,
        code: 'OBJECT_TYPE_IN_USE',
      },
    ],
    { objectTypeId: [type] },
  );
}
