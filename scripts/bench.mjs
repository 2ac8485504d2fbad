// `npm run bench`: sets the checkout up, makes sure of a load generator, measures. Arguments go to the benchmark.
import { spawnSync } from 'node:child_process';
import { installPackage, setup } from './setup.mjs';

setup();
const hasWrk = () => !spawnSync('wrk', ['--version']).error;
if (!hasWrk()) installPackage('wrk', 'to make the load');
if (!hasWrk()) {
  process.stderr.write('The benchmark needs wrk: install it (apt install wrk, brew install wrk).\n');
  process.exit(1);
}
await import('../bench/bench.mjs');
