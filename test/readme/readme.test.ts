// The README's own lines, run as a reader would run them.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDev, TEMPLATE, type TestServer } from '../harness.js';

let server: TestServer;
beforeAll(async () => {
  server = await startDev();
});
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
