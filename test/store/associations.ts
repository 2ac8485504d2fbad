// What every storage engine promises about records that belong to one another, and their shared timeline.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Subject } from '../../dist/records/identity.js';
import type { ObjectType, RecordWrite } from '../../dist/records/record.js';
import { Refusal } from '../../dist/refusal.js';
import { MAX_CONTACTS_ON_TIMELINE, MAX_PLACES_ON_TIMELINE } from '../../dist/timeline/store.js';
import { draftOf, NOW, type Store, stored, tenantOf, walk } from './support.js';

export function associationConformance(store: Store): void {
  describe('associations', () => {
    const wrote = async (portalId: number, ...writes: RecordWrite[]) =>
      (await store.write(portalId, writes, NOW)).map((outcome) => {
        if (outcome instanceof Refusal) throw outcome;
        return outcome.id;
      });
    const made = async (portalId: number, type: ObjectType, name: string, value: string, email?: string) => {
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
          fc.array(fc.record({ who: fc.integer({ min: 0, max: 4 }), at: fc.integer({ min: -3, max: 3 }) }), {
            maxLength: 40,
          }),
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

    test('who were too many visitors make no timeline either', async () => {
      const { portalId, templateId } = await tenantOf(store);
      const company = await made(portalId, 'companies', 'name', 'C');
      const many = Math.ceil(MAX_PLACES_ON_TIMELINE / 200);
      const contact: RecordWrite = {
        op: 'create',
        type: 'contacts',
        properties: [],
        associations: [company],
      };
      const contacts = (await wrote(portalId, ...Array(many).fill(contact))) as number[];
      const visits = contacts.flatMap((objectId) =>
        Array.from({ length: 200 }, () => ({ objectId, utk: crypto.randomUUID() })),
      );
      const send = (subjects: Partial<Subject>[]) =>
        store.append(subjects.map((subject) => draftOf(portalId, templateId, crypto.randomUUID(), subject)));
      await send(visits.map(({ utk }) => ({ utk })));
      const look = () => store.timeline(company, { limit: 1, withContacts: true });
      expect(look().events).toEqual([]);
      await send(visits);
      expect(look).toThrow(Refusal);
      expect(
        store.timeline({ ...company, type: 'contacts', id: contacts[0] as number }, { limit: 1 }).events,
      ).toHaveLength(1);
    });
  });
}
