// The report, as Markdown: a row a target with what was measured and whether that meets it, and what else was seen.
// Cells that are missed are printed like the others.
import { BATCH, ENOUGH, INGESTS, pageName, TOO_MANY } from './cases.mjs';
import { PRISM_VERSION } from './controls/prism.mjs';

const NOT_RUN = 'not run, --long';
const NOT_HERE = 'not measurable here';

export function report(facts) {
  const { machine, total, long, rounds, roundsDone, seconds, minutes, sizeAtEnd, measurable, faults } = facts;
  console.log(
    `${machine}; ${figure(total)} events before the first round on ${figure(total / 10)} records${long ? '' : ' (--long: ten million)'}, ` +
      `a store of ${megabytes(sizeAtEnd)} after the last; ${roundsDone} of ${rounds} rounds of ${seconds} s a case, medians; ` +
      `${figure(minutes)} minutes in all.\n`,
  );
  const rows = rowsOf(facts);
  table(
    ['work', 'target', 'measured', 'control', 'ratio', ''],
    rows.map(({ work, target = '–', measured = '–', control = '–', ratio, met }) => [
      work,
      target,
      measured,
      control,
      ratio === undefined ? '–' : ratio.toFixed(2),
      verdict(met),
    ]),
  );
  const judged = rows.filter(({ met }) => typeof met === 'boolean');
  console.log(`\n${judged.filter(({ met }) => met).length} of ${judged.length} that were run are met.\n`);
  for (const fault of faults) console.log(`Not as it should be: ${fault}\n`);
  if (measurable) reportCpu(facts);
}

function rowsOf(facts) {
  const { long, seen, idle, fsync, imports, importMissing, growth, disk, starts, ties, prism, pages } = facts;
  const all = (name, key) => seen[name].map((each) => each[key]);
  const mid = (name, key) => median(all(name, key));
  const ratio = (name, control, key = 'rate') => ratioOf(all(name, key), all(control, key));
  const rate = (name) => `${figure(mid(name, 'rate'))} req/s`;
  const spread = (name) => `p50 ${figure(mid(name, 'p50'))}, p99 ${figure(mid(name, 'p99'))} ms`;

  const against = (work, name, control, least) => ({
    work,
    target: `≥ ${least} × ${control.startsWith('echo') ? "echo's req/s" : 'objectId'}`,
    measured: `${rate(name)}; ${spread(name)}`,
    control: `${rate(control)}; ${spread(control)}`,
    ratio: ratio(name, control),
    met: ratio(name, control) >= least,
  });

  const fsyncs = (key) => median(fsync.map((each) => each[key]));
  const batchEvents = all('batch', 'rate').map((each) => each * BATCH);
  const batchRatio = ratioOf(batchEvents, all('echo 64', 'rate'));
  const batchPeaks = all('batch', 'peak');
  const memoryFlat =
    batchPeaks.at(-1) <= 1.1 * Math.max(...batchPeaks.slice(0, -1), 0) || batchPeaks.length === 1;
  const peak = Math.max(...['single 64', 'single 256', 'batch'].flatMap((name) => all(name, 'peak')));
  const diskPerEvent = (disk.bytes - disk.withRecords.bytes) / (disk.events - disk.withRecords.events);
  const tenMillion = (met) => (long ? met : NOT_RUN);
  const at = long ? '' : ` (at ${figure(facts.total)})`;

  return [
    against('single POST, 64 connections, durable before the reply', 'single 64', 'echo 64', 0.8),
    against('… 256 connections', 'single 256', 'echo 256', 0.8),
    ...growthRows(growth),
    {
      work: '… its p99, 64 connections',
      target: "≤ 2 × the echo's p99",
      measured: `${figure(mid('single 64', 'p99'))} ms`,
      control: `${figure(mid('echo 64', 'p99'))} ms`,
      ratio: ratio('single 64', 'echo 64', 'p99'),
      met: ratio('single 64', 'echo 64', 'p99') <= 2,
    },
    {
      work: '… its p99, 1 connection',
      target: '≤ fsync + 1 ms',
      measured: `${figure(mid('single 1', 'p99'))} ms (p50 ${figure(mid('single 1', 'p50'))})`,
      control: `fsync p99 ${figure(fsyncs('p99'))} ms (p50 ${figure(fsyncs('p50'))})`,
      met: mid('single 1', 'p99') <= fsyncs('p99') + 1,
    },
    against('… by `email`, known', 'email known', 'single 64', 0.9),
    against('… by `email`, new: a contact each', 'email new', 'single 64', 0.8),
    against('… by `utk`, unknown: a visitor each', 'utk unknown', 'single 64', 0.9),
    against('… with an own random `id`', 'own id', 'single 64', 0.75),
    {
      work: `batch of ${BATCH} over HTTP`,
      target: "≥ 60,000 events/s or ≥ 1.5 × echo's req/s, memory flat",
      measured: `${figure(median(batchEvents))} events/s; ${spread('batch')} a batch; memory's peaks by round ${batchPeaks.map(megabytes).join(', ')}`,
      control: rate('echo 64'),
      ratio: batchRatio,
      met: (median(batchEvents) >= 60_000 || batchRatio >= 1.5) && memoryFlat,
    },
    importRow(imports, importMissing, batchEvents),
    ...INGESTS.flatMap((connections) =>
      pages.map(({ events }) => {
        const name = pageName(events, connections);
        return {
          work: `timeline page of 50, rendered, of a record with ${figure(events)} events, while ${connections} connections ingest`,
          target: 'p50 < 3 ms, p99 < 10 ms',
          measured: `${spread(name)}, beside ${figure(mid(name, 'ingested'))} events/s`,
          ...(events > 1_000
            ? {
                control: 'p50 of 1,000 events',
                ratio: ratio(name, pageName(pages[1].events, connections), 'p50'),
              }
            : {}),
          met: mid(name, 'p50') < 3 && mid(name, 'p99') < 10,
        };
      }),
    ),
    ...(long ? [] : [{ work: '… of a record with 1,000,000 events among 10 million', met: NOT_RUN }]),
    against('GET by id', 'GET', 'echo GET', 0.8),
    {
      work: '… the second before that: what nobody has read since the last round may come from the disk',
      measured: `${rate('GET first')}; ${spread('GET first')}`,
      control: `${rate('echo GET')}; ${spread('echo GET')}`,
      ratio: ratio('GET first', 'echo GET'),
    },
    {
      work: 'disk per event, all indexes in',
      target: '≤ 1.3 × its JSON',
      measured: `${figure(diskPerEvent)} bytes; ${figure(disk.bytes / disk.events)} with what a record for ten events takes`,
      control: `${figure(disk.json)} bytes as answered; ${figure(disk.sent)} as sent`,
      ratio: diskPerEvent / disk.json,
      met: diskPerEvent <= 1.3 * disk.json,
    },
    {
      work: 'memory (anonymous resident) at 10 million events, idle / under load',
      target: '< 150 MB / < 400 MB',
      measured: idle === undefined ? NOT_HERE : `${megabytes(idle)} / ${megabytes(peak)}${at}`,
      met: tenMillion(idle === undefined ? NOT_HERE : idle < 150 * 2 ** 20 && peak < 400 * 2 ** 20),
    },
    {
      work: 'start with 10 million events, to the first answer',
      target: '< 1 s',
      measured: `${figure(median(starts.tidy))} ms${at}`,
      met: tenMillion(median(starts.tidy) < 1_000),
    },
    {
      work: '… after kill -9 under load',
      target: '< 3 s',
      measured: `${figure(median(starts.killed))} ms, at most ${figure(Math.max(...starts.killed))}${at}`,
      met: tenMillion(Math.max(...starts.killed) < 3_000),
    },
    overloadRow('single', 'single POSTs'),
    overloadRow('batch', `batches of ${BATCH}`),
    {
      work: `the control is Prism ${PRISM_VERSION} mocking HubSpot's ${facts.openapi ? 'OpenAPI file' : 'contract (test/openapi/hubspot-v3.json)'}: it stores nothing`,
      ...(prism.missing
        ? { met: `Prism ${prism.missing}` }
        : {
            measured: rate('single 64'),
            control: `${rate('prism')}; ${spread('prism')}`,
            ratio: ratio('single 64', 'prism'),
          }),
    },
    {
      work: `a visitor of ${figure(ties.count)} events becomes known, commit included`,
      measured: `${figure(median(ties.took))} ms`,
    },
  ];

  /** Ours at ten times too much against ours at enough. */
  function overloadRow(kind, what) {
    const many = facts.overload[`too many ${kind}`];
    const enough = facts.overload[`enough ${kind}`];
    const rates = (results) => results.map((each) => each.rate);
    const kept = ratioOf(rates(many), rates(enough));
    const sum = (key) => many.reduce((total, each) => total + each[key], 0);
    const [refused, told] = [sum('refused'), sum('told')];
    const otherwise = sum('failed') - refused;
    const measured = [
      `${figure(median(rates(many)))} req/s`,
      refused === 0 ? 'none refused' : `${figure(refused)} refused, ${figure(told)} with Retry-After`,
      `${figure(sum('errors'))} connections failed`,
      `memory up to ${megabytes(Math.max(...many.map(({ peak }) => peak)))}`,
      ...(otherwise > 0 ? [`${figure(otherwise)} failed otherwise`] : []),
    ];
    return {
      work: `overload: ${what}, ${figure(TOO_MANY[kind])} connections for ${ENOUGH[kind]}`,
      target: '≥ 0.8 × its peak; what is refused gets 429/503 with Retry-After',
      measured: measured.join('; '),
      control: `${figure(median(rates(enough)))} req/s`,
      ratio: kept,
      met: kept >= 0.8 && told === refused && otherwise === 0,
    };
  }
}

function growthRows(growth) {
  const work = '… while the store grows to 10 million events on 1 million records';
  const rows = [
    {
      what: "the store's CPU per event",
      of: ({ spent, events }) => (spent.storeMs * 1000) / events,
      unit: 'µs',
    },
    { what: 'bytes written per event', of: ({ spent, events }) => spent.wrote / events, unit: 'bytes' },
  ];
  return rows.map(({ what, of, unit }) => {
    const row = { work: `${work}: ${what}`, target: "last million ≤ 1.15 × the second's" };
    if (!growth) return { ...row, met: NOT_RUN };
    if (!growth.last.spent) return { ...row, met: NOT_HERE };
    const [last, second] = [of(growth.last), of(growth.second)];
    return {
      ...row,
      measured: `${figure(last)} ${unit} at ${figure(growth.last.rate)} events/s`,
      control: `${figure(second)} ${unit} at ${figure(growth.second.rate)} events/s`,
      ratio: last / second,
      met: last <= 1.15 * second,
    };
  });
}

function importRow(imports, missing, batchEvents) {
  const row = { work: 'bulk import of NDJSON', target: '≥ 80,000 events/s or ≥ 1.2 × the batch rate' };
  if (missing) return { ...row, met: `not run: ${missing}` };
  const rates = imports.map((each) => each.rate);
  const ratio = ratioOf(rates, batchEvents);
  return {
    ...row,
    measured: `${figure(median(rates))} events/s, of ${figure(imports[0].count)} with starting and ending`,
    control: `${figure(median(batchEvents))} events/s`,
    ratio,
    met: median(rates) >= 80_000 || ratio >= 1.2,
  };
}

/** Where the machine's time goes, a request: of the server by thread, and of the generator that shares it. */
function reportCpu({ seen }) {
  console.log("CPU a request, in µs; the store's threads are those that write files:\n");
  const rows = Object.entries(seen).map(([name, results]) => {
    const each = (of) =>
      figure(median(results.map((result) => (of(result) * 1000) / (result.answered + result.failed))));
    return [
      name,
      each(({ spent }) => spent.mainMs),
      each(({ spent }) => spent.storeMs),
      each(({ spent }) => spent.otherMs),
      each(({ cpuMs }) => cpuMs),
    ];
  });
  const shown = rows.filter(([name]) => !name.startsWith('page '));
  table(['case', "server's main thread", 'store', 'other threads', 'generator'], shown);
}

function table(head, rows) {
  console.log(`| ${head.join(' | ')} |\n|${'---|'.repeat(head.length)}`);
  for (const row of rows) console.log(`| ${row.join(' | ')} |`);
}

/** true, false, or why it cannot be said. */
function verdict(met) {
  if (typeof met === 'boolean') return met ? 'met' : '**missed**';
  return met ?? '';
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return (sorted[Math.ceil(half) - 1] + sorted[Math.floor(half)]) / 2;
}

/** Of figures of the same rounds: the median of their ratios. */
function ratioOf(ours, theirs) {
  return median(ours.map((each, round) => each / theirs[round]));
}

function figure(number) {
  if (number !== 0 && number < 10) return number.toFixed(number < 1 ? 2 : 1);
  return Math.round(number).toLocaleString('en');
}

function megabytes(bytes) {
  return bytes === undefined ? NOT_HERE : `${figure(bytes / 2 ** 20)} MB`;
}
