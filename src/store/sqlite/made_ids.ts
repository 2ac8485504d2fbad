// The ids of events that were sent without one: UUIDs of version 7 that are made of when an event came and its seq, so
// that such an event is found by its id without an index. Later ones sort after earlier ones, within a millisecond too.
// What stands beside the time is shifted by a secret of the folder's for each millisecond: an id does not tell how many
// events there are.
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

export function madeIds(db: Connection): MadeIds {
  const key = db.prepare('SELECT key FROM made_id_key').pluck().get() as Buffer;
  const cipher = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false);
  const block = Buffer.alloc(16);
  let of = { receivedAt: -1, prefix: '', shift: 0 };

  /** What all ids of a millisecond begin with, and the number that their seqs are shifted by. */
  function secretOf(receivedAt: number): typeof of {
    if (of.receivedAt === receivedAt) return of;
    block.writeUIntBE(receivedAt, 0, 6);
    const secret = cipher.update(block);
    const time = block.toString('hex', 0, 6);
    const a = (secret.readUInt16BE(0) & 0x0fff) | 0x7000;
    const b = (secret.readUInt16BE(2) & 0x3fff) | 0x8000;
    const prefix = `${time.slice(0, 8)}-${time.slice(8)}-${a.toString(16)}-${b.toString(16)}-`;
    of = { receivedAt, prefix, shift: secret.readUIntBE(4, 6) % 2 ** 47 };
    return of;
  }

  function id(seq: number, receivedAt: number): string {
    const { prefix, shift } = secretOf(receivedAt);
    return prefix + (shift + seq).toString(16).padStart(12, '0');
  }

  return {
    of: id,
    read(text) {
      const receivedAt = Number.parseInt(text.slice(0, 8) + text.slice(9, 13), 16);
      if (text.length !== 36 || !(receivedAt >= 0)) return undefined;
      const seq = Number.parseInt(text.slice(24), 16) - secretOf(receivedAt).shift;
      return seq > 0 && id(seq, receivedAt) === text ? { seq, receivedAt } : undefined;
    },
  };
}
