// What every storage engine promises about merging two contacts.
import { describe, expect, test } from 'vitest';
import { MAX_IDENTITIES, MAX_MERGED } from '../../dist/records/identity.js';
import { fill, portalOf, property } from './portal.js';
import { create, ids, NOW, type Store, stored, walk, whole } from './support.js';

export function mergingConformance(store: Store): void {
  const portal = () => portalOf(store);

  describe('merging', () => {
    test('one remains, with both’s identities, events and properties, its own properties winning', async () => {
      const p = await portal();
      const said = (value: string, at: number) => ({ at, properties: [property('color', value, NOW + at)] });
      const ada = await p.on({ email: 'ada@example.com', utk: 'a' }, 'a1', said('of ada', 1));
      const bob = await p.on({ email: 'bob@example.com', utk: 'b' }, 'b2', said('of bob', 2));
      await p.on({ objectId: bob, email: 'bob@new.example' }, 'b4', {
        at: 4,
        properties: [property('size', '7')],
      });
      await p.append(p.draft('v', { utk: 'later' }, { at: 3 }));
      await p.identify({ objectId: bob, utk: 'later' });
      expect(await p.merge(ada, bob)).toBe(ada);
      const merged = {
        ...p.key(ada),
        email: 'ada@example.com',
        additionalEmails: ['bob@example.com', 'bob@new.example'],
        utks: ['a', 'b', 'later'],
        mergedIds: [bob],
        properties: new Map([
          ['color', 'of ada'],
          ['size', '7'],
        ]),
        createdAt: NOW,
        updatedAt: NOW + 1,
      };
      expect(p.contact(ada)).toEqual(merged);
      expect(p.contact(bob)).toEqual(merged);
      for (const limit of [1, 100]) expect(p.timeline(ada, limit)).toEqual(['b4', 'v', 'b2', 'a1']);
      for (const event of ['a1', 'b2', 'v', 'b4']) expect(p.event(event)?.objectId).toBe(ada);
      for (const email of ['BOB@example.com', 'bob@new.example', 'ada@example.com'])
        expect(await p.byEmail(email)).toBe(ada);
      expect(store.recentRecords(p.portalId, 10).map(whole)).toEqual([merged]);
    });

    test('both ids bring it back where it is archived and the portal makes what it does not know', async () => {
      const p = await portal();
      const ada = await p.on({ email: 'ada@example.com' }, 'a');
      const bob = await p.on({ email: 'bob@example.com' }, 'b');
      await p.merge(ada, bob);
      await store.write(p.portalId, [{ op: 'archive', type: 'contacts', id: ada }], NOW);
      expect((await p.refused({ objectId: bob })).reason).toBe('not-found');
      const outcomes = await p.append(
        p.draft('n', { email: 'neighbour@example.com' }),
        p.draft('back', { objectId: bob, ...create }),
      );
      expect(outcomes.map((each) => stored(each).objectId)).toEqual([expect.any(Number), ada]);
      expect(p.contact(bob)).toMatchObject({ id: ada, mergedIds: [bob] });
      expect(p.timeline(ada)).toEqual(['back', 'b', 'a']);
    });

    test('the e-mails that either had before it was archived go along: erased, the one that remains blocks them', async () => {
      const p = await portal();
      const archived = async (email: string) => {
        const id = await p.on({ email });
        await store.write(p.portalId, [{ op: 'archive', type: 'contacts', id }], NOW);
        return id;
      };
      const ada = await archived('both@example.com');
      const bob = await archived('both@example.com');
      const carl = await archived('carl@example.com');
      for (const id of [ada, bob, carl]) await p.on({ objectId: id, ...create });
      for (const id of [bob, carl]) expect(await p.merge(ada, id)).toBe(ada);
      expect(await p.erase({ objectId: ada })).toBe(true);
      for (const email of ['both@example.com', 'carl@example.com'])
        expect(await p.refused({ email })).toMatchObject({ reason: 'invalid' });
    });

    test('what the primary had cleared is the other’s', async () => {
      const p = await portal();
      const ada = (await p.createContact('ada@example.com', [property('color', 'red')])) as number;
      const cleared = [property('color', '')];
      const later = cleared.map((each) => ({ ...each, at: NOW + 10 }));
      await store.write(p.portalId, [{ op: 'update', type: 'contacts', id: ada, properties: later }], NOW);
      const bob = (await p.createContact('bob@example.com', [property('color', 'blue')])) as number;
      await p.merge(ada, bob);
      expect(p.properties(ada)).toEqual({ color: 'blue' });
      // From when the other's was said.
      await p.on({ objectId: ada }, 'e', { properties: [property('color', 'green', NOW + 5)] });
      expect(p.properties(ada)).toEqual({ color: 'green' });
    });

    test('both ids go on taking events, identifications and e-mails', async () => {
      const p = await portal();
      const ada = await p.on({ email: 'ada@example.com' });
      const bob = await p.on({ email: 'bob@example.com' });
      await p.merge(ada, bob);
      expect(await p.on({ objectId: bob })).toBe(ada);
      expect(await p.on({ objectId: bob, ...create })).toBe(ada);
      expect(await p.on({ objectId: bob, email: 'Bob@example.com' })).toBe(ada);
      expect(p.contact(ada)?.email).toBe('Bob@example.com');
      expect(await p.identify({ objectId: bob, utk: 'u' })).toBe(ada);
      expect(await p.on({ utk: 'u' })).toBe(ada);
      expect(await p.on({ email: 'bob@example.com' })).toBe(ada);
      expect(
        (await p.refused({ objectId: bob, email: 'bob@example.com', utk: 'u', type: 'deals' })).reason,
      ).toBe('not-found');
    });

    test('chains end at the one that remains, by whichever id; nobody is merged into itself', async () => {
      const p = await portal();
      const named = (n: number) => p.on({ email: `p${n}@example.com` }, `e${n}`, { at: n });
      const [a, b, c, d] = [await named(1), await named(2), await named(3), await named(4)] as const;
      expect(await p.merge(a, b)).toBe(a);
      expect(await p.merge(c, b)).toBe(c); // b is a now
      expect(p.contact(c)?.mergedIds).toEqual([a, b]);
      expect(await p.merge(a, c)).toBe(c); // the same one: nothing happens
      expect(await p.merge(b, a)).toBe(c);
      expect(await p.merge(b, d)).toBe(c);
      for (const id of [a, b, c, d]) expect(p.contact(id)).toMatchObject({ id: c, mergedIds: [a, b, d] });
      expect(p.timeline(c)).toEqual(['e4', 'e3', 'e2', 'e1']);
      expect(await p.merge(c, c)).toBe(c);
    });

    test('is seen whole or not at all by those who read meanwhile', async () => {
      const p = await portal();
      for (let n = 0; n < 40; n++) {
        const ada = await p.on({ email: `ada${n}@example.com`, utk: `a${n}` });
        const bob = await p.on({ email: `bob${n}@example.com`, utk: `b${n}` });
        const merging = p.merge(ada, bob);
        const seen = Array.from({ length: 150 }, () => p.contact(bob)); // the engine works beside this thread
        await merging;
        for (const record of seen)
          expect([record?.id, record?.email, record?.utks]).toEqual(
            record?.id === bob
              ? [bob, `bob${n}@example.com`, [`b${n}`]]
              : [ada, `ada${n}@example.com`, [`a${n}`, `b${n}`]],
          );
      }
    });

    test('with somebody who does not exist is nothing', async () => {
      const p = await portal();
      const id = await p.on({ email: 'ada@example.com' });
      await p.on({ type: 'companies', objectId: 5, ...create });
      for (const other of [5, 9_999]) {
        expect(await p.merge(id, other)).toBeUndefined();
        expect(await p.merge(other, id)).toBeUndefined();
      }
      expect(p.contact(id)).toMatchObject({ mergedIds: [], updatedAt: NOW });
      const foreign = await portal();
      expect(await foreign.merge(id, id)).toBeUndefined();
    });

    test('neither it nor an erase touches what has the same ids, in another portal or of another type', async () => {
      const { write, associated, record } = store;
      const company = (portalId: number, id: number) => ({ portalId, type: 'companies' as const, id });
      const all = { after: 0, limit: 9 };
      const made = async () => {
        const p = await portal();
        for (const id of [1, 2, 3, 4]) {
          await p.on({ type: 'companies', objectId: id, ...create }, `company ${id}`);
          await p.on({ objectId: id, email: `old${id}@example.com`, ...create });
          await write(p.portalId, [{ op: 'archive', type: 'contacts', id }], NOW);
          const names = { objectId: id, email: `p${id}@example.com`, utk: `u${id}`, ...create };
          await p.on(names, `event ${id}`, { properties: [property('color', `of ${id}`)] });
          await p.on({ type: 'companies', objectId: id, email: `p${id}@example.com` }, `says ${id}`);
          const to = company(p.portalId, id);
          await write(p.portalId, [{ op: 'associate', type: 'contacts', id, to }], NOW);
        }
        await p.merge(2, 3);
        await p.merge(1, 4);
        return p;
      };
      type Portal = Awaited<ReturnType<typeof portal>>;
      const companies = ({ portalId }: Portal) =>
        [1, 2, 3, 4].map((id) => [
          whole(record(company(portalId, id))),
          ids(walk(store, company(portalId, id))),
        ]);
      const seen = (p: Portal) => [
        companies(p),
        [1, 2, 3, 4].map((id) => [
          p.contact(id),
          p.timeline(id),
          p.event(`event ${id}`),
          p.event(`says ${id}`),
        ]),
        [1, 2, 3, 4].map((id) => [
          associated(p.key(id), 'companies', all),
          associated(company(p.portalId, id), 'contacts', all),
        ]),
      ];
      const [p, q] = [await made(), await made()];
      await q.on({ objectId: 1, email: 'only@example.com' });
      const [own, others] = [companies(p), seen(q)];
      await p.merge(1, 2);
      expect([companies(p), seen(q)]).toEqual([own, others]);
      await p.erase({ objectId: 1 });
      expect([companies(p), seen(q)]).toEqual([own, others]);
      expect(await p.on({ email: 'only@example.com' })).toBeTypeOf('number');
      await q.erase({ objectId: 2 });
      expect(await p.createContact('old2@example.com')).toBeTypeOf('number');
      for (const id of [2, 3]) {
        expect(await q.refused({ email: `old${id}@example.com` })).toMatchObject({ reason: 'invalid' });
        expect(q.event(`says ${id}`)?.body).not.toContain(`p${id}@`);
      }
      expect(q.event('says 1')?.body).toContain('p1@');
      await q.erase({ objectId: 1 });
      expect(await q.refused({ email: 'old1@example.com' })).toMatchObject({ reason: 'invalid' });
    });

    test('the other’s primary e-mail is the primary’s where it has none', async () => {
      const p = await portal();
      const nameless = (await p.createContact()) as number;
      const ada = await p.on({ email: 'ada@example.com' });
      await p.merge(nameless, ada);
      expect(p.contact(ada)).toMatchObject({ id: nameless, email: 'ada@example.com', additionalEmails: [] });
    });

    test(`that would make more than ${MAX_IDENTITIES} identities is refused and changes nothing`, async () => {
      const p = await portal();
      const [one, two] = [await p.on({ email: 'one@example.com' }), await p.on({ email: 'two@example.com' })];
      await fill(p, one, 'x', 1, 125);
      await fill(p, two, 'y', 1, 126);
      const before = [p.contact(one), p.contact(two)];
      expect(await p.merge(one, two)).toMatchObject({ reason: 'too-many' });
      expect([p.contact(one), p.contact(two)]).toEqual(before);
      const three = await p.on({ email: 'three@example.com' });
      await fill(p, three, 'z', 1, 125);
      expect(await p.merge(one, three)).toBe(one);
    });

    test(`at most ${MAX_MERGED} are merged into one, and those that were merged into them count`, async () => {
      const p = await portal();
      const made = async () => (await p.createContact()) as number;
      const [one, two, last] = [await made(), await made(), await made()];
      for (let n = 1; n < MAX_MERGED / 2; n++)
        for (const into of [one, two]) expect(await p.merge(into, await made())).toBe(into);
      expect(await p.merge(two, await made())).toBe(two);
      expect(await p.merge(one, two)).toBe(one);
      const before = [p.contact(one), p.contact(last)];
      expect(before[0]?.mergedIds).toHaveLength(MAX_MERGED);
      expect(await p.merge(one, last)).toMatchObject({ reason: 'too-many' });
      expect([p.contact(one), p.contact(last)]).toEqual(before);
      expect(await p.merge(one, two)).toBe(one);
    });
  });
}
