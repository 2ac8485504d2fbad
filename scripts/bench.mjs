// `npm run bench`: sets the checkout up, then measures. Arguments go to the benchmark.
import { setup } from './setup.mjs';

setup();
await import('../bench/bench.mjs');
