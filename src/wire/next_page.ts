// What leads to the next page of a list: its cursor, and its address, for callers that follow that.
import type { FastifyRequest } from 'fastify';

/** `list` is the list's address. What else its query has is as in the request for the page before, where that is given. */
export function nextPage(list: string, after: string, before?: FastifyRequest) {
  const query = new URLSearchParams(before?.url.split('?', 2)[1]);
  query.set('after', after);
  return { paging: { next: { after, link: `${list}?${query}` } } };
}
