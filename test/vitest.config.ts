// The projects, from cheap to dear; `test/run.ts` runs them in this order.

import { availableParallelism } from 'node:os';

import { defineConfig } from 'vitest/config';

const pure = ['lib', 'api', 'chains', 'jobs', 'desired', 'plan', 'render', 'status', 'web', 'cli'];

/** Long stories of jobs and of a Cosmos SDK chain that are not yet steady: `npm test -- jobs` runs them. */
const apart = ['jobs', 'jobs-cometbft', 'jobs-cita', 'job-schedule', 'cosmos-sdk'].map(
  (name) => `test/pods/${name}.test.ts`,
);

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    // Most of the time is spent waiting for real servers and chains, not computing.
    maxWorkers: Math.max(3, availableParallelism()),
    projects: [
      {
        extends: true,
        test: {
          name: 'pure',
          include: ['test/*.test.ts', ...pure.map((room) => `test/${room}/**/*.test.ts`)],
          // Property tests count runs, not seconds, and the command line is a process each time.
          testTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'git',
          include: ['git', 'work'].map((room) => `test/${room}/**/*.test.ts`),
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'cluster',
          include: ['kube', 'rpc', 'loops', 'cluster'].map((room) => `test/${room}/**/*.test.ts`),
          exclude: ['test/cluster/real-pods.test.ts'],
          globalSetup: ['test/support/cluster-setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'pods',
          include: ['test/pods/**/*.test.ts', 'test/cluster/real-pods.test.ts'],
          exclude: apart,
          // Real chains beside each other would leave none of them the processor they need.
          fileParallelism: false,
          globalSetup: ['test/support/cluster-setup.ts'],
          testTimeout: 600_000,
          hookTimeout: 1_200_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'jobs',
          include: apart,
          globalSetup: ['test/support/cluster-setup.ts'],
          testTimeout: 600_000,
          hookTimeout: 1_200_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
