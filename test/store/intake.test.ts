// The way of drafts to the store: what goes together, in which order, how much may wait, and what a failure does.
import { describe, expect, test, vi } from 'vitest';
import { Refusal } from '../../dist/refusal.js';
import { Intake, MAX_IN_LINE, MAX_WAITING_BYTES, MAX_WAITING_EVENTS } from '../../dist/timeline/intake.js';
import type { AppendOutcome, EventDraft } from '../../dist/timeline/store.js';
import { draftOf } from './support.js';

/** A store whose commits end when the test says so. */
function heldStore() {
  const batches: string[][] = [];
  const held: { resolve(): void; reject(error: Error): void }[] = [];
  return {
    /** The ids of every batch that came, in order. */
    batches,
    append: (drafts: readonly EventDraft[]) =>
      new Promise<AppendOutcome[]>((resolve, reject) => {
        batches.push(drafts.map(({ id = '' }) => id));
        held.push({ resolve: () => resolve(drafts.map(outcomeOf)), reject });
      }),
    /** Ends the oldest commit. */
    commit: () => held.shift()?.resolve(),
    fail: (error: Error) => held.shift()?.reject(error),
    /** Commits until nothing comes any more. */
    async drain() {
      for (;;) {
        await turn();
        const next = held.shift();
        if (!next) return;
        next.resolve();
      }
    },
  };
}

function outcomeOf({ id = '', templateId, timestamp, receivedAt, body }: EventDraft): AppendOutcome {
  return id.startsWith('bad')
    ? new Refusal('conflict', `${id} is refused`)
    : { id, templateId, timestamp, receivedAt, identifiedBy: 'objectId', body, objectId: 1 };
}

const draft = (id: string, text = id) => draftOf(1, 2, id, { objectId: 1 }, { text });
/** A few turns of the event loop. */
const turn = async () => {
  for (let n = 0; n < 3; n++) await new Promise((resolve) => setImmediate(resolve));
};

describe('intake', () => {
  test('what comes in one turn of the event loop is one batch', async () => {
    const store = heldStore();
    const intake = new Intake(store);
    const answers = [
      intake.append(draft('a')),
      intake.appendAll([draft('b'), draft('c')]),
      intake.append(draft('d')),
    ];
    await store.drain();
    expect(store.batches).toEqual([['a', 'b', 'c', 'd']]);
    expect(await Promise.all(answers)).toMatchObject([{ id: 'a' }, [{ id: 'b' }, { id: 'c' }], { id: 'd' }]);
  });

  test('what comes while the store is at work goes there at the end of its own turn', async () => {
    const store = heldStore();
    const intake = new Intake(store);
    const answers = [intake.append(draft('a'))];
    await turn();
    answers.push(intake.append(draft('b')), intake.append(draft('c')));
    await turn();
    answers.push(intake.append(draft('d')));
    await turn();
    expect(store.batches).toEqual([['a'], ['b', 'c'], ['d']]);
    await store.drain();
    expect((await Promise.all(answers)).map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd']);
  });

  test('the store has no more than 10,000 events at a time; what comes meanwhile goes in batches of 1,000 at most', async () => {
    const store = heldStore();
    const intake = new Intake(store);
    const answers = Array.from({ length: 15_000 }, (_, n) => intake.append(draft(`${n}`)));
    await turn();
    const lengths = () => store.batches.map(({ length }) => length);
    expect(lengths()).toEqual(Array(313).fill(32));
    store.commit();
    await turn();
    expect(lengths().slice(313)).toEqual([1_000]);
    await store.drain();
    expect((await Promise.all(answers)).map(({ id }) => id)).toEqual(store.batches.flat());
    expect(lengths().reduce((a, b) => a + b)).toBe(15_000);
    expect(Math.max(...lengths())).toBe(1_000);
  });

  test('what is worth a commit of its own goes before the turn ends, so that the store has work meanwhile', async () => {
    const store = heldStore();
    const intake = new Intake(store);
    const answers = Array.from({ length: 70 }, (_, n) => intake.append(draft(`${n}`)));
    expect(store.batches.map(({ length }) => length)).toEqual([32, 32]);
    await store.drain();
    expect(store.batches.map(({ length }) => length)).toEqual([32, 32, 6]);
    expect((await Promise.all(answers)).map(({ id }) => id)).toEqual(store.batches.flat());
  });

  test('nobody hears before the commit, and all of the finished batch hear though the next one hangs', async () => {
    const store = heldStore();
    const intake = new Intake(store);
    const heard: string[] = [];
    const send = (id: string) => void intake.append(draft(id)).then(() => heard.push(id));
    send('a');
    send('b');
    await turn();
    send('c');
    await turn();
    expect(heard).toEqual([]);
    store.commit();
    await turn();
    expect(heard).toEqual(['a', 'b']);
    await store.drain();
    expect(heard).toEqual(['a', 'b', 'c']);
  });

  test('keeps the order of thousands, in batches that are bounded, one caller’s drafts together', async () => {
    const store = heldStore();
    const intake = new Intake(store);
    const calls = Array.from({ length: 60 }, (_, call) =>
      Array.from({ length: (call * 37) % 400 }, (_, n) => draft(`${call}.${n}`)),
    );
    const answers = calls.map((drafts) => intake.appendAll(drafts));
    await store.drain();
    expect(store.batches.flat()).toEqual(calls.flat().map(({ id }) => id));
    expect(store.batches.length).toBeGreaterThan(5);
    for (const batch of store.batches) expect(batch.length).toBeLessThanOrEqual(1_000);
    const ids = (drafts: readonly { id?: string }[]) => drafts.map(({ id }) => id);
    expect((await Promise.all(answers)).map((outcomes) => ids(outcomes as { id: string }[]))).toEqual(
      calls.map(ids),
    );
    for (const drafts of calls) {
      const first = drafts[0];
      if (first)
        expect(store.batches.find((batch) => batch.includes(first.id))).toEqual(
          expect.arrayContaining(ids(drafts)),
        );
    }
  });

  test('batches are bounded in bytes too, but the largest body still goes', async () => {
    const store = heldStore();
    const intake = new Intake(store);
    const text = 'x'.repeat(5 * 1024 * 1024);
    const answers = ['a', 'b', 'c', 'd', 'e'].map((id) => intake.append(draft(id, text)));
    const large = intake.append(draft('large', 'x'.repeat(20 * 1024 * 1024)));
    await store.drain();
    expect((await Promise.all([...answers, large])).map(({ id }) => id).join('')).toBe('abcdelarge');
    expect(store.batches).toEqual([['a'], ['b'], ['c'], ['d'], ['e'], ['large']]);
  });

  test('a refused one is its caller’s alone', async () => {
    const store = heldStore();
    const intake = new Intake(store);
    const good = intake.append(draft('good'));
    const bad = intake.append(draft('bad'));
    const both = intake.appendAll([draft('bad too'), draft('good too')]);
    const refused = expect(bad).rejects.toMatchObject({ reason: 'conflict', message: 'bad is refused' });
    await store.drain();
    await refused;
    expect(await good).toMatchObject({ id: 'good' });
    expect(await both).toMatchObject([{ reason: 'conflict' }, { id: 'good too' }]);
  });

  test('a batch that the store rejects is rejected for all of its callers; the next one goes', async () => {
    const store = heldStore();
    const intake = new Intake(store);
    const full = new Refusal('unavailable', 'the disk is full');
    const first = Promise.allSettled([intake.append(draft('a')), intake.appendAll([draft('b'), draft('c')])]);
    await turn();
    const second = intake.append(draft('d'));
    store.fail(full);
    expect(await first).toEqual([
      { status: 'rejected', reason: full },
      { status: 'rejected', reason: full },
    ]);
    await store.drain();
    expect(await second).toMatchObject({ id: 'd' });
    expect(store.batches).toEqual([['a', 'b', 'c'], ['d']]);
  });

  test('beyond as many events as may wait, callers are told at once; when it moves, it takes again', async () => {
    const store = heldStore();
    const intake = new Intake(store);
    intake.refuseWhenFull();
    const batch = (name: string) => Array.from({ length: 500 }, (_, n) => draft(`${name}.${n}`));
    const waiting = Array.from({ length: MAX_WAITING_EVENTS / 500 }, (_, n) =>
      intake.appendAll(batch(`w${n}`)),
    );
    await turn();
    expect(() => intake.refuseWhenFull()).toThrow(/waiting for the disk/);
    await expect(intake.append(draft('one more'))).rejects.toMatchObject({ reason: 'overloaded' });
    await expect(intake.appendAll(batch('many more'))).rejects.toMatchObject({ reason: 'overloaded' });
    store.commit();
    await turn();
    intake.refuseWhenFull(); // no more
    const taken = intake.append(draft('now'));
    await store.drain();
    expect((await Promise.all(waiting)).flat()).toHaveLength(MAX_WAITING_EVENTS);
    expect(await taken).toMatchObject({ id: 'now' });
    const seen = new Set(store.batches.flat());
    expect(seen.size).toBe(MAX_WAITING_EVENTS + 1);
    expect(seen.has('one more')).toBe(false);
    // Nothing is left on the count: as many fit as before.
    const again = Array.from({ length: MAX_WAITING_EVENTS / 500 }, (_, n) =>
      intake.appendAll(batch(`a${n}`)),
    );
    await store.drain();
    expect(await Promise.all(again)).toHaveLength(MAX_WAITING_EVENTS / 500);
  });

  test('beyond as many bytes as may wait too, also after batches that failed', async () => {
    const store = heldStore();
    const intake = new Intake(store);
    const text = 'x'.repeat(8 * 1024 * 1024);
    const fits = Math.floor(MAX_WAITING_BYTES / JSON.stringify({ id: 'n', text }).length);
    for (const round of [1, 2]) {
      const waiting = Array.from({ length: fits }, () => intake.append(draft('n', text)));
      const settled = Promise.allSettled(waiting);
      await turn();
      await expect(intake.append(draft('n', text)), `round ${round}`).rejects.toMatchObject({
        reason: 'overloaded',
      });
      const small = expect(intake.append(draft('s'))).rejects.toThrow('the disk failed'); // that one fits
      for (let n = 0; n < 100; n++) {
        store.fail(new Error('the disk failed'));
        await turn();
      }
      expect((await settled).every(({ status }) => status === 'rejected')).toBe(true);
      await small;
    }
    const after = intake.append(draft('after'));
    await store.drain();
    expect(await after).toMatchObject({ id: 'after' });
  });

  test('batches begin in order while fewer than 4,000 events wait; the others are not even read', async () => {
    const store = heldStore();
    const intake = new Intake(store);
    const begun: number[] = [];
    const first = (count: number) => Array.from({ length: count }, (_, n) => n);
    const batches = first(20).map((n) => first(500).map((index) => draft(`${n}.${index}`)));
    const answers = batches.map((drafts, n) =>
      intake.inLine(1, () => {
        begun.push(n);
        return intake.appendAll(drafts);
      }),
    );
    // On a busy machine not all in one turn of the event loop.
    await vi.waitFor(() => expect(begun).toEqual(first(8)));
    await turn();
    expect(begun).toEqual(first(8));
    store.commit();
    await vi.waitFor(() => expect(begun).toEqual(first(9)));
    await store.drain();
    expect(begun).toEqual(first(20));
    expect((await Promise.all(answers)).flat()).toHaveLength(20 * 500);
    expect(store.batches.flat()).toEqual(
      first(20).flatMap((n) => first(500).map((index) => `${n}.${index}`)),
    );
  });

  test('a batch that is refused before it appends, or that the store rejects, holds up none behind it', async () => {
    const store = heldStore();
    const intake = new Intake(store);
    const many = Array.from({ length: 4_000 }, (_, n) => draft(`${n}`));
    const failing = intake.inLine(1, () => intake.appendAll(many));
    const bad = intake.inLine(1, async () => {
      throw new Refusal('invalid', 'no JSON');
    });
    const good = intake.inLine(1, () => intake.append(draft('good')));
    const settled = Promise.allSettled([failing, bad]);
    await turn();
    store.fail(new Error('the disk failed'));
    await turn();
    await store.drain();
    expect(await settled).toMatchObject([
      { reason: { message: 'the disk failed' } },
      { reason: { message: 'no JSON' } },
    ]);
    expect(await good).toMatchObject({ id: 'good' });
  });

  test('single events, however many, keep no batch waiting', async () => {
    const store = heldStore();
    const intake = new Intake(store);
    const singles = Array.from({ length: 6_000 }, (_, n) => intake.append(draft(`${n}`)));
    const begun: string[] = [];
    const batch = (name: string) =>
      intake.inLine(1, () => {
        begun.push(name);
        return intake.appendAll([draft(name)]);
      });
    const answers = [batch('first'), batch('second')];
    expect(begun).toEqual(['first']);
    await store.drain();
    expect(begun).toEqual(['first', 'second']);
    await Promise.all([...singles, ...answers]);
  });

  test('beyond as many batches as may stand in line, callers are told at once', async () => {
    const store = heldStore();
    const intake = new Intake(store);
    const batch = () =>
      intake.inLine(1, () => intake.appendAll(Array.from({ length: 4_000 }, () => draft('a'))));
    const answers = Array.from({ length: MAX_IN_LINE + 1 }, batch);
    expect(batch).toThrow(/batches wait for their turn/);
    await turn();
    store.commit();
    await turn();
    answers.push(batch());
    await store.drain();
    expect(await Promise.all(answers)).toHaveLength(MAX_IN_LINE + 2);
  });

  test('what stands in line is bounded in bytes too: a caller that has gone leaves its own there', async () => {
    const store = heldStore();
    const intake = new Intake(store);
    const batch = (bytes: number) => intake.inLine(bytes, () => intake.appendAll([draft('a')]));
    const many = Array.from({ length: 4_000 }, (_, n) => draft(`${n}`));
    const answers = [intake.inLine(1, () => intake.appendAll(many)), batch(MAX_WAITING_BYTES)];
    expect(() => batch(1)).toThrow(/batches wait for their turn/);
    await turn();
    store.commit();
    await turn();
    answers.push(batch(MAX_WAITING_BYTES));
    await store.drain();
    expect(await Promise.all(answers)).toHaveLength(3);
  });

  test('batches of which nothing is stored are not read all in one turn of the event loop', async () => {
    const store = heldStore();
    const intake = new Intake(store);
    const many = Array.from({ length: 4_000 }, (_, n) => draft(`${n}`));
    const first = intake.inLine(1, () => intake.appendAll(many));
    let turns = 0;
    const ticking = setInterval(() => turns++, 0);
    const begun = new Set<number>();
    const bad = Array.from({ length: 40 }, () =>
      intake.inLine(1, async () => {
        begun.add(turns);
        for (const until = performance.now() + 5; performance.now() < until; );
        throw new Refusal('invalid', 'no JSON');
      }),
    );
    const settled = Promise.allSettled(bad);
    await store.drain();
    await Promise.all([first, settled]);
    clearInterval(ticking);
    expect(begun.size).toBeGreaterThan(3);
  });
});
