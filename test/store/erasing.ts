// What every storage engine promises about erasing a person.
import { describe, expect, test } from 'vitest';
import { portalOf, property } from './portal.js';
import { create, NOW, type Place, refusal, type Store, whole } from './support.js';

export function erasingConformance(store: Store, createPlace: () => Promise<Place>): void {
  const portal = () => portalOf(store);

  describe('erasing', () => {
    test('leaves nothing that any question finds, and its neighbours as they were', async () => {
      const p = await portal();
      await p.append(p.draft('v', { utk: 'u' }));
      const said = { properties: [property('color', 'red')] };
      const id = await p.on({ email: 'ada@example.com', utk: 'u' }, 'e', said);
      const old = await p.on({ email: 'old@example.com' }, 'o');
      await p.merge(id, old);
      const bob = await p.on({ email: 'bob@example.com', utk: 'b' }, 'b', said);
      const before = p.contact(bob);
      expect(await p.erase({ objectId: old })).toBe(true);
      for (const gone of [id, old]) {
        expect(p.contact(gone)).toBeUndefined();
        expect(p.timeline(gone)).toEqual([]);
        expect(await p.refused({ objectId: gone })).toMatchObject({ reason: 'not-found' });
      }
      for (const event of ['v', 'e', 'o']) expect(p.event(event)).toBeUndefined();
      expect(await p.byEmail('ada@example.com')).toBeUndefined();
      expect(store.recentRecords(p.portalId, 10).map(whole)).toEqual([before]);
      expect(p.timeline(bob)).toEqual(['b']);
      expect(await p.merge(bob, id)).toBeUndefined();
      expect(await p.erase({ objectId: id })).toBe(false);
      // The cookie is anybody's again, and the id somebody else's, from nothing.
      await p.append(p.draft('v', { utk: 'u' }));
      expect(p.event('v')).not.toHaveProperty('objectId');
      expect(await p.on({ objectId: id, ...create }, 'anew')).toBe(id);
      expect(p.contact(id)).toMatchObject({ additionalEmails: [], utks: [], mergedIds: [] });
      expect(p.properties(id)).toEqual({});
      expect(p.timeline(id)).toEqual(['anew']);
    });

    test('blocks the e-mails, all of them, until the contact is created by hand', async () => {
      const p = await portal();
      const id = await p.on({ email: 'ada@example.com' });
      await p.on({ objectId: id, email: 'ada@new.example' });
      const bob = await p.on({ email: 'bob@example.com', utk: 'b' });
      expect(await p.erase({ email: 'ADA@example.com' })).toBe(true);
      const company = { type: 'companies' as const, objectId: 5, ...create };
      for (const email of ['Ada@example.com', 'ada@NEW.example']) {
        for (const named of [
          { email },
          { email, utk: 'b' },
          { email, objectId: bob },
          { ...company, email },
        ]) {
          const why = await p.refused(named);
          expect(why.reason).toBe('invalid');
          expect(why.faults).toMatchObject([{ in: 'email', code: 'BLOCKED_EMAIL' }]);
        }
        expect(await p.identify({ email, utk: 'n' })).toMatchObject({ reason: 'invalid' });
      }
      expect(p.event('refused')).toBeUndefined();
      expect(store.record({ ...p.key(5), type: 'companies' })).toBeUndefined();
      expect(p.contact(bob)).toMatchObject({ email: 'bob@example.com', additionalEmails: [] });
      const again = (await p.createContact('ADA@example.com')) as number;
      expect(await p.on({ email: 'ada@example.com' })).toBe(again);
      expect(await p.refused({ email: 'ada@new.example' })).toMatchObject({ reason: 'invalid' });
      // Elsewhere nobody was erased.
      expect(await (await portal()).on({ email: 'ada@new.example' })).toBeTypeOf('number');
    });

    test('of an e-mail that nobody has blocks it all the same', async () => {
      const p = await portal();
      expect(await p.erase({ email: 'Nobody@example.com' })).toBe(false);
      expect(await p.refused({ email: 'nobody@EXAMPLE.com' })).toMatchObject({ reason: 'invalid' });
      expect(await p.erase({ objectId: 9_999 })).toBe(false);
    });

    test('takes the e-mail out of events that say it and stand elsewhere', async () => {
      const p = await portal();
      const ada = await p.on({ email: 'ada@example.com' });
      const bob = await p.on({ email: 'bob@example.com', utk: 'b' });
      await p.on({ utk: 'b', email: 'Ada@example.com' }, 'said of bob');
      await p.on({ utk: 'b', email: 'carl@example.com' }, 'of bob himself');
      await p.on(
        { type: 'companies', objectId: 5, email: 'ADA@example.com', ...create },
        'said of a company',
      );
      expect(p.event('said of bob')?.body).toContain('Ada@example.com');
      await p.erase({ objectId: ada });
      for (const [id, on] of [
        ['said of bob', bob],
        ['said of a company', 5],
      ] as const) {
        expect(p.event(id)).toMatchObject({ objectId: on, body: JSON.stringify({ id, text: id }) });
      }
      expect(p.event('of bob himself')?.body).toContain('carl@example.com');
      expect(p.timeline(bob)).toContain('said of bob');
      // A replaced event's mention is gone with it.
      await p.on({ utk: 'b', email: 'dora@example.com' }, 'twice');
      const eve = await p.on({ email: 'eve@example.com' });
      await p.on({ utk: 'b', email: 'eve@example.com' }, 'twice');
      await p.on({ utk: 'b' }, 'twice', { body: '{"id":"twice","email":"eve@example.com"}' });
      await p.erase({ objectId: eve });
      expect(p.event('twice')?.body).toContain('eve@example.com');
      // Nor does what an erased contact said of others weigh on events to come.
      const carl = await p.on({ utk: 'b', email: 'ada2@example.com' });
      await p.on({ email: 'dan@example.com' });
      await p.on({ utk: 'b', email: 'dan@example.com' }, 'the last of all');
      await p.erase({ objectId: carl });
      expect(await p.on({ type: 'companies', objectId: 5, email: 'dan@example.com' }, 'the next')).toBe(5);
    });

    test('is followed by no report of what an import that was killed had refused of the person', async () => {
      const place = await createPlace();
      const store = await place.open();
      const p = await portalOf(store);
      const why = {
        reason: 'invalid' as const,
        message: 'Zorro@example.com is no good',
        faults: [],
        context: {},
      };
      const refusals = [{ line: 1, refusal: why }];
      const key = { portalId: p.portalId, appId: p.appId, head: Buffer.from('head'), headBytes: 4 };
      const end = { at: 9, line: 1, lastLineAt: 0, lastLine: Buffer.from('digest') };
      const step = { ...key, ...end, from: 0, lines: [], refusals, reported: { bytes: 0, line: 0 } };
      await store.importStep([], step);
      const standing = store.importStanding(key);
      expect(standing?.unreported).toMatchObject(refusals);
      expect(await store.erase(p.portalId, { email: 'zorro@example.com' })).toBe(false);
      expect(store.importStanding(key)).toMatchObject({
        ...standing,
        unreported: [
          { line: 1, refusal: expect.objectContaining({ message: expect.stringMatching(/not told/) }) },
        ],
      });
      expect((await place.bytes()).toString('latin1').toLowerCase()).not.toContain('zorro');
      await store.close();
      await place.remove();
    });

    test('leaves not one byte: while the store is open, after it is closed, and of the others every one', async () => {
      const place = await createPlace();
      const store = await place.open();
      const p = await portalOf(store);
      const long = (text: string) => `${text} ${'x'.repeat(9_000)} ${text}`;
      const secret = (n: number) => `Zorro${n}`;
      const about = (who: string, n: number) => ({
        body: JSON.stringify({ id: `${who} ${n}`, tokens: { a: n % 5 ? who : long(who) } }),
        properties: [property(`color${n % 20}`, `${who}'s colour ${n}`, NOW + n)],
      });
      // Many at once, so that pages split and move while they come.
      for (let n = 0; n < 40; n++)
        await p.append(
          ...Array.from({ length: 10 }, (_, m) =>
            p.draft(`Plain${m} ${n}`, { utk: `Plain${m}` }, about(`Plain${m}`, n)),
          ),
          ...[1, 2].map((m) =>
            p.draft(`${secret(m)} ${n}`, { utk: `${secret(m)} cookie ${n % 3}` }, about(secret(m), n)),
          ),
        );
      const [first, second] = [1, 2].map(
        (n) =>
          p.createContact(`${secret(n)}@example.com`, [property('firstname', secret(n))]) as Promise<number>,
      );
      const [one, two] = [(await first) as number, (await second) as number];
      for (let n = 0; n < 3; n++) {
        await p.identify({ objectId: one, utk: `${secret(1)} cookie ${n}` }, [], `{"page":"${secret(1)}"}`);
        await p.identify(
          { objectId: two, utk: `${secret(2)} cookie ${n}` },
          [],
          long(`{"page":"${secret(2)}"}`),
        );
      }
      await p.identify({ objectId: two, email: `${secret(2)}@example.com` }, [], `{"page":"${secret(2)}"}`);
      await p.on(
        { objectId: one, email: `${secret(1)}@new.example` },
        `${secret(1)} 3`,
        about(secret(1), 99),
      );
      const bob = await p.on({ email: 'bob@example.com', utk: 'b' });
      await p.on({ utk: 'b', email: `${secret(1)}@example.com` }, 'said of bob');
      await p.merge(one, two);
      expect(p.timeline(one)).toHaveLength(81 - 1);
      const left = (kept: string) => [...kept.matchAll(/.{0,30}zorro.{0,30}/gs)].map(([text]) => text);
      const bytes = async () => (await place.bytes()).toString('latin1').toLowerCase();
      expect((await bytes()).includes('zorro1')).toBe(true);
      expect(await store.erase(p.portalId, { objectId: one })).toBe(true);
      const open = await bytes();
      await store.close();
      const closed = await bytes();
      for (const kept of [open, closed]) {
        expect(left(kept)).toEqual([]);
        for (let n = 0; n < 40; n++) expect(kept.includes(`plain7's colour ${20 + (n % 20)}`)).toBe(true);
        expect(kept.includes('said of bob')).toBe(true);
      }
      const again = await place.open();
      expect(again.record(p.key(bob))?.email).toBe('bob@example.com');
      const [blocked] = await again.append([p.draft('x', { email: 'zorro2@example.com' })]);
      expect(refusal(blocked).reason).toBe('invalid');
      await again.close();
      await place.remove();
    });

    test('leaves to who was archived and had the e-mail before all but the e-mail', async () => {
      const p = await portal();
      const archive = (id: number) => store.write(p.portalId, [{ op: 'archive', type: 'contacts', id }], NOW);
      const before = await p.on({ email: 'ada@example.com' }, 'as ada');
      await p.on({ objectId: before, email: 'dora@example.com' }, 'as dora');
      await archive(before);
      const now = await p.on({ email: 'ada@example.com' });
      expect(await p.erase({ objectId: now })).toBe(true);
      expect(p.event('as ada')?.body).toBe('{"id":"as ada","text":"as ada"}');
      expect(p.event('as dora')?.body).toContain('"email":"dora@example.com"');
      // One who was restored is there, and has the e-mail no more: who has it is erased, and is nobody.
      await p.on({ objectId: before, ...create }, 'restored');
      expect(await p.erase({ email: 'dora@example.com' })).toBe(false);
      expect(p.timeline(before).sort()).toEqual(['as ada', 'as dora', 'restored']);
      expect(p.event('as dora')?.body).not.toContain('dora@');
    });

    test('takes the e-mails that it had before from an id, whoever has it next', async () => {
      const p = await portal();
      const archive = (id: number) => store.write(p.portalId, [{ op: 'archive', type: 'contacts', id }], NOW);
      const id = await p.on({ email: 'ada@example.com' });
      await archive(id);
      const now = await p.on({ email: 'ada@example.com' });
      expect(await p.erase({ objectId: id })).toBe(true);
      await p.on({ objectId: id, ...create }, 'of another');
      await archive(id);
      await archive(now);
      expect(await p.erase({ email: 'ada@example.com' })).toBe(true);
      expect(p.event('of another')).toBeDefined();
    });

    test('leaves no byte of its visitors’ cookies where they were another’s before', async () => {
      const place = await createPlace();
      const store = await place.open();
      const p = await portalOf(store);
      const utk = 'zorro-cookie';
      await p.append(p.draft('seen', { utk }));
      const before = await p.identify({ email: 'bob@example.com', utk }, [], '{"page":"of bob"}');
      const now = (await p.identify({ email: 'ada@example.com', utk }, [], '{"page":"of ada"}')) as number;
      expect(now).not.toBe(before);
      expect(await p.erase({ objectId: now })).toBe(true);
      expect(p.timeline(before as number)).toEqual(['seen']);
      expect((await place.bytes()).toString('latin1')).not.toContain(utk);
      await store.close();
      await place.remove();
    });

    test('reaches those who were archived: by their id, by their e-mail, by that of who has it now', async () => {
      const place = await createPlace();
      const store = await place.open();
      const p = await portalOf(store);
      const archived = async (name: string) => {
        const id = await p.on({ email: `${name}@example.com` }, name);
        const company = { type: 'companies' as const, objectId: 5, email: `${name}@example.com`, ...create };
        await p.append(p.draft(`company says ${id}`, company));
        await store.write(p.portalId, [{ op: 'archive', type: 'contacts', id }], NOW);
        return id;
      };
      const left = async (name: string) => (await place.bytes()).toString('latin1').includes(name);

      const id = await archived('zorro1');
      expect(await p.erase({ objectId: id })).toBe(true);
      expect(await left('zorro1')).toBe(false);
      expect(await p.refused({ email: 'zorro1@example.com' })).toMatchObject({ reason: 'invalid' });

      await archived('zorro2');
      expect(await p.erase({ email: 'Zorro2@example.com' })).toBe(true);
      expect(await left('zorro2')).toBe(false);

      const former = await archived('zorro3');
      const now = await p.on({ email: 'zorro3@example.com' }, 'e');
      expect(now).not.toBe(former);
      expect(await p.erase({ objectId: now })).toBe(true);
      expect(await left('zorro3@')).toBe(false);
      expect(p.event('zorro3')?.objectId, 'its own events stay').toBe(former);

      // An e-mail that somebody has now is that person's.
      const before = await archived('living');
      const living = await p.on({ email: 'living@example.com' }, 'l');
      expect(await p.erase({ objectId: before })).toBe(true);
      expect(await p.byEmail('living@example.com')).toBe(living);
      expect(p.event('l')?.body).toContain('living@example.com');
      expect(await p.on({ email: 'living@example.com' }, 'm')).toBe(living);
      await store.close();
      await place.remove();
    });
  });
}
