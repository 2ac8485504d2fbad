// Searching records: what a search may say, and whether a record fits it. Pure; engines use `matches` for what their
// indexes do not decide. Source: HubSpot's CRM search.
import { brief, type Fault, invalid } from '../refusal.js';
import { parseMoment } from './moment.js';
import { isNumber } from './number.js';

export const OPERATORS = [
  'EQ',
  'NEQ',
  'LT',
  'LTE',
  'GT',
  'GTE',
  'BETWEEN',
  'IN',
  'NOT_IN',
  'HAS_PROPERTY',
  'NOT_HAS_PROPERTY',
  'CONTAINS_TOKEN',
  'NOT_CONTAINS_TOKEN',
] as const;
export type Operator = (typeof OPERATORS)[number];

/** One condition; which of the values it needs depends on the operator. */
export interface Filter {
  propertyName: string;
  operator: Operator;
  value?: string;
  highValue?: string;
  values?: readonly string[];
  /** The property is text: what is equal to a value has its very digits. */
  isText?: boolean;
  /** EQ and IN on a unique property: the `uniqueKey`s of the values. Only who has one of them is looked at. */
  keys?: readonly string[];
}

export interface Search {
  /** Any one group must hold; of a group, every filter. No group: every record. */
  groups: readonly (readonly Filter[])[];
  /** Every word of it must begin a word of one of the searched properties. */
  query?: string;
  /** Where `query` looks; a standard type's own unless given. */
  searched?: readonly string[];
  sort: { propertyName: string; descending: boolean };
  offset: number;
  limit: number;
}

const MAX_SEARCH_GROUPS = 5;
const MAX_GROUP_FILTERS = 6;
const MAX_SEARCH_FILTERS = 18;
const MAX_SEARCH_LIMIT = 200;
export const MAX_SEARCH_RESULTS = 10_000;
export const MAX_SEARCH_CHARS = 3_000;
const MAX_IN_VALUES = 100;

/** Tells everything that is wrong with a search. `sentIn` names the field that has a group's filters. */
export function checkSearch(search: Search, sentIn: (group: number) => string): void {
  const faults: Fault[] = [];
  const { groups, limit, offset } = search;
  if (groups.length > MAX_SEARCH_GROUPS)
    faults.push({
      in: 'filterGroups',
      message: `has ${groups.length} groups; at most ${MAX_SEARCH_GROUPS} are taken`,
    });
  const filters = groups.reduce((count, group) => count + group.length, 0);
  if (filters > MAX_SEARCH_FILTERS)
    faults.push({ in: 'filterGroups', message: `${filters} filters; at most ${MAX_SEARCH_FILTERS} in all` });
  for (const [g, group] of groups.entries()) {
    if (group.length > MAX_GROUP_FILTERS)
      faults.push({
        in: sentIn(g),
        message: `has ${group.length} filters; at most ${MAX_GROUP_FILTERS} are taken`,
      });
    for (const [f, filter] of group.entries()) {
      const message = filterFault(filter);
      if (message) faults.push({ in: `${sentIn(g)}[${f}]`, message });
    }
  }
  if (limit < 1 || limit > MAX_SEARCH_LIMIT)
    faults.push({ in: 'limit', message: `'${limit}' is out of bounds; send 1 to ${MAX_SEARCH_LIMIT}` });
  if (offset + limit > MAX_SEARCH_RESULTS)
    faults.push({
      in: 'after',
      message: `a search shows at most ${MAX_SEARCH_RESULTS} results; narrow it instead of paging further`,
    });
  if (faults.length > 0) throw invalid('search', faults);
}

function filterFault({ operator, value, highValue, values, propertyName }: Filter): string | undefined {
  const of = `${operator} on '${brief(propertyName)}'`;
  if (propertyName.startsWith('associations.'))
    return `'${brief(propertyName)}': records are not searched by what they are associated with; list the other record's associations`;
  switch (operator) {
    case 'HAS_PROPERTY':
    case 'NOT_HAS_PROPERTY':
      return undefined;
    case 'IN':
    case 'NOT_IN':
      if (!values?.length) return `${of} needs values, a list`;
      return values.length > MAX_IN_VALUES
        ? `${of} has ${values.length} values; at most ${MAX_IN_VALUES} are taken`
        : undefined;
    case 'BETWEEN':
      return value === undefined || highValue === undefined ? `${of} needs value and highValue` : undefined;
    default:
      return value === undefined ? `${of} needs a value` : undefined;
  }
}

/** The values of which a record has one, where the filter says so. */
export function wantedBy({ operator, value = '', values = [] }: Filter): readonly string[] | undefined {
  return operator === 'EQ' ? [value] : operator === 'IN' ? values : undefined;
}

/** The e-mails of which a contact has one, where filters say so. */
export function wantedEmails({ groups }: Pick<Search, 'groups'>): string[] {
  return groups.flat().flatMap((filter) => (filter.propertyName === 'email' ? (wantedBy(filter) ?? []) : []));
}

/** Whether a record fits; `read` gives a property's value, undefined where it has none. */
export function matches(
  { groups, query }: Pick<Search, 'groups' | 'query'>,
  read: (propertyName: string) => string | undefined,
  names: readonly string[],
): boolean {
  if (query && !hasWords(query, names.map((name) => read(name) ?? '').join(' '))) return false;
  return (
    groups.length === 0 ||
    groups.some((group) => group.every((filter) => fits(filter, read(filter.propertyName))))
  );
}

function fits(filter: Filter, actual: string | undefined): boolean {
  const { operator, value = '', highValue = '', values = [], isText = false } = filter;
  const same = isText ? sameText : sameSize;
  switch (operator) {
    case 'HAS_PROPERTY':
      return actual !== undefined;
    case 'NOT_HAS_PROPERTY':
      return actual === undefined;
    case 'NEQ':
      return actual === undefined || !same(actual, value);
    case 'NOT_IN':
      return actual === undefined || !values.some((each) => same(actual, each));
    case 'NOT_CONTAINS_TOKEN':
      return actual === undefined || !containsToken(actual, value);
  }
  if (actual === undefined) return false;
  switch (operator) {
    case 'EQ':
      return same(actual, value);
    case 'IN':
      return values.some((each) => same(actual, each));
    case 'LT':
      return compareValues(actual, value) < 0;
    case 'LTE':
      return compareValues(actual, value) <= 0;
    case 'GT':
      return compareValues(actual, value) > 0;
    case 'GTE':
      return compareValues(actual, value) >= 0;
    case 'BETWEEN':
      return compareValues(actual, value) >= 0 && compareValues(actual, highValue) <= 0;
    case 'CONTAINS_TOKEN':
      return containsToken(actual, value);
  }
}

function sameText(a: string, b: string): boolean {
  return a === b || a.toLowerCase() === b.toLowerCase();
}

/** Numbers and moments are the same however they are written. */
function sameSize(a: string, b: string): boolean {
  return sameText(a, b) || compareValues(a, b) === 0;
}

/** Numbers and moments by size, anything else as text without regard to case. */
export function compareValues(a: string, b: string): number {
  const [x, y] = [sizeOf(a), sizeOf(b)];
  if (x !== undefined && y !== undefined) return x - y;
  const [p, q] = [a.toLowerCase(), b.toLowerCase()];
  return p < q ? -1 : p > q ? 1 : 0;
}

function sizeOf(text: string): number | undefined {
  return isNumber(text) ? Number(text) : parseMoment(text);
}

/** Words are what stands between anything else than letters and digits. */
function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
}

function hasWords(query: string, text: string): boolean {
  const words = wordsOf(text);
  return wordsOf(query).every((wanted) => words.some((word) => word.startsWith(wanted)));
}

/** Of the value that was looked at last: a search may ask for it with each of its filters. */
let last: { text: string; words: string[] } | undefined;

/** The value's words, of which `*` stands for any letters, are among the property's. */
function containsToken(actual: string, wanted: string): boolean {
  if (last?.text !== actual) last = { text: actual, words: wordsOf(actual) };
  const { words } = last;
  return wanted
    .toLowerCase()
    .split(/[^\p{L}\p{N}*]+/u)
    .filter((word) => word !== '')
    .every((pattern) => words.some(fitting(pattern)));
}

function fitting(pattern: string): (word: string) => boolean {
  const [start = '', ...parts] = pattern.split('*');
  const end = parts.pop();
  if (end === undefined) return (word) => word === start;
  return (word) => {
    if (!word.startsWith(start)) return false;
    let at = start.length;
    // Each part where it comes first: looking further on would leave the others less room.
    for (const part of parts) {
      const found = word.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return word.length - end.length >= at && word.endsWith(end);
  };
}
