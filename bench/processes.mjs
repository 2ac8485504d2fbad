// The processes of a benchmark: servers, controls, commands. All of them end with it, however it ends.
import { spawn } from 'node:child_process';

const running = new Set();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));

/** Starts a program of Node that announces itself with a line of JSON on stdout. */
export function startNode(args) {
  const begin = performance.now();
  const { child, ended } = run(process.execPath, args, ['ignore', 'pipe', 'inherit']);
  return new Promise((resolve, reject) => {
    ended.then((code) => reject(new Error(`${args.join(' ')} ended with ${code}`)));
    child.stdout.once('data', (line) =>
      resolve({
        ...JSON.parse(line),
        pid: child.pid,
        startedMs: performance.now() - begin,
        stop(signal = 'SIGTERM') {
          child.kill(signal);
          return ended;
        },
      }),
    );
  });
}

/** Runs a command to its end. Answers its exit code, its stdout, and how long it took. */
export async function runToEnd(command, args, options = {}) {
  const begin = performance.now();
  const { child, ended } = run(command, args, ['ignore', 'pipe', 'pipe'], options);
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'])
    child[stream].setEncoding('utf8').on('data', (text) => {
      said[stream] = (said[stream] + text).slice(-100_000);
    });
  const code = await ended;
  return { code, ...said, ms: performance.now() - begin };
}

/** Starts a command; `ended` resolves with its exit code, or what ended it. */
export function run(command, args, stdio, options = {}) {
  return track(spawn(command, args, { stdio, ...options }));
}

function track(child) {
  running.add(child);
  const ended = new Promise((resolve) => {
    const gone = (code) => {
      running.delete(child);
      resolve(code);
    };
    child.once('close', (code, signal) => gone(code ?? signal));
    child.once('error', (error) => gone(error.message));
  });
  return { child, ended };
}
