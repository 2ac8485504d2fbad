// The CRM records that events stand on: their types, how they are named, and the port that keeps them.
import type { Refusal } from '../refusal.js';
import type { Subject } from './identity.js';
import type { Definition, PropertyDefinition } from './properties.js';
import type { ObjectSchema, SchemaOutcome } from './schema.js';
import type { Search } from './search.js';

export const OBJECT_TYPES = ['contacts', 'companies', 'deals', 'tickets'] as const;
/** The types that every portal has. */
export type StandardType = (typeof OBJECT_TYPES)[number];
/** A custom object's type id: its portal's alone. */
export type CustomType = `2-${number}`;
/** What a record is of. Which of the custom ones a portal has, `Schemas` knows. */
export type ObjectType = StandardType | CustomType;

const CUSTOM_TYPE = /^2-[1-9][0-9]{0,14}$/;

export function isCustom(type: string): type is CustomType {
  return CUSTOM_TYPE.test(type);
}

/** No other portal's type has the same. */
export function numberOf(type: CustomType): number {
  return Number(type.slice(2));
}

const SINGULAR = { contacts: 'Contact', companies: 'Company', deals: 'Deal', tickets: 'Ticket' } as const;
const TYPE_IDS = { contacts: '0-1', companies: '0-2', deals: '0-3', tickets: '0-5' } as const;
const TYPES_BY_NAME: ReadonlyMap<string, StandardType> = new Map(
  OBJECT_TYPES.flatMap((type) =>
    [type, SINGULAR[type].toLowerCase(), TYPE_IDS[type]].map((name) => [name, type] as const),
  ),
);

/** The standard type that a name means: plural, singular or HubSpot's type id, in any letter case. */
export function standardTypeOf(name: string): StandardType | undefined {
  return TYPES_BY_NAME.get(name.toLowerCase());
}

/** `contacts` → `Contact`, as HubSpot's messages have it; a custom type goes by its id. */
export function singular(type: ObjectType): string {
  return isCustom(type) ? type : SINGULAR[type];
}

/** HubSpot's type id. */
export function typeIdOf(type: ObjectType): string {
  return isCustom(type) ? type : TYPE_IDS[type];
}

/** A record's name on the wire: 1 to 16 digits, no leading zero, at most 2^53−1. */
const OBJECT_ID = /^[1-9][0-9]{0,15}$/;

/** The number that an object id stands for; undefined where it is none. */
export function objectIdOf(text: string): number | undefined {
  const id = Number(text);
  return OBJECT_ID.test(text) && Number.isSafeInteger(id) ? id : undefined;
}

export interface RecordKey {
  portalId: number;
  type: ObjectType;
  id: number;
}

/** A record of a portal that is known already. */
export type RecordName = Pick<RecordKey, 'type' | 'id'>;

export interface CrmRecord extends RecordKey {
  /** A contact's primary e-mail, as it was sent. */
  email?: string;
  /** Further e-mails that find this contact. */
  additionalEmails: readonly string[];
  /** The visitors that are this contact. */
  utks: readonly string[];
  /** Records that were merged into this one: their ids find it. */
  mergedIds: readonly number[];
  /** What is known of it, besides what stands above. Each is read when it is asked for: together they may be large. */
  properties: Pick<ReadonlyMap<string, string>, 'get' | 'keys'>;
  createdAt: number;
  updatedAt: number;
}

/** A property's value, and when the event or call that says so happened (epoch ms). */
export interface PropertyValue {
  name: string;
  value: string;
  at: number;
  /** Nobody defined the property: it is, from now on, in the same transaction. */
  defines?: PropertyDefinition;
  /** No other record of the type may have it, and it finds its record: see `uniqueKey`. */
  uniqueKey?: string;
}

/** What two values of a unique property have in common when they are the same: letter case does not matter. */
export function uniqueKey(portalId: number, type: ObjectType, name: string, value: string): string {
  return `${portalId}/${type}/${name}/${value.toLowerCase()}`;
}

/** The `at` of a value that holds only where there is none. */
export const IF_UNSET = Number.MIN_SAFE_INTEGER;

/** Says who somebody is: a form or an identify call. */
export interface Identification {
  portalId: number;
  /** Of type contacts; `identifies` is set. */
  subject: Subject;
  properties: readonly PropertyValue[];
  /** The visit that it was made on, as JSON text, kept with the contact. */
  visit?: string;
  at: number;
}

/** What somebody writes by hand. An empty value clears a property. */
export type RecordWrite = { type: ObjectType } & (
  | {
      op: 'create';
      email?: string;
      properties: readonly PropertyValue[];
      /** Each must exist: else nothing is created. */
      associations?: readonly RecordName[];
    }
  | { op: 'update'; id: number; email?: string; properties: readonly PropertyValue[] }
  /** The contact with this e-mail, or the record with this value, which has a `uniqueKey`; or a new one. */
  | {
      op: 'upsert';
      by: { email: string } | PropertyValue;
      email?: string;
      properties: readonly PropertyValue[];
      /** Why no new one is made of it, where it does for a change alone. */
      refusedIfNew?: Pick<Refusal, 'reason' | 'message' | 'faults' | 'context'>;
    }
  /** Takes the record and its timeline out of sight; a contact's identities are free again. */
  | { op: 'archive'; id: number }
  /** Both must exist. In both directions; done before, it stays so. */
  | { op: 'associate' | 'dissociate'; id: number; to: RecordName }
);
/** `created`: it was not there before. */
type RecordOutcome = { id: number; created: boolean } | Refusal;

/** A value that a property had or has. */
export interface PropertyChange {
  value: string;
  /** Epoch ms. */
  at: number;
  /** The event that said so, as `templateId/id`; or what call it was, in capitals. */
  source: string;
}

export interface RecordStore {
  /** By its id, or the id of one that was merged into it; the answer has the id that remains. */
  record(key: RecordKey): CrmRecord | undefined;
  /** The contacts that e-mails stand for, primary or additional, in any letter case; undefined where nobody has one. */
  contactsByEmail(portalId: number, emails: readonly string[]): Promise<(CrmRecord | undefined)[]>;
  /** The record that has this value of a unique property, by its `uniqueKey`. */
  recordByUnique(portalId: number, type: ObjectType, key: string): CrmRecord | undefined;
  /**
   * Records of a portal that events came for most recently, newest first; after them, of the newest of each type, those
   * that changed last.
   */
  recentRecords(portalId: number, limit: number): CrmRecord[];

  /** Finds or makes the contact, ties the utk to it, sets its properties; answers its id, or why not. */
  identify(identification: Identification): Promise<number | Refusal>;
  /** An archived record, by its id, or the id of one that was merged into it. */
  archivedRecord(key: RecordKey): (CrmRecord & { archivedAt: number }) | undefined;
  /**
   * Records of a type that belong to this one, which has not been merged: their ids in order, after one of them. What is
   * archived belongs to nobody meanwhile; what was merged belongs to those that it belonged to, by the id that remains.
   */
  associated(key: RecordKey, to: ObjectType, page: { after: number; limit: number }): number[];
  /** Records of a type in order of their ids, after one of them. */
  records(
    portalId: number,
    type: ObjectType,
    page: { after: number; limit: number; archived: boolean },
  ): CrmRecord[];
  /** What a property was set to, the newest first; at most `limit` values. `value`: only when it was set to that. */
  history(key: RecordKey, name: string, limit: number, value?: string): PropertyChange[];
  /** The records that fit, a page of them, and how many there are. Rejects where too many would have to be looked at. */
  search(
    portalId: number,
    type: ObjectType,
    search: Search,
  ): Promise<{ total: number; records: CrmRecord[] }>;

  /** What a portal has defined of a type, or changed of what is predefined; archived ones too. */
  definitions(portalId: number, type: ObjectType): Definition[];
  /**
   * Keeps definitions, in one transaction: each where its version is the next one of what is kept under its kind and
   * name (the first, where nothing is). Says of each whether it was.
   */
  define(portalId: number, type: ObjectType, definitions: readonly Definition[]): Promise<boolean[]>;

  /** A portal's custom objects in order of their ids; archived ones too. */
  schemas(portalId: number): ObjectSchema[];
  /** Whether a portal that an app is installed in has a custom object of this type id or name. */
  appMeetsSchema(appId: number, name: string): boolean;
  /**
   * Keeps a new custom object with the definitions of its properties, in one transaction; answers it with its type,
   * whose number nobody had or will have. 'taken': the portal has one of that name; 'full': it has `max` of them.
   */
  createSchema(
    portalId: number,
    schema: Omit<ObjectSchema, 'type'>,
    definitions: readonly Definition[],
    max: number,
  ): Promise<ObjectSchema | 'taken' | 'full'>;
  /**
   * Keeps a change where its version is the next one. One that archives it is kept while no record of the type is
   * there; from then on none can be made.
   */
  saveSchema(portalId: number, schema: ObjectSchema): Promise<SchemaOutcome>;
  /** Drops an archived custom object and its definitions: its name is free again. */
  dropSchema(portalId: number, type: CustomType): Promise<void>;

  /**
   * Commits every write, in order, in one transaction; one outcome each, and a refused one leaves no trace. Creating a
   * contact with an e-mail that another has is a conflict; it lifts the block of an erased person's. A value with a
   * `uniqueKey` that another record has is refused, here and in events and identifications. What an archived record has
   * is free: it comes back without what others took. A value that is written holds, whatever the time of the one before.
   * Here, by an event or by an identification: a new contact whose e-mail's domain is the `domain` of exactly one
   * company is associated with it, in the same transaction, unless the portal is set not to.
   */
  write(portalId: number, writes: readonly RecordWrite[], at: number): Promise<RecordOutcome[]>;
  /**
   * One contact remains: the primary, with both's identities, events and properties, its own properties winning.
   * The other's id goes on finding it. Undefined when one of them does not exist.
   */
  merge(portalId: number, primary: number, other: number, at: number): Promise<number | undefined | Refusal>;
  /**
   * Leaves nothing of a contact: identities, events, visits, properties, those merged into it; no byte of them in any
   * file when it resolves. Its e-mails are refused from now on. False when there is no such contact.
   */
  erase(portalId: number, who: { objectId: number } | { email: string }): Promise<boolean>;
}

/** Properties that are the record's own affair (`email` of contacts alone): no token and no form sets them. */
export const OWN_PROPERTIES: ReadonlySet<string> = new Set(
  'email hs_object_id createdate hs_createdate lastmodifieddate hs_lastmodifieddate hs_additional_emails hs_merged_object_ids'.split(
    ' ',
  ),
);

/** What a record says of itself under a property's name; undefined where it says nothing. */
export function propertyOf(record: CrmRecord, name: string): string | undefined {
  const listed = (values: readonly (string | number)[]) => (values.length > 0 ? values.join(';') : undefined);
  switch (name) {
    case 'email':
      return record.type === 'contacts' ? record.email : record.properties.get(name);
    case 'hs_object_id':
      return String(record.id);
    case 'createdate':
    case 'hs_createdate':
      return name === createdName(record.type) ? new Date(record.createdAt).toISOString() : undefined;
    case 'hs_additional_emails':
      return listed(record.additionalEmails);
    case 'hs_merged_object_ids':
      return listed(record.mergedIds);
    case 'lastmodifieddate':
    case 'hs_lastmodifieddate':
      return name === modifiedName(record.type) ? new Date(record.updatedAt).toISOString() : undefined;
    default:
      return record.properties.get(name);
  }
}

/** Under which name a type keeps when a record was made. */
export function createdName(type: ObjectType): string {
  return isCustom(type) ? 'hs_createdate' : 'createdate';
}

/** Under which name a type keeps when a record last changed. */
export function modifiedName(type: ObjectType): string {
  return type === 'contacts' ? 'lastmodifieddate' : 'hs_lastmodifieddate';
}

/** The properties that a search's `query` looks into, by type; a custom object's schema says which of its own. */
export const SEARCHED_PROPERTIES: Readonly<Record<StandardType, readonly string[]>> = {
  contacts: ['firstname', 'lastname', 'email', 'phone', 'company'],
  companies: ['name', 'domain', 'website', 'phone'],
  deals: ['dealname', 'pipeline', 'dealstage', 'description'],
  tickets: ['subject', 'content'],
};

/** The properties whose values are found without looking at every record. */
export const INDEXED_PROPERTIES: ReadonlySet<string> = new Set(
  'domain name firstname lastname dealname subject phone company'.split(' '),
);

/** How properties may be called. */
export const PROPERTY_NAME = /^[A-Za-z0-9._-]{1,255}$/;
