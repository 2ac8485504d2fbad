// Measures the server against the control, case by case, the two in turn, so that a machine whose speed drifts is
// fair to both. Prints medians, and the median of the rounds' ratios: single figures on a shared machine mean little.
// Options: --rounds N (5), --seconds N (3), --connections N (64).
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import autocannon from 'autocannon';

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
const V3 = '/integrators/timeline/v3';

const folder = mkdtempSync(join(tmpdir(), 'throughline-bench-'));
const ours = await start('dist/main.js', 'dev', '--port', '0', '--json', '--data', folder);
const echo = await start('bench/echo.mjs');
const auth = { authorization: `Bearer ${ours.accessToken}`, 'content-type': 'application/json' };

try {
  const busy = await prepare();
  const cases = [
    {
      name: 'single POST, durable before the reply',
      ours: { url: ours.baseUrl, requests: singles(`${V3}/events`) },
      echo: { url: echo.baseUrl, requests: singles('/event') },
    },
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

function events(count) {
  return Array.from({ length: count }, () => ({
    eventTemplateId: ours.eventTemplateId,
    objectId: String(1 + Math.floor(Math.random() * RECORDS)),
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

function singles(path) {
  return events(2_000).map((event) => post(path, event));
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
  } = await autocannon({ url, requests, connections: count, duration: seconds });
  if (non2xx > 0 || errors > 0) throw new Error(`${url}: ${non2xx} answers were not 2xx, ${errors} failed`);
  return { rate: rate.average, p50: latency.p50, p99: latency.p99 };
}

function report(rows) {
  const [{ model }] = cpus();
  console.log(
    `${cpus().length} × ${model}, Node ${process.versions.node}, ${connections} connections, ${rounds} rounds of ${duration} s, medians\n`,
  );
  console.log('| case | req/s | p50 ms | p99 ms | control req/s | p50 | p99 | ratio |');
  console.log('|---|---|---|---|---|---|---|---|');
  for (const { name, ours: us, echo: control } of rows) {
    const figures = ({ seen }) =>
      ['rate', 'p50', 'p99'].map((key) => round(median(seen.map((each) => each[key]))));
    const ratio = median(us.seen.map((each, index) => each.rate / control.seen[index].rate));
    console.log(`| ${name} | ${[...figures(us), ...figures(control)].join(' | ')} | ${ratio.toFixed(2)} |`);
  }
  const megabytes = (name) =>
    ((statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0) / 2 ** 20).toFixed(0);
  console.log(
    `\nThe store grew to ${megabytes('throughline.sqlite')} MB, its WAL to ${megabytes('throughline.sqlite-wal')} MB.`,
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
