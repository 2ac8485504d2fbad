// `throughline import`: events from a file or stdin, one a line, into a folder, whether or not a server holds it.
// Run again after any end it goes on where it stood, which is kept with the events: no line is lost or doubled. Lines
// that are refused go to the report, with everything wrong in them. Memory is bounded, however long file and lines are.
import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  createReadStream,
  existsSync,
  fdatasyncSync,
  fstatSync,
  openSync,
  readSync,
  realpathSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { type Command, Option } from 'commander';
import type { Portal } from '../access/store.js';
import { dataOption, jsonOption } from '../config.js';
import { Definitions } from '../records/definitions.js';
import { Schemas } from '../records/schemas.js';
import { invalid, orRefusal, Refusal } from '../refusal.js';
import { openStore, type Store } from '../store/sqlite/engine.js';
import { MAX_EVENT_BYTES } from '../timeline/event.js';
import type { ImportKey, ImportRefusal, ImportStanding } from '../timeline/imports.js';
import type { EventDraft } from '../timeline/store.js';
import type { Templates } from '../timeline/templates.js';
import { appOf, checkFolder, portalOf } from './access.js';

/** With its end, `\r\n`. A longer line is refused without being held. */
const MAX_LINE_BYTES = MAX_EVENT_BYTES + 2;
/** A step is one commit: short enough for a server beside it, long enough to be worth its fsync. */
const MAX_STEP_LINES = 1_000;
const MAX_STEP_BYTES = 1024 * 1024;
/** Steps with the store at once: while one commits, others stand ready, also where it waits for the disk. */
const MAX_IN_FLIGHT = 8;
const READ_BYTES = 512 * 1024;
/** What a file begins with, by which it is known. */
const HEAD_BYTES = 64 * 1024;
const TELL_MS = 10_000;
const TELL_TERMINAL_MS = 250;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const NOTHING = Buffer.alloc(0);
/** How a gzip file begins; no JSON does. */
const GZIP = Buffer.from([0x1f, 0x8b]);
/** The exit code when everything was read, and not everything could be stored. */
const SOME_REFUSED = 2;

interface Settings {
  data: string;
  portal: string;
  app: string;
  report?: string;
  again?: boolean;
  json?: boolean;
}

export function importCommand(program: Command): void {
  program
    .command('import')
    .description(
      'store events from a file, one JSON object a line, as POST /integrators/timeline/v3/events takes them; run again, it goes on where it stood',
    )
    .argument('<file>', 'the file; - reads stdin')
    .addOption(dataOption())
    .requiredOption('--portal <id>', "the portal's id")
    .requiredOption('--app <id>', 'the id of the app whose templates the events have')
    .option('--report <file>', 'where refused lines are told (default: <file>.<portal>-<app>.refused.ndjson)')
    .addOption(new Option('--again', 'from the start, also where the file was imported before'))
    .addOption(jsonOption())
    .action(async (file: string, settings: Settings) => {
      const store = await open(settings.data);
      try {
        const summary = await importFile(file, settings, store);
        process.stdout.write(settings.json ? `${JSON.stringify(summary)}\n` : textOf(summary));
        if (summary.refused > 0) process.exitCode = SOME_REFUSED;
      } finally {
        await store.close();
      }
    });
}

type Opened = Awaited<ReturnType<typeof open>>;

/** The store, and what is checked against as it is now. */
async function open(folder: string) {
  checkFolder(folder);
  let definitions: Definitions | undefined;
  let templates: Templates | undefined;
  let schemas: Schemas | undefined;
  const opening = openStore({
    folder,
    clock: Date.now,
    onOthersWrote: () => {
      definitions?.forget();
      templates?.forget();
      schemas?.forget();
    },
    onDefined: (portalId, type) => definitions?.forgetOf(portalId, type),
  });
  // Loaded meanwhile, and by no other command: they take a quarter of a second.
  const [store, { Templates }, { readerOfSent }] = await Promise.all([
    opening,
    import('../timeline/templates.js'),
    import('../wire/sent.js'),
  ]);
  definitions = new Definitions(store, Date.now);
  templates = new Templates(store, Date.now);
  schemas = new Schemas(store, definitions, Date.now);
  return Object.assign(store, {
    checked: readerOfSent({ definitions, templates, schemas, clock: Date.now }),
  });
}

interface Summary {
  /** Of the file, in all its runs. */
  lines: number;
  stored: number;
  refused: number;
  bytes: number;
  /** Where refused lines are told, if there is such a file. */
  report?: string;
  /** How many of them, where it is not all: the file has moved since, or had another report. */
  reported?: number;
  /** Where this run began. */
  resumedAtLine?: number;
  /** Of this run. */
  seconds: number;
  linesPerSecond: number;
}

function textOf(summary: Summary): string {
  const { lines, stored, refused, report, reported, resumedAtLine, seconds, linesPerSecond } = summary;
  const here = report && `${report} tells ${reported === undefined ? 'which and why' : `of ${reported}`}`;
  const earlier =
    reported === undefined
      ? undefined
      : `an earlier report tells ${report ? 'of the others' : 'which and why'}; --again tells of all anew`;
  const told = [here, earlier].filter((each) => each !== undefined).join('; ');
  const resumed = resumedAtLine === undefined ? '' : `, resumed after line ${resumedAtLine}`;
  return (
    `Stored ${counted(stored, 'event')} of ${counted(lines, 'line')}${resumed} (${seconds} s, ${linesPerSecond} lines/s).\n` +
    (refused > 0 ? `Refused ${counted(refused, 'line')}: ${told}.\n` : '')
  );
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

async function importFile(file: string, settings: Settings, store: Opened): Promise<Summary> {
  const portal = portalOf(store, settings.portal);
  const { id: appId } = appOf(store, settings.app);
  const input = await openInput(file);
  if (input.head.subarray(0, GZIP.length).equals(GZIP))
    throw new Error(
      `${file === '-' ? 'stdin' : file} is compressed: pass on what is in it, as 'gunzip -c events.gz | throughline import -'.`,
    );
  const key = keyOf(store, { portalId: portal.id, appId }, input.head);
  // One stream is not another: each has a report of its own.
  const name = file === '-' ? `stdin-${Buffer.from(key.head).toString('hex', 0, 4)}` : file;
  const path = settings.report ?? `${name}.${key.portalId}-${key.appId}.refused.ndjson`;
  const there = statSync(path, { throwIfNoEntry: false });
  if (there && !there.isFile()) throw new Error(`--report ${path} is no file: name one, or leave it out.`);
  if (there && file !== '-' && realpathSync(path) === realpathSync(file))
    throw new Error(`--report ${path} is the file that is to be imported: name another one.`);
  const told = store.importStanding(key)?.reportBytes ?? 0;
  const isOurs = settings.report === undefined || (told > 0 && told === there?.size);
  if (settings.again) await store.forgetImport(key);
  const standing = store.importStanding(key);
  if (input.size !== undefined && standing && input.size < standing.at)
    throw changed(file, `is ${input.size} bytes long, and ${standing.at} of them are done`);
  const report = new Report(path, isOurs, standing);
  const startedAt = performance.now();
  const run = new Run(store, key, portal, report, standing);
  const tell = progress(run, input.size);
  try {
    await run.read(input.from(run.readsFrom), file);
  } finally {
    clearInterval(tell);
    report.close();
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  const ran = (performance.now() - startedAt) / 1_000;
  const lines = run.line - (standing?.line ?? 0);
  const reported = run.refused > 0 ? await linesIn(path) : 0;
  return {
    lines: run.line,
    stored: run.stored,
    refused: run.refused,
    bytes: run.at,
    ...(reported > 0 ? { report: path } : {}),
    ...(reported < run.refused ? { reported } : {}),
    ...(standing ? { resumedAtLine: standing.line } : {}),
    seconds: Number(ran.toFixed(3)),
    linesPerSecond: Math.round(lines / ran),
  };
}

/** How many lines a file has; none where there is no file. */
async function linesIn(path: string): Promise<number> {
  if (!existsSync(path)) return 0;
  let lines = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: READ_BYTES }) as AsyncIterable<Buffer>)
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) lines++;
  return lines;
}

/** What the file is known by: its head, or as much of that as there was when it was imported. */
function keyOf(store: Store, of: Pick<ImportKey, 'portalId' | 'appId'>, head: Buffer): ImportKey {
  const shorter = store.importHeads(of.portalId, of.appId).filter((bytes) => bytes < head.length);
  const hash = createHash('sha256');
  let known: ImportKey | undefined;
  let key: ImportKey = { ...of, head: NOTHING, headBytes: 0 };
  for (const headBytes of [...shorter.sort((a, b) => a - b), head.length]) {
    hash.update(head.subarray(key.headBytes, headBytes));
    key = { ...of, head: hash.copy().digest(), headBytes };
    if (store.importStanding(key)) known = key;
  }
  return known ?? key;
}

/** One import from where it stands to the end of its input. */
class Run {
  /** What is done, as far as the store has said. */
  stored: number;
  refused: number;
  /** What was read. */
  at: number;
  line: number;
  #from: number;
  #lastLineAt: number;
  #lastLine: Uint8Array;
  #last: Buffer | undefined;
  /** So much of the next line is done already: it had no end when it was read. */
  #doneBytes = 0;
  #drafts: EventDraft[] = [];
  #lines: number[] = [];
  #refusals: ImportRefusal[] = [];
  #portal: Portal;
  readonly #inFlight: Promise<void>[] = [];

  constructor(
    private readonly store: Opened,
    private readonly key: ImportKey,
    portal: Portal,
    private readonly report: Report,
    standing: ImportStanding | undefined,
  ) {
    this.#portal = portal;
    this.stored = standing?.stored ?? 0;
    this.refused = standing?.refused ?? 0;
    this.at = this.#from = standing?.at ?? 0;
    this.line = standing?.line ?? 0;
    this.#lastLineAt = standing?.lastLineAt ?? 0;
    this.#lastLine = standing?.lastLine ?? new Uint8Array();
  }

  /** Where the last line that is done begins; its last byte, where it was too long to be compared. */
  get readsFrom(): number {
    return Math.max(0, Math.min(this.#lastLineAt, this.at - 1));
  }

  /** `chunks` are the file from there. */
  async read(chunks: AsyncIterable<Buffer>, file: string): Promise<void> {
    let again = this.at - this.#lastLineAt; // bytes of the last line, to be compared
    let wasTooLong = this.#lastLineAt > this.readsFrom;
    const hash = createHash('sha256');
    const held: Buffer[] = []; // a line that has not ended
    let heldBytes = 0;
    const end = (bytes: Buffer, isText: boolean) => {
      if (heldBytes === 0) return this.#take(bytes, bytes.length, isText);
      const length = heldBytes + bytes.length;
      const line = length > MAX_LINE_BYTES ? bytes : Buffer.concat([...held, bytes]);
      held.length = 0;
      heldBytes = 0;
      return this.#take(line, length, isUtf8(line));
    };
    for await (const whole of chunks) {
      let chunk = whole;
      this.#portal = this.store.portal(this.key.portalId) ?? this.#portal; // as it is now
      if (wasTooLong) {
        wasTooLong = false;
        if (chunk[0] !== NEWLINE) {
          heldBytes = MAX_LINE_BYTES + 1; // it goes on, and is too long still
          this.#reopen(heldBytes);
        }
        chunk = chunk.subarray(1);
      }
      if (again > 0) {
        const same = chunk.subarray(0, again);
        hash.update(same);
        again -= same.length;
        chunk = chunk.subarray(same.length);
        if (again === 0 && !hash.digest().equals(this.#lastLine))
          throw changed(file, 'differs from what was imported');
        if (same[same.length - 1] !== NEWLINE) {
          held.push(Buffer.from(same));
          heldBytes += same.length;
          if (again === 0) this.#reopen(heldBytes);
        } else held.length = heldBytes = 0;
      }
      const lastEnd = chunk.lastIndexOf(NEWLINE);
      // The end of a line that is held is no text by itself.
      const wholeFrom = heldBytes === 0 ? 0 : chunk.indexOf(NEWLINE) + 1;
      const isText = isUtf8(chunk.subarray(wholeFrom, lastEnd + 1));
      let start = 0;
      while (start <= lastEnd) {
        const next = chunk.indexOf(NEWLINE, start) + 1;
        const bytes = chunk.subarray(start, next);
        const full = end(bytes, isText);
        start = next;
        if (full) await this.#send();
      }
      if (start === chunk.length) continue;
      heldBytes += chunk.length - start;
      if (heldBytes <= MAX_LINE_BYTES) held.push(Buffer.from(chunk.subarray(start)));
      else held.length = 0;
    }
    if (again > 0 || wasTooLong) throw changed(file, 'is shorter than what was imported');
    if (heldBytes > 0) end(NOTHING, false);
    await this.#send();
    await Promise.all(this.#inFlight);
    this.report.write([], this.line);
    if (this.report.isAhead) await this.#send(); // so that the store need not keep what the report has
    await Promise.all(this.#inFlight);
  }

  /** The last line that is done may have gone on since. */
  #reopen(length: number): void {
    this.at -= length;
    this.line--;
    this.#doneBytes = length;
  }

  /** Takes a line, its end included, of that length. Answers whether the step is full. */
  #take(bytes: Buffer, length: number, isText: boolean): boolean {
    const isFirst = this.at === 0;
    this.#last = length > MAX_LINE_BYTES ? NOTHING : bytes; // what was not held cannot be compared
    this.#lastLineAt = this.at + length - this.#last.length;
    this.at += length;
    this.line++;
    const isDone = this.#doneBytes > 0 && bytes.toString('latin1', this.#doneBytes).trim() === '';
    this.#doneBytes = 0;
    if (isDone) return false;
    const draft = orRefusal(() => this.#draft(bytes, length, isText, isFirst));
    if (draft instanceof Refusal) {
      const { reason, message, faults, context } = draft;
      this.#refusals.push({ line: this.line, refusal: { reason, message, faults, context } });
    } else if (draft) {
      // Makes its text one: each collection until the step goes would copy the parts that it was put together from.
      draft.body.charCodeAt(0);
      this.#drafts.push(draft);
      this.#lines.push(this.line);
    }
    return (
      this.#drafts.length + this.#refusals.length >= MAX_STEP_LINES || this.at - this.#from >= MAX_STEP_BYTES
    );
  }

  #draft(bytes: Buffer, length: number, isText: boolean, isFirst: boolean): EventDraft | undefined {
    if (length > MAX_LINE_BYTES)
      throw invalid('line', [
        { message: `the line is ${length} bytes; at most ${MAX_EVENT_BYTES} (1 MB) are taken` },
      ]);
    if (!isText && !isUtf8(bytes))
      throw invalid('line', [{ message: 'The line is not UTF-8 text: write JSON in UTF-8' }]);
    let end = bytes.length;
    if (bytes[end - 1] === NEWLINE) end--;
    if (bytes[end - 1] === RETURN) end--;
    const written = bytes.toString('utf8', 0, end);
    const text = isFirst && written.startsWith('\ufeff') ? written.slice(1) : written;
    let sent: unknown;
    try {
      sent = JSON.parse(text);
    } catch (error) {
      if (text.trim() === '') return undefined;
      throw invalid('line', [
        { message: `Invalid JSON: ${(error as Error).message}; a line is one whole event` },
      ]);
    }
    return this.store.checked(sent, text, undefined, { portal: this.#portal, appId: this.key.appId });
  }

  /** Hands the step to the store when there is room for it. */
  async #send(): Promise<void> {
    if (this.at === this.#from && !this.report.isAhead) return;
    if (this.#last) this.#lastLine = digest(this.#last);
    this.#last = undefined;
    const [drafts, lines, refusals] = [this.#drafts, this.#lines, this.#refusals];
    const { at, line } = this;
    const position = { from: this.#from, at, line, lastLineAt: this.#lastLineAt, lastLine: this.#lastLine };
    this.#drafts = [];
    this.#lines = [];
    this.#refusals = [];
    this.#from = at;
    while (this.#inFlight.length >= MAX_IN_FLIGHT) await this.#inFlight.shift();
    const { reported } = this.report;
    const events = drafts.length; // they themselves are let go
    const step = this.store
      .importStep(drafts, { ...this.key, ...position, lines, refusals, reported })
      .then((refused) => {
        this.stored += events - refused.length;
        this.refused += refused.length + refusals.length;
        this.report.write(
          [...refusals, ...refused].sort((a, b) => a.line - b.line),
          line,
        );
      });
    step.catch(() => undefined); // whoever waits for it hears of it
    this.#inFlight.push(step);
  }
}

/**
 * The refused lines as a file: a line of JSON each. It is made when there is something to tell, and left alone until a
 * step is kept: where another process imports the file, it is that one's.
 */
class Report {
  #file: number | undefined;
  /** What is not in the file, as the store knows it. */
  #unreported: readonly ImportRefusal[];
  /** What an earlier import has told there holds no more; a file that somebody named stays until there is something to tell. */
  #isStale: boolean;
  reported: { bytes: number; line: number };
  /** The store does not know yet what the report has. */
  isAhead = false;

  constructor(
    private readonly path: string,
    isOurs: boolean,
    standing: ImportStanding | undefined,
  ) {
    const { reportBytes = 0, unreported = [] } = standing ?? {};
    this.reported = { bytes: reportBytes, line: 0 };
    this.#unreported = unreported;
    this.#isStale = isOurs && reportBytes === 0;
  }

  write(more: readonly ImportRefusal[], line: number): void {
    if (this.#isStale) rmSync(this.path, { force: true });
    this.#isStale = false;
    const refusals = [...this.#unreported, ...more];
    this.#unreported = [];
    if (refusals.length > 0) {
      const text = refusals.map(({ line, refusal: { message, faults, context } }) => {
        const more = Object.keys(context).length > 0 ? { context } : {};
        return `${JSON.stringify({ line, message, errors: faults.length > 0 ? faults : [{ message }], ...more })}\n`;
      });
      const bytes = Buffer.from(text.join(''));
      this.#file ??= this.#open(bytes);
      for (let done = 0; done < bytes.length; )
        done += writeSync(this.#file, bytes, done, bytes.length - done, this.reported.bytes + done);
      fdatasyncSync(this.#file);
      this.isAhead = true;
      this.reported = { bytes: this.reported.bytes + bytes.length, line };
    } else this.reported = { ...this.reported, line };
  }

  /** For `bytes`, some of which may be there: then the store had not been told. Anything else there is another's. */
  #open(bytes: Buffer): number {
    try {
      const file = openSync(this.path, constants.O_RDWR | constants.O_CREAT);
      const { size } = fstatSync(file);
      this.reported.bytes = Math.min(this.reported.bytes, size);
      const there = Buffer.alloc(Math.min(size - this.reported.bytes, bytes.length + 1));
      readSync(file, there, 0, there.length, this.reported.bytes);
      if (there.equals(bytes.subarray(0, there.length))) return file;
      closeSync(file);
      throw new Error(`${this.path} tells of something else`);
    } catch (error) {
      throw new Error(
        `${(error as Error).message}: name a --report of its own, that can be written; without --again, it goes on where it stood.`,
      );
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
  }
}

interface Input {
  head: Buffer;
  /** Undefined: it cannot be known before its end. */
  size: number | undefined;
  from(at: number): AsyncIterable<Buffer>;
}

async function openInput(file: string): Promise<Input> {
  if (file === '-') return streamInput(process.stdin);
  const stat = statSync(file, { throwIfNoEntry: false });
  if (!stat) throw new Error(`There is no file ${file}: name one, or - for stdin.`);
  if (stat.isDirectory()) throw new Error(`${file} is a folder: name a file, or - for stdin.`);
  if (!stat.isFile()) return streamInput(createReadStream(file, { highWaterMark: READ_BYTES }));
  const head = Buffer.alloc(HEAD_BYTES);
  const fd = openSync(file, 'r'); // this one, whatever takes its name meanwhile
  const length = readSync(fd, head, 0, HEAD_BYTES, 0);
  return {
    head: head.subarray(0, length),
    size: fstatSync(fd).size,
    from: (start) => createReadStream(file, { fd, start, highWaterMark: READ_BYTES }),
  };
}

async function streamInput(stream: AsyncIterable<Buffer>): Promise<Input> {
  const chunks = stream[Symbol.asyncIterator]();
  const next = async () => (await chunks.next()).value as Buffer | undefined;
  const first: Buffer[] = [];
  for (let bytes = 0; bytes < HEAD_BYTES; ) {
    const chunk = await next();
    if (!chunk) break;
    first.push(chunk);
    bytes += chunk.length;
  }
  return {
    head: Buffer.concat(first).subarray(0, HEAD_BYTES),
    size: undefined,
    async *from(at) {
      let skip = at;
      for (let chunk = first.shift(); chunk; chunk = first.shift() ?? (await next())) {
        if (skip < chunk.length) yield chunk.subarray(skip);
        skip = Math.max(0, skip - chunk.length);
      }
    },
  };
}

function changed(file: string, how: string): Error {
  return new Error(
    `${file} begins as a file that was imported, but ${how}: import it with --again, which takes it from its first line.`,
  );
}

function digest(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

/** Tells on stderr how far it is: one line that changes on a terminal, a line now and then elsewhere. */
function progress(run: Run, size: number | undefined): NodeJS.Timeout {
  const isTerminal = process.stderr.isTTY;
  let then = { at: run.at, line: run.line, time: performance.now() };
  let rate = 0;
  let byteRate = 0;
  const tell = () => {
    const now = { at: run.at, line: run.line, time: performance.now() };
    const seconds = (now.time - then.time) / 1_000;
    const weight = byteRate === 0 ? 1 : 0.2;
    rate += weight * ((now.line - then.line) / seconds - rate);
    byteRate += weight * ((now.at - then.at) / seconds - byteRate);
    then = now;
    const left = size === undefined || byteRate <= 0 ? '' : `, ${duration((size - now.at) / byteRate)} left`;
    const share = size ? ` (${Math.floor((100 * now.at) / size)} %)` : '';
    const text = `${now.line} lines${share}, ${Math.round(rate)}/s${left}, ${run.refused} refused`;
    process.stderr.write(isTerminal ? `\r\x1b[K${text}` : `${text}\n`);
  };
  return setInterval(tell, isTerminal ? TELL_TERMINAL_MS : TELL_MS).unref();
}

function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  const [hours, minutes] = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${whole % 60} s` : `${whole} s`;
}
