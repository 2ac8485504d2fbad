// Every setting of the server: flag, environment variable, default and meaning, in one place.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { isTimeZone } from './access/rules.js';
import type { Quota, RateLimit } from './wire/rate_limit.js';

export interface Settings {
  data: string;
  memory?: boolean;
  host: string;
  port: number;
  timeZone: string;
  /** Without a trailing slash. */
  publicUrl?: string;
  trustProxy?: string[];
  rateLimit?: RateLimit;
  json?: boolean;
}

/** `--data`, as every command has it. */
export function dataOption(): Option {
  return new Option('--data <dir>', 'the folder that holds everything')
    .env('THROUGHLINE_DATA')
    .default('./data');
}

export function jsonOption(): Option {
  return flag('--json', 'print one line of JSON on stdout', 'THROUGHLINE_JSON');
}

/** An option that is on or off. Its variable means off when it is empty, 0, false, no or off. */
export function flag(name: string, description: string, variable: string): Option {
  if (/^(?:0|false|no|off)?$/i.test(process.env[variable] ?? '')) delete process.env[variable];
  return new Option(name, description).env(variable);
}

/** A variable that is set to nothing counts as not set. */
for (const [name, value] of Object.entries(process.env))
  if (name.startsWith('THROUGHLINE_') && value === '') delete process.env[name];

/** The settings that `dev` and `serve` share. */
export function withServerOptions(command: Command): Command {
  return command
    .addOption(dataOption())
    .addOption(
      flag(
        '--memory',
        'keep everything in a temporary folder, in memory where there is one',
        'THROUGHLINE_MEMORY',
      ),
    )
    .addOption(
      new Option('--host <address>', 'the address to listen on')
        .env('THROUGHLINE_HOST')
        .default('127.0.0.1')
        .argParser(parseHost),
    )
    .addOption(
      new Option('--port <number>', 'the port to listen on; 0 takes a free one')
        .env('THROUGHLINE_PORT')
        .default(8420)
        .argParser(parsePort),
    )
    .addOption(
      new Option('--time-zone <zone>', 'IANA zone in which templates print dates')
        .env('THROUGHLINE_TIME_ZONE')
        .default('UTC')
        .argParser(parseTimeZone),
    )
    .addOption(
      new Option(
        '--public-url <url>',
        'where people and apps reach the server, when a proxy stands before it',
      )
        .env('THROUGHLINE_PUBLIC_URL')
        .argParser(parsePublicUrl),
    )
    .addOption(
      new Option(
        '--trust-proxy <address...>',
        'proxies whose X-Forwarded headers are believed: addresses, or networks such as 10.0.0.0/8',
      )
        .env('THROUGHLINE_TRUST_PROXY')
        .argParser(parseProxies),
    )
    .addOption(
      new Option(
        '--rate-limit <limit>',
        "calls an app may make in a portal: 'hubspot' (110/10s,search=5/1s), or such numbers; absent: no limit",
      )
        .env('THROUGHLINE_RATE_LIMIT')
        .argParser(parseRateLimit),
    )
    .addOption(jsonOption());
}

/** The folder to use, and what to do when the process ends. */
export function dataFolder({ data, memory }: Pick<Settings, 'data' | 'memory'>): {
  folder: string;
  discard(): void;
} {
  if (!memory) return { folder: data, discard: () => undefined };
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'throughline-'));
  return { folder, discard: () => rmSync(folder, { recursive: true, force: true }) };
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|::1|\[::1\])$/i;

/** Whether a host, as it is or as a URL has it, is this machine. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

/** Without the brackets that an IPv6 address has in a URL. Node would take an empty one for every address there is. */
function parseHost(text: string): string {
  const host = text.trim().replace(/^\[(.*)\]$/, '$1');
  if (host === '') throw new InvalidArgumentError('Give an address such as 127.0.0.1, or 0.0.0.0 for all.');
  return host;
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError('Give a number from 0 to 65535.');
  return port;
}

export function parseTimeZone(text: string): string {
  if (!isTimeZone(text)) throw new InvalidArgumentError('Give an IANA time zone such as Europe/Berlin.');
  return text;
}

/** The pages' links begin with a slash: a path before them is not for us to have. */
function parsePublicUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.href !== `${url.origin}/`)
    throw new InvalidArgumentError(
      'Give an http or https address without a path or a query, such as https://timeline.example.com.',
    );
  return url.origin;
}

/** Several stand beside each other, or in a variable separated by commas or spaces. */
function parseProxies(text: string, before: string[] = []): string[] {
  const proxies = text.split(/[\s,]+/).filter((proxy) => proxy !== '');
  for (const proxy of proxies) {
    const [address = '', bits, ...more] = proxy.split('/');
    const width = isIP(address) === 6 ? 128 : 32;
    const fits = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= width);
    if (isIP(address) === 0 || !fits || more.length > 0)
      throw new InvalidArgumentError(
        `'${proxy}' is not an address or a network: give such as 127.0.0.1 or 10.0.0.0/8.`,
      );
  }
  return [...before, ...proxies];
}

const HUBSPOT: RateLimit = { calls: { points: 110, seconds: 10 }, searches: { points: 5, seconds: 1 } };
const MAX_POINTS = 1_000_000;
const MAX_SECONDS = 86_400;

function parseRateLimit(text: string): RateLimit {
  if (text === 'hubspot') return HUBSPOT;
  const [calls = '', search, ...more] = text.split(',').map((part) => part.trim());
  const ofSearch = search === undefined ? HUBSPOT.searches : quota(/^search=(.*)$/.exec(search)?.[1] ?? '');
  const ofCalls = quota(calls);
  if (!ofCalls || !ofSearch || more.length > 0)
    throw new InvalidArgumentError(
      "Give 'hubspot', calls and seconds such as 200/10s, or searches too: 200/10s,search=10/1s.",
    );
  return { calls: ofCalls, searches: ofSearch };
}

function quota(text: string): Quota | undefined {
  const [, points, seconds] = /^(\d{1,7})\/(\d{1,5})s$/.exec(text) ?? [];
  const made = { points: Number(points), seconds: Number(seconds) };
  const fits =
    made.points >= 1 && made.points <= MAX_POINTS && made.seconds >= 1 && made.seconds <= MAX_SECONDS;
  return fits ? made : undefined;
}
