// The load generator: wrk, which takes half of the time that one in Node takes of the cores it shares with what is
// measured. It keeps the connections; load.lua makes each request of one text, in which only the marks are written anew.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runToEnd } from './processes.mjs';

const SCRIPT = fileURLToPath(new URL('load.lua', import.meta.url));
const WIDTH = { number: 7, uuid: 36, id: 36 };

/**
 * Sends for whole `seconds`, after `ramp` more whose answers do not count, and answers what came of it: `answered`, a
 * second (`rate`), in ms (`p50`, `p99`); `failed` by their status, of these `refused` (429 or 503; counted where there is
 * a ramp) and `told` when to come again; `errors` of connections; the generator's own `cpuMs`.
 */
export async function send({ url, connections, seconds, ramp = 0, numbers, ids, ...request }) {
  const folder = mkdtempSync(join(tmpdir(), 'throughline-load-'));
  try {
    const [file, idFile] = ['request', 'ids'].map((name) => join(folder, name));
    writeFileSync(file, textOf(url, request));
    writeFileSync(idFile, ids.map((id) => `${id}\n`).join(''));
    const args = [
      '-t1',
      `-c${connections}`,
      `-d${ramp + seconds}s`,
      '--timeout',
      '30s',
      '-s',
      SCRIPT,
      url,
      '--',
    ];
    const seed = Math.floor(Math.random() * 2 ** 31);
    args.push(file, numbers.from, numbers.count, seed, ramp, idFile, connections);
    const { code, stdout, stderr } = await runToEnd('wrk', args.map(String));
    if (code !== 0) throw new Error(`wrk ended with ${code}: ${stderr}${stdout}`);
    const result = JSON.parse(stdout.trim().split('\n').at(-1));
    return { ...result, rate: result.answered / (result.seconds - ramp) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * A request as it goes over the wire, with its marks.
 * @param {string} url
 * @param {any} request
 */
function textOf(url, { method, path, headers = {}, body = '' }) {
  const length = Buffer.byteLength(body.replace(/<(number|uuid|id)>/g, (_, mark) => '0'.repeat(WIDTH[mark])));
  const lines = { host: new URL(url).host, ...headers, ...(body === '' ? {} : { 'content-length': length }) };
  const head = Object.entries(lines).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${head.join('')}\r\n${body}`;
}
