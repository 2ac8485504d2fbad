// Appends a batch of drafts on the writer's connection, inside the transaction that the caller opened: settles whom
// each is about, files the event under its place, and sets the properties that its tokens fill.
import { emailKey, type IdentifiedBy } from '../../records/identity.js';
import type { EventDraft } from '../../timeline/store.js';
import type { Connection } from './database.js';
import { MADE, madeIds } from './made_ids.js';
import type { People, Settled } from './people.js';
import type { Refused } from './refused.js';
import { timelineWriter } from './timeline_index.js';
import { valueWriter } from './values.js';

/** CELLS_FILED a draft: the record (null: with a visitor) or why it was refused, the field that decided, the seq. */
export type Filed = (number | null | Refused | IdentifiedBy)[];
export const CELLS_FILED = 3;

export function appender(db: Connection, people: People): (drafts: readonly EventDraft[]) => Filed {
  const timeline = timelineWriter(db);
  const ids = madeIds(db);
  const { setProperties, defineNamed } = valueWriter(db);
  const addEvent = db.prepare(`
    INSERT INTO event (seq, portal, template, id, place, timestamp, received_at, identified_by, body)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (portal, template, id) WHERE id <> '' DO NOTHING`);
  const findEvent = db.prepare(
    "SELECT seq, place, timestamp FROM event WHERE portal = ? AND template = ? AND id = ? AND id <> ''",
  );
  const findMade = db.prepare(
    'SELECT seq, place, timestamp FROM event WHERE seq = ? AND portal = ? AND template = ? AND received_at = ? AND id = ?',
  );
  const removeEvent = db.prepare('DELETE FROM event WHERE seq = ?');
  const addMention = db.prepare('INSERT INTO mention (portal, key, seq) VALUES (?, ?, ?)');
  const removeMentions = db.prepare('DELETE FROM mention WHERE seq = ?');

  function file(draft: EventDraft, { place, by, ownsEmail }: Settled, seq: number): void {
    const { portalId, templateId, id, timestamp, receivedAt, body, email } = draft;
    const insert = () =>
      addEvent.run(seq, portalId, templateId, id ?? MADE, place, timestamp, receivedAt, by, body);
    const made = id === undefined ? undefined : ids.read(id);
    if (made) remove(findMade.get(made.seq, portalId, templateId, made.receivedAt, MADE));
    if (insert().changes === 0) {
      remove(findEvent.get(portalId, templateId, id));
      insert();
    }
    if (email !== undefined && !ownsEmail) addMention.run(portalId, emailKey(email), seq);
  }

  function remove(event: unknown): void {
    if (!event) return;
    const { seq, place, timestamp } = event as Record<'seq' | 'place' | 'timestamp', number>;
    removeEvent.run(seq);
    removeMentions.run(seq);
    timeline.remove(place, timestamp, seq);
  }

  function append(draft: EventDraft, seq: number): Settled | Refused {
    const { portalId, templateId, subject, receivedAt, email, properties } = draft;
    const settled = people.settle(portalId, subject, receivedAt, email, properties);
    if ('reason' in settled) return settled;
    file(draft, settled, seq);
    if (properties.length > 0) {
      defineNamed(portalId, subject.type, properties);
      const id = draft.id ?? ids.of(seq, receivedAt);
      setProperties(settled.place, properties, `${templateId}/${id}`, receivedAt);
    }
    return settled;
  }

  return (drafts) => {
    const first = timeline.next();
    let seq = first;
    const filed: Filed = [];
    for (const draft of drafts) {
      const settled = append(draft, seq);
      if ('reason' in settled) filed.push(settled, 'objectId', 0);
      else filed.push(settled.objectId, settled.by, seq++);
    }
    timeline.addFrom(first);
    return filed;
  };
}
