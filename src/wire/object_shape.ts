// A record as HubSpot answers it: which of its properties, as what, and what they were before.
import type { Static } from 'typebox';
import {
  type CrmRecord,
  createdName,
  isCustom,
  modifiedName,
  type ObjectType,
  propertyOf,
  type RecordStore,
  type StandardType,
} from '../records/record.js';
import { invalid } from '../refusal.js';
import type { CrmObject } from './schemas/objects.js';

/** How many former values of a property are told. */
const MAX_HISTORY = 45;
/** So many properties of each record are asked for in one call: a page has a hundred records. */
const MAX_NAMED = { properties: 2_000, propertiesWithHistory: 200 };

type Shape = Static<typeof CrmObject>;

type Selected = { properties?: string | string[] | null; propertiesWithHistory?: string | string[] | null };

export function shaper(store: RecordStore) {
  /** The record on the wire; `more`: the named properties come on top of the usual ones. */
  return function shaped(
    record: CrmRecord & { archivedAt?: number },
    selected: Selected,
    more = false,
  ): Shape {
    const history = named(selected, 'propertiesWithHistory') ?? [];
    const chosen = named(selected, 'properties') ?? (history.length > 0 ? history : undefined);
    const names =
      more || !chosen ? [...usualProperties(record.type), ...(chosen ?? [])] : [...chosen, ...history];
    const shape = toObject(record, names);
    if (history.length === 0) return shape;
    const told = history.map((name) => [name, store.history(record, name, MAX_HISTORY).map(toChange)]);
    return { ...shape, propertiesWithHistory: Object.fromEntries(told) };
  };
}

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
export function usualProperties(type: ObjectType): readonly string[] {
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

/** A record as HubSpot answers it; what it does not have is null. */
export function toObject(record: CrmRecord & { archivedAt?: number }, names: readonly string[]): Shape {
  const all = new Set([...names, 'hs_object_id', createdName(record.type), modifiedName(record.type)]);
  return {
    id: String(record.id),
    properties: Object.fromEntries([...all].sort().map((name) => [name, propertyOf(record, name) ?? null])),
    createdAt: new Date(record.createdAt).toISOString(),
    updatedAt: new Date(record.updatedAt).toISOString(),
    archived: record.archivedAt !== undefined,
    ...(record.archivedAt === undefined ? {} : { archivedAt: new Date(record.archivedAt).toISOString() }),
  };
}

/** A former value, and who said it: an event's id, or the kind of call. */
function toChange({ value, at, source }: { value: string; at: number; source: string }) {
  const isEvent = source.includes('/');
  return {
    value,
    timestamp: new Date(at).toISOString(),
    sourceType: isEvent ? 'INTEGRATION' : source,
    ...(isEvent ? { sourceId: source } : {}),
  };
}
