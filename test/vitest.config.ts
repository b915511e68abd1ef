// The projects, from fast to slow; `test/run.ts` runs them in this order.

import { availableParallelism } from 'node:os';

import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

const pure = [
  'adopt',
  'bench',
  'documents',
  'fuzz',
  'image',
  'lib',
  'api',
  'chains',
  'jobs',
  'desired',
  'policy',
  'keys',
  'plan',
  'render',
  'status',
  'web',
  'cli',
  'signatures',
  'upgrade',
  'registry',
];

/** Tests on real pods, all of them on one cluster. */
function onPods(name: string, include: string[]): TestProjectInlineConfiguration {
  return {
    extends: true,
    test: {
      name,
      include,
      // Two at a time: most of a story is waiting, but many real chains would leave none of them the processor it needs.
      maxWorkers: 2,
      globalSetup: ['test/support/cluster-setup.ts'],
      testTimeout: 600_000,
      hookTimeout: 1_200_000,
    },
  };
}

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    // A golden file that is missing fails its test: `npm run generate` alone writes golden files.
    update: 'none',
    // Most of the time is spent waiting for real servers and chains, not computing.
    maxWorkers: Math.max(3, availableParallelism()),
    projects: [
      {
        extends: true,
        test: {
          name: 'pure',
          include: ['test/*.test.ts', ...pure.map((folder) => `test/${folder}/**/*.test.ts`)],
          // Property tests count runs, not seconds, and the command line is a process each time.
          testTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'git',
          include: ['git', 'worker'].map((folder) => `test/${folder}/**/*.test.ts`),
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'cluster',
          include: ['kube', 'rpc', 'controller', 'cluster'].map((folder) => `test/${folder}/**/*.test.ts`),
          exclude: ['test/cluster/real-pods.test.ts'],
          globalSetup: ['test/support/cluster-setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
      {
        extends: true,
        test: {
          // Each story waits for two controllers, their leases and their branches.
          name: 'moving',
          include: ['test/moving/**/*.test.ts'],
          globalSetup: ['test/support/cluster-setup.ts'],
          hookTimeout: 300_000,
        },
      },
      onPods('pods', ['test/pods/**/*.test.ts', 'test/cluster/real-pods.test.ts']),
      onPods('backups', ['test/backups/**/*.test.ts']),
      onPods('other-chains', ['test/other-chains/**/*.test.ts']),
      {
        extends: true,
        test: {
          // It starts its own cluster.
          name: 'product',
          include: ['test/product/**/*.test.ts'],
          testTimeout: 900_000,
          hookTimeout: 1_200_000,
        },
      },
      onPods('kills', ['test/kills/**/*.test.ts']),
      {
        extends: true,
        test: {
          // Every fault of a version of the controller takes a minute.
          name: 'upgrade',
          include: ['test/self-update/**/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 1_200_000,
        },
      },
      {
        extends: true,
        test: {
          // It starts its own clusters, and runs for as long as FIGHT_MINUTES says.
          name: 'fight',
          include: ['test/fight/**/*.test.ts'],
          hookTimeout: 1_200_000,
        },
      },
    ],
  },
});
