// What utks and e-mails stand for, against a plain model: whatever two writers of one folder do in turn, those who wait
// for their index are found like those who are in it.
import { rmSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openWriter } from '../../dist/store/sqlite/database.js';
import { openStore } from '../../dist/store/sqlite/engine.js';
import { dangling, newFolder, segmented, type Writer, writerOf } from './folders.js';
import { draftOf, NOW, tenantOf } from './support.js';

const UTKS = Array.from({ length: 40 }, (_, n) => `u${(n * 7_919) % 1_000}`);
const runs = Number(process.env.MODEL_RUNS ?? 40);

/** A folder with a tenant, in which a few places fill a group: so many of them are sorted at once. */
async function folderWith({ run = 1 } = {}) {
  const base = newFolder();
  const made = await openStore({ folder: base, clock: Date.now });
  const { portalId, templateId } = await tenantOf(made);
  await made.close();
  const folder = segmented(512, 16, 2_048, base);
  rmSync(base, { recursive: true });
  const db = openWriter(folder);
  db.prepare('UPDATE waiting SET run = ?').run(run);
  db.close();
  const writer = writerOf(folder);
  const seen = (id: string, utk: string, by = writer) =>
    by.transact(() => by.append([draftOf(portalId, templateId, id, { utk })]))[0];
  const known = (utk: string, by = writer) => {
    const subject = { type: 'contacts', utk, unknown: 'create', identifies: true } as const;
    return by.transact(() => by.identify({ portalId, subject, properties: [], at: NOW })) as number;
  };
  const mailed = (email: string, by = writer) =>
    by.transact(() => by.append([draftOf(portalId, templateId, `e${arrival++}`, { email })]))[0] as number;
  let arrival = 0;
  const close = () => {
    writer.db.close();
    rmSync(folder, { recursive: true });
  };
  return { ...writer, writer, folder, portalId, seen, known, mailed, close };
}

const FULL = new Error('the disk is full');
const failing = (writer: Writer): Writer => ({
  ...writer,
  transact: (work) =>
    writer.transact(() => {
      work();
      throw FULL;
    }),
});

/** Until it knows what the indexes hold. */
function idle({ transact }: Writer, times = 40): void {
  for (let n = 0; n < times; n++) transact(() => undefined);
}

const utk = fc.constantFrom(...UTKS);
const email = fc.constantFrom(...UTKS.map((name) => `${name}@example.com`));
const step = fc.record({
  by: fc.constantFrom(0, 1),
  asks: fc.constantFrom(0, 1),
  looks: fc.boolean(),
  fails: fc.oneof({ weight: 7, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  does: fc.oneof(
    { weight: 12, arbitrary: fc.record({ seen: fc.array(utk, { minLength: 1, maxLength: 4 }) }) },
    { weight: 3, arbitrary: fc.record({ known: utk }) },
    {
      weight: 2,
      arbitrary: fc.record({
        erased: fc.oneof(utk, email, fc.constant('who came last'), fc.constant('who was there')),
      }),
    },
    { weight: 8, arbitrary: fc.record({ mailed: fc.array(email, { minLength: 1, maxLength: 4 }) }) },
    { weight: 2, arbitrary: fc.record({ archived: fc.oneof(utk, email) }) },
    { weight: 4, arbitrary: fc.record({ merged: fc.tuple(email, email) }) },
    { weight: 3, arbitrary: fc.record({ changed: email, to: email }) },
    {
      weight: 2,
      arbitrary: fc.record({ records: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.constant(20)) }),
    },
    { weight: 1, arbitrary: fc.constant({ reopens: true as const }) },
  ),
});
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;
const steps = fc.record({
  // Where one process alone writes, its memory says more of the indexes.
  alone: fc.boolean(),
  steps: fc.array(step, { minLength: 100, maxLength: 200, size: 'max' }),
});

test('a utk is one visitor, or a contact, and an e-mail one contact, for all writers of a folder', async () => {
  const base = newFolder();
  const made = await openStore({ folder: base, clock: Date.now });
  const { portalId, templateId } = await tenantOf(made);
  await made.close();
  let groups = 0; // of which some were in the indexes, step by step
  fc.assert(
    fc.property(steps, ({ alone, steps }) => {
      const folder = segmented(512, 16, 2_048, base);
      const first = writerOf(folder);
      const contacts = new Map<string, number>();
      const visitors = new Map<string, number>(); // their places
      const blocked = new Set<string>(); // e-mails of those who were erased
      let [arrival, people] = [0, 0];
      const seenBy = (names: string[]) =>
        names.map((name) => draftOf(portalId, templateId, `e${arrival++}`, { utk: name }));
      // As a folder of before is brought up to date: the newest place is a contact's, nobody waits.
      const create = { op: 'create', type: 'contacts', properties: [] } as const;
      const [contact] = first.transact(() => first.write(portalId, [create], NOW));
      contacts.set('who was there', (contact as { id: number }).id);
      first.db.prepare('UPDATE waiting SET run = 3, below = (SELECT max(id) + 1 FROM place)').run();
      first.db.close();
      const writers = [writerOf(folder), writerOf(folder)];
      function take({ by, fails, does }: Step): void {
        const writer = fails ? failing(writers[by] as Writer) : (writers[by] as Writer);
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
        } else if ('mailed' in does) {
          const drafts = does.mailed.map((email) =>
            draftOf(portalId, templateId, `e${arrival++}`, { email }),
          );
          const filed = writer.transact(() => writer.append(drafts));
          for (const [index, email] of does.mailed.entries()) {
            const id = filed[3 * index] as number;
            if (typeof id !== 'number') expect(blocked).toContain(email);
            else {
              expect([...contacts.values()].includes(id)).toBe(contacts.has(email));
              expect(id).toBe(contacts.get(email) ?? id);
              contacts.set(email, id);
            }
          }
        } else if ('merged' in does) {
          const [into, from] = does.merged.map((email) => contacts.get(email));
          if (into === undefined || from === undefined || into === from) return;
          expect(writer.transact(() => writer.merge(portalId, into, from, NOW))).toBe(into);
          for (const [name, owner] of contacts) if (owner === from) contacts.set(name, into);
        } else if ('changed' in does) {
          const id = contacts.get(does.changed);
          if (id === undefined || contacts.has(does.to)) return;
          const change = { op: 'update', type: 'contacts', id, email: does.to, properties: [] } as const;
          writer.transact(() => writer.write(portalId, [change], NOW));
          contacts.set(does.to, id);
          blocked.delete(does.to);
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
          if (id === Number.NEGATIVE_INFINITY) return;
          writer.transact(() => writer.erase(portalId, { objectId: id }));
          for (const [name, owner] of contacts)
            if (owner === id) {
              contacts.delete(name);
              blocked.add(name);
            }
        } else if ('archived' in does) {
          const id = contacts.get(does.archived);
          if (id === undefined) return;
          writer.transact(() => writer.write(portalId, [{ op: 'archive', type: 'contacts', id }], NOW));
          for (const [name, owner] of contacts) if (owner === id) contacts.delete(name);
        } else if ('records' in does) {
          const create = { op: 'create', type: 'deals', properties: [] } as const;
          writer.transact(() => writer.write(portalId, Array(does.records).fill(create), NOW));
        } else {
          writer.db.close();
          writers[by] = writerOf(folder);
        }
      }
      try {
        for (const each of steps) {
          const step: Step = alone ? { ...each, by: 0, asks: 0 } : each;
          try {
            take(step);
          } catch (error) {
            if (error !== FULL) throw error;
          }
          const asked = writers[step.asks] as Writer;
          expect(dangling(asked.db)).toEqual([]);
          for (const name of UTKS) {
            const email = `${name}@example.com`;
            const owner = () => asked.emailOwnerOf(portalId, email)?.id;
            expect(step.looks ? asked.look(owner) : asked.transact(owner)).toBe(contacts.get(email));
          }
          if ((asked.db.prepare('SELECT below FROM waiting').pluck().get() as number) > 1) groups++;
        }
      } finally {
        for (const { db } of writers) db.close();
        rmSync(folder, { recursive: true });
      }
    }),
    { numRuns: runs },
  );
  rmSync(base, { recursive: true });
  expect(groups).toBeGreaterThan(100);
}, 600_000);

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

test('the e-mail of a contact that was merged while it waited is found as the remaining one', async () => {
  const { writer, folder, db, transact, merge, portalId, mailed, close } = await folderWith();
  const into = mailed('a@example.com');
  for (let n = 0; n < 60; n++) mailed(`before${n}@example.com`); // so that only the other's e-mail waits
  idle(writer);
  const other = mailed('b@example.com');
  transact(() => merge(portalId, into, other, NOW));
  expect(() => failing(writer).transact(() => undefined)).toThrow(FULL); // what waits is read anew
  expect(['b@example.com', 'a@example.com'].map((email) => mailed(email))).toEqual([into, into]);
  const another = writerOf(folder);
  expect(mailed('b@example.com', another)).toBe(into);
  another.db.close();
  for (let n = 0; n < 60; n++) mailed(`later${n}@example.com`);
  expect(dangling(db)).toEqual([]);
  expect(mailed('b@example.com')).toBe(into);
  close();
});

test('what waits goes to the indexes too where each process makes one transaction and ends', async () => {
  const { folder, db, mailed, close } = await folderWith();
  for (let n = 0; n < 60; n++) {
    const writer = writerOf(folder);
    mailed(`m${n}@example.com`, writer);
    writer.db.close();
  }
  expect(db.prepare('SELECT count(*) FROM identity_owner').pluck().get()).toBeGreaterThan(60 - 4 * 8 - 1);
  close();
});

describe('memory knows which keys the indexes hold', () => {
  test('those that go there one by one, or as their group does', async () => {
    const { writer, seen, known, mailed, close } = await folderWith();
    idle(writer);
    const id = known('ada');
    expect(seen('hers', 'ada')).toBe(id);
    const owners = Array.from({ length: 60 }, (_, n) => mailed(`m${n}@example.com`));
    expect(Array.from({ length: 60 }, (_, n) => mailed(`m${n}@example.com`))).toEqual(owners);
    close();
  });

  test('those that another process brings there', async () => {
    const { writer, folder, portalId, seen, known, mailed, close } = await folderWith();
    const other = writerOf(folder);
    for (let round = 0; round < 3; round++) {
      idle(writer);
      const id = known(`ada${round}`, other);
      const owner = mailed(`m${round}@example.com`, other);
      const read = () => writer.emailOwnerOf(portalId, `m${round}@example.com`)?.id;
      if (round > 0) for (let n = 0; n < 60; n++) mailed(`m${round}-${n}@example.com`, other);
      expect(round === 1 ? writer.look(read) : writer.transact(read)).toBe(owner);
      expect(seen(`hers${round}`, `ada${round}`)).toBe(id);
    }
    other.db.close();
    close();
  });

  test('those that come while all are being read', async () => {
    const { folder, seen, known, close } = await folderWith();
    const named = (n: number) => `u${String(n).padStart(4, '0')}`;
    const contacts = new Map(Array.from({ length: 1_300 }, (_, n) => [named(n), known(named(n))]));
    const another = writerOf(folder);
    idle(another, 30); // it begins soon
    for (let n = 0; n < 6; n++) {
      for (const utk of [`a${n}`, `u0700-${n}`, `z${n}`]) contacts.set(utk, known(utk, another));
      expect(seen(`meanwhile ${n}`, 'u1299', another)).toBe(contacts.get('u1299'));
    }
    for (const [utk, id] of contacts) expect(seen(`by ${utk}`, utk, another)).toBe(id);
    another.db.close();
    close();
  });

  test("those of a contact's e-mails that have gone there, and not those that have yet to", async () => {
    const { folder, portalId, mailed, close } = await folderWith({ run: 2 });
    const into = mailed('into@example.com');
    for (let n = 0; n < 40; n++) mailed(`before${n}@example.com`);
    const other = mailed('z@example.com');
    const writer = writerOf(folder);
    const change = {
      op: 'update',
      type: 'contacts',
      id: other,
      email: 'a@example.com',
      properties: [],
    } as const;
    writer.transact(() => writer.write(portalId, [change], NOW));
    const another = writerOf(folder); // it reads both as waiting
    idle(another);
    const indexed = another.db.prepare("SELECT count(*) FROM identity_owner WHERE key > 'm'").pluck();
    const before = indexed.get();
    for (let n = 0; indexed.get() === before; n++) mailed(`m${n}@example.com`, another);
    another.transact(() => another.merge(portalId, into, other, NOW));
    expect(() => failing(another).transact(() => undefined)).toThrow(FULL); // what waits is read anew
    expect(another.transact(() => another.emailOwnerOf(portalId, 'z@example.com'))?.id).toBe(into);
    writer.db.close();
    another.db.close();
    close();
  });
});
