// 64 clients at once with the same 50 new people: 50 contacts, and every event once.
import { afterAll, expect, test } from 'vitest';
import { type Answer, type Json, startDev, TEMPLATE } from '../harness.js';
import { BATCH, eventPath, fresh, timelineOf } from './support.js';

const CLIENTS = 64;
const PEOPLE = 50;

const server = await startDev();
afterAll(() => server.close());

interface Person {
  email: string;
  /** Letter case makes no difference in an e-mail. It does in a utk: both are this person's. */
  utks: [string, string];
  /** An event that every client sends, under the same id. */
  shared: string;
}

/** One of a client's calls about a person: `nth` counts all of them. Answers the ids of the events that it sends. */
type Call = (person: Person, nth: number) => Promise<{ answer: Answer; ids: string[]; objectIds: string[] }>;

const event = (who: object, id = fresh('race')) => ({ eventTemplateId: TEMPLATE, tokens: {}, id, ...who });

async function post(path: string, body: object, ids: string[] = []): ReturnType<Call> {
  const answer = await server.call('POST', path, body);
  const results: Json[] = answer.json.results ?? [answer.json];
  return { answer, ids, objectIds: results.flatMap((each) => each.objectId ?? []) };
}

function send(...events: { id: string }[]): ReturnType<Call> {
  const path = events.length === 1 ? '/integrators/timeline/v3/events' : BATCH;
  return post(
    path,
    events.length === 1 ? (events[0] as object) : { inputs: events },
    events.map(({ id }) => id),
  );
}

/** The e-mail in one of its many letter cases. */
function inSomeCase({ email }: Person, nth: number): string {
  return [...email].map((char, at) => ((nth >> (at % 6)) & 1 ? char.toUpperCase() : char)).join('');
}

const EVENTS: Call[] = [
  (person, nth) => send(event({ email: inSomeCase(person, nth) })),
  (person, nth) => send(event({ email: inSomeCase(person, nth), utk: person.utks[0] })),
  (person) => send(event({ utk: person.utks[0], domain: 'example.com' })),
  (person, nth) => send(event({ email: inSomeCase(person, nth) }, person.shared)),
  (person) => send(event({ utk: person.utks[1] })),
  (person, nth) =>
    send(
      event({ utk: person.utks[0] }),
      event({ email: inSomeCase(person, nth), utk: person.utks[1] }),
      event({ utk: person.utks[1] }),
      event({ email: inSomeCase(person, nth) }, person.shared),
    ),
];

const IDENTIFICATIONS: Call[] = [
  (person, nth) =>
    post('/timeline/v1/identify', { utk: person.utks[nth % 2], email: inSomeCase(person, nth) }),
  (person, nth) =>
    post(`/submissions/v3/integration/submit/8420/${crypto.randomUUID()}`, {
      fields: [
        { name: 'email', value: inSomeCase(person, nth) },
        { name: 'firstname', value: `client ${nth}` },
      ],
      context: { hutk: person.utks[nth % 2] },
    }),
];

test.each([
  ['events', EVENTS],
  ['events, forms and identify calls', [...EVENTS, ...IDENTIFICATIONS]],
])(
  '%s of the same 50 new people make 50 contacts, and every event stands on one timeline once',
  async (_what, calls) => {
    const people = Array.from({ length: PEOPLE }, (_, n): Person => {
      const name = fresh(`person${n}`);
      return { email: `${name}@example.com`, utks: [`utk-${name}`, `UTK-${name}`], shared: `shared-${name}` };
    });
    const sent = people.map(() => new Set<string>());
    const answered = people.map(() => new Set<string>());
    const before = await byHand();
    await Promise.all(
      Array.from({ length: CLIENTS }, async (_, client) => {
        for (let turn = 0; turn < PEOPLE; turn++) {
          // Each client has an order of its own, and each person gets every kind of call.
          const who = (turn * 7 + (client >> 2) * 13) % PEOPLE;
          const nth = client + turn;
          const call = calls[nth % calls.length] as Call;
          const { answer, ids, objectIds } = await call(people[who] as Person, nth);
          expect([200, 201], answer.text).toContain(answer.status);
          for (const id of ids) sent[who]?.add(id);
          for (const id of objectIds) answered[who]?.add(id);
        }
      }),
    );
    // Ids are given one after the other: as many as there are contacts.
    expect((await byHand()) - before).toBe(PEOPLE + 1);

    const contacts = new Set<string>();
    for (const [n, person] of people.entries()) {
      const { json } = await server.call(
        'GET',
        `/crm/v3/objects/contacts/${person.email}?idProperty=email&properties=email,hs_additional_emails`,
      );
      expect(json.properties.email.toLowerCase()).toBe(person.email);
      expect(json.properties.hs_additional_emails).toBeNull();
      contacts.add(json.id);
      expect(answered[n]).toEqual(new Set([json.id]));
      const events = await timelineOf(server, json.id);
      expect(events.map((each) => each.id).sort()).toEqual([...(sent[n] as Set<string>)].sort());
      for (const each of events) expect(each.objectId).toBe(json.id);
      expect((await server.call('GET', eventPath(person.shared))).json.objectId).toBe(json.id);
      for (const utk of person.utks) expect((await send(event({ utk }))).objectIds).toEqual([json.id]);
    }
    expect(contacts.size).toBe(PEOPLE);
  },
);

/** The id of a contact that is made now. */
async function byHand(): Promise<number> {
  const made = await server.call('POST', '/crm/v3/objects/contacts', {
    properties: { firstname: 'Counter' },
  });
  expect(made.status, made.text).toBe(201);
  return Number(made.json.id);
}
