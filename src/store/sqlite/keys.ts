// What utks and e-mails stand for, on the writer's connection: a contact; or, a utk, a visitor whom nobody knows yet, by
// the place that its events stand at. Both come in no order. Written into their indexes one by one (`visitor`,
// `identity_owner`), each would be a page of its own, which is most of what a new visitor or contact costs. So those of the
// newest places are found in memory alone, where all of a folder's writers have them from the tables that are in order,
// until there are RUNS runs of places: these go into the indexes in their own order, a few with each transaction,
// whoever writes it.
//
// Promises: what is known is found, whichever process made it. What is found in memory is looked at in the tables before
// it is answered: it may be another's by now. Not many more than MAX_GROUPS groups wait, whoever writes how much.
import type { Connection } from './database.js';
import { type Kind, knownKeys } from './known_keys.js';
import type { Own } from './records.js';

const RUNS = 8;
/** Of a group that is complete, for each place that is new: it is done before the next one is. */
const MOVED_PER_PLACE = 2;
/** With more, a group goes into the indexes at once, some 50 ms: processes that come and go write more than they move. */
const MAX_GROUPS = 3;

interface Key {
  portal: number;
  kind: Kind;
  key: string;
}

interface Waiting extends Key {
  place: number;
  /** Whose it was when it was made here: the contact's id, VISITOR. Undefined: it was read from the tables. */
  owner?: number;
}
const VISITOR = 0;

/** What waits with places from `from` on, up to the next group's. */
interface Group {
  from: number;
  /** By kind, by portal, by key. */
  places: Record<Kind, Map<number, Map<string, number>>>;
  /** As they came, run by run. */
  unsorted: Waiting[][];
  /** What is yet to go into the indexes, once the group is complete: in each the next one last. */
  sorted: Waiting[][];
}

const groupFrom = (from: number): Group => ({
  ...{ from, unsorted: [], sorted: [] },
  places: { email: new Map(), utk: new Map() },
});

type Standing = [below: number, erases: number, changes: number, newest: number];

export type Keys = ReturnType<typeof keys>;

export function keys(db: Connection) {
  const run = db.prepare('SELECT run FROM waiting').pluck().get() as number;
  const span = RUNS * run;
  const standing = db
    .prepare('SELECT below, erases, changes, (SELECT coalesce(max(id), 0) FROM place) FROM waiting')
    .raw();
  const setBelow = db.prepare('UPDATE waiting SET below = ?');
  const waitingFrom = db.prepare(`
    SELECT p.portal, iif(p.utk IS NULL, 'email', 'utk') AS kind, coalesce(p.utk, i.key) AS key, p.id AS place
    FROM place p LEFT JOIN identity i
      ON p.object_type = 'contacts' AND i.portal = p.portal AND i.object_id = p.object_id AND i.kind = 'email'
    WHERE p.id >= ? AND (p.utk IS NOT NULL OR i.key IS NOT NULL AND NOT p.further) ORDER BY p.id`);
  const isThere = db.prepare('SELECT 1 FROM place WHERE id = ? AND portal = ? AND utk = ?').pluck();
  // Found by one value: a visitor's place, negative, or the contact.
  const findUtk = db
    .prepare(`
    SELECT -place FROM visitor WHERE portal = ? AND utk = ?
    UNION ALL SELECT object_id FROM identity_owner WHERE portal = ? AND kind = 'utk' AND key = ?`)
    .pluck();
  const findOwner = db
    .prepare(
      "SELECT object_id, place, is_primary FROM identity_owner WHERE portal = ? AND kind = 'email' AND key = ?",
    )
    .raw();
  const ownerAt = db
    .prepare(`
    SELECT i.object_id, i.place, i.is_primary FROM place p CROSS JOIN identity i
    ON i.portal = p.portal AND i.object_id = p.object_id AND i.kind = 'email'
    WHERE p.id = ? AND p.portal = ? AND p.object_type = 'contacts' AND i.key = ?`)
    .raw();
  const addVisitor = db.prepare("INSERT INTO place (portal, object_type, utk) VALUES (?, 'contacts', ?)");
  const visitorToIndex = db.prepare('INSERT INTO visitor VALUES (?, ?, ?) ON CONFLICT DO NOTHING');
  const ownerToIndex = db.prepare(
    "INSERT INTO identity_owner VALUES (?, 'email', ?, ?, ?, 1) ON CONFLICT DO NOTHING",
  );
  const utksToIndex = db.prepare(`
    INSERT INTO visitor SELECT p.portal, p.utk, p.id FROM json_each(?) moved CROSS JOIN place p ON p.id = moved.value
    WHERE p.utk IS NOT NULL ON CONFLICT DO NOTHING`);
  const emailsToIndex = db.prepare(`
    INSERT INTO identity_owner SELECT i.portal, i.kind, i.key, i.object_id, i.place, i.is_primary
    FROM json_each(?) moved CROSS JOIN place p ON p.id = moved.value ->> 0 CROSS JOIN identity i
      ON p.object_type = 'contacts' AND i.portal = p.portal AND i.object_id = p.object_id AND i.kind = 'email'
      AND i.key = moved.value ->> 1
    WHERE true ON CONFLICT DO NOTHING`);
  const addOwner = db.prepare('INSERT INTO identity_owner VALUES (?, ?, ?, ?, ?, ?)');
  const addOwners = db
    .prepare(`
    INSERT INTO identity_owner SELECT portal, kind, key, object_id, place, is_primary FROM identity
    WHERE portal = ? AND object_id = ? AND kind = 'email' ON CONFLICT DO NOTHING RETURNING key`)
    .pluck();
  const fromIndex = db.prepare('DELETE FROM visitor WHERE portal = ? AND utk = ?');
  const change = db.prepare('UPDATE waiting SET changes = changes + 1');

  const known = knownKeys(db);
  let groups: Group[] = []; // the oldest first
  let [erases, changes, newest] = [-1, -1, -1]; // as of the last transaction
  let counted = -1; // the newest place as of the last one that wrote
  let unchanged = 0; // what waits with places from here on stands for what it did when it was made
  let seen = -1; // the newest place whose keys are in memory, if it has any

  function keep(one: Waiting): void {
    const { portal, kind, key, place } = one;
    let group = groups.at(-1) as Group;
    if (place >= group.from + span) {
      const from = group.from + span * Math.floor((place - group.from) / span);
      group = groupFrom(from);
      groups.push(group);
    }
    const ofKind = group.places[kind];
    const places = ofKind.get(portal) ?? new Map<string, number>();
    ofKind.set(portal, places.set(key, place));
    const nth = Math.floor((place - group.from) / run);
    const waiting = group.unsorted[nth] ?? [];
    group.unsorted[nth] = waiting;
    waiting.push(one);
    seen = place;
  }

  /** Brings memory up to date. */
  function see(): void {
    const [below, erased, changed, last] = standing.get() as Standing;
    if (erased !== erases) {
      groups = [];
      seen = below - 1;
    }
    while (groups.length > 0 && (groups[0] as Group).from < below) groups.shift();
    if (groups[0]?.from !== below) groups.unshift(groupFrom(below));
    if (changed !== changes) unchanged = last + 1;
    [erases, changes, newest] = [erased, changed, last];
    if (newest > seen) {
      for (const one of waitingFrom.all(Math.max(seen + 1, below)) as Waiting[]) keep(one);
      seen = newest;
    }
  }

  const areTooMany = () => newest >= (groups[0] as Group).from + MAX_GROUPS * span;

  /** Takes the oldest group on its way, by about so many keys. */
  function moveOn(most: number): void {
    const [group, next] = groups as [Group, Group | undefined];
    if (newest + 1 < group.from + span) return;
    const atOnce = areTooMany();
    const { unsorted, sorted } = group;
    while (unsorted.length > 0) {
      const one = unsorted.pop() ?? [];
      sorted.push(one.sort((a, b) => (isBefore(a, b) ? 1 : -1)));
      if (!atOnce) return; // one at a time, since it takes a while
    }
    const utks: number[] = []; // of what may be another's by now, the places
    const emails: [place: number, key: string][] = [];
    for (let count = 0; atOnce || count < most; count++) {
      let first: Waiting[] | undefined;
      for (const each of sorted)
        if (each.length > 0 && (!first || isBefore(last(each), last(first)))) first = each;
      if (!first) break;
      const { portal, kind, key, place, owner } = first.pop() as Waiting;
      known.add(portal, kind, key);
      if (owner !== undefined && place >= unchanged) {
        if (owner === VISITOR) visitorToIndex.run(portal, key, place);
        else ownerToIndex.run(portal, key, owner, place);
      } else if (kind === 'utk') utks.push(place);
      else emails.push([place, key]);
    }
    if (utks.length > 0) utksToIndex.run(JSON.stringify(utks));
    if (emails.length > 0) emailsToIndex.run(JSON.stringify(emails));
    if (sorted.some((each) => each.length > 0)) return;
    const below = next?.from ?? group.from + span * Math.floor((newest + 1 - group.from) / span);
    setBelow.run(below);
    groups = next ? groups.slice(1) : [groupFrom(below)];
  }

  return {
    /** To be called at the beginning of each transaction. */
    begin(): void {
      see();
      known.begin(true);
      const more = counted < 0 ? 0 : newest - counted;
      counted = newest;
      if (more > 0 || areTooMany()) moveOn(Math.min(MOVED_PER_PLACE * more, run));
    },
    /** Enough for finding: may be called while others write. */
    look(): void {
      see();
      known.begin(false);
    },
    /** The transaction failed: what it did is not there. */
    forget(): void {
      erases = -1;
    },
    find(portal: number, utk: string): { visitor: number } | { contact: number } | undefined {
      for (let at = groups.length - 1; at >= 0; at--) {
        const place = groups[at]?.places.utk.get(portal)?.get(utk);
        if (place !== undefined && isThere.get(place, portal, utk) !== undefined) return { visitor: place };
      }
      if (!known.mayHold(portal, 'utk', utk)) return undefined;
      const found = findUtk.get(portal, utk, portal, utk) as number | undefined;
      if (found === undefined) return undefined;
      return found < 0 ? { visitor: -found } : { contact: found };
    },
    /** The contact that an e-mail stands for. */
    emailOwnerOf(portal: number, email: string): (Own & { primary: boolean }) | undefined {
      type Row = [id: number, place: number, isPrimary: number];
      let found: Row | undefined;
      if (known.mayHold(portal, 'email', email)) found = findOwner.get(portal, email) as Row | undefined;
      for (let at = groups.length - 1; at >= 0 && !found; at--) {
        const place = groups[at]?.places.email.get(portal)?.get(email);
        if (place !== undefined) found = ownerAt.get(place, portal, email) as Row | undefined;
      }
      return found && { id: found[0], place: found[1], primary: found[2] === 1 };
    },
    /** The contact was made just now, with this e-mail alone. */
    addNewest(portal: number, email: string, { id, place }: Own): void {
      keep({ portal, kind: 'email', key: email, place, owner: id });
    },
    /** What any contact is known by from now on. */
    addOwner(portal: number, kind: Kind, key: string, { id, place }: Own): void {
      addOwner.run(portal, kind, key, id, place, kind === 'email' ? 1 : 0);
      known.add(portal, kind, key);
    },
    /** The contact was merged into: who reads what waits anew finds its e-mails by its own place alone. */
    addOwners(portal: number, id: number): void {
      for (const key of addOwners.all(portal, id) as string[]) known.add(portal, 'email', key);
    },
    /** A visitor of whom nothing was known; answers its place. */
    add(portal: number, utk: string): number {
      const place = Number(addVisitor.run(portal, utk).lastInsertRowid);
      keep({ portal, kind: 'utk', key: utk, place, owner: VISITOR });
      return place;
    },
    /** The visitor is known from now on: its place is a contact's. */
    remove(portal: number, utk: string): void {
      fromIndex.run(portal, utk);
      change.run();
    },
  };
}

const last = (run: readonly Waiting[]) => run[run.length - 1] as Waiting;

function isBefore(a: Key, b: Key): boolean {
  if (a.portal !== b.portal) return a.portal < b.portal;
  return a.kind === b.kind ? a.key < b.key : a.kind < b.kind;
}
