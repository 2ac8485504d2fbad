// A batch of drafts as one flat array: copying it to the writer thread costs a third of what objects cost.
import type { EventDraft } from '../../timeline/store.js';

/** The drafts' fields one after the other, FIELDS of them a draft. */
export type Parcel = (string | number | undefined)[];

const FIELDS = 12;

export function pack(drafts: readonly EventDraft[]): Parcel {
  const parcel: Parcel = [];
  for (const {
    portalId,
    templateId,
    id,
    subject,
    email,
    timestamp,
    receivedAt,
    body,
    properties,
  } of drafts) {
    const { type, objectId, utk, unknown } = subject;
    const values = properties.length === 0 ? undefined : JSON.stringify(properties);
    parcel.push(portalId, templateId, id, type, objectId, utk, unknown);
    parcel.push(email, timestamp, receivedAt, body, values);
  }
  return parcel;
}

/** How many drafts are in it. */
export function countOf(parcel: Parcel): number {
  return parcel.length / FIELDS;
}

export function unpack(parcel: Parcel): EventDraft[] {
  const drafts: EventDraft[] = [];
  for (let at = 0; at < parcel.length; at += FIELDS) {
    const [
      portalId,
      templateId,
      id,
      type,
      objectId,
      utk,
      unknown,
      email,
      timestamp,
      receivedAt,
      body,
      values,
    ] = parcel.slice(at, at + FIELDS);
    const subject = { type, objectId, utk, unknown, email: type === 'contacts' ? email : undefined };
    const properties = values === undefined ? [] : JSON.parse(values as string);
    const draft = { portalId, templateId, id, subject, email, timestamp, receivedAt, body, properties };
    drafts.push(draft as EventDraft);
  }
  return drafts;
}
