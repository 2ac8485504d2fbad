// The CRM records that events stand on: their types, how they are named, and the port that keeps them.
import type { Refusal } from '../refusal.js';
import type { Subject } from './identity.js';

export const OBJECT_TYPES = ['contacts', 'companies', 'deals', 'tickets'] as const;
export type ObjectType = (typeof OBJECT_TYPES)[number];

const TYPE_NAMES: Readonly<Record<string, ObjectType>> = {
  contacts: 'contacts',
  contact: 'contacts',
  '0-1': 'contacts',
  companies: 'companies',
  company: 'companies',
  '0-2': 'companies',
  deals: 'deals',
  deal: 'deals',
  '0-3': 'deals',
  tickets: 'tickets',
  ticket: 'tickets',
  '0-5': 'tickets',
};

/** The object type that a name means: plural, singular or HubSpot's type id, in any letter case. */
export function objectTypeOf(name: string): ObjectType | undefined {
  const key = name.toLowerCase();
  return Object.hasOwn(TYPE_NAMES, key) ? TYPE_NAMES[key] : undefined;
}

/** `contacts` → `Contact`, as HubSpot's messages have it. */
export function singular(type: ObjectType): string {
  return { contacts: 'Contact', companies: 'Company', deals: 'Deal', tickets: 'Ticket' }[type];
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

export interface CrmRecord extends RecordKey {
  /** A contact's primary e-mail, as it was sent. */
  email?: string;
  /** Further e-mails that find this contact. */
  additionalEmails: readonly string[];
  /** The visitors that are this contact. */
  utks: readonly string[];
  /** Records that were merged into this one: their ids find it. */
  mergedIds: readonly number[];
  /** What is known of it, besides what stands above. */
  properties: ReadonlyMap<string, string>;
  createdAt: number;
  updatedAt: number;
}

/** A property's value, and when the event or call that says so happened (epoch ms). */
export interface PropertyValue {
  name: string;
  value: string;
  at: number;
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

/** A contact that somebody creates by hand. */
export interface NewContact {
  email?: string;
  properties: readonly PropertyValue[];
  at: number;
}

export interface RecordStore {
  /** By its id, or the id of one that was merged into it; the answer has the id that remains. */
  record(key: RecordKey): CrmRecord | undefined;
  /** The contact that an e-mail stands for, primary or additional, in any letter case. */
  contactByEmail(portalId: number, email: string): CrmRecord | undefined;
  /** Records of a portal that events came for most recently, newest first. */
  recentRecords(portalId: number, limit: number): CrmRecord[];

  /** Finds or makes the contact, ties the utk to it, sets its properties; answers its id, or why not. */
  identify(identification: Identification): Promise<number | Refusal>;
  /** Makes a contact; answers its id, or a conflict with the one that has the e-mail. Lifts the block of an erased one. */
  createContact(portalId: number, contact: NewContact): Promise<number | Refusal>;
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

/** Properties that are the record's own affair: no token and no form sets them. */
export const OWN_PROPERTIES: ReadonlySet<string> = new Set(
  'email hs_object_id createdate lastmodifieddate hs_lastmodifieddate hs_additional_emails hs_merged_object_ids'.split(
    ' ',
  ),
);

/** How properties may be called. */
export const PROPERTY_NAME = /^[A-Za-z0-9._-]{1,255}$/;
