// Whom an event is about. Pure: an engine looks up what the subject names, asks `decide`, and writes what it says
// in the same transaction, so that two events racing with one new e-mail make one contact.
import type { ObjectType } from './record.js';

/** What an event says of the record it is about. */
export interface Subject {
  type: ObjectType;
  objectId?: number;
  /** As sent; e-mails compare by `emailKey`. Identifies contacts only. */
  email?: string;
  /** The visitor's cookie. Identifies contacts only. */
  utk?: string;
  /** What to do with a record that is named by objectId and does not exist. */
  unknown: 'create' | 'refuse';
}

/** What the store holds of the things that the subject names. */
export interface Found {
  /** The record named by objectId exists. */
  record: boolean;
  /** The contact that owns the e-mail, and whether it is that contact's primary one. */
  emailOwner?: { id: number; primary: boolean };
}

export type Decision =
  | { stands: 'on-record'; objectId: number; create: boolean; email?: 'add' | 'promote' }
  | { stands: 'on-new-contact' }
  | { stands: 'with-visitor' }
  | { refused: 'record-not-found' }
  | { refused: 'email-taken'; owner: number };

/** The field that decided, kept with the event. objectId goes before utk before email. */
export type IdentifiedBy = 'objectId' | 'utk' | 'email';

export function identifiedBy(subject: Subject): IdentifiedBy {
  if (subject.objectId !== undefined) return 'objectId';
  return subject.email !== undefined ? 'email' : 'utk';
}

/** E-mails are the same when their keys are. */
export function emailKey(email: string): string {
  return email.toLowerCase();
}

export function decide(subject: Subject, found: Found): Decision {
  const { objectId, email } = subject;
  const owner = found.emailOwner;
  if (objectId === undefined) {
    if (email === undefined) return { stands: 'with-visitor' };
    return owner ? { stands: 'on-record', objectId: owner.id, create: false } : { stands: 'on-new-contact' };
  }
  if (!found.record && subject.unknown === 'refuse') return { refused: 'record-not-found' };
  if (owner && owner.id !== objectId) return { refused: 'email-taken', owner: owner.id };
  const stands = { stands: 'on-record', objectId, create: !found.record } as const;
  if (email === undefined || owner?.primary) return stands;
  return { ...stands, email: owner ? 'promote' : 'add' };
}
