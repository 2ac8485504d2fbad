// Every setting of the server: flag, environment variable, default and meaning, in one place.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';

export interface Settings {
  data: string;
  memory?: boolean;
  host: string;
  port: number;
  timeZone: string;
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

/** An option that is on or off. Its variable means off when it is empty, 0 or false. */
export function flag(name: string, description: string, variable: string): Option {
  if (/^(?:0|false)?$/i.test(process.env[variable] ?? '')) delete process.env[variable];
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
      new Option('--host <address>', 'the address to listen on').env('THROUGHLINE_HOST').default('127.0.0.1'),
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

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/i;

export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError('Give a number from 0 to 65535.');
  return port;
}

export function parseTimeZone(text: string): string {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: text });
    return text;
  } catch {
    throw new InvalidArgumentError('Give an IANA time zone such as Europe/Berlin.');
  }
}
