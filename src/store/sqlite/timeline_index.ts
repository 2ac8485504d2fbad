// Where events stand on timelines: (place, timestamp, seq), the only index that grows in random order. Kept apart so
// that its layout can be exchanged. Promise: a page is exact at every moment, in the transaction that it is read in.
import type { IdentifiedBy } from '../../records/identity.js';
import type { Cursor } from '../../timeline/store.js';
import type { Connection } from './database.js';

/** Keeps the index, on the writer's connection. */
export function timelineWriter(db: Connection) {
  const add = db.prepare('INSERT INTO timeline (place, timestamp, seq) VALUES (?, ?, ?)');
  const remove = db.prepare('DELETE FROM timeline WHERE place = ? AND timestamp = ? AND seq = ?');
  const dropAll = [
    db.prepare('DELETE FROM mention WHERE seq IN (SELECT seq FROM timeline WHERE place = ?)'),
    db.prepare('DELETE FROM event WHERE seq IN (SELECT seq FROM timeline WHERE place = ?)'),
    db.prepare('DELETE FROM timeline WHERE place = ?'),
  ];
  return {
    add(place: number, timestamp: number, seq: number): void {
      add.run(place, timestamp, seq);
    },
    /** Deletes everything that stands at a place, the events too. */
    drop(place: number): void {
      for (const statement of dropAll) statement.run(place);
    },
    remove(place: number, timestamp: number, seq: number): void {
      remove.run(place, timestamp, seq);
    },
  };
}

export interface TimelineRow {
  template: number;
  id: string;
  identifiedBy: IdentifiedBy;
  receivedAt: number;
  timestamp: number;
  seq: number;
  body: string;
}

/** One place's events strictly before a cursor, newest first, within [from, to), without archived templates. */
export function timelineReader(db: Connection) {
  const page = (template: string) =>
    db.prepare(`
      SELECT e.template, e.id, e.identified_by AS identifiedBy, e.received_at AS receivedAt, e.timestamp, e.seq, e.body
      FROM timeline t JOIN event e ON e.seq = t.seq
      WHERE t.place = @place AND (t.timestamp, t.seq) < (@timestamp, @seq) AND t.timestamp >= @from
        AND ${template}
        AND NOT EXISTS (SELECT 1 FROM template WHERE template.id = e.template AND archived_at IS NOT NULL)
      ORDER BY t.timestamp DESC, t.seq DESC
      LIMIT @limit`);
  const all = page('TRUE');
  const ofTemplate = page('e.template = @template');
  return (
    place: number,
    query: { before: Cursor; from: number; template: number | undefined; limit: number },
  ): TimelineRow[] =>
    (query.template === undefined ? all : ofTemplate).all({
      place,
      timestamp: query.before.timestamp,
      seq: query.before.seq,
      from: query.from,
      template: query.template,
      limit: query.limit,
    }) as TimelineRow[];
}
