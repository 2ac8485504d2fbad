// Lists in pages: how many a query asks for and after which one, checked; and what of the list is shown. One more than
// that is read: it tells whether there is another page. Lists that are HubSpot's tell its address too.
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { objectIdOf } from '../records/record.js';
import { brief, type Fault, invalid } from '../refusal.js';

interface Sent {
  limit?: string;
  after?: string;
}

/** The fields of a query for a page; `usual` many are shown where it does not say. */
export const pageFields = (usual: number, most: number) => ({
  limit: Type.Optional(Type.String({ description: `1 to ${most}; ${usual} unless given.` })),
  after: Type.Optional(Type.String({ description: "The last page's paging.next.after." })),
});

/** How many, at most `most`. */
export function limitOf({ limit: sent }: Sent, usual: number, most: number, faults: Fault[]): number {
  if (sent === undefined) return usual;
  const limit = /^\d{1,9}$/.test(sent) ? Number(sent) : 0;
  if (limit < 1 || limit > most)
    faults.push({ in: 'limit', message: `'${brief(sent)}' is out of bounds; send 1 to ${most}` });
  return limit;
}

/** Of records, in order of their ids. */
export function pageOfRecords(sent: Sent, usual: number, most: number): { limit: number; after: number } {
  const faults: Fault[] = [];
  const limit = limitOf(sent, usual, most, faults);
  const after = !sent.after ? 0 : (objectIdOf(sent.after) ?? -1);
  if (after < 0)
    faults.push({ in: 'after', message: 'is not a cursor of ours; send paging.next.after of the last page' });
  if (faults.length > 0) throw invalid('query', faults);
  return { limit, after };
}

/** The address of a list, and the request for the page before: what else that asks for, the next one does. */
interface List {
  address: string;
  before?: FastifyRequest;
}

/** What is shown of what was read, and where the next page begins: its cursor, and its address where the list's is given. */
export function shownOf<Item>(
  read: readonly Item[],
  limit: number,
  idOf: (item: Item) => number | string,
  list?: List,
) {
  const shown = read.slice(0, limit);
  const last = shown.at(-1);
  if (read.length <= limit || last === undefined) return { shown, paging: {} };
  const after = String(idOf(last));
  return { shown, paging: { paging: { next: { after, ...(list ? { link: linkTo(list, after) } : {}) } } } };
}

function linkTo({ address, before }: List, after: string): string {
  const query = new URLSearchParams(before?.url.replace(/^[^?]*/, ''));
  query.set('after', after);
  return `${address}?${query}`;
}
