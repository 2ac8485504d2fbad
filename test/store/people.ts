// What every storage engine promises about people: visitors, identities and properties.
import { describe, expect, test } from 'vitest';
import { MAX_IDENTITIES, type Subject } from '../../dist/records/identity.js';
import { IF_UNSET } from '../../dist/records/record.js';
import type { Cursor } from '../../dist/timeline/store.js';
import { fill, portalOf, property } from './portal.js';
import { create, ids, NOW, type Store, walk, whole } from './support.js';

export function peopleConformance(store: Store): void {
  const portal = () => portalOf(store);

  describe('visitors', () => {
    test('their events stand on the contact at their own times once they are known', async () => {
      const p = await portal();
      const id = await p.on({ email: 'ada@example.com' }, 'c0', { at: 0 });
      await p.append(
        ...[-5, 5, 15, 0, 0].map((at, index) => p.draft(`v${index}`, { utk: 'cookie' }, { at })),
        p.draft('c1', { objectId: id }, { at: 10 }),
        p.draft('other', { utk: 'another cookie' }),
      );
      expect(p.timeline(id)).toEqual(['c1', 'c0']);
      expect(p.event('v1')).not.toHaveProperty('objectId');
      await p.on({ email: 'ADA@example.com', utk: 'cookie' }, 'tie', { at: 7 });
      for (const limit of [1, 2, 3, 100])
        expect(p.timeline(id, limit)).toEqual(['v2', 'c1', 'tie', 'v1', 'v4', 'v3', 'c0', 'v0']);
      for (const event of ['v0', 'v1', 'v2', 'v3', 'v4'])
        expect(p.event(event)).toMatchObject({ objectId: id, identifiedBy: 'utk' });
      expect(p.event('other')).not.toHaveProperty('objectId');
      expect(p.contact(id)?.utks).toEqual(['cookie']);
      expect(await p.on({ utk: 'cookie' })).toBe(id);
    });

    test('of many visitors that are one contact, a page is in time order and whole', async () => {
      const p = await portal();
      const all = Array.from({ length: 120 }, (_, n) => ({
        id: `e${n}`,
        utk: `u${n % 12}`,
        at: (n * 37) % 50,
      }));
      await p.append(...all.map(({ id, utk, at }) => p.draft(id, { utk }, { at })));
      const id = await p.on({ email: 'many@example.com' }, 'first', { at: -1 });
      for (let n = 0; n < 12; n++) expect(await p.identify({ objectId: id, utk: `u${n}` })).toBe(id);
      const expected = all
        .toReversed()
        .sort((a, b) => b.at - a.at)
        .map((each) => each.id);
      for (const limit of [1, 7, 100]) expect(p.timeline(id, limit)).toEqual([...expected, 'first']);
      const some = { from: NOW + 10, to: NOW + 20, limit: 3 };
      expect(ids(walk(store, p.key(id), some))).toEqual(
        all
          .filter(({ at }) => at >= 10 && at < 20)
          .toReversed()
          .sort((a, b) => b.at - a.at)
          .map((e) => e.id),
      );
    });

    test('a walk stays exact when a visitor is tied between its pages', async () => {
      const p = await portal();
      const id = await p.on({ email: 'walk@example.com' }, 'c0', { at: 0 });
      await p.append(
        ...Array.from({ length: 11 }, (_, n) => p.draft(`c${n + 1}`, { objectId: id }, { at: (n + 1) * 2 })),
        ...Array.from({ length: 12 }, (_, n) => p.draft(`v${n}`, { utk: 'walker' }, { at: n * 2 })),
      );
      const first = store.timeline(p.key(id), { limit: 4 });
      expect(ids(first.events)).toEqual(['c11', 'c10', 'c9', 'c8']);
      await p.identify({ objectId: id, utk: 'walker' });
      const rest: string[] = [];
      for (let after = first.next; after; ) {
        const page: { events: { id: string }[]; next?: Cursor } = store.timeline(p.key(id), {
          limit: 3,
          after,
        });
        rest.push(...page.events.map((event) => event.id));
        after = page.next;
      }
      // The visitor's v8 arrived later than c8, at the same time: it is before the cursor.
      const whole = p.timeline(id);
      expect(rest).toEqual(whole.slice(whole.indexOf('c8') + 1));
      expect(rest).toHaveLength(16);
      expect(whole).toHaveLength(24);
    });

    test('an event only mentions the utk: it stays with the contact that has it', async () => {
      const p = await portal();
      const ada = await p.on({ email: 'ada@example.com', utk: 'u' });
      const bob = await p.on({ email: 'bob@example.com' });
      expect(await p.on({ objectId: bob, utk: 'u' })).toBe(bob);
      expect(await p.on({ utk: 'u', email: 'BOB@example.com' })).toBe(ada);
      expect(p.contact(ada)).toMatchObject({ email: 'ada@example.com', additionalEmails: [], utks: ['u'] });
      expect(p.contact(bob)).toMatchObject({ email: 'bob@example.com', additionalEmails: [], utks: [] });
      // An e-mail that nobody has becomes the utk's contact's.
      expect(await p.on({ utk: 'u', email: 'ada@new.example' })).toBe(ada);
      expect(p.contact(ada)).toMatchObject({
        email: 'ada@new.example',
        additionalEmails: ['ada@example.com'],
      });
      // One of its own is found, and stays what it is.
      expect(await p.on({ utk: 'u', email: 'ada@example.com' })).toBe(ada);
      expect(p.contact(ada)?.email).toBe('ada@new.example');
      expect(await p.byEmail('Ada@New.example')).toBe(ada);
    });

    test('an identification moves the utk; what stands on a contact stays', async () => {
      const p = await portal();
      await p.append(p.draft('v', { utk: 'u' }));
      const ada = await p.on({ email: 'ada@example.com', utk: 'u' }, 'a');
      const bob = await p.identify({ email: 'bob@example.com', utk: 'u' });
      expect(bob).not.toBe(ada);
      expect(p.timeline(ada)).toEqual(['a', 'v']);
      expect(p.contact(ada)?.utks).toEqual([]);
      expect(p.contact(bob as number)).toMatchObject({ email: 'bob@example.com', utks: ['u'] });
      expect(await p.on({ utk: 'u' }, 'b')).toBe(bob);
      expect(await p.identify({ objectId: ada, utk: 'u' })).toBe(ada);
      expect(p.timeline(bob as number)).toEqual(['b']);
      expect(await p.on({ utk: 'u' }, 'c')).toBe(ada);
    });

    test('those who race with the same e-mails and utks are one contact each, and no event is lost', async () => {
      const p = await portal();
      const spell = (n: number, email: string) =>
        [email, email.toUpperCase(), email.replace('p', 'P')][n % 3] as string;
      const batches = Array.from({ length: 64 }, (_, client) =>
        Array.from({ length: 50 }, (_, person) => {
          const email = spell(client + person, `p${person}@example.com`);
          const utk = `u${person}`;
          const named = [{ email }, { utk }, { email, utk }][(client * 7 + person) % 3] as Partial<Subject>;
          return p.draft(`${client}.${person}`, named);
        }),
      );
      await Promise.all(batches.map((batch) => p.append(...batch)));
      const owners = await Promise.all(
        Array.from(
          { length: 50 },
          async (_, person) => (await p.byEmail(`p${person}@example.com`)) as number,
        ),
      );
      expect(new Set(owners).size).toBe(50);
      for (const [person, id] of owners.entries()) {
        expect(p.contact(id)).toMatchObject({ additionalEmails: [], utks: [`u${person}`] });
        expect(p.timeline(id).sort()).toEqual(batches.map((_, client) => `${client}.${person}`).sort());
      }
      expect(store.recentRecords(p.portalId, 1_000)).toHaveLength(50);
    });

    test(`a contact has at most ${MAX_IDENTITIES} e-mails and utks; beyond that nothing is written`, async () => {
      const p = await portal();
      const id = await p.on({ email: 'full@example.com' }, 'first');
      await fill(p, id, 'x', 1, MAX_IDENTITIES);
      const before = p.contact(id);
      expect((before?.additionalEmails.length ?? 0) + (before?.utks.length ?? 0) + 1).toBe(MAX_IDENTITIES);
      for (const more of [{ email: 'one@more.example' }, { utk: 'one more' }])
        expect(await p.refused({ objectId: id, ...more })).toMatchObject({
          reason: 'too-many',
          context: { objectId: [String(id)] },
        });
      expect(await p.refused({ email: 'FULL@example.com', utk: 'one more' })).toMatchObject({
        reason: 'too-many',
      });
      expect(await p.identify({ objectId: id, utk: 'one more' })).toMatchObject({ reason: 'too-many' });
      const write = { type: 'contacts', properties: [], email: 'one@more.example' } as const;
      for (const by of [
        { op: 'update', id, ...write },
        { op: 'upsert', by: { email: 'full@example.com' }, ...write },
      ] as const)
        expect(await store.write(p.portalId, [by], NOW)).toMatchObject([{ reason: 'too-many' }]);
      expect(p.event('refused')).toBeUndefined();
      expect(p.contact(id)).toEqual(before);
      expect(await p.byEmail('one@more.example')).toBeUndefined();
      await p.append(p.draft('visitor', { utk: 'one more' }));
      expect(p.event('visitor')).not.toHaveProperty('objectId');
      // What it has already is no more.
      expect(await p.on({ objectId: id, email: 'X1@example.com', utk: 'x2' })).toBe(id);
      expect(await p.on({ utk: 'x4', email: 'x3@example.com' })).toBe(id);
    });
  });

  describe('identify', () => {
    test('finds the contact by e-mail or id, or makes it', async () => {
      const p = await portal();
      const made = (await p.identify({ email: 'Ada@example.com', utk: 'u' }, [
        property('color', 'red'),
      ])) as number;
      expect(p.contact(made)).toMatchObject({ email: 'Ada@example.com', utks: ['u'], createdAt: NOW });
      expect(p.properties(made)).toEqual({ color: 'red' });
      expect(await p.identify({ email: 'ada@EXAMPLE.com' }, [property('size', '7')])).toBe(made);
      expect(await p.identify({ utk: 'u' })).toBe(made);
      expect(await p.identify({ objectId: made, email: 'new@example.com' })).toBe(made);
      expect(p.contact(made)).toMatchObject({
        email: 'new@example.com',
        additionalEmails: ['Ada@example.com'],
      });
      expect(p.properties(made)).toEqual({ color: 'red', size: '7' });
      const anybody = (await p.identify({ utk: 'stranger' }, [property('firstname', 'Eve')])) as number;
      expect(p.contact(anybody)).toMatchObject({ utks: ['stranger'], additionalEmails: [] });
      expect(p.contact(anybody)).not.toHaveProperty('email');
      expect(await p.identify({ objectId: 9_999, utk: 'n', ...create })).toBe(9_999);
      expect(p.contact(9_999)?.utks).toEqual(['n']);
    });

    test('says why not, and writes nothing then', async () => {
      const p = await portal();
      const ada = await p.on({ email: 'ada@example.com' });
      const bob = await p.on({ email: 'bob@example.com' });
      const before = [p.contact(ada), p.contact(bob)];
      const values = [property('color', 'red')];
      expect(await p.identify({ objectId: 9_999, utk: 'u' }, values)).toMatchObject({ reason: 'not-found' });
      expect(await p.identify({ objectId: ada, email: 'Bob@example.com', utk: 'u' }, values)).toMatchObject({
        reason: 'conflict',
        context: { existingObjectId: [String(bob)] },
      });
      expect([p.contact(ada), p.contact(bob)]).toEqual(before);
      await p.append(p.draft('v', { utk: 'u' }));
      expect(p.event('v')).not.toHaveProperty('objectId');
    });
  });

  describe('a contact created by hand', () => {
    test('has its e-mail and properties; an e-mail that another has is a conflict that names it', async () => {
      const p = await portal();
      const id = (await p.createContact('Hand@example.com', [property('firstname', 'Ada')])) as number;
      expect(p.contact(id)).toEqual({
        ...p.key(id),
        email: 'Hand@example.com',
        additionalEmails: [],
        utks: [],
        mergedIds: [],
        properties: new Map([['firstname', 'Ada']]),
        createdAt: NOW,
        updatedAt: NOW,
      });
      expect(await p.createContact('hand@EXAMPLE.com')).toMatchObject({
        reason: 'conflict',
        context: { existingObjectId: [String(id)] },
      });
      const nameless = (await p.createContact(undefined, [property('lastname', 'L')])) as number;
      expect(p.contact(nameless)).not.toHaveProperty('email');
      expect(await p.on({ email: 'hand@example.com' })).toBe(id);
    });

    test('gets an id that nobody has, and races with events for its e-mail', async () => {
      const p = await portal();
      const id = (await p.createContact()) as number;
      await p.on({ objectId: id + 1, ...create });
      expect(await p.createContact()).toBe(id + 2);
      const answers = await Promise.all([
        p.on({ email: 'race@example.com' }),
        p.createContact('Race@example.com'),
        p.on({ email: 'RACE@example.com' }),
        p.createContact('race@example.com'),
      ]);
      const winner = await p.byEmail('race@example.com');
      for (const answer of answers)
        if (typeof answer === 'number') expect(answer).toBe(winner);
        else expect(answer.context).toEqual({ existingObjectId: [String(winner)] });
    });
  });

  describe('properties', () => {
    test('the newest event’s value holds, however late an old one arrives; of two at a time, the last', async () => {
      const p = await portal();
      const said = (value: string, at: number) => ({ at, properties: [property('color', value, NOW + at)] });
      const id = await p.on({ email: 'ada@example.com' }, 'b', said('of 2', 2));
      await p.on({ objectId: id }, 'a', said('of 1', 1));
      expect(p.properties(id)).toEqual({ color: 'of 2' });
      await p.on({ objectId: id }, 'c', said('of 2, later', 2));
      expect(p.properties(id)).toEqual({ color: 'of 2, later' });
      await p.append(
        p.draft('d', { objectId: id }, said('of 5', 5)),
        p.draft('e', { objectId: id }, said('of 4', 4)),
        p.draft('f', { objectId: 999 }, said('of a refused one', 9)),
      );
      expect(p.properties(id)).toEqual({ color: 'of 5' });
      await p.identify({ objectId: id }, [property('color', 'of a form', NOW + 6), property('size', '7')]);
      expect(p.properties(id)).toEqual({ color: 'of a form', size: '7' });
      expect(await p.createContact('x@example.com')).not.toBe(id);
      expect(p.properties(id)).toEqual({ color: 'of a form', size: '7' });
    });

    test('one for where there is none never overwrites, and is overwritten by any', async () => {
      const p = await portal();
      const company = { type: 'companies' as const, objectId: 5, ...create };
      const known = (value: string, at: number) => ({ properties: [property('domain', value, at)] });
      const domain = () => store.record({ ...p.key(5), type: 'companies' })?.properties.get('domain');
      await p.on(company, 'a', known('first.example', IF_UNSET));
      expect(domain()).toBe('first.example');
      await p.on(company, 'b', known('second.example', IF_UNSET));
      expect(domain()).toBe('first.example');
      await p.on(company, 'c', known('said.example', -1_000));
      expect(domain()).toBe('said.example');
      await p.on(company, 'd', known('third.example', IF_UNSET));
      expect(domain()).toBe('said.example');
      expect(p.contact(5)).toBeUndefined();
    });

    test('a visitor’s wait, and come with the visitor; the newest of both holds', async () => {
      const p = await portal();
      const said = (name: string, at: number) => ({ properties: [property(name, `visitor's`, NOW + at)] });
      await p.append(
        p.draft('v1', { utk: 'u' }, said('older', 1)),
        p.draft('v2', { utk: 'u' }, said('newer', 9)),
        p.draft('v3', { utk: 'u' }, said('alone', 1)),
      );
      const id = await p.on({ email: 'ada@example.com' }, 'c', {
        properties: [property('older', 'own', NOW + 5), property('newer', 'own', NOW + 5)],
      });
      expect(p.properties(id)).toEqual({ older: 'own', newer: 'own' });
      await p.identify({ objectId: id, utk: 'u' });
      expect(p.properties(id)).toEqual({ older: 'own', newer: "visitor's", alone: "visitor's" });
    });

    test('say when the record last changed; so does its e-mail', async () => {
      const p = await portal();
      const id = await p.on({ email: 'ada@example.com' });
      const later = (by: number, more = {}) => ({ receivedAt: NOW + by, ...more });
      await p.on({ objectId: id }, 'plain', later(10));
      expect(p.contact(id)).toMatchObject({ createdAt: NOW, updatedAt: NOW });
      await p.on({ objectId: id }, 'says', later(20, { properties: [property('color', 'red')] }));
      expect(p.contact(id)?.updatedAt).toBe(NOW + 20);
      await p.on({ objectId: id, email: 'new@example.com' }, 'mail', later(30));
      expect(p.contact(id)).toMatchObject({ createdAt: NOW, updatedAt: NOW + 30 });
    });
  });

  test('a contact is found by any of its e-mails in any letter case, in its own portal', async () => {
    const [p, other] = [await portal(), await portal()];
    const id = await p.on({ email: 'Ada@Example.com' });
    await p.on({ objectId: id, email: 'new@example.com' });
    for (const email of ['ada@example.com', 'ADA@EXAMPLE.COM', 'New@example.com'])
      expect(whole((await store.contactsByEmail(p.portalId, [email]))[0])).toEqual(p.contact(id));
    expect(await p.byEmail('ada@example')).toBeUndefined();
    expect(await other.byEmail('ada@example.com')).toBeUndefined();
  });

  test('contacts found by their e-mails are read at one moment, whatever is written meanwhile', async () => {
    const p = await portal();
    const newest = await p.on({ email: 'newest@example.com' }, 'n', {
      properties: [property('city', 'Bern')],
    });
    // An e-mail that was added is found in another way than a new contact's.
    const ada = await p.on({ email: 'ada@example.com' }, 'a', { properties: [property('city', 'Basel')] });
    await p.on({ objectId: ada, email: 'added@example.com' });
    const before = [p.contact(ada), undefined, p.contact(newest)];
    const merging = p.merge(newest, ada);
    const emails = ['added@example.com', 'nobody@example.com', 'newest@example.com'];
    const found = (await store.contactsByEmail(p.portalId, emails)).map(whole);
    expect(await merging).toBe(newest);
    const after = [p.contact(newest), undefined, p.contact(newest)];
    expect([before, after]).toContainEqual(found);
    expect(p.properties(newest)).toEqual({ city: 'Bern' });
  });
}
