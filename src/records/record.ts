// The CRM records that events stand on: their types, how they are named, and the port that keeps them.

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
  createdAt: number;
}

export interface RecordStore {
  record(key: RecordKey): CrmRecord | undefined;
  /** Records of a portal that events came for most recently, newest first. */
  recentRecords(portalId: number, limit: number): CrmRecord[];
}
