// `throughline user …`: who may sign in to a server that may be running; passwords come by stdin and stay nowhere.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, cliJson, folder, inFolder, startCli } from '../cli.js';

const PASSWORD = 'correct horse battery';

inFolder();

const user = (args: string[], input = `${PASSWORD}\n`) => cli(['user', ...args, '--data', folder], { input });
const json = (args: string[], input = `${PASSWORD}\n`) =>
  cliJson(['user', ...args, '--data', folder], { input });

/** Signs in as a browser would; the status of the answer. */
async function signIn(baseUrl: string, email: string, password: string): Promise<number> {
  const shown = await fetch(`${baseUrl}/sign-in`);
  const key = /name="key" value="([^"]+)"/.exec(await shown.text())?.[1] as string;
  const cookie = (shown.headers.get('set-cookie') as string).split(';')[0] as string;
  const answer = await fetch(`${baseUrl}/sign-in`, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie },
    body: new URLSearchParams({ key, email, password }),
  });
  return answer.status;
}

test('who is made signs in at once, with a new password by that alone, and removed no more', async () => {
  const { baseUrl } = await startCli(['serve', '--data', folder, '--port', '0', '--json']);
  const email = 'ada@example.com';
  expect(await signIn(baseUrl, email, PASSWORD)).toBe(401);
  const made = await json(['create', '--email', email]);
  expect(made).toEqual({ userId: expect.stringMatching(/^\d+$/), email });
  expect((await json(['list'])).users).toEqual([{ ...made, createdAt: expect.stringMatching(/Z$/) }]);
  expect(await signIn(baseUrl, email, PASSWORD)).toBe(303);

  const changed = await json(['password', '--email', email.toUpperCase()], 'another one altogether');
  expect(changed.userId).toBe(made.userId);
  expect(await signIn(baseUrl, email, PASSWORD)).toBe(401);
  expect(await signIn(baseUrl, email, 'another one altogether')).toBe(303);
  await json(['remove', '--email', email]);
  expect(await signIn(baseUrl, email, 'another one altogether')).toBe(401);
  expect((await json(['list'])).users).toEqual([]);
});

test('what will not do is told in a sentence, and makes nobody', async () => {
  await json(['create', '--email', 'ada@example.com']);
  const refused: [string[], string, RegExp][] = [
    [
      ['create', '--email', 'ADA@example.com'],
      PASSWORD,
      /There is a user ADA@example\.com already; 'throughline user password'/,
    ],
    [['create', '--email', 'nobody'], PASSWORD, /'nobody' is not an e-mail/],
    [
      ['create', '--email', 'b@example.com'],
      'short',
      /The password will not do: it has 5 characters; choose one of 12 or more/,
    ],
    [['create', '--email', 'b@example.com'], '', /it has 0 characters/],
    [['create', '--email', 'b@example.com'], 'x'.repeat(501), /at most 500/],
    [['create'], PASSWORD, /--email/],
    [['create', '--email', 'b@example.com', '--password', PASSWORD], '', /unknown option '--password'/],
    [
      ['password', '--email', 'b@example.com'],
      PASSWORD,
      /There is no user b@example\.com; 'throughline user list' shows them/,
    ],
    [['remove', '--email', 'b@example.com'], '', /There is no user/],
  ];
  for (const [args, input, sentence] of refused) {
    const { code, stdout, stderr } = await user(args, input);
    expect({ code, stdout }, args.join(' ')).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toMatch(/^\s+at /m);
    if (input !== '') expect(stderr).not.toContain(input);
  }
  expect((await json(['list'])).users).toHaveLength(1);
});

test('the password is in no file of the folder and in nothing that is printed', async () => {
  const { stdout, stderr } = await user(['create', '--email', 'ada@example.com']);
  const bytes = Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name))));
  expect(bytes.includes('ada@example.com')).toBe(true);
  for (const text of [bytes, stdout, stderr]) expect(text.includes(PASSWORD)).toBe(false);
});
