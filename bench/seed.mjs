// The seed's event (HubSpot's own example), and stores full of it: records by the hundred thousand, and among them
// some with ten events, some with a thousand and one with very many, spread over the whole age of the store.
import { demo, ensureDemo } from '../dist/demo.js';
import { Definitions } from '../dist/records/definitions.js';
import { Schemas } from '../dist/records/schemas.js';
import { openStore } from '../dist/store/sqlite/engine.js';
import { draftEvent } from '../dist/timeline/event.js';
import { EVENT as EXAMPLE } from '../dist/wire/examples.js';

const { tokens, extraData, timelineIFrame } = EXAMPLE;
const EVENT = { tokens, extraData, timelineIFrame };
const BATCH = 1_000;
/** Ids have seven digits, so that all events are equally long. */
const [RECORDS, TENS, THOUSANDS, BUSIEST] = [1_000_000, 2_000_000, 3_000_000, 4_000_000];
/** One event in so many is of the busiest record; of the records with ten, with a thousand. */
const [ONE_BUSIEST, ONE_TEN, ONE_THOUSAND] = [7, 100, 50];
const MS_BETWEEN = 50;
const IDS = 5_000;

/** The event as a client sends it. */
export function eventOf(more) {
  return { eventTemplateId: String(demo.templateId), ...more, ...EVENT };
}

/** A store in a folder, as it is filled. What is about `records` records may also be sent by load. */
export function seeded(folder, records, total) {
  let stored = 0;
  const ids = [];
  const busy = { tens: new Map(), thousands: new Map(), busiest: new Map() };
  const age = Date.now() - total * MS_BETWEEN;

  /** Appends so many events, with the server not running. */
  async function append(count, whose, progress) {
    const store = await openStore({ folder, clock: Date.now });
    try {
      await ensureDemo(store, Date.now);
      const template = store.template(demo.templateId);
      const setting = /** @type {const} */ ({ portalId: demo.portalId, unknown: 'create', template });
      const definitions = new Definitions(store, Date.now);
      const schemas = new Schemas(store, definitions, Date.now);
      const tokens = new Map(Object.entries(EVENT.tokens).map(([name, value]) => [name, `${value}`]));
      const input = { ...EVENT, tokens, extraData: JSON.stringify(EVENT.extraData) };
      let pending = Promise.resolve();
      for (let from = 0; from < count; from += BATCH) {
        const drafts = [];
        for (let n = from; n < Math.min(from + BATCH, count); n++) {
          const now = age + stored++ * MS_BETWEEN;
          const faults = [];
          const draft = draftEvent(
            { ...input, ...whose(n) },
            { ...setting, definitions, schemas, now },
            faults,
          );
          if (faults.length > 0) throw new Error(JSON.stringify(faults));
          drafts.push(draft);
        }
        await pending;
        pending = store.append(drafts).then((events) => {
          for (const event of events) if ('id' in event && Math.random() < IDS / total) ids.push(event.id);
        });
        progress(from + drafts.length, count);
      }
      await pending;
    } finally {
      await store.close();
    }
  }

  return {
    ids,
    recordNumbers: { from: RECORDS, count: records },
    /** Records by how many events they have: those with ten, a thousand, the most. Nothing is sent to them. */
    pages: () =>
      Object.values(busy).map((events) => ({
        events: Math.max(...events.values()),
        numbers: { from: Math.min(...events.keys()), count: events.size },
      })),
    /** Every record with its e-mail, an event each. */
    appendRecords: (progress) =>
      append(records, (n) => ({ objectId: String(RECORDS + n), email: emailOf(RECORDS + n) }), progress),
    /** Events of all records. */
    async appendEvents(count, progress) {
      const many = (share, each) => Math.max(1, Math.round(count / share / each));
      const [tens, thousands] = [many(ONE_TEN, 10), many(ONE_THOUSAND, 1_000)];
      const next = (of, n) => {
        of.set(n, (of.get(n) ?? 0) + 1);
        return n;
      };
      const whose = (n) => {
        if (n % ONE_TEN === 0) return next(busy.tens, TENS + ((n / ONE_TEN) % tens));
        if (n % ONE_THOUSAND === 1)
          return next(busy.thousands, THOUSANDS + (((n - 1) / ONE_THOUSAND) % thousands));
        if (n % ONE_BUSIEST === 2) return next(busy.busiest, BUSIEST);
        return RECORDS + Math.floor(Math.random() * records);
      };
      await append(count, (n) => ({ objectId: String(whose(n)) }), progress);
    },
    stored: () => stored,
  };
}

export function emailOf(number) {
  return `person${number}@example.com`;
}

/** A folder with nothing but the demo's portal, app and template. */
export async function prepareEmpty(folder) {
  const store = await openStore({ folder, clock: Date.now });
  await ensureDemo(store, Date.now);
  await store.close();
  return { portal: String(demo.portalId), app: String(demo.appId) };
}

/** How long it takes, in ms, until a visitor of so many events is known: each of a few, in a store of their own. */
export async function tieVisitors(folder, visitors, count) {
  const store = await openStore({ folder, clock: Date.now });
  try {
    const portalId = await store.createPortal({ name: 'Visitors', lenient: true });
    const body = JSON.stringify(EVENT);
    const took = [];
    for (let visitor = 0; visitor < visitors; visitor++) {
      const subject = /** @type {const} */ ({
        type: 'contacts',
        unknown: 'create',
        utk: `visitor ${visitor}`,
      });
      for (let from = 0; from < count; from += BATCH)
        await store.append(
          Array.from({ length: Math.min(BATCH, count - from) }, (_, n) => ({
            ...{ portalId, templateId: 1, id: `${visitor} ${from + n}`, subject, properties: [] },
            ...{ timestamp: from + n, receivedAt: 0, body },
          })),
        );
      const begin = performance.now();
      const email = `visitor${visitor}@example.com`;
      const known = { ...subject, email, identifies: true };
      await store.identify({ portalId, subject: known, properties: [], at: 0 });
      took.push(performance.now() - begin);
    }
    return took;
  } finally {
    await store.close();
  }
}
