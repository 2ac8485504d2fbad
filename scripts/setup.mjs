// Makes a checkout ready to run: installs what the lockfile names when it changed, compiles when a source changed.
// Needs nothing but Node and npm; everything it prints goes to stderr, so that stdout stays the command's own.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const COMPILER = 'node_modules/typescript/bin/tsc';
const OLDEST_NODE = [20, 19];

/** Installs and builds whatever is missing or stale. Exits with a sentence when it cannot. */
export function setup() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]))
    fail(`Throughline needs Node ${OLDEST_NODE.join('.')} or newer; this is ${process.versions.node}.`);
  if (changed('package-lock.json') > changed('node_modules/.package-lock.json')) {
    say('Installing packages (a minute or two the first time: the SQLite driver may be compiled) …');
    run('npm', ['ci', '--include=dev']); // a production environment would leave out the compiler
  }
  if (
    newest(['src', 'tsconfig.json', 'package.json', 'node_modules/.package-lock.json']) >
    changed('dist/.built')
  ) {
    say('Building …');
    build();
  }
}

/** As root on Debian a program is one package away; elsewhere this does nothing. */
export function installPackage(name, what) {
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return;
  say(`Installing ${name} ${what} …`);
  const apt = (...args) =>
    spawnSync('apt-get', args, {
      stdio: ['ignore', 2, 2],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  apt('update');
  apt('install', '-y', '--no-install-recommends', name);
}

/** Compiles src/ into dist/, with the files that the compiler does not copy. */
export function build() {
  if (changed(COMPILER) === 0)
    fail('The packages are not installed: run npm ci first, or npm start, which does all of it.');
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  run(process.execPath, [COMPILER, '-p', 'tsconfig.json']);
  for (const folder of ['store/sqlite/migrations', 'ui/assets'])
    cpSync(join(root, 'src', folder), join(root, 'dist', folder), { recursive: true });
  writeFileSync(join(root, 'dist/.built'), '');
}

/** Runs a command in the checkout, its output on stderr; a failure ends the set-up. */
function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) fail(`${command} ${args.join(' ')} failed${error ? `: ${error.message}` : ''}.`);
}

/** When a file last changed, in ms; 0 where there is none. */
function changed(path) {
  return statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function newest(paths) {
  let latest = 0;
  for (const path of paths) {
    latest = Math.max(latest, changed(path));
    if (statSync(join(root, path)).isDirectory())
      latest = Math.max(latest, newest(readdirSync(join(root, path)).map((name) => join(path, name))));
  }
  return latest;
}

function say(line) {
  process.stderr.write(`${line}\n`);
}

function fail(line) {
  say(line);
  process.exit(1);
}
