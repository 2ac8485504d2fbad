// A mock beside us: Prism serves HubSpot's own contract and stores nothing. It is fetched into npm's own cache when
// the benchmark runs; it is no dependency of the project.
import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, runToEnd } from '../processes.mjs';

export const PRISM_VERSION = '5.14.2';
const FETCH_MS = 180_000;
const START_MS = 30_000;
const HUBSPOT = new URL('../../test/openapi/hubspot-v3.json', import.meta.url);

/** Starts it on a document (HubSpot's facts where none is given), or says why it is `missing`. */
export async function startPrism(folder, document) {
  const found = await runToEnd(
    'npm',
    ['exec', '--yes', `--package=@stoplight/prism-cli@${PRISM_VERSION}`, '--call', 'command -v prism'],
    { cwd: folder, timeout: FETCH_MS },
  );
  const path = found.stdout.trim().split('\n').at(-1);
  if (found.code !== 0 || !path)
    return { missing: `could not be fetched: ${found.stderr.trim().split('\n').at(-1) || found.code}` };
  const port = 20_000 + Math.floor(Math.random() * 12_000);
  // HubSpot's file has `null` as its examples, which Prism would answer.
  const flags = ['--port', String(port), '--ignoreExamples', '--verboseLevel', 'error'];
  const { child, ended } = run(
    process.execPath,
    [realpathSync(path), 'mock', document ?? written(folder), ...flags],
    'ignore',
  );
  let over = false;
  ended.then(() => {
    over = true;
  });
  const url = `http://127.0.0.1:${port}`;
  for (const begin = performance.now(); !over && performance.now() - begin < START_MS; ) {
    if (await fetch(url).catch(() => undefined)) return { baseUrl: url, pid: child.pid };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  child.kill('SIGKILL');
  return { missing: 'did not start' };
}

/** HubSpot's file as OpenAPI, of the facts that the tests hold: its path for an event, and its models. */
function written(folder) {
  const { models } = JSON.parse(readFileSync(HUBSPOT, 'utf8'));
  const schemas = Object.fromEntries(
    Object.entries(models).map(([name, fields]) => [name, schemaOf(fields)]),
  );
  const json = (model) => ({ content: { 'application/json': { schema: reference(model) } } });
  const document = {
    openapi: '3.0.1',
    info: { title: 'Timeline', version: 'v3' },
    paths: {
      '/integrators/timeline/v3/events': {
        post: {
          requestBody: { required: true, ...json('TimelineEvent') },
          responses: { 201: { description: 'successful operation', ...json('TimelineEventResponse') } },
          security: [{ oauth2: ['timeline'] }],
        },
      },
    },
    components: {
      schemas,
      securitySchemes: {
        oauth2: {
          type: 'oauth2',
          flows: {
            authorizationCode: {
              authorizationUrl: 'https://app.hubspot.com/oauth/authorize',
              tokenUrl: 'https://api.hubapi.com/oauth/v1/token',
              scopes: { timeline: '' },
            },
          },
        },
      },
    },
  };
  const path = join(folder, 'hubspot.json');
  writeFileSync(path, JSON.stringify(document));
  return path;
}

function schemaOf(fields) {
  return {
    type: 'object',
    required: Object.keys(fields).flatMap((name) => (name.endsWith('!') ? [name.slice(0, -1)] : [])),
    properties: Object.fromEntries(
      Object.entries(fields).map(([name, type]) => [name.replace('!', ''), typeOf(type)]),
    ),
  };
}

/** The facts' types: `string`, `string date-time`, `enum A B`, `map of T`, `T[]`, a model's name. */
function typeOf(type) {
  if (type.endsWith('[]') && !type.startsWith('map of '))
    return { type: 'array', items: typeOf(type.slice(0, -2)) };
  if (type.startsWith('map of ')) return { type: 'object', additionalProperties: typeOf(type.slice(7)) };
  const [name, ...more] = type.split(' ');
  if (name === 'enum') return { type: 'string', enum: more };
  if (/^[A-Z]/.test(name)) return reference(name);
  return { type: name, ...(more.length > 0 ? { format: more[0] } : {}) };
}

function reference(model) {
  return { $ref: `#/components/schemas/${model}` };
}
