// Where events stand on timelines: entries (place, timestamp, seq) in sorted segments, kept apart so that the layout
// can be exchanged. One index over all of them would be written at a random page for each event, and be slower the
// larger it is. So an entry goes into a small segment, all that is written at random, and is moved up: sixteen
// segments of a level into one of the next, a bounded slice at a time, within the transaction of an append.
//
// Promises: an entry stands in exactly one segment, so that a page is exact at every moment, in the transaction that
// it is read in, whatever is being moved. A read looks into at most 2 * fanout + 1 segments a level.
import type { Cursor } from '../../timeline/store.js';
import { type Connection, LIMIT } from './database.js';

const LEVELS = 7;
/** Entries that are moved for each that is added: as many as there are moves in an entry's life, so that none wait. */
const MOVED_PER_ADDED = LEVELS - 1;

/** The folder's own sizes, `timeline_shape`, as functions. */
function shape(db: Connection) {
  const sizes = db.prepare('SELECT smallest, fanout, slice FROM timeline_shape').get();
  const { smallest, fanout, slice } = sizes as Record<'smallest' | 'fanout' | 'slice', number>;
  const span = (level: number) => smallest * fanout ** level;
  return {
    smallest,
    fanout,
    slice,
    span,
    segmentOf: (level: number, seq: number) => Math.floor(seq / span(level)),
  };
}
type Shape = ReturnType<typeof shape>;

/**
 * What stands where, as of now: entries whose seq is in [below[level + 1], below[level]) are on that level; those of the
 * group that is being moved on are on the next one in part. `below[0]` is the seq that the next event will have.
 */
function levels(db: Connection): () => number[] {
  const below = db.prepare('SELECT below FROM timeline_level ORDER BY level').pluck();
  const newest = db.prepare('SELECT max(seq) FROM event').pluck();
  return () => {
    const [free, ...moved] = below.all() as [number, ...number[]];
    // Not the seq of an event that is gone: it may have been told in an id.
    return [Math.max(((newest.get() as number | null) ?? 0) + 1, free), ...moved, 0];
  };
}

/** The segments that may hold entries, level by level, the newest first. */
function segmentsOf({ segmentOf }: Shape, below: readonly number[]): [level: number, segments: number[]][] {
  return Array.from({ length: LEVELS }, (_, level) => {
    const newest = segmentOf(level, below[level] as number);
    const oldest = segmentOf(level, below[level + 1] as number);
    return [level, Array.from({ length: newest - oldest + 1 }, (_, nth) => newest - nth)];
  });
}

/** The last entry of a slice, and more than any. */
type Bound = [place: number, timestamp: number, seq: number];
const UNBOUND: Bound = [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];

const smaller = (a: Bound, b: Bound) => ((a[0] - b[0] || a[1] - b[1] || a[2] - b[2]) <= 0 ? a : b);

/** Keeps the index, on the writer's connection. */
export function timelineWriter(db: Connection) {
  const sizes = shape(db);
  const { smallest, fanout, slice, span, segmentOf } = sizes;
  const stands = levels(db);
  const addFrom = db.prepare(`
    INSERT INTO timeline SELECT 0, seq / ${smallest}, place, timestamp, seq, template FROM event WHERE seq >= ?`);
  const remove = db.prepare(
    'DELETE FROM timeline WHERE level = ? AND segment = ? AND place = ? AND timestamp = ? AND seq = ?',
  );
  const atPlace = 'SELECT seq FROM timeline WHERE level = ? AND segment = ? AND place = ?';
  const bodiesAt = db.prepare(`SELECT seq, body FROM event WHERE seq IN (${atPlace})`);
  const dropAt = [
    db.prepare(`DELETE FROM mention WHERE seq IN (${atPlace})`),
    db.prepare(`DELETE FROM event WHERE seq IN (${atPlace})`),
    db.prepare('DELETE FROM timeline WHERE level = ? AND segment = ? AND place = ?'),
  ];
  const nth = db
    .prepare(`
    SELECT place, timestamp, seq FROM timeline WHERE level = ? AND segment = ?
    ORDER BY place, timestamp, seq LIMIT 1 OFFSET ?`)
    .raw();
  const sources = Array.from({ length: fanout }, () => '(?)').join(', ');
  const copy = db.prepare(`
    WITH source (segment) AS (VALUES ${sources})
    INSERT INTO timeline SELECT ?, ?, place, timestamp, seq, template
    FROM source CROSS JOIN timeline t
    ON t.level = ? AND t.segment = source.segment AND (t.place, t.timestamp, t.seq) <= (?, ?, ?)
    ORDER BY place, timestamp, seq`);
  const cut = db.prepare(
    'DELETE FROM timeline WHERE level = ? AND segment = ? AND (place, timestamp, seq) <= (?, ?, ?)',
  );
  const setBelow = db.prepare('UPDATE timeline_level SET below = ? WHERE level = ?');

  const share = Math.ceil(slice / fanout);
  /** Entries yet to be moved: a slice goes once they fill one. After a restart, as many as the events before had left. */
  let due = ((stands()[0] as number) * MOVED_PER_ADDED) % slice;

  /** Moves a slice from the lowest level that has a whole group. Answers how many entries; undefined: none has. */
  function moveSlice(below: number[]): number | undefined {
    for (let level = 0; level < LEVELS - 1; level++) {
      const to = level + 1;
      const group = segmentOf(to, below[to] as number);
      const end = (group + 1) * span(to);
      if ((below[level] as number) < end) continue;
      const from = Array.from({ length: fanout }, (_, nth) => group * fanout + nth);
      // As far as every segment gives no more than its share: then the slice is bounded, and nothing is left behind it.
      const last = from
        .map((segment) => (nth.get(level, segment, share - 1) as Bound | undefined) ?? UNBOUND)
        .reduce(smaller);
      const { changes } = copy.run(...from, to, group, level, ...last);
      for (const segment of from) cut.run(level, segment, ...last);
      if (last === UNBOUND) {
        setBelow.run(end, to);
        below[to] = end;
      }
      return changes;
    }
    return undefined;
  }

  return {
    /** The seq for the next event: over all that are there and all that were moved. */
    next: (): number => stands()[0] as number,
    /** Adds the events from this seq on, and moves others up. */
    addFrom(seq: number): void {
      addFrom.run(seq);
      const below = stands();
      due += ((below[0] as number) - seq) * MOVED_PER_ADDED;
      while (due >= slice) {
        const moved = moveSlice(below);
        if (moved === undefined) due = 0;
        else due -= moved;
      }
    },
    /** Deletes everything that stands at a place, the events too. */
    drop(place: number): void {
      setBelow.run(stands()[0], 0);
      for (const [level, segments] of segmentsOf(sizes, stands()))
        for (const segment of segments) for (const statement of dropAt) statement.run(level, segment, place);
    },
    /** The events that stand at a place; nothing else may be asked of the store meanwhile. */
    *at(place: number): Iterable<{ seq: number; body: string }> {
      for (const [level, segments] of segmentsOf(sizes, stands()))
        for (const segment of segments)
          yield* bodiesAt.iterate(level, segment, place) as Iterable<{ seq: number; body: string }>;
    },
    remove(place: number, timestamp: number, seq: number): void {
      // The newest event is over all levels once it is gone, though its entry may have been moved.
      const level = Math.max(
        0,
        stands().findLastIndex((each) => seq < each),
      );
      for (const on of [level, level + 1])
        if (remove.run(on, segmentOf(on, seq), place, timestamp, seq).changes > 0) return;
    },
  };
}

export interface TimelineEntry extends Cursor {
  place: number;
}

type Row = [timestamp: number, seq: number, place: number];

const isNewer = (a: Row, b: Row) => a[0] > b[0] || (a[0] === b[0] && a[1] > b[1]);

/** The newest of two lists that are each newest first. */
function merged(a: readonly Row[], b: readonly Row[], limit: number): Row[] {
  const both: Row[] = [];
  for (let i = 0, j = 0; both.length < limit; ) {
    const [one, other] = [a[i], b[j]];
    const next = one && (!other || isNewer(one, other)) ? a[i++] : b[j++];
    if (!next) break;
    both.push(next);
  }
  return both;
}

/**
 * The newest entries of some places that are strictly before a cursor and not before `from`, newest first, without
 * those of archived templates.
 */
export function timelineReader(db: Connection) {
  const sizes = shape(db);
  const stands = levels(db);
  // What only some entries have is looked at first: it is less work for each than the cursor.
  const newest = (...only: string[]) =>
    db
      .prepare(`
      SELECT timestamp, seq, place FROM timeline t
      WHERE ${[...only, 'level = ? AND segment = ? AND place = ? AND (timestamp, seq) < (?, ?) AND timestamp >= ?'].join(' AND ')}
      ORDER BY timestamp DESC, seq DESC ${LIMIT}`)
      .raw();
  const all = newest();
  const ofLive = newest(
    'NOT EXISTS (SELECT 1 FROM template WHERE template.id = t.template AND archived_at IS NOT NULL)',
  );
  const ofOne = newest('template = ?');
  const anyArchived = db.prepare('SELECT 1 FROM template WHERE archived_at IS NOT NULL LIMIT 1').pluck();
  const isArchived = db.prepare('SELECT 1 FROM template WHERE archived_at IS NOT NULL AND id = ?').pluck();
  return (
    places: readonly number[],
    query: { before: Cursor; from: number; template: number | undefined; limit: number },
  ): TimelineEntry[] => {
    const { before, limit, template } = query;
    if (template !== undefined && isArchived.get(template) !== undefined) return [];
    const live = anyArchived.get() === undefined ? all : ofLive;
    const [read, ofIt] = template === undefined ? [live, []] : [ofOne, [template]];
    let found: Row[] = [];
    for (const [level, segments] of segmentsOf(sizes, stands()))
      for (const segment of segments)
        for (const place of places) {
          // What is older than a whole page has no room on it.
          const from = Math.max(query.from, found[limit - 1]?.[0] ?? query.from);
          const bounds = [before.timestamp, before.seq, from, limit];
          const rows = read.all(...ofIt, level, segment, place, ...bounds) as Row[];
          if (rows.length > 0) found = merged(found, rows, limit);
        }
    return found.map(([timestamp, seq, place]) => ({ timestamp, seq, place }));
  };
}
