// Whom an event, a form or an identify call is about. Pure: an engine looks up what the subject names, asks `decide`,
// and writes what it says in the same transaction, so that two events racing with one new e-mail make one contact.
// docs/identity.md has the table of cases.
import type { Portal } from '../access/store.js';
import { brief } from '../refusal.js';
import type { ObjectType } from './record.js';

/** HubSpot's bound: e-mails and utks of one contact, together. */
export const MAX_IDENTITIES = 250;
/** HubSpot's bound: contacts that are one, besides the one that remains. */
export const MAX_MERGED = 250;

const MAX_IDENTIFIER_BYTES = 500;
const MAX_EMAIL_LENGTH = 254;
/** NUL and lone surrogates: they do not survive as keys in every engine. */
export const UNKEEPABLE = /[\0\p{Surrogate}]/u;
/** What is said of a text that has one. */
export const NOT_KEPT = 'has a NUL or half a surrogate pair; send well-formed text';
const EMAIL = /^[^\s@]+@[^\s@]+$/;
const PROTECTED_EMAIL = /\[email\s+protected\]/i;

/** What is wrong with an e-mail address, and what would do. */
export function emailFault(email: string): string | undefined {
  if (PROTECTED_EMAIL.test(email))
    return "is the placeholder '[email protected]' that e-mail protection leaves when an example is copied from a web page; put a real address in its place";
  if (!EMAIL.test(email) || email.length > MAX_EMAIL_LENGTH || UNKEEPABLE.test(email))
    return `'${brief(email)}' is not an e-mail address; send one such as someone@example.com, at most ${MAX_EMAIL_LENGTH} characters`;
  return undefined;
}

/** What is wrong with a utk or a domain. */
export function nameFault(value: string): string | undefined {
  return value === '' || UNKEEPABLE.test(value) || Buffer.byteLength(value) > MAX_IDENTIFIER_BYTES
    ? `must be 1 to ${MAX_IDENTIFIER_BYTES} bytes of well-formed text`
    : undefined;
}

/** What a portal does with records and properties that are named and that it does not have. */
export type Unknown = 'create' | 'refuse';

export function unknownIn({ lenient }: Pick<Portal, 'lenient'>): Unknown {
  return lenient ? 'create' : 'refuse';
}

/** What is said of the record that something is about. */
export interface Subject {
  type: ObjectType;
  objectId?: number;
  /** As sent; e-mails compare by `emailKey`. Identifies contacts only. */
  email?: string;
  /** The visitor's cookie. Identifies contacts only. */
  utk?: string;
  /** What to do with a record that is named by objectId and does not exist. */
  unknown: Unknown;
  /**
   * A form or an identify call says who the visitor is: it names the contact by objectId, else by e-mail, and the utk
   * is that contact's from now on, whoever had it. An event only mentions the utk: it goes before the e-mail, and
   * stays with the contact that has it.
   */
  identifies?: boolean;
}

/** What the store holds of the things that the subject names. */
export interface Found {
  /** The record named by objectId: its id, or that of the one it was merged into. Absent: there is none. */
  record?: number | undefined;
  /** The contact that owns the e-mail, and whether it is that contact's primary one. */
  emailOwner?: { id: number; primary: boolean } | undefined;
  /** The contact that owns the utk. */
  utkOwner?: number | undefined;
  /** How many identities a contact has. */
  identities(objectId: number): number;
}

export type Decision =
  | {
      stands: 'on-record';
      objectId: number;
      /** There is no such record yet. */
      create: boolean;
      /** The e-mail becomes its primary one: a new one, or one that it has already. */
      email?: 'add' | 'promote';
      /** The utk becomes its own: nobody had it, or another contact did. */
      utk?: 'tie' | 'move';
    }
  | { stands: 'on-new-contact'; email: boolean; utk?: 'tie' | 'move' }
  | { stands: 'with-visitor' }
  | { refused: 'record-not-found' }
  | { refused: 'email-taken'; objectId: number; owner: number }
  | { refused: 'too-many-identities'; objectId: number };

/** The field that decided, kept with the event. */
export type IdentifiedBy = 'objectId' | 'utk' | 'email';

/** E-mails are the same when their keys are. */
export function emailKey(email: string): string {
  return email.toLowerCase();
}

export function decide(subject: Subject, found: Found): Decision {
  const { objectId, email, utk, unknown, identifies = false } = subject;
  const { emailOwner: owner, utkOwner } = found;

  if (objectId !== undefined) {
    if (found.record === undefined && unknown === 'refuse') return { refused: 'record-not-found' };
    const id = found.record ?? objectId;
    if (owner && owner.id !== id) return { refused: 'email-taken', objectId: id, owner: owner.id };
    return onRecord(id, found.record === undefined, newEmail());
  }
  if (utkOwner !== undefined && !(identifies && email !== undefined))
    return onRecord(utkOwner, false, owner ? undefined : newEmail());
  if (owner) return onRecord(owner.id, false, undefined);
  if (email === undefined && !identifies) return { stands: 'with-visitor' };
  return { stands: 'on-new-contact', email: email !== undefined, ...utkOf(undefined) };

  /** What the e-mail means for a contact that it may become the primary one of. */
  function newEmail(): 'add' | 'promote' | undefined {
    if (email === undefined || owner?.primary) return undefined;
    return owner ? 'promote' : 'add';
  }

  /** What the utk means for a contact: `id` is undefined for one that is yet to be made. */
  function utkOf(id: number | undefined): { utk?: 'tie' | 'move' } {
    if (utk === undefined || (utkOwner !== undefined && utkOwner === id)) return {};
    if (utkOwner === undefined) return { utk: 'tie' };
    return identifies ? { utk: 'move' } : {};
  }

  function onRecord(id: number, create: boolean, becomes: 'add' | 'promote' | undefined): Decision {
    const ties = utkOf(id);
    const more = (becomes === 'add' ? 1 : 0) + (ties.utk ? 1 : 0);
    if (more > 0 && !create && found.identities(id) + more > MAX_IDENTITIES)
      return { refused: 'too-many-identities', objectId: id };
    return { stands: 'on-record', objectId: id, create, ...(becomes ? { email: becomes } : {}), ...ties };
  }
}

/** The field by which a decision was reached. */
export function identifiedBy(subject: Subject, found: Pick<Found, 'utkOwner'>): IdentifiedBy {
  if (subject.objectId !== undefined) return 'objectId';
  if (subject.email === undefined) return 'utk';
  return found.utkOwner !== undefined && !subject.identifies ? 'utk' : 'email';
}
