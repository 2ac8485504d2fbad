// The built command line as child processes: run to its end, or started as a server and ended by a signal.
import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach } from 'vitest';
import type { Json } from './harness.js';
import { newFolder } from './store/folders.js';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));

export interface Ended {
  code: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

export interface CliOptions {
  env?: Record<string, string>;
  cwd?: string;
  /** A shell line that has the command as "$@". */
  shell?: string;
  /** What it reads on stdin. */
  input?: string;
}

export interface RunningCli {
  pid: number;
  /** What it announced, one line of JSON. */
  announced: Json;
  baseUrl: string;
  /** What came on stdout until now. */
  stdout(): string;
  /** Sends the signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<Ended>;
}

const running = new Map<ChildProcess, Promise<Ended>>();
process.once('exit', () => void endAll());

/** Ends what a test has left running. */
export async function endAll(): Promise<void> {
  const left = [...running];
  for (const [child] of left) child.kill('SIGTERM');
  await Promise.allSettled(left.map(([, ended]) => ended));
}

/** The data folder of the test that runs. */
export let folder = '';

/** Gives each test of a file a folder of its own. After it, what it left running is ended and the folder is gone. */
export function inFolder(): void {
  beforeEach(() => {
    folder = newFolder();
  });
  afterEach(async () => {
    await endAll();
    rmSync(folder, { recursive: true, force: true });
  });
}

function start(args: readonly string[], { env, cwd, shell, input }: CliOptions) {
  const command = [process.execPath, MAIN, ...args];
  const [file, ...rest] = shell ? ['sh', '-c', shell, 'sh', ...command] : command;
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(THROUGHLINE_|VITEST|NODE_ENV)/.test(name),
  );
  const child = spawn(file as string, rest, {
    env: { ...Object.fromEntries(inherited), ...env },
    cwd,
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  child.stdin?.end(input);
  const output = { stdout: '', stderr: '' };
  const heard = { line: () => {} };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text;
    heard.line();
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      running.delete(child);
      resolve({ code, signal, ...output });
    });
  });
  running.set(child, ended);
  return { child, output, heard, ended };
}

/** Runs a command to its end. */
export function cli(args: readonly string[], options: CliOptions = {}): Promise<Ended> {
  return start(args, options).ended;
}

/** Starts a command that ends by itself, or by a signal before that. */
export function begin(args: readonly string[], options: CliOptions = {}) {
  const { child, ended } = start(args, options);
  return { ended, kill: (signal: NodeJS.Signals) => child.kill(signal) };
}

/** Runs a command that answers with one line of JSON; fails where it does not. */
export async function cliJson(args: readonly string[], options: CliOptions = {}): Promise<Json> {
  const { code, stdout, stderr } = await cli([...args, '--json'], options);
  if (code !== 0 || !/^.+\n$/.test(stdout)) throw new Error(`${args.join(' ')}: ${code} ${stdout} ${stderr}`);
  return JSON.parse(stdout);
}

/** Starts a server and waits until its output says where it is. */
export async function startCli(args: readonly string[], options: CliOptions = {}): Promise<RunningCli> {
  const { child, output, heard, ended } = start(args, options);
  const announced = await Promise.race([
    new Promise<Json>((resolve) => {
      heard.line = () => {
        if (output.stdout.startsWith('{')) {
          if (output.stdout.includes('\n')) resolve(JSON.parse(output.stdout));
          return;
        }
        const baseUrl = /http:\/\/\S+?:\d+/.exec(output.stdout)?.[0];
        if (baseUrl && output.stdout.endsWith('\n')) resolve({ baseUrl });
      };
    }),
    ended.then(({ code, stderr }) => {
      throw new Error(`${args.join(' ')} ended with ${code}: ${stderr}`);
    }),
  ]);
  return {
    pid: child.pid as number,
    announced,
    baseUrl: announced.baseUrl,
    stdout: () => output.stdout,
    end(signal) {
      child.kill(signal);
      return ended;
    },
  };
}

/** Asks again and again until the answer is there; the tests' own bound ends it. */
export async function until<T>(ask: () => Promise<T | undefined | false>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
