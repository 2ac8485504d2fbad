// Ids that a store makes for events that were sent without one: part of the suite that every engine passes.
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { draftOf, ids, NOW, type Store, stored, tenantOf, walk, withoutId } from './support.js';

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

export function madeIdConformance(store: Store): void {
  describe('the id of an event that was sent without one', () => {
    let tenant: Awaited<ReturnType<typeof tenantOf>>;
    let objectId = 1;

    beforeAll(async () => {
      tenant = await tenantOf(store);
    });

    /** An event for each moment, all of one new record. */
    async function append(
      moments: readonly number[],
      { id, of = tenant }: { id?: string; of?: typeof tenant } = {},
    ) {
      objectId++;
      const subject = { objectId, unknown: 'create' as const };
      const drafts = moments.map((receivedAt) => {
        const draft = draftOf(of.portalId, of.templateId, id ?? 'none', subject, { timestamp: receivedAt });
        return { ...(id === undefined ? withoutId(draft) : draft), receivedAt };
      });
      return (await store.append(drafts)).map(stored);
    }

    const find = (id: string, { portalId, templateId } = tenant) => store.event(portalId, templateId, id);

    test('is a UUID of version 7 that finds it, and stands on the timeline', async () => {
      const events = await append([NOW, NOW + 1, NOW + 1, NOW + 70_000]);
      for (const event of events) {
        expect(event.id).toMatch(UUID_V7);
        expect(Number.parseInt(event.id.slice(0, 8) + event.id.slice(9, 13), 16)).toBe(event.receivedAt);
        expect(find(event.id)).toEqual(event);
      }
      const timeline = walk(store, { portalId: tenant.portalId, type: 'contacts', id: objectId });
      expect(ids(timeline)).toEqual(ids(events).reverse());
    });

    test('sorts after earlier ones, of the same millisecond too', async () => {
      const moments = Array.from({ length: 300 }, (_, n) => NOW + Math.floor(n / 7));
      const made = ids([...(await append(moments.slice(0, 200))), ...(await append(moments.slice(200)))]);
      expect(made.toSorted()).toEqual(made);
      expect(new Set(made).size).toBe(made.length);
    });

    test('does not tell how many events there are', async () => {
      const moments = Array.from({ length: 100 }, (_, n) => NOW + n);
      const ends = ids(await append(moments)).map((id) => Number.parseInt(id.slice(24), 16));
      const steps = ends.slice(1).map((end, n) => Math.abs(end - (ends[n] as number)));
      expect(Math.min(...steps)).toBeGreaterThan(2 ** 24);
    });

    test('finds it in no other portal and with no other template', async () => {
      const [event] = await append([NOW]);
      const other = await tenantOf(store);
      const { id } = event as { id: string };
      expect(find(id, other)).toBeUndefined();
      expect(find(id, { ...tenant, templateId: tenant.otherTemplateId })).toBeUndefined();
      expect(find(id, { ...tenant, portalId: other.portalId })).toBeUndefined();
    });

    test('is taken by nothing that looks like it', async () => {
      const [event] = await append([NOW + 500_000]); // no other event's id begins as this one's
      const { id } = event as { id: string };
      const change = fc.tuple(fc.nat(35), fc.constantFrom(...'0123456789abcdefABCDEF-x+ '));
      fc.assert(
        fc.property(
          fc.uniqueArray(change, { minLength: 1, maxLength: 4, selector: ([at]) => at }),
          (changes) => {
            const text = [...id];
            for (const [at, char] of changes) text[at] = char;
            fc.pre(text.join('') !== id);
            expect(find(text.join(''))).toBeUndefined();
          },
        ),
      );
      for (const text of [
        id.toUpperCase(),
        ` ${id}`,
        `${id} `,
        id.replaceAll('-', ''),
        `-${id.slice(1)}`,
        id.slice(1),
      ])
        expect(find(text)).toBeUndefined();
    });

    test('sent again, also in one batch with others, replaces the event', async () => {
      const [first, second] = await append([NOW, NOW]);
      const again = { id: (first as { id: string }).id };
      const [replaced] = await append([NOW + 5], again);
      expect(find(again.id)).toEqual(replaced);
      expect(replaced).toMatchObject({ ...again, receivedAt: NOW + 5, objectId });
      const [, last] = await append([NOW + 6, NOW + 7], again);
      expect(find(again.id)).toEqual(last);
      const timeline = (of: number) => walk(store, { portalId: tenant.portalId, type: 'contacts', id: of });
      expect(ids(timeline(objectId - 2))).toEqual([second?.id]);
      expect(ids(timeline(objectId - 1))).toEqual([]);
      expect(timeline(objectId)).toEqual([last]);
    });

    test('of another template or portal is an id like any other', async () => {
      const [event] = await append([NOW]);
      const { id } = event as { id: string };
      const other = await tenantOf(store);
      const others = [
        other,
        { ...tenant, portalId: other.portalId },
        { ...tenant, templateId: tenant.otherTemplateId },
      ];
      for (const of of others) {
        const [theirs] = await append([NOW + 9], { id, of });
        expect(find(id, of)).toEqual(theirs);
        expect(find(id)).toEqual(event);
      }
    });

    test('with the number of an event of another moment, or that has its own id, is an id like any other', async () => {
      const { portalId, templateId } = tenant;
      const subject = { objectId: ++objectId, unknown: 'create' as const };
      const made = withoutId(draftOf(portalId, templateId, 'none', subject));
      const others = [{ ...made, receivedAt: NOW + 1 }, draftOf(portalId, templateId, 'its own', subject)];
      for (const other of others) {
        const [event, next] = (await store.append([made, other])).map(stored);
        const { id } = event as { id: string };
        const number = (Number.parseInt(id.slice(24), 16) + 1).toString(16).padStart(12, '0');
        const [sent] = await append([NOW + 5], { id: id.slice(0, 24) + number });
        expect(find(id.slice(0, 24) + number)).toEqual(sent);
        expect(find((next as { id: string }).id)).toEqual(next);
      }
    });

    test('is no other event’s once it is erased, of the same millisecond too', async () => {
      const { portalId } = tenant;
      const [gone] = await append([NOW + 90]);
      expect(await store.erase(portalId, { objectId })).toBe(true);
      const [next] = await append([NOW + 90]);
      expect(next?.id).not.toBe(gone?.id);
      expect(find((gone as { id: string }).id)).toBeUndefined();
      expect(find((next as { id: string }).id)).toEqual(next);
    });

    test('is what its properties have as their source', async () => {
      const { portalId, templateId } = tenant;
      const draft = draftOf(portalId, templateId, 'none', { objectId: ++objectId, unknown: 'create' });
      const properties = [{ name: 'made_color', value: 'black', at: NOW }];
      const [event] = await store.append([{ ...withoutId(draft), properties }]);
      const [change] = store.history({ portalId, type: 'contacts', id: objectId }, 'made_color', 1);
      expect(change).toMatchObject({ value: 'black', source: `${templateId}/${stored(event).id}` });
    });
  });
}
