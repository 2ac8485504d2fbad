// What every storage engine promises about filing events: in order, whole or not at all, replaced under the same id.
import { describe, expect, test } from 'vitest';
import { Refusal } from '../../dist/refusal.js';
import type { AppendOutcome, StoredEvent } from '../../dist/timeline/store.js';
import {
  contact,
  create,
  draftOf,
  ids,
  NOW,
  type Place,
  refusal,
  type Store,
  stored,
  tenantOf,
  walk,
} from './support.js';

export function eventConformance(store: Store, createPlace: () => Promise<Place>): void {
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
          { ...draftOf(portalId, templateId, id, { objectId: 1, ...create }), body },
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
            draftOf(portalId, templateId, `${objectId} ${timestamp}`, { objectId, ...create }, { timestamp }),
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
        draftOf(portalId, templateId, 'conflict', { objectId: 78, email: 'TAKEN@example.com', ...create }),
        draftOf(portalId, templateId, 'before', { objectId: 77 }, { text: 'not this' }),
        draftOf(portalId, templateId, 'good 2', { email: 'two@example.com' }),
      ]);
      expect(outcomes.map((outcome) => outcome instanceof Refusal)).toEqual([false, true, true, true, false]);
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
      const [lost] = await store.append([draftOf(portalId, templateId, 'l', { email: 'lost@example.com' })]);
      expect(store.recentRecords(portalId, 100)).toHaveLength(4);
      expect(store.record(contact(portalId, stored(lost).objectId as number))?.email).toBe(
        'lost@example.com',
      );
    });

    test('the same key again replaces, and moves to another record without a trace on the first', async () => {
      const { portalId, templateId, otherTemplateId } = await tenantOf(store);
      const on = (objectId: number) => ({ objectId, ...create });
      await store.append([
        draftOf(portalId, templateId, 'e', on(1), { text: 'first' }),
        draftOf(portalId, otherTemplateId, 'e', on(1), { text: "another template's" }),
      ]);
      await store.append([draftOf(portalId, templateId, 'e', on(1), { text: 'second', timestamp: NOW + 1 })]);
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
            { objectId, ...create },
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
                ...{ objectId: 1 + (index % 3), ...create },
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
      const subjects = [{ email: 'a@example.com' }, { utk: 'visitor' }, { objectId: 5, ...create }];
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
      const own = await createPlace();
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
      const [again] = await second.append([draftOf(portalId, templateId, 'b', { email: 'ada@example.com' })]);
      expect(stored(again).objectId).toBe(stored(outcomes[0]).objectId);
      expect(second.template(templateId)).toMatchObject({ name: 'Test', version: 1 });
      await second.close();
      await own.remove();
    });
  });
}
