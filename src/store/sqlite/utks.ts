// What utks stand for, on the writer's connection: a contact, or a visitor whom nobody knows yet, by the place that its
// events stand at. Utks come in no order. Written into the index `visitor` one by one, each would be a page of its own,
// which is most of what a visitor costs. So the newest are found in memory alone, where all of a folder's writers have
// them from their places, until there are RUNS runs of places: these go into the index in its own order, a few with
// each transaction.
//
// Promises: a visitor that is there is found, whichever process made it. What memory says is looked at in `place` before
// it is answered, so that it may be of a transaction that failed, or of a visitor who is known by now.
import type { Connection } from './database.js';

const RUNS = 8;
/** Of a group that is complete, for each place that is new: it is done before the next one is. */
const MOVED_PER_PLACE = 2;

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

type Standing = [below: number, erases: number, newest: number];

export type Utks = ReturnType<typeof utks>;

export function utks(db: Connection) {
  const run = db.prepare('SELECT run FROM visitor_tail').pluck().get() as number;
  const span = RUNS * run;
  const standing = db
    .prepare('SELECT below, erases, (SELECT coalesce(max(id), 0) FROM place) FROM visitor_tail')
    .raw();
  const setBelow = db.prepare('UPDATE visitor_tail SET below = ?');
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
  let [below, erases, newest] = [-1, -1, -1]; // as of the last transaction
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

  /** What is in memory as of now; answers how many places are new. */
  function see(): number {
    const before = newest;
    const now = standing.get() as Standing;
    if (now[0] !== below || now[1] !== erases || now[2] < newest) {
      groups = [groupFrom(now[0])];
      seen = now[0] - 1;
    }
    [below, erases, newest] = now;
    if (newest > seen) {
      for (const { portal, utk, place } of visitorsFrom.all(seen + 1) as Visitor[]) keep(portal, utk, place);
      seen = newest;
    }
    return before < 0 ? 0 : newest - before;
  }

  /** Takes the oldest group on its way, by no more than so many visitors. */
  function moveOn(most: number): void {
    const [group, next] = groups as [Group, Group | undefined];
    if (newest < group.from + span) return;
    const { unsorted, sorted } = group;
    if (unsorted.length > 0) {
      const one = unsorted.pop() ?? []; // one at a time, since it takes a while
      sorted.push(one.sort((a, b) => (isBefore(a, b) ? 1 : -1)));
      return;
    }
    const moved: number[] = [];
    while (moved.length < most) {
      let first: Visitor[] | undefined;
      for (const run of sorted)
        if (run.length > 0 && (!first || isBefore(last(run), last(first)))) first = run;
      if (!first) break;
      moved.push((first.pop() as Visitor).place);
    }
    toIndex.run(JSON.stringify(moved));
    if (sorted.some((each) => each.length > 0)) return;
    below = next?.from ?? group.from + span * Math.floor((newest + 1 - group.from) / span);
    setBelow.run(below);
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
      below = -1;
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

const last = (run: readonly Visitor[]) => run[run.length - 1] as Visitor;

const isBefore = (a: Visitor, b: Visitor) => (a.portal === b.portal ? a.utk < b.utk : a.portal < b.portal);
