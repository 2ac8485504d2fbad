// Appends a batch of drafts on the writer's connection, inside the transaction that the caller opened: finds or
// creates the record that each is about, as `decide` says, and files the event under its place.
import { decide, emailKey, type Subject } from '../../records/identity.js';
import { singular } from '../../records/record.js';
import type { Refusal } from '../../refusal.js';
import type { EventDraft } from '../../timeline/store.js';
import type { Connection } from './database.js';
import { timelineWriter } from './timeline_index.js';

/** The record's id, null while it stands with a visitor, or why the draft was refused. */
export type Filed = number | null | Refused;
/** A refusal as it crosses threads. */
type Refused = Pick<Refusal, 'reason' | 'message' | 'faults' | 'context'>;

export function appender(db: Connection): (drafts: readonly EventDraft[]) => Filed[] {
  const timeline = timelineWriter(db);
  const findRecord = db
    .prepare('SELECT place FROM record WHERE portal = ? AND object_type = ? AND id = ?')
    .pluck();
  const addRecord = db.prepare(
    'INSERT INTO record (portal, object_type, id, place, created_at) VALUES (?, ?, ?, ?, ?)',
  );
  const addPlace = db.prepare('INSERT INTO place (portal, object_type, object_id, utk) VALUES (?, ?, ?, ?)');
  const findVisitor = db.prepare('SELECT id, object_id FROM place WHERE portal = ? AND utk = ?');
  const findEmail = db.prepare(
    "SELECT object_id AS id, is_primary FROM identity WHERE portal = ? AND kind = 'email' AND key = ?",
  );
  const addEmail = db.prepare(
    "INSERT INTO identity (portal, kind, key, value, object_id, is_primary) VALUES (?, 'email', ?, ?, ?, 1)",
  );
  const demoteEmail = db.prepare(
    "UPDATE identity SET is_primary = 0 WHERE portal = ? AND object_id = ? AND kind = 'email' AND is_primary",
  );
  const promoteEmail = db.prepare(
    "UPDATE identity SET is_primary = 1, value = ? WHERE portal = ? AND kind = 'email' AND key = ?",
  );
  const nextObjectId = db
    .prepare(
      'UPDATE portal SET next_object_id = next_object_id + 1 WHERE id = ? RETURNING next_object_id - 1',
    )
    .pluck();
  const addEvent = db.prepare(`
    INSERT INTO event (portal, template, id, place, timestamp, received_at, identified_by, body)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (portal, template, id) DO NOTHING`);
  const findEvent = db.prepare(
    'SELECT seq, place, timestamp FROM event WHERE portal = ? AND template = ? AND id = ?',
  );
  const removeEvent = db.prepare('DELETE FROM event WHERE seq = ?');

  function createRecord(portal: number, type: string, id: number, at: number): number {
    const place = Number(addPlace.run(portal, type, id, null).lastInsertRowid);
    addRecord.run(portal, type, id, place, at);
    return place;
  }

  /** An id that no record of the type has: lenient portals take ids that we did not make. */
  function freeObjectId(portal: number, type: string): number {
    for (;;) {
      const id = nextObjectId.get(portal) as number;
      if (findRecord.get(portal, type, id) === undefined) return id;
    }
  }

  function visitorPlace(portal: number, utk: string): number {
    const found = findVisitor.get(portal, utk) as { id: number } | undefined;
    return found?.id ?? Number(addPlace.run(portal, 'contacts', null, utk).lastInsertRowid);
  }

  /** Finds or makes what the subject stands for, or says why not; then nothing was written. */
  function settle(
    portal: number,
    subject: Subject,
    at: number,
  ): { place: number; objectId: number | null } | Refused {
    const { type, objectId, email } = subject;
    const place =
      objectId === undefined ? undefined : (findRecord.get(portal, type, objectId) as number | undefined);
    const key = email === undefined ? '' : emailKey(email);
    const owner =
      email === undefined
        ? undefined
        : (findEmail.get(portal, key) as { id: number; is_primary: number } | undefined);
    const decision = decide(subject, {
      record: place !== undefined,
      ...(owner ? { emailOwner: { id: owner.id, primary: owner.is_primary === 1 } } : {}),
    });
    if ('refused' in decision)
      return decision.refused === 'email-taken'
        ? emailTaken(subject, decision.owner)
        : recordNotFound(subject);
    if (decision.stands === 'with-visitor')
      return { place: visitorPlace(portal, subject.utk as string), objectId: null };
    if (decision.stands === 'on-new-contact') {
      const id = freeObjectId(portal, type);
      const made = createRecord(portal, type, id, at);
      addEmail.run(portal, key, email, id);
      return { place: made, objectId: id };
    }
    const id = decision.objectId;
    const own =
      place ??
      (decision.create ? createRecord(portal, type, id, at) : (findRecord.get(portal, type, id) as number));
    if (decision.email) demoteEmail.run(portal, id);
    if (decision.email === 'add') addEmail.run(portal, key, email, id);
    if (decision.email === 'promote') promoteEmail.run(email, portal, key);
    return { place: own, objectId: id };
  }

  function file(draft: EventDraft, place: number): void {
    const { portalId, templateId, id, timestamp } = draft;
    const insert = () =>
      addEvent.run(
        portalId,
        templateId,
        id,
        place,
        timestamp,
        draft.receivedAt,
        draft.identifiedBy,
        draft.body,
      );
    let added = insert();
    if (added.changes === 0) {
      const old = findEvent.get(portalId, templateId, id) as {
        seq: number;
        place: number;
        timestamp: number;
      };
      removeEvent.run(old.seq);
      timeline.remove(old.place, old.timestamp, old.seq);
      added = insert();
    }
    timeline.add(place, timestamp, Number(added.lastInsertRowid));
  }

  return (drafts) =>
    drafts.map((draft) => {
      const settled = settle(draft.portalId, draft.subject, draft.receivedAt);
      if ('reason' in settled) return settled;
      file(draft, settled.place);
      return settled.objectId;
    });
}

function recordNotFound({ type, objectId }: Subject): Refused {
  return {
    reason: 'not-found',
    message: `resource not found: there is no ${singular(type).toLowerCase()} ${objectId}; create it first, or name another`,
    faults: [],
    context: { objectId: [String(objectId)] },
  };
}

function emailTaken({ objectId, email }: Subject, owner: number): Refused {
  return {
    reason: 'conflict',
    message: `Contact already exists. Existing ID: ${owner}. The e-mail '${email}' cannot become contact ${objectId}'s; send another, or name contact ${owner}`,
    faults: [],
    context: { existingObjectId: [String(owner)], objectId: [String(objectId)] },
  };
}
