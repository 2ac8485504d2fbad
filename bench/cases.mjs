// The loads that a round runs, one after the other (`on` says which process is measured, `beside` what else runs,
// `seconds` how long where that is another time): ours and its control next to each other, so that a machine whose speed
// drifts is fair to both. All of one kind are sent in the same way.
import { emailOf, eventOf } from './seed.mjs';

const EVENTS = '/integrators/timeline/v3/events';
const ANYONE = { objectId: '<number>' };
export const BATCH = 500;
/** Connections that are enough for a peak, and ten times too many. */
export const ENOUGH = { single: 64, batch: 8 };
export const TOO_MANY = { single: 2_000, batch: 80 };
/** Until all are connected, and what the load before left behind is done. */
const RAMP_SECONDS = 2;
/** Connections that send events while timelines are read: a steady load, and all that the server takes. */
export const INGESTS = [8, 64];

/** Single POSTs of the seed's event; `more` says whom it is about. */
export function singles(server, seed, more, connections) {
  return { ...common(server, seed), path: EVENTS, body: JSON.stringify(eventOf(more)), connections };
}

function common({ baseUrl, accessToken }, { recordNumbers, ids }) {
  const headers = { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' };
  return { url: baseUrl, method: 'POST', headers, numbers: recordNumbers, ids };
}

/** Batches, as many connections as said. */
function batches(server, seed, connections) {
  const inputs = Array.from({ length: BATCH }, () => eventOf(ANYONE));
  return {
    ...common(server, seed),
    path: `${EVENTS}/batch/create`,
    body: JSON.stringify({ inputs }),
    connections,
  };
}

/** Everything but overload. */
export function casesOf({ ours, echo, prism, seed, pages }) {
  const single = (name, more, connections = 64) => ({
    ...{ name, on: ours },
    load: singles(ours, seed, more, connections),
  });
  const get = (path, connections) => ({ ...common(ours, seed), method: 'GET', path, connections });
  const toEcho = (name, load) => ({
    ...{ name, on: echo },
    load: { ...load, url: echo.baseUrl, path: '/event' },
  });
  const stored = get(`${EVENTS}/${ours.eventTemplateId}/<id>`, 64);
  const event = eventOf(ANYONE);
  // Its contract demands an id, and strings.
  const forPrism = { ...event, id: '<uuid>', tokens: { ...event.tokens, petAge: '3' } };
  return [
    toEcho('echo 64', singles(ours, seed, ANYONE, 64)),
    single('single 64', ANYONE),
    single('email known', { email: emailOf('<number>') }),
    single('email new', { email: 'new.<uuid>@example.com' }),
    single('utk unknown', { utk: '<uuid>' }),
    single('own id', { id: '<uuid>', ...ANYONE }),
    toEcho('echo 256', singles(ours, seed, ANYONE, 256)),
    single('single 256', ANYONE, 256),
    single('single 1', ANYONE, 1),
    toEcho('echo GET', get('/event', 64)),
    { name: 'GET first', seconds: 1, on: ours, load: stored },
    { name: 'GET', on: ours, load: stored },
    ...INGESTS.flatMap((connections) =>
      pages.map(({ events, numbers }) => ({
        name: pageName(events, connections),
        on: ours,
        load: { ...get('/timeline/v1/records/contacts/<number>/events', 1), numbers },
        beside: singles(ours, seed, ANYONE, connections),
      })),
    ),
    { name: 'batch', on: ours, load: batches(ours, seed, ENOUGH.batch) },
    ...(prism.missing
      ? []
      : [
          {
            name: 'prism',
            on: prism,
            load: {
              ...singles(ours, seed, ANYONE, 64),
              url: prism.baseUrl,
              body: JSON.stringify(forPrism),
            },
          },
        ]),
  ];
}

export function pageName(events, connections) {
  return `page of ${events} beside ${connections}`;
}

/** As much as is enough, then ten times as much, which may be refused. */
export function overloadsOf({ ours, seed }) {
  const loads = {
    single: singles,
    batch: (server, seed, _, connections) => batches(server, seed, connections),
  };
  return Object.entries(loads).flatMap(([kind, load]) =>
    [ENOUGH, TOO_MANY].map((connections) => ({
      name: `${connections === ENOUGH ? 'enough' : 'too many'} ${kind}`,
      on: ours,
      load: {
        ...load(ours, seed, ANYONE, connections[kind]),
        ramp: RAMP_SECONDS,
      },
      refusable: connections === TOO_MANY,
    })),
  );
}
