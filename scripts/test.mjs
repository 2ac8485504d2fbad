// `npm test`: sets the checkout up, makes sure of a browser, runs every test. With --long the tests that are random
// run far more often. Other arguments go to vitest.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { installPackage, root, setup } from './setup.mjs';

const BROWSERS = [
  process.env.CHROME_PATH,
  '/usr/bin/chromium',
  '/usr/bin/google-chrome',
  '/usr/bin/chromium-browser',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

const long = process.argv.includes('--long');
const args = process.argv.slice(2).filter((each) => each !== '--long');

setup();
if (!findBrowser()) installPackage('chromium', 'for the browser tests');
const browser = findBrowser();
if (!browser) {
  process.stderr.write('The browser tests need Chrome or Chromium: install one, or set CHROME_PATH to it.\n');
  process.exit(1);
}
const { status } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...args], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, CHROME_PATH: browser, ...(long ? { TEST_LONG: '1', MODEL_RUNS: '3000' } : {}) },
});
process.exit(status ?? 1);

function findBrowser() {
  return BROWSERS.find((path) => path && existsSync(path));
}
