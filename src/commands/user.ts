// `throughline user create|list|password|remove`: who may sign in to the pages. A password never stands on a command
// line, where other programs see it: it is asked for, or read from stdin.
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { hashPassword, MIN_PASSWORD_LENGTH, passwordFault } from '../access/passwords.js';
import { brief } from '../refusal.js';
import { holdsStore, type Store } from '../store/sqlite/engine.js';
import { type Common, command, fail, withFolder, withStore } from './access.js';

const MAX_EMAIL_LENGTH = 320;
const EMAIL = /^[^\s@]+@[^\s@]+$/;

export function userCommands(program: Command): void {
  const user = program.command('user').description('people who sign in to the pages');
  const ofEmail = (name: string, description: string) =>
    command(user, name, description).requiredOption('--email <email>', 'their e-mail');

  ofEmail(
    'create',
    `make a user; the password (${MIN_PASSWORD_LENGTH} characters or more) is asked for, or read from stdin`,
  ).action(async ({ email, ...options }: Common & { email: string }) => {
    if (!EMAIL.test(email) || email.length > MAX_EMAIL_LENGTH)
      fail(`'${brief(email)}' is not an e-mail; give one such as ada@example.com.`);
    // Where there is no folder, a password that will not do makes none.
    const asked = holdsStore(options.data) ? undefined : await newPassword();
    await withStore(options, async (store) => {
      if (store.userByEmail(email)) fail(taken(email));
      const hashed = await hashPassword(asked ?? (await newPassword()));
      const id = (await store.createUser(email, hashed, Date.now())) ?? fail(taken(email));
      return { userId: String(id), email };
    });
  });
  command(user, 'list', 'list the users').action((options: Common) =>
    withFolder(options, async (store) => ({
      users: store.users().map(({ id, email, createdAt }) => ({
        userId: String(id),
        email,
        createdAt: new Date(createdAt).toISOString(),
      })),
    })),
  );
  ofEmail('password', 'give a user a new password; they are signed out everywhere').action(
    ({ email, ...options }: Common & { email: string }) =>
      withFolder(options, async (store) => {
        const { id } = known(store, email);
        await store.setPassword(id, await hashPassword(await newPassword()));
        return { userId: String(id), email };
      }),
  );
  ofEmail('remove', 'remove a user, signed out at once; apps that they let in stay').action(
    ({ email, ...options }: Common & { email: string }) =>
      withFolder(options, async (store) => {
        const { id } = known(store, email);
        await store.removeUser(id);
        return { userId: String(id), email };
      }),
  );
}

function taken(email: string): string {
  return `There is a user ${email} already; 'throughline user password' gives them a new password.`;
}

function known(store: Store, email: string) {
  return store.userByEmail(email) ?? fail(`There is no user ${email}; 'throughline user list' shows them.`);
}

/** Typed without being shown, twice; or the first line of stdin, where that is no terminal. */
async function newPassword(): Promise<string> {
  const password = process.stdin.isTTY
    ? await typed('Password: ')
    : ((await text(process.stdin)).split(/\r?\n/)[0] ?? '');
  const fault = passwordFault(password);
  if (fault) fail(`The password will not do: ${fault}.`);
  if (process.stdin.isTTY && (await typed('The same again: ')) !== password)
    fail('The two are not the same; try again.');
  return password;
}

function typed(question: string): Promise<string> {
  const { stdin, stderr } = process;
  stdin.setRawMode(true).setEncoding('utf8').resume(); // before anybody is asked: what is typed at once is not shown
  stderr.write(question);
  return new Promise((resolve) => {
    let line = '';
    const hear = (keys: string) => {
      for (const key of keys) {
        if (key === '\r' || key === '\n') {
          stdin.off('data', hear).setRawMode(false).pause();
          stderr.write('\n');
          return resolve(line);
        }
        if (key === '\u0003') {
          stdin.setRawMode(false);
          stderr.write('\n');
          process.exit(130);
        }
        line = key === '\u007f' || key === '\b' ? line.slice(0, -1) : line + key;
      }
    };
    stdin.on('data', hear);
  });
}
