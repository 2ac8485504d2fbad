// The timelines' own index: exact whatever is being moved between its segments, and brought up from older folders.
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import type { Connection } from '../../dist/store/sqlite/database.js';
import { openStore } from '../../dist/store/sqlite/engine.js';
import { reader } from '../../dist/store/sqlite/read.js';
import { newFolder, segmented, writerOf } from './folders.js';
import { draftOf, tenantOf, walk } from './support.js';

const MIGRATIONS = new URL('../../dist/store/sqlite/migrations/', import.meta.url);

describe('timelines in segments', () => {
  const RECORDS = [1, 2, 3];
  const draftStep = fc.record({
    id: fc.nat(40).map((n) => `e${n}`),
    objectId: fc.constantFrom(...RECORDS),
    timestamp: fc.integer({ min: 1, max: 6 }),
    other: fc.boolean(),
  });
  const steps = fc.array(
    fc.oneof(
      { weight: 20, arbitrary: fc.record({ append: fc.array(draftStep, { minLength: 1, maxLength: 5 }) }) },
      { weight: 4, arbitrary: fc.record({ again: fc.integer({ min: 1, max: 6 }) }) },
      { weight: 2, arbitrary: fc.constant({ reopen: true as const }) },
      { weight: 1, arbitrary: fc.record({ erase: fc.constantFrom(...RECORDS) }) },
    ),
    { minLength: 20, maxLength: 90 },
  );
  const sizes = fc.record({
    smallest: fc.integer({ min: 2, max: 4 }),
    fanout: fc.oneof(fc.integer({ min: 2, max: 3 }), fc.constant(8)),
    slice: fc.integer({ min: 1, max: 4 }),
  });
  const runs = Number(process.env.MODEL_RUNS ?? 60);

  /** On how many levels entries stand, and how many have entries of a group that the one below still has too. */
  function moved(db: Connection): { levels: number; inPart: number } {
    return db
      .prepare(`
      SELECT (SELECT count(DISTINCT level) FROM timeline) AS levels,
        (SELECT count(*) FROM timeline_level l
         WHERE level > 0 AND EXISTS (SELECT 1 FROM timeline t WHERE t.level = l.level AND t.seq >= l.below)) AS inPart`)
      .get() as { levels: number; inPart: number };
  }

  /** The segments that a read looks into, of the level that has the most. */
  function mostSegments(db: Connection): number {
    return db
      .prepare(`
      SELECT max(upper / span - coalesce(lower, 0) / span + 1) FROM (
        SELECT level, lead(below) OVER (ORDER BY level) AS lower,
          iif(level = 0, max(below, (SELECT coalesce(max(seq), 0) + 1 FROM event)), below) AS upper,
          (SELECT smallest * CAST(pow(fanout, level) AS INTEGER) FROM timeline_shape) AS span
        FROM timeline_level)`)
      .pluck()
      .get() as number;
  }

  test('are in order whether a record has little in many segments or very much in each', async () => {
    const folder = newFolder();
    const store = await openStore({ folder, clock: Date.now });
    const { portalId, templateId } = await tenantOf(store);
    // Of six segments of the usual size: one record has half of each, one has few in all of them, one has nearly none.
    const whose = (n: number) => (n % 500 === 7 ? 3 : n % 20 === 3 ? 2 : n % 2 ? 1 : 4 + n);
    const sent = Array.from({ length: 3_200 }, (_, n) => ({ n, who: whose(n), at: (n * 7_919) % 3_203 }));
    for (let from = 0; from < sent.length; from += 400)
      await store.append(
        sent
          .slice(from, from + 400)
          .map(({ n, who, at }) =>
            draftOf(portalId, templateId, `${n}`, { objectId: who, unknown: 'create' }, { timestamp: at }),
          ),
      );
    for (const who of [1, 2, 3]) {
      const expected = sent.filter((each) => each.who === who).sort((a, b) => b.at - a.at);
      const walked = walk(store, { portalId, type: 'contacts', id: who }, { limit: 50 });
      expect(walked.map(({ id }) => id)).toEqual(expected.map(({ n }) => `${n}`));
    }
    await store.close();
    rmSync(folder, { recursive: true });
  });

  test('let go of the newest event as it is sent again, though its group is being moved', async () => {
    const folder = newFolder();
    const store = await openStore({ folder, clock: Date.now });
    const { portalId, templateId } = await tenantOf(store);
    const who = { portalId, type: 'contacts' as const, id: 1 };
    const draft = (id: string, objectId: number, timestamp: number) =>
      draftOf(portalId, templateId, id, { objectId, unknown: 'create' }, { timestamp });
    // The last commit of the first group makes a slice due, and its last event is on the first timeline: it is moved at once.
    const before = Array.from({ length: 8_190 }, (_, n) => draft(`${n}`, n === 0 ? 1 : 2, 5));
    await store.append(before.slice(0, 7_800));
    await store.append([...before.slice(7_800), draft('newest', 1, 1)]);
    await store.append([draft('newest', 1, 9)]);
    expect(walk(store, who, { limit: 50 }).map(({ id, timestamp }) => [id, timestamp])).toEqual([
      ['newest', 9],
      ['0', 5],
    ]);
    await store.close();

    // A folder in which it once was not let go of is mended as it is brought up to date.
    const db = new Database(join(folder, 'throughline.sqlite'));
    const entries = db.prepare('SELECT seq FROM timeline WHERE seq > 8190').pluck();
    db.exec('INSERT INTO timeline SELECT 1, 0, place, 1, 8191, template FROM timeline WHERE seq = 8192');
    expect(entries.all()).toEqual([8_192, 8_191]);
    const [mending] = readFileSync(new URL('018_left_behind.sql', MIGRATIONS), 'utf8').split(';');
    db.exec(mending as string);
    expect(entries.all()).toEqual([8_192]);
    db.close();
    rmSync(folder, { recursive: true });
  });

  test('are moved on by a writer that is restarted after every event, too', async () => {
    const base = newFolder();
    const made = await openStore({ folder: base, clock: Date.now });
    const { portalId, templateId } = await tenantOf(made);
    await made.close();
    const fanout = 4;
    const folder = segmented(2, fanout, 16, base);
    for (let n = 0; n < 150; n++) {
      const { db, transact, append } = writerOf(folder);
      const draft = draftOf(portalId, templateId, `${n}`, { objectId: 1 + (n % 3), unknown: 'create' });
      transact(() => append([draft]));
      expect(mostSegments(db)).toBeLessThanOrEqual(2 * fanout + 1);
      db.close();
    }
    for (const each of [base, folder]) rmSync(each, { recursive: true });
  });

  test(
    'are exact after every commit, whatever is being moved, replaced or erased, across restarts',
    async () => {
      const base = newFolder();
      const made = await openStore({ folder: base, clock: Date.now });
      const { portalId, templateId, otherTemplateId } = await tenantOf(made);
      await made.close();
      const until = Date.now() + (process.env.MODEL_RUNS === undefined ? 8_000 : Number.POSITIVE_INFINITY);
      const seen = { inPart: 0, restartsInPart: 0, levels: 0 };
      const seenEnough = () => seen.levels > 3 && seen.inPart > 20 && seen.restartsInPart > 0;
      try {
        fc.assert(
          fc.property(sizes, steps, ({ smallest, fanout, slice }, each) => {
            if (Date.now() > until && seenEnough()) return;
            const folder = segmented(smallest, fanout, slice, base);
            let writer = writerOf(folder);
            try {
              let { reads, renew } = reader(writer.db);
              let arrival = 0;
              let sent: { id: string; objectId: number; timestamp: number; other: boolean } | undefined;
              const model = new Map<string, { objectId: number; timestamp: number; arrival: number }>();
              for (const step of each) {
                renew(); // this connection reads and writes
                const { inPart, levels } = moved(writer.db);
                seen.levels = Math.max(seen.levels, levels);
                if (inPart > 0) seen.inPart++;
                expect(mostSegments(writer.db)).toBeLessThanOrEqual(2 * fanout + 1);
                if ('reopen' in step) {
                  if (inPart > 0) seen.restartsInPart++;
                  writer.db.close();
                  writer = writerOf(folder);
                  ({ reads, renew } = reader(writer.db));
                } else if ('erase' in step) {
                  writer.transact(() => writer.erase(portalId, { objectId: step.erase }));
                  for (const [key, { objectId }] of model) if (objectId === step.erase) model.delete(key);
                } else {
                  const newest =
                    sent === undefined || !('again' in step) ? [] : [{ ...sent, timestamp: step.again }];
                  const drafts = ('append' in step ? step.append : newest).map((one) => {
                    sent = one;
                    const { id, objectId, timestamp, other } = one;
                    const template = other ? otherTemplateId : templateId;
                    model.set(`${template} ${id}`, { objectId, timestamp, arrival: arrival++ });
                    return draftOf(portalId, template, id, { objectId, unknown: 'create' }, { timestamp });
                  });
                  writer.transact(() => writer.append(drafts));
                }
                for (const id of RECORDS) {
                  const expected = [...model]
                    .filter(([, { objectId }]) => objectId === id)
                    .sort(([, a], [, b]) => b.timestamp - a.timestamp || b.arrival - a.arrival)
                    .map(([key, { timestamp }]) => `${key} at ${timestamp}`);
                  for (const limit of [1, 3, 100])
                    expect(
                      walk(reads, { portalId, type: 'contacts', id }, { limit }).map(
                        (event) => `${event.templateId} ${event.id} at ${event.timestamp}`,
                      ),
                    ).toEqual(expected);
                }
              }
            } finally {
              writer.db.close();
              rmSync(folder, { recursive: true });
            }
          }),
          { numRuns: runs },
        );
      } finally {
        rmSync(base, { recursive: true });
      }
      expect(seen).toSatisfy(seenEnough);
    },
    process.env.MODEL_RUNS === undefined ? 120_000 : 3_600_000,
  );
});

describe('a folder from before segments', () => {
  let folder = '';
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('is brought up to date by opening it: bodies without ids, timelines as they were', async () => {
    folder = newFolder();
    const db = new Database(join(folder, 'throughline.sqlite'));
    const before = readdirSync(MIGRATIONS)
      .filter((name) => name < '006')
      .sort();
    expect(before).toHaveLength(5);
    for (const name of before) db.exec(readFileSync(new URL(name, MIGRATIONS), 'utf8'));
    db.pragma('user_version = 5');
    db.exec(`
      INSERT INTO portal (id, name, lenient) VALUES (7, 'Old', 1);
      INSERT INTO app (id, name, client_id, redirect_uris, scopes) VALUES (8, 'Old', 'c', '[]', '[]');
      INSERT INTO template (id, app, object_type, name, tokens, created_at, updated_at)
        VALUES (9, 8, 'contacts', 'Old', '[]', 1, 1), (10, 8, 'contacts', 'Archived', '[]', 1, 1);
      UPDATE template SET archived_at = 2 WHERE id = 10;
      INSERT INTO place (id, portal, object_type, object_id) VALUES (1, 7, 'contacts', 1), (2, 7, 'contacts', 2);
      INSERT INTO record (portal, object_type, id, place, created_at, updated_at)
        VALUES (7, 'contacts', 1, 1, 1, 1), (7, 'contacts', 2, 2, 1, 1);`);
    const ids = [
      ...[
        'plain',
        'a "quoted" one',
        'back\\slash\\',
        '\\"',
        'Žluťoučký 馬 🐎',
        'tab\tnew\nline\u0001\u001f',
        '/\u007f\u2028',
      ],
      ...[
        ',"id":"x"',
        '"}',
        "it's",
        '%_*?[a]',
        '{"objectType":"*","eventTemplateId":"*","id":"*',
        ' ',
        '0',
        'null',
        '019b7d2e-1b31-7abc-8def-0123456789ab',
      ],
    ];
    const rest =
      '"email":"a@example.com","timestamp":"2026-01-02T03:04:05.678Z","tokens":{"a":",\\"id\\":\\"plain\\""},' +
      '"extraData":{"id":"plain","big":12345678901234567890, "e":1E400,"id":2}}';
    const addEvent = db.prepare("INSERT INTO event VALUES (?, 7, ?, ?, ?, ?, 5, 'objectId', ?)");
    const addEntry = db.prepare('INSERT INTO timeline VALUES (?, ?, ?)');
    const events = ids.flatMap((id, index) =>
      [9, 10].map((template) => ({
        template,
        id,
        seq: 10 * index + template,
        place: 1 + (index % 2),
        at: 100 + (index % 4),
      })),
    );
    for (const { template, id, seq, place, at } of events) {
      const body = `{"objectType":"contacts","eventTemplateId":"${template}","id":${JSON.stringify(id)},${rest}`;
      addEvent.run(seq, template, id, place, at, body);
      addEntry.run(place, at, seq);
    }
    db.close();

    const upgrades: number[][] = [];
    const onUpgrade = (...versions: number[]) => void upgrades.push(versions);
    let store = await openStore({ folder, clock: Date.now, onUpgrade });
    expect(upgrades).toEqual([[5, readdirSync(MIGRATIONS).length]]);
    const expected = `{"objectType":"contacts","eventTemplateId":"9",${rest}`;
    for (const id of ids) expect(store.event(7, 9, id)).toMatchObject({ id, body: expected });
    const timeline = (objectId: number) =>
      walk(store, { portalId: 7, type: 'contacts', id: objectId }, { limit: 2 }).map(({ id }) => id);
    const of = (objectId: number) =>
      events
        .filter(({ template, place }) => template === 9 && place === objectId)
        .sort((a, b) => b.at - a.at || b.seq - a.seq)
        .map(({ id }) => id);
    for (const objectId of [1, 2]) expect(timeline(objectId)).toEqual(of(objectId));

    // What was there before may be replaced, moved and erased, and new events stand beside it.
    await store.append([
      draftOf(7, 9, ids[0] as string, { objectId: 2 }, { timestamp: 1_000 }),
      draftOf(7, 9, 'new', { objectId: 1 }, { timestamp: 1_000 }),
    ]);
    await store.close();
    store = await openStore({ folder, clock: Date.now });
    expect(timeline(1)).toEqual(['new', ...of(1).filter((id) => id !== ids[0])]);
    expect(timeline(2)).toEqual([ids[0], ...of(2)]);
    await store.erase(7, { objectId: 1 });
    expect(timeline(2)).toEqual([ids[0], ...of(2)]);
    expect(store.event(7, 9, ids[2] as string)).toBeUndefined();
    expect(store.event(7, 9, ids[3] as string)).toBeDefined();
    await store.close();
  });
});
