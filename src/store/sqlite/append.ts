// Appends a batch of drafts on the writer's connection, inside the transaction that the caller opened: settles whom
// each is about, files the event under its place, and sets the properties that its tokens fill.
import { emailKey, type IdentifiedBy } from '../../records/identity.js';
import type { EventDraft } from '../../timeline/store.js';
import type { Connection } from './database.js';
import type { People, Settled } from './people.js';
import type { Refused } from './refused.js';
import { timelineWriter } from './timeline_index.js';

/** CELLS_FILED a draft: the record (null: with a visitor) or why it was refused, and the field that decided. */
export type Filed = (number | null | Refused | IdentifiedBy)[];
export const CELLS_FILED = 2;

export function appender(db: Connection, people: People): (drafts: readonly EventDraft[]) => Filed {
  const timeline = timelineWriter(db);
  const addEvent = db.prepare(`
    INSERT INTO event (seq, portal, template, id, place, timestamp, received_at, identified_by, body)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (portal, template, id) DO NOTHING`);
  const findEvent = db.prepare(
    'SELECT seq, place, timestamp FROM event WHERE portal = ? AND template = ? AND id = ?',
  );
  const removeEvent = db.prepare('DELETE FROM event WHERE seq = ?');
  const addMention = db.prepare('INSERT INTO mention (portal, key, seq) VALUES (?, ?, ?)');
  const removeMentions = db.prepare('DELETE FROM mention WHERE seq = ?');

  function file(draft: EventDraft, { place, by, ownsEmail }: Settled, seq: number): void {
    const { portalId, templateId, id, timestamp, receivedAt, body, email } = draft;
    const insert = () => addEvent.run(seq, portalId, templateId, id, place, timestamp, receivedAt, by, body);
    if (insert().changes === 0) {
      const old = findEvent.get(portalId, templateId, id) as Record<'seq' | 'place' | 'timestamp', number>;
      removeEvent.run(old.seq);
      removeMentions.run(old.seq);
      timeline.remove(old.place, old.timestamp, old.seq);
      insert();
    }
    if (email !== undefined && !ownsEmail) addMention.run(portalId, emailKey(email), seq);
  }

  function append(draft: EventDraft, seq: number): Settled | Refused {
    const { portalId, templateId, id, subject, receivedAt, email, properties } = draft;
    const settled = people.settle(portalId, subject, receivedAt, email, properties);
    if ('reason' in settled) return settled;
    file(draft, settled, seq);
    if (properties.length > 0) {
      people.defineNamed(portalId, subject.type, properties);
      people.setProperties(settled.place, properties, `${templateId}/${id}`, receivedAt);
    }
    return settled;
  }

  return (drafts) => {
    const first = timeline.next();
    let seq = first;
    const filed: Filed = [];
    for (const draft of drafts) {
      const settled = append(draft, seq);
      if ('reason' in settled) filed.push(settled, 'objectId');
      else {
        filed.push(settled.objectId, settled.by);
        seq++;
      }
    }
    timeline.addFrom(first);
    return filed;
  };
}
