// What every storage engine promises about bulk imports.
import { describe, expect, test } from 'vitest';
import type { ImportRefusal, ImportStep } from '../../dist/timeline/imports.js';
import type { EventDraft } from '../../dist/timeline/store.js';
import { portalOf } from './portal.js';
import { newApp, type Store } from './support.js';

export function importConformance(store: Store): void {
  const why = (line: number, message: string): ImportRefusal => ({
    line,
    refusal: { reason: 'invalid', message, faults: [{ in: 'email', message }], context: { line: ['x'] } },
  });

  /** A file that is imported into a portal of its own. */
  async function importing() {
    const p = await portalOf(store);
    const key = { portalId: p.portalId, appId: p.appId, head: Buffer.from('head'), headBytes: 4 };
    const step = (from: number, at: number, more: Partial<ImportStep> = {}, drafts: EventDraft[] = []) =>
      store.importStep(drafts, {
        ...key,
        ...{ from, at, line: at, lastLineAt: from, lastLine: Buffer.from(`ends at ${at}`) },
        ...{ lines: [], refusals: [], reported: { bytes: 0, line: 0 } },
        ...more,
      });
    return { p, key, step, standing: () => store.importStanding(key) };
  }

  describe('an import', () => {
    test('keeps of each step where it ended, what it stored, and what it refused until that is reported', async () => {
      const { p, step, standing } = await importing();
      expect(standing()).toBeUndefined();
      expect(await step(0, 2, { refusals: [why(2, 'no event')] })).toEqual([]);
      const drafts = [p.draft('stored', { utk: 'u' }), p.draft('refused', { objectId: 4_711 })];
      const refused = await step(2, 5, { lines: [3, 4], refusals: [why(5, 'none either')] }, drafts);
      expect(refused).toMatchObject([{ line: 4, refusal: { reason: 'not-found' } }]);
      expect(p.event('stored')).toBeDefined();
      expect(standing()).toMatchObject({
        ...{ at: 5, line: 5, lastLineAt: 2, stored: 1, refused: 3, reportBytes: 0 },
        unreported: [why(2, 'no event'), ...refused, why(5, 'none either')],
      });
      expect(Buffer.from(standing()?.lastLine ?? []).toString()).toBe('ends at 5');
      await step(5, 5, { reported: { bytes: 70, line: 4 } });
      expect(standing()).toMatchObject({ reportBytes: 70, unreported: [why(5, 'none either')] });
    });

    test('of a line that is refused again, since it has gone on, keeps the last word', async () => {
      const { step, standing } = await importing();
      await step(0, 1, { refusals: [why(1, 'is cut off')] });
      await step(1, 9, { line: 1, refusals: [why(1, 'is no event')] });
      expect(standing()?.unreported).toEqual([why(1, 'is no event')]);
    });

    test('takes a step from where it stands alone', async () => {
      const { p, step, standing } = await importing();
      await step(0, 5);
      const before = standing();
      for (const from of [0, 4, 6])
        await expect(step(from, 9, { lines: [1] }, [p.draft('late', { utk: 'u' })])).rejects.toMatchObject({
          reason: 'conflict',
        });
      expect(standing()).toEqual(before);
      expect(p.event('late')).toBeUndefined();
    });

    test('is one of a portal, an app and a head', async () => {
      const { p, key, step, standing } = await importing();
      await step(0, 5, { refusals: [why(1, 'no event')] });
      const other = await portalOf(store);
      for (const more of [
        { portalId: other.portalId },
        { appId: await newApp(store) },
        { head: Buffer.from('other') },
      ]) {
        const { portalId, appId } = { ...key, ...more };
        expect(store.importStanding({ ...key, ...more })).toBeUndefined();
        await store.forgetImport({ ...key, ...more });
        expect(store.importHeads(portalId, appId)).toEqual('head' in more ? [4] : []);
      }
      await other.erase({ objectId: 1 });
      expect(standing()).toMatchObject({ at: 5, unreported: [why(1, 'no event')] });
      await step(0, 7, { head: Buffer.from('longer'), headBytes: 6 });
      expect(store.importHeads(p.portalId, p.appId).sort()).toEqual([4, 6]);
    });

    test('that is forgotten begins anew, also with refused lines that nobody was told of; its events stay', async () => {
      const { p, key, step, standing } = await importing();
      await step(0, 5, { lines: [1], refusals: [why(5, 'no event')] }, [p.draft('e', { utk: 'u' })]);
      await store.forgetImport(key);
      expect(standing()).toBeUndefined();
      expect(store.importHeads(p.portalId, p.appId)).toEqual([]);
      expect(p.event('e')).toBeDefined();
      await step(0, 3);
      expect(standing()).toMatchObject({ at: 3, stored: 0, refused: 0, unreported: [] });
    });
  });
}
