// The pure tests, one file at a time. Each worker tries all mutants that its file reaches: see try-mutants.ts.

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    update: 'none',
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/mutants/try-mutants.ts'],
    maxWorkers: 1,
    testTimeout: 120_000,
    // The mutants are tried in a hook, which ends by itself.
    hookTimeout: 100_000_000,
  },
});
