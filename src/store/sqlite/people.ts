// Whom events, forms and identify calls are about, on the writer's connection, inside the transaction that the caller
// opened: finds or makes what a subject names, as `decide` says, or says why not and has written nothing.
import { decide, emailKey, type IdentifiedBy, identifiedBy, type Subject } from '../../records/identity.js';
import type { Identification, PropertyValue } from '../../records/record.js';
import { associator } from './associations.js';
import type { Connection } from './database.js';
import { blockedEmails } from './erasing.js';
import type { Keys } from './keys.js';
import type { Portals } from './portals.js';
import { type Own, records, toucher } from './records.js';
import { EMAIL_ERASED, noSuchType, type Refused, refused } from './refused.js';
import { typeChecker } from './schemas.js';
import { valueWriter } from './values.js';

/** Where something stands: the place to file it under, and the record that owns the place. */
export interface Settled {
  place: number;
  /** null: it stands with a visitor. */
  objectId: number | null;
  by: IdentifiedBy;
  /** The subject's e-mail is one of the record's own. */
  ownsEmail: boolean;
}

/** What IDENTITY_VALUE reads as the e-mail. */
const spelled = (email: string, key: string) => (email === key ? '' : email);

export type People = ReturnType<typeof people>;

export function people(db: Connection, portals: Pick<Portals, 'of'>, keys: Keys) {
  const tiePlace = db.prepare('UPDATE place SET object_id = ?, utk = NULL, further = 1 WHERE id = ?');

  const addIdentity = db.prepare(
    'INSERT INTO identity (portal, object_id, kind, key, value, place, is_primary) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const moveUtk = db.prepare(
    "UPDATE identity SET object_id = ?, place = ? WHERE portal = ? AND object_id = ? AND kind = 'utk' AND key = ?",
  );
  const demoteEmail = db.prepare(
    "UPDATE identity SET is_primary = 0 WHERE portal = ? AND object_id = ? AND kind = 'email' AND is_primary",
  );
  const promoteEmail = db.prepare(
    "UPDATE identity SET is_primary = 1, value = ? WHERE portal = ? AND object_id = ? AND kind = 'email' AND key = ?",
  );
  const addVisit = db.prepare(
    'INSERT INTO visit (portal, object_id, utk, at, context) VALUES (?, ?, ?, ?, ?)',
  );

  const { record, createRecord, newRecord, identities } = records(db);
  const touchRecord = toucher(db);
  const { setProperties, handOver, takenValue, undefinable, defineNamed } = valueWriter(db);
  const { associateByDomain } = associator(db);
  const { isErased, liftBlock } = blockedEmails(db);
  const canBe = typeChecker(db);

  /** Finds or makes what the subject stands for, or says why not; then nothing was written. `says`: also by others. */
  function settle(
    portal: number,
    subject: Subject,
    at: number,
    says: string | undefined,
    values: readonly PropertyValue[],
  ): Settled | Refused {
    const { type, objectId, email, utk } = subject;
    const named = objectId === undefined ? undefined : record(portal, type, objectId);
    const key = email === undefined ? '' : emailKey(email);
    const emailOwner = email === undefined ? undefined : keys.emailOwnerOf(portal, key);
    const whose = utk === undefined ? undefined : keys.find(portal, utk);
    const visitor = whose && 'visitor' in whose ? whose.visitor : undefined;
    const utkOwner = whose && 'contact' in whose ? record(portal, 'contacts', whose.contact) : undefined;
    const found = {
      record: named?.id,
      emailOwner,
      utkOwner: utkOwner?.id,
      identities: (id: number) => identities(portal, id),
    };
    const decision = decide(subject, found);
    if ('refused' in decision) return refused(subject, decision);
    if (says !== undefined && !emailOwner && portals.of(portal).hasErased && isErased(portal, says))
      return EMAIL_ERASED;

    const by = identifiedBy(subject, found);
    const known = decision.stands === 'on-record' && !decision.create ? decision.objectId : undefined;
    const conflict =
      undefinable(portal, type, values) ??
      (decision.stands === 'with-visitor' ? undefined : takenValue(portal, type, known, values));
    if (conflict) return conflict;
    if (known === undefined && !canBe(portal, type)) return noSuchType(type);
    if (decision.stands === 'with-visitor') {
      const place = visitor ?? keys.add(portal, utk as string);
      return { place, objectId: null, by, ownsEmail: false };
    }
    const made = decision.stands === 'on-new-contact' || decision.create;
    let own: Own;
    if (made) {
      own =
        'objectId' in decision
          ? createRecord(portal, type, decision.objectId, at)
          : newRecord(portals.of(portal), portal, type, at);
    } else {
      own = named ?? (utkOwner?.id === decision.objectId ? utkOwner : (emailOwner as Own));
      if (decision.email) demoteEmail.run(portal, own.id);
      if (decision.email || decision.utk) touchRecord(at, own.place);
    }
    if (decision.email === 'promote') promoteEmail.run(spelled(email as string, key), portal, own.id, key);
    else if (decision.email) {
      addIdentity.run(portal, own.id, 'email', key, spelled(email as string, key), own.place, 1);
      if (decision.stands === 'on-new-contact') keys.addNewest(portal, key, own);
      else keys.addOwner(portal, 'email', key, own);
    }
    if (made && decision.email && portals.of(portal).associatesByDomain)
      associateByDomain(portal, own.id, email as string);
    if (decision.utk) tie(portal, utk as string, visitor, utkOwner?.id, own);
    const ownsEmail = emailOwner ? emailOwner.id === own.id : email !== undefined;
    return { place: own.place, objectId: own.id, by, ownsEmail };
  }

  /** The utk is this contact's from now on; what the visitor did while unknown stands on the contact's timeline. */
  function tie(
    portal: number,
    utk: string,
    visitor: number | undefined,
    owner: number | undefined,
    own: Own,
  ): void {
    if (owner !== undefined) {
      moveUtk.run(own.id, own.place, portal, owner, utk);
      return;
    }
    addIdentity.run(portal, own.id, 'utk', utk, '', own.place, 0);
    keys.addOwner(portal, 'utk', utk, own);
    if (visitor === undefined) return;
    tiePlace.run(own.id, visitor);
    keys.remove(portal, utk);
    handOver(visitor, own);
  }

  function identify({ portalId, subject, properties, visit, at }: Identification): number | Refused {
    const settled = settle(portalId, subject, at, subject.email, properties);
    if ('reason' in settled) return settled;
    const objectId = settled.objectId as number; // an identification always finds or makes somebody
    defineNamed(portalId, 'contacts', properties);
    setProperties(settled.place, properties, 'FORM', at);
    if (visit !== undefined) addVisit.run(portalId, objectId, subject.utk ?? null, at, visit);
    return objectId;
  }

  /** By hand: an e-mail that was blocked is free again. Nobody else has it. */
  function becomePrimary(portal: number, { id, place }: Own, email: string): void {
    liftBlock(portal, email);
    const key = emailKey(email);
    const known = keys.emailOwnerOf(portal, key);
    demoteEmail.run(portal, id);
    if (known) promoteEmail.run(spelled(email, key), portal, id, key);
    else {
      addIdentity.run(portal, id, 'email', key, spelled(email, key), place, 1);
      keys.addOwner(portal, 'email', key, { id, place });
    }
  }

  return { settle, identify, becomePrimary };
}
