import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 120_000, // a bound against hanging, not a promise
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
    reporters: process.env.TESTS_JSON
      ? ['default', ['json', { outputFile: process.env.TESTS_JSON }]]
      : ['default'],
  },
});
