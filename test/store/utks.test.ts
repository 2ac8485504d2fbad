// What utks stand for, against a plain model: whatever two writers of one folder do in turn, visitors who wait for their
// index are found like those who are in it.
import { rmSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { appender } from '../../dist/store/sqlite/append.js';
import { openWriter } from '../../dist/store/sqlite/database.js';
import { openStore } from '../../dist/store/sqlite/engine.js';
import { eraser } from '../../dist/store/sqlite/erasing.js';
import { people } from '../../dist/store/sqlite/people.js';
import { portals } from '../../dist/store/sqlite/portals.js';
import { recordWriter } from '../../dist/store/sqlite/record_writes.js';
import { utks } from '../../dist/store/sqlite/utks.js';
import { dangling, newFolder, segmented } from './folders.js';
import { draftOf, NOW, tenantOf } from './support.js';

const UTKS = Array.from({ length: 40 }, (_, n) => `u${(n * 7_919) % 1_000}`);
const runs = Number(process.env.MODEL_RUNS ?? 40);

function writerOf(folder: string) {
  const db = openWriter(folder);
  const ofPortals = portals(db);
  const ofUtks = utks(db);
  const persons = people(db, ofPortals, ofUtks);
  const [append, erase, write] = [appender(db, persons), eraser(db), recordWriter(db, ofPortals, persons)];
  /** As the writer thread does it. */
  function transact<Result>(work: () => Result): Result {
    const all = db.transaction(() =>
      ofPortals.within(() => {
        ofUtks.begin();
        return work();
      }),
    );
    try {
      return all.immediate();
    } catch (error) {
      ofUtks.forget();
      throw error;
    }
  }
  return { db, transact, append, erase, write, identify: persons.identify };
}

/** A folder with a tenant, in which a few places fill a group: so many of them are sorted at once. */
async function folderWith({ run = 1 } = {}) {
  const base = newFolder();
  const made = await openStore({ folder: base, clock: Date.now });
  const { portalId, templateId } = await tenantOf(made);
  await made.close();
  const folder = segmented(512, 16, 2_048, base);
  rmSync(base, { recursive: true });
  const db = openWriter(folder);
  db.prepare('UPDATE visitor_tail SET run = ?').run(run);
  db.close();
  const writer = writerOf(folder);
  const { transact, append, identify } = writer;
  const seen = (id: string, utk: string) =>
    transact(() => append([draftOf(portalId, templateId, id, { utk })]));
  const known = (utk: string) => {
    const subject = { type: 'contacts', utk, unknown: 'create', identifies: true } as const;
    return transact(() => identify({ portalId, subject, properties: [], at: NOW })) as number;
  };
  const close = () => {
    writer.db.close();
    rmSync(folder, { recursive: true });
  };
  return { ...writer, portalId, seen, known, close };
}

const utk = fc.constantFrom(...UTKS);
const steps = fc.array(
  fc.record({
    by: fc.constantFrom(0, 1),
    does: fc.oneof(
      { weight: 12, arbitrary: fc.record({ seen: fc.array(utk, { minLength: 1, maxLength: 4 }) }) },
      { weight: 3, arbitrary: fc.record({ known: utk }) },
      {
        weight: 2,
        arbitrary: fc.record({
          erased: fc.oneof(utk, fc.constant('who came last'), fc.constant('who was there')),
        }),
      },
      { weight: 2, arbitrary: fc.record({ archived: utk }) },
      {
        weight: 2,
        arbitrary: fc.record({ records: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.constant(20)) }),
      },
      { weight: 2, arbitrary: fc.record({ fails: fc.array(utk, { minLength: 1, maxLength: 4 }) }) },
      { weight: 1, arbitrary: fc.constant({ reopens: true as const }) },
    ),
  }),
  { minLength: 100, maxLength: 200, size: 'max' },
);

test('a utk is one visitor, or a contact, for all writers of a folder', async () => {
  const base = newFolder();
  const made = await openStore({ folder: base, clock: Date.now });
  const { portalId, templateId } = await tenantOf(made);
  await made.close();
  const moved = { groups: 0, inPart: 0 };
  fc.assert(
    fc.property(steps, (each) => {
      const folder = segmented(512, 16, 2_048, base);
      const first = writerOf(folder);
      const contacts = new Map<string, number>();
      const visitors = new Map<string, number>(); // their places
      let [arrival, people] = [0, 0];
      const seenBy = (names: string[]) =>
        names.map((name) => draftOf(portalId, templateId, `e${arrival++}`, { utk: name }));
      // As a folder of before is brought up to date: the newest place is a contact's, nobody waits.
      const create = { op: 'create', type: 'contacts', properties: [] } as const;
      const [contact] = first.transact(() => first.write(portalId, [create], NOW));
      contacts.set('who was there', (contact as { id: number }).id);
      first.db.prepare('UPDATE visitor_tail SET run = 3, below = (SELECT max(id) + 1 FROM place)').run();
      first.db.close();
      const writers = [writerOf(folder), writerOf(folder)];
      try {
        for (const { by, does } of each) {
          const writer = writers[by] as ReturnType<typeof writerOf>;
          if ('seen' in does) {
            const drafts = seenBy(does.seen);
            const filed = writer.transact(() => writer.append(drafts));
            for (const [index, name] of does.seen.entries()) {
              expect(filed[3 * index]).toBe(contacts.get(name) ?? null);
              const place = writer.db
                .prepare('SELECT place FROM event WHERE seq = ?')
                .pluck()
                .get(filed[3 * index + 2]) as number;
              if (!contacts.has(name)) expect(place).toBe(visitors.get(name) ?? place);
              if (!contacts.has(name)) visitors.set(name, place);
            }
          } else if ('known' in does) {
            const email = `${people++}@example.com`;
            const subject = { type: 'contacts', utk: does.known, email, unknown: 'create' } as const;
            const id = writer.transact(() =>
              writer.identify({
                ...{ portalId, properties: [], at: NOW },
                subject: { ...subject, identifies: true },
              }),
            ) as number;
            contacts.set(does.known, id);
            visitors.delete(does.known);
          } else if ('erased' in does) {
            const id = contacts.get(does.erased) ?? Math.max(...contacts.values());
            if (id === Number.NEGATIVE_INFINITY) continue;
            writer.transact(() => writer.erase(portalId, { objectId: id }));
            for (const [name, owner] of contacts) if (owner === id) contacts.delete(name);
          } else if ('archived' in does) {
            const id = contacts.get(does.archived);
            if (id === undefined) continue;
            writer.transact(() => writer.write(portalId, [{ op: 'archive', type: 'contacts', id }], NOW));
            for (const [name, owner] of contacts) if (owner === id) contacts.delete(name);
          } else if ('records' in does) {
            const create = { op: 'create', type: 'deals', properties: [] } as const;
            writer.transact(() => writer.write(portalId, Array(does.records).fill(create), NOW));
          } else if ('fails' in does) {
            const fail = () => {
              writer.append(seenBy(does.fails));
              throw new Error('the disk is full');
            };
            expect(() => writer.transact(fail)).toThrow('the disk is full');
          } else {
            writer.db.close();
            writers[by] = writerOf(folder);
          }
          const { db } = writers[by] as ReturnType<typeof writerOf>;
          expect(dangling(db)).toEqual([]);
          const standing = db.prepare('SELECT below, moved_utk FROM visitor_tail').raw();
          const [below, movedLast] = standing.get() as [number, string];
          if (below > 1) moved.groups++;
          if (movedLast !== '') moved.inPart++;
        }
      } finally {
        for (const { db } of writers) db.close();
        rmSync(folder, { recursive: true });
      }
    }),
    { numRuns: runs },
  );
  rmSync(base, { recursive: true });
  expect(moved).toSatisfy(({ groups, inPart }) => groups > 100 && inPart > 10);
}, 600_000);

test('where an erase made room in a group that was on its way, who comes into it goes on its way too', async () => {
  const { db, transact, erase, portalId, seen, known, close } = await folderWith();
  const id = known('newest');
  // How far the group had gone before its newest places were erased.
  db.prepare("UPDATE visitor_tail SET moved_portal = ?, moved_utk = 'zzz'").run(portalId);
  transact(() => erase(portalId, { objectId: id }));
  for (let n = 0; n < 60; n++) seen(`e${n}`, `u${n}`);
  expect(dangling(db)).toEqual([]);
  expect(db.prepare('SELECT count(*) FROM visitor').pluck().get()).toBeGreaterThan(8);
  close();
});

test("a visitor whose utk had been a contact's, archived since, is found once its group is in the index", async () => {
  // Both visitors of this utk are in one run, and the first one is the last of those that go at once.
  const { db, transact, write, portalId, seen, known, close } = await folderWith({ run: 8 });
  seen('before', 'a');
  seen('first', 'm');
  const id = known('m');
  transact(() => write(portalId, [{ op: 'archive', type: 'contacts', id }], NOW));
  seen('second', 'm');
  for (let n = 0; n < 150; n++) seen(`e${n}`, `u${n}`);
  expect(dangling(db)).toEqual([]);
  close();
});

test('of an erased contact no utk stays behind as the one that was moved last', async () => {
  const { db, transact, erase, portalId, seen, known, close } = await folderWith();
  const movedLast = db.prepare('SELECT moved_utk FROM visitor_tail').pluck();
  for (let n = 0; movedLast.get() === ''; n++) seen(`e${n}`, `secret ${n}`);
  const utk = movedLast.get() as string;
  const id = known(utk);
  db.prepare('UPDATE visitor_tail SET moved_utk = ?').run(utk);
  transact(() => erase(portalId, { objectId: id }));
  expect(movedLast.get()).toBe('');
  for (let n = 0; n < 30; n++) seen(`later${n}`, `later ${n}`);
  expect(dangling(db)).toEqual([]);
  close();
});
