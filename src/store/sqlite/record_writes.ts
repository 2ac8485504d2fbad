// Writes to records by hand, on the writer's connection, inside the transaction that the caller opened: each is written
// whole, or it says why not and nothing of it is.
import { emailKey, MAX_IDENTITIES } from '../../records/identity.js';
import type { ObjectType, PropertyValue, RecordName, RecordWrite } from '../../records/record.js';
import { associator } from './associations.js';
import type { Connection } from './database.js';
import type { Keys } from './keys.js';
import type { People } from './people.js';
import type { Portals } from './portals.js';
import { type Own, records, toucher } from './records.js';
import {
  contactExists,
  noneToAssociate,
  noSuchRecord,
  noSuchType,
  type Refused,
  tooMany,
} from './refused.js';
import { typeChecker } from './schemas.js';
import { valueWriter } from './values.js';

/** What a write by hand came to. */
export interface Written {
  id: number;
  created: boolean;
}

interface Said {
  email?: string | undefined;
  properties: readonly PropertyValue[];
}

export function recordWriter(
  db: Connection,
  portals: Pick<Portals, 'of'>,
  keys: Pick<Keys, 'emailOwnerOf'>,
  { becomePrimary }: Pick<People, 'becomePrimary'>,
) {
  const archiveRecord = db.prepare(
    'UPDATE record SET archived_at = ? WHERE portal = ? AND object_type = ? AND id = ? AND archived_at IS NULL',
  );
  const keepFormerEmails = db.prepare(`
    INSERT INTO former_email SELECT portal, key, object_id FROM identity
    WHERE portal = ? AND object_id = ? AND kind = 'email' ON CONFLICT DO NOTHING`);
  const freeIdentities = db.prepare('DELETE FROM identity WHERE portal = ? AND object_id = ?');
  const { record, newRecord, identities } = records(db);
  const touchRecord = toucher(db);
  const { setProperties, setByHand, byUnique, takenValue, undefinable, defineNamed } = valueWriter(db);
  const { setAssociated, associateByDomain } = associator(db);
  const canBe = typeChecker(db);

  /** One write by hand: the record and whether it was made, or why nothing was written. */
  function writeOne(portal: number, write: RecordWrite, at: number): Written | Refused {
    const { type } = write;
    const conflict = 'properties' in write ? undefinable(portal, type, write.properties) : undefined;
    if (conflict) return conflict;
    switch (write.op) {
      case 'create': {
        if (!canBe(portal, type)) return noSuchType(type);
        const conflict = conflictOf(portal, type, undefined, write);
        if (conflict) return conflict;
        const associated: RecordName[] = [];
        for (const [index, { type, id }] of (write.associations ?? []).entries()) {
          const to = record(portal, type, id);
          if (!to) return noneToAssociate(index, type, id);
          associated.push({ type, id: to.id });
        }
        const own = newRecord(portals.of(portal), portal, type, at);
        for (const to of associated) setAssociated(portal, { type, id: own.id }, to, true);
        return fill(portal, own, true, write, at);
      }
      case 'upsert': {
        if (!canBe(portal, type)) return noSuchType(type);
        const { by, properties } = write;
        const byEmail = 'email' in by ? by.email : undefined;
        const owner =
          'email' in by ? emailOwner(portal, by.email) : by.uniqueKey && byUnique(by.uniqueKey)?.id;
        const own = owner ? record(portal, type, owner) : undefined;
        if (!own && write.refusedIfNew) return write.refusedIfNew;
        const email = own ? write.email : (byEmail ?? write.email);
        const conflict = conflictOf(portal, type, own, { email, properties });
        if (conflict) return conflict;
        // A new one has what it was looked for by; what else is said of it comes after.
        const values = own || 'email' in by ? properties : [by, ...properties];
        return fill(
          portal,
          own ?? newRecord(portals.of(portal), portal, type, at),
          !own,
          { email, properties: values },
          at,
        );
      }
      case 'update': {
        const own = record(portal, type, write.id);
        if (!own) return noSuchRecord(type, write.id);
        const conflict = conflictOf(portal, type, own, write);
        if (conflict) return conflict;
        return fill(portal, own, false, write, at);
      }
      case 'archive': {
        const own = record(portal, type, write.id);
        if (!own) return noSuchRecord(type, write.id);
        archiveRecord.run(at, portal, type, own.id);
        if (type === 'contacts')
          for (const statement of [keepFormerEmails, freeIdentities]) statement.run(portal, own.id);
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

  /** Why a record cannot have this e-mail and these values; `own` is undefined for one that is yet to be made. */
  function conflictOf(
    portal: number,
    type: ObjectType,
    own: Own | undefined,
    { email, properties }: Said,
  ): Refused | undefined {
    const owner = email === undefined ? undefined : emailOwner(portal, email);
    if (owner !== undefined && owner !== own?.id) return contactExists(owner);
    const isNew = email !== undefined && owner === undefined;
    if (own && isNew && identities(portal, own.id) >= MAX_IDENTITIES) return tooMany(own.id);
    return takenValue(portal, type, own?.id, properties);
  }

  function emailOwner(portal: number, email: string): number | undefined {
    return keys.emailOwnerOf(portal, emailKey(email))?.id;
  }

  function fill(
    portal: number,
    own: Own,
    created: boolean,
    { email, properties }: Said,
    at: number,
  ): Written {
    if (email !== undefined) becomePrimary(portal, own, email);
    if (created && email !== undefined && portals.of(portal).associatesByDomain)
      associateByDomain(portal, own.id, email);
    if (created) setProperties(own.place, properties, 'API', at);
    else {
      setByHand(own.place, properties, at);
      touchRecord(at, own.place);
    }
    return { id: own.id, created };
  }

  return (portal: number, writes: readonly RecordWrite[], at: number): (Written | Refused)[] =>
    writes.map((each) => {
      const written = writeOne(portal, each, at);
      if (!('reason' in written) && 'properties' in each) defineNamed(portal, each.type, each.properties);
      return written;
    });
}
