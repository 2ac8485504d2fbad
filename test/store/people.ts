// What every storage engine promises about people: visitors, identities, properties, merging and erasing.
import { describe, expect, test } from 'vitest';
import { MAX_IDENTITIES, type Subject } from '../../dist/records/identity.js';
import { IF_UNSET, type PropertyValue } from '../../dist/records/record.js';
import { Refusal } from '../../dist/refusal.js';
import type { Cursor, EventDraft } from '../../dist/timeline/store.js';
import {
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

const property = (name: string, value: string, at = NOW): PropertyValue => ({ name, value, at });

/** A tenant of a store, and short words for what its tests do all the time. */
async function portalOf(store: Store) {
  const { portalId, templateId } = await tenantOf(store);
  const key = (id: number) => ({ portalId, type: 'contacts' as const, id });
  const draft = (id: string, subject: Partial<Subject>, more: { at?: number } & Partial<EventDraft> = {}) => {
    const { at = 0, ...rest } = more;
    return { ...draftOf(portalId, templateId, id, subject, { timestamp: NOW + at }), ...rest };
  };
  return {
    portalId,
    templateId,
    key,
    draft,
    append: (...drafts: EventDraft[]) => store.append(drafts),
    /** Appends one event; the contact that it stands on. */
    async on(subject: Partial<Subject>, id: string = crypto.randomUUID(), more = {}) {
      const [outcome] = await store.append([draft(id, subject, more)]);
      return stored(outcome).objectId as number;
    },
    async refused(subject: Partial<Subject>): Promise<Refusal> {
      const [outcome] = await store.append([draft('refused', subject)]);
      return refusal(outcome);
    },
    identify(subject: Partial<Subject>, properties: PropertyValue[] = [], visit?: string) {
      const whole = { type: 'contacts' as const, unknown: 'refuse' as const, identifies: true, ...subject };
      const call = { portalId, subject: whole, properties, at: NOW };
      return store.identify(visit === undefined ? call : { ...call, visit });
    },
    contact: (id: number) => store.record(key(id)),
    timeline: (id: number, limit = 100) => ids(walk(store, key(id), { limit })),
    properties: (id: number) => Object.fromEntries(store.record(key(id))?.properties ?? []),
    event: (id: string) => store.event(portalId, templateId, id),
    merge: (primary: number, other: number) => store.merge(portalId, primary, other, NOW + 1),
    erase: (who: { objectId: number } | { email: string }) => store.erase(portalId, who),
    createContact: async (email?: string, properties: PropertyValue[] = []) => {
      const contact = { ...(email === undefined ? {} : { email }), properties };
      const [made] = await store.write(portalId, [{ op: 'create', type: 'contacts', ...contact }], NOW);
      return made instanceof Refusal ? made : (made?.id as number);
    },
    byEmail: (email: string) => store.contactByEmail(portalId, email)?.id,
  };
}
type Portal = Awaited<ReturnType<typeof portalOf>>;

/** Gives a contact identities until it has so many. */
async function fill(
  portal: Portal,
  objectId: number,
  prefix: string,
  from: number,
  to: number,
): Promise<void> {
  const subject = (n: number) => (n % 2 ? { email: `${prefix}${n}@example.com` } : { utk: `${prefix}${n}` });
  const drafts = Array.from({ length: to - from }, (_, index) => subject(from + index)).map((named, index) =>
    portal.draft(`${prefix}${index}`, { objectId, ...named }),
  );
  for (const outcome of await portal.append(...drafts)) stored(outcome);
}

export function peopleConformance(open: () => Store, createPlace: () => Promise<Place>): void {
  const portal = () => portalOf(open());

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
      expect(ids(walk(open(), p.key(id), some))).toEqual(
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
      const first = open().timeline(p.key(id), { limit: 4 });
      expect(ids(first.events)).toEqual(['c11', 'c10', 'c9', 'c8']);
      await p.identify({ objectId: id, utk: 'walker' });
      const rest: string[] = [];
      for (let after = first.next; after; ) {
        const page: { events: { id: string }[]; next?: Cursor } = open().timeline(p.key(id), {
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
      expect(p.byEmail('Ada@New.example')).toBe(ada);
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
      const owners = Array.from({ length: 50 }, (_, person) => p.byEmail(`p${person}@example.com`) as number);
      expect(new Set(owners).size).toBe(50);
      for (const [person, id] of owners.entries()) {
        expect(p.contact(id)).toMatchObject({ additionalEmails: [], utks: [`u${person}`] });
        expect(p.timeline(id).sort()).toEqual(batches.map((_, client) => `${client}.${person}`).sort());
      }
      expect(open().recentRecords(p.portalId, 1_000)).toHaveLength(50);
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
      expect(p.event('refused')).toBeUndefined();
      expect(p.contact(id)).toEqual(before);
      expect(p.byEmail('one@more.example')).toBeUndefined();
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
      const winner = p.byEmail('race@example.com');
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
      const domain = () =>
        open()
          .record({ ...p.key(5), type: 'companies' })
          ?.properties.get('domain');
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
        expect(p.byEmail(email)).toBe(ada);
      expect(open().recentRecords(p.portalId, 10)).toEqual([merged]);
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
  });

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
      expect(p.byEmail('ada@example.com')).toBeUndefined();
      expect(open().recentRecords(p.portalId, 10)).toEqual([before]);
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
      expect(open().record({ ...p.key(5), type: 'companies' })).toBeUndefined();
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
  });

  test('a contact is found by any of its e-mails in any letter case, in its own portal', async () => {
    const [p, other] = [await portal(), await portal()];
    const id = await p.on({ email: 'Ada@Example.com' });
    await p.on({ objectId: id, email: 'new@example.com' });
    for (const email of ['ada@example.com', 'ADA@EXAMPLE.COM', 'New@example.com'])
      expect(open().contactByEmail(p.portalId, email)).toEqual(p.contact(id));
    expect(p.byEmail('ada@example')).toBeUndefined();
    expect(other.byEmail('ada@example.com')).toBeUndefined();
  });
}
