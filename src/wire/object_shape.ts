// A record as HubSpot answers it: which of its properties, as what, and what they were before.
import type { Static } from 'typebox';
import {
  type CrmRecord,
  createdName,
  isCustom,
  modifiedName,
  type ObjectType,
  type PropertyChange,
  propertyOf,
  type RecordStore,
  type StandardType,
} from '../records/record.js';
import { invalid } from '../refusal.js';
import type { CrmObject } from './schemas/objects.js';

/** How many former values of a property are told. */
const MAX_HISTORY = 45;
/** The names and values that one answer tells, all together: as much as a body may bring. */
const MAX_ANSWER_CHARS = 16 * 1024 * 1024;
/** What is told of a former value besides the value. */
const CHANGE_CHARS = 100;
/** So many properties of each record are asked for in one call: a page has a hundred records. */
const MAX_NAMED = { properties: 2_000, propertiesWithHistory: 200 };

type Shape = Static<typeof CrmObject>;

type Selected = { properties?: string | string[] | null; propertiesWithHistory?: string | string[] | null };

/** Shapes the records of one answer, all of one type, which is refused where they tell too much. */
export function shaper(store: RecordStore, selected: Selected = {}) {
  let chars = 0;
  const count = (more: number) => {
    chars += more;
    if (chars > MAX_ANSWER_CHARS) throw TOO_MUCH;
  };
  // Read once: for each record anew, that was a third of the work.
  let asked: { names: readonly string[]; history: readonly string[] } | undefined;
  function read(type: ObjectType) {
    const history = named(selected, 'propertiesWithHistory') ?? [];
    const chosen = named(selected, 'properties') ?? (history.length > 0 ? history : usualProperties(type));
    return { names: toldNames(type, [...chosen, ...history]), history };
  }
  /** The record on the wire. */
  function shaped(record: CrmRecord & { archivedAt?: number }): Shape {
    asked ??= read(record.type);
    const { names, history } = asked;
    const shape = toObject(record, names, count);
    if (history.length === 0) return shape;
    const told = history.map((name) => {
      const changes = changesOf(record, name);
      for (const { value } of changes) count(value.length + CHANGE_CHARS);
      return [name, changes.map(toChange)];
    });
    return { ...shape, propertiesWithHistory: Object.fromEntries(told) };
  }
  /**
   * The value that it has comes first: after a merge newer ones may be those of the contact that is no more, and many.
   * Of what is the record's own affair, such as its e-mail, no former values are kept: the one it has is told.
   */
  function changesOf(record: CrmRecord, name: string): PropertyChange[] {
    const kept = store.history(record, name, MAX_HISTORY);
    const value = propertyOf(record, name);
    if (value === undefined) return kept;
    const at = name === modifiedName(record.type) ? record.updatedAt : record.createdAt;
    const held = kept.find((change) => change.value === value) ??
      store.history(record, name, 1, value)[0] ?? { value, at, source: 'API' };
    return [held, ...kept.filter((change) => change !== held)].slice(0, MAX_HISTORY);
  }
  /**
   * One that was just written: with the usual properties and those that were sent. It stays written, so that of those
   * that the answer has no room for the id and the dates are told.
   */
  function written(record: CrmRecord, sent: readonly string[]): Shape {
    const names = chars > MAX_ANSWER_CHARS ? [] : [...usualProperties(record.type), ...sent];
    return toObject(record, toldNames(record.type, names), (more) => {
      chars += more;
    });
  }
  return { shaped, written };
}

const TOO_MUCH = invalid('request', [
  {
    message: `the answer would have more than ${MAX_ANSWER_CHARS} characters (16 Mi); ask for fewer records at a time, or fewer properties`,
  },
]);

function named(selected: Selected, field: keyof Selected): string[] | undefined {
  const names = namesOf(selected[field]);
  const most = MAX_NAMED[field];
  if (names && names.length > most)
    throw invalid('request', [
      { in: field, message: `has ${names.length} names; at most ${most} are taken` },
    ]);
  return names;
}

/** Names as a query or a body has them, alone or separated by commas; undefined: none. */
export function namesOf(sent: string | string[] | null | undefined): string[] | undefined {
  if (sent == null) return undefined;
  const names = [sent]
    .flat()
    .flatMap((each) => each.split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return names.length > 0 ? names : undefined;
}

/** What is answered when nobody says which properties. */
function usualProperties(type: ObjectType): readonly string[] {
  return isCustom(type) ? USUAL_OF_CUSTOM : USUAL_PROPERTIES[type];
}

const USUAL_OF_CUSTOM = ['hs_createdate', 'hs_lastmodifieddate', 'hs_object_id'];
const USUAL_PROPERTIES: Readonly<Record<StandardType, readonly string[]>> = {
  contacts: 'createdate email firstname hs_object_id lastmodifieddate lastname'.split(' '),
  companies: 'createdate domain hs_lastmodifieddate hs_object_id name'.split(' '),
  deals: 'amount closedate createdate dealname dealstage hs_lastmodifieddate hs_object_id pipeline'.split(
    ' ',
  ),
  tickets:
    'content createdate hs_lastmodifieddate hs_object_id hs_pipeline hs_pipeline_stage hs_ticket_category hs_ticket_priority subject'.split(
      ' ',
    ),
};

/** Some names and those that are always told, in order. */
function toldNames(type: ObjectType, names: readonly string[]): string[] {
  return [...new Set([...names, 'hs_object_id', createdName(type), modifiedName(type)])].sort();
}

/** What the record does not have is null. `count` is told how many characters each property has, as it is read. */
function toObject(
  record: CrmRecord & { archivedAt?: number },
  names: readonly string[],
  count: (chars: number) => void,
): Shape {
  const read = (name: string) => {
    const value = propertyOf(record, name) ?? null;
    count(name.length + (value?.length ?? 0));
    return [name, value];
  };
  return {
    id: String(record.id),
    properties: Object.fromEntries(names.map(read)),
    createdAt: new Date(record.createdAt).toISOString(),
    updatedAt: new Date(record.updatedAt).toISOString(),
    archived: record.archivedAt !== undefined,
    ...(record.archivedAt === undefined ? {} : { archivedAt: new Date(record.archivedAt).toISOString() }),
  };
}

/** A former value, and who said it: an event's id, or the kind of call. */
function toChange({ value, at, source }: PropertyChange) {
  const isEvent = source.includes('/');
  return {
    value,
    timestamp: new Date(at).toISOString(),
    sourceType: isEvent ? 'INTEGRATION' : source,
    ...(isEvent ? { sourceId: source } : {}),
  };
}
