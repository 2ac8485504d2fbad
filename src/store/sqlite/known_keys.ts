// Which utks and e-mails their indexes hold, as far as memory can tell: a Bloom filter, so that one that nobody has is not
// looked for in the file, at a page of its own each time. It is read from the indexes, some with each transaction.
//
// Promises: `mayHold` says no only of what no index holds. It says yes of everything until all is read, and while other
// processes write (or empty the WAL, which looks the same); of ever more once there are more than it is made for. Only time
// is lost then.
import type { Connection } from './database.js';

/** Bits of a key, all in one line, which a processor fetches at once: of 13 million keys, 2 % are looked for in vain. */
const BITS_OF_KEY = 3;
const BITS_IN_LINE = 512;
const LINES = 2 ** 18;
/** Keys read with a transaction: some 0.5 ms. A million take 2,000 transactions. */
const READ_AT_ONCE = 512;
/** Transactions before reading begins: after another process's last one, or where there may be no more than a few. */
const ALONE = 32;

export type Kind = 'email' | 'utk';
type Key = [portal: number, kind: Kind, key: string];
const FIRST: Key = [0, 'email', ''];

export function knownKeys(db: Connection) {
  const dataVersion = db.prepare('PRAGMA data_version').pluck(); // another number once another process has written
  const indexes = [
    `SELECT portal, 'utk', utk FROM visitor WHERE (portal, utk) > (@portal, @key)
     ORDER BY portal, utk LIMIT ${READ_AT_ONCE}`,
    `SELECT portal, kind, key FROM identity_owner WHERE (portal, kind, key) > (@portal, @kind, @key)
     ORDER BY portal, kind, key LIMIT ${READ_AT_ONCE}`,
  ].map((keysAfter) => db.prepare(keysAfter).raw());

  const filter = new Int32Array((LINES * BITS_IN_LINE) / 32);
  let version = dataVersion.get();
  let alone = 0;
  let read = 0; // indexes, whole
  let last = FIRST; // of the next one

  function readOn(): void {
    const [portal, kind, key] = last;
    const keys = indexes[read]?.all({ portal, kind, key }) as Key[];
    for (const each of keys) add(...each);
    if (keys.length < READ_AT_ONCE) read++;
    last = keys.length < READ_AT_ONCE ? FIRST : (keys.at(-1) as Key);
  }

  /** Of what goes into an index from now on. */
  function add(...key: Key): void {
    const hash = hashOf(...key);
    for (let n = 0; n < BITS_OF_KEY; n++) {
      const bit = bitOf(hash, n);
      filter[bit >>> 5] = (filter[bit >>> 5] as number) | (1 << (bit & 31));
    }
  }

  return {
    add,
    /** To be called at the beginning of each transaction; `reads` if it may take some of the time. */
    begin(reads: boolean): void {
      const now = dataVersion.get();
      if (now !== version) [version, alone, read, last] = [now, 0, 0, FIRST];
      if (!reads || read === indexes.length) return;
      if (alone < ALONE && ++alone === ALONE) filter.fill(0);
      if (alone === ALONE) readOn();
    },
    mayHold(...key: Key): boolean {
      if (read < indexes.length) return true;
      const hash = hashOf(...key);
      for (let n = 0; n < BITS_OF_KEY; n++) {
        const bit = bitOf(hash, n);
        if (((filter[bit >>> 5] as number) & (1 << (bit & 31))) === 0) return false;
      }
      return true;
    },
  };
}

/** The nth of a key's bits, counted from the filter's first. */
function bitOf(hash: number, n: number): number {
  return (mixed(hash) & (LINES - 1)) * BITS_IN_LINE + ((mixed(~hash) >>> (9 * n)) & (BITS_IN_LINE - 1));
}

/** FNV-1a. */
function hashOf(...[portal, kind, key]: Key): number {
  let hash = Math.imul(0x811c9dc5 ^ portal, 0x01000193) ^ kind.length;
  for (let n = 0; n < key.length; n++) hash = Math.imul(hash ^ key.charCodeAt(n), 0x01000193);
  return hash;
}

/** What MurmurHash3 ends with: each bit depends on all. */
function mixed(hash: number): number {
  let bits = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
