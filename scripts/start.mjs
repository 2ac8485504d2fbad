// `npm start`: sets the checkout up, then is `throughline dev` in this very process.
import { setup } from './setup.mjs';

const LOOK_FOR_PARENT_MS = 250;

setup();
// A signal to npm ends npm and its shell, and the shell does not pass it on: without them this process stops too.
const parent = process.ppid;
const looking = setInterval(() => {
  if (process.ppid === parent) return;
  clearInterval(looking); // asked once more, it would not let anything finish
  process.kill(process.pid, 'SIGTERM');
}, LOOK_FOR_PARENT_MS).unref();
process.argv.splice(2, 0, 'dev');
await import('../dist/main.js');
