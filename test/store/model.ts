// A store as a plain program would have it, in memory: what an engine is compared with after every random step.
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Subject } from '../../dist/records/identity.js';
import { Refusal } from '../../dist/refusal.js';
import type { EventDraft, TimelineQuery } from '../../dist/timeline/store.js';
import { draftOf, type Store, type tenantOf, walk } from './conformance.js';

const START = Date.parse('2026-01-02T00:00:00Z');
const OBJECT_IDS = [1, 2, 28001, 28002, 28004]; // some are the ones that an engine may make itself
const EMAILS = ['a@example.com', 'A@Example.com', 'b@example.com', 'c@example.com'];

interface Kept {
  templateId: number;
  id: string;
  timestamp: number;
  body: string;
  /** The contact, or undefined for a visitor. */
  objectId: number | undefined;
  arrival: number;
}

interface DraftStep {
  id: string;
  other: boolean;
  at: number;
  objectId: number | undefined;
  email: string | undefined;
  utk: string | undefined;
  unknown: Subject['unknown'];
}

const draftStep: fc.Arbitrary<DraftStep> = fc
  .record({
    id: fc.constantFrom('e1', 'e2', 'e3', 'e4', 'e5', 'e6'),
    other: fc.boolean(),
    at: fc.integer({ min: -2, max: 2 }),
    objectId: fc.option(fc.constantFrom(...OBJECT_IDS), { nil: undefined }),
    email: fc.option(fc.constantFrom(...EMAILS), { nil: undefined }),
    utk: fc.option(fc.constantFrom('u1', 'u2'), { nil: undefined }),
    unknown: fc.constantFrom<Subject['unknown']>('create', 'create', 'refuse'),
  })
  .filter(({ objectId, email, utk }) => objectId !== undefined || email !== undefined || utk !== undefined);

const step = fc.oneof(
  { weight: 10, arbitrary: fc.record({ append: fc.array(draftStep, { maxLength: 8 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      look: fc.record({
        limit: fc.integer({ min: 1, max: 5 }),
        other: fc.option(fc.boolean(), { nil: undefined }),
        from: fc.option(fc.integer({ min: -2, max: 2 }), { nil: undefined }),
        to: fc.option(fc.integer({ min: -2, max: 2 }), { nil: undefined }),
      }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ reopen: true as const }) },
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
type Tenant = Awaited<ReturnType<typeof tenantOf>>;

const arrivedLast = (a: Kept, b: Kept) => b.timestamp - a.timestamp || b.arrival - a.arrival;

export const model = {
  steps: fc.array(step, { minLength: 1, maxLength: 12 }),

  async run(
    { portalId, templateId, otherTemplateId }: Tenant,
    steps: readonly Step[],
    store: () => Store,
    reopen: () => Promise<Store>,
  ): Promise<void> {
    const events = new Map<string, Kept>();
    /** By id; e-mails as sent, by what they compare as. `primary` is such a key. */
    interface Contact {
      primary?: string;
      emails: Map<string, string>;
    }
    const contacts = new Map<number, Contact>();
    const owners = new Map<string, number>();
    let arrival = 0;

    /** Applies a draft to the model; `made` is the id that the engine gave a new contact. */
    const apply = (draft: EventDraft, made: number | undefined): 'not-found' | 'conflict' | Kept => {
      const { objectId, email, unknown } = draft.subject;
      const key = email?.toLowerCase();
      const owner = key === undefined ? undefined : owners.get(key);
      let on = objectId;
      if (objectId !== undefined) {
        if (!contacts.has(objectId) && unknown === 'refuse') return 'not-found';
        if (owner !== undefined && owner !== objectId) return 'conflict';
      } else if (key !== undefined) {
        on = owner ?? made;
        if (owner === undefined) expect(contacts.has(made as number), `made ${made} anew`).toBe(false);
      }
      if (on !== undefined) {
        const contact: Contact = contacts.get(on) ?? { emails: new Map() };
        contacts.set(on, contact);
        if (key !== undefined && (objectId !== undefined || owner === undefined) && contact.primary !== key) {
          contact.primary = key;
          contact.emails.set(key, email as string);
          owners.set(key, on);
        }
      }
      const { templateId, id, timestamp, body } = draft;
      const kept = { templateId, id, timestamp, body, objectId: on, arrival: arrival++ };
      events.set(`${templateId} ${id}`, kept);
      return kept;
    };

    const answerOf = ({ templateId, id, timestamp, body, objectId }: Kept) => ({
      templateId,
      id,
      timestamp,
      body,
      ...(objectId === undefined ? {} : { objectId }),
    });

    const compare = (query: TimelineQuery) => {
      for (const kept of events.values())
        expect(store().event(portalId, kept.templateId, kept.id)).toEqual(answerOf(kept));
      for (const id of new Set([...OBJECT_IDS, ...contacts.keys()])) {
        const record = { portalId, type: 'contacts' as const, id };
        const contact = contacts.get(id);
        const read = store().record(record);
        expect(read === undefined, `contact ${id} is there`).toBe(contact === undefined);
        if (contact) {
          expect(read?.email).toBe(contact.primary && contact.emails.get(contact.primary));
          expect(new Set(read?.additionalEmails)).toEqual(
            new Set([...contact.emails].filter(([key]) => key !== contact.primary).map(([, email]) => email)),
          );
        }
        const { from = -Infinity, to = Infinity } = query;
        expect(walk(store(), record, query)).toEqual(
          [...events.values()]
            .filter(
              (kept) =>
                kept.objectId === id &&
                kept.timestamp >= from &&
                kept.timestamp < to &&
                (query.templateId === undefined || kept.templateId === query.templateId),
            )
            .sort(arrivedLast)
            .map(answerOf),
        );
      }
    };

    for (const each of steps) {
      if ('reopen' in each) await reopen();
      else if ('look' in each) {
        const { limit, other, from, to } = each.look;
        compare({
          limit,
          ...(other === undefined ? {} : { templateId: other ? otherTemplateId : templateId }),
          ...(from === undefined ? {} : { from: START + from }),
          ...(to === undefined ? {} : { to: START + to }),
        });
      } else {
        const drafts = each.append.map(({ id, other, at, objectId, email, utk, unknown }) =>
          draftOf(
            portalId,
            other ? otherTemplateId : templateId,
            id,
            {
              unknown,
              ...(objectId === undefined ? {} : { objectId }),
              ...(email === undefined ? {} : { email }),
              ...(utk === undefined ? {} : { utk }),
            },
            { timestamp: START + at, text: `arrival ${arrival} of ${id}, ${Math.abs(at)}` },
          ),
        );
        const outcomes = await store().append(drafts);
        expect(outcomes).toHaveLength(drafts.length);
        for (const [index, draft] of drafts.entries()) {
          const outcome = outcomes[index];
          const told = outcome instanceof Refusal ? undefined : outcome?.objectId;
          const expected = apply(draft, told);
          if (typeof expected === 'string') expect(outcome).toMatchObject({ reason: expected });
          else expect(outcome).toEqual(answerOf(expected));
        }
        compare({ limit: 100 });
      }
    }
  },
};
