// Records and who stands behind them, on the writer's connection, inside the transaction that the caller opened:
// finds or makes what a subject names, as `decide` says; sets properties; merges and erases contacts.
import { createHmac } from 'node:crypto';
import { companyDomainOf } from '../../records/associations.js';
import {
  decide,
  emailKey,
  type IdentifiedBy,
  identifiedBy,
  MAX_IDENTITIES,
  type Subject,
} from '../../records/identity.js';
import {
  type Identification,
  IF_UNSET,
  type ObjectType,
  type PropertyValue,
  type RecordName,
  type RecordWrite,
} from '../../records/record.js';
import { withoutEmail } from '../../timeline/event.js';
import { type Connection, INDEXED } from './database.js';
import { definer } from './definitions.js';
import {
  contactExists,
  EMAIL_ERASED,
  noneToAssociate,
  noSuchRecord,
  noSuchType,
  type Refused,
  refused,
  tooMany,
  valueTaken,
} from './refused.js';
import { typeChecker } from './schemas.js';
import { timelineWriter } from './timeline_index.js';

/** A record that there is, and the place that is its own. */
interface Own {
  id: number;
  place: number;
}

/** Where something stands: the place to file it under, and the record that owns the place. */
export interface Settled {
  place: number;
  /** null: it stands with a visitor. */
  objectId: number | null;
  by: IdentifiedBy;
  /** The subject's e-mail is one of the record's own. */
  ownsEmail: boolean;
}

/** What a write by hand came to. */
export interface Written {
  id: number;
  created: boolean;
}

export type People = ReturnType<typeof people>;

export function people(db: Connection) {
  // Rows as arrays where every event asks: an object costs a third of the statement.
  const findRecord = db
    .prepare(
      'SELECT id, place, merged_into, archived_at FROM record WHERE portal = ? AND object_type = ? AND id = ?',
    )
    .raw();
  const adding =
    'INSERT INTO record (portal, object_type, id, place, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)';
  const addRecord = db.prepare(adding);
  const addUnlessTaken = db.prepare(`${adding} ON CONFLICT DO NOTHING`);
  const restoreRecord = db.prepare(`
    UPDATE record SET archived_at = NULL, updated_at = max(updated_at, ?)
    WHERE portal = ? AND object_type = ? AND id = ? AND archived_at IS NOT NULL RETURNING id, place`);
  const archiveRecord = db.prepare(
    'UPDATE record SET archived_at = ? WHERE portal = ? AND object_type = ? AND id = ? AND archived_at IS NULL',
  );
  const freeIdentities = db.prepare(
    'DELETE FROM identity INDEXED BY identity_contact WHERE portal = ? AND object_id = ?',
  );
  const touchRecord = db.prepare('UPDATE record SET updated_at = max(updated_at, ?) WHERE place = ?');
  const nextObjectId = db
    .prepare(
      'UPDATE portal SET next_object_id = next_object_id + 1 WHERE id = ? RETURNING next_object_id - 1',
    )
    .pluck();
  const addPlace = db.prepare('INSERT INTO place (portal, object_type, object_id, utk) VALUES (?, ?, ?, ?)');
  const dropPlace = db.prepare('DELETE FROM place WHERE id = ?');
  const findVisitor = db
    .prepare('SELECT id FROM place WHERE portal = ? AND utk = ? AND object_id IS NULL')
    .pluck();
  const tiePlace = db.prepare('UPDATE place SET object_id = ? WHERE id = ?');

  const findOwner = db
    .prepare(`
    SELECT i.object_id, r.place, i.is_primary
    FROM identity i JOIN record r ON r.portal = i.portal AND r.object_type = 'contacts' AND r.id = i.object_id
    WHERE i.portal = ? AND i.kind = ? AND i.key = ?`)
    .raw();
  const countIdentities = db
    .prepare('SELECT count(*) FROM identity WHERE portal = ? AND object_id = ?')
    .pluck();
  const addIdentity = db.prepare(
    'INSERT INTO identity (portal, kind, key, value, object_id, is_primary) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const moveIdentity = db.prepare(
    'UPDATE identity SET object_id = ? WHERE portal = ? AND kind = ? AND key = ?',
  );
  const demoteEmail = db.prepare(
    "UPDATE identity SET is_primary = 0 WHERE portal = ? AND object_id = ? AND kind = 'email' AND is_primary",
  );
  const promoteEmail = db.prepare(
    "UPDATE identity SET is_primary = 1, value = ? WHERE portal = ? AND kind = 'email' AND key = ?",
  );
  const erasingKey = db.prepare('SELECT key FROM erasing_key').pluck().get() as Buffer;
  const anyErased = db.prepare('SELECT 1 FROM erased_email WHERE portal = ? LIMIT 1').pluck();
  const findErased = db.prepare('SELECT 1 FROM erased_email WHERE portal = ? AND hash = ?').pluck();
  const liftBlock = db.prepare('DELETE FROM erased_email WHERE portal = ? AND hash = ?');
  const addErased = db.prepare(
    'INSERT INTO erased_email (portal, hash) VALUES (?, ?) ON CONFLICT DO NOTHING',
  );

  // The newest says what holds; of two at the same time, the one that arrived last. IF_UNSET never overwrites.
  const setProperty = db.prepare(`
    INSERT INTO property (place, name, value, at, unique_key) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (place, name) DO UPDATE SET value = excluded.value, at = excluded.at, unique_key = excluded.unique_key
    WHERE excluded.at >= at AND excluded.at > ${IF_UNSET}`);
  const propertiesOf = db.prepare(
    'SELECT name, value, at, unique_key AS uniqueKey FROM property WHERE place = ?',
  );
  const placesByUnique = db.prepare(`
    SELECT r.id, r.place FROM property p CROSS JOIN record r INDEXED BY record_place ON r.place = p.place
    WHERE p.unique_key = ? AND r.archived_at IS NULL LIMIT 1`);
  const freeUnique = db.prepare('UPDATE property SET unique_key = NULL WHERE place = ?');
  const canBe = typeChecker(db);
  const addChange = db.prepare(
    'INSERT INTO property_change (place, name, value, at, source) VALUES (?, ?, ?, ?, ?)',
  );
  const dropProperties = db.prepare('DELETE FROM property WHERE place = ?');
  const define = definer(db);
  const addVisit = db.prepare(
    'INSERT INTO visit (portal, object_id, utk, at, context) VALUES (?, ?, ?, ?, ?)',
  );

  const addAssociation = db.prepare(
    'INSERT INTO association (portal, from_type, from_id, to_type, to_id) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const dropAssociation = db.prepare(
    'DELETE FROM association WHERE portal = ? AND from_type = ? AND from_id = ? AND to_type = ? AND to_id = ?',
  );
  const associatesByDomain = db.prepare('SELECT associate_by_domain FROM portal WHERE id = ?').pluck();
  const companiesByDomain = db
    .prepare(`
    SELECT r.id FROM property p CROSS JOIN record r INDEXED BY record_place ON r.place = p.place
    WHERE ${INDEXED} AND name = 'domain' AND lower(value) = ?
      AND r.portal = ? AND r.object_type = 'companies' AND r.merged_into IS NULL AND r.archived_at IS NULL
    LIMIT 2`)
    .pluck();

  /** The record by this id, or the one it was merged into, unless it is archived. */
  function record(portal: number, type: string, id: number): Own | undefined {
    const found = findRecord.get(portal, type, id) as
      | [id: number, place: number, mergedInto: number | null, archivedAt: number | null]
      | undefined;
    if (!found) return undefined;
    const [, place, mergedInto, archivedAt] = found;
    if (archivedAt !== null) return undefined;
    return mergedInto !== null ? record(portal, type, mergedInto) : { id, place };
  }

  /** A record that is archived comes back. */
  function createRecord(portal: number, type: string, id: number, at: number): Own {
    const restored = restoreRecord.get(at, portal, type, id) as Own | undefined;
    if (restored) return restored;
    const place = Number(addPlace.run(portal, type, id, null).lastInsertRowid);
    addRecord.run(portal, type, id, place, at, at);
    return { id, place };
  }

  /** Both directions. */
  function setAssociated(portal: number, a: RecordName, b: RecordName, to: boolean): void {
    const statement = to ? addAssociation : dropAssociation;
    statement.run(portal, a.type, a.id, b.type, b.id);
    statement.run(portal, b.type, b.id, a.type, a.id);
  }

  /** A new contact belongs to the one company that has its e-mail's domain. */
  function associateByDomain(portal: number, id: number, email: string): void {
    const domain = companyDomainOf(email);
    if (domain === undefined || associatesByDomain.get(portal) !== 1) return;
    const [company, another] = companiesByDomain.all(domain, portal) as number[];
    if (company !== undefined && another === undefined)
      setAssociated(portal, { type: 'contacts', id }, { type: 'companies', id: company }, true);
  }

  /** A record with an id of ours. Lenient portals take ids that we did not make: those are passed over. */
  function newRecord(portal: number, type: string, at: number): Own {
    for (;;) {
      const id = nextObjectId.get(portal) as number;
      const place = Number(addPlace.run(portal, type, id, null).lastInsertRowid);
      if (addUnlessTaken.run(portal, type, id, place, at, at).changes === 1) return { id, place };
      dropPlace.run(place);
    }
  }

  function ownerOf(portal: number, kind: 'email' | 'utk', key: string) {
    const found = findOwner.get(portal, kind, key) as [number, number, number] | undefined;
    return found && { id: found[0], place: found[1], primary: found[2] === 1 };
  }

  function isErased(portal: number, email: string): boolean {
    return anyErased.get(portal) !== undefined && findErased.get(portal, erasedHash(email)) !== undefined;
  }

  function erasedHash(email: string): Buffer {
    return createHmac('sha256', erasingKey).update(emailKey(email)).digest();
  }

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
    const emailOwner = email === undefined ? undefined : ownerOf(portal, 'email', emailKey(email));
    const utkOwner = utk === undefined ? undefined : ownerOf(portal, 'utk', utk);
    const found = {
      record: named?.id,
      emailOwner,
      utkOwner: utkOwner?.id,
      identities: (id: number) => countIdentities.get(portal, id) as number,
    };
    const decision = decide(subject, found);
    if ('refused' in decision) return refused(subject, decision);
    if (says !== undefined && !emailOwner && isErased(portal, says)) return EMAIL_ERASED;

    const by = identifiedBy(subject, found);
    const known = decision.stands === 'on-record' && !decision.create ? decision.objectId : undefined;
    const conflict = decision.stands === 'with-visitor' ? undefined : takenValue(portal, type, known, values);
    if (conflict) return conflict;
    if (known === undefined && !canBe(portal, type)) return noSuchType(type);
    if (decision.stands === 'with-visitor') {
      const place =
        (findVisitor.get(portal, utk) as number | undefined) ??
        Number(addPlace.run(portal, 'contacts', null, utk).lastInsertRowid);
      return { place, objectId: null, by, ownsEmail: false };
    }
    const made = decision.stands === 'on-new-contact' || decision.create;
    let own: Own;
    if (made) {
      own =
        'objectId' in decision
          ? createRecord(portal, type, decision.objectId, at)
          : newRecord(portal, type, at);
    } else {
      own = named ?? (utkOwner?.id === decision.objectId ? utkOwner : (emailOwner as Own));
      if (decision.email) demoteEmail.run(portal, own.id);
      if (decision.email || decision.utk) touchRecord.run(at, own.place);
    }
    if (decision.email === 'promote') promoteEmail.run(email, portal, emailKey(email as string));
    else if (decision.email) addIdentity.run(portal, 'email', emailKey(email as string), email, own.id, 1);
    if (made && decision.email) associateByDomain(portal, own.id, email as string);
    if (decision.utk) tie(portal, utk as string, decision.utk, own);
    const ownsEmail = emailOwner ? emailOwner.id === own.id : email !== undefined;
    return { place: own.place, objectId: own.id, by, ownsEmail };
  }

  /** The utk is this contact's from now on; what the visitor did while unknown stands on the contact's timeline. */
  function tie(portal: number, utk: string, how: 'tie' | 'move', own: Own): void {
    if (how === 'move') {
      moveIdentity.run(own.id, portal, 'utk', utk);
      return;
    }
    addIdentity.run(portal, 'utk', utk, utk, own.id, 0);
    const visitor = findVisitor.get(portal, utk) as number | undefined;
    if (visitor === undefined) return;
    tiePlace.run(own.id, visitor);
    // What changed stays at the visitor's place, which is the contact's now.
    const waited = propertiesOf.all(visitor) as PropertyValue[];
    dropProperties.run(visitor);
    const free = waited.filter(({ uniqueKey }) => {
      const owner = uniqueKey && byUnique(uniqueKey);
      return !owner || owner.place === own.place;
    });
    setProperties(own.place, free, undefined);
  }

  /** `source` is kept with each value: an event's name or a kind of call. */
  function setProperties(
    place: number,
    values: readonly PropertyValue[],
    source: string | undefined,
    now?: number,
  ): void {
    for (const { name, value, at, uniqueKey } of values) {
      const { changes } = setProperty.run(place, name, value, at, uniqueKey ?? null);
      if (source !== undefined && (changes === 1 || at !== IF_UNSET))
        addChange.run(place, name, value, at === IF_UNSET ? now : at, source);
    }
    if (values.length > 0 && now !== undefined) touchRecord.run(now, place);
  }

  /** The record that has a value of a unique property. */
  function byUnique(key: string): Own | undefined {
    return placesByUnique.get(key) as Own | undefined;
  }

  /** The refusal of a value that only another record may have. `id`: whose it is to be; undefined for a new one. */
  function takenValue(
    portal: number,
    type: ObjectType,
    id: number | undefined,
    values: readonly PropertyValue[],
  ): Refused | undefined {
    for (const { name, value, uniqueKey } of values) {
      if (uniqueKey === undefined) continue;
      const owner = byUnique(uniqueKey);
      if (owner && owner.id !== id) return valueTaken(portal, type, id, { name, value }, owner.id);
    }
    return undefined;
  }

  /** The properties among these that nobody had defined. */
  function defineNamed(portal: number, type: ObjectType, values: readonly PropertyValue[]): void {
    for (const { defines } of values) if (defines) define(portal, type, [defines]);
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

  /** One write by hand: the record and whether it was made, or why nothing was written. */
  function writeOne(portal: number, write: RecordWrite, at: number): Written | Refused {
    const { type } = write;
    switch (write.op) {
      case 'create': {
        if (!canBe(portal, type)) return noSuchType(type);
        const owner = write.email === undefined ? undefined : emailOwner(portal, write.email);
        if (owner !== undefined) return contactExists(owner);
        const conflict = takenValue(portal, type, undefined, write.properties);
        if (conflict) return conflict;
        const associated: RecordName[] = [];
        for (const [index, { type, id }] of (write.associations ?? []).entries()) {
          const to = record(portal, type, id);
          if (!to) return noneToAssociate(index, type, id);
          associated.push({ type, id: to.id });
        }
        const own = newRecord(portal, type, at);
        for (const to of associated) setAssociated(portal, { type, id: own.id }, to, true);
        return fill(portal, own, true, write, at);
      }
      case 'upsert': {
        if (!canBe(portal, type)) return noSuchType(type);
        const { by, email, properties } = write;
        const byEmail = 'email' in by ? by.email : undefined;
        const owner =
          'email' in by
            ? emailOwner(portal, by.email)
            : by.uniqueKey === undefined
              ? undefined
              : byUnique(by.uniqueKey)?.id;
        const own = owner === undefined ? undefined : record(portal, type, owner);
        const sent = own ? email : (byEmail ?? email);
        const other = sent === undefined ? undefined : emailOwner(portal, sent);
        if (other !== undefined && other !== own?.id) return contactExists(other);
        const conflict = takenValue(portal, type, own?.id, properties);
        if (conflict) return conflict;
        // A new one has what it was looked for by; what else is said of it comes after.
        const values = own || 'email' in by ? properties : [by, ...properties];
        const to = own ?? newRecord(portal, type, at);
        return fill(
          portal,
          to,
          !own,
          { ...(sent === undefined ? {} : { email: sent }), properties: values },
          at,
        );
      }
      case 'update': {
        const own = record(portal, type, write.id);
        if (!own) return noSuchRecord(type, write.id);
        const owner = write.email === undefined ? undefined : emailOwner(portal, write.email);
        if (owner !== undefined && owner !== own.id) return contactExists(owner);
        const conflict = takenValue(portal, type, own.id, write.properties);
        if (conflict) return conflict;
        return fill(portal, own, false, write, at);
      }
      case 'archive': {
        const own = record(portal, type, write.id);
        if (!own) return noSuchRecord(type, write.id);
        archiveRecord.run(at, portal, type, own.id);
        if (type === 'contacts') freeIdentities.run(portal, own.id);
        freeUnique.run(own.place);
        return { id: own.id, created: false };
      }
      case 'associate':
      case 'dissociate': {
        const own = record(portal, type, write.id);
        if (!own) return noSuchRecord(type, write.id);
        const to = record(portal, write.to.type, write.to.id);
        if (!to) return noSuchRecord(write.to.type, write.to.id);
        const between = { type: write.to.type, id: to.id };
        setAssociated(portal, { type, id: own.id }, between, write.op === 'associate');
        return { id: own.id, created: false };
      }
    }
  }

  function emailOwner(portal: number, email: string): number | undefined {
    return ownerOf(portal, 'email', emailKey(email))?.id;
  }

  function fill(
    portal: number,
    own: Own,
    created: boolean,
    { email, properties }: { email?: string; properties: readonly PropertyValue[] },
    at: number,
  ): Written {
    if (email !== undefined) becomePrimary(portal, own.id, email);
    if (created && email !== undefined) associateByDomain(portal, own.id, email);
    setProperties(own.place, properties, 'API', at);
    if (!created) touchRecord.run(at, own.place);
    return { id: own.id, created };
  }

  /** By hand: an e-mail that was blocked is free again. Nobody else has it. */
  function becomePrimary(portal: number, id: number, email: string): void {
    liftBlock.run(portal, erasedHash(email));
    const known = ownerOf(portal, 'email', emailKey(email));
    demoteEmail.run(portal, id);
    if (known) promoteEmail.run(email, portal, emailKey(email));
    else addIdentity.run(portal, 'email', emailKey(email), email, id, 1);
  }

  function write(portal: number, writes: readonly RecordWrite[], at: number): (Written | Refused)[] {
    return writes.map((each) => {
      const written = writeOne(portal, each, at);
      if (!('reason' in written) && 'properties' in each) defineNamed(portal, each.type, each.properties);
      return written;
    });
  }

  return {
    settle,
    setProperties,
    define,
    defineNamed,
    identify,
    write,
    merge: merging(db, record),
    ...erasing(),
  };

  function erasing() {
    const emailsOf = db
      .prepare("SELECT key FROM identity WHERE portal = ? AND kind = 'email' AND object_id = ?")
      .pluck();
    const placesOf = db
      .prepare("SELECT id FROM place WHERE portal = ? AND object_type = 'contacts' AND object_id = ?")
      .pluck();
    const drop = (table: string, where: string) => db.prepare(`DELETE FROM ${table} WHERE ${where}`);
    const timeline = timelineWriter(db);
    const ofPlace = [dropProperties, drop('property_change', 'place = ?'), drop('place', 'id = ?')];
    const ofContact = [
      drop('identity INDEXED BY identity_contact', 'portal = ? AND object_id = ?'),
      drop('visit', 'portal = ? AND object_id = ?'),
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
    const utksOf = db
      .prepare(
        "SELECT key FROM identity INDEXED BY identity_contact WHERE portal = ? AND kind = 'utk' AND object_id = ?",
      )
      .pluck();
    const dropVisits = drop('visit INDEXED BY visit_utk', 'portal = ? AND utk = ?');

    /** The contact by this id, archived ones too, or the one it was merged into. */
    function kept(portal: number, id: number): number | undefined {
      const found = findRecord.get(portal, 'contacts', id) as [number, number, number | null] | undefined;
      return found?.[2] ?? found?.[0];
    }

    /** Blocks an e-mail, and takes it out of events that say it and stand elsewhere. */
    function forgetEmail(portal: number, key: string): void {
      addErased.run(portal, erasedHash(key));
      const said = mentions.all(portal, key) as { seq: number; body: string }[];
      for (const { seq, body } of said) redact.run(withoutEmail(body), seq);
      if (said.length > 0) owe.run();
      dropMentions.run(portal, key);
    }

    return {
      /** Deletes everything of a contact. What the file's free pages held is overwritten: secure_delete is on. */
      erase(portal: number, who: { objectId: number } | { email: string }): boolean {
        const id =
          'email' in who ? ownerOf(portal, 'email', emailKey(who.email))?.id : kept(portal, who.objectId);
        if ('email' in who) forgetEmail(portal, emailKey(who.email));
        if (id === undefined) return false;
        owe.run();
        for (const utk of utksOf.all(portal, id)) dropVisits.run(portal, utk);
        for (const key of emailsOf.all(portal, id) as string[]) forgetEmail(portal, key);
        const places = placesOf.all(portal, id) as number[];
        for (const statement of ofContact) statement.run(portal, id);
        for (const place of places) {
          timeline.drop(place);
          for (const statement of ofPlace) statement.run(place);
        }
        return true;
      },
    };
  }
}

/** Leaves nothing of a contact's associations: given the portal and its id, in this order. */
function dissociating(db: Connection) {
  const own = "portal = ? AND from_type = 'contacts' AND from_id = ?";
  return [
    db.prepare(`
      DELETE FROM association WHERE (portal, from_type, from_id, to_type, to_id) IN
        (SELECT portal, to_type, to_id, from_type, from_id FROM association WHERE ${own})`),
    db.prepare(`DELETE FROM association WHERE ${own}`),
  ];
}

function merging(db: Connection, record: (portal: number, type: string, id: number) => Own | undefined) {
  const touchRecord = db.prepare('UPDATE record SET updated_at = max(updated_at, ?) WHERE place = ?');
  const moveIdentities = db.prepare(
    'UPDATE identity INDEXED BY identity_contact SET object_id = ?, is_primary = is_primary AND ? WHERE portal = ? AND object_id = ?',
  );
  const countIdentities = db
    .prepare('SELECT count(*) FROM identity WHERE portal = ? AND object_id = ?')
    .pluck();
  const hasPrimary = db
    .prepare("SELECT 1 FROM identity WHERE portal = ? AND object_id = ? AND kind = 'email' AND is_primary")
    .pluck();
  const movePlaces = db.prepare(
    "UPDATE place SET object_id = ? WHERE portal = ? AND object_type = 'contacts' AND object_id = ?",
  );
  const moveVisits = db.prepare('UPDATE visit SET object_id = ? WHERE portal = ? AND object_id = ?');
  const inherit = db.prepare(
    'INSERT INTO property SELECT ?, name, value, at, unique_key FROM property WHERE place = ? ON CONFLICT DO NOTHING',
  );
  const dropProperties = db.prepare('DELETE FROM property WHERE place = ?');
  const moveAssociations = [
    db.prepare(`
      INSERT INTO association SELECT portal, from_type, ?, to_type, to_id FROM association
      WHERE portal = ? AND from_type = 'contacts' AND from_id = ? ON CONFLICT DO NOTHING`),
    db.prepare(`
      INSERT INTO association SELECT portal, to_type, to_id, from_type, ? FROM association
      WHERE portal = ? AND from_type = 'contacts' AND from_id = ? ON CONFLICT DO NOTHING`),
  ];
  const dissociate = dissociating(db);
  const redirects = [
    db.prepare("UPDATE record SET merged_into = ? WHERE portal = ? AND object_type = 'contacts' AND id = ?"),
    db.prepare(
      "UPDATE record INDEXED BY record_merged SET merged_into = ? WHERE portal = ? AND object_type = 'contacts' AND merged_into = ?",
    ),
  ];

  return (portal: number, primaryId: number, otherId: number, at: number): number | Refused | undefined => {
    const primary = record(portal, 'contacts', primaryId);
    const other = record(portal, 'contacts', otherId);
    if (!primary || !other) return undefined;
    if (primary.id === other.id) return primary.id;
    const identities = (id: number) => countIdentities.get(portal, id) as number;
    if (identities(primary.id) + identities(other.id) > MAX_IDENTITIES) return tooMany(primary.id);
    const keepsPrimary = hasPrimary.get(portal, primary.id) === undefined ? 1 : 0;
    moveIdentities.run(primary.id, keepsPrimary, portal, other.id);
    movePlaces.run(primary.id, portal, other.id);
    moveVisits.run(primary.id, portal, other.id);
    inherit.run(primary.place, other.place);
    dropProperties.run(other.place);
    for (const move of moveAssociations) move.run(primary.id, portal, other.id);
    for (const statement of dissociate) statement.run(portal, other.id);
    for (const redirect of redirects) redirect.run(primary.id, portal, other.id);
    touchRecord.run(at, primary.place);
    return primary.id;
  };
}
