// The SQLite engine keeps every promise, in a folder on disk and in `--memory`'s; and what is SQLite's own.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { afterEach, describe, expect, test } from 'vitest';
import { dataFolder } from '../../dist/config.js';
import { uniqueKey } from '../../dist/records/record.js';
import type { Filter } from '../../dist/records/search.js';
import { appender } from '../../dist/store/sqlite/append.js';
import { consentWrites } from '../../dist/store/sqlite/consents.js';
import { type Connection, openWriter } from '../../dist/store/sqlite/database.js';
import { openStore } from '../../dist/store/sqlite/engine.js';
import { eraser } from '../../dist/store/sqlite/erasing.js';
import { keys } from '../../dist/store/sqlite/keys.js';
import { writeLock } from '../../dist/store/sqlite/lock.js';
import { merger } from '../../dist/store/sqlite/merging.js';
import { people } from '../../dist/store/sqlite/people.js';
import { portals } from '../../dist/store/sqlite/portals.js';
import { reader } from '../../dist/store/sqlite/read.js';
import { recordWriter } from '../../dist/store/sqlite/record_writes.js';
import { scrubber } from '../../dist/store/sqlite/scrub.js';
import { conformance } from './conformance.js';
import { dangling, newFolder, segmented } from './folders.js';
import { create, draftOf, NOW, type Place, tenantOf, walk, withoutId } from './support.js';

const MIGRATIONS = new URL('../../dist/store/sqlite/migrations/', import.meta.url);

function placeIn(folder: string, remove: () => void): Place {
  return {
    open: () => openStore({ folder, clock: Date.now }),
    bytes: async () => Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name)))),
    async remove() {
      const db = new Database(join(folder, 'throughline.sqlite'), { readonly: true });
      const found = dangling(db);
      db.close();
      remove();
      expect(found).toEqual([]);
    },
  };
}

await conformance('SQLite in a folder', async () => {
  const folder = newFolder();
  return placeIn(folder, () => rmSync(folder, { recursive: true }));
});

await conformance('SQLite in --memory’s folder', async () => {
  const { folder, discard } = dataFolder({ data: 'unused', memory: true });
  return placeIn(folder, discard);
});

await conformance('SQLite with segments of two events', async () => {
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

describe('SQLite', () => {
  let folder = '';
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('among more records than a search may look at, a unique value and an id find theirs', async () => {
    folder = newFolder();
    const store = await openStore({ folder, clock: Date.now });
    const { portalId } = await tenantOf(store);
    const keyOf = (n: number) => uniqueKey(portalId, 'deals', 'number', String(n));
    const wanted = 123_456;
    const [batch, many] = [10_000, 200_001];
    let id = 0;
    for (let from = 0; from < many; from += batch) {
      const numbers = Array.from({ length: Math.min(batch, many - from) }, (_, n) => from + n);
      const outcomes = await store.write(
        portalId,
        numbers.map((n) => ({
          op: 'create',
          type: 'deals',
          properties: n === wanted ? [{ name: 'number', value: String(n), at: 0, uniqueKey: keyOf(n) }] : [],
        })),
        Date.now(),
      );
      const found = outcomes[numbers.indexOf(wanted)];
      if (found) id = (found as { id: number }).id;
    }
    const search = async (filter?: Omit<Filter, 'operator'>) => {
      const groups = filter ? [[{ ...filter, operator: 'EQ' as const }]] : [];
      const sort = { propertyName: 'createdate', descending: false };
      return store.search(portalId, 'deals', { groups, sort, offset: 0, limit: 10 });
    };
    const value = String(wanted);
    expect(await search({ propertyName: 'number', value, keys: [keyOf(wanted)] })).toMatchObject({
      total: 1,
      records: [{ id }],
    });
    expect((await search({ propertyName: 'hs_object_id', value: String(id) })).total).toBe(1);
    await expect(search()).rejects.toThrow('more than 200000 records; add a filter');
    await expect(search({ propertyName: 'number', value })).rejects.toThrow('more than 200000 records');
    await store.close();
  });

  test('a search that takes too long is refused, so that the next ones need not wait for it', async () => {
    folder = newFolder();
    const store = await openStore({ folder, clock: Date.now });
    const { portalId } = await tenantOf(store);
    const words = Array.from({ length: 100 }, (_, n) => `w${n}`).join(' ');
    const note = { name: 'note', value: `${'a '.repeat(32_000)}${words}`, at: 0 };
    const make = { op: 'create' as const, type: 'deals' as const, properties: [note] };
    await store.write(portalId, Array(40).fill(make), Date.now());
    const search = async (filters: number) => {
      const filter: Filter = { propertyName: 'note', operator: 'CONTAINS_TOKEN', value: words };
      const sort = { propertyName: 'createdate', descending: false };
      const groups = [Array(filters).fill(filter)];
      return (await store.search(portalId, 'deals', { groups, sort, offset: 0, limit: 0 })).total;
    };
    await expect(search(50)).rejects.toThrow('takes more than 10 seconds; add a filter');
    expect(await search(1)).toBe(40);
    await store.close();
  });

  test('however many e-mails are looked for, no write is refused for them; past a bound, they are', async () => {
    folder = newFolder();
    const store = await openStore({ folder, clock: Date.now });
    const { portalId } = await tenantOf(store);
    const look = (email: string) => store.contactsByEmail(portalId, [email]);
    const looked: ReturnType<typeof look>[] = [];
    for (let n = 0; n < 2_000; n++) {
      looked.push(look(`nobody${n}@example.com`));
      for (let turn = 0; turn < 5; turn++) await undefined; // so that each is asked for alone
    }
    const create = { op: 'create', type: 'contacts', email: 'ada@example.com', properties: [] } as const;
    expect(await store.write(portalId, [create], NOW)).toMatchObject([{ id: expect.any(Number) }]);
    expect((await Promise.all(looked)).flat().filter(Boolean)).toEqual([]);
    const many = Array.from({ length: 20_001 }, (_, n) => `nobody${n}@example.com`);
    await expect(store.contactsByEmail(portalId, many)).rejects.toMatchObject({ reason: 'overloaded' });
    expect((await look('ada@example.com'))[0]?.email).toBe('ada@example.com');
    await store.close();
  });

  test('who looks for an e-mail does not wait for a lock that a write waits for', async () => {
    folder = newFolder();
    const store = await openStore({ folder, clock: Date.now });
    const { portalId, templateId } = await tenantOf(store);
    await store.append([draftOf(portalId, templateId, 'e', { email: 'ada@example.com' })]);
    const other = openWriter(folder);
    other.exec('BEGIN IMMEDIATE');
    let written = false;
    const writing = store.append([draftOf(portalId, templateId, 'f', {})]).then(() => {
      written = true;
    });
    for (let n = 0; n < 3; n++) {
      const [ada, nobody] = await store.contactsByEmail(portalId, ['ada@example.com', `${n}@example.com`]);
      expect([ada?.email, nobody]).toEqual(['ada@example.com', undefined]);
    }
    expect(written).toBe(false);
    other.exec('COMMIT');
    other.close();
    await writing;
    await store.close();
  });

  test('who looks for an e-mail while the store is being closed is answered, or told', async () => {
    folder = newFolder();
    const store = await openStore({ folder, clock: Date.now });
    const { portalId, templateId } = await tenantOf(store);
    await store.append([draftOf(portalId, templateId, 'e', { email: 'ada@example.com' })]);
    const looked = store.contactsByEmail(portalId, ['ada@example.com', 'nobody@example.com']);
    const filter = { propertyName: 'email', operator: 'EQ' as const, value: 'nobody@example.com' };
    const sort = { propertyName: 'createdate', descending: false };
    const found = store.search(portalId, 'contacts', { groups: [[filter]], sort, offset: 0, limit: 1 }).then(
      ({ total }) => total,
      ({ reason }) => reason,
    );
    await store.close();
    expect((await looked).map((contact) => contact?.email)).toEqual(['ada@example.com', undefined]);
    expect([0, 'unavailable']).toContain(await found);
  });

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
    expect(dangling(db)).toEqual([]);
    db.close();
  });

  test('what is replaced leaves no byte behind', async () => {
    folder = newFolder();
    const store = await openStore({ folder, clock: Date.now });
    const { portalId, templateId } = await tenantOf(store);
    const put = (text: string, email: object = {}) =>
      store.append([
        draftOf(portalId, templateId, 'e', { type: 'companies', objectId: 1, ...create, ...email }, { text }),
      ]);
    await put(`a secret of the first one ${'x'.repeat(9_000)} to its end`, { email: 'said@example.com' });
    await put('the second one');
    await store.close();
    const bytes = readFileSync(join(folder, 'throughline.sqlite'));
    expect(bytes.includes('the second one')).toBe(true);
    expect(bytes.includes('a secret of the first one')).toBe(false);
    expect(bytes.includes('to its end')).toBe(false);
    expect(bytes.includes('said@')).toBe(false);
  });

  test('an erase leaves every tree of the file whole, and between cells and content of its pages nothing', async () => {
    folder = newFolder();
    const store = await openStore({ folder, clock: Date.now });
    const { portalId, templateId } = await tenantOf(store);
    // Trees of three levels, and values that are too long for a page.
    const text = (n: number) => (n % 40 === 0 ? `${n} `.repeat(4_000) : `${n} ${'x'.repeat(400)}`);
    const draft = (n: number) =>
      draftOf(
        portalId,
        templateId,
        `e${(n * 7_919) % 5_003}`,
        { email: `p${n % 90}@example.com` },
        { text: text(n) },
      );
    for (let from = 0; from < 5_000; from += 500)
      await store.append(Array.from({ length: 500 }, (_, n) => draft(from + n)));
    for (let n = 0; n < 90; n += 9)
      expect(await store.erase(portalId, { email: `p${n}@example.com` })).toBe(true);
    for (let n = 0; n < 5_000; n++) {
      const { id, body } = draft(n);
      expect(store.event(portalId, templateId, id)?.body).toBe(n % 9 === 0 ? undefined : body);
    }
    await store.close();

    const db = new Database(join(folder, 'throughline.sqlite'), { readonly: true });
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
    const pages = db.prepare('SELECT pageno, path, pagetype FROM dbstat').raw().all() as [
      number,
      string,
      string,
    ][];
    db.close();
    expect(pages.some(([, path]) => /^(?:\/[0-9a-f]+){2}\/$/.test(path))).toBe(true);
    expect(pages.filter(([, , kind]) => kind === 'overflow').length).toBeGreaterThan(400);
    const file = readFileSync(join(folder, 'throughline.sqlite'));
    const gaps = pages
      .filter(([, , kind]) => kind !== 'overflow')
      .map(([number, , kind]) => {
        const page = file.subarray((number - 1) * 4_096, number * 4_096);
        const header = number === 1 ? 100 : 0;
        const cells = header + (kind === 'internal' ? 12 : 8);
        return page.subarray(cells + 2 * page.readUInt16BE(header + 3), page.readUInt16BE(header + 5));
      });
    expect(gaps.length).toBeGreaterThan(600);
    expect(gaps.filter((gap) => gap.some((byte) => byte !== 0))).toEqual([]);
  });

  test('an erase that another process makes as soon as it may, while one is made complete, is owed still', () => {
    folder = newFolder();
    const db = openWriter(folder);
    const other = openWriter(folder);
    const owe = 'INSERT INTO scrub_owed VALUES (1)';
    db.exec(owe);
    // Let in as soon as the transaction that zeroes has ended.
    const transaction = db.transaction.bind(db);
    db.transaction = ((work: () => unknown) => ({
      immediate: () => {
        const done = transaction(work).immediate();
        other.exec(owe);
        return done;
      },
    })) as unknown as typeof db.transaction;
    const scrubbing = scrubber(db, writeLock(db));
    scrubbing.later();
    expect(other.prepare('SELECT count(*) FROM scrub_owed').pluck().get()).toBe(1);
    other.close();
    db.close();
    scrubbing.close();
  });

  test('an erase is made complete beside who leaves the lock to those alone that say they wait', async () => {
    folder = newFolder();
    const db = openWriter(folder);
    db.exec('INSERT INTO scrub_owed VALUES (1)');
    const stop = new Int32Array(new SharedArrayBuffer(4));
    const busy = new Worker(
      `const { parentPort, workerData: { file, stop } } = require('node:worker_threads');
      const { existsSync } = require('node:fs');
      const db = new (require('better-sqlite3'))(file);
      while (stop[0] === 0) {
        db.exec('BEGIN IMMEDIATE');
        parentPort.postMessage('writing');
        Atomics.wait(stop, 0, 0, 30);
        db.exec('COMMIT');
        if (existsSync(file + '-wanted')) Atomics.wait(stop, 0, 0, 10);
      }
      db.close();`,
      { eval: true, workerData: { file: join(folder, 'throughline.sqlite'), stop } },
    );
    await once(busy, 'message');
    const scrubbing = scrubber(db, writeLock(db));
    scrubbing.now();
    expect(db.prepare('SELECT count(*) FROM scrub_owed').pluck().get()).toBe(0);
    stop[0] = 1;
    await once(busy, 'exit');
    db.close();
    scrubbing.close();
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

  test('a portal that is quiet beside a busy one has its records listed all the same, the last ones first', async () => {
    folder = newFolder();
    const store = await openStore({ folder, clock: Date.now });
    const { portalId: quiet, templateId } = await tenantOf(store);
    const busy = await store.createPortal({ name: 'Busy', lenient: true });
    const appendTo = (portalId: number, objectIds: readonly number[]) =>
      store.append(
        objectIds.map((objectId) =>
          withoutId(draftOf(portalId, templateId, '', { objectId, unknown: 'create' })),
        ),
      );
    const others = Array.from({ length: 5_000 }, (_, n) => (n % 100) + 1);
    const listed = (limit: number) => store.recentRecords(quiet, limit).map(({ id }) => id);
    await appendTo(quiet, [3, 1, 2]);
    await appendTo(busy, others);
    expect(listed(10)).toEqual([2, 1, 3]);
    for (let n = 0; n < 4; n++) await appendTo(busy, others); // further back than is looked
    await appendTo(quiet, [1]);
    expect(listed(10)).toEqual([1, 3, 2]);
    expect(listed(2)).toEqual([1, 3]);
    const dealt = { type: 'deals' as const, objectId: 7, unknown: 'create' as const };
    await store.append([draftOf(quiet, templateId, 'deal', dealt)]);
    expect(store.recentRecords(quiet, 2).map(({ type, id }) => `${type} ${id}`)).toEqual([
      'deals 7',
      'contacts 1',
    ]);
    await store.close();
  });

  test('waits while another process writes, and goes on reading', async () => {
    folder = newFolder();
    const store = await openStore({ folder, clock: Date.now });
    const { portalId, templateId } = await tenantOf(store);
    const draft = draftOf(portalId, templateId, 'e', { email: 'a@example.com' });
    const other = new Database(join(folder, 'throughline.sqlite'));
    other.exec('BEGIN IMMEDIATE');
    const waiting = store.append([draft]);
    expect(store.recentRecords(portalId, 1)).toEqual([]);
    setTimeout(() => other.exec('COMMIT'), 50);
    expect(await waiting).toMatchObject([{ id: 'e' }]);
    other.close();
    await store.close();
  });

  test('who waits while another process writes says so until it may, and leaves nothing behind', async () => {
    folder = newFolder();
    const store = await openStore({ folder, clock: Date.now });
    const other = new Database(join(folder, 'throughline.sqlite'));
    const lock = writeLock(other);
    expect(lock.takeNote()).toBe(false);
    other.exec('BEGIN IMMEDIATE');
    const waiting = store.createPortal({ name: 'waits', lenient: false });
    for (let times = 0; times < 3; ) {
      if (lock.takeNote()) times++;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    other.exec('COMMIT');
    await waiting;
    expect(lock.takeNote()).toBe(false);
    other.close();
    await store.close();
    expect(readdirSync(folder)).toEqual(['throughline.sqlite']);
  });

  test('a note of one that was killed while it waited is taken once', async () => {
    folder = newFolder();
    await (await openStore({ folder, clock: Date.now })).close();
    writeFileSync(join(folder, 'throughline.sqlite-wanted'), '');
    const db = openWriter(folder);
    const lock = writeLock(db);
    expect([lock.takeNote(), lock.takeNote()]).toEqual([true, false]);
    db.close();
  });

  test('a note of one that was killed while it waited does not outlive a close', async () => {
    folder = newFolder();
    const store = await openStore({ folder, clock: Date.now });
    writeFileSync(join(folder, 'throughline.sqlite-wanted'), '');
    await store.close();
    expect(readdirSync(folder)).toEqual(['throughline.sqlite']);
  });

  test('batches that wait while another process writes share a commit, and a failure when that takes too long', async () => {
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
    const reason = {
      reason: 'unavailable',
      message: expect.stringMatching(/^Nothing was stored: another process/),
    };
    expect(failed).toMatchObject(ids.map(() => ({ status: 'rejected', reason })));
    for (const id of ids) expect(store.event(portalId, templateId, id)).toBeUndefined();

    const before = walCommits(folder);
    const waiting = appendAll();
    setTimeout(() => other.exec('COMMIT'), 200);
    expect(await waiting).toMatchObject(ids.map((id) => ({ status: 'fulfilled', value: [{ id }] })));
    expect(walCommits(folder) - before).toBeLessThanOrEqual(2); // the first one alone, perhaps
    other.close();
    await store.close();
  });

  test('after a write that failed, a visitor whom another process met meanwhile is known', async () => {
    folder = newFolder();
    const store = await openStore({ folder, clock: Date.now });
    const { portalId, templateId } = await tenantOf(store);
    const other = await openStore({ folder, clock: Date.now });
    const of = (id: string, utk: string) => draftOf(portalId, templateId, id, { utk });
    await store.append([of('first', 'u')]);
    const bad = { ...of('bad', 'w'), timestamp: 0.5 }; // no INTEGER
    await expect(store.append([of('lost', 'v'), bad])).rejects.toThrow();
    await other.append([of('theirs', 'x')]); // where the lost one would stand
    await store.append([of('ours', 'x')]);
    const subject = { type: 'contacts', utk: 'x', email: 'x@example.com', unknown: 'create' } as const;
    const known = { ...subject, identifies: true };
    const id = (await store.identify({ portalId, subject: known, properties: [], at: NOW })) as number;
    const found = walk(store, { portalId, type: 'contacts', id }).map((event) => event.id);
    expect(found.sort()).toEqual(['ours', 'theirs']);
    await other.close();
    await store.close();
  });

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

  test('the WAL starts over too where no events come: records are written by hand, or small things one by one', async () => {
    folder = newFolder();
    const store = await openStore({ folder, clock: Date.now });
    const { portalId } = await tenantOf(store);
    const about = { name: 'about', value: 'x'.repeat(60_000), at: NOW };
    const create = { op: 'create', type: 'companies', properties: [about] } as const;
    const ways = [
      () => store.write(portalId, Array(10).fill(create), NOW),
      () => store.createAdminKey({ name: 'a', hash: randomBytes(32) }),
    ];
    for (const write of ways) {
      const before = walRestarts(folder);
      for (let n = 0; n < 100 && walRestarts(folder) === before; n++)
        for (let each = 0; each < 100; each++) await write();
      expect(walRestarts(folder)).toBeGreaterThan(before);
    }
    await store.close();
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
    const ofPortals = portals(listening);
    const ofKeys = keys(listening);
    const persons = people(listening, ofPortals, ofKeys);
    appender(listening, persons);
    recordWriter(listening, ofPortals, ofKeys, persons);
    merger(listening, ofKeys);
    eraser(listening, ofKeys);
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
    // What is small or bounded: the administration's tables, definitions, custom objects, levels, what imports have yet to report, the first of archived templates or erased e-mails, lists that are given, a type's newest records, and the newest events of all.
    const small =
      /^SCAN (?:admin_key|user|access_token|erasing_key|made_id_key|timeline_level|timeline_shape|waiting|import_refusal|template USING INDEX template_archived|source|16 CONSTANT ROWS|(?:p|moved) VIRTUAL TABLE INDEX 1:|event|e):|^SEARCH definition USING PRIMARY KEY|^SEARCH object_schema USING INDEX|^SEARCH erased_email .* EXISTS \(SELECT 1 FROM erased_email|^SEARCH record .* ORDER BY id DESC LIMIT \+\?$/;
    expect(statements.size).toBeGreaterThan(50);
    // Those would be planned anew whenever they are run.
    expect([...statements].filter((sql) => /(?:LIMIT|LIKE|GLOB) \?/.test(sql))).toEqual([]);
    expect(walks.filter((walk) => !small.test(walk))).toEqual([]);
    expect(walks.filter((walk) => small.test(walk))).toHaveLength(24);
  });

  test.each([
    [
      'what is dead of consents',
      consentWrites,
      /DELETE FROM consent\b.* code_expires_at </s,
      'SEARCH consent USING INDEX consent_dead (code_expires_at<?)',
    ],
    [
      'what is archived of records',
      reader,
      /SELECT id FROM record\b.* archived_at IS NOT NULL\s+ORDER BY id/s,
      'SEARCH record USING INDEX record_archived (portal=? AND object_type=? AND id>?)',
    ],
  ])('%s is found without looking through those that are not', (_what, prepares, statement, how) => {
    folder = newFolder();
    const db = openWriter(folder);
    const statements: string[] = [];
    const prepare = (sql: string) => {
      statements.push(sql);
      return db.prepare(sql);
    };
    prepares(
      new Proxy(db, { get: (on, name) => (name === 'prepare' ? prepare : Reflect.get(on, name).bind(on)) }),
    );
    const found = statements.find((sql) => statement.test(sql)) ?? '';
    const values = Array.from({ length: found.split('?').length - 1 }, () => 1);
    const [plan] = db.prepare(`EXPLAIN QUERY PLAN ${found}`).all(...values) as { detail: string }[];
    expect(plan?.detail).toBe(how);
    db.close();
  });

  test('for a value that is written SQLite makes no table of the names that have an index', () => {
    folder = newFolder();
    const db = openWriter(folder);
    const steps = db.prepare("EXPLAIN INSERT INTO property VALUES (1, 'a', 'b', 1, NULL)").all();
    db.close();
    expect(steps).toContainEqual(expect.objectContaining({ opcode: 'IdxInsert' }));
    expect(steps).not.toContainEqual(expect.objectContaining({ opcode: 'OpenEphemeral' }));
  });

  const versions = Array.from({ length: readdirSync(MIGRATIONS).length - 1 }, (_, n) => n + 1);
  test.each(versions)('a folder of schema %i is brought up to date with all that it has', async (version) => {
    folder = newFolder();
    const db = new Database(join(folder, 'throughline.sqlite'));
    for (const name of ['email_key_said', 'unique_key']) db.function(name, { varargs: true }, () => null);
    db.unsafeMode(); // one of them changes the schema's text
    for (const name of readdirSync(MIGRATIONS).sort().slice(0, version))
      db.exec(readFileSync(new URL(name, MIGRATIONS), 'utf8'));
    db.pragma(`user_version = ${version}`);
    /** What the table has of these columns by then. */
    const add = (table: string, row: Record<string, string | number>) => {
      const columns = db.pragma(`table_info(${table})`) as { name: string }[];
      const names = columns.map(({ name }) => name).filter((name) => name in row);
      db.prepare(`INSERT INTO ${table} (${names}) VALUES (${names.map(() => '?')})`).run(
        ...names.map((name) => row[name]),
      );
    };
    const [portal, object_type] = [7, 'contacts'];
    add('portal', { id: portal, name: 'Old', lenient: 1 });
    add('app', { id: 8, name: 'Old', client_id: 'c', redirect_uris: '[]', scopes: '[]' });
    const times = { created_at: 5, updated_at: 5 };
    add('template', { id: 9, app: 8, object_type, name: 'Old', tokens: '[]', ...times });
    add('place', { id: 1, portal, object_type, object_id: 1 });
    add('place', { id: 2, portal, object_type, utk: 'u' });
    // Until schema 15 the place of a known visitor kept its utk.
    add('place', {
      id: 3,
      portal,
      object_type,
      object_id: 1,
      further: 1,
      ...(version < 15 ? { utk: 'known' } : {}),
    });
    add('record', { portal, object_type, id: 1, place: 1, ...times });
    add('identity', {
      portal,
      kind: 'email',
      key: 'a@x.test',
      value: 'A@x.test',
      object_id: 1,
      is_primary: 1,
      place: 1,
    });
    const sent = ['e', 'é/%2F', 'a"b\\c', '\t\u007f', '😀\u0001', 'x'.repeat(500)];
    const begins = '{"objectType":"contacts","eventTemplateId":"9",';
    const ends = '"tokens":{"id":"x"},"extraData":{ "a" : 1.0, "id":"y", "n":12345678901234567890 }}';
    for (const [index, id] of sent.entries()) {
      const seq = index + 1;
      const event = { seq, portal, template: 9, place: 1 + (index % 2), timestamp: 1_000 * index - 3_000 };
      // Until schema 9 the body said the id too.
      const body = `${begins}${version < 9 ? `"id":${JSON.stringify(id)},` : ''}${ends}`;
      add('event', { ...event, id, received_at: 1, identified_by: 'email', body });
      add('timeline', { level: 6, segment: 0, ...event });
    }
    if (version >= 9) db.exec(`UPDATE timeline_level SET below = ${sent.length + 1} WHERE level > 0`);
    db.close();

    const upgrades: number[][] = [];
    const onUpgrade = (...of: number[]) => upgrades.push(of);
    const store = await openStore({ folder, clock: Date.now, onUpgrade });
    expect(upgrades).toEqual([[version, versions.length + 1]]);
    for (const id of sent) expect(store.event(portal, 9, id)?.body).toBe(begins + ends);
    const key = { portalId: portal, type: 'contacts', id: 1 } as const;
    expect(store.record(key)).toMatchObject({ email: 'A@x.test', createdAt: 5 });
    expect(walk(store, key).map(({ id }) => id)).toEqual(sent.filter((_, n) => n % 2 === 0).reverse());
    const subject = { type: 'contacts', objectId: 1, utk: 'u', unknown: 'refuse', identifies: true } as const;
    expect(await store.identify({ portalId: portal, subject, properties: [], at: NOW })).toBe(1);
    expect(walk(store, key).map(({ id }) => id)).toEqual(sent.toReversed());
    await store.append([draftOf(portal, 9, 'e', { email: 'a@X.test' })]);
    expect(walk(store, key).map(({ id }) => id)).toEqual(['e', ...sent.slice(1).reverse()]);
    await store.close();
    const now = openWriter(folder);
    expect(now.prepare('SELECT id FROM place WHERE utk IS NOT NULL').all()).toEqual([]); // both are the contact's
    now.close();
  });

  test('a folder from before archived records kept something is brought up to date', async () => {
    folder = newFolder();
    const db = new Database(join(folder, 'throughline.sqlite'));
    for (const name of readdirSync(MIGRATIONS).sort().slice(0, 11))
      db.exec(readFileSync(new URL(name, MIGRATIONS), 'utf8'));
    db.pragma('user_version = 11');
    db.exec(`
      INSERT INTO portal (id, name, lenient) VALUES (7, 'Old', 1);
      INSERT INTO app (id, name, client_id, redirect_uris, scopes) VALUES (8, 'Old', 'c', '[]', '[]');
      INSERT INTO template (id, app, object_type, name, tokens, created_at, updated_at)
        VALUES (9, 8, 'contacts', 'Old', '[]', 1, 1);
      INSERT INTO definition VALUES
        (7, 'contacts', 'property', 'nr', 1, '{"name":"nr","type":"number","unique":true}'),
        (7, 'contacts', 'property', 'word', 1, '{"name":"word","type":"string","unique":true}'),
        (7, 'contacts', 'property', 'other', 1, '{"name":"other","type":"string"}');
      INSERT INTO place (id, portal, object_type, object_id) VALUES (1, 7, 'contacts', 1), (2, 7, 'contacts', 2);
      INSERT INTO record (portal, object_type, id, place, created_at, updated_at, archived_at)
        VALUES (7, 'contacts', 1, 1, 1, 1, NULL), (7, 'contacts', 2, 2, 1, 1, 5);
      INSERT INTO property VALUES (1, 'nr', '3.0', 1, '7/contacts/nr/3.0'), (2, 'word', 'ÉTÉ', 1, NULL),
        (2, 'other', 'x', 1, NULL);
      INSERT INTO timeline VALUES (0, 0, 2, 1, 1, 9), (0, 0, 2, 1, 2, 9);
      INSERT INTO event VALUES
        (1, 7, 9, 'a', 2, 1, 1, 'email', '{"objectType":"contacts","eventTemplateId":"9","email":"Zorro@Example.com","tokens":{}}'),
        (2, 7, 9, 'b', 2, 1, 1, 'objectId', '{"objectType":"contacts","eventTemplateId":"9","tokens":{"a":"","email":"ada@example.com"}}');`);
    db.close();
    const store = await openStore({ folder, clock: Date.now, onUpgrade: () => undefined });
    const owner = (name: string, value: string) =>
      store.recordByUnique(7, 'contacts', uniqueKey(7, 'contacts', name, value))?.id;
    expect([owner('nr', '3'), owner('nr', '3.0'), owner('word', 'été')]).toEqual([1, undefined, undefined]);
    expect(await store.erase(7, { email: 'ada@example.com' })).toBe(false);
    await store.append([draftOf(7, 9, 'back', { objectId: 2, unknown: 'create' })]);
    expect([owner('word', 'été'), owner('other', 'x')]).toEqual([2, undefined]);
    await store.write(7, [{ op: 'archive', type: 'contacts', id: 2 }], NOW);
    expect(await store.erase(7, { email: 'zorro@example.com' })).toBe(true);
    await store.close();
    expect(readFileSync(join(folder, 'throughline.sqlite')).includes('Zorro')).toBe(false);
  });

  test('a folder without one of its tables is refused with why', async () => {
    folder = newFolder();
    const db = openWriter(folder);
    db.exec('DROP TABLE scrub_owed');
    db.close();
    await expect(openStore({ folder, clock: Date.now })).rejects.toThrow(
      `'${folder}' cannot be opened: its tables are not as they should be (SQLITE_ERROR)`,
    );
  });

  test('a folder of a newer version, a damaged one, or one that cannot be a folder, is refused with its name', async () => {
    folder = newFolder();
    const open = () => openStore({ folder, clock: Date.now });
    await (await open()).close();
    const file = join(folder, 'throughline.sqlite');
    const db = new Database(file);
    db.pragma('user_version = 9999');
    db.close();
    await expect(open()).rejects.toThrow(/newer Throughline \(schema 9999/);
    await expect(open()).rejects.toThrow(folder);
    writeFileSync(file, 'no database, however long it is'.repeat(1_000));
    await expect(open()).rejects.toThrow(/damaged; put a backup in its place/);
    await expect(openStore({ folder: file, clock: Date.now })).rejects.toThrow(file);
  });

  test.each([0, 3])("another program's file (version %i) is refused, and left as it is", async (version) => {
    folder = newFolder();
    const file = join(folder, 'throughline.sqlite');
    const db = new Database(file);
    db.exec('CREATE TABLE portal (x); INSERT INTO portal VALUES (1)');
    db.pragma(`user_version = ${version}`);
    db.close();
    const before = readFileSync(file);
    const opening = openStore({ folder, clock: Date.now });
    await expect(opening).rejects.toThrow(
      `'${folder}' cannot be opened: the throughline.sqlite in it is of another program`,
    );
    expect(readFileSync(file)).toEqual(before);
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
