// How every page is sent: under a policy that lets nothing foreign run, frame it or keep it.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { View } from './view.js';

/** A page is not of the API: its document does not tell of it. */
export const HIDDEN = { schema: { hide: true } };

export type ViewOf = (request: FastifyRequest) => View;

const SOURCES = "default-src 'none'; style-src 'self'; img-src 'self'; frame-src http: https:";
const BOUNDS = "base-uri 'none'; frame-ancestors 'none'";

const HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-store',
  vary: 'Accept-Language',
};

export interface Sending {
  /** The page's form ends at another site: a browser holds every redirect after a form to its policy. */
  formLeaves?: boolean;
}

export function sendPage(reply: FastifyReply, http: number, html: string, { formLeaves }: Sending = {}) {
  const policy = [SOURCES, ...(formLeaves ? [] : ["form-action 'self'"]), BOUNDS].join('; ');
  return reply
    .code(http)
    .headers({ ...HEADERS, 'content-security-policy': policy })
    .type('text/html; charset=utf-8')
    .send(html);
}
