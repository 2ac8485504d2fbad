// The port of the timeline: what an engine must keep, and its promises.
// test/store holds every engine against them.
import type { IdentifiedBy, Subject } from '../records/identity.js';
import type { PropertyValue, RecordKey, RecordName } from '../records/record.js';
import type { Refusal } from '../refusal.js';
import type { Template } from './template.js';

/** An event that has passed every rule and is not yet stored. */
export interface EventDraft {
  portalId: number;
  templateId: number;
  /** Absent: the store makes one. */
  id?: string | undefined;
  subject: Subject;
  /** As the body says it, whatever it means for the subject. */
  email?: string | undefined;
  /** What its tokens say of the record; a visitor's are kept until the visitor is known. */
  properties: readonly PropertyValue[];
  /** Epoch ms: its place on the timeline. */
  timestamp: number;
  /** Epoch ms: when the server took it in. */
  receivedAt: number;
  /** The event's JSON text, without its id and objectId. */
  body: string;
}

export interface StoredEvent {
  templateId: number;
  id: string;
  /** The record it stands on now; absent while it stands with a visitor. */
  objectId?: number;
  timestamp: number;
  /** Epoch ms: when the server took it in. */
  receivedAt: number;
  /** The field by which it was filed. */
  identifiedBy: IdentifiedBy;
  body: string;
}

/** The event as stored, or why it was not. */
export type AppendOutcome = StoredEvent | Refusal;

export interface TimelineQuery {
  limit: number;
  /** The page ends before its events' bodies have more characters all together, though never without an event. */
  chars?: number;
  after?: Cursor;
  templateId?: number;
  /** Epoch ms, inclusive. */
  from?: number;
  /** Epoch ms, exclusive. */
  to?: number;
  /** The events of the contacts that belong to the record too; each event then says whose it is. */
  withContacts?: boolean;
}

/** A timeline of a record and its contacts is read for at most so many. */
export const MAX_CONTACTS_ON_TIMELINE = 500;
/** Nor where they, those merged into them and the visitors that they were are more all together. */
export const MAX_PLACES_ON_TIMELINE = 5_000;

export interface TimelineEvent extends StoredEvent {
  /** Whose it is, on a timeline with contacts. */
  record?: RecordName;
}

/** A position on a timeline: the last event that was seen. */
export interface Cursor {
  timestamp: number;
  seq: number;
}

interface TimelinePage {
  /** Newest first; of events at the same time, the one that arrived last. */
  events: TimelineEvent[];
  /** Where the next page begins; absent on the last one. */
  next?: Cursor;
}

export interface TimelineStore {
  /**
   * Commits every draft, in order, in one transaction: finds or creates the record that each is about and files the
   * event there. Durable when it resolves. A draft without an id gets a UUID that sorts by its `receivedAt`, and that no
   * other event ever has. The same (portal, template, id) again replaces the event; with another record it moves there.
   * One outcome a draft; a refused draft leaves no trace and does not harm its neighbours.
   * Rejects with a Refusal `unavailable` when the disk takes nothing; then nothing of the batch is stored.
   */
  append(drafts: readonly EventDraft[]): Promise<AppendOutcome[]>;
  event(portalId: number, templateId: number, id: string): StoredEvent | undefined;
  /** A record's events, without those whose template is archived. */
  timeline(record: RecordKey, query: TimelineQuery): TimelinePage;

  /** The template, unless it is archived. */
  template(id: number): Template | undefined;
  /** An app's templates that are not archived, oldest first. */
  templates(appId: number): Template[];
  /** How much they hold all together, in bytes; without one of them, where it is given. */
  templateBytes(appId: number, without?: number): number;
  /** Keeps a new template, unless the app has `max` already (then undefined). A given id that exists (the demo's) is there again. */
  createTemplate(
    template: Omit<Template, 'id' | 'version'> & { id?: number },
    max: number,
  ): Promise<number | undefined>;
  /** Replaces a template when its version is still the given one; false when somebody was faster. */
  saveTemplate(template: Template): Promise<boolean>;
  /** Hides a template and all of its events, for good. */
  archiveTemplate(id: number, at: number): Promise<void>;
}
