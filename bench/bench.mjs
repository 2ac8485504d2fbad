// Measures the server against the control, case by case, the two in turn, so that a machine whose speed drifts is
// fair to both. Prints medians, and the median of the rounds' ratios: single figures on a shared machine mean little.
// Events that name their contact otherwise are set against those by objectId of the same round too.
// Last, the store alone: how long a visitor with many events takes to become known.
// Options: --rounds N (5), --seconds N (3), --connections N (64).
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import autocannon from 'autocannon';
import { openStore } from '../dist/store/sqlite/engine.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '64' },
  },
});
const rounds = Number(values.rounds);
const duration = Number(values.seconds);
const connections = Number(values.connections);
const RECORDS = 100_000;
const BATCH = 500;
const VISITOR_EVENTS = 100_000;
const TIES = 5;
const V3 = '/integrators/timeline/v3';

const folder = mkdtempSync(join(tmpdir(), 'throughline-bench-'));
const ours = await start('dist/main.js', 'dev', '--port', '0', '--json', '--data', folder);
const echo = await start('bench/echo.mjs');
const auth = { authorization: `Bearer ${ours.accessToken}`, 'content-type': 'application/json' };

try {
  const busy = await prepare();
  const cases = [
    single('single POST by objectId, durable before the reply'),
    single('… by email, known', (n) => ({ email: `known${n}@example.com` })),
    // The client makes each of these anew, which costs it a little.
    single('… by email, new', () => ({ email: 'new.[<id>]@example.com' })),
    single('… by utk, unknown', () => ({ utk: '[<id>]' })),
    {
      name: `batch of ${BATCH} (figures per batch)`,
      connections: 8,
      ours: { url: ours.baseUrl, requests: [post(`${V3}/events/batch/create`, { inputs: events(BATCH) })] },
      echo: { url: echo.baseUrl, requests: [post('/batch', { inputs: events(BATCH) })] },
    },
    {
      name: 'GET by id',
      ours: { url: ours.baseUrl, requests: [get(`${V3}/events/${ours.eventTemplateId}/${busy.eventId}`)] },
      echo: { url: echo.baseUrl, requests: [get('/event')] },
    },
    {
      name: 'timeline page of 50, rendered (control: one event)',
      ours: { url: ours.baseUrl, requests: [get(`/timeline/v1/records/contacts/${busy.objectId}/events`)] },
      echo: { url: echo.baseUrl, requests: [get('/event')] },
    },
  ];
  const rows = cases.map((each) => ({
    ...each,
    ours: { ...each.ours, seen: [] },
    echo: { ...each.echo, seen: [] },
  }));
  for (let round = -1; round < rounds; round++)
    for (const row of rows)
      for (const side of [row.echo, row.ours]) {
        process.stderr.write(`\r${`round ${Math.max(round + 1, 0)} of ${rounds}: ${row.name}`.padEnd(78)}`);
        const result = await load(side, row.connections ?? connections, round < 0 ? 1 : duration);
        if (round >= 0) side.seen.push(result);
      }
  process.stderr.write(`\r${' '.repeat(78)}\r`);
  report(rows);
  await reportTies();
} finally {
  await Promise.all([ours, echo].map((server) => server.stop()));
  rmSync(folder, { recursive: true, force: true });
}

/** A record with a long timeline and an event to get. */
async function prepare() {
  const objectId = String(RECORDS + 1);
  let eventId;
  for (let n = 0; n < 4; n++) {
    const inputs = events(BATCH).map((event) => ({ ...event, objectId }));
    const answer = await fetch(`${ours.baseUrl}${V3}/events/batch/create`, {
      method: 'POST',
      headers: auth,
      body: JSON.stringify({ inputs }),
    });
    eventId = (await answer.json()).results[0].id;
  }
  await fetch(`${echo.baseUrl}/event`, { method: 'POST', headers: auth, body: JSON.stringify(events(1)[0]) });
  return { objectId, eventId };
}

function anyRecord() {
  return { objectId: String(1 + Math.floor(Math.random() * RECORDS)) };
}

function events(count, who = anyRecord) {
  return Array.from({ length: count }, (_, n) => ({
    eventTemplateId: ours.eventTemplateId,
    ...who(n),
    tokens: { petName: 'Art3mis', petAge: '3', petColor: 'black' },
    extraData: {
      questions: [
        { question: "Who's a good girl?", answer: 'Bark!' },
        { question: 'Do you wanna go on a walk?', answer: 'Woof!' },
      ],
    },
    timelineIFrame: {
      linkLabel: 'View Art3mis',
      headerLabel: 'Art3mis dog',
      url: 'https://my.petspot.com/pets/Art3mis',
      width: 600,
      height: 400,
    },
  }));
}

function single(name, who) {
  const posts = (path) => events(2_000, who).map((event) => post(path, event));
  return {
    name,
    versusFirst: who !== undefined,
    ours: { url: ours.baseUrl, requests: posts(`${V3}/events`) },
    echo: { url: echo.baseUrl, requests: posts('/event') },
  };
}

function post(path, body) {
  return { method: 'POST', path, headers: auth, body: JSON.stringify(body) };
}

function get(path) {
  return { method: 'GET', path, headers: auth };
}

async function load({ url, requests }, count, seconds) {
  const {
    requests: rate,
    latency,
    non2xx,
    errors,
  } = await autocannon({
    url,
    requests,
    connections: count,
    duration: seconds,
    idReplacement: requests[0].body?.includes('[<id>]') ?? false,
  });
  if (non2xx > 0 || errors > 0) throw new Error(`${url}: ${non2xx} answers were not 2xx, ${errors} failed`);
  return { rate: rate.average, p50: latency.p50, p99: latency.p99 };
}

function report(rows) {
  const [{ model }] = cpus();
  console.log(
    `${cpus().length} × ${model}, Node ${process.versions.node}, ${connections} connections, ${rounds} rounds of ${duration} s, medians\n`,
  );
  console.log('| case | req/s | p50 ms | p99 ms | control req/s | p50 | p99 | ratio | to objectId |');
  console.log('|---|---|---|---|---|---|---|---|---|');
  for (const { name, versusFirst, ours: us, echo: control } of rows) {
    const figures = ({ seen }) =>
      ['rate', 'p50', 'p99'].map((key) => round(median(seen.map((each) => each[key]))));
    const ratioTo = ({ seen }) =>
      median(us.seen.map((each, index) => each.rate / seen[index].rate)).toFixed(2);
    const ratios = [ratioTo(control), versusFirst ? ratioTo(rows[0].ours) : ''];
    console.log(`| ${[name, ...figures(us), ...figures(control), ...ratios].join(' | ')} |`);
  }
  const megabytes = (name) =>
    ((statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0) / 2 ** 20).toFixed(0);
  console.log(
    `\nThe store grew to ${megabytes('throughline.sqlite')} MB, its WAL to ${megabytes('throughline.sqlite-wal')} MB.`,
  );
}

/** Ties visitors that have been here often, in a store of their own. */
async function reportTies() {
  const folder = mkdtempSync(join(tmpdir(), 'throughline-bench-'));
  const store = await openStore({ folder, clock: Date.now });
  const portalId = await store.createPortal({ name: 'Bench', lenient: true });
  const [{ tokens, extraData }] = events(1);
  const took = [];
  for (let visitor = 0; visitor < TIES; visitor++) {
    const subject = { type: 'contacts', unknown: 'create', utk: `visitor ${visitor}` };
    for (let from = 0; from < VISITOR_EVENTS; from += BATCH)
      await store.append(
        Array.from({ length: BATCH }, (_, n) => ({
          ...{ portalId, templateId: 1, id: `${visitor} ${from + n}`, subject, properties: [] },
          ...{ timestamp: from + n, receivedAt: 0, body: JSON.stringify({ tokens, extraData }) },
        })),
      );
    const email = `visitor${visitor}@example.com`;
    const begin = performance.now();
    await store.identify({
      portalId,
      subject: { ...subject, email, identifies: true },
      properties: [],
      at: 0,
    });
    took.push(performance.now() - begin);
  }
  await store.close();
  rmSync(folder, { recursive: true, force: true });
  const ms = round(median(took));
  console.log(
    `\nA visitor with ${VISITOR_EVENTS} events is tied in ${ms} ms, commit included (median of ${TIES}).`,
  );
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function round(number) {
  return number < 10 ? number.toFixed(1) : String(Math.round(number));
}

/** Starts a server of ours that announces itself with a line of JSON. */
function start(...args) {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`${args[0]} ended with ${code}`)));
    child.stdout.once('data', (line) =>
      resolve({
        ...JSON.parse(line),
        stop: () =>
          new Promise((stopped) => {
            child.once('exit', stopped);
            child.kill('SIGTERM');
          }),
      }),
    );
  });
}
