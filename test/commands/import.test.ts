// `throughline import`: what a file of lines becomes, what is told of those that are refused, and that no end of it,
// kill -9 included, loses or doubles a line.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import Database from 'better-sqlite3';
import { beforeEach, describe, expect, test } from 'vitest';
import { openStore } from '../../dist/store/sqlite/engine.js';
import { begin, type CliOptions, cli, folder, inFolder, startCli, until } from '../cli.js';
import { randomFrom } from '../crash/load.js';
import { createTenant, type Json, request, V3 } from '../harness.js';

let file = '';
let tenant: { portalId: number; appId: number; token: string; templateId: string };

/** A portal with an app that has a template, in the folder. */
async function newTenant(lenient: boolean) {
  const made = await createTenant(join(folder, 'data'), { lenient });
  const store = await openStore({ folder: join(folder, 'data'), clock: Date.now });
  const nonce = {
    name: 'nonce',
    label: 'Nonce',
    type: 'string' as const,
    options: [],
    createdAt: 0,
    updatedAt: 0,
  };
  const template = {
    name: 'Import',
    objectType: 'contacts' as const,
    tokens: [nonce],
    createdAt: 0,
    updatedAt: 0,
  };
  const templateId = await store.createTemplate({ ...template, appId: made.appId }, 1);
  await store.close();
  return { ...made, templateId: String(templateId) };
}

inFolder();
beforeEach(async () => {
  file = join(folder, 'events.ndjson');
  tenant = await newTenant(true);
});

const args = (name = file, ...more: string[]) => [
  ...['import', name, '--data', join(folder, 'data'), '--json'],
  ...['--portal', String(tenant.portalId), '--app', String(tenant.appId), ...more],
];

async function run(name = file, more: string[] = [], options: CliOptions = {}): Promise<Json> {
  const { code, stdout, stderr } = await cli(args(name, ...more), options);
  return { code, stderr, ...(stdout === '' ? {} : { summary: JSON.parse(stdout) }) };
}

const event = (nonce: string | number, more: object = {}) => ({
  eventTemplateId: tenant.templateId,
  email: `someone${Number(nonce) % 50 || 0}@example.com`,
  tokens: { nonce: String(nonce) },
  ...more,
});
const lines = (values: readonly unknown[]) =>
  values.map((each) => `${typeof each === 'string' ? each : JSON.stringify(each)}\n`).join('');
/** Where refused lines are told unless it is said where: no two imports of a file share it. */
const reportOf = (name = file, appId = tenant.appId) => `${name}.${tenant.portalId}-${appId}.refused.ndjson`;
const report = (path = reportOf()): Json[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

function query<T>(sql: string): T[] {
  const db = new Database(join(folder, 'data', 'throughline.sqlite'), { readonly: true, timeout: 5_000 });
  try {
    return db.prepare(sql).pluck().all() as T[];
  } finally {
    db.close();
  }
}
/** The nonces of all events that are there, in order of arrival. */
const nonces = () =>
  query<string>('SELECT body FROM event ORDER BY seq').map((body) => JSON.parse(body).tokens.nonce);
const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);

describe('a file', () => {
  test('becomes events in its order; again, nothing more; with --again, those without an id once more', async () => {
    const events = upTo(2_500).map((n) => event(n, n % 2 ? { id: `own-${n}` } : {}));
    writeFileSync(file, lines(events));
    const first = await run();
    expect(first).toMatchObject({ code: 0, summary: { lines: 2_500, stored: 2_500, refused: 0 } });
    expect(first.summary.bytes).toBe(Buffer.byteLength(lines(events)));
    expect(first.summary).not.toHaveProperty('report');
    expect(existsSync(reportOf())).toBe(false);
    expect(nonces()).toEqual(upTo(2_500).map(String));
    expect(await run()).toMatchObject({ code: 0, summary: { resumedAtLine: 2_500, stored: 2_500 } });
    expect(nonces()).toHaveLength(2_500);
    const named = join(folder, 'kept');
    writeFileSync(named, 'of somebody');
    expect(await run(file, ['--again', '--report', named])).toMatchObject({
      code: 0,
      summary: { stored: 2_500 },
    });
    expect(readFileSync(named, 'utf8')).toBe('of somebody'); // there was nothing to tell
    expect(nonces()).toHaveLength(2_500 + 1_250);
  });

  test('may end without a newline, have blank lines, CRLF, a byte order mark, and any script', async () => {
    const text = ['\ufeff', event('Žluťoučký'), '\r\n', '\r\n', '   ', '\n', event('馬'), '\n', event('🐎')];
    writeFileSync(
      file,
      text.map((each) => (typeof each === 'string' ? each : JSON.stringify(each))).join(''),
    );
    expect(await run()).toMatchObject({ code: 0, summary: { lines: 5, stored: 3, refused: 0 } });
    expect(nonces()).toEqual(['Žluťoučký', '馬', '🐎']);
  });

  test('that grew is taken from where it ended; one that changed is refused', async () => {
    const many = upTo(1_000);
    writeFileSync(file, lines(many.map((n) => event(n))));
    await run();
    writeFileSync(file, lines(upTo(1_300).map((n) => event(n))));
    expect(await run()).toMatchObject({
      code: 0,
      summary: { resumedAtLine: 1_000, lines: 1_300, stored: 1_300 },
    });
    expect(nonces()).toEqual(upTo(1_300).map(String));

    const other = [...upTo(1_299).map((n) => event(n)), event('7299'), event('more')];
    writeFileSync(file, lines(other));
    const changed = await run();
    expect(changed).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/differs from what was imported.*--again/),
    });
    writeFileSync(file, lines(other.slice(0, 1_000)));
    expect(await run()).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/is \d+ bytes long, and \d+ of them/),
    });
    expect(nonces()).toHaveLength(1_300);
  });

  test('that was short and grew, time and again, is taken from where it ended', async () => {
    for (const count of [1, 2, 3, 800, 801]) {
      writeFileSync(file, lines(upTo(count).map((n) => event(n))));
      expect(await run()).toMatchObject({ code: 0, summary: { lines: count, stored: count } });
    }
    expect(nonces()).toEqual(upTo(801).map(String));
    writeFileSync(file, lines([event(1), event(0)]));
    expect(await run(), 'another one').toMatchObject({ code: 0, summary: { stored: 2 } });
    await run(file, ['--again']);
    expect(nonces()).toHaveLength(801 + 4);
  });

  test('that ended without a newline and grew: the newline ends that line', async () => {
    const many = upTo(1_000).map((n) => event(n));
    for (const end of ['\n', '\r\n']) {
      writeFileSync(file, lines(many).slice(0, -1));
      await run(file, ['--again']);
      writeFileSync(file, `${lines(many).slice(0, -1)}${end}no${end}`);
      expect(await run()).toMatchObject({ code: 2, summary: { lines: 1_001, stored: 1_000, refused: 1 } });
      expect(report().map(({ line }) => line)).toEqual([1_001]);
    }
  });

  test('that ended within a line and grew: the line is taken whole', async () => {
    const text = lines(upTo(3).map((n) => event(n)));
    const second = text.indexOf('\n') + 1;
    for (const cut of [second + 1, second + 20, text.lastIndexOf('\n', text.length - 2) - 1]) {
      writeFileSync(file, text.slice(0, cut));
      for (const more of [['--again'], []])
        expect(await run(file, more)).toMatchObject({
          code: 2,
          summary: { lines: 2, stored: 1, refused: 1 },
        });
      writeFileSync(file, `${text}no\n`);
      expect(await run()).toMatchObject({ code: 2, summary: { lines: 4, stored: 3, refused: 2 } });
      expect(report().map(({ line }) => line)).toEqual([2, 4]);
      expect(nonces().slice(-3)).toEqual(['0', '1', '2']);
    }
  });

  test('that ended within a line that is too long and grew: what follows is no line of its own', async () => {
    const before = `${JSON.stringify(event(1))}\n${'x'.repeat(3 * 1024 * 1024)}`;
    writeFileSync(file, before);
    for (let times = 0; times < 2; times++)
      expect(await run()).toMatchObject({ code: 2, summary: { lines: 2, stored: 1, refused: 1 } });
    const grown = `${before}${lines([event(2), event(3), 'no'])}`;
    writeFileSync(file, grown);
    expect(await run()).toMatchObject({
      code: 2,
      summary: { lines: 4, stored: 2, refused: 2, bytes: grown.length },
    });
    expect(report().map(({ line }) => line)).toEqual([2, 4]);
    expect(nonces()).toEqual(['1', '3']);
  });

  test('whose first line is no UTF-8: it is refused', async () => {
    const line = JSON.stringify(event('?'));
    const [before, after] = line.split('?') as [string, string];
    writeFileSync(file, Buffer.concat([Buffer.from(before), Buffer.from([0xff]), Buffer.from(`${after}\n`)]));
    expect(await run()).toMatchObject({ code: 2, summary: { lines: 1, stored: 0, refused: 1 } });
    expect(report()[0].message).toMatch(/UTF-8/);
    writeFileSync(
      file,
      Buffer.concat([Buffer.from(lines([event(1)])), readFileSync(file), Buffer.from(lines([event(2)]))]),
    );
    expect(await run()).toMatchObject({ code: 2, summary: { lines: 3, stored: 2, refused: 1 } });
  });

  test.each([1, 2, 3, 4, 5])(
    'whose last line is %i bytes too long and has no end: it is refused',
    async (over) => {
      writeFileSync(file, 'z'.repeat(1024 * 1024 + over));
      expect(await run()).toMatchObject({ code: 2, summary: { lines: 1, stored: 0, refused: 1 } });
      expect(report()[0].message).toMatch(/Invalid JSON|at most 1048576/);
    },
  );

  test('whose lines are no events: the others are stored, the report tells each line with every fault', async () => {
    const bad = Buffer.concat([
      Buffer.from('{"eventTemplateId":"'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('"}\n'),
    ]);
    const text = lines([
      event(1),
      '{"half":',
      event(2, { objectId: '007', email: 'no address', timestamp: 'yesterday' }),
      event(3, { eventTemplateId: '999' }),
      '[]',
      { tokens: { nonce: 4 } },
      event(5, { tokens: { nonce: '5', other: 'x' } }),
    ]);
    writeFileSync(file, Buffer.concat([Buffer.from(text), bad, Buffer.from(lines([event(6)]))]));
    const { code, summary } = await run(file, ['--report', join(folder, 'why')]);
    expect({ code, summary }).toMatchObject({ code: 2, summary: { lines: 9, stored: 2, refused: 7 } });
    expect(summary.report).toBe(join(folder, 'why'));
    expect(nonces()).toEqual(['1', '6']);
    const told = report(join(folder, 'why'));
    expect(told.map(({ line }) => line)).toEqual([2, 3, 4, 5, 6, 7, 8]);
    expect(told[0].message).toMatch(/^Invalid JSON: .*; a line is one whole event$/);
    expect(told[1].errors.map((fault: Json) => fault.in).sort()).toEqual(['email', 'objectId', 'timestamp']);
    expect(told[2]).toMatchObject({ context: { eventTemplateId: ['999'] } });
    expect(told[3].errors[0].message).toBe('what is sent must be a JSON object: { … }');
    expect(told[4].errors).toMatchObject([{ in: 'eventTemplateId', code: 'REQUIRED_FIELD' }]);
    expect(told[5].errors[0].in).toBe('tokens.other');
    expect(told[6].message).toMatch(/UTF-8/);
    // Told the same by a run that has nothing left to do.
    expect(await run(file, ['--report', join(folder, 'why')])).toMatchObject({
      code: 2,
      summary: { refused: 7 },
    });
    expect(report(join(folder, 'why'))).toEqual(told);
  });

  test('that is compressed is refused at once, not line by line', async () => {
    writeFileSync(file, gzipSync(lines(upTo(1_000).map((n) => event(n)))));
    expect(await run()).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/is compressed: .*gunzip -c/),
    });
    expect(existsSync(reportOf())).toBe(false);
  });

  test('whose report cannot be written: that is said, and with another report it goes on and tells all', async () => {
    writeFileSync(file, lines([event(1), 'no event', event(2)]));
    const { code, stderr } = await run(file, ['--report', join(folder, 'nowhere', 'why')]);
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/why.* name a --report/),
    });
    expect(await run()).toMatchObject({ code: 2, summary: { stored: 2, refused: 1 } });
    expect(nonces()).toEqual(['1', '2']);
    expect(report().map(({ line }) => line)).toEqual([2]);
  });

  test('whose report tells of another: that is said, nothing of it is lost, and with another report it goes on', async () => {
    const at = (name: string) => join(folder, name);
    const [why, other, both] = [at('why'), at('other'), at('both')];
    writeFileSync(file, lines([event(1), 'no event', event(2)]));
    expect(await run(file, ['--report', both])).toMatchObject({ code: 2 });
    const told = readFileSync(both, 'utf8');
    writeFileSync(other, lines([event(3), event(4), 'nor this', 'nor that']));
    const refused = {
      code: 1,
      stderr: expect.stringMatching(/both tells of something else: name a --report/),
    };
    expect(await run(other, ['--report', both])).toMatchObject(refused);
    expect(await run(other, ['--again', '--report', both])).toMatchObject(refused);
    expect(readFileSync(both, 'utf8')).toBe(told);
    expect(await run(other, ['--report', why])).toMatchObject({ code: 2, summary: { refused: 2 } });
    expect(report(why).map(({ line }) => line)).toEqual([3, 4]);
    // Nor one that is longer than its own.
    writeFileSync(file, lines([event(1), 'no event', event(2), 'no event']));
    expect(await run(file, ['--report', why])).toMatchObject({ code: 1 });
    expect(report(why).map(({ line }) => line)).toEqual([3, 4]);
    // Its own goes on, and begins anew.
    expect(await run(file, ['--report', both])).toMatchObject({ code: 2, summary: { resumedAtLine: 4 } });
    expect(report(both).map(({ line }) => line)).toEqual([2, 4]);
    expect(await run(file, ['--again', '--report', both])).toMatchObject({ code: 2 });
    expect(report(both).map(({ line }) => line)).toEqual([2, 4]);
  });

  test('whose report the store had not been told of is told whole, in a report that was named too', async () => {
    writeFileSync(file, lines([event(1), 'no event', 'nor this']));
    await run();
    const told = readFileSync(reportOf(), 'utf8');
    expect(await run(file, ['--again', '--report', join(folder, 'nowhere', 'why')])).toMatchObject({
      code: 1,
    });
    const why = join(folder, 'why');
    writeFileSync(why, told.slice(0, told.length - 10)); // as by a run that was killed
    expect(await run(file, ['--report', why])).toMatchObject({ code: 2, summary: { refused: 2 } });
    expect(readFileSync(why, 'utf8')).toBe(told);
  });

  test('with a line longer than an event may be: it is refused, its neighbours are not', async () => {
    const padded = (nonce: number, pad: string) => event(nonce, { extraData: { pad } });
    const pad = 'x'.repeat(1024 * 1024 - JSON.stringify(padded(2, '')).length);
    const [fits, over] = [padded(2, pad), padded(3, `${pad}x`)];
    const huge = `{"pad":"${'x'.repeat(40 * 1024 * 1024)}"}`;
    writeFileSync(file, lines([event(1), fits, over, huge, event(4), huge]));
    const { code, summary } = await run();
    expect({ code, summary }).toMatchObject({ code: 2, summary: { lines: 6, stored: 3, refused: 3 } });
    expect(
      report().map(({ line, message }) => [line, /^the (?:line|event) is \d+ bytes; at most/.test(message)]),
    ).toEqual([
      [3, true],
      [4, true],
      [6, true],
    ]);
    expect(nonces()).toEqual(['1', '2', '4']);
    expect(await run()).toMatchObject({ code: 2, summary: { lines: 6, stored: 3, resumedAtLine: 6 } });
  });
});

test('what the portal refuses is in the report too, in order with the rest', async () => {
  tenant = await newTenant(false);
  writeFileSync(
    file,
    lines([event(1), event(2, { objectId: '4711' }), 'no', event(3), event(4, { objectId: '5' })]),
  );
  expect(await run()).toMatchObject({ code: 2, summary: { stored: 2, refused: 3 } });
  expect(report().map(({ line }) => line)).toEqual([2, 3, 5]);
  expect(report()[0].message).toContain('4711');
});

describe('stdin', () => {
  test('that ends before what was imported of a line that is too long is told apart', async () => {
    writeFileSync(file, `no\n${'x'.repeat(3 * 1024 * 1024)}`);
    const piped = (bytes: number) => run('-', [], { shell: `head -c ${bytes} ${file} | "$@"`, cwd: folder });
    expect(await piped(3 * 1024 * 1024 + 3)).toMatchObject({ code: 2, summary: { refused: 2 } });
    const shorter = await piped(2 * 1024 * 1024);
    expect(shorter.code).toBe(1);
    expect(shorter.stderr).toContain('is shorter than what was imported');
  });

  test('is read to its end; again, what was done of it is passed over', async () => {
    writeFileSync(file, lines(upTo(1_500).map((n) => event(n))));
    const piped = (source: string) => run('-', [], { shell: `${source} | "$@"`, cwd: folder });
    expect(await piped('cat events.ndjson')).toMatchObject({ code: 0, summary: { stored: 1_500 } });
    writeFileSync(file, lines([...upTo(1_500).map((n) => event(n)), 'no', event(1_500)]));
    const { code, summary } = await piped('cat events.ndjson');
    expect({ code, summary }).toMatchObject({
      code: 2,
      summary: { resumedAtLine: 1_500, stored: 1_501, refused: 1 },
    });
    expect(nonces()).toEqual(upTo(1_501).map(String));
    expect(summary.report).toMatch(new RegExp(reportOf('^stdin-[0-9a-f]{8}')));
    expect(report(join(folder, summary.report)).map(({ line }) => line)).toEqual([1_501]);
    expect(await piped('head -c 100000 events.ndjson')).toMatchObject({ code: 1 });
    expect(nonces()).toHaveLength(1_501);
  });

  test('is told of in a report of its own, beside and after others', async () => {
    const told = async (text: string) => {
      const { summary } = await run('-', [], { input: text, cwd: folder });
      return () => report(join(folder, summary.report)).map(({ line }) => line);
    };
    const first = await told(lines([event(0), 'no']));
    const others = await Promise.all(['a', 'b'].map((each) => told(lines(upTo(3_000).map(() => each)))));
    expect(first()).toEqual([2]);
    expect(others.map((each) => each().length)).toEqual([3_000, 3_000]);
  });

  test('that is empty is nothing', async () => {
    expect(await run('-', [], { shell: '"$@" < /dev/null' })).toMatchObject({
      code: 0,
      summary: { lines: 0 },
    });
  });
});

test('a file that moved is not said to have its former refusals told in a report that does not tell them', async () => {
  const text = async (name: string) => (await cli(args(name).filter((arg) => arg !== '--json'))).stdout;
  writeFileSync(file, lines([event(1), 'no JSON']));
  expect(await text(file)).toContain(`Refused 1 line: ${reportOf()} tells which and why.`);
  const moved = join(folder, 'moved');
  writeFileSync(moved, lines([event(1), 'no JSON']));
  expect(await text(moved)).toContain(
    'Refused 1 line: an earlier report tells which and why; --again tells of all anew.',
  );
  const { summary } = await run(moved);
  expect(summary).toMatchObject({ refused: 1, reported: 0 });
  expect(summary).not.toHaveProperty('report');
  writeFileSync(moved, lines([event(1), 'no JSON', 'nor this']));
  expect(await text(moved)).toContain(
    `Refused 2 lines: ${reportOf(moved)} tells of 1; an earlier report tells of the others; --again tells of all anew.`,
  );
  expect((await run(moved)).summary).toMatchObject({ report: reportOf(moved), reported: 1 });
  expect((await run(moved, ['--again'])).summary).not.toHaveProperty('reported');
  expect(report(reportOf(moved))).toHaveLength(2);
});

describe('refused by name are', () => {
  test.each([
    ['a portal that is not there', () => args().with(6, '999'), /There is no portal 999/],
    ['an app that is not there', () => args().with(8, '999'), /There is no app 999/],
    [
      'a file that is not there',
      () => args('nowhere'),
      /^There is no file nowhere: name one, or - for stdin\.$/m,
    ],
    ['a folder', () => args(folder), /is a folder/],
    ['a report over the file', () => args(file, '--report', file), /is the file that is to be imported/],
    [
      'a report that is no file',
      () => args(file, '--report', '/dev/null'),
      /\/dev\/null is no file: name one/,
    ],
    ['a report that is a folder', () => args(file, '--report', folder), /is no file: name one/],
  ])('%s', async (_, of, why) => {
    const text = lines([event(1), 'no']);
    writeFileSync(file, text);
    const { code, stdout, stderr } = await cli(of());
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(why);
    expect(readFileSync(file, 'utf8')).toBe(text);
    expect(nonces()).toEqual([]);
  });

  test("another app's templates: line by line", async () => {
    const { appId } = await createTenant(join(folder, 'data'));
    writeFileSync(file, lines([event(1)]));
    const { code } = await cli(args().with(8, String(appId)));
    expect(code).toBe(2);
    expect(report(reportOf(file, appId))).toMatchObject([
      { line: 1, context: { eventTemplateId: [tenant.templateId] } },
    ]);
  });
});

test('killed at random moments and run again, it neither loses nor doubles a line, nor a line of the report', async () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  const random = randomFrom(seed);
  const count = 14_000;
  const isBad = (n: number) => n % 97 === 5;
  const all = upTo(count).map((n) =>
    isBad(n) ? `{"bad":${n}` : event(n, random() < 0.3 ? { id: `own-${n}` } : {}),
  );
  writeFileSync(file, lines(all));
  let kills = 0;
  const seen = new Set<number>();
  for (let goal = 0; ; ) {
    goal += Math.floor(random() * 3_000);
    const { ended, kill } = begin(args());
    let isOver = false;
    ended.then(() => {
      isOver = true;
    });
    // Often between two lines of the report and a commit, which nothing else marks.
    while (!isOver && (query<number>('SELECT line FROM import')[0] ?? 0) < goal)
      await new Promise((resolve) => setTimeout(resolve, 1 + random() * 3));
    if (kill('SIGKILL')) kills++;
    const { code, signal, stderr } = await ended;
    if (signal !== 'SIGKILL') {
      expect({ seed, code, stderr }).toMatchObject({ code: 2 });
      break;
    }
    const stands = query<number>('SELECT line FROM import')[0] ?? 0;
    seen.add(stands);
    expect(nonces(), `seed ${seed}`).toEqual(
      upTo(stands)
        .filter((n) => !isBad(n))
        .map(String),
    );
  }
  expect(kills, `seed ${seed}`).toBeGreaterThan(3);
  expect(seen.size).toBeGreaterThan(3);
  expect(nonces()).toEqual(
    upTo(count)
      .filter((n) => !isBad(n))
      .map(String),
  );
  expect(report().map(({ line }) => line)).toEqual(
    upTo(count)
      .filter(isBad)
      .map((n) => n + 1),
  );
  expect(query('SELECT count(*) FROM import_refusal')).toEqual([0]);
});

test('a portal that is made strict meanwhile refuses records that nobody knows from then on', async () => {
  writeFileSync(file, lines(Array.from({ length: 1_500 }, (_, n) => event(n))));
  const late = join(folder, 'late.ndjson');
  const source = `cat ${file}; until test -e ${late}; do sleep 0.05; done; cat ${late}`;
  const importing = run('-', [], { shell: `(${source}) | "$@"`, cwd: folder });
  const store = await openStore({ folder: join(folder, 'data'), clock: Date.now });
  try {
    await until(async () => store.importHeads(tenant.portalId, tenant.appId).length > 0);
    await store.changePortal(tenant.portalId, { lenient: false });
  } finally {
    await store.close();
  }
  writeFileSync(join(folder, 'next'), lines([event(0, { email: undefined, objectId: '777' })]));
  renameSync(join(folder, 'next'), late);
  expect(await importing).toMatchObject({ code: 2, summary: { lines: 1_501, stored: 1_500, refused: 1 } });
});

test('a file that another one replaces meanwhile is read as it began: neither counts as the other', async () => {
  writeFileSync(file, lines([event(0)]));
  await run();
  const db = new Database(join(folder, 'data', 'throughline.sqlite'));
  db.exec('BEGIN IMMEDIATE'); // --again waits, and has seen what the file begins with
  const again = run(file, ['--again']);
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  writeFileSync(join(folder, 'next'), lines([event(1)]));
  renameSync(join(folder, 'next'), file);
  db.exec('COMMIT');
  db.close();
  await again;
  await run();
  expect(nonces().filter((nonce) => nonce === '1')).toHaveLength(1);
});

test('two that import one file at once store it once: one of them gives up', async () => {
  const count = 20_000;
  writeFileSync(file, lines(upTo(count).map((n) => event(n))));
  const both = await Promise.all([cli(args()), cli(args())]);
  const lost = both.filter(({ code }) => code !== 0);
  for (const { code, stderr } of lost) {
    expect(code).toBe(1);
    expect(stderr).toMatch(/another process imports this file/);
  }
  await run();
  expect(nonces()).toEqual(upTo(count).map(String));
});

test('of two that import one file at once, the one that gives up leaves the report to the other', async () => {
  const count = 20_000;
  writeFileSync(file, lines(upTo(count).map((n) => `no ${n}`)));
  const first = cli(args());
  while ((query<number>('SELECT line FROM import')[0] ?? 0) === 0)
    await new Promise((resolve) => setTimeout(resolve, 5));
  await Promise.all([first, cli(args()), cli(args())]);
  await run();
  expect(report().map(({ line }) => line)).toEqual(upTo(count).map((n) => n + 1));
});

test('beside a server, which goes on taking events and knows the new ones', async () => {
  const count = 30_000;
  writeFileSync(file, lines(upTo(count).map((n) => event(n, { id: `in-${n}` }))));
  const { baseUrl } = await startCli(['serve', '--data', join(folder, 'data'), '--port', '0', '--json']);
  const { ended } = begin(args());
  let isOver = false;
  ended.then(() => {
    isOver = true;
  });
  let during = 0;
  const post = async (n: number) => {
    const sent = event(n, { id: `out-${n}` });
    const { status, text } = await request(baseUrl, 'POST', `${V3}/events`, sent, { token: tenant.token });
    expect(status, text).toBe(201);
  };
  while (!isOver) await post(during++);
  expect(await ended).toMatchObject({ code: 0 });
  expect(during).toBeGreaterThan(20);
  for (const id of ['in-0', `in-${count - 1}`, 'out-0', `out-${during - 1}`]) {
    const path = `${V3}/events/${tenant.templateId}/${id}`;
    expect((await request(baseUrl, 'GET', path, undefined, { token: tenant.token })).status).toBe(200);
  }
  const ids = query<string>('SELECT id FROM event');
  expect(ids).toHaveLength(count + during);
});

test('without --json it says in sentences what it did', async () => {
  writeFileSync(file, lines([event(1), 'no']));
  const { code, stdout, stderr } = await cli(args().filter((each) => each !== '--json'));
  expect({ code, stderr }).toEqual({ code: 2, stderr: '' });
  expect(stdout).toMatch(
    /^Stored 1 event of 2 lines .*\nRefused 1 line: .*events\.ndjson\.\d+-\d+\.refused\.ndjson tells/,
  );
});
