// The SQLite engine keeps every promise, in a folder on disk and in `--memory`'s; and what is SQLite's own.
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { dataFolder } from '../../dist/config.js';
import { appender } from '../../dist/store/sqlite/append.js';
import { type Connection, openWriter } from '../../dist/store/sqlite/database.js';
import { openStore } from '../../dist/store/sqlite/engine.js';
import { eraser } from '../../dist/store/sqlite/erasing.js';
import { merger } from '../../dist/store/sqlite/merging.js';
import { people } from '../../dist/store/sqlite/people.js';
import { reader } from '../../dist/store/sqlite/read.js';
import { recordWriter } from '../../dist/store/sqlite/record_writes.js';
import { conformance } from './conformance.js';
import { draftOf, type Place, tenantOf, walk } from './support.js';

const newFolder = () => mkdtempSync(join(tmpdir(), 'throughline-store-'));

function placeIn(folder: string, remove: () => void): Place {
  return {
    open: () => openStore({ folder, clock: Date.now }),
    bytes: async () => Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name)))),
    remove: async () => remove(),
  };
}

conformance('SQLite in a folder', async () => {
  const folder = newFolder();
  return placeIn(folder, () => rmSync(folder, { recursive: true }));
});

conformance('SQLite in --memory’s folder', async () => {
  const { folder, discard } = dataFolder({ data: 'unused', memory: true });
  return placeIn(folder, discard);
});

/** A folder whose segments are so small that a few events fill several levels of them. */
function segmented(smallest: number, fanout: number, slice: number, from?: string): string {
  const folder = newFolder();
  if (from !== undefined) cpSync(from, folder, { recursive: true });
  const db = openWriter(folder);
  db.prepare('UPDATE timeline_shape SET smallest = ?, fanout = ?, slice = ?').run(smallest, fanout, slice);
  db.close();
  return folder;
}

conformance('SQLite with segments of two events', async () => {
  const folder = segmented(2, 2, 1);
  return placeIn(folder, () => rmSync(folder, { recursive: true }));
});

/** How often the WAL started over: the checkpoint sequence number in its header. */
function walRestarts(folder: string): number {
  return readFileSync(join(folder, 'throughline.sqlite-wal')).readUInt32BE(12);
}

/** How many transactions stand in the WAL: frames that say how large the database is after them. */
function walCommits(folder: string): number {
  const wal = readFileSync(join(folder, 'throughline.sqlite-wal'));
  const frame = 24 + wal.readUInt32BE(8);
  let commits = 0;
  for (let at = 32; at + frame <= wal.length; at += frame) if (wal.readUInt32BE(at + 4) !== 0) commits++;
  return commits;
}

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
      { weight: 2, arbitrary: fc.constant({ reopen: true as const }) },
      { weight: 1, arbitrary: fc.record({ erase: fc.constantFrom(...RECORDS) }) },
    ),
    { minLength: 20, maxLength: 90 },
  );
  const sizes = fc.record({
    smallest: fc.integer({ min: 2, max: 4 }),
    fanout: fc.integer({ min: 2, max: 3 }),
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

  test(
    'are exact after every commit, whatever is being moved, replaced or erased, across restarts',
    async () => {
      const base = newFolder();
      const made = await openStore({ folder: base, clock: Date.now });
      const { portalId, templateId, otherTemplateId } = await tenantOf(made);
      await made.close();
      const until = Date.now() + (process.env.MODEL_RUNS === undefined ? 8_000 : Number.POSITIVE_INFINITY);
      const seen = { inPart: 0, restartsInPart: 0, levels: 0 };
      try {
        fc.assert(
          fc.property(sizes, steps, ({ smallest, fanout, slice }, each) => {
            if (Date.now() > until) return;
            const folder = segmented(smallest, fanout, slice, base);
            let db = openWriter(folder);
            try {
              let append = appender(db, people(db));
              let erase = eraser(db);
              let { reads, renew } = reader(db);
              let arrival = 0;
              const model = new Map<string, { objectId: number; timestamp: number; arrival: number }>();
              for (const step of each) {
                renew(); // this connection reads and writes
                const { inPart, levels } = moved(db);
                seen.levels = Math.max(seen.levels, levels);
                if (inPart > 0) seen.inPart++;
                if ('reopen' in step) {
                  if (inPart > 0) seen.restartsInPart++;
                  db.close();
                  db = openWriter(folder);
                  append = appender(db, people(db));
                  erase = eraser(db);
                  ({ reads, renew } = reader(db));
                } else if ('erase' in step) {
                  db.transaction(() => erase(portalId, { objectId: step.erase })).immediate();
                  for (const [key, { objectId }] of model) if (objectId === step.erase) model.delete(key);
                } else {
                  const drafts = step.append.map(({ id, objectId, timestamp, other }) => {
                    const template = other ? otherTemplateId : templateId;
                    model.set(`${template} ${id}`, { objectId, timestamp, arrival: arrival++ });
                    return draftOf(portalId, template, id, { objectId, unknown: 'create' }, { timestamp });
                  });
                  db.transaction(() => append(drafts)).immediate();
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
              db.close();
              rmSync(folder, { recursive: true });
            }
          }),
          { numRuns: runs },
        );
      } finally {
        rmSync(base, { recursive: true });
      }
      expect(seen.levels).toBeGreaterThan(3);
      expect(seen.inPart).toBeGreaterThan(20);
      expect(seen.restartsInPart).toBeGreaterThan(0);
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
    const migrations = new URL('../../dist/store/sqlite/migrations/', import.meta.url);
    const before = readdirSync(migrations)
      .filter((name) => name < '006')
      .sort();
    expect(before).toHaveLength(5);
    for (const name of before) db.exec(readFileSync(new URL(name, migrations), 'utf8'));
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
    expect(upgrades).toEqual([[5, readdirSync(migrations).length]]);
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

describe('SQLite', () => {
  let folder = '';
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('a closed store is one file, durable and clean by its own settings', async () => {
    folder = newFolder();
    const made = join(folder, 'made', 'by', 'the', 'store');
    const store = await openStore({ folder: made, clock: Date.now });
    const { portalId, templateId } = await tenantOf(store);
    await store.append([draftOf(portalId, templateId, 'e', { email: 'a@example.com' })]);
    await store.close();
    expect(readdirSync(made)).toEqual(['throughline.sqlite']);
    const db = new Database(join(made, 'throughline.sqlite'));
    expect(db.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
    expect(db.pragma('foreign_key_check')).toEqual([]);
    db.close();
  });

  test('what is replaced leaves no byte behind', async () => {
    folder = newFolder();
    const store = await openStore({ folder, clock: Date.now });
    const { portalId, templateId } = await tenantOf(store);
    const put = (text: string) =>
      store.append([draftOf(portalId, templateId, 'e', { email: 'a@example.com' }, { text })]);
    await put(`a secret of the first one ${'x'.repeat(9_000)} to its end`);
    await put('the second one');
    await store.close();
    const bytes = readFileSync(join(folder, 'throughline.sqlite'));
    expect(bytes.includes('the second one')).toBe(true);
    expect(bytes.includes('a secret of the first one')).toBe(false);
    expect(bytes.includes('to its end')).toBe(false);
  });

  test('a fresh folder that many open at once is set up once, and all of them write to it', async () => {
    folder = newFolder();
    const stores = await Promise.all(Array.from({ length: 6 }, () => openStore({ folder, clock: Date.now })));
    const portals = await Promise.all(
      stores.map((store, index) => store.createPortal({ name: `p${index}`, lenient: false })),
    );
    expect(new Set(portals).size).toBe(stores.length);
    expect(
      stores[0]
        ?.portals()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['p0', 'p1', 'p2', 'p3', 'p4', 'p5']);
    await Promise.all(stores.map((store) => store.close()));
    expect(readdirSync(folder)).toEqual(['throughline.sqlite']);
  });

  test('two stores that append to one folder lose nothing and make one contact of one e-mail', async () => {
    folder = newFolder();
    const stores = await Promise.all([1, 2].map(() => openStore({ folder, clock: Date.now })));
    const [first, second] = stores as [(typeof stores)[0], (typeof stores)[0]];
    const { portalId, templateId } = await tenantOf(first);
    const outcomes = await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        (index % 2 ? first : second).append([
          draftOf(portalId, templateId, `e${index}`, { email: 'one@example.com' }),
        ]),
      ),
    );
    const owners = new Set(outcomes.flat().map((outcome) => 'objectId' in outcome && outcome.objectId));
    expect(owners.size).toBe(1);
    const record = { portalId, type: 'contacts' as const, id: [...owners][0] as number };
    expect(walk(first, record)).toHaveLength(60);
    await Promise.all(stores.map((store) => store.close()));
  });

  test('waits while another process writes, and is told when that takes too long', async () => {
    folder = newFolder();
    const store = await openStore({ folder, clock: Date.now });
    const { portalId, templateId } = await tenantOf(store);
    const draft = draftOf(portalId, templateId, 'e', { email: 'a@example.com' });
    const other = new Database(join(folder, 'throughline.sqlite'));
    other.exec('BEGIN IMMEDIATE');
    await expect(store.append([draft])).rejects.toMatchObject({
      reason: 'unavailable',
      message: expect.stringMatching(/^Nothing was stored: another process/),
    });
    expect(store.event(portalId, templateId, 'e')).toBeUndefined();
    const waiting = store.append([draft]);
    expect(store.recentRecords(portalId, 1)).toEqual([]); // reading does not wait
    setTimeout(() => other.exec('COMMIT'), 50);
    expect(await waiting).toMatchObject([{ id: 'e' }]);
    other.close();
    await store.close();
  });

  test('batches that wait while another process writes share a commit, and a failure', async () => {
    folder = newFolder();
    const store = await openStore({ folder, clock: Date.now });
    const { portalId, templateId } = await tenantOf(store);
    const ids = Array.from({ length: 20 }, (_, n) => `waiting ${n}`);
    const appendAll = () =>
      Promise.allSettled(
        ids.map((id) =>
          store.append([draftOf(portalId, templateId, id, { objectId: 1, unknown: 'create' })]),
        ),
      );
    const other = new Database(join(folder, 'throughline.sqlite'));
    other.exec('BEGIN IMMEDIATE');
    const failed = await appendAll();
    expect(failed.map(({ status }) => status)).toEqual(ids.map(() => 'rejected'));
    for (const id of ids) expect(store.event(portalId, templateId, id)).toBeUndefined();

    const before = walCommits(folder);
    const waiting = appendAll();
    setTimeout(() => other.exec('COMMIT'), 200);
    expect(await waiting).toMatchObject(ids.map((id) => ({ status: 'fulfilled', value: [{ id }] })));
    expect(walCommits(folder) - before).toBeLessThanOrEqual(2); // the first one alone, perhaps
    other.close();
    await store.close();
  }, 30_000);

  test('a store hears that another wrote, each time', async () => {
    folder = newFolder();
    let heard: () => void = () => undefined;
    const store = await openStore({ folder, clock: Date.now, onOthersWrote: () => heard() });
    const other = await openStore({ folder, clock: Date.now });
    for (const name of ['one', 'two']) {
      await store.createPortal({ name: 'its own', lenient: false });
      const hearing = new Promise<void>((resolve) => {
        heard = resolve;
      });
      const portalId = await other.createPortal({ name, lenient: false });
      await hearing;
      expect(store.portal(portalId)?.name).toBe(name);
    }
    await other.close();
    await store.close();
  });

  test('the WAL is copied away and starts over while the writer never rests', async () => {
    folder = newFolder();
    const store = await openStore({ folder, clock: Date.now });
    const { portalId, templateId } = await tenantOf(store);
    const before = walRestarts(folder);
    const MANY_BATCHES = 400; // a slow machine needs more of them, none so many
    const text = 'x'.repeat(400_000);
    let next = 0;
    let last = '';
    const writeOn = async () => {
      while (next < MANY_BATCHES && walRestarts(folder) === before) {
        const batch = next++;
        await store.append(
          Array.from({ length: 20 }, (_, index) =>
            draftOf(
              portalId,
              templateId,
              `e${index}`,
              { email: 'a@example.com' },
              { text: `${batch} ${text}` },
            ),
          ),
        );
        last = `"${batch} xx`;
      }
    };
    await Promise.all([writeOn(), writeOn(), writeOn()]);
    expect(walRestarts(folder)).toBeGreaterThan(before);
    expect(store.event(portalId, templateId, 'e7')?.body).toContain(last);
    await store.close();
    expect(readdirSync(folder)).toEqual(['throughline.sqlite']);
  });

  test('no statement walks a table, or all of a portal, or is planned anew for each run', () => {
    folder = newFolder();
    const db = openWriter(folder);
    const statements = new Set<string>();
    const listening = new Proxy(db, {
      get: (of, name) => {
        const value = of[name as keyof Connection] as unknown;
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          if (name === 'prepare') statements.add(args[0] as string);
          return value.apply(of, args);
        };
      },
    });
    const persons = people(listening);
    appender(listening, persons);
    recordWriter(listening, persons);
    merger(listening);
    eraser(listening);
    reader(listening);
    const walks = [...statements].flatMap((sql) => {
      const plan = db.prepare(`EXPLAIN QUERY PLAN ${sql.replace(/@\w+|\?/g, '1')}`).all() as {
        detail: string;
      }[];
      return plan
        .map(({ detail }) => detail)
        .filter((detail) => /^SCAN|\(portal=\?(?: AND (?:object_type|kind)=\?)?\)$/.test(detail))
        .map((detail) => `${detail}: ${sql.trim().replace(/\s+/g, ' ')}`);
    });
    db.close();
    // What is small or bounded: the administration's tables, definitions, custom objects, levels, the first of archived templates or erased e-mails, lists that are given, and the newest events of all.
    const small =
      /^SCAN (?:admin_key|user|access_token|erasing_key|made_id_key|timeline_level|timeline_shape|template USING INDEX template_archived|source|16 CONSTANT ROWS|event|e):|^SEARCH definition USING PRIMARY KEY|^SEARCH object_schema USING INDEX|^SEARCH erased_email .* LIMIT 1$/;
    expect(statements.size).toBeGreaterThan(50);
    // Those would be planned anew whenever they are run.
    expect([...statements].filter((sql) => /(?:LIMIT|LIKE|GLOB) \?/.test(sql))).toEqual([]);
    expect(walks.filter((walk) => small.test(walk))).toHaveLength(15);
    expect(walks.filter((walk) => !small.test(walk))).toEqual([]);
  });

  test('a folder of a newer version, or one that cannot be a folder, is refused with its name', async () => {
    folder = newFolder();
    const open = () => openStore({ folder, clock: Date.now });
    await (await open()).close();
    const file = join(folder, 'throughline.sqlite');
    const db = new Database(file);
    db.pragma('user_version = 9999');
    db.close();
    await expect(open()).rejects.toThrow(/newer Throughline \(schema 9999/);
    await expect(open()).rejects.toThrow(folder);
    await expect(openStore({ folder: file, clock: Date.now })).rejects.toThrow(file);
  });

  test('what is asked before closing is done, what is asked after it is refused', async () => {
    folder = newFolder();
    const store = await openStore({ folder, clock: Date.now });
    const { portalId, templateId } = await tenantOf(store);
    const last = store.append([draftOf(portalId, templateId, 'e', { email: 'a@example.com' })]);
    const closing = store.close();
    expect(await last).toHaveLength(1);
    await closing;
    await expect(store.createPortal({ name: 'late', lenient: false })).rejects.toThrow();
    const again = await openStore({ folder, clock: Date.now });
    expect(again.event(portalId, templateId, 'e')).toBeDefined();
    await again.close();
  });
});
