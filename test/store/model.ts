// A store as a plain program would have it, in memory: what an engine is compared with after every random step.
// It decides for itself whom an event is about, so that the rules are written down twice.
import fc from 'fast-check';
import { expect } from 'vitest';
import type { IdentifiedBy } from '../../dist/records/identity.js';
import { type CrmRecord, IF_UNSET, type ObjectType, type PropertyValue } from '../../dist/records/record.js';
import { Refusal } from '../../dist/refusal.js';
import type { EventDraft, StoredEvent, TimelineQuery } from '../../dist/timeline/store.js';
import { draftOf, type Store, type tenantOf, walk, whole, withoutId } from './support.js';

const START = Date.parse('2026-01-02T00:00:00Z');
const OBJECT_IDS = [1, 2, 28001, 28002, 28004]; // some are the ones that an engine may make itself
const EMAILS = ['a@example.com', 'A@Example.com', 'b@example.com', 'B@example.com', 'c@example.com'];
const UTKS = ['u1', 'u2', 'u3'];

// ---- what may happen ----

const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const moment = fc.integer({ min: -2, max: 2 });
const objectId = fc.constantFrom(...OBJECT_IDS);
const email = fc.constantFrom(...EMAILS);
const utk = fc.constantFrom(...UTKS);
const unknown = fc.constantFrom<'create' | 'refuse'>('create', 'create', 'refuse');
const properties = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom('color', 'size'),
    value: fc.constantFrom('x', 'y', 'z'),
    at: fc.oneof({ weight: 4, arbitrary: moment.map((at) => START + at) }, fc.constant(IF_UNSET)),
  }),
  { selector: ({ name }) => name, maxLength: 2 },
);

const draftStep = fc
  .record({
    /** None, or by number one of those that the store has made. */
    id: fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom('e1', 'e2', 'e3', 'e4', 'e5', 'e6') },
      { weight: 2, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.nat(3) },
    ),
    other: fc.boolean(),
    at: moment,
    company: fc.integer({ min: 0, max: 7 }).map((n) => n === 0),
    objectId: optional(objectId),
    email: optional(email),
    utk: optional(utk),
    unknown,
    properties,
  })
  .map((draft) => (draft.company ? { ...draft, objectId: draft.objectId ?? 1 } : draft))
  .filter(({ objectId, email, utk }) => objectId !== undefined || email !== undefined || utk !== undefined);
type DraftStep = typeof draftStep extends fc.Arbitrary<infer T> ? T : never;

const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ append: fc.array(draftStep, { minLength: 1, maxLength: 6 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      identify: fc.record({ objectId: optional(objectId), email: optional(email), utk, unknown, properties }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ merge: fc.tuple(fc.nat(7), fc.nat(7)) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      erase: fc.oneof(fc.record({ nth: fc.nat(7) }), fc.record({ email })),
    }),
  },
  { weight: 2, arbitrary: fc.record({ create: fc.record({ email: optional(email), properties }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      look: fc.record({
        limit: fc.integer({ min: 1, max: 5 }),
        other: optional(fc.boolean()),
        from: optional(moment),
        to: optional(moment),
      }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ reopen: true as const }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
type Tenant = Awaited<ReturnType<typeof tenantOf>>;

// ---- what a plain program keeps ----

type Properties = Map<string, PropertyValue>;

interface Contact {
  /** As sent, by what they compare as. */
  emails: Map<string, string>;
  primary?: string;
  utks: Set<string>;
  properties: Properties;
  createdAt: number;
  updatedAt: number;
}

interface Kept {
  event: Omit<StoredEvent, 'objectId'>;
  arrival: number;
  /** The key of the e-mail that its body says. */
  says: string | undefined;
  on: { type: ObjectType; id: number } | { visitor: string };
}

interface Named {
  objectId?: number | undefined;
  email?: string | undefined;
  utk?: string | undefined;
  unknown: 'create' | 'refuse';
}

const keyOf = (email: string) => email.toLowerCase();

function set(properties: Properties, values: Iterable<PropertyValue>): void {
  for (const value of values) {
    const held = properties.get(value.name);
    if (!held || (value.at >= held.at && value.at > IF_UNSET)) properties.set(value.name, value);
  }
}

class Model {
  readonly contacts = new Map<number, Contact>();
  readonly companies = new Map<number, Contact>();
  readonly mergedInto = new Map<number, number>();
  readonly visitors = new Map<string, Properties>();
  readonly blocked = new Set<string>();
  readonly events = new Map<string, Kept>();
  /** Ids that the store has made. */
  readonly madeIds: string[] = [];
  arrival = 0;

  ownerOf(email: string): number | undefined {
    for (const [id, contact] of this.contacts) if (contact.emails.has(keyOf(email))) return id;
    return undefined;
  }

  utkOwner(utk: string): number | undefined {
    for (const [id, contact] of this.contacts) if (contact.utks.has(utk)) return id;
    return undefined;
  }

  resolve(id: number): number {
    return this.mergedInto.get(id) ?? id;
  }

  make(id: number | undefined, at: number, of = this.contacts): Contact {
    expect(id, 'an id that was made').toBeTypeOf('number');
    const taken = of.has(id as number) || (of === this.contacts && this.mergedInto.has(id as number));
    expect(taken, `made ${id} anew`).toBe(false);
    const made: Contact = {
      emails: new Map(),
      utks: new Set(),
      properties: new Map(),
      createdAt: at,
      updatedAt: at,
    };
    of.set(id as number, made);
    return made;
  }

  becomesPrimary(contact: Contact, email: string, at: number): void {
    const key = keyOf(email);
    if (contact.primary === key) return;
    contact.emails.set(key, email);
    contact.primary = key;
    contact.updatedAt = Math.max(contact.updatedAt, at);
  }

  /** The utk is this contact's; what stood with the visitor stands there. */
  tie(id: number, utk: string, at: number): void {
    const contact = this.contacts.get(id) as Contact;
    if (!contact.utks.has(utk)) contact.updatedAt = Math.max(contact.updatedAt, at);
    for (const other of this.contacts.values()) other.utks.delete(utk);
    contact.utks.add(utk);
    set(contact.properties, this.visitors.get(utk)?.values() ?? []);
    this.visitors.delete(utk);
    for (const kept of this.events.values())
      if ('visitor' in kept.on && kept.on.visitor === utk) kept.on = { type: 'contacts', id };
  }

  /** Whom an event is about; `made` is the id that the engine gave, if it made a contact. */
  settle({ objectId, email, utk, unknown }: Named, at: number, made?: number): number | undefined | string {
    const owner = email === undefined ? undefined : this.ownerOf(email);
    const knows = utk === undefined ? undefined : this.utkOwner(utk);
    const isBlocked = email !== undefined && this.blocked.has(keyOf(email));
    let id: number | undefined;
    if (objectId !== undefined) {
      id = this.resolve(objectId);
      if (!this.contacts.has(id) && unknown === 'refuse') return 'not-found';
      if (owner !== undefined && owner !== id) return 'conflict';
      if (isBlocked) return 'invalid';
      if (!this.contacts.has(id)) this.make(id, at);
      if (email !== undefined) this.becomesPrimary(this.contacts.get(id) as Contact, email, at);
    } else if (knows !== undefined) {
      if (isBlocked) return 'invalid';
      id = knows;
      if (email !== undefined && owner === undefined)
        this.becomesPrimary(this.contacts.get(id) as Contact, email, at);
    } else if (email !== undefined) {
      if (isBlocked) return 'invalid';
      id = owner ?? made;
      if (owner === undefined) this.becomesPrimary(this.make(made, at), email, at);
    }
    if (id !== undefined && utk !== undefined && knows === undefined) this.tie(id, utk, at);
    return id;
  }

  append(
    draft: EventDraft & { id: string },
    { company, ...step }: DraftStep,
    made: number | undefined,
  ): string | StoredEvent {
    const { templateId, id, timestamp, receivedAt, body, email } = draft;
    let on: Kept['on'];
    let by: IdentifiedBy = 'objectId';
    let holder: Properties;
    if (company) {
      const objectId = step.objectId as number;
      if (!this.companies.has(objectId) && step.unknown === 'refuse') return 'not-found';
      if (email !== undefined && this.blocked.has(keyOf(email))) return 'invalid';
      const record = this.companies.get(objectId) ?? this.make(objectId, receivedAt, this.companies);
      if (draft.properties.length > 0) record.updatedAt = receivedAt;
      holder = record.properties;
      on = { type: 'companies', id: objectId };
    } else {
      const known = step.utk !== undefined && this.utkOwner(step.utk) !== undefined;
      const settled = this.settle(step, receivedAt, made);
      if (typeof settled === 'string') return settled;
      if (step.objectId === undefined) by = email === undefined || known ? 'utk' : 'email';
      if (settled === undefined) {
        const visitor = step.utk as string;
        holder = this.visitors.get(visitor) ?? new Map();
        this.visitors.set(visitor, holder);
        on = { visitor };
      } else {
        const contact = this.contacts.get(settled) as Contact;
        if (draft.properties.length > 0) contact.updatedAt = receivedAt;
        holder = contact.properties;
        on = { type: 'contacts', id: settled };
      }
    }
    set(holder, draft.properties);
    const event = { templateId, id, timestamp, receivedAt, identifiedBy: by, body };
    const says = email === undefined ? undefined : keyOf(email);
    const kept: Kept = { event, arrival: this.arrival++, says, on };
    this.events.set(`${templateId} ${id}`, kept);
    return answerOf(kept);
  }

  identify(
    { objectId, email, utk, unknown }: Named & { utk: string },
    values: PropertyValue[],
    at: number,
    made: number | undefined,
  ): number | string {
    let id: number | undefined;
    if (objectId !== undefined) {
      const settled = this.settle({ objectId, email, unknown }, at);
      if (typeof settled === 'string') return settled;
      id = settled;
    } else if (email !== undefined) {
      const settled = this.settle({ email, unknown }, at, made);
      if (typeof settled === 'string') return settled;
      id = settled;
    } else {
      id = this.utkOwner(utk) ?? made;
      if (this.utkOwner(utk) === undefined) this.make(made, at);
    }
    this.tie(id as number, utk, at);
    const contact = this.contacts.get(id as number) as Contact;
    set(contact.properties, values);
    if (values.length > 0) contact.updatedAt = at;
    return id as number;
  }

  merge(primaryId: number, otherId: number, at: number): number | undefined {
    const [into, from] = [this.resolve(primaryId), this.resolve(otherId)];
    const [primary, other] = [this.contacts.get(into), this.contacts.get(from)];
    if (!primary || !other) return undefined;
    if (into === from) return into;
    for (const [key, email] of other.emails) primary.emails.set(key, email);
    if (primary.primary === undefined && other.primary !== undefined) primary.primary = other.primary;
    for (const utk of other.utks) primary.utks.add(utk);
    primary.properties = new Map([...other.properties, ...primary.properties]);
    primary.updatedAt = Math.max(primary.updatedAt, at);
    for (const { on } of this.events.values())
      if ('type' in on && on.type === 'contacts' && on.id === from) on.id = into;
    for (const [id, remains] of this.mergedInto) if (remains === from) this.mergedInto.set(id, into);
    this.mergedInto.set(from, into);
    this.contacts.delete(from);
    return into;
  }

  erase(who: { objectId: number } | { email: string }): boolean {
    const id = 'email' in who ? this.ownerOf(who.email) : this.resolve(who.objectId);
    const contact = id === undefined ? undefined : this.contacts.get(id);
    const gone = new Set(contact?.emails.keys());
    if ('email' in who) gone.add(keyOf(who.email));
    for (const key of gone) this.blocked.add(key);
    for (const [key, { on }] of this.events)
      if ('type' in on && on.type === 'contacts' && on.id === id && contact) this.events.delete(key);
    for (const kept of this.events.values())
      if (kept.says !== undefined && gone.has(kept.says)) {
        const { email: _, ...rest } = JSON.parse(kept.event.body);
        kept.event.body = JSON.stringify(rest);
        kept.says = undefined;
      }
    if (!contact) return false;
    this.contacts.delete(id as number);
    for (const [old, remains] of this.mergedInto) if (remains === id) this.mergedInto.delete(old);
    return true;
  }
}

function answerOf({ event, on }: Kept): StoredEvent {
  return 'id' in on ? { ...event, objectId: on.id } : { ...event };
}

// ---- both side by side ----

const newestFirst = (a: Kept, b: Kept) => b.event.timestamp - a.event.timestamp || b.arrival - a.arrival;

async function compare(
  model: Model,
  store: Store,
  { portalId, templateId, otherTemplateId }: Omit<Tenant, 'appId'>,
  query: TimelineQuery,
): Promise<void> {
  const events = [...model.events.values()];
  for (const kept of events)
    expect(store.event(portalId, kept.event.templateId, kept.event.id)).toEqual(answerOf(kept));
  for (const template of [templateId, otherTemplateId])
    for (const id of model.madeIds)
      if (!model.events.has(`${template} ${id}`)) expect(store.event(portalId, template, id)).toBeUndefined();

  const expected = (type: ObjectType, id: number): CrmRecord | undefined => {
    const record = type === 'contacts' ? model.contacts.get(id) : model.companies.get(id);
    const { emails, primary, utks, properties, createdAt, updatedAt } = record ?? {};
    if (!emails || !utks || !properties) return undefined;
    return {
      portalId,
      type,
      id,
      ...(primary === undefined ? {} : { email: emails.get(primary) as string }),
      additionalEmails: [...emails].filter(([key]) => key !== primary).map(([, email]) => email),
      utks: [...utks],
      mergedIds: [...model.mergedInto]
        .filter(([, into]) => type === 'contacts' && into === id)
        .map(([id]) => id),
      properties: new Map([...properties.values()].map(({ name, value }) => [name, value])),
      createdAt: createdAt as number,
      updatedAt: updatedAt as number,
    };
  };
  const ordered = (record: ReturnType<typeof expected> | ReturnType<typeof whole>) =>
    record && {
      ...record,
      additionalEmails: [...record.additionalEmails].sort(),
      utks: [...record.utks].sort(),
      mergedIds: [...record.mergedIds].sort(),
    };

  for (const id of new Set([...OBJECT_IDS, ...model.contacts.keys(), ...model.mergedInto.keys()])) {
    const key = { portalId, type: 'contacts' as const, id };
    expect(ordered(whole(store.record(key)))).toEqual(ordered(expected('contacts', model.resolve(id))));
  }
  for (const id of OBJECT_IDS)
    expect(whole(store.record({ portalId, type: 'companies', id }))).toEqual(expected('companies', id));
  for (const email of EMAILS)
    expect((await store.contactsByEmail(portalId, [email]))[0]?.id).toBe(model.ownerOf(email));

  const { from = -Infinity, to = Infinity } = query;
  const records = [
    ...[...OBJECT_IDS, ...model.contacts.keys()].map((id) => ['contacts', id] as const),
    ...OBJECT_IDS.map((id) => ['companies', id] as const),
  ];
  for (const [type, id] of records.filter(([type, id]) => type === 'companies' || !model.mergedInto.has(id)))
    expect(walk(store, { portalId, type, id }, query)).toEqual(
      events
        .filter(({ on }) => 'id' in on && on.type === type && on.id === id)
        .filter(({ event: { timestamp, templateId } }) => {
          const isTemplate = query.templateId === undefined || query.templateId === templateId;
          return timestamp >= from && timestamp < to && isTemplate;
        })
        .sort(newestFirst)
        .map(answerOf),
    );

  const active = events
    .toSorted((a, b) => b.arrival - a.arrival)
    .flatMap(({ on }) => ('id' in on ? `${on.type} ${on.id}` : []));
  const recent = store.recentRecords(portalId, 100).map(({ type, id }) => `${type} ${id}`);
  const isActive = new Set(active);
  expect(recent.slice(0, isActive.size)).toEqual([...isActive]); // after them, those without events
  expect(new Set(recent).size).toBe(recent.length);
}

export const model = {
  steps: fc.array(step, { minLength: 1, maxLength: 14 }),

  async run(
    tenant: Omit<Tenant, 'appId'>,
    steps: readonly Step[],
    store: () => Store,
    reopen: () => Promise<Store>,
  ): Promise<void> {
    const { portalId, templateId, otherTemplateId } = tenant;
    const model = new Model();
    let now = START;
    /** What the store says, where it is a number; a refusal and the model's word for it must agree. */
    const agree = (answer: unknown, expected: unknown) => {
      if (typeof expected === 'string') expect(answer).toMatchObject({ reason: expected });
      else expect(answer).toEqual(expected);
    };
    /** One of the contacts that there are, the merged ones too, or one that there is not. */
    const nth = (n: number) => [...model.contacts.keys(), ...model.mergedInto.keys(), 77][n] ?? 1;

    const numberOf = (answer: number | Refusal) => (typeof answer === 'number' ? answer : undefined);

    for (const each of steps) {
      now++;
      if ('reopen' in each) await reopen();
      else if ('look' in each) {
        const { limit, other, from, to } = each.look;
        await compare(model, store(), tenant, {
          limit,
          ...(other === undefined ? {} : { templateId: other ? otherTemplateId : templateId }),
          ...(from === undefined ? {} : { from: START + from }),
          ...(to === undefined ? {} : { to: START + to }),
        });
        continue;
      } else if ('append' in each) {
        const idOf = ({ id }: DraftStep) => (typeof id === 'number' ? model.madeIds[id] : id);
        const named = each.append.map((draft) => ({
          ...draftOf(
            portalId,
            draft.other ? otherTemplateId : templateId,
            idOf(draft) ?? 'none',
            {
              type: draft.company ? 'companies' : 'contacts',
              unknown: draft.unknown,
              ...(draft.objectId === undefined ? {} : { objectId: draft.objectId }),
              ...(draft.email === undefined ? {} : { email: draft.email }),
              ...(draft.utk === undefined || draft.company ? {} : { utk: draft.utk }),
            },
            { timestamp: START + draft.at, text: `arrival ${model.arrival} of ${draft.id}, ${draft.at}` },
          ),
          properties: draft.properties,
          receivedAt: now,
        }));
        const drafts = named.map((draft) => (draft.id === 'none' ? withoutId(draft) : draft));
        const outcomes = await store().append(drafts);
        expect(outcomes).toHaveLength(drafts.length);
        for (const [index, draft] of drafts.entries()) {
          const outcome = outcomes[index];
          const { objectId, id = '' } = outcome instanceof Refusal ? {} : (outcome as StoredEvent);
          if (draft.id === undefined && id !== '') {
            expect(model.madeIds).not.toContain(id);
            model.madeIds.push(id);
          }
          agree(
            outcome,
            model.append({ ...draft, id: draft.id ?? id }, each.append[index] as DraftStep, objectId),
          );
        }
      } else if ('identify' in each) {
        const { properties, ...named } = each.identify;
        const subject = {
          type: 'contacts' as const,
          identifies: true,
          ...JSON.parse(JSON.stringify(named)), // without what is undefined
        };
        const answer = await store().identify({ portalId, subject, properties, at: now });
        agree(answer, model.identify(named, properties, now, numberOf(answer)));
      } else if ('merge' in each) {
        const [primary, other] = each.merge.map(nth) as [number, number];
        agree(await store().merge(portalId, primary, other, now), model.merge(primary, other, now));
      } else if ('erase' in each) {
        const who = 'email' in each.erase ? each.erase : { objectId: nth(each.erase.nth) };
        agree(await store().erase(portalId, who), model.erase(who));
      } else {
        const { email, properties } = each.create;
        const contact = { ...(email === undefined ? {} : { email }), properties };
        const [outcome] = await store().write(
          portalId,
          [{ op: 'create', type: 'contacts', ...contact }],
          now,
        );
        const answer = outcome instanceof Refusal ? outcome : (outcome?.id as number);
        if (email !== undefined && model.ownerOf(email) !== undefined) agree(answer, 'conflict');
        else {
          const made = model.make(numberOf(answer), now);
          if (email !== undefined) {
            model.blocked.delete(keyOf(email));
            model.becomesPrimary(made, email, now);
          }
          set(made.properties, properties);
        }
      }
      await compare(model, store(), tenant, { limit: 100 });
    }
  },
};
