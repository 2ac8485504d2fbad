// A batch of drafts as one flat array: copying it to the writer thread costs a third of what objects cost.
import type { Subject } from '../../records/identity.js';
import type { EventDraft } from '../../timeline/store.js';

/** The drafts' fields one after the other, FIELDS of them a draft. */
export type Parcel = (string | number | undefined)[];

const FIELDS = 12;

export function pack(drafts: readonly EventDraft[]): Parcel {
  const parcel: Parcel = [];
  for (const { portalId, templateId, id, subject, identifiedBy, timestamp, receivedAt, body } of drafts) {
    const { type, objectId, email, utk, unknown } = subject;
    parcel.push(
      portalId,
      templateId,
      id,
      type,
      objectId,
      email,
      utk,
      unknown,
      identifiedBy,
      timestamp,
      receivedAt,
      body,
    );
  }
  return parcel;
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
      email,
      utk,
      unknown,
      identifiedBy,
      timestamp,
      receivedAt,
      body,
    ] = parcel.slice(at, at + FIELDS);
    const subject = { type, objectId, email, utk, unknown } as Subject;
    drafts.push({
      portalId,
      templateId,
      id,
      subject,
      identifiedBy,
      timestamp,
      receivedAt,
      body,
    } as EventDraft);
  }
  return drafts;
}
