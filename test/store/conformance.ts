// What every storage engine promises, written against the ports of the ground only: their comments are the text,
// these tests are the proof. An engine's own test file calls `conformance` with a way to open it.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digest, newSecret } from '../../dist/access/credentials.js';
import type { AccessStore } from '../../dist/access/store.js';
import type { Subject } from '../../dist/records/identity.js';
import { type Definition, type PropertyDefinition, textProperty } from '../../dist/records/properties.js';
import type { ObjectType, PropertyValue, RecordStore, RecordWrite } from '../../dist/records/record.js';
import { Refusal } from '../../dist/refusal.js';
import {
  type AppendOutcome,
  type Cursor,
  type EventDraft,
  MAX_CONTACTS_ON_TIMELINE,
  type StoredEvent,
  type TimelineEvent,
  type TimelineQuery,
  type TimelineStore,
} from '../../dist/timeline/store.js';
import type { Template } from '../../dist/timeline/template.js';
import { madeIdConformance } from './made_ids.js';
import { model } from './model.js';
import { peopleConformance } from './people.js';
import { schemaConformance } from './schemas.js';

export type Store = TimelineStore & RecordStore & AccessStore & { close(): Promise<void> };

/** Where an engine keeps things: empty at first, kept across closing and opening again. */
export interface Place {
  open(): Promise<Store>;
  /** Every byte that is kept, once it is closed. */
  bytes(): Promise<Buffer>;
  remove(): Promise<void>;
}

/** How often the random model runs, and for how long at most. MODEL_RUNS sets how often, however long it takes. */
const MODEL_RUNS = Number(process.env.MODEL_RUNS ?? 300);
const MODEL_TIMEOUT = process.env.MODEL_RUNS === undefined ? 60_000 : 3_600_000;
const MODEL_MS = process.env.MODEL_RUNS === undefined ? 7_000 : Number.POSITIVE_INFINITY;

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

function templateOf(appId: number, more: Partial<Template> = {}): Omit<Template, 'id' | 'version'> {
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

function newApp(store: Store, more: { developerKeyHash?: Uint8Array } = {}): Promise<number> {
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

/** What a record has that was made just now and of which nothing else is known. */
const BARE = {
  additionalEmails: [],
  utks: [],
  mergedIds: [],
  properties: new Map(),
  createdAt: NOW,
  updatedAt: NOW,
};

export const ids = (events: readonly StoredEvent[]) => events.map((event) => event.id);

export function conformance(name: string, create: () => Promise<Place>): void {
  describe(name, () => {
    let place: Place;
    let store: Store;
    beforeAll(async () => {
      place = await create();
      store = await place.open();
    });
    afterAll(async () => {
      await store.close();
      await place.remove();
    });

    const contact = (portalId: number, id: number) => ({ portalId, type: 'contacts' as const, id });
    const create2 = { unknown: 'create' as const };

    describe('append', () => {
      test('answers one outcome a draft, in order, as it reads back', async () => {
        const { portalId, templateId, otherTemplateId } = await tenantOf(store);
        const drafts = Array.from({ length: 50 }, (_, index) =>
          draftOf(
            portalId,
            index % 2 ? templateId : otherTemplateId,
            `e${index}`,
            { email: `p${index % 7}@example.com` },
            { timestamp: NOW + index },
          ),
        );
        const outcomes = await store.append(drafts);
        expect(ids(outcomes.map(stored))).toEqual(ids(drafts as unknown as StoredEvent[]));
        for (const [index, draft] of drafts.entries()) {
          const { templateId, id, timestamp, body } = draft;
          const event = stored(outcomes[index]);
          expect(event).toEqual({
            templateId,
            id,
            timestamp,
            body,
            receivedAt: NOW,
            identifiedBy: 'email',
            objectId: expect.any(Number),
          });
          expect(store.event(portalId, templateId, id)).toEqual(event);
        }
      });

      test('of no drafts is nothing', async () => {
        expect(await store.append([])).toEqual([]);
      });

      test('keeps ids and bodies to the letter', async () => {
        const { portalId, templateId } = await tenantOf(store);
        for (const id of [
          'a/b?c#d%20',
          ' ',
          "'; DROP TABLE event; --",
          'ß→🐾',
          'É',
          'E\u0301',
          'x'.repeat(500),
          '0',
          '1e3',
        ]) {
          const body = `{"z":1e400,"a":  12345678901234567890, "u":"\\u0000 ${id.replaceAll('"', '')}\u2028"}`;
          const [outcome] = await store.append([
            { ...draftOf(portalId, templateId, id, { objectId: 1, ...create2 }), body },
          ]);
          expect(stored(outcome)).toMatchObject({ id, body });
          expect(store.event(portalId, templateId, id)).toMatchObject({ id, body });
        }
        expect(store.event(portalId, templateId, 'e')).toBeUndefined(); // no folding of letters
      });

      test('keeps the ends of the number ranges', async () => {
        const { portalId, templateId } = await tenantOf(store);
        const times = [Date.parse('0001-01-01T00:00:00Z'), -1, 0, Date.parse('9999-12-31T23:59:59.999Z')];
        for (const objectId of [
          1,
          2 ** 31,
          2 ** 32 + 1,
          Number.MAX_SAFE_INTEGER - 1,
          Number.MAX_SAFE_INTEGER,
        ]) {
          await store.append(
            times.map((timestamp) =>
              draftOf(
                portalId,
                templateId,
                `${objectId} ${timestamp}`,
                { objectId, ...create2 },
                { timestamp },
              ),
            ),
          );
          const events = walk(store, contact(portalId, objectId));
          expect(events.map((event) => event.timestamp)).toEqual(times.toReversed());
          expect(events.every((event) => event.objectId === objectId)).toBe(true);
        }
      });

      test('a refused draft leaves no trace and does not harm its neighbours', async () => {
        const { portalId, templateId } = await tenantOf(store);
        await store.append([draftOf(portalId, templateId, 'before', { email: 'taken@example.com' })]);
        const outcomes = await store.append([
          draftOf(portalId, templateId, 'good 1', { email: 'one@example.com' }),
          draftOf(portalId, templateId, 'nobody', { objectId: 77, email: 'lost@example.com', utk: 'lost' }),
          draftOf(portalId, templateId, 'conflict', { objectId: 78, email: 'TAKEN@example.com', ...create2 }),
          draftOf(portalId, templateId, 'before', { objectId: 77 }, { text: 'not this' }),
          draftOf(portalId, templateId, 'good 2', { email: 'two@example.com' }),
        ]);
        expect(outcomes.map((outcome) => outcome instanceof Refusal)).toEqual([
          false,
          true,
          true,
          true,
          false,
        ]);
        expect(refusal(outcomes[1])).toMatchObject({
          reason: 'not-found',
          message: expect.stringContaining('77'),
        });
        expect(refusal(outcomes[2])).toMatchObject({ reason: 'conflict' });
        expect(refusal(outcomes[2]).message).toContain('Contact already exists');
        expect(refusal(outcomes[2]).message).toContain(
          String(store.event(portalId, templateId, 'before')?.objectId),
        );
        expect(store.event(portalId, templateId, 'nobody')).toBeUndefined();
        expect(store.event(portalId, templateId, 'conflict')).toBeUndefined();
        expect(store.event(portalId, templateId, 'before')?.body).toContain('before');
        expect(store.record(contact(portalId, 77))).toBeUndefined();
        expect(store.record(contact(portalId, 78))).toBeUndefined();
        expect(store.recentRecords(portalId, 100)).toHaveLength(3);
        // Nor does the refused one's e-mail stand for anybody.
        const [lost] = await store.append([
          draftOf(portalId, templateId, 'l', { email: 'lost@example.com' }),
        ]);
        expect(store.recentRecords(portalId, 100)).toHaveLength(4);
        expect(store.record(contact(portalId, stored(lost).objectId as number))?.email).toBe(
          'lost@example.com',
        );
      });

      test('the same key again replaces, and moves to another record without a trace on the first', async () => {
        const { portalId, templateId, otherTemplateId } = await tenantOf(store);
        const on = (objectId: number) => ({ objectId, ...create2 });
        await store.append([
          draftOf(portalId, templateId, 'e', on(1), { text: 'first' }),
          draftOf(portalId, otherTemplateId, 'e', on(1), { text: "another template's" }),
        ]);
        await store.append([
          draftOf(portalId, templateId, 'e', on(1), { text: 'second', timestamp: NOW + 1 }),
        ]);
        expect(walk(store, contact(portalId, 1)).map(({ body }) => JSON.parse(body).text)).toEqual([
          'second',
          "another template's",
        ]);
        await store.append([draftOf(portalId, templateId, 'e', on(2), { text: 'third' })]);
        expect(walk(store, contact(portalId, 1)).map(({ templateId }) => templateId)).toEqual([
          otherTemplateId,
        ]);
        expect(walk(store, contact(portalId, 2)).map(({ body }) => JSON.parse(body).text)).toEqual(['third']);
        expect(store.event(portalId, templateId, 'e')).toMatchObject({ objectId: 2, timestamp: NOW });
      });

      test('inside one batch the last one wins, and every caller gets its own', async () => {
        const { portalId, templateId } = await tenantOf(store);
        const outcomes = await store.append(
          [1, 2, 1, 3].map((objectId, index) =>
            draftOf(
              portalId,
              templateId,
              'e',
              { objectId, ...create2 },
              { text: `t${index}`, timestamp: NOW - index },
            ),
          ),
        );
        expect(outcomes.map((outcome) => JSON.parse(stored(outcome).body).text)).toEqual([
          't0',
          't1',
          't2',
          't3',
        ]);
        expect(outcomes.map((outcome) => stored(outcome).objectId)).toEqual([1, 2, 1, 3]);
        expect(store.event(portalId, templateId, 'e')).toEqual(stored(outcomes[3]));
        expect(walk(store, contact(portalId, 1))).toEqual([]);
        expect(walk(store, contact(portalId, 2))).toEqual([]);
        expect(walk(store, contact(portalId, 3))).toEqual([stored(outcomes[3])]);
      });

      test('batches sent one behind the other are filed in that order, each answered with its own, other writes between', async () => {
        const { portalId, templateId } = await tenantOf(store);
        const batchOf = (n: number) =>
          Array.from({ length: (n * 7) % 40 }, (_, index) =>
            index % 5 === 4
              ? draftOf(portalId, templateId, `${n}.${index}`, { objectId: 999 })
              : draftOf(portalId, templateId, index === 0 ? 'last' : `${n}.${index}`, {
                  ...{ objectId: 1 + (index % 3), ...create2 },
                }),
          );
        const batches = Array.from({ length: 50 }, (_, n) => batchOf(n));
        const made: Promise<unknown>[] = [];
        const answers = batches.map((drafts, n) => {
          if (n % 10 === 9)
            made.push(store.write(portalId, [{ op: 'create', type: 'deals', properties: [] }], NOW));
          return store.append(drafts);
        });
        expect(await Promise.all(made)).toHaveLength(5);
        const told = (outcome: AppendOutcome | undefined) =>
          outcome instanceof Refusal ? outcome.reason : outcome?.id;
        for (const [n, outcomes] of (await Promise.all(answers)).entries())
          expect(outcomes.map(told)).toEqual(
            batches[n]?.map(({ id, subject }) => (subject.objectId === 999 ? 'not-found' : id)),
          );
        expect(JSON.parse(store.event(portalId, templateId, 'last')?.body ?? '{}').text).toBe('last');
        const first = walk(store, contact(portalId, 1)).map(({ id }) => id);
        expect(first[0]).toBe(batches.flat().findLast((each) => each.subject.objectId === 1)?.id);
        expect(new Set(first).size).toBe(first.length);
      });

      test('portals do not see one another, with the same template, id, e-mail and utk', async () => {
        const one = await tenantOf(store);
        const two = await store.createPortal({ name: 'Two', lenient: false });
        const subjects = [{ email: 'a@example.com' }, { utk: 'visitor' }, { objectId: 5, ...create2 }];
        for (const portalId of [one.portalId, two])
          await store.append(
            subjects.map((subject, index) =>
              draftOf(portalId, one.templateId, `e${index}`, subject, { text: `of ${portalId}` }),
            ),
          );
        for (const portalId of [one.portalId, two])
          for (const index of subjects.keys())
            expect(store.event(portalId, one.templateId, `e${index}`)?.body).toContain(`of ${portalId}"`);
        expect(walk(store, contact(one.portalId, 5))).toHaveLength(1);
        expect(store.recentRecords(two, 10).every((record) => record.portalId === two)).toBe(true);
        expect(store.recentRecords(two, 10)).toHaveLength(2);
      });

      test('is there after closing and opening again', async () => {
        const own = await create();
        const first = await own.open();
        const { portalId, templateId } = await tenantOf(first);
        const outcomes = await first.append([
          draftOf(portalId, templateId, 'mail', { email: 'Ada@Example.com' }),
          draftOf(portalId, templateId, 'visitor', { utk: 'u' }),
        ]);
        await first.close();
        const second = await own.open();
        expect(second.event(portalId, templateId, 'mail')).toEqual(stored(outcomes[0]));
        expect(second.event(portalId, templateId, 'visitor')).toEqual(stored(outcomes[1]));
        const [again] = await second.append([
          draftOf(portalId, templateId, 'b', { email: 'ada@example.com' }),
        ]);
        expect(stored(again).objectId).toBe(stored(outcomes[0]).objectId);
        expect(second.template(templateId)).toMatchObject({ name: 'Test', version: 1 });
        await second.close();
        await own.remove();
      });
    });

    describe('whom an event is about', () => {
      test('events racing with one new e-mail make one contact, in one batch and in several', async () => {
        const { portalId, templateId } = await tenantOf(store);
        const variants = ['new@example.com', 'NEW@example.com', 'New@Example.COM'];
        const batches = await Promise.all(
          [0, 1, 2].map((batch) =>
            store.append(
              variants.map((email, index) => draftOf(portalId, templateId, `${batch}.${index}`, { email })),
            ),
          ),
        );
        const owners = new Set(batches.flat().map((outcome) => stored(outcome).objectId));
        expect(owners.size).toBe(1);
        const [id] = owners;
        expect(walk(store, contact(portalId, id as number))).toHaveLength(9);
        expect(store.record(contact(portalId, id as number))).toEqual({
          ...contact(portalId, id as number),
          email: 'new@example.com', // as it was sent first
          ...BARE,
        });
      });

      test('an e-mail beside an objectId becomes the contact’s; the old one still finds it', async () => {
        const { portalId, templateId } = await tenantOf(store);
        const [made] = await store.append([draftOf(portalId, templateId, 'a', { email: 'old@example.com' })]);
        const objectId = stored(made).objectId as number;
        await store.append([draftOf(portalId, templateId, 'b', { objectId, email: 'New@example.com' })]);
        expect(store.record(contact(portalId, objectId))).toMatchObject({
          email: 'New@example.com',
          additionalEmails: ['old@example.com'],
        });
        const found = await store.append([
          draftOf(portalId, templateId, 'c', { email: 'OLD@example.com' }),
          draftOf(portalId, templateId, 'd', { email: 'new@EXAMPLE.com' }),
        ]);
        expect(found.map((outcome) => stored(outcome).objectId)).toEqual([objectId, objectId]);
        // And back again: no e-mail is lost or doubled.
        await store.append([draftOf(portalId, templateId, 'e', { objectId, email: 'Old@example.com' })]);
        expect(store.record(contact(portalId, objectId))).toMatchObject({
          email: 'Old@example.com',
          additionalEmails: ['New@example.com'],
        });
      });

      test('an e-mail that another contact has is a conflict that names it, its additional ones too', async () => {
        const { portalId, templateId } = await tenantOf(store);
        const made = await store.append([
          draftOf(portalId, templateId, 'a', { email: 'a@example.com' }),
          draftOf(portalId, templateId, 'b', { email: 'b@example.com' }),
        ]);
        const [a, b] = made.map((outcome) => stored(outcome).objectId as number) as [number, number];
        await store.append([draftOf(portalId, templateId, 'c', { objectId: a, email: 'a2@example.com' })]);
        for (const email of ['A@example.com', 'a2@example.com']) {
          const [outcome] = await store.append([draftOf(portalId, templateId, 'd', { objectId: b, email })]);
          expect(refusal(outcome).reason).toBe('conflict');
          expect(refusal(outcome).context).toMatchObject({ existingObjectId: [String(a)] });
        }
        expect(store.record(contact(portalId, b))).toMatchObject({
          email: 'b@example.com',
          additionalEmails: [],
        });
        expect(walk(store, contact(portalId, b)).map((event) => event.id)).toEqual(['b']);
      });

      test('a visitor’s event is kept without objectId; replacing moves it to a contact and back', async () => {
        const { portalId, templateId } = await tenantOf(store);
        const [visitor] = await store.append([draftOf(portalId, templateId, 'e', { utk: 'cookie' })]);
        expect(stored(visitor)).not.toHaveProperty('objectId');
        expect(store.event(portalId, templateId, 'e')).toEqual(stored(visitor));
        expect(store.recentRecords(portalId, 10)).toEqual([]);
        await store.append([draftOf(portalId, templateId, 'e', { objectId: 3, ...create2 })]);
        expect(ids(walk(store, contact(portalId, 3)))).toEqual(['e']);
        await store.append([draftOf(portalId, templateId, 'e', { utk: 'cookie' })]);
        expect(walk(store, contact(portalId, 3))).toEqual([]);
        expect(store.event(portalId, templateId, 'e')).not.toHaveProperty('objectId');
      });

      test('a record that is named and unknown is made or refused, as the draft says; by type', async () => {
        const { portalId, templateId } = await tenantOf(store);
        const types: ObjectType[] = ['contacts', 'companies', 'deals', 'tickets'];
        const outcomes = await store.append(
          types.map((type) => draftOf(portalId, templateId, `r ${type}`, { type, objectId: 9 })),
        );
        expect(outcomes.map((outcome) => refusal(outcome).reason)).toEqual(types.map(() => 'not-found'));
        for (const type of types) {
          const record = { portalId, type, id: 9 };
          await store.append([draftOf(portalId, templateId, `c ${type}`, { type, objectId: 9, ...create2 })]);
          expect(store.record(record)).toEqual({ ...record, ...BARE });
          expect(ids(walk(store, record))).toEqual([`c ${type}`]);
          const [known] = await store.append([
            draftOf(portalId, templateId, `k ${type}`, { type, objectId: 9 }),
          ]);
          expect(stored(known).objectId).toBe(9);
        }
      });

      test('ids that are made avoid those that were taken', async () => {
        const { portalId, templateId } = await tenantOf(store);
        const [first] = await store.append([
          draftOf(portalId, templateId, '0', { email: 'first@example.com' }),
        ]);
        const next = (stored(first).objectId as number) + 1;
        const taken = [next, next + 1, next + 3];
        await store.append(
          taken.map((objectId) => draftOf(portalId, templateId, `t${objectId}`, { objectId, ...create2 })),
        );
        const made = await store.append(
          [0, 1, 2, 3].map((n) => draftOf(portalId, templateId, `m${n}`, { email: `m${n}@example.com` })),
        );
        const all = [...taken, ...made.map((outcome) => stored(outcome).objectId)];
        expect(new Set(all).size).toBe(all.length);
        for (const id of taken) expect(store.record(contact(portalId, id))?.email).toBeUndefined();
      });

      test('the records of a portal that were active last come first', async () => {
        const { portalId, templateId } = await tenantOf(store);
        for (const objectId of [1, 2, 3, 1])
          await store.append([
            draftOf(
              portalId,
              templateId,
              crypto.randomUUID(),
              { objectId, ...create2 },
              { timestamp: NOW - objectId },
            ),
          ]);
        expect(store.recentRecords(portalId, 10).map((record) => record.id)).toEqual([1, 3, 2]);
        expect(store.recentRecords(portalId, 2).map((record) => record.id)).toEqual([1, 3]);
      });
    });

    describe('timeline', () => {
      test('newest first; at the same time, the one that arrived last', async () => {
        const { portalId, templateId } = await tenantOf(store);
        const subject = { objectId: 1, ...create2 };
        await store.append(
          [3, 1, 2, 2].map((at, index) =>
            draftOf(portalId, templateId, `${at}.${index}`, subject, { timestamp: NOW + at }),
          ),
        );
        await store.append([draftOf(portalId, templateId, '2.4', subject, { timestamp: NOW + 2 })]);
        expect(ids(walk(store, contact(portalId, 1)))).toEqual(['3.0', '2.4', '2.3', '2.2', '1.1']);
        // Replaced, it has arrived anew.
        await store.append([draftOf(portalId, templateId, '2.2', subject, { timestamp: NOW + 2 })]);
        expect(ids(walk(store, contact(portalId, 1)))).toEqual(['3.0', '2.2', '2.4', '2.3', '1.1']);
      });

      test('of nobody is empty', async () => {
        const { portalId } = await tenantOf(store);
        expect(store.timeline(contact(portalId, 12345), { limit: 10 })).toEqual({ events: [] });
      });

      test('from is inclusive, to is exclusive, a template can be chosen; pages hold for all of them', async () => {
        const { portalId, templateId, otherTemplateId } = await tenantOf(store);
        const all = Array.from({ length: 40 }, (_, index) => ({
          id: `e${index}`,
          template: index % 3 === 0 ? otherTemplateId : templateId,
          timestamp: NOW + Math.floor(index / 4),
        }));
        await store.append(
          all.map(({ id, template, timestamp }) =>
            draftOf(portalId, template, id, { objectId: 1, ...create2 }, { timestamp }),
          ),
        );
        const expected = (keep: (event: (typeof all)[number]) => boolean) =>
          all
            .filter(keep)
            .toReversed()
            .map(({ id }) => id);
        for (const limit of [1, 4, 7, 40, 100]) {
          const walked = (query: Partial<TimelineQuery>) =>
            ids(walk(store, contact(portalId, 1), { limit, ...query }));
          expect(walked({})).toEqual(expected(() => true));
          expect(walked({ from: NOW + 3 })).toEqual(expected(({ timestamp }) => timestamp >= NOW + 3));
          expect(walked({ to: NOW + 3 })).toEqual(expected(({ timestamp }) => timestamp < NOW + 3));
          expect(walked({ from: NOW + 2, to: NOW + 5, templateId })).toEqual(
            expected((e) => e.timestamp >= NOW + 2 && e.timestamp < NOW + 5 && e.template === templateId),
          );
          expect(walked({ from: NOW + 5, to: NOW + 5 })).toEqual([]);
          expect(walked({ templateId: 999 })).toEqual([]);
        }
      });

      test('the last page has no cursor, even when it is full', async () => {
        const { portalId, templateId } = await tenantOf(store);
        await store.append(
          ['a', 'b', 'c', 'd'].map((id) => draftOf(portalId, templateId, id, { objectId: 1, ...create2 })),
        );
        const first = store.timeline(contact(portalId, 1), { limit: 2 });
        expect(first.next).toBeDefined();
        const second = store.timeline(contact(portalId, 1), { limit: 2, after: first.next as Cursor });
        expect(ids([...first.events, ...second.events])).toEqual(['d', 'c', 'b', 'a']);
        expect(second.next).toBeUndefined();
      });

      test('a walk stays exact while events arrive, are replaced and move away', async () => {
        const { portalId, templateId } = await tenantOf(store);
        const subject = { objectId: 1, ...create2 };
        const at = (id: string, timestamp: number, to: Partial<Subject> = subject) =>
          draftOf(portalId, templateId, id, to, { timestamp: NOW + timestamp });
        await store.append(
          Array.from({ length: 30 }, (_, index) => at(`e${index}`, Math.floor(index / 3) * 10)),
        );
        const before = ids(walk(store, contact(portalId, 1)));
        const seen: string[] = [];
        let after: Cursor | undefined;
        for (let round = 0; ; round++) {
          const page = store.timeline(contact(portalId, 1), { limit: 4, ...(after ? { after } : {}) });
          seen.push(...ids(page.events));
          after = page.next;
          if (!after) break;
          const here = after.timestamp - NOW;
          await store.append([
            at(`newer ${round}`, 1_000 + round), // ahead of where the walk began
            at(`tie ${round}`, here), // arrived later than the cursor's, so before it
            at(`passed ${round}`, here + 1),
            at(`older ${round}`, here - 1), // still to come
          ]);
          if (round === 1) await store.append([at('e0', 2_000), at('e1', 0, { objectId: 2, ...create2 })]);
        }
        const original = seen.filter((id) => id.startsWith('e'));
        expect(original).toEqual(before.filter((id) => id !== 'e0' && id !== 'e1'));
        expect(new Set(seen).size).toBe(seen.length);
        const others = seen.filter((id) => !id.startsWith('e'));
        expect(others.length).toBeGreaterThan(3);
        expect(others.every((id) => id.startsWith('older'))).toBe(true);
      });

      test('an archived template’s events are hidden from it, and pages are full without them', async () => {
        const { portalId, templateId, otherTemplateId } = await tenantOf(store);
        await store.append(
          Array.from({ length: 20 }, (_, index) =>
            draftOf(portalId, index % 2 ? templateId : otherTemplateId, `e${index}`, {
              objectId: 1,
              ...create2,
            }),
          ),
        );
        await store.archiveTemplate(otherTemplateId, NOW);
        const events = walk(store, contact(portalId, 1), { limit: 3 });
        expect(events).toHaveLength(10);
        expect(events.every((event) => event.templateId === templateId)).toBe(true);
        expect(walk(store, contact(portalId, 1), { limit: 3, templateId: otherTemplateId })).toEqual([]);
      });
    });

    describe('associations', () => {
      const wrote = async (portalId: number, ...writes: RecordWrite[]) =>
        (await store.write(portalId, writes, NOW)).map((outcome) => {
          if (outcome instanceof Refusal) throw outcome;
          return outcome.id;
        });
      const made = async (
        portalId: number,
        type: ObjectType,
        name: string,
        value: string,
        email?: string,
      ) => {
        const properties = [{ name, value, at: NOW }];
        const [id] = await wrote(portalId, {
          op: 'create',
          type,
          properties,
          ...(email === undefined ? {} : { email }),
        });
        return { portalId, type, id: id as number };
      };
      const all = { after: 0, limit: 1_000 };

      test('stand in both directions, in order of ids and in pages, until they are taken apart', async () => {
        const { portalId } = await tenantOf(store);
        const company = await made(portalId, 'companies', 'name', 'C');
        const contacts: number[] = [];
        for (const name of ['a', 'b', 'c'])
          contacts.push((await made(portalId, 'contacts', 'firstname', name)).id);
        for (const id of [...contacts].reverse()) {
          await wrote(portalId, { op: 'associate', type: 'contacts', id, to: company });
          await wrote(portalId, { op: 'associate', ...company, to: { type: 'contacts', id } });
        }
        expect(store.associated(company, 'contacts', all)).toEqual(contacts);
        expect(store.associated(company, 'contacts', { after: contacts[0] as number, limit: 1 })).toEqual([
          contacts[1],
        ]);
        expect(store.associated(company, 'deals', all)).toEqual([]);
        const [first] = contacts as [number];
        expect(store.associated({ portalId, type: 'contacts', id: first }, 'companies', all)).toEqual([
          company.id,
        ]);
        await wrote(portalId, { op: 'dissociate', ...company, to: { type: 'contacts', id: first } });
        expect(store.associated({ portalId, type: 'contacts', id: first }, 'companies', all)).toEqual([]);
        expect(store.associated(company, 'contacts', all)).toEqual(contacts.slice(1));
      });

      test('need both records; a new record whose associations cannot be is not made', async () => {
        const { portalId } = await tenantOf(store);
        const stranger = await tenantOf(store);
        const contact = await made(portalId, 'contacts', 'firstname', 'A');
        const foreign = await made(stranger.portalId, 'companies', 'name', 'C');
        const before = store.records(portalId, 'deals', { after: 0, limit: 10, archived: false });
        const outcomes = await store.write(
          portalId,
          [
            { op: 'associate', type: 'contacts', id: contact.id, to: foreign },
            { op: 'dissociate', type: 'companies', id: foreign.id, to: contact },
            { op: 'create', type: 'deals', properties: [], associations: [contact, foreign] },
          ],
          NOW,
        );
        expect(outcomes.map((outcome) => outcome instanceof Refusal && outcome.reason)).toEqual([
          'not-found',
          'not-found',
          'invalid',
        ]);
        expect(store.records(portalId, 'deals', { after: 0, limit: 10, archived: false })).toEqual(before);
        expect(store.associated(contact, 'companies', all)).toEqual([]);
        expect(store.associated(contact, 'deals', all)).toEqual([]);
      });

      test('rest while one of the two is archived, move by a merge, and go with an erased contact', async () => {
        const { portalId } = await tenantOf(store);
        const [primary, other] = [
          await made(portalId, 'contacts', 'firstname', 'A'),
          await made(portalId, 'contacts', 'firstname', 'B'),
        ];
        const [shared, own] = [
          await made(portalId, 'companies', 'name', 'Shared'),
          await made(portalId, 'companies', 'name', 'Own'),
        ];
        for (const [from, to] of [
          [primary, shared],
          [other, shared],
          [other, own],
        ] as const)
          await wrote(portalId, { op: 'associate', type: from.type, id: from.id, to });
        await store.merge(portalId, primary.id, other.id, NOW);
        expect(store.associated(primary, 'companies', all)).toEqual([shared.id, own.id]);
        for (const company of [shared, own])
          expect(store.associated(company, 'contacts', all)).toEqual([primary.id]);

        await wrote(portalId, { op: 'archive', type: 'companies', id: own.id });
        expect(store.associated(primary, 'companies', all)).toEqual([shared.id]);
        expect(store.associated(own, 'contacts', all)).toEqual([]);

        await store.erase(portalId, { objectId: primary.id });
        expect(store.associated(shared, 'contacts', all)).toEqual([]);
        expect(store.associated(primary, 'companies', all)).toEqual([]);
      });

      test('come with a new contact whose e-mail has one company’s domain, unless the portal is set not to', async () => {
        const { portalId, templateId } = await tenantOf(store);
        const company = await made(portalId, 'companies', 'domain', 'Petspot.example');
        const draft = draftOf(portalId, templateId, 'e', {
          email: 'event@petspot.EXAMPLE',
          unknown: 'create',
        });
        const [event] = await store.append([draft]);
        const hand = await made(portalId, 'contacts', 'firstname', 'A', 'hand@petspot.example');
        expect(store.associated(company, 'contacts', all)).toEqual([stored(event).objectId, hand.id]);
        await made(portalId, 'companies', 'domain', 'petspot.example');
        await made(portalId, 'contacts', 'firstname', 'B', 'late@petspot.example');
        expect(store.associated(company, 'contacts', all)).toHaveLength(2);

        const left = await store.createPortal({ name: 'Left', lenient: false, associateByDomain: false });
        expect(store.portal(left)).toEqual({
          id: left,
          name: 'Left',
          lenient: false,
          associateByDomain: false,
        });
        const theirs = await made(left, 'companies', 'domain', 'petspot.example');
        await made(left, 'contacts', 'firstname', 'A', 'hand@petspot.example');
        expect(store.associated(theirs, 'contacts', all)).toEqual([]);
      });

      test('put the contacts’ events on the record’s timeline, exactly, each saying whose it is', async () => {
        const { portalId, templateId, otherTemplateId } = await tenantOf(store);
        await fc.assert(
          fc.asyncProperty(
            fc.array(
              fc.record({ who: fc.integer({ min: 0, max: 4 }), at: fc.integer({ min: -3, max: 3 }) }),
              { maxLength: 40 },
            ),
            fc.integer({ min: 1, max: 7 }),
            fc.boolean(),
            async (events, limit, other) => {
              const company = await made(portalId, 'companies', 'name', 'C');
              const records: { portalId: number; type: ObjectType; id: number }[] = [company];
              for (const name of ['a', 'b', 'c', 'd']) {
                const contact = await made(portalId, 'contacts', 'firstname', name);
                records.push(contact);
                if (name !== 'd')
                  await wrote(portalId, { op: 'associate', type: 'contacts', id: contact.id, to: company });
              }
              const drafts = events.map(({ who, at }) => {
                const { type, id: objectId } = records[who] as (typeof records)[0];
                const template = who % 2 === 0 ? otherTemplateId : templateId;
                return draftOf(
                  portalId,
                  template,
                  crypto.randomUUID(),
                  { type, objectId },
                  { timestamp: NOW + at },
                );
              });
              const outcomes = (await store.append(drafts)).map(stored);
              const expected = events
                .map(({ who, at }, arrival) => ({ who, at, arrival, id: outcomes[arrival]?.id }))
                .filter(({ who }) => who !== 4 && (!other || who % 2 === 0))
                .sort((a, b) => b.at - a.at || b.arrival - a.arrival);
              const seen = walk(store, company, {
                limit,
                withContacts: true,
                ...(other ? { templateId: otherTemplateId } : {}),
              });
              expect(seen.map(({ id, objectId, record }) => ({ id, objectId, record }))).toEqual(
                expected.map(({ id, who }) => {
                  const { type, id: objectId } = records[who] as (typeof records)[0];
                  return { id, objectId, record: { type, id: objectId } };
                }),
              );
            },
          ),
          { numRuns: 25 },
        );
      });

      test('of too many contacts make no timeline, and say so', async () => {
        const { portalId } = await tenantOf(store);
        const company = await made(portalId, 'companies', 'name', 'C');
        const writes = Array.from(
          { length: MAX_CONTACTS_ON_TIMELINE + 1 },
          (): RecordWrite => ({
            op: 'create',
            type: 'contacts',
            properties: [],
            associations: [company],
          }),
        );
        const [first] = await wrote(portalId, ...writes);
        const look = () => store.timeline(company, { limit: 1, withContacts: true });
        expect(look).toThrow(Refusal);
        expect(store.timeline(company, { limit: 1 }).events).toEqual([]);
        await wrote(portalId, { op: 'archive', type: 'contacts', id: first as number });
        expect(look().events).toEqual([]);
      });
    });

    describe('templates', () => {
      test('read back as they were kept, oldest first, by app', async () => {
        const [appId, foreign] = [await newApp(store), await newApp(store)];
        const whole = templateOf(appId, {
          tokens: [
            { name: 'z', label: 'Z', type: 'number', options: [], createdAt: NOW, updatedAt: NOW },
            {
              name: 'a.b-c_0',
              label: '"quoted" 🐾',
              type: 'enumeration',
              options: [{ value: '1', label: 'One' }],
              objectPropertyName: 'firstname',
              createdAt: NOW,
              updatedAt: NOW + 1,
            },
          ],
        });
        const { headerTemplate, detailTemplate, ...bare } = templateOf(appId, {
          objectType: 'tickets',
          tokens: [],
        });
        const first = (await store.createTemplate(whole, 10)) as number;
        const second = (await store.createTemplate(bare, 10)) as number;
        expect(second).toBeGreaterThan(first);
        expect(store.template(first)).toEqual({ ...whole, id: first, version: 1 });
        expect(store.template(second)).toEqual({ ...bare, id: second, version: 1 });
        expect(store.templates(appId).map(({ id }) => id)).toEqual([first, second]);
        expect(store.templates(foreign)).toEqual([]);
      });

      test('of two changes to one version, one is told that the other was faster', async () => {
        const { templateId } = await tenantOf(store);
        const template = store.template(templateId) as Template;
        const { detailTemplate, ...withoutDetail } = template;
        const results = await Promise.all([
          store.saveTemplate({ ...withoutDetail, name: 'mine', tokens: [], updatedAt: NOW + 1 }),
          store.saveTemplate({ ...template, name: 'yours' }),
        ]);
        expect(results).toEqual([true, false]);
        expect(store.template(templateId)).toEqual({
          ...withoutDetail,
          name: 'mine',
          tokens: [],
          updatedAt: NOW + 1,
          version: template.version + 1,
        });
        expect(await store.saveTemplate({ ...template, version: template.version + 1, name: 'yours' })).toBe(
          true,
        );
        expect(store.template(templateId)?.name).toBe('yours');
      });

      test('an app has no more than its most; archived ones do not count', async () => {
        const appId = await newApp(store);
        const made = await Promise.all([1, 2, 3, 4].map(() => store.createTemplate(templateOf(appId), 3)));
        expect(made.map((id) => typeof id)).toEqual(['number', 'number', 'number', 'undefined']);
        expect(store.templates(appId)).toHaveLength(3);
        await store.archiveTemplate(made[0] as number, NOW);
        const next = await store.createTemplate(templateOf(appId), 3);
        expect(next).toBeGreaterThan(made[2] as number);
        expect(await store.createTemplate(templateOf(appId), 3)).toBeUndefined();
        expect(store.templates(appId)).toHaveLength(3);
      });

      test('an archived one is gone: not read, not listed, not changed', async () => {
        const { appId, templateId, otherTemplateId } = await tenantOf(store);
        const template = store.template(templateId) as Template;
        await store.archiveTemplate(templateId, NOW);
        await store.archiveTemplate(templateId, NOW + 1);
        expect(store.template(templateId)).toBeUndefined();
        expect(store.templates(appId).map(({ id }) => id)).toEqual([otherTemplateId]);
        expect(await store.saveTemplate(template)).toBe(false);
      });

      test('a given id is taken; archived, it comes back as it was; beyond the most it does not', async () => {
        const appId = await newApp(store);
        const id = 1_000 + appId; // below those that are made
        expect(await store.createTemplate({ ...templateOf(appId, { name: 'given' }), id }, 2)).toBe(id);
        await store.archiveTemplate(id, NOW);
        expect(store.template(id)).toBeUndefined();
        expect(await store.createTemplate({ ...templateOf(appId, { name: 'other' }), id }, 2)).toBe(id);
        expect(store.template(id)?.name).toBe('given');
        await store.archiveTemplate(id, NOW);
        await store.createTemplate(templateOf(appId), 2);
        await store.createTemplate(templateOf(appId), 2);
        expect(await store.createTemplate({ ...templateOf(appId), id }, 2)).toBeUndefined();
        expect(store.template(id)).toBeUndefined();
      });
    });

    madeIdConformance(() => store);
    peopleConformance(() => store, create);
    schemaConformance(() => store);

    describe('access', () => {
      test('portals and apps read back; a given id that exists is left as it is', async () => {
        const portalId = await store.createPortal({
          name: 'Zürich',
          lenient: true,
          timeZone: 'Europe/Zurich',
        });
        const portal = { id: portalId, name: 'Zürich', lenient: true, timeZone: 'Europe/Zurich' };
        expect(store.portal(portalId)).toEqual(portal);
        expect(store.portals()).toContainEqual(portal);
        expect(await store.createPortal({ id: portalId, name: 'Other', lenient: false })).toBe(portalId);
        expect(store.portal(portalId)).toEqual(portal);
        expect(await store.createPortal({ id: 4711, name: 'Given', lenient: false })).toBe(4711);
        expect(store.portal(4711)).toEqual({ id: 4711, name: 'Given', lenient: false });
        expect(store.portal(4712)).toBeUndefined();

        const given = {
          name: 'App',
          clientId: crypto.randomUUID(),
          redirectUris: ['https://x/y'],
          scopes: ['a', 'b'],
        };
        const appId = await store.createApp(given);
        expect(store.app(appId)).toEqual({ id: appId, ...given });
        expect(store.apps()).toContainEqual({ id: appId, ...given });
        expect(await store.createApp({ ...given, id: appId, name: 'Other' })).toBe(appId);
        expect(store.app(appId)?.name).toBe('App');
        expect(store.app(4712)).toBeUndefined();
      });

      test('a token is found by its digest alone, with its portal, app and scopes', async () => {
        const { portalId } = await tenantOf(store);
        const key = newSecret('key');
        const appId = await newApp(store, { developerKeyHash: digest(key) });
        const [one, two] = [newSecret('token'), newSecret('token')];
        await store.createToken({ hash: digest(one), portalId, appId, scopes: ['timeline'] });
        await store.createToken({ hash: digest(two), portalId, appId, scopes: [] });
        expect(store.principalByToken(digest(one))).toEqual({
          portal: store.portal(portalId),
          appId,
          scopes: ['timeline'],
        });
        expect(store.principalByToken(digest(two))?.scopes).toEqual([]);
        expect(store.principalByToken(digest(`${one} `))).toBeUndefined();
        expect(store.principalByToken(Buffer.from(one))).toBeUndefined();
        expect(store.appIdByDeveloperKey(digest(key))).toBe(appId);
        expect(store.appIdByDeveloperKey(digest(one))).toBeUndefined();
        const listed = store.tokens().filter((token) => token.appId === appId);
        expect(listed).toHaveLength(2);
        expect(listed).toContainEqual({
          id: expect.stringMatching(/^[0-9a-f]{16}$/),
          portalId,
          appId,
          scopes: ['timeline'],
          createdAt: expect.any(Number),
        });
      });

      test('a token for a portal or an app that is not there is refused', async () => {
        const { portalId, appId } = await tenantOf(store);
        const hash = digest(newSecret('token'));
        await expect(store.createToken({ hash, portalId: 1, appId, scopes: [] })).rejects.toThrow();
        await expect(store.createToken({ hash, portalId, appId: 1, scopes: [] })).rejects.toThrow();
        expect(store.principalByToken(hash)).toBeUndefined();
      });

      test('a portal and an app change in what is given, and in nothing else', async () => {
        const portalId = await store.createPortal({ name: 'Before', lenient: true, timeZone: 'Asia/Tokyo' });
        expect(await store.changePortal(portalId, { name: 'After' })).toBe(true);
        const changed = { id: portalId, name: 'After', lenient: true, timeZone: 'Asia/Tokyo' };
        expect(store.portal(portalId)).toEqual(changed);
        await store.changePortal(portalId, { lenient: false, timeZone: null, associateByDomain: false });
        expect(store.portal(portalId)).toEqual({
          id: portalId,
          name: 'After',
          lenient: false,
          associateByDomain: false,
        });
        await store.changePortal(portalId, { associateByDomain: true, timeZone: 'Europe/Zurich' });
        expect(store.portal(portalId)).toEqual({ ...changed, lenient: false, timeZone: 'Europe/Zurich' });
        expect(await store.changePortal(4712, { name: 'Nobody' })).toBe(false);

        const appId = await newApp(store);
        const before = store.app(appId);
        expect(await store.changeApp(appId, { redirectUris: [] })).toBe(true);
        expect(store.app(appId)).toEqual({ ...before, redirectUris: [] });
        await store.changeApp(appId, { name: 'Renamed', scopes: ['tickets'] });
        expect(store.app(appId)).toEqual({
          ...before,
          redirectUris: [],
          name: 'Renamed',
          scopes: ['tickets'],
        });
        expect(await store.changeApp(4712, { name: 'Nobody' })).toBe(false);
      });

      test('a replaced developer key is good for nothing, and changes beside it leave it alone', async () => {
        const [old, fresh] = [newSecret('key'), newSecret('key')];
        const appId = await newApp(store, { developerKeyHash: digest(old) });
        await store.changeApp(appId, { name: 'Renamed' });
        expect(store.appIdByDeveloperKey(digest(old))).toBe(appId);
        await store.changeApp(appId, { developerKeyHash: digest(fresh) });
        expect(store.appIdByDeveloperKey(digest(old))).toBeUndefined();
        expect(store.appIdByDeveloperKey(digest(fresh))).toBe(appId);
      });

      test('uninstalled, an app has lost all of its tokens there, and there alone', async () => {
        const { portalId } = await tenantOf(store);
        const other = await store.createPortal({ name: 'Other', lenient: false });
        const [appId, neighbour] = [await newApp(store), await newApp(store)];
        const give = async (portal: number, app: number) => {
          const token = newSecret('token');
          await store.createToken({ hash: digest(token), portalId: portal, appId: app, scopes: [] });
          return digest(token);
        };
        const gone = [await give(portalId, appId), await give(portalId, appId)];
        const kept = [await give(portalId, neighbour), await give(other, appId)];
        expect(store.installed(portalId).map(({ id }) => id)).toEqual(
          expect.arrayContaining([appId, neighbour]),
        );
        expect(await store.uninstall(portalId, appId)).toBe(true);
        for (const hash of gone) expect(store.principalByToken(hash)).toBeUndefined();
        for (const hash of kept) expect(store.principalByToken(hash)).toBeDefined();
        expect(store.installed(portalId).map(({ id }) => id)).not.toContain(appId);
        expect(store.installed(other).map(({ id }) => id)).toContain(appId);
        expect(await store.uninstall(portalId, appId)).toBe(false);
        await store.install(portalId, appId);
        await store.install(portalId, appId); // once more is no fault
        expect(store.installed(portalId).filter(({ id }) => id === appId)).toHaveLength(1);
        for (const hash of gone) expect(store.principalByToken(hash)).toBeUndefined();
        await expect(store.install(1, appId)).rejects.toThrow();
      });

      test('a token is revoked by its id, in its own portal only', async () => {
        const { portalId, appId } = await tenantOf(store);
        const other = await store.createPortal({ name: 'Other', lenient: false });
        const token = newSecret('token');
        const id = await store.createToken({ hash: digest(token), portalId, appId, scopes: [] });
        expect(store.tokens().map((each) => each.id)).toContain(id);
        expect(await store.revokeToken(other, id)).toBe(false);
        expect(await store.revokeToken(portalId, 'ffffffffffffffff')).toBe(false);
        expect(await store.revokeToken(portalId, '')).toBe(false);
        expect(store.principalByToken(digest(token))).toBeDefined();
        expect(await store.revokeToken(portalId, id)).toBe(true);
        expect(store.principalByToken(digest(token))).toBeUndefined();
        expect(store.tokens().map((each) => each.id)).not.toContain(id);
      });

      test('lists are paged in the order of their ids, and a page never repeats or skips', async () => {
        const portalId = await store.createPortal({ name: 'Paged', lenient: false });
        for (let n = 0; n < 7; n++) {
          const appId = await newApp(store);
          await store.createToken({ hash: digest(newSecret('token')), portalId, appId, scopes: [] });
          await store.createPortal({ name: `Paged ${n}`, lenient: false });
        }
        const all = <Item extends { id: Id }, Id>(first: Id, read: (after: Id) => Item[]): Id[] => {
          const ids: Id[] = [];
          for (let page = read(first); page.length > 0; page = read(page.at(-1)?.id as Id))
            ids.push(...page.map(({ id }) => id));
          return ids;
        };
        const limit = 3;
        expect(all(-1, (after) => store.portals({ after, limit }))).toEqual(
          store.portals().map(({ id }) => id),
        );
        expect(all(-1, (after) => store.apps({ after, limit }))).toEqual(store.apps().map(({ id }) => id));
        expect(all(-1, (after) => store.installed(portalId, { after, limit }))).toEqual(
          store.installed(portalId).map(({ id }) => id),
        );
        expect(all('', (after) => store.tokensOf(portalId, { after, limit }))).toEqual(
          store
            .tokens()
            .filter((token) => token.portalId === portalId)
            .map(({ id }) => id)
            .sort(),
        );
        expect(store.installed(portalId)).toHaveLength(7);
      });

      test('an admin key is known by its digest until it is revoked', async () => {
        const [key, other] = [newSecret('admin'), newSecret('admin')];
        const id = await store.createAdminKey({ name: 'Deploy', hash: digest(key) });
        const kept = await store.createAdminKey({ name: 'Other', hash: digest(other) });
        expect(store.isAdminKey(digest(key))).toBe(true);
        expect(store.isAdminKey(digest(`${key} `))).toBe(false);
        expect(store.adminKeys()).toContainEqual({ id, name: 'Deploy', createdAt: expect.any(Number) });
        expect(JSON.stringify(store.adminKeys())).not.toContain('hash');
        expect(await store.revokeAdminKey(id)).toBe(true);
        expect(store.isAdminKey(digest(key))).toBe(false);
        expect(store.isAdminKey(digest(other))).toBe(true);
        expect(await store.revokeAdminKey(id)).toBe(false);
        expect(store.adminKeys().map((each) => each.id)).toContain(kept);
      });

      test('what is kept holds digests, and of the secrets not one byte', async () => {
        const own = await create();
        const opened = await own.open();
        const { portalId } = await tenantOf(opened);
        const secrets = {
          token: newSecret('token'),
          key: newSecret('key'),
          secret: newSecret('secret'),
          admin: newSecret('admin'),
        };
        await opened.createAdminKey({ name: 'Admin', hash: digest(secrets.admin) });
        const appId = await opened.createApp({
          name: 'App',
          clientId: crypto.randomUUID(),
          clientSecretHash: digest(secrets.secret),
          developerKeyHash: digest(secrets.key),
          redirectUris: [],
          scopes: [],
        });
        await opened.createToken({ hash: digest(secrets.token), portalId, appId, scopes: [] });
        const open = await own.bytes();
        await opened.close();
        const closed = await own.bytes();
        for (const bytes of [open, closed])
          for (const secret of Object.values(secrets)) {
            expect(bytes.includes(Buffer.from(digest(secret)))).toBe(true);
            expect(bytes.includes(secret)).toBe(false);
            expect(bytes.includes(secret.slice(-20))).toBe(false);
          }
        await own.remove();
      });
    });

    describe('consents', () => {
      const DAY = 24 * 3_600_000;
      const hash = () => digest(newSecret('token'));
      /** A consent whose code is good until NOW + 1000. */
      async function consentOf({ portalId, appId }: { portalId: number; appId: number }) {
        const codeHash = hash();
        const kept = {
          portalId,
          appId,
          user: { id: 7, email: 'ada@example.com' },
          scopes: ['timeline', 'oauth'],
          redirectUri: 'https://app.example/cb?x=1',
          codeExpiresAt: NOW + 1_000,
        };
        await store.createConsent({ ...kept, codeHash });
        const id = store.consentByCode(codeHash)?.id as number;
        return { id, codeHash, kept };
      }
      const tokens = { scopes: ['timeline'], at: NOW, expiresAt: NOW + DAY };
      async function issued(consentId: number, refreshHash?: Uint8Array) {
        const accessHash = hash();
        const first = refreshHash ? { refreshHash } : {};
        expect(await store.issue({ ...tokens, ...first, consentId, accessHash })).toBe(true);
        return accessHash;
      }

      test('read back by their codes and refresh tokens, and by nothing else', async () => {
        const tenant = await tenantOf(store);
        const { id, codeHash, kept } = await consentOf(tenant);
        expect(store.consentByCode(codeHash)).toEqual({ ...kept, id, codeUsed: false });
        expect(store.consentByRefreshToken(codeHash)).toBeUndefined();
        expect(await store.redeemCode(id, NOW)).toBe(true);
        const refreshHash = hash();
        await issued(id, refreshHash);
        const known = { ...kept, id, codeUsed: true };
        expect(store.consentByCode(codeHash)).toEqual(known);
        expect(store.consentByRefreshToken(refreshHash)).toEqual(known);
        expect(store.consentByCode(refreshHash)).toBeUndefined();
        const challenged = { ...kept, codeChallenge: 'x', codeHash: hash() };
        await store.createConsent(challenged);
        expect(store.consentByCode(challenged.codeHash)?.codeChallenge).toBe('x');
      });

      test('give access tokens that say who consented and when they end; several live at once', async () => {
        const tenant = await tenantOf(store);
        const { id, kept } = await consentOf(tenant);
        const [one, two] = [await issued(id, hash()), await issued(id)];
        for (const each of [one, two])
          expect(store.principalByToken(each)).toEqual({
            portal: store.portal(tenant.portalId),
            appId: tenant.appId,
            scopes: tokens.scopes,
            expiresAt: tokens.expiresAt,
            user: kept.user,
          });
      });

      test('whose code comes twice are revoked, and nothing more is issued for them', async () => {
        const tenant = await tenantOf(store);
        const [{ id, codeHash }, other] = [await consentOf(tenant), await consentOf(tenant)];
        const [refresh, innocent] = [hash(), hash()];
        expect(await store.redeemCode(id, NOW)).toBe(true);
        const access = [await issued(id, refresh), await issued(id)];
        const untouched = await issued(other.id, innocent);
        expect(await store.redeemCode(id, NOW + 1)).toBe(false);
        for (const each of access) expect(store.principalByToken(each)).toBeUndefined();
        expect(store.consentByRefreshToken(refresh)).toBeUndefined();
        expect(store.consentByCode(codeHash)?.codeUsed).toBe(true);
        expect(await store.issue({ ...tokens, consentId: id, accessHash: hash() })).toBe(false);
        expect(await store.issue({ ...tokens, consentId: 999_999, accessHash: hash() })).toBe(false);
        expect(store.principalByToken(untouched)).toBeDefined();
        expect(store.consentByRefreshToken(innocent)).toBeDefined();
      });

      test('end as asked: a refresh token alone, an access token alone, or everything', async () => {
        const tenant = await tenantOf(store);
        const { id } = await consentOf(tenant);
        const refresh = hash();
        const [one, two] = [await issued(id, refresh), await issued(id)];
        await store.endToken(one);
        expect(store.principalByToken(one)).toBeUndefined();
        await store.endRefreshToken(id);
        expect(store.consentByRefreshToken(refresh)).toBeUndefined();
        expect(store.principalByToken(two)).toBeDefined();
        await store.revokeConsent(id, NOW);
        expect(store.principalByToken(two)).toBeUndefined();
        expect(await store.redeemCode(id, NOW)).toBe(false);
      });

      test('go with their app, when it leaves the portal, and so do all its tokens there', async () => {
        const tenant = await tenantOf(store);
        const elsewhere = await store.createPortal({ name: 'Elsewhere', lenient: false });
        const [here, there] = [
          await consentOf(tenant),
          await consentOf({ appId: tenant.appId, portalId: elsewhere }),
        ];
        const [refresh, plain] = [hash(), hash()];
        const access = await issued(here.id, refresh);
        const kept = await issued(there.id, hash());
        await store.createToken({ ...tenant, hash: plain, scopes: ['timeline'] });
        expect(await store.uninstall(tenant.portalId, tenant.appId)).toBe(true);
        for (const each of [access, plain]) expect(store.principalByToken(each)).toBeUndefined();
        expect(store.consentByRefreshToken(refresh)).toBeUndefined();
        expect(store.consentByCode(here.codeHash)).toBeUndefined();
        expect(store.principalByToken(kept)).toBeDefined();
        expect(await store.uninstall(tenant.portalId, tenant.appId)).toBe(false);
        // It may come back.
        const again = await consentOf(tenant);
        expect(store.principalByToken(await issued(again.id, hash()))).toBeDefined();
      });

      test('and tokens that ended long ago are forgotten, those that live are not', async () => {
        const tenant = await tenantOf(store);
        const [living, never, dead] = [
          await consentOf(tenant),
          await consentOf(tenant),
          await consentOf(tenant),
        ];
        const refresh = hash();
        const old = await issued(living.id, refresh);
        const [gone, deadRefresh] = [await issued(dead.id), hash()];
        expect(store.consentByRefreshToken(deadRefresh)).toBeUndefined();
        const issueAt = (at: number) =>
          store.issue({ ...tokens, consentId: living.id, accessHash: hash(), at, expiresAt: at + 1 });
        await issueAt(NOW + 8 * DAY); // a week after they ended
        for (const each of [old, gone]) expect(store.principalByToken(each)).toBeDefined();
        await issueAt(NOW + 8 * DAY + 1_001);
        for (const each of [old, gone]) expect(store.principalByToken(each)).toBeUndefined();
        for (const each of [never, dead]) expect(store.consentByCode(each.codeHash)).toBeUndefined();
        expect(store.consentByRefreshToken(refresh)?.id).toBe(living.id);
        expect(store.consentByCode(living.codeHash)?.id).toBe(living.id);
      });

      test('have a thousand access tokens at most: the oldest goes', async () => {
        const { id } = await consentOf(await tenantOf(store));
        const hashes = Array.from({ length: 1_001 }, hash);
        for (const [index, accessHash] of hashes.entries())
          await store.issue({ ...tokens, consentId: id, accessHash, at: NOW + index });
        expect(hashes.map((each) => store.principalByToken(each) !== undefined)).toEqual(
          hashes.map((_, index) => index > 0),
        );
      }, 30_000);

      test('of one person for one app have a hundred refresh tokens at most: the oldest goes, alone', async () => {
        const tenant = await tenantOf(store);
        const other = await consentOf(await tenantOf(store));
        const others = hash();
        await issued(other.id, others);
        const given: { refresh: Uint8Array; access: Uint8Array }[] = [];
        for (let n = 0; n < 102; n++) {
          const refresh = hash();
          const access = await issued((await consentOf(tenant)).id, refresh);
          given.push({ refresh, access });
        }
        expect(given.map(({ refresh }) => store.consentByRefreshToken(refresh) !== undefined)).toEqual(
          given.map((_, index) => index > 1),
        );
        expect(store.principalByToken(given[0]?.access as Uint8Array)).toBeDefined();
        expect(store.consentByRefreshToken(others)).toBeDefined();
      }, 30_000);

      test('name a client by its id, with the digest of its secret', async () => {
        const secretHash = hash();
        const made = {
          name: 'C',
          clientId: crypto.randomUUID(),
          redirectUris: ['a:b'],
          scopes: ['timeline'],
        };
        const id = await store.createApp({ ...made, clientSecretHash: secretHash });
        const client = store.client(made.clientId);
        expect(client?.app).toEqual({ ...made, id });
        expect(Buffer.from(client?.secretHash as Uint8Array)).toEqual(Buffer.from(secretHash));
        const bare = { ...made, clientId: crypto.randomUUID() };
        await store.createApp(bare);
        expect(store.client(bare.clientId)).not.toHaveProperty('secretHash');
        expect(store.client('nobody')).toBeUndefined();
      });
    });

    describe('people', () => {
      let n = 0;
      const newEmail = () => `person${n++}@example.com`;

      test('are found by their e-mail, however it is capitalised, and it is one person’s', async () => {
        const email = newEmail();
        const id = (await store.createUser(email, 'hashed', NOW)) as number;
        expect(store.userByEmail(email.toUpperCase())).toEqual({ id, email, password: 'hashed' });
        expect(await store.createUser(email.toUpperCase(), 'other', NOW)).toBeUndefined();
        expect(store.users()).toContainEqual({ id, email, createdAt: NOW });
        expect(store.userByEmail('nobody@example.com')).toBeUndefined();
      });

      test('have sessions that end by themselves, with a new password, and with the person', async () => {
        const email = newEmail();
        const id = (await store.createUser(email, 'hashed', NOW)) as number;
        const session = async () => {
          const hash = digest(newSecret('session'));
          await store.createSession(hash, id, NOW, NOW + 5);
          return hash;
        };
        const [one, two] = [await session(), await session()];
        expect(store.session(one)).toEqual({ user: { id, email }, expiresAt: NOW + 5 });
        await store.endSession(one);
        expect(store.session(one)).toBeUndefined();
        expect(store.session(two)).toBeDefined();
        await store.setPassword(id, 'new');
        expect(store.session(two)).toBeUndefined();
        expect(store.userByEmail(email)?.password).toBe('new');
        const three = await session();
        await store.removeUser(id);
        expect(store.session(three)).toBeUndefined();
        expect(store.userByEmail(email)).toBeUndefined();
      });

      test('have no more than twenty sessions: the oldest goes', async () => {
        const id = (await store.createUser(newEmail(), 'hashed', NOW)) as number;
        const hashes = Array.from({ length: 22 }, () => digest(newSecret('session')));
        for (const [index, hash] of hashes.entries())
          await store.createSession(hash, id, NOW, NOW + index + 1);
        expect(hashes.map((hash) => store.session(hash) !== undefined)).toEqual(
          hashes.map((_, at) => at > 1),
        );
      });
    });

    describe('property definitions', () => {
      const definition = (name: string, more: Partial<PropertyDefinition> = {}): PropertyDefinition => ({
        ...textProperty('contacts', name, NOW),
        ...more,
      });

      test('read back as they were kept, by portal and type', async () => {
        const { portalId } = await tenantOf(store);
        const other = await tenantOf(store);
        const options = [{ value: 'é;\n"', label: 'É', displayOrder: 0, hidden: true }];
        const kept: Definition[] = [
          {
            kind: 'group',
            name: 'pets',
            label: 'Pets',
            displayOrder: 1,
            predefined: false,
            version: 1,
            createdAt: NOW,
            updatedAt: NOW,
          },
          definition('pets', { type: 'enumeration', fieldType: 'select', options }),
          definition('Pets', { description: 'Another.' }),
        ];
        expect(await store.define(portalId, 'contacts', kept)).toEqual([true, true, true]);
        const read = store.definitions(portalId, 'contacts');
        expect(read).toHaveLength(3);
        expect(read).toEqual(expect.arrayContaining(kept));
        expect(store.definitions(portalId, 'deals')).toEqual([]);
        expect(store.definitions(other.portalId, 'contacts')).toEqual([]);
      });

      test('of two changes to one version, one is told that the other was faster', async () => {
        const { portalId } = await tenantOf(store);
        const define = (...made: Definition[]) => store.define(portalId, 'contacts', made);
        expect(await Promise.all([define(definition('a')), define(definition('a'))])).toEqual([
          [true],
          [false],
        ]);
        const changes = ['one', 'two'].map((label) => definition('a', { label, version: 2 }));
        expect(await define(...changes, definition('b'))).toEqual([true, false, true]);
        expect(await define(definition('a', { version: 4 }))).toEqual([false]);
        expect(await define(definition('a', { version: 3, archivedAt: NOW }))).toEqual([true]);
        expect(store.definitions(portalId, 'contacts')).toMatchObject([
          { name: 'a', label: 'a', version: 3, archivedAt: NOW },
          { name: 'b', version: 1 },
        ]);
      });

      test('come with the values that named them, and stay as they are when they are there', async () => {
        const { portalId, templateId } = await tenantOf(store);
        const valued = (name: string, more?: Partial<PropertyDefinition>): PropertyValue[] => [
          { name, value: 'x', at: NOW, defines: definition(name, more) },
        ];
        const names = (type: ObjectType) => store.definitions(portalId, type).map(({ name }) => name);
        const [refused, written] = await store.write(
          portalId,
          [
            { op: 'update', type: 'deals', id: 999, properties: valued('never') },
            { op: 'create', type: 'deals', properties: valued('by_hand') },
          ],
          NOW,
        );
        expect(refused).toBeInstanceOf(Refusal);
        expect(written).toMatchObject({ created: true });
        expect(names('deals')).toEqual(['by_hand']);

        const event = draftOf(portalId, templateId, 'defines', { email: 'defines@example.com' });
        const [one, two, three] = await store.append([
          { ...event, properties: valued('by_event') },
          { ...event, id: 'again', properties: valued('by_event', { label: 'later' }) },
          {
            ...event,
            id: 'refused',
            subject: { ...event.subject, objectId: 999 },
            properties: valued('never'),
          },
        ]);
        expect([one, two].some((each) => each instanceof Refusal)).toBe(false);
        expect(three).toBeInstanceOf(Refusal);
        await store.identify({
          portalId,
          subject: { type: 'contacts', unknown: 'create', identifies: true, utk: 'definer' },
          properties: valued('by_form'),
          at: NOW,
        });
        expect(names('contacts')).toEqual(['by_event', 'by_form']);
        expect(store.definitions(portalId, 'contacts')[0]).toEqual(definition('by_event'));
      });
    });

    test(
      'is as a plain model says, whatever comes, across closing and opening',
      async () => {
        const own = await create();
        let opened = await own.open();
        const reopen = async () => {
          await opened.close();
          opened = await own.open();
          return opened;
        };
        try {
          const tenant = await tenantOf(opened);
          const until = Date.now() + MODEL_MS;
          await fc.assert(
            fc.asyncProperty(model.steps, async (steps) => {
              if (Date.now() > until) return;
              const portalId = await opened.createPortal({ name: 'Model', lenient: false });
              await model.run({ ...tenant, portalId }, steps, () => opened, reopen);
            }),
            { numRuns: MODEL_RUNS },
          );
        } finally {
          await opened.close();
          await own.remove();
        }
      },
      MODEL_TIMEOUT,
    );
  });
}
