// HubSpot's CRM object path to search records: what is sent becomes a search, which the ground checks.
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { recordScopes } from '../access/scopes.js';
import { unknownIn } from '../records/identity.js';
import { createdName, type ObjectType } from '../records/record.js';
import { checkSearch, type Filter, MAX_SEARCH_CHARS, type Search } from '../records/search.js';
import { brief, type Fault, invalid, orRefusal } from '../refusal.js';
import { jsonOf, LOST_DIGITS, losesDigits } from './json.js';
import { shaper } from './object_shape.js';
import type { ObjectRoutes } from './objects.js';
import { sentOnce } from './problem.js';
import type { SearchFilter, SearchInput } from './schemas/objects.js';
import { OfType, reading, typed } from './typed.js';

const DEFAULT_LIMIT = 10;

export function objectSearchRoutes(
  app: FastifyInstance,
  { store, definitions, schemas, authenticator }: Omit<ObjectRoutes, 'clock'>,
): void {
  const about = typed(schemas, recordScopes);

  app.post<{ Params: Static<typeof OfType>; Body: Static<typeof SearchInput> }>(
    '/crm/v3/objects/:objectType/search',
    {
      onRequest: authenticator.anyToken,
      config: { search: true },
      preHandler: [sentOnce('filterGroups', 'filters').preHandler, sentOnce('filters').preHandler],
      schema: {
        ...reading('searchRecords', 'Search records'),
        description: 'Any group of filters must hold, and of it every filter. Letter case does not matter.',
        params: OfType,
        body: Type.Ref('PublicObjectSearchRequest'),
        response: { 200: Type.Ref('CollectionResponseWithTotalSimplePublicObject') },
      },
    },
    async (request) => {
      const { type, portalId, portal } = about(request, 'read');
      if (request.text.length > MAX_SEARCH_CHARS)
        throw invalid('search', [
          {
            message: `the body has ${request.text.length} characters; at most ${MAX_SEARCH_CHARS} are taken`,
          },
        ]);
      const unknown = unknownIn(portal);
      const isNamed = (name: string) => definitions.named(portalId, type, name, unknown) !== undefined;
      const sent = readSearch(request.body, type, schemas.searched(portalId, type), isNamed);
      const groups = sent.groups.map((group) =>
        group.map((filter) => definitions.comparing(portalId, type, filter)),
      );
      const search = { ...sent, groups };
      const { total, records } = await store.search(portalId, type, search);
      const { shaped } = shaper(store, request.body);
      const next = search.offset + records.length;
      return {
        total,
        results: records.map(shaped),
        ...(next < total && records.length > 0 ? { paging: { next: { after: String(next) } } } : {}),
      };
    },
  );
}

/** `isNamed`: whether there is a property of a name, or may be. */
function readSearch(
  sent: Static<typeof SearchInput>,
  type: ObjectType,
  searched: readonly string[],
  isNamed: (name: string) => boolean,
): Search {
  const [sort] = sent.sorts ?? [];
  const sorted = typeof sort === 'string' ? readSort(sort) : sort;
  const alone = sent.filters?.length ? [{ filters: sent.filters }] : [];
  const sentGroups = sent.filterGroups?.length ? sent.filterGroups : alone;
  const sentIn = (group: number) => (sentGroups === alone ? 'filters' : `filterGroups[${group}].filters`);
  const after = String(sent.after ?? '');
  const search: Search = {
    groups: sentGroups.map(({ filters }) => filters.map(readFilter)),
    ...(sent.query ? { query: sent.query, searched } : {}),
    sort: {
      propertyName: sorted?.propertyName ?? createdName(type),
      descending: sorted?.direction === 'DESCENDING',
    },
    offset: /^\d{0,9}$/.test(after) ? Number(after) : -1,
    limit: sent.limit ?? DEFAULT_LIMIT,
  };
  const faults: Fault[] = [];
  if (sent.filterGroups?.length && alone.length > 0)
    faults.push({ in: 'filters', message: 'stands beside filterGroups; send it as one of them' });
  for (const [g, { filters }] of sentGroups.entries())
    for (const [f, { propertyName, value, highValue, values }] of filters.entries()) {
      if (!isNamed(propertyName))
        faults.push({
          in: `${sentIn(g)}[${f}].propertyName`,
          message: `Property "${brief(propertyName)}" does not exist`,
          code: 'PROPERTY_DOESNT_EXIST',
          context: { propertyName: [brief(propertyName)] },
        });
      if ([value, highValue, ...(values ?? [])].some(losesDigits))
        faults.push({ in: `${sentIn(g)}[${f}]`, message: `a value ${LOST_DIGITS}` });
    }
  if ((sent.sorts?.length ?? 0) > 1)
    faults.push({ in: 'sorts', message: `has ${sent.sorts?.length} sorts; one is taken` });
  if (search.offset < 0)
    faults.push({ in: 'after', message: 'is not a cursor of ours; send paging.next.after of the last page' });
  if (faults.length > 0) throw invalid(`search of ${type}`, faults);
  checkSearch(search, sentIn);
  return search;
}

/** As HubSpot's clients write it: a name, after a `-` to go down; in version 8 the object, as JSON text. */
function readSort(sort: string): { propertyName: string; direction?: string | null } {
  if (sort.startsWith('{')) return readSortText(sort);
  return sort.startsWith('-')
    ? { propertyName: sort.slice(1), direction: 'DESCENDING' }
    : { propertyName: sort };
}

function readSortText(sort: string) {
  const value = orRefusal(() => jsonOf(Buffer.from(sort)).value);
  if (!isSort(value))
    throw invalid('search', [
      { in: 'sorts[0]', message: `'${brief(sort)}' is not a sort with a propertyName` },
    ]);
  return value;
}

function isSort(value: unknown): value is { propertyName: string; direction?: string | null } {
  const { propertyName, direction } = value as { propertyName?: unknown; direction?: string | null };
  return typeof propertyName === 'string' && ['ASCENDING', 'DESCENDING'].includes(direction ?? 'ASCENDING');
}

function readFilter(sent: Static<typeof SearchFilter>): Filter {
  return {
    propertyName: sent.propertyName,
    operator: sent.operator,
    ...(sent.value == null ? {} : { value: String(sent.value) }),
    ...(sent.highValue == null ? {} : { highValue: String(sent.highValue) }),
    ...(sent.values == null ? {} : { values: sent.values.map(String) }),
  };
}
