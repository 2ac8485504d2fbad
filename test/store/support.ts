// What the parts of the suite share: what a store is, a tenant of its own, drafts of events, and walks of a timeline.
import { expect } from 'vitest';
import type { AccessStore } from '../../dist/access/store.js';
import type { Subject } from '../../dist/records/identity.js';
import type { CrmRecord, ObjectType, RecordStore } from '../../dist/records/record.js';
import { Refusal } from '../../dist/refusal.js';
import type { ImportStore } from '../../dist/timeline/imports.js';
import type {
  AppendOutcome,
  Cursor,
  EventDraft,
  StoredEvent,
  TimelineEvent,
  TimelineQuery,
  TimelineStore,
} from '../../dist/timeline/store.js';
import type { Template } from '../../dist/timeline/template.js';

export type Store = TimelineStore & RecordStore & AccessStore & ImportStore & { close(): Promise<void> };

/** Where an engine keeps things: empty at first, kept across closing and opening again. */
export interface Place {
  open(): Promise<Store>;
  /** Every byte that is kept, once it is closed. */
  bytes(): Promise<Buffer>;
  remove(): Promise<void>;
}

export const NOW = Date.parse('2026-01-02T03:04:05.678Z');

/** A draft of an event; `text` makes its body tell it from others. */
export function draftOf(
  portalId: number,
  templateId: number,
  id: string,
  subject: Partial<Subject>,
  { timestamp = NOW, text = id }: { timestamp?: number; text?: string } = {},
): EventDraft & { id: string } {
  const whole: Subject = { type: 'contacts', unknown: 'refuse', ...subject };
  return {
    portalId,
    templateId,
    id,
    subject: whole,
    ...(whole.email === undefined ? {} : { email: whole.email }),
    properties: [],
    timestamp,
    receivedAt: NOW,
    body: JSON.stringify({ id, email: whole.email, text }),
  };
}

/** The store makes its id. */
export function withoutId({ id: _, ...draft }: EventDraft): EventDraft {
  return draft;
}

/** A portal with an app and two templates of its own. */
export async function tenantOf(store: Store) {
  const portalId = await store.createPortal({ name: 'Test', lenient: false });
  const appId = await newApp(store);
  const templateId = (await store.createTemplate(templateOf(appId), 10)) as number;
  const otherTemplateId = (await store.createTemplate(templateOf(appId, { name: 'Other' }), 10)) as number;
  return { portalId, appId, templateId, otherTemplateId };
}

/** All pages of a timeline, walked with the cursor. */
export function walk(
  store: Pick<TimelineStore, 'timeline'>,
  record: { portalId: number; type: ObjectType; id: number },
  query: TimelineQuery = { limit: 100 },
): TimelineEvent[] {
  const seen: TimelineEvent[] = [];
  for (let after: Cursor | undefined; ; ) {
    const page = store.timeline(record, { ...query, ...(after ? { after } : {}) });
    expect(page.events.length).toBeLessThanOrEqual(query.limit);
    seen.push(...page.events);
    if (!page.next) return seen;
    expect(page.events.length).toBe(query.limit);
    after = page.next;
  }
}

export function templateOf(appId: number, more: Partial<Template> = {}): Omit<Template, 'id' | 'version'> {
  return {
    appId,
    objectType: 'contacts',
    name: 'Test',
    headerTemplate: 'Header {{a}}',
    detailTemplate: 'Detail {{a}}',
    tokens: [{ name: 'a', label: 'A', type: 'string', options: [], createdAt: NOW, updatedAt: NOW }],
    createdAt: NOW,
    updatedAt: NOW,
    ...more,
  };
}

export function newApp(store: Store, more: { developerKeyHash?: Uint8Array } = {}): Promise<number> {
  return store.createApp({
    name: 'Test app',
    clientId: crypto.randomUUID(),
    redirectUris: ['https://example.com/back'],
    scopes: ['timeline'],
    ...more,
  });
}

export function stored(outcome: AppendOutcome | undefined): StoredEvent {
  if (!outcome || outcome instanceof Refusal) throw outcome ?? new Error('no outcome');
  return outcome;
}

export function refusal(outcome: AppendOutcome | undefined): Refusal {
  if (!(outcome instanceof Refusal)) throw new Error(`was not refused: ${JSON.stringify(outcome)}`);
  return outcome;
}

export const ids = (events: readonly StoredEvent[]) => events.map((event) => event.id);

/** A record with all of its properties, as a Map. */
export function whole(record: CrmRecord | undefined) {
  if (!record) return undefined;
  const names = [...record.properties.keys()];
  return { ...record, properties: new Map(names.map((name) => [name, record.properties.get(name)])) };
}

export const contact = (portalId: number, id: number) => ({ portalId, type: 'contacts' as const, id });

/** Of a subject: whoever is named and unknown is made. */
export const create = { unknown: 'create' as const };
