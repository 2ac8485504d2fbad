// What every storage engine promises about whom an event is about: by e-mail, by id, a visitor, or nobody yet.
import { describe, expect, test } from 'vitest';
import type { ObjectType } from '../../dist/records/record.js';
import {
  contact,
  create,
  draftOf,
  ids,
  NOW,
  refusal,
  type Store,
  stored,
  tenantOf,
  walk,
  whole,
} from './support.js';

/** What a record has that was made just now and of which nothing else is known. */
const BARE = {
  additionalEmails: [],
  utks: [],
  mergedIds: [],
  properties: new Map(),
  createdAt: NOW,
  updatedAt: NOW,
};

export function subjectConformance(store: Store): void {
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
      expect(whole(store.record(contact(portalId, id as number)))).toEqual({
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
      expect(whole(store.record(contact(portalId, objectId)))).toMatchObject({
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
      expect(whole(store.record(contact(portalId, objectId)))).toMatchObject({
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
      expect(whole(store.record(contact(portalId, b)))).toMatchObject({
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
      await store.append([draftOf(portalId, templateId, 'e', { objectId: 3, ...create })]);
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
        await store.append([draftOf(portalId, templateId, `c ${type}`, { type, objectId: 9, ...create })]);
        expect(whole(store.record(record))).toEqual({ ...record, ...BARE });
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
        taken.map((objectId) => draftOf(portalId, templateId, `t${objectId}`, { objectId, ...create })),
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
            { objectId, ...create },
            { timestamp: NOW - objectId },
          ),
        ]);
      expect(store.recentRecords(portalId, 10).map((record) => record.id)).toEqual([1, 3, 2]);
      expect(store.recentRecords(portalId, 2).map((record) => record.id)).toEqual([1, 3]);
    });
  });
}
