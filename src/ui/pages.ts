// placeholder
import type { FastifyInstance } from 'fastify';
import type { Portal } from '../access/store.js';
import type { RecordStore } from '../records/record.js';
import type { TimelineStore } from '../timeline/store.js';
import type { Templates } from '../timeline/templates.js';

export interface PageOptions {
  store: TimelineStore & RecordStore;
  templates: Templates;
  /** The portal that the person sees. */
  portal: () => Portal | undefined;
  /** IANA zone for portals that have none of their own. */
  timeZone: string;
  /** Asked for by HTTP Basic authentication; absent: the pages are open. */
  password?: string;
}

export function pages(_app: FastifyInstance, _options: PageOptions): void {}
