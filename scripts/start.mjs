// `npm start`: sets the checkout up, then is `throughline dev` in this very process, so that signals reach it.
import { setup } from './setup.mjs';

setup();
process.argv.splice(2, 0, 'dev');
await import('../dist/main.js');
