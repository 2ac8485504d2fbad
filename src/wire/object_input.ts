// What a caller says of records, read and checked: which one is meant, and what its properties are to be. Everything
// wrong with the properties of one record is told at once.
import type { Static } from 'typebox';
import type { Portal } from '../access/store.js';
import type { Definitions } from '../records/definitions.js';
import { emailFault, NOT_KEPT, UNKEEPABLE, unknownIn } from '../records/identity.js';
import {
  invalidValues,
  MAX_VALUE_CHARS,
  readOnlyFault,
  tooLongFault,
  type ValueFault,
} from '../records/properties.js';
import {
  type CrmRecord,
  isCustom,
  type ObjectType,
  OWN_PROPERTIES,
  objectIdOf,
  type PropertyValue,
  type RecordStore,
  type StandardType,
} from '../records/record.js';
import type { Schemas } from '../records/schemas.js';
import { invalid, Refusal } from '../refusal.js';
import { LOST_DIGITS, losesDigits } from './json.js';
import type { ObjectInput } from './schemas/objects.js';

/** Of one record in one call. */
const MAX_PROPERTIES = 1_000;

/** What is looked up to read it. */
interface Known {
  store: RecordStore;
  definitions: Definitions;
  schemas: Schemas;
}

export function readerOfObjects({ store, definitions, schemas }: Known) {
  /** The records that have these ids, or these values of a unique property, of which archived records have none. */
  async function findAll(
    portalId: number,
    type: ObjectType,
    names: readonly string[],
    idProperty?: string,
    archived = false,
  ): Promise<((CrmRecord & { archivedAt?: number }) | undefined)[]> {
    const byId = idProperty === undefined || idProperty === 'hs_object_id';
    if (archived && !byId)
      throw invalid('request', [
        { in: 'idProperty', message: 'finds no archived records: send their ids, and leave it out' },
      ]);
    if (idProperty === 'email' && type === 'contacts') return store.contactsByEmail(portalId, names);
    return names.map((name) => {
      if (!byId) {
        const { uniqueKey } = definitions.unique(portalId, type, idProperty, name);
        return store.recordByUnique(portalId, type, uniqueKey);
      }
      const id = objectIdOf(name);
      if (id === undefined) return undefined;
      return archived ? store.archivedRecord({ portalId, type, id }) : store.record({ portalId, type, id });
    });
  }

  async function find(
    portalId: number,
    type: ObjectType,
    name: string,
    idProperty?: string,
    archived = false,
  ) {
    return (await findAll(portalId, type, [name], idProperty, archived))[0];
  }

  /**
   * What is sent of a record, checked: its e-mail and its properties. An empty value clears one; but not the e-mail of
   * `before`, which is the record as it is, where there is one.
   */
  function readInput(
    portal: Portal,
    type: ObjectType,
    { properties }: Static<typeof ObjectInput>,
    at: number,
    before?: CrmRecord,
  ): { email?: string; properties: PropertyValue[] } {
    const faults: ValueFault[] = [];
    const names = Object.keys(properties).length;
    if (names > MAX_PROPERTIES)
      throw invalid('record', [
        { in: 'properties', message: `has ${names} properties; at most ${MAX_PROPERTIES} are taken` },
      ]);
    const input: { email?: string; properties: PropertyValue[] } = { properties: [] };
    for (const [name, sent] of Object.entries(properties)) {
      if (losesDigits(sent)) {
        faults.push({ name, message: LOST_DIGITS, code: 'INVALID_NUMBER' });
        continue;
      }
      const value = sent === null ? '' : String(sent);
      if (value.length > MAX_VALUE_CHARS) {
        faults.push(tooLongFault(name, value));
        continue;
      }
      if (UNKEEPABLE.test(value)) {
        faults.push({ name, message: NOT_KEPT, code: 'INVALID_TEXT' });
        continue;
      }
      if (name === 'email' && type === 'contacts') {
        if (value === '' && before?.email === undefined) continue;
        const message = value === '' ? KEPT_EMAIL : emailFault(value);
        if (message) faults.push({ name, message, code: 'INVALID_EMAIL' });
        input.email = value;
      } else if (OWN_PROPERTIES.has(name) && name !== 'email') {
        faults.push(readOnlyFault(name));
      } else {
        const read = definitions.value(portal.id, type, { name, value, at }, unknownIn(portal));
        if ('code' in read) faults.push(read);
        else input.properties.push(read);
      }
    }
    if (faults.length > 0) throw invalidValues(faults);
    return input;
  }

  /** Refuses a new record that lacks what one of its type needs. */
  function checkNamed(
    portalId: number,
    type: ObjectType,
    input: { email?: string; properties: readonly PropertyValue[] },
  ): void {
    const values = new Map(input.properties.map(({ name, value }) => [name, value])); // the last one holds
    const set = new Set([...values.keys()].filter((name) => values.get(name) !== ''));
    if (input.email !== undefined) set.add('email');
    if (isCustom(type)) {
      const { properties } = definitions.of(portalId, type);
      const required = schemas.schemaOf(portalId, type)?.requiredProperties ?? [];
      const missing = required.filter((name) => properties.has(name) && !set.has(name));
      if (missing.length > 0) throw lacking(type, missing);
    } else if (!NAMING[type].some((name) => set.has(name)))
      throw invalid('record', [
        {
          in: 'properties',
          message: `a new record of ${type} needs ${NAMING[type].join(' or ')}`,
          code: 'REQUIRED_FIELD',
        },
      ]);
  }

  return { find, findAll, readInput, checkNamed };
}

const KEPT_EMAIL =
  'is not cleared here: a contact keeps an e-mail that it has; send another address, leave it out, or erase the contact';

/** The record that an input of a batch names: an id, or the value of a unique property. */
export function idOf({ id }: Pick<Static<typeof ObjectInput>, 'id'>): string {
  if (losesDigits(id)) throw invalid('input', [{ in: 'id', message: LOST_DIGITS }]);
  return String(id ?? '');
}

/** Of which properties a new record needs at least one. */
const NAMING: Readonly<Record<StandardType, readonly string[]>> = {
  contacts: ['email', 'firstname', 'lastname'],
  companies: ['name', 'domain'],
  deals: ['dealname'],
  tickets: ['subject'],
};

/** As HubSpot puts it. */
function lacking(type: ObjectType, missing: readonly string[]): Refusal {
  return new Refusal(
    'invalid',
    `Error creating ${type}. Some required properties were not set: ${missing.join(', ')}`,
    missing.map((name) => ({
      in: `properties.${name}`,
      message: 'is required and not set; send a value',
      code: 'REQUIRED_FIELD',
      context: { propertyName: [name] },
    })),
    { properties: missing },
  );
}
