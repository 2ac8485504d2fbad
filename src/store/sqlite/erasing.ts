// Erases contacts, on the writer's connection, inside the transaction that the caller opened: everything that is kept of
// one is deleted, events too. Its e-mails are blocked from then on; of those a keyed hash alone is kept.
import { createHmac } from 'node:crypto';
import { emailKey } from '../../records/identity.js';
import { emailSaid, withoutEmail } from '../../timeline/event.js';
import { dissociating } from './associations.js';
import type { Connection } from './database.js';
import type { Keys } from './keys.js';
import { placesFinder, records } from './records.js';
import type { Refused } from './refused.js';
import { timelineWriter } from './timeline_index.js';

const SILENCED = JSON.stringify({
  reason: 'invalid',
  message: 'was refused; why is not told any more, since somebody was erased before it was reported',
  faults: [],
  context: {},
} satisfies Refused);

/** The e-mails of those who were erased. */
export function blockedEmails(db: Connection) {
  const erasingKey = db.prepare('SELECT key FROM erasing_key').pluck().get() as Buffer;
  const findErased = db.prepare('SELECT 1 FROM erased_email WHERE portal = ? AND hash = ?').pluck();
  const dropErased = db.prepare('DELETE FROM erased_email WHERE portal = ? AND hash = ?');
  const addErased = db.prepare(
    'INSERT INTO erased_email (portal, hash) VALUES (?, ?) ON CONFLICT DO NOTHING',
  );

  function isErased(portal: number, email: string): boolean {
    return findErased.get(portal, erasedHash(email)) !== undefined;
  }

  function block(portal: number, email: string): void {
    addErased.run(portal, erasedHash(email));
  }

  function liftBlock(portal: number, email: string): void {
    dropErased.run(portal, erasedHash(email));
  }

  function erasedHash(email: string): Buffer {
    return createHmac('sha256', erasingKey).update(emailKey(email)).digest();
  }

  return { isErased, block, liftBlock };
}

export function eraser(db: Connection, { emailOwnerOf }: Pick<Keys, 'emailOwnerOf'>) {
  const { kept, record } = records(db);
  const { block } = blockedEmails(db);
  const emailsOf = db
    .prepare("SELECT key FROM identity WHERE portal = ? AND object_id = ? AND kind = 'email'")
    .pluck();
  const placesOf = placesFinder(db);
  const drop = (table: string, where: string) => db.prepare(`DELETE FROM ${table} WHERE ${where}`);
  const timeline = timelineWriter(db);
  const ofPlace = [
    drop('property', 'place = ?'),
    drop('property_change', 'place = ?'),
    drop('place', 'id = ?'),
  ];
  const ofContact = [
    drop('identity', 'portal = ? AND object_id = ?'),
    drop('visit', 'portal = ? AND object_id = ?'),
    drop('former_email INDEXED BY former_email_contact', 'portal = ? AND object_id = ?'),
    ...dissociating(db),
    drop('record INDEXED BY record_merged', "portal = ? AND object_type = 'contacts' AND merged_into = ?"),
    drop('record', "portal = ? AND object_type = 'contacts' AND id = ?"),
  ];

  const mentions = db.prepare(
    'SELECT e.seq, e.body FROM mention m JOIN event e ON e.seq = m.seq WHERE m.portal = ? AND m.key = ?',
  );
  const redact = db.prepare('UPDATE event SET body = ? WHERE seq = ?');
  const dropMentions = drop('mention', 'portal = ? AND key = ?');

  const owe = db.prepare('INSERT INTO scrub_owed VALUES (1)');
  // The number of a place that was the newest comes again: see keys.ts.
  const newestPlace = db.prepare('SELECT coalesce(max(id), 0) FROM place').pluck();
  const tellErased = db.prepare('UPDATE waiting SET erases = erases + 1, below = min(below, ? + 1)');
  const utksOf = db
    .prepare("SELECT key FROM identity WHERE portal = ? AND object_id = ? AND kind = 'utk'")
    .pluck();
  // What an import that was killed has yet to report may quote anybody.
  const silenceImports = db.prepare(`
    UPDATE import_refusal SET refusal = ? WHERE (SELECT portal FROM import WHERE id = import_refusal.import) = ?`);
  const dropVisits = drop('visit INDEXED BY visit_utk', 'portal = ? AND utk = ?');
  const formerOf = db.prepare('SELECT key FROM former_email WHERE portal = ? AND object_id = ?').pluck();
  const formerOwners = db.prepare('SELECT object_id FROM former_email WHERE portal = ? AND key = ?').pluck();
  const dropFormer = drop('former_email', 'portal = ? AND key = ?');

  /** Blocks an e-mail, and takes it out of events that say it and stand elsewhere, also with archived ones. */
  function forgetEmail(portal: number, key: string): void {
    block(portal, key);
    const said = mentions.all(portal, key) as Said[];
    for (const id of formerOwners.all(portal, key) as number[])
      for (const place of placesOf(portal, 'contacts', id))
        for (const event of timeline.at(place)) {
          const email = emailSaid(event.body);
          if (email !== undefined && emailKey(email) === key) said.push(event);
        }
    for (const { seq, body } of said) redact.run(withoutEmail(body), seq);
    if (said.length > 0) owe.run();
    dropMentions.run(portal, key);
    dropFormer.run(portal, key);
  }

  /** The contact that is meant; or those that are archived and had the e-mail, which nobody has now. */
  function meant(portal: number, who: { objectId: number } | { email: string }): number[] {
    if ('objectId' in who) return [kept(portal, who.objectId) ?? []].flat();
    const owner = emailOwnerOf(portal, emailKey(who.email));
    if (owner) return [owner.id];
    const former = formerOwners.all(portal, emailKey(who.email)) as number[];
    return former.filter((id) => record(portal, 'contacts', id) === undefined);
  }

  function eraseOne(portal: number, id: number): void {
    owe.run();
    for (const utk of utksOf.all(portal, id)) dropVisits.run(portal, utk);
    for (const key of emailsOf.all(portal, id) as string[]) forgetEmail(portal, key);
    // What it had before is another's by now, or nobody's.
    for (const key of formerOf.all(portal, id) as string[])
      if (!emailOwnerOf(portal, key)) forgetEmail(portal, key);
    const places = placesOf(portal, 'contacts', id);
    const before = newestPlace.get();
    for (const statement of ofContact) statement.run(portal, id);
    for (const place of places) {
      timeline.drop(place);
      for (const statement of ofPlace) statement.run(place);
    }
    const newest = newestPlace.get();
    if (newest !== before) tellErased.run(newest);
  }

  /** Deletes everything of a contact. What the file's free pages held is overwritten: secure_delete is on. */
  return (portal: number, who: { objectId: number } | { email: string }): boolean => {
    if (silenceImports.run(SILENCED, portal).changes > 0) owe.run();
    const ids = meant(portal, who);
    if ('email' in who) forgetEmail(portal, emailKey(who.email));
    for (const id of ids) eraseOne(portal, id);
    return ids.length > 0;
  };
}

interface Said {
  seq: number;
  body: string;
}
