// The ids of events that were sent without one: UUIDs of version 7 that are made of when an event came and its seq, so
// that such an event is found by its id without an index. They sort by the time, within a millisecond by seq. The seq
// is shifted by a secret of the folder's for each millisecond: beyond that, ids do not tell how many events there are.
import { createCipheriv } from 'node:crypto';
import type { Connection } from './database.js';

/** What stands in an event's row instead of such an id. */
export const MADE = '';

export interface MadeIds {
  /** `receivedAt` in epoch ms. */
  of(seq: number, receivedAt: number): string;
  /** Which event has the id, if it is one of these; whether that event exists, its row tells. */
  read(id: string): { seq: number; receivedAt: number } | undefined;
}

const UUID = /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;
/** Of so many milliseconds the secret is remembered: pages are looked at more than once. */
const MAX_SECRETS = 4_096;
/** Six digits: V8 writes a number of twelve ten times slower than two of six. */
const HALF = 2 ** 24;
const hex = (half: number) => half.toString(16).padStart(6, '0');

export function madeIds(db: Connection): MadeIds {
  const key = db.prepare('SELECT key FROM made_id_key').pluck().get() as Buffer;
  const cipher = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false);
  const block = Buffer.alloc(16);
  const secrets = new Map<number, { prefix: string; shift: number }>();

  /** What all ids of a millisecond begin with, and the number that their seqs are shifted by. */
  function secretOf(receivedAt: number) {
    const kept = secrets.get(receivedAt);
    if (kept) return kept;
    block.writeUIntBE(Math.max(receivedAt, 0), 0, 6); // a clock may be wrong
    const secret = cipher.update(block);
    const time = block.toString('hex', 0, 6);
    const a = (secret.readUInt16BE(0) & 0x0fff) | 0x7000;
    const b = (secret.readUInt16BE(2) & 0x3fff) | 0x8000;
    const prefix = `${time.slice(0, 8)}-${time.slice(8)}-${a.toString(16)}-${b.toString(16)}-`;
    const made = { prefix, shift: secret.readUIntBE(4, 6) % 2 ** 47 };
    if (secrets.size >= MAX_SECRETS) secrets.clear();
    secrets.set(receivedAt, made);
    return made;
  }

  return {
    of(seq, receivedAt) {
      const { prefix, shift } = secretOf(receivedAt);
      const number = shift + seq;
      return prefix + hex(Math.floor(number / HALF)) + hex(number % HALF);
    },
    read(id) {
      if (!UUID.test(id)) return undefined;
      const receivedAt = Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
      const { prefix, shift } = secretOf(receivedAt);
      const seq = Number.parseInt(id.slice(24), 16) - shift;
      return id.startsWith(prefix) && seq > 0 ? { seq, receivedAt } : undefined;
    },
  };
}
