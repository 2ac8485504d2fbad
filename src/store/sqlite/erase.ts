// Erases a contact on the writer's connection, inside the transaction that the caller opened: nothing of it stays, and
// its e-mails are blocked. What the files still hold of it goes afterwards, see scrub.ts.
import { createHmac } from 'node:crypto';
import { emailKey } from '../../records/identity.js';
import { withoutEmail } from '../../timeline/event.js';
import type { Connection } from './database.js';
import { dissociating } from './merge.js';
import { timelineWriter } from './timeline_index.js';

type ErasedEmails = ReturnType<typeof erasedEmails>;

/** The e-mails that were erased, kept as keyed hashes: no contact gets one of them by an event. */
export function erasedEmails(db: Connection) {
  const key = db.prepare('SELECT key FROM erasing_key').pluck().get() as Buffer;
  const any = db.prepare('SELECT 1 FROM erased_email WHERE portal = ? LIMIT 1').pluck();
  const find = db.prepare('SELECT 1 FROM erased_email WHERE portal = ? AND hash = ?').pluck();
  const add = db.prepare('INSERT INTO erased_email (portal, hash) VALUES (?, ?) ON CONFLICT DO NOTHING');
  const lift = db.prepare('DELETE FROM erased_email WHERE portal = ? AND hash = ?');
  const hashOf = (email: string) => createHmac('sha256', key).update(emailKey(email)).digest();
  return {
    has: (portal: number, email: string): boolean =>
      any.get(portal) !== undefined && find.get(portal, hashOf(email)) !== undefined,
    add: (portal: number, email: string): void => void add.run(portal, hashOf(email)),
    lift: (portal: number, email: string): void => void lift.run(portal, hashOf(email)),
  };
}

export function eraser(db: Connection, erased: ErasedEmails) {
  const ownerOf = db
    .prepare("SELECT object_id FROM identity WHERE portal = ? AND kind = 'email' AND key = ?")
    .pluck();
  /** The contact by this id, archived ones too, or the one it was merged into. */
  const kept = db
    .prepare(
      "SELECT coalesce(merged_into, id) FROM record WHERE portal = ? AND object_type = 'contacts' AND id = ?",
    )
    .pluck();
  const emailsOf = db
    .prepare("SELECT key FROM identity WHERE portal = ? AND kind = 'email' AND object_id = ?")
    .pluck();
  const placesOf = db
    .prepare("SELECT id FROM place WHERE portal = ? AND object_type = 'contacts' AND object_id = ?")
    .pluck();
  const drop = (table: string, where: string) => db.prepare(`DELETE FROM ${table} WHERE ${where}`);
  const timeline = timelineWriter(db);
  const ofPlace = [
    drop('property', 'place = ?'),
    drop('property_change', 'place = ?'),
    drop('place', 'id = ?'),
  ];
  const ofContact = [
    drop('identity INDEXED BY identity_contact', 'portal = ? AND object_id = ?'),
    drop('visit', 'portal = ? AND object_id = ?'),
    drop('record INDEXED BY record_merged', "portal = ? AND object_type = 'contacts' AND merged_into = ?"),
    drop('record', "portal = ? AND object_type = 'contacts' AND id = ?"),
  ];

  const mentions = db.prepare(
    'SELECT e.seq, e.body FROM mention m JOIN event e ON e.seq = m.seq WHERE m.portal = ? AND m.key = ?',
  );
  const redact = db.prepare('UPDATE event SET body = ? WHERE seq = ?');
  const dropMentions = drop('mention', 'portal = ? AND key = ?');

  const owe = db.prepare('INSERT INTO scrub_owed VALUES (1)');
  const utksOf = db
    .prepare(
      "SELECT key FROM identity INDEXED BY identity_contact WHERE portal = ? AND kind = 'utk' AND object_id = ?",
    )
    .pluck();
  const dissociate = dissociating(db);
  const dropVisits = drop('visit INDEXED BY visit_utk', 'portal = ? AND utk = ?');

  /** Blocks an e-mail, and takes it out of events that say it and stand elsewhere. */
  function forgetEmail(portal: number, key: string): void {
    erased.add(portal, key);
    const said = mentions.all(portal, key) as { seq: number; body: string }[];
    for (const { seq, body } of said) redact.run(withoutEmail(body), seq);
    if (said.length > 0) owe.run();
    dropMentions.run(portal, key);
  }

  /** Deletes everything of a contact. What the file's free pages held is overwritten: secure_delete is on. */
  return (portal: number, who: { objectId: number } | { email: string }): boolean => {
    const id = ('email' in who ? ownerOf.get(portal, emailKey(who.email)) : kept.get(portal, who.objectId)) as
      | number
      | undefined;
    if ('email' in who) forgetEmail(portal, emailKey(who.email));
    if (id === undefined) return false;
    owe.run();
    for (const utk of utksOf.all(portal, id)) dropVisits.run(portal, utk);
    for (const key of emailsOf.all(portal, id) as string[]) forgetEmail(portal, key);
    const places = placesOf.all(portal, id) as number[];
    dissociate(portal, id);
    for (const statement of ofContact) statement.run(portal, id);
    for (const place of places) {
      timeline.drop(place);
      for (const statement of ofPlace) statement.run(place);
    }
    return true;
  };
}
