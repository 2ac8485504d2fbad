// The README's own lines, run as a reader would run them.
import { execFile } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { APP, DEMO_TOKEN, startDev, TEMPLATE } from '../harness.js';
import { newFolder } from '../store/folders.js';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const server = await startDev();
afterAll(() => server.close());

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

/** The first code block of a language that has the text in it, for this test's server. */
function block(language: string, text: string): string {
  const blocks = [...readme.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\n\`\`\``, 'g'))].map(
    ([, code]) => code ?? '',
  );
  const found = blocks.find((code) => code.includes(text));
  if (!found) throw new Error(`the README has no ${language} block with ${text}`);
  return found.replaceAll('http://127.0.0.1:8420', server.baseUrl);
}

test("the README's curl stores the event, word for word as it stands there", async () => {
  const answer = await run('sh', ['-c', block('sh', 'curl')]);
  const event = JSON.parse(answer);
  expect(event.tokens).toEqual({ petName: 'Art3mis', petAge: '3', petColor: 'black' });
  const read = await server.call('GET', `/integrators/timeline/v3/events/${TEMPLATE}/${event.id}`);
  expect(read.json).toEqual(event);
});

test("the README's lines for the official client store an event", async () => {
  const answer = await run(process.execPath, [
    '--input-type=module',
    '-e',
    block('js', '@hubspot/api-client'),
  ]);
  expect(answer).toContain("eventTemplateId: '1001298'");
  expect(answer).toContain("email: 'art3mis-pup@petspot.com'");
});

/** Not synchronously: the server answers from this very process. */
async function run(command: string, args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(command, args);
  return stdout;
}

test("the README's commands for serve make a portal, an app, a token, a user and a template that work", async () => {
  const folder = newFolder();
  try {
    const lines = block('sh', 'portal create')
      .split('\n')
      .filter((line) => !line.endsWith(' serve'));
    expect(lines).toHaveLength(4);
    for (const line of lines) {
      const command = line.replace(/^npx throughline/, `"${process.execPath}" "${MAIN}"`);
      await run('sh', ['-c', `echo 'correct horse battery' | ${command} --data '${folder}'`]);
    }
    const list = await run(process.execPath, [MAIN, 'token', 'list', '--json', '--data', folder]);
    expect(JSON.parse(list).tokens).toMatchObject([{ portalId: '100001', appId: '200001' }]);
    const users = await run(process.execPath, [MAIN, 'user', 'list', '--json', '--data', folder]);
    expect(users).toContain('ada@example.com');
    const template = block('sh', 'Pet adopted').replace('/200001/', `/${APP}/`);
    const made = await run('sh', ['-c', `TOKEN=${DEMO_TOKEN}\n${template}`]);
    expect(JSON.parse(made)).toMatchObject({ id: expect.stringMatching(/^\d+$/), name: 'Pet adopted' });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('every setting of the server is named in the README, and every variable there exists', async () => {
  const help = await run(process.execPath, [MAIN, 'dev', '--help']);
  const of = (text: string, what: RegExp) => new Set(text.match(what) ?? []);
  const variables = of(help, /THROUGHLINE_[A-Z_]+/g);
  expect(variables.size).toBeGreaterThan(9);
  expect([...of(readme, /THROUGHLINE_[A-Z_]+/g)].sort()).toEqual([...variables].sort());
  for (const flag of of(help, /^ +--[a-z-]+/gm))
    if (flag.trim() !== '--help') expect(readme).toContain(flag.trim());
});

test('every command that docs/administration.md tells of is there', async () => {
  const told = readFileSync(new URL('../../docs/administration.md', import.meta.url), 'utf8');
  const commands = [
    ...new Set(told.match(/(?<=`)(?:portal|app|token|admin-key) (?:[a-z]+)(?= --|`)/g) ?? []),
  ];
  expect(commands.length).toBeGreaterThan(10);
  for (const command of commands) {
    const help = await run(process.execPath, [MAIN, ...command.split(' '), '--help']);
    expect(help).toContain(`Usage: throughline ${command}`);
  }
});
