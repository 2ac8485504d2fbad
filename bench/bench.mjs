// `npm run bench`: measures the built server against its controls and prints the table of targets.
// Every round runs every case once, ours and its control in turn; figures are medians of the rounds, ratios medians of
// the rounds' ratios. Progress goes to stderr, the table to stdout. Nothing is left behind, however it ends.
// Options: --long (ten million events on a million records, instead of one), --events N, --long-events N, --rounds N,
// --seconds N (a case's), --openapi FILE (what Prism mocks), --folder DIR (where the store lies: on the disk to measure).
import { once } from 'node:events';
import {
  closeSync,
  createWriteStream,
  fdatasyncSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { casesOf, overloadsOf, singles } from './cases.mjs';
import { startPrism } from './controls/prism.mjs';
import { send } from './load.mjs';
import { runToEnd, startNode } from './processes.mjs';
import { anonymousMemory, measurable, usage, used } from './procfs.mjs';
import { report } from './report.mjs';
import { eventOf, prepareEmpty, seeded, tieVisitors } from './seed.mjs';

const { values } = parseArgs({
  options: {
    long: { type: 'boolean', default: false },
    events: { type: 'string', default: '1000000' },
    'long-events': { type: 'string', default: '10000000' },
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '2' },
    openapi: { type: 'string' },
    folder: { type: 'string', default: tmpdir() },
  },
});
const { long } = values;
const total = Math.ceil(Number(long ? values['long-events'] : values.events) / 1_000) * 1_000;
const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
const EVENTS_PER_RECORD = 10;
/** Rounds are left out rather than that the short run takes longer. */
const ROUNDS_END_BY_MS = 7.5 * 60_000;
const SAMPLE_MS = 100;
/** How much longer than the reading the load beside it runs, before and after. */
const BESIDE_MS = 500;
/** How much is sent at a time until a tenth of the store is there. */
const GROWTH_SECONDS = 5;
const OVERLOADS = 3;
const IDLE_MS = 3_000;
const STARTS = 3;
const FSYNCS = 200;
const WAL_FRAME = 4_096;
const IMPORTED = 500_000;
/** No stored event is shorter than this. */
const SHORTEST = 300;
const VISITORS = 3;
const VISITOR_EVENTS = 100_000;
const SERVER = ['dist/main.js', 'dev', '--port', '0', '--json', '--data'];

const began = performance.now();
let said = '';
/** What went wrong without ending the run. */
const faults = new Set();
const folder = mkdtempSync(join(values.folder, 'throughline-bench-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
const data = join(folder, 'data');

const machine = `${availableParallelism()} × ${cpus()[0].model}, Node ${process.versions.node}`;
say(`${machine}; ${total.toLocaleString('en')} events in ${folder}`);
const seed = seeded(data, total / EVENTS_PER_RECORD, total);
const { growth, disk } = await build();
say('Prism: fetching and starting');
const prism = await startPrism(folder, values.openapi);
const echo = await startNode(['bench/controls/echo.mjs']);
let ours = await startNode([...SERVER, data]);
const facts = { long, total, faults, rounds, seconds, machine, growth, disk, prism, measurable };
Object.assign(facts, { pages: seed.pages(), openapi: values.openapi !== undefined });
facts.idle = await measureIdle();
Object.assign(facts, await measureRounds(), await measureOverload());
await ours.stop();
Object.assign(facts, { sizeAtEnd: sizeOf(data) }, await measureStarts());
facts.ties = await measureTies();
facts.minutes = (performance.now() - began) / 60_000;
say('');
report(facts);
process.exit(faults.size === 0 ? 0 : 1);

/** Fills the store. In the long run the second and the last tenth come through the server, a POST an event. */
async function build() {
  const tenth = total / 10;
  const progress = (what) => (done, of) => say(`building: ${what}, ${percent(done, of)}`);
  await seed.appendRecords(progress('records'));
  const withRecords = { bytes: sizeOf(data), events: seed.stored() };
  const growth = long ? { second: await measureTenth('second', tenth) } : undefined;
  await seed.appendEvents(total - withRecords.events - (long ? 2 * tenth : 0), progress('events'));
  if (growth) growth.last = await measureTenth('last', tenth);
  const grown = growth ? growth.second.events + growth.last.events : 0;
  const disk = { withRecords, bytes: sizeOf(data), events: seed.stored() + grown };
  const server = await startNode([...SERVER, data]);
  disk.json = await averageBytes(server);
  disk.sent = Buffer.byteLength(JSON.stringify(eventOf({ objectId: '1000000' })));
  await server.stop();
  return { growth, disk };
}

/** What the store costs an event, over one tenth of its growth. */
async function measureTenth(name, amount) {
  say(`growing: the ${name} tenth, by single POSTs`);
  const server = await startNode([...SERVER, data]);
  const load = singles(server, seed, { objectId: '<number>' }, 64);
  const before = usage(server.pid);
  let [events, took] = [0, 0];
  while (events < amount) {
    const left = events === 0 ? GROWTH_SECONDS : Math.ceil((amount - events) / (events / took));
    const seconds = Math.min(GROWTH_SECONDS, left);
    const { answered, ...sent } = await send({ ...load, seconds });
    if (answered === 0 || sent.failed > 0) throw new Error(`growing: ${JSON.stringify(sent)}`);
    events += answered;
    took += sent.seconds;
  }
  const spent = used(before, usage(server.pid));
  await server.stop();
  return { rate: events / took, spent, events };
}

/** The bytes of an event's JSON, as it is answered. */
async function averageBytes({ baseUrl, accessToken, eventTemplateId }, ids = seed.ids.slice(0, 100)) {
  let bytes = 0;
  for (const id of ids) {
    const answer = await fetch(`${baseUrl}/integrators/timeline/v3/events/${eventTemplateId}/${id}`, {
      headers: { authorization: `Bearer ${accessToken}` },
    });
    if (!answer.ok) throw new Error(`GET ${id}: ${answer.status}`);
    bytes += Buffer.byteLength(await answer.text());
  }
  return bytes / ids.length;
}

async function measureIdle() {
  say('idle memory');
  await sleep(IDLE_MS);
  return anonymousMemory(ours.pid);
}

/** Everything but overload, after a round that only warms up. */
async function measureRounds() {
  await fetch(`${echo.baseUrl}/event`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(eventOf({ objectId: '1000000' })),
  });
  const cases = casesOf({ ours, echo, prism, seed, pages: facts.pages });
  const importing = await prepareImport();
  const [seen, fsync, imports] = [{}, [], []];
  await runRound('warming up', cases, {}, 1);
  let round = 0;
  for (let took = 0; round < rounds; ) {
    const begin = performance.now();
    if (!long && round > 0 && begin - began + took > ROUNDS_END_BY_MS) break;
    const what = `round ${++round} of ${rounds}`;
    await runToEnd('sync', []); // what the last round left to be written would slow the first cases of this one
    await runRound(what, cases, seen, seconds);
    fsync.push(fsyncTimes());
    if (!importing.missing) {
      say(`${what}: import`);
      imports.push(await importing.run());
    }
    took = performance.now() - begin;
  }
  return { seen, fsync, imports, importMissing: importing.missing, roundsDone: round };
}

async function measureOverload() {
  const cases = overloadsOf({ ours, seed });
  const overload = {};
  for (let round = 1; round <= Math.min(rounds, OVERLOADS); round++)
    await runRound(`overload ${round}`, cases, overload, seconds);
  return { overload };
}

async function runRound(what, cases, seen, duration) {
  for (const [index, each] of cases.entries()) {
    say(`${what}: ${each.name} (${index + 1} of ${cases.length})`);
    const results = seen[each.name] ?? [];
    seen[each.name] = [...results, await measure(each, each.seconds ?? duration)];
  }
}

/** One case: what the generator saw, what the server used for it, and its memory's peak. */
async function measure({ load, on, beside, refusable, name }, duration) {
  let peak = 0;
  const sampling = setInterval(() => {
    peak = Math.max(peak, anonymousMemory(on.pid) ?? 0);
  }, SAMPLE_MS);
  const ingesting = beside && send({ ...beside, seconds: duration + (2 * BESIDE_MS) / 1000 });
  if (ingesting) await sleep(BESIDE_MS);
  const before = usage(on.pid);
  const result = await send({ ...load, seconds: duration });
  const spent = used(before, usage(on.pid));
  const ingested = await ingesting;
  clearInterval(sampling);
  for (const { answered, failed, errors } of [result, ingested ?? result])
    if (!refusable && (answered === 0 || failed > 0 || errors > 0))
      faults.add(`${name}: ${answered} answered, ${failed} refused or failed, ${errors} connections failed`);
  return { ...result, spent, peak, ingested: ingested?.rate };
}

/** How long the disk takes to keep a page: written over, as the WAL is when it has started over. */
function fsyncTimes() {
  const file = openSync(join(folder, 'fsync'), 'w');
  const page = Buffer.alloc(WAL_FRAME, 'x');
  const took = [];
  for (let n = -1; n < FSYNCS; n++) {
    const begin = performance.now();
    writeSync(file, page, 0, WAL_FRAME, (n & 15) * WAL_FRAME);
    fdatasyncSync(file);
    if (n >= 16) took.push(performance.now() - begin);
  }
  closeSync(file);
  took.sort((a, b) => a - b);
  return { p50: took[took.length >> 1], p99: took[Math.floor(took.length * 0.99)] };
}

/** `throughline import` of a file of events, each time into a new folder; `missing` where there is no such command. */
async function prepareImport() {
  const help = await runToEnd(process.execPath, ['dist/main.js', 'import', '--help']);
  if (!/Usage: throughline import/.test(help.stdout)) return { missing: 'there is no such command yet' };
  const count = Math.min(IMPORTED, total);
  const file = join(folder, 'events.ndjson');
  const out = createWriteStream(file);
  for (let n = 0; n < count; n++) {
    const objectId = String(1_000_000 + Math.floor((Math.random() * count) / EVENTS_PER_RECORD));
    if (!out.write(`${JSON.stringify(eventOf({ objectId }))}\n`)) await once(out, 'drain');
  }
  out.end();
  await finished(out);
  return {
    async run() {
      const into = join(folder, 'imported');
      const { portal, app } = await prepareEmpty(into);
      const args = ['import', file, '--data', into, '--portal', portal, '--app', app, '--json'];
      const { code, stdout, stderr, ms } = await runToEnd(process.execPath, ['dist/main.js', ...args]);
      const bytes = sizeOf(into);
      rmSync(into, { recursive: true });
      if (code !== 0) faults.add(`import ended with ${code}: ${stderr}${stdout}`);
      if (bytes < count * SHORTEST) faults.add(`import left ${bytes} bytes for ${count} events: ${stdout}`);
      return { rate: (count / ms) * 1000, count };
    },
  };
}

/** From the command to the first answer, in ms: after a tidy end, and after kill -9 in the middle of a load. */
async function measureStarts() {
  const [tidy, killed] = [[], []];
  for (let n = 0; n < STARTS; n++) {
    say(`starting: ${n + 1} of ${STARTS}`);
    ours = await startNode([...SERVER, data]);
    tidy.push(await firstAnswer(ours));
    const load = singles(ours, seed, { objectId: '<number>' }, 64);
    const loading = send({ ...load, seconds: seconds + 1 });
    await sleep(seconds * 1000);
    await ours.stop('SIGKILL');
    await loading;
    say(`starting after kill -9: ${n + 1} of ${STARTS}`);
    ours = await startNode([...SERVER, data]);
    killed.push(await firstAnswer(ours));
    await ours.stop();
  }
  return { starts: { tidy, killed } };
}

async function firstAnswer(server) {
  const begin = performance.now();
  await averageBytes(server, seed.ids.slice(0, 1));
  return server.startedMs + performance.now() - begin;
}

async function measureTies() {
  const count = Math.min(VISITOR_EVENTS, total);
  say(`visitors of ${count} events become known`);
  return { count, took: await tieVisitors(join(folder, 'visitors'), VISITORS, count) };
}

function sizeOf(path) {
  return readdirSync(path).reduce((sum, name) => sum + statSync(join(path, name)).size, 0);
}

function percent(done, of) {
  return `${Math.floor((100 * done) / of)} %`;
}

/** On a terminal one line that changes; else a line whenever it says something new. */
function say(text) {
  if (text === said) return;
  said = text;
  const line = text === '' ? '' : `[${((performance.now() - began) / 1000).toFixed(0)} s] ${text}`;
  process.stderr.write(
    process.stderr.isTTY ? `\r${line.padEnd(100)}${text === '' ? '\r' : ''}` : `${line}\n`,
  );
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
