// What every storage engine promises about custom objects, and about values of which no two records have the same.
import { describe, expect, test } from 'vitest';
import { digest, newSecret } from '../../dist/access/credentials.js';
import { type PropertyDefinition, textProperty } from '../../dist/records/properties.js';
import {
  type CustomType,
  type ObjectType,
  type PropertyValue,
  uniqueKey,
} from '../../dist/records/record.js';
import type { ObjectSchema } from '../../dist/records/schema.js';
import { Refusal } from '../../dist/refusal.js';
import { draftOf, ids, NOW, refusal, type Store, stored, tenantOf, walk, whole } from './support.js';

const blank = (name: string, more: Partial<ObjectSchema> = {}): Omit<ObjectSchema, 'type'> => ({
  name,
  singular: 'Pet',
  plural: 'Pets',
  secondaryDisplayProperties: [],
  requiredProperties: ['ß'],
  searchableProperties: [],
  associated: ['contacts'],
  version: 1,
  createdAt: NOW,
  updatedAt: NOW,
  ...more,
});
const MAX = 10;

function made(outcome: ObjectSchema | 'taken' | 'full'): ObjectSchema {
  if (typeof outcome === 'string') throw new Error(outcome);
  return outcome;
}

export function schemaConformance(store: Store): void {
  async function portalOf() {
    const tenant = await tenantOf(store);
    const { portalId } = tenant;
    return {
      ...tenant,
      schema: async (name: string) => made(await store.createSchema(portalId, blank(name), [], MAX)),
      save: (schema: ObjectSchema, more: Partial<ObjectSchema>) =>
        store.saveSchema(portalId, { ...schema, version: schema.version + 1, ...more }),
      async create(type: ObjectType, properties: PropertyValue[] = []) {
        const [outcome] = await store.write(portalId, [{ op: 'create', type, properties }], NOW);
        return outcome instanceof Refusal ? outcome : (outcome?.id as number);
      },
      unique: (type: ObjectType, value: string, name = 'code'): PropertyValue & { uniqueKey: string } => ({
        name,
        value,
        at: NOW,
        uniqueKey: uniqueKey(portalId, type, name, value),
      }),
    };
  }

  describe('custom objects', () => {
    test('read back as they were kept, in order, with their properties, in their portal alone', async () => {
      const { portalId } = await portalOf();
      const other = await portalOf();
      const definition: PropertyDefinition = textProperty('contacts', 'pet_name', NOW);
      const full = blank('pets', { description: '"é\n', primaryDisplayProperty: 'pet_name' });
      const first = made(await store.createSchema(portalId, full, [definition], MAX));
      const second = made(await store.createSchema(portalId, blank('toys'), [], MAX));
      expect(first).toEqual({ ...full, type: expect.stringMatching(/^2-[1-9]\d*$/) });
      expect(store.schemas(portalId)).toEqual([first, second]);
      expect(store.definitions(portalId, first.type)).toEqual([definition]);
      expect(store.definitions(portalId, second.type)).toEqual([]);
      expect(store.schemas(other.portalId)).toEqual([]);
      expect(store.definitions(other.portalId, first.type)).toEqual([]);
      const same = made(await store.createSchema(other.portalId, blank('pets'), [], MAX));
      expect(same.type).not.toBe(first.type);
    });

    test('have names that none has in any letter case, and there are at most so many', async () => {
      const { portalId } = await portalOf();
      const both = await Promise.all(
        ['pets', 'Pets'].map((name) => store.createSchema(portalId, blank(name), [], 2)),
      );
      expect(both.filter((each) => each === 'taken')).toHaveLength(1);
      made(await store.createSchema(portalId, blank('toys'), [], 2));
      expect(await store.createSchema(portalId, blank('more'), [], 2)).toBe('full');
      expect(store.schemas(portalId)).toHaveLength(2);
    });

    test('of two changes to one version, one is told that the other was faster', async () => {
      const p = await portalOf();
      const stranger = await portalOf();
      const schema = await p.schema('pets');
      expect(await stranger.save(schema, { plural: 'Stolen' })).toBe('stale');
      const changes = ['One', 'Two'].map((plural) => p.save(schema, { plural }));
      expect(await Promise.all(changes)).toEqual(['kept', 'stale']);
      expect(store.schemas(p.portalId)).toEqual([{ ...schema, plural: 'One', version: 2 }]);
    });

    test('are archived while no record is there; from then on none is made', async () => {
      const p = await portalOf();
      const schema = await p.schema('pets');
      const { type } = schema;
      const pet = (await p.create(type)) as number;
      const archive = () => p.save(schema, { archivedAt: NOW + 1 });
      expect(await archive()).toBe('in-use');
      expect(store.schemas(p.portalId)).toEqual([schema]);
      await store.write(p.portalId, [{ op: 'archive', type, id: pet }], NOW);
      expect(await archive()).toBe('kept');
      expect(store.schemas(p.portalId)).toEqual([{ ...schema, version: 2, archivedAt: NOW + 1 }]);
      expect(await p.create(type)).toMatchObject({ reason: 'not-found' });
      const subject = { type, objectId: 7, unknown: 'create' as const };
      const draft = draftOf(p.portalId, p.templateId, 'e', subject);
      const [again, onNew] = await store.append([
        { ...draft, subject: { ...subject, objectId: pet } },
        draft,
      ]);
      for (const each of [again, onNew]) expect(refusal(each).reason).toBe('not-found');
      expect(store.record({ portalId: p.portalId, type, id: 7 })).toBeUndefined();
      expect(store.event(p.portalId, p.templateId, 'e')).toBeUndefined();
    });

    test('of an archiving and a record that is made at once, one comes first', async () => {
      const p = await portalOf();
      const schema = await p.schema('pets');
      const [outcome, created] = await Promise.all([
        p.save(schema, { archivedAt: NOW }),
        p.create(schema.type),
      ]);
      expect([outcome, created instanceof Refusal]).toEqual(
        outcome === 'kept' ? ['kept', true] : ['in-use', false],
      );
    });

    test('that are dropped free their name; their type is never another’s', async () => {
      const p = await portalOf();
      const definition = textProperty('contacts', 'pet_name', NOW);
      const schema = made(await store.createSchema(p.portalId, blank('pets'), [definition], MAX));
      await store.dropSchema(p.portalId, schema.type);
      expect(store.schemas(p.portalId), 'one that is not archived stays').toEqual([schema]);
      await p.save(schema, { archivedAt: NOW });
      await store.dropSchema((await portalOf()).portalId, schema.type);
      expect(store.schemas(p.portalId)).toHaveLength(1);
      await store.dropSchema(p.portalId, schema.type);
      expect(store.schemas(p.portalId)).toEqual([]);
      expect(store.definitions(p.portalId, schema.type)).toEqual([]);
      expect((await p.schema('PETS')).type).not.toBe(schema.type);
    });

    test('meet an app by id, name and full name where it is installed', async () => {
      const p = await portalOf();
      const { type } = await p.schema('meets');
      const names = [type, 'meets', 'MEETS', `p${p.portalId}_meets`];
      const meets = () => names.map((name) => store.appMeetsSchema(p.appId, name));
      expect(meets()).toEqual([false, false, false, false]);
      const token = { hash: digest(newSecret('token')), portalId: p.portalId, appId: p.appId, scopes: [] };
      await store.createToken(token);
      expect(meets()).toEqual([true, true, true, true]);
      expect(store.appMeetsSchema(p.appId, 'p1_meets')).toBe(false);
      expect(store.appMeetsSchema((await portalOf()).appId, type)).toBe(false);
      const [schema] = store.schemas(p.portalId) as [ObjectSchema];
      await p.save(schema, { archivedAt: NOW });
      expect(meets()).toEqual([false, false, false, false]);
    });

    test('have records, timelines and associations as any type has', async () => {
      const p = await portalOf();
      const { type } = await p.schema('pets');
      const key = async (of: ObjectType) => ({
        portalId: p.portalId,
        type: of,
        id: (await p.create(of, [{ name: 'pet_name', value: 'Rex', at: NOW }])) as number,
      });
      const [pet, contact] = [await key(type), await key('contacts')];
      expect(whole(store.record(pet))).toMatchObject({ ...pet, properties: new Map([['pet_name', 'Rex']]) });
      await store.write(p.portalId, [{ op: 'associate', ...pet, to: contact }], NOW);
      const page = { after: 0, limit: 10 };
      expect(store.associated(contact, type, page)).toEqual([pet.id]);
      expect(store.associated(pet, 'contacts', page)).toEqual([contact.id]);
      const [event] = await store.append([
        draftOf(p.portalId, p.templateId, 'on-pet', { type, objectId: pet.id }),
      ]);
      expect(stored(event).objectId).toBe(pet.id);
      expect(ids(walk(store, pet))).toEqual(['on-pet']);
      expect(store.records(p.portalId, type, { ...page, archived: false }).map(({ id }) => id)).toEqual([
        pet.id,
      ]);
      const sort = { propertyName: 'hs_createdate', descending: false };
      const search = { groups: [], query: 'rex', sort, offset: 0, limit: 10 };
      const found = async (searched: string[]) =>
        (await store.search(p.portalId, type, { ...search, searched })).total;
      expect([await found(['pet_name']), await found(['other']), await found([])]).toEqual([1, 0, 0]);
      await store.write(p.portalId, [{ op: 'archive', type, id: pet.id }], NOW);
      expect(store.record(pet)).toBeUndefined();
      expect(store.associated(contact, type, page)).toEqual([]);
      const unheardOf: CustomType = '2-999999999';
      expect(store.records(p.portalId, unheardOf, { ...page, archived: false })).toEqual([]);
    });
  });

  describe('a value with a unique key', () => {
    test('finds its record, and no other takes it, by whatever way', async () => {
      const p = await portalOf();
      const value = p.unique('contacts', 'A-1');
      const first = (await p.create('contacts', [value])) as number;
      const same = { ...p.unique('contacts', 'a-1'), value: 'a-1' };
      expect(store.recordByUnique(p.portalId, 'contacts', same.uniqueKey)?.id).toBe(first);
      const second = (await p.create('contacts')) as number;
      const taken = [
        await p.create('contacts', [same]),
        ...(await store.write(
          p.portalId,
          [
            { op: 'update', type: 'contacts', id: second, properties: [same] },
            { op: 'upsert', type: 'contacts', by: { email: 'new@example.com' }, properties: [same] },
          ],
          NOW,
        )),
        ...(await store.append([
          { ...draftOf(p.portalId, p.templateId, 'e1', { email: 'e1@example.com' }), properties: [same] },
          { ...draftOf(p.portalId, p.templateId, 'e2', { objectId: second }), properties: [same] },
        ])),
        await store.identify({
          portalId: p.portalId,
          subject: { type: 'contacts', unknown: 'create', identifies: true, email: 'form@example.com' },
          properties: [same],
          at: NOW,
        }),
      ];
      for (const outcome of taken) {
        expect(outcome).toMatchObject({
          reason: 'invalid',
          message: expect.stringContaining(`${first} already`),
        });
        expect((outcome as Refusal).faults).toMatchObject([{ code: 'CONFLICTING_UNIQUE_VALUE' }]);
      }
      for (const email of ['e1@example.com', 'new@example.com', 'form@example.com'])
        expect((await store.contactsByEmail(p.portalId, [email]))[0]).toBeUndefined();
      expect(store.event(p.portalId, p.templateId, 'e2')).toBeUndefined();
      expect(
        whole(store.record({ portalId: p.portalId, type: 'contacts', id: second }))?.properties.size,
      ).toBe(0);
      // Its own again, another type's and another portal's are no conflict.
      const [own] = await store.write(
        p.portalId,
        [{ op: 'update', type: 'contacts', id: first, properties: [same] }],
        NOW,
      );
      expect(own).toEqual({ id: first, created: false });
      expect(await p.create('deals', [p.unique('deals', 'A-1')])).toEqual(expect.any(Number));
      const other = await portalOf();
      expect(await other.create('contacts', [other.unique('contacts', 'A-1')])).toEqual(expect.any(Number));
    });

    test('of two that are made at once with it, one is', async () => {
      const p = await portalOf();
      const value = p.unique('deals', 'x');
      const outcomes = await Promise.all([p.create('deals', [value]), p.create('deals', [value])]);
      expect(outcomes.filter((each) => each instanceof Refusal)).toHaveLength(1);
    });

    test('is free when another value is there, or its record is archived; an older value takes nothing', async () => {
      const p = await portalOf();
      const [a, b] = [p.unique('deals', 'a'), p.unique('deals', 'b')];
      const id = (await p.create('deals', [a])) as number;
      const update = (...properties: PropertyValue[]) =>
        store.write(p.portalId, [{ op: 'update', type: 'deals', id, properties }], NOW);
      const owner = (key: string) => store.recordByUnique(p.portalId, 'deals', key)?.id;
      const subject = { type: 'deals' as const, objectId: id };
      const older = { properties: [{ ...b, at: NOW - 1 }] };
      await store.append([{ ...draftOf(p.portalId, p.templateId, 'older', subject), ...older }]);
      expect([owner(a.uniqueKey), owner(b.uniqueKey)]).toEqual([id, undefined]);
      await update(b);
      expect([owner(a.uniqueKey), owner(b.uniqueKey)]).toEqual([undefined, id]);
      await update({ name: 'code', value: '', at: NOW });
      expect(owner(b.uniqueKey)).toBeUndefined();
      await update(a);
      await store.write(p.portalId, [{ op: 'archive', type: 'deals', id }], NOW);
      const next = await p.create('deals', [a]);
      expect(owner(a.uniqueKey)).toBe(next);
    });

    test('comes back with a record that was archived, unless another has it by then', async () => {
      const p = await portalOf();
      const [kept, lost] = [p.unique('deals', 'kept'), p.unique('deals', 'lost', 'number')];
      const id = (await p.create('deals', [kept, lost])) as number;
      await store.write(p.portalId, [{ op: 'archive', type: 'deals', id }], NOW);
      const other = await p.create('deals', [{ ...lost, value: 'LOST' }]);
      await store.append([
        draftOf(p.portalId, p.templateId, 'back', { type: 'deals', objectId: id, unknown: 'create' }),
      ]);
      expect(whole(store.record({ portalId: p.portalId, type: 'deals', id }))?.properties).toEqual(
        new Map([['code', 'kept']]),
      );
      const owner = (key: string) => store.recordByUnique(p.portalId, 'deals', key)?.id;
      expect([owner(kept.uniqueKey), owner(lost.uniqueKey)]).toEqual([id, other]);
      expect(await p.create('deals', [kept])).toBeInstanceOf(Refusal);
    });

    test('upserts the record that has it, or a new one that has it from then on', async () => {
      const p = await portalOf();
      const by = p.unique('companies', 'DE1');
      const upsert = async (city: string) => {
        const properties = [{ name: 'city', value: city, at: NOW }];
        const [outcome] = await store.write(
          p.portalId,
          [{ op: 'upsert', type: 'companies', by, properties }],
          NOW,
        );
        return outcome;
      };
      const first = await upsert('Bonn');
      expect(first).toMatchObject({ created: true });
      expect(await upsert('Köln')).toEqual({ ...first, created: false });
      expect(whole(store.recordByUnique(p.portalId, 'companies', by.uniqueKey))?.properties).toEqual(
        new Map([
          ['city', 'Köln'],
          ['code', 'DE1'],
        ]),
      );
    });

    test('goes with a contact that is merged, and leaves with one that is erased', async () => {
      const p = await portalOf();
      const [kept, lost] = [p.unique('contacts', 'kept'), p.unique('contacts', 'lost')];
      const [bare, rich, other] = [
        await p.create('contacts'),
        await p.create('contacts', [kept]),
        await p.create('contacts', [lost]),
      ] as [number, number, number];
      const owner = (key: string) => store.recordByUnique(p.portalId, 'contacts', key)?.id;
      await store.merge(p.portalId, bare, rich, NOW);
      await store.merge(p.portalId, bare, other, NOW);
      expect([owner(kept.uniqueKey), owner(lost.uniqueKey)]).toEqual([bare, undefined]);
      await store.erase(p.portalId, { objectId: bare });
      expect(owner(kept.uniqueKey)).toBeUndefined();
      expect(await p.create('contacts', [kept])).toEqual(expect.any(Number));
    });
  });
}
