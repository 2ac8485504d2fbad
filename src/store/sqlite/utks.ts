// What utks stand for, on the writer's connection: a contact, or a visitor whom nobody knows yet, by the place that its
// events stand at. Utks come in no order. Written into the index `visitor` one by one, each would be a page of its own,
// which is most of what a visitor costs. So the newest are found in memory alone, where all of a folder's writers have
// them from their places, until there are RUNS runs of places: these go into the index in its own order, a few with
// each transaction, whoever writes it.
//
// Promises: a visitor that is there is found, whichever process made it. A visitor in memory is looked at in `place`
// before it is answered: it may be known by now. Not many more than MAX_GROUPS groups wait, whoever writes how much.
import type { Connection } from './database.js';

const RUNS = 8;
/** Of a group that is complete, for each place that is new: it is done before the next one is. */
const MOVED_PER_PLACE = 2;
/** With more, a group goes into the index at once, some 50 ms: several processes may write more than they move. */
const MAX_GROUPS = 3;

interface Visitor {
  portal: number;
  utk: string;
  place: number;
}

/** The visitors with places from `from` on, up to the next group's. */
interface Group {
  from: number;
  /** By portal, by utk. */
  places: Map<number, Map<string, number>>;
  /** As they came, run by run. */
  unsorted: Visitor[][];
  /** What is yet to go into the index, once the group is complete: in each the next one last. */
  sorted: Visitor[][];
}

const groupFrom = (from: number): Group => ({ from, places: new Map(), unsorted: [], sorted: [] });

type Standing = [below: number, erases: number, newest: number, portal: number, utk: string];

export type Utks = ReturnType<typeof utks>;

export function utks(db: Connection) {
  const run = db.prepare('SELECT run FROM visitor_tail').pluck().get() as number;
  const span = RUNS * run;
  const standing = db
    .prepare(
      'SELECT below, erases, (SELECT coalesce(max(id), 0) FROM place), moved_portal, moved_utk FROM visitor_tail',
    )
    .raw();
  const setMoved = db.prepare('UPDATE visitor_tail SET below = ?, moved_portal = ?, moved_utk = ?');
  const visitorsFrom = db.prepare(
    'SELECT portal, utk, id AS place FROM place WHERE id >= ? AND utk IS NOT NULL',
  );
  const isThere = db.prepare('SELECT 1 FROM place WHERE id = ? AND portal = ? AND utk = ?').pluck();
  // Found by one value: a visitor's place, negative, or the contact.
  const findUtk = db
    .prepare(`
    SELECT -place FROM visitor WHERE portal = ? AND utk = ?
    UNION ALL SELECT object_id FROM identity WHERE portal = ? AND kind = 'utk' AND key = ?`)
    .pluck();
  const addVisitor = db.prepare("INSERT INTO place (portal, object_type, utk) VALUES (?, 'contacts', ?)");
  const toIndex = db.prepare(`
    INSERT INTO visitor SELECT p.portal, p.utk, p.id FROM json_each(?) moved CROSS JOIN place p ON p.id = moved.value
    WHERE p.utk IS NOT NULL ON CONFLICT DO NOTHING`);
  const fromIndex = db.prepare('DELETE FROM visitor WHERE portal = ? AND utk = ?');

  let groups: Group[] = []; // the oldest first
  let [erases, newest] = [-1, -1]; // as of the last transaction
  let moved: Key = NONE; // of the oldest group, all up to this one are in the index
  let seen = -1; // the newest place whose visitor is in memory, if it is one

  function keep(portal: number, utk: string, place: number): void {
    let group = groups.at(-1) as Group;
    if (place >= group.from + span) {
      const from = group.from + span * Math.floor((place - group.from) / span);
      group = groupFrom(from);
      groups.push(group);
    }
    const places = group.places.get(portal) ?? new Map<string, number>();
    group.places.set(portal, places.set(utk, place));
    const nth = Math.floor((place - group.from) / run);
    const visitors = group.unsorted[nth] ?? [];
    group.unsorted[nth] = visitors;
    visitors.push({ portal, utk, place });
    seen = place;
  }

  /** Brings memory up to date; answers how many places are new. */
  function see(): number {
    const before = newest;
    const [below, erased, last, portal, utk] = standing.get() as Standing;
    if (erased !== erases) {
      groups = [];
      seen = below - 1;
    }
    while (groups.length > 0 && (groups[0] as Group).from < below) groups.shift();
    if (groups[0]?.from !== below) groups.unshift(groupFrom(below));
    moved = { portal, utk };
    [erases, newest] = [erased, last];
    if (newest > seen) {
      const from = Math.max(seen + 1, below);
      for (const { portal, utk, place } of visitorsFrom.all(from) as Visitor[]) keep(portal, utk, place);
      seen = newest;
    }
    return before < 0 ? 0 : newest - before;
  }

  /** Takes the oldest group on its way, by about so many visitors. */
  function moveOn(most: number): void {
    const [group, next] = groups as [Group, Group | undefined];
    if (newest + 1 < group.from + span) return;
    const atOnce = newest >= group.from + MAX_GROUPS * span;
    const { unsorted, sorted } = group;
    while (unsorted.length > 0) {
      const one = unsorted.pop() ?? [];
      sorted.push(one.sort((a, b) => (isBefore(a, b) ? 1 : -1)));
      if (!atOnce) return; // one at a time, since it takes a while
    }
    for (const each of sorted) while (each.length > 0 && !isBefore(moved, last(each))) each.pop();
    const places: number[] = [];
    for (;;) {
      let first: Visitor[] | undefined;
      for (const each of sorted)
        if (each.length > 0 && (!first || isBefore(last(each), last(first)))) first = each;
      // All of one utk at once: who had it first may be known by now, and another visitor has it.
      if (!first || (!atOnce && places.length >= most && isBefore(moved, last(first)))) break;
      const visitor = first.pop() as Visitor;
      moved = visitor;
      places.push(visitor.place);
    }
    toIndex.run(JSON.stringify(places));
    if (sorted.some((each) => each.length > 0)) return void setMoved.run(group.from, moved.portal, moved.utk);
    const below = next?.from ?? group.from + span * Math.floor((newest + 1 - group.from) / span);
    setMoved.run(below, NONE.portal, NONE.utk);
    groups = next ? groups.slice(1) : [groupFrom(below)];
  }

  return {
    /** To be called at the beginning of each transaction. */
    begin(): void {
      const more = see();
      if (more > 0) moveOn(Math.min(MOVED_PER_PLACE * more, run));
    },
    /** The transaction failed: what it did is not there. */
    forget(): void {
      erases = -1;
    },
    find(portal: number, utk: string): { visitor: number } | { contact: number } | undefined {
      for (let at = groups.length - 1; at >= 0; at--) {
        const place = groups[at]?.places.get(portal)?.get(utk);
        if (place !== undefined && isThere.get(place, portal, utk) !== undefined) return { visitor: place };
      }
      const found = findUtk.get(portal, utk, portal, utk) as number | undefined;
      if (found === undefined) return undefined;
      return found < 0 ? { visitor: -found } : { contact: found };
    },
    /** A visitor of whom nothing was known; answers its place. */
    add(portal: number, utk: string): number {
      const place = Number(addVisitor.run(portal, utk).lastInsertRowid);
      keep(portal, utk, place);
      return place;
    },
    /** The visitor is known from now on: its place is a contact's. */
    remove(portal: number, utk: string): void {
      fromIndex.run(portal, utk);
    },
  };
}

/** Before all visitors. */
const NONE = { portal: 0, utk: '' };

const last = (run: readonly Visitor[]) => run[run.length - 1] as Visitor;

type Key = Pick<Visitor, 'portal' | 'utk'>;
const isBefore = (a: Key, b: Key) => (a.portal === b.portal ? a.utk < b.utk : a.portal < b.portal);
