// What every storage engine promises about a record's timeline: its order, its pages, what is left out of it.
import { describe, expect, test } from 'vitest';
import type { Subject } from '../../dist/records/identity.js';
import type { Cursor, TimelineQuery } from '../../dist/timeline/store.js';
import { contact, create, draftOf, ids, NOW, type Store, tenantOf, walk } from './support.js';

export function timelineConformance(store: Store): void {
  describe('timeline', () => {
    test('newest first; at the same time, the one that arrived last', async () => {
      const { portalId, templateId } = await tenantOf(store);
      const subject = { objectId: 1, ...create };
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

    test('a page ends before its bodies have more characters than asked for, never without an event, and goes on', async () => {
      const { portalId, templateId } = await tenantOf(store);
      const sizes = [10, 40, 10, 30, 20, 90, 50];
      const of = (size: number, at: number) => ({
        ...draftOf(portalId, templateId, `e${at}`, { objectId: 1, ...create }, { timestamp: NOW - at }),
        body: `"${'x'.repeat(size - 2)}"`,
      });
      await store.append(sizes.map(of));
      const pages: number[][] = [];
      for (let after: Cursor | undefined, first = true; after || first; first = false) {
        const page = store.timeline(contact(portalId, 1), {
          limit: 3,
          chars: 60,
          ...(after ? { after } : {}),
        });
        pages.push(page.events.map(({ body }) => body.length));
        after = page.next;
      }
      expect(pages).toEqual([[10, 40, 10], [30, 20], [90], [50]]);
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
          draftOf(portalId, template, id, { objectId: 1, ...create }, { timestamp }),
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
        ['a', 'b', 'c', 'd'].map((id) => draftOf(portalId, templateId, id, { objectId: 1, ...create })),
      );
      const first = store.timeline(contact(portalId, 1), { limit: 2 });
      expect(first.next).toBeDefined();
      const second = store.timeline(contact(portalId, 1), { limit: 2, after: first.next as Cursor });
      expect(ids([...first.events, ...second.events])).toEqual(['d', 'c', 'b', 'a']);
      expect(second.next).toBeUndefined();
    });

    test('a walk stays exact while events arrive, are replaced and move away', async () => {
      const { portalId, templateId } = await tenantOf(store);
      const subject = { objectId: 1, ...create };
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
        if (round === 1) await store.append([at('e0', 2_000), at('e1', 0, { objectId: 2, ...create })]);
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
            ...create,
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
}
