// The property definitions of all portals: a bounded cache in front of the store, changes that do not swallow one
// another, and what becomes of a property that something names.
import { brief, invalid, orRefusal, Refusal, together } from '../refusal.js';
import type { Unknown } from './identity.js';
import { plainNumber } from './number.js';
import {
  archived,
  changedGroup,
  changedProperty,
  type Definition,
  type GroupInput,
  isMakeable,
  MAX_GROUPS_PER_TYPE,
  MAX_OPTIONS_PER_TYPE,
  MAX_PROPERTIES_PER_TYPE,
  MAX_UNIQUE_PER_TYPE,
  MAX_VALUE_CHARS,
  missingFault,
  newGroup,
  newProperty,
  optionsIn,
  type PropertyDefinition,
  type PropertyGroup,
  type PropertyInput,
  type PropertyType,
  predefinedOf,
  readValue,
  textProperty,
  tooLongFault,
  type ValueFault,
} from './properties.js';
import { isCustom, type ObjectType, type PropertyValue, type RecordStore, uniqueKey } from './record.js';
import { type Filter, wantedBy } from './search.js';

/** Values of these types are the same however they are written. */
const SIZED: ReadonlySet<PropertyType> = new Set(['number', 'date', 'datetime']);
const MAX_CACHED_DEFINITIONS = 100_000;
const MAX_ATTEMPTS = 20;

/** A portal's definitions of one type, by name; archived ones apart. */
export interface Known {
  properties: ReadonlyMap<string, PropertyDefinition>;
  groups: ReadonlyMap<string, PropertyGroup>;
  archivedProperties: ReadonlyMap<string, PropertyDefinition>;
  archivedGroups: ReadonlyMap<string, PropertyGroup>;
  /** How many properties are the portal's own, archived ones too: they are kept. */
  own: number;
  /** How many options all of its properties have, archived ones too. */
  options: number;
  /** Where properties go that nobody gave a group; absent: the standard type's usual one. */
  usualGroup?: string;
}

export class Definitions {
  readonly #cache = new Map<number, Map<ObjectType, Known>>();
  #cached = 0;

  constructor(
    private readonly store: Pick<RecordStore, 'definitions' | 'define'>,
    private readonly clock: () => number,
  ) {}

  /** The same object until something changes. */
  of(portalId: number, type: ObjectType): Known {
    return this.#cache.get(portalId)?.get(type) ?? this.#read(portalId, type);
  }

  property(portalId: number, type: ObjectType, name: string, isArchived = false): PropertyDefinition {
    const { properties, archivedProperties } = this.of(portalId, type);
    const found = (isArchived ? archivedProperties : properties).get(name);
    if (!found) throw notFound('property', type, name);
    return found;
  }

  group(portalId: number, type: ObjectType, name: string): PropertyGroup {
    const found = this.of(portalId, type).groups.get(name);
    if (!found) throw notFound('group', type, name);
    return found;
  }

  /** A value as it is kept, with its property where that is to be made; or why it is not taken. */
  value(
    portalId: number,
    type: ObjectType,
    { name, value, at }: PropertyValue,
    unknown: Unknown,
  ): PropertyValue | ValueFault {
    const known = this.named(portalId, type, name, unknown);
    if (known === undefined) return missingFault(name);
    if (value.length > MAX_VALUE_CHARS) return tooLongFault(name, value);
    if (known.made) return { name, value, at, defines: known.definition };
    const read = readValue(known.definition, value);
    if (typeof read !== 'string') return read;
    const unique = known.definition.unique && read !== '';
    return {
      name,
      value: read,
      at,
      ...(unique ? { uniqueKey: keyOf(portalId, type, known.definition, read) } : {}),
    };
  }

  /** A value by which a unique property finds its record; a refusal where the property has no unique values. */
  unique(
    portalId: number,
    type: ObjectType,
    name: string,
    value: string,
  ): Omit<PropertyValue, 'at'> & { uniqueKey: string } {
    const definition = this.of(portalId, type).properties.get(name);
    if (!definition?.unique)
      throw invalid('input', [
        {
          in: 'idProperty',
          message: `'${brief(name)}' is no property of ${type} with unique values; ${this.#uniqueOnes(portalId, type)}`,
        },
      ]);
    const read = readValue(definition, value);
    if (typeof read !== 'string' || read === '')
      throw invalid('input', [
        {
          in: 'id',
          message: read === '' ? `is empty; send a value of '${name}'` : (read as ValueFault).message,
        },
      ]);
    return { name, value: read, uniqueKey: keyOf(portalId, type, definition, read) };
  }

  /** A filter as its property compares: by its characters where it is text, by the keys of values where it is unique. */
  comparing(portalId: number, type: ObjectType, filter: Filter): Filter {
    const definition = this.of(portalId, type).properties.get(filter.propertyName);
    if (!definition) return filter;
    const keys = (definition.unique ? wantedBy(filter) : undefined)
      ?.map((value) => readValue(definition, value))
      .filter((read) => typeof read === 'string') // others it cannot have
      .map((read) => keyOf(portalId, type, definition, read));
    return { ...filter, isText: !SIZED.has(definition.type), ...(keys ? { keys } : {}) };
  }

  #uniqueOnes(portalId: number, type: ObjectType): string {
    const own = [...this.of(portalId, type).properties.values()].filter((each) => each.unique);
    const names = [
      ...(type === 'contacts' ? ['email'] : []),
      ...own.map((each) => each.name),
      'hs_object_id',
    ];
    return `use ${names.join(', ')}, or create one with hasUniqueValue`;
  }

  /**
   * The property of that name; or one of text, that is yet to be made where it is first set; undefined where it is to
   * be refused.
   */
  named(
    portalId: number,
    type: ObjectType,
    name: string,
    unknown: Unknown,
  ): { definition: PropertyDefinition; made: boolean } | undefined {
    const { properties, archivedProperties, own, usualGroup } = this.of(portalId, type);
    const found = properties.get(name);
    if (found) return { definition: found, made: false };
    const former = archivedProperties.get(name);
    const isFull = !former && own >= MAX_PROPERTIES_PER_TYPE;
    // One that was unique is not made again in passing: its values are others'.
    if (unknown === 'refuse' || isFull || former?.unique || !isMakeable(name)) return undefined;
    return { definition: textProperty(type, name, this.clock(), former, usualGroup), made: true };
  }

  /** One outcome an input; those that can be are kept in one transaction. */
  async create(
    portalId: number,
    type: ObjectType,
    inputs: readonly PropertyInput[],
  ): Promise<(PropertyDefinition | Refusal)[]> {
    const { properties, groups, archivedProperties, own, options } = this.#read(portalId, type);
    const groupNames = new Set(groups.keys());
    let room = MAX_PROPERTIES_PER_TYPE - own;
    let optionRoom = MAX_OPTIONS_PER_TYPE - options;
    let uniqueRoom = MAX_UNIQUE_PER_TYPE;
    for (const each of [...properties.values(), ...archivedProperties.values()])
      if (each.unique) uniqueRoom--;
    const outcomes = inputs.map((input): PropertyDefinition | Refusal => {
      const name = input.name ?? '';
      if (properties.has(name)) return exists('property', type, name);
      const former = archivedProperties.get(name);
      const made = orRefusal(() => newProperty(input, groupNames, this.clock(), former));
      if (made instanceof Refusal) return made;
      if (!former && room-- <= 0) return tooMany('properties', MAX_PROPERTIES_PER_TYPE);
      if (!former && made.unique && uniqueRoom-- <= 0)
        return tooMany('properties with unique values', MAX_UNIQUE_PER_TYPE);
      const more = made.options.length - (former?.options.length ?? 0);
      if (more > 0 && more > optionRoom) return tooManyOptions(type);
      optionRoom -= more;
      return made;
    });
    return together(outcomes, async (made) => {
      const kept = await this.#define(portalId, type, made);
      return made.map((each, index) => (kept[index] ? each : exists('property', type, each.name)));
    });
  }

  async createGroup(portalId: number, type: ObjectType, input: GroupInput): Promise<PropertyGroup> {
    const { groups, archivedGroups } = this.#read(portalId, type);
    const name = input.name ?? '';
    const made = newGroup(input, this.clock(), archivedGroups.get(name));
    if (groups.has(name)) throw exists('group', type, name);
    if (!archivedGroups.has(name) && groups.size + archivedGroups.size >= MAX_GROUPS_PER_TYPE)
      throw tooMany('groups', MAX_GROUPS_PER_TYPE);
    const [kept] = await this.#define(portalId, type, [made]);
    if (!kept) throw exists('group', type, name);
    return made;
  }

  change(
    portalId: number,
    type: ObjectType,
    name: string,
    input: PropertyInput,
  ): Promise<PropertyDefinition> {
    return this.#change(portalId, type, () => {
      const old = this.property(portalId, type, name);
      const groups = new Set(this.of(portalId, type).groups.keys());
      const next = changedProperty(old, input, groups, this.clock());
      const more = next.options.length - old.options.length;
      if (more > 0 && this.of(portalId, type).options + more > MAX_OPTIONS_PER_TYPE)
        throw tooManyOptions(type);
      return next;
    });
  }

  changeGroup(portalId: number, type: ObjectType, name: string, input: GroupInput): Promise<PropertyGroup> {
    return this.#change(portalId, type, () =>
      changedGroup(this.group(portalId, type, name), input, this.clock()),
    );
  }

  /** Those that are there; none where one cannot be archived. */
  async archiveAll(portalId: number, type: ObjectType, names: readonly string[]): Promise<void> {
    for (let left = [...new Set(names)], attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const { properties } = this.#read(portalId, type);
      const there = left.flatMap((name) => properties.get(name) ?? []);
      const kept = await this.#define(
        portalId,
        type,
        there.map((each) => archived(each, this.clock())),
      );
      left = there.flatMap(({ name }, index) => (kept[index] ? [] : name));
      if (left.length === 0) return;
    }
    throw beingChanged(type);
  }

  /** Nothing happens to one that is archived already. */
  async archive(portalId: number, type: ObjectType, name: string): Promise<void> {
    await this.#change(portalId, type, () =>
      this.of(portalId, type).archivedProperties.has(name)
        ? undefined
        : archived(this.property(portalId, type, name), this.clock()),
    );
  }

  async archiveGroup(portalId: number, type: ObjectType, name: string): Promise<void> {
    await this.#change(portalId, type, () => {
      if (this.of(portalId, type).archivedGroups.has(name)) return undefined;
      const group = archived(this.group(portalId, type, name), this.clock());
      const member = [...this.of(portalId, type).properties.values()].find(
        ({ groupName }) => groupName === name,
      );
      if (member)
        throw invalid('property group', [
          {
            in: 'groupName',
            message: `has properties, such as '${member.name}'; move or archive them first`,
          },
        ]);
      return group;
    });
  }

  /** Forgets one type of a portal: a write has defined properties of it. */
  forgetOf(portalId: number, type: ObjectType): void {
    this.#cache.get(portalId)?.delete(type);
  }

  /** Forgets what was looked up: somebody may have changed it. */
  forget(): void {
    this.#cache.clear();
    this.#cached = 0;
  }

  /** Applies a change to the definitions as they are now; again, when another change was faster. undefined changes none. */
  async #change<Of extends Definition | undefined>(
    portalId: number,
    type: ObjectType,
    apply: () => Of,
  ): Promise<Of> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      this.#read(portalId, type);
      const changed = apply();
      if (changed === undefined) return changed;
      const [kept] = await this.#define(portalId, type, [changed]);
      if (kept) return changed;
    }
    throw beingChanged(type);
  }

  async #define(portalId: number, type: ObjectType, made: readonly Definition[]): Promise<boolean[]> {
    if (made.length === 0) return [];
    try {
      return await this.store.define(portalId, type, made);
    } finally {
      this.forgetOf(portalId, type);
    }
  }

  #read(portalId: number, type: ObjectType): Known {
    const stored = this.store.definitions(portalId, type);
    const group = isCustom(type)
      ? stored.find((each) => each.kind === 'group' && each.predefined)?.name
      : undefined;
    const known: Known = sorted([...predefinedOf(type, group), ...stored]);
    if (group !== undefined) known.usualGroup = group;
    this.#cached += known.properties.size + known.archivedProperties.size + known.options;
    if (this.#cached > MAX_CACHED_DEFINITIONS) this.forget();
    const ofPortal = this.#cache.get(portalId) ?? new Map<ObjectType, Known>();
    this.#cache.set(portalId, ofPortal.set(type, known));
    return known;
  }
}

/** The `uniqueKey` of a value. A number is the same however it is written. */
export function keyOf(
  portalId: number,
  type: ObjectType,
  { name, type: of }: Pick<PropertyDefinition, 'name' | 'type'>,
  value: string,
): string {
  return uniqueKey(portalId, type, name, of === 'number' ? plainNumber(value) : value);
}

/** By kind and name; the portal's own stand in for the predefined ones. */
function sorted(all: readonly Definition[]) {
  const known = {
    properties: new Map<string, PropertyDefinition>(),
    groups: new Map<string, PropertyGroup>(),
    archivedProperties: new Map<string, PropertyDefinition>(),
    archivedGroups: new Map<string, PropertyGroup>(),
    own: 0,
    options: 0,
  };
  for (const each of all) {
    if (each.kind === 'group')
      (each.archivedAt === undefined ? known.groups : known.archivedGroups).set(each.name, each);
    else (each.archivedAt === undefined ? known.properties : known.archivedProperties).set(each.name, each);
  }
  known.options = optionsIn(known.properties.values()) + optionsIn(known.archivedProperties.values());
  known.own = known.archivedProperties.size;
  for (const { predefined } of known.properties.values()) if (!predefined) known.own++;
  return known;
}

function notFound(what: 'property' | 'group', type: ObjectType, name: string): Refusal {
  return new Refusal(
    'not-found',
    `resource not found: ${type} have no ${what === 'group' ? 'property group' : what} '${brief(name)}'`,
    [],
    { [what === 'group' ? 'groupName' : 'propertyName']: [brief(name)] },
  );
}

function exists(what: 'property' | 'group', type: ObjectType, name: string): Refusal {
  return new Refusal(
    'conflict',
    `${what === 'group' ? 'Property group' : 'Property'} '${brief(name)}' already exists on ${type}; choose another name, or change it`,
    [],
    { [what === 'group' ? 'groupName' : 'propertyName']: [brief(name)] },
  );
}

function beingChanged(type: ObjectType): Refusal {
  return new Refusal(
    'overloaded',
    `properties of ${type} are being changed by many at once; try again shortly`,
  );
}

function tooManyOptions(type: ObjectType): Refusal {
  return invalid('property', [
    {
      in: 'options',
      message: `the properties of ${type} would have more than ${MAX_OPTIONS_PER_TYPE} options all together, archived ones too; send fewer, or make it a string`,
    },
  ]);
}

function tooMany(what: string, most: number): Refusal {
  return new Refusal(
    'invalid',
    `a portal has at most ${most} ${what} of its own of a type, archived ones too, and this one has them; use an archived one's name`,
  );
}
