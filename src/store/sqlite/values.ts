// The values of records' properties on the writer's connection, inside the transaction that the caller opened. The
// newest one holds; that of a unique property is one record's alone.
import { MAX_PROPERTIES_PER_TYPE, type PropertyDefinition } from '../../records/properties.js';
import { IF_UNSET, type ObjectType, type PropertyValue } from '../../records/record.js';
import { type Connection, PROPERTY_OF_RECORD } from './database.js';
import { definer } from './definitions.js';
import { type Own, toucher } from './records.js';
import { definedOtherwise, type Refused, tooManyProperties, valueTaken } from './refused.js';

export function valueWriter(db: Connection) {
  // The newest says what holds; of two at the same time, the one that arrived last. IF_UNSET never overwrites.
  const setProperty = db.prepare(`
    INSERT INTO property (place, name, value, at, unique_key) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (place, name) DO UPDATE SET value = excluded.value, at = excluded.at, unique_key = excluded.unique_key
    WHERE excluded.at >= at AND excluded.at > ${IF_UNSET}`);
  const propertiesOf = db.prepare(
    'SELECT name, value, at, unique_key AS uniqueKey FROM property WHERE place = ?',
  );
  const saidAt = db.prepare('SELECT at FROM property WHERE place = ? AND name = ?').pluck();
  const placesByUnique = db.prepare(`
    SELECT r.id, r.place FROM ${PROPERTY_OF_RECORD}
    WHERE p.unique_key = ? AND r.archived_at IS NULL LIMIT 1`);
  const addChange = db.prepare(
    'INSERT INTO property_change (place, name, value, at, source) VALUES (?, ?, ?, ?, ?)',
  );
  const dropProperties = db.prepare('DELETE FROM property WHERE place = ?');
  const definitionOf = db
    .prepare(
      "SELECT body FROM definition WHERE portal = ? AND object_type = ? AND kind = 'property' AND name = ?",
    )
    .pluck();
  const countOwn = db
    .prepare(`
    SELECT count(*) FROM definition
    WHERE portal = ? AND object_type = ? AND kind = 'property' AND NOT body ->> 'predefined'`)
    .pluck();
  const define = definer(db);
  const touchRecord = toucher(db);

  /** `source` is kept with each value: an event's name or a kind of call. */
  function setProperties(
    place: number,
    values: readonly PropertyValue[],
    source: string | undefined,
    now?: number,
  ): void {
    for (const { name, value, at, uniqueKey } of values) {
      const { changes } = setProperty.run(place, name, value, at, uniqueKey ?? null);
      if (source !== undefined && (changes === 1 || at !== IF_UNSET))
        addChange.run(place, name, value, at === IF_UNSET ? now : at, source);
    }
    if (values.length > 0 && now !== undefined) touchRecord(now, place);
  }

  /** What is said by hand holds, also after an event that is dated ahead, and where the clock went back. */
  function setByHand(place: number, values: readonly PropertyValue[], now: number): void {
    const last = values.map((value) => {
      const before = saidAt.get(place, value.name) as number | undefined;
      return { ...value, at: Math.max(value.at, before ?? value.at) };
    });
    setProperties(place, last, 'API', now);
  }

  /** What a visitor's place holds is the contact's now, but for what another record alone may have. */
  function handOver(visitor: number, own: Own): void {
    // What changed stays at the visitor's place, which is the contact's now.
    const waited = propertiesOf.all(visitor) as PropertyValue[];
    dropProperties.run(visitor);
    const free = waited.filter(({ uniqueKey }) => {
      const owner = uniqueKey && byUnique(uniqueKey);
      return !owner || owner.place === own.place;
    });
    setProperties(own.place, free, undefined);
  }

  /** The record that has a value of a unique property. */
  function byUnique(key: string): Own | undefined {
    return placesByUnique.get(key) as Own | undefined;
  }

  /** The refusal of values that were to define properties, of which one is something else by now, or too many. */
  function undefinable(
    portal: number,
    type: ObjectType,
    values: readonly PropertyValue[],
  ): Refused | undefined {
    let made: Set<string> | undefined; // most values define nothing
    for (const { name, defines } of values) {
      if (!defines) continue;
      const kept = definitionOf.get(portal, type, name) as string | undefined;
      if (!kept) {
        made ??= new Set();
        made.add(name);
        continue;
      }
      const by = JSON.parse(kept) as PropertyDefinition;
      if (by.archivedAt === undefined && (by.unique || by.type !== 'string'))
        return definedOtherwise(type, name);
    }
    if (made && (countOwn.get(portal, type) as number) + made.size > MAX_PROPERTIES_PER_TYPE)
      return tooManyProperties(type);
    return undefined;
  }

  /** The refusal of a value that only another record may have. `id`: whose it is to be; undefined for a new one. */
  function takenValue(
    portal: number,
    type: ObjectType,
    id: number | undefined,
    values: readonly PropertyValue[],
  ): Refused | undefined {
    for (const { name, value, uniqueKey } of values) {
      if (uniqueKey === undefined) continue;
      const owner = byUnique(uniqueKey);
      if (owner && owner.id !== id) return valueTaken(portal, type, id, { name, value }, owner.id);
    }
    return undefined;
  }

  /** Defines the properties among these that nobody had defined. */
  function defineNamed(portal: number, type: ObjectType, values: readonly PropertyValue[]): void {
    for (const { defines } of values) if (defines) define(portal, type, [defines]);
  }

  return { setProperties, setByHand, handOver, byUnique, takenValue, undefinable, defineNamed };
}
