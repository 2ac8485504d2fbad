// The load generator, a process of its own: takes a load as a message, answers with what came of it.
// Autocannon keeps the connections; the requests are made ahead as one buffer, in which only what differs from one to
// the next is written anew. That costs it the same for every case, and a third less than its own requests would.
// What is answered in the first `ramp` seconds, while connections are made, does not count.
// Marks in path and body: <number> (seven digits, within `numbers`), <uuid> (a random one), <id> (one of `ids`).
import { randomUUID } from 'node:crypto';
import autocannon from 'autocannon';

const WIDTH = { number: 7, uuid: 36, id: 36 };
const MARK = /<(number|uuid|id)>/;
/** Also how long a load may go on after its end. */
const SAMPLE_MS = 100;

process.on('message', async (load) => {
  try {
    process.send({ result: await run(load) });
  } catch (error) {
    process.send({ error: error.message });
  }
});

async function run(load) {
  const { url, connections, seconds, amount, ramp = 0 } = load;
  const next = requestsOf(load);
  let [answered, refused, statuses, retryAfter] = [[], [], {}, 0];
  let cpu = process.cpuUsage();
  let begin = performance.now();
  const startOver = () => {
    [answered, refused, statuses, retryAfter] = [[], [], {}, 0];
    cpu = process.cpuUsage();
    begin = performance.now();
  };
  if (ramp > 0) setTimeout(startOver, ramp * 1000);
  const { errors } = await autocannon({
    ...{ url, connections, sampleInt: SAMPLE_MS, timeout: 30 },
    ...(amount ? { amount } : { duration: ramp + seconds }),
    setupClient(client) {
      client.getRequestBuffer = next;
      client.on('headers', ({ statusCode, headers }) => {
        if (statusCode >= 300 && headers.some((name) => /^retry-after$/i.test(name))) retryAfter++;
      });
      client.on('response', (status, _bytes, ms) => {
        statuses[status] = (statuses[status] ?? 0) + 1;
        if (status < 300) answered.push(ms);
        else if (status === 429 || status === 503) refused.push(ms);
      });
    },
  });
  const ms = performance.now() - begin;
  const { user, system } = process.cpuUsage(cpu);
  answered.sort((a, b) => a - b);
  refused.sort((a, b) => a - b);
  return {
    answered: answered.length,
    rate: (answered.length / ms) * 1000,
    p50: quantile(answered, 0.5),
    p99: quantile(answered, 0.99),
    refused: refused.length,
    refusedP99: quantile(refused, 0.99),
    ...{ statuses, retryAfter, errors },
    generatorMs: (user + system) / 1000,
  };
}

function quantile(sorted, q) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;
}

/** What answers with the bytes of one request after another. */
function requestsOf({ url, method, path, headers = {}, body = '', numbers, ids }) {
  const length = Buffer.byteLength(
    body.replaceAll(new RegExp(MARK, 'g'), (_, kind) => '0'.repeat(WIDTH[kind])),
  );
  const lines = Object.entries({ host: new URL(url).host, connection: 'keep-alive', ...headers });
  if (body !== '') lines.push(['content-length', length]);
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const parts = `${method} ${path} HTTP/1.1\r\n${head}\r\n${body}`.split(MARK);
  const holes = [];
  let text = '';
  for (const [index, part] of parts.entries()) {
    if (index % 2 === 1) holes.push({ at: Buffer.byteLength(text), kind: part });
    text += index % 2 === 1 ? '0'.repeat(WIDTH[part]) : part;
  }
  const made = Buffer.from(text);
  const fill = {
    number: () => String(numbers.from + Math.floor(Math.random() * numbers.count)),
    uuid: () => randomUUID(),
    id: () => ids[Math.floor(Math.random() * ids.length)],
  };
  return () => {
    const request = Buffer.from(made);
    for (const { at, kind } of holes) request.latin1Write(fill[kind](), at);
    return request;
  };
}
