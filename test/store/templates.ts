// What every storage engine promises about templates: how they are kept, changed, counted and archived.
import { describe, expect, test } from 'vitest';
import type { Template } from '../../dist/timeline/template.js';
import { NOW, newApp, type Store, templateOf, tenantOf } from './support.js';

export function templateConformance(store: Store): void {
  describe('templates', () => {
    test('read back as they were kept, oldest first, by app', async () => {
      const [appId, foreign] = [await newApp(store), await newApp(store)];
      const whole = templateOf(appId, {
        tokens: [
          { name: 'z', label: 'Z', type: 'number', options: [], createdAt: NOW, updatedAt: NOW },
          {
            name: 'a.b-c_0',
            label: '"quoted" 🐾',
            type: 'enumeration',
            options: [{ value: '1', label: 'One' }],
            objectPropertyName: 'firstname',
            createdAt: NOW,
            updatedAt: NOW + 1,
          },
        ],
      });
      const { headerTemplate, detailTemplate, ...bare } = templateOf(appId, {
        objectType: 'tickets',
        tokens: [],
      });
      const first = (await store.createTemplate(whole, 10)) as number;
      const second = (await store.createTemplate(bare, 10)) as number;
      expect(second).toBeGreaterThan(first);
      expect(store.template(first)).toEqual({ ...whole, id: first, version: 1 });
      expect(store.template(second)).toEqual({ ...bare, id: second, version: 1 });
      expect(store.templates(appId).map(({ id }) => id)).toEqual([first, second]);
      expect(store.templates(foreign)).toEqual([]);
    });

    test('of an app are counted in bytes, all or without one of them; archived ones and others’ are not', async () => {
      const [appId, foreign] = [await newApp(store), await newApp(store)];
      expect(store.templateBytes(appId)).toBe(0);
      const texts = { name: 'é', headerTemplate: '🐾', detailTemplate: 'x', tokens: [] };
      const { headerTemplate, detailTemplate, ...bare } = templateOf(appId, texts);
      const first = (await store.createTemplate(templateOf(appId, texts), 10)) as number;
      await store.createTemplate(bare, 10);
      await store.createTemplate(templateOf(foreign, texts), 10);
      expect(store.templateBytes(appId)).toBe(2 + 4 + 1 + 2 + (2 + 2));
      expect(store.templateBytes(appId, first)).toBe(4);
      await store.archiveTemplate(first, NOW);
      expect(store.templateBytes(appId)).toBe(4);
    });

    test('of two changes to one version, one is told that the other was faster', async () => {
      const { templateId } = await tenantOf(store);
      const template = store.template(templateId) as Template;
      const { detailTemplate, ...withoutDetail } = template;
      const results = await Promise.all([
        store.saveTemplate({ ...withoutDetail, name: 'mine', tokens: [], updatedAt: NOW + 1 }),
        store.saveTemplate({ ...template, name: 'yours' }),
      ]);
      expect(results).toEqual([true, false]);
      expect(store.template(templateId)).toEqual({
        ...withoutDetail,
        name: 'mine',
        tokens: [],
        updatedAt: NOW + 1,
        version: template.version + 1,
      });
      expect(await store.saveTemplate({ ...template, version: template.version + 1, name: 'yours' })).toBe(
        true,
      );
      expect(store.template(templateId)?.name).toBe('yours');
    });

    test('an app has no more than its most; archived ones do not count', async () => {
      const appId = await newApp(store);
      const made = await Promise.all([1, 2, 3, 4].map(() => store.createTemplate(templateOf(appId), 3)));
      expect(made.map((id) => typeof id)).toEqual(['number', 'number', 'number', 'undefined']);
      expect(store.templates(appId)).toHaveLength(3);
      await store.archiveTemplate(made[0] as number, NOW);
      const next = await store.createTemplate(templateOf(appId), 3);
      expect(next).toBeGreaterThan(made[2] as number);
      expect(await store.createTemplate(templateOf(appId), 3)).toBeUndefined();
      expect(store.templates(appId)).toHaveLength(3);
    });

    test('an archived one is gone: not read, not listed, not changed', async () => {
      const { appId, templateId, otherTemplateId } = await tenantOf(store);
      const template = store.template(templateId) as Template;
      await store.archiveTemplate(templateId, NOW);
      await store.archiveTemplate(templateId, NOW + 1);
      expect(store.template(templateId)).toBeUndefined();
      expect(store.templates(appId).map(({ id }) => id)).toEqual([otherTemplateId]);
      expect(await store.saveTemplate(template)).toBe(false);
    });

    test('a given id is taken; archived, it comes back as it was; beyond the most it does not', async () => {
      const appId = await newApp(store);
      const id = 1_000 + appId; // below those that are made
      expect(await store.createTemplate({ ...templateOf(appId, { name: 'given' }), id }, 2)).toBe(id);
      await store.archiveTemplate(id, NOW);
      expect(store.template(id)).toBeUndefined();
      expect(await store.createTemplate({ ...templateOf(appId, { name: 'other' }), id }, 2)).toBe(id);
      expect(store.template(id)?.name).toBe('given');
      await store.archiveTemplate(id, NOW);
      await store.createTemplate(templateOf(appId), 2);
      await store.createTemplate(templateOf(appId), 2);
      expect(await store.createTemplate({ ...templateOf(appId), id }, 2)).toBeUndefined();
      expect(store.template(id)).toBeUndefined();
    });
  });
}
