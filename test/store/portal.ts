// A portal of a store under test, and short words for what the tests of its people do all the time.
import type { Subject } from '../../dist/records/identity.js';
import type { PropertyValue } from '../../dist/records/record.js';
import { Refusal } from '../../dist/refusal.js';
import type { EventDraft } from '../../dist/timeline/store.js';
import { draftOf, ids, NOW, refusal, type Store, stored, tenantOf, walk, whole } from './support.js';

export const property = (name: string, value: string, at = NOW): PropertyValue => ({ name, value, at });

export async function portalOf(store: Store) {
  const { portalId, appId, templateId } = await tenantOf(store);
  const key = (id: number) => ({ portalId, type: 'contacts' as const, id });
  const draft = (id: string, subject: Partial<Subject>, more: { at?: number } & Partial<EventDraft> = {}) => {
    const { at = 0, ...rest } = more;
    return { ...draftOf(portalId, templateId, id, subject, { timestamp: NOW + at }), ...rest };
  };
  return {
    portalId,
    appId,
    templateId,
    key,
    draft,
    append: (...drafts: EventDraft[]) => store.append(drafts),
    /** Appends one event; the contact that it stands on. */
    async on(subject: Partial<Subject>, id: string = crypto.randomUUID(), more = {}) {
      const [outcome] = await store.append([draft(id, subject, more)]);
      return stored(outcome).objectId as number;
    },
    async refused(subject: Partial<Subject>): Promise<Refusal> {
      const [outcome] = await store.append([draft('refused', subject)]);
      return refusal(outcome);
    },
    identify(subject: Partial<Subject>, properties: PropertyValue[] = [], visit?: string) {
      const whole = { type: 'contacts' as const, unknown: 'refuse' as const, identifies: true, ...subject };
      const call = { portalId, subject: whole, properties, at: NOW };
      return store.identify(visit === undefined ? call : { ...call, visit });
    },
    contact: (id: number) => whole(store.record(key(id))),
    timeline: (id: number, limit = 100) => ids(walk(store, key(id), { limit })),
    properties: (id: number) => Object.fromEntries(whole(store.record(key(id)))?.properties ?? []),
    event: (id: string) => store.event(portalId, templateId, id),
    merge: (primary: number, other: number) => store.merge(portalId, primary, other, NOW + 1),
    erase: (who: { objectId: number } | { email: string }) => store.erase(portalId, who),
    createContact: async (email?: string, properties: PropertyValue[] = []) => {
      const contact = { ...(email === undefined ? {} : { email }), properties };
      const [made] = await store.write(portalId, [{ op: 'create', type: 'contacts', ...contact }], NOW);
      return made instanceof Refusal ? made : (made?.id as number);
    },
    byEmail: async (email: string) => (await store.contactsByEmail(portalId, [email]))[0]?.id,
  };
}
type Portal = Awaited<ReturnType<typeof portalOf>>;

/** Gives a contact identities until it has so many. */
export async function fill(
  portal: Portal,
  objectId: number,
  prefix: string,
  from: number,
  to: number,
): Promise<void> {
  const subject = (n: number) => (n % 2 ? { email: `${prefix}${n}@example.com` } : { utk: `${prefix}${n}` });
  const drafts = Array.from({ length: to - from }, (_, index) => subject(from + index)).map((named, index) =>
    portal.draft(`${prefix}${index}`, { objectId, ...named }),
  );
  for (const outcome of await portal.append(...drafts)) stored(outcome);
}
