// What every storage engine promises about the definitions of properties and their groups.
import { describe, expect, test } from 'vitest';
import { type Definition, type PropertyDefinition, textProperty } from '../../dist/records/properties.js';
import type { ObjectType, PropertyValue } from '../../dist/records/record.js';
import { Refusal } from '../../dist/refusal.js';
import { draftOf, NOW, type Store, tenantOf } from './support.js';

export function propertyConformance(store: Store): void {
  describe('property definitions', () => {
    const definition = (name: string, more: Partial<PropertyDefinition> = {}): PropertyDefinition => ({
      ...textProperty('contacts', name, NOW),
      ...more,
    });

    test('read back as they were kept, by portal and type', async () => {
      const { portalId } = await tenantOf(store);
      const other = await tenantOf(store);
      const options = [{ value: 'é;\n"', label: 'É', displayOrder: 0, hidden: true }];
      const kept: Definition[] = [
        {
          kind: 'group',
          name: 'pets',
          label: 'Pets',
          displayOrder: 1,
          predefined: false,
          version: 1,
          createdAt: NOW,
          updatedAt: NOW,
        },
        definition('pets', { type: 'enumeration', fieldType: 'select', options }),
        definition('Pets', { description: 'Another.' }),
      ];
      expect(await store.define(portalId, 'contacts', kept)).toEqual([true, true, true]);
      const read = store.definitions(portalId, 'contacts');
      expect(read).toHaveLength(3);
      expect(read).toEqual(expect.arrayContaining(kept));
      expect(store.definitions(portalId, 'deals')).toEqual([]);
      expect(store.definitions(other.portalId, 'contacts')).toEqual([]);
    });

    test('of two changes to one version, one is told that the other was faster', async () => {
      const { portalId } = await tenantOf(store);
      const define = (...made: Definition[]) => store.define(portalId, 'contacts', made);
      expect(await Promise.all([define(definition('a')), define(definition('a'))])).toEqual([
        [true],
        [false],
      ]);
      const changes = ['one', 'two'].map((label) => definition('a', { label, version: 2 }));
      expect(await define(...changes, definition('b'))).toEqual([true, false, true]);
      expect(await define(definition('a', { version: 4 }))).toEqual([false]);
      expect(await define(definition('a', { version: 3, archivedAt: NOW }))).toEqual([true]);
      expect(store.definitions(portalId, 'contacts')).toMatchObject([
        { name: 'a', label: 'a', version: 3, archivedAt: NOW },
        { name: 'b', version: 1 },
      ]);
    });

    test('come with the values that named them, and stay as they are when they are there', async () => {
      const { portalId, templateId } = await tenantOf(store);
      const valued = (name: string, more?: Partial<PropertyDefinition>): PropertyValue[] => [
        { name, value: 'x', at: NOW, defines: definition(name, more) },
      ];
      const names = (type: ObjectType) => store.definitions(portalId, type).map(({ name }) => name);
      const [refused, written] = await store.write(
        portalId,
        [
          { op: 'update', type: 'deals', id: 999, properties: valued('never') },
          { op: 'create', type: 'deals', properties: valued('by_hand') },
        ],
        NOW,
      );
      expect(refused).toBeInstanceOf(Refusal);
      expect(written).toMatchObject({ created: true });
      expect(names('deals')).toEqual(['by_hand']);

      const event = draftOf(portalId, templateId, 'defines', { email: 'defines@example.com' });
      const [one, two, three] = await store.append([
        { ...event, properties: valued('by_event') },
        { ...event, id: 'again', properties: valued('by_event', { label: 'later' }) },
        {
          ...event,
          id: 'refused',
          subject: { ...event.subject, objectId: 999 },
          properties: valued('never'),
        },
      ]);
      expect([one, two].some((each) => each instanceof Refusal)).toBe(false);
      expect(three).toBeInstanceOf(Refusal);
      await store.identify({
        portalId,
        subject: { type: 'contacts', unknown: 'create', identifies: true, utk: 'definer' },
        properties: valued('by_form'),
        at: NOW,
      });
      expect(names('contacts')).toEqual(['by_event', 'by_form']);
      expect(store.definitions(portalId, 'contacts')[0]).toEqual(definition('by_event'));
    });

    test('are not passed over by a value that was taken for text meanwhile', async () => {
      const { portalId, templateId } = await tenantOf(store);
      const number = definition('size', { type: 'number', fieldType: 'number' });
      expect(
        await store.define(portalId, 'contacts', [definition('code', { unique: true }), number]),
      ).toEqual([true, true]);
      for (const name of ['code', 'size']) {
        const properties = [{ name, value: 'x', at: NOW, defines: definition(name) }];
        const email = `${name}@example.com`;
        const outcomes = [
          ...(await store.write(portalId, [{ op: 'create', type: 'contacts', email, properties }], NOW)),
          ...(await store.append([
            { ...draftOf(portalId, templateId, name, { email }), properties },
            { ...draftOf(portalId, templateId, name, { utk: name }), properties },
          ])),
        ];
        for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: 'overloaded' });
        expect((await store.contactsByEmail(portalId, [email]))[0]).toBeUndefined();
        expect(store.event(portalId, templateId, name)).toBeUndefined();
      }
    });
  });
}
