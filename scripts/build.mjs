// `npm run build`: compiles afresh.
import { build } from './setup.mjs';

build();
