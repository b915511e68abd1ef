// Parameters of the verbs for a backup of one volume, and a context that says nothing.

import { BackupParameters, CheckParameters, RestoreParameters } from '../../../src/api/worker-task.ts';
import type { TaskContext } from '../../../src/worker/context.ts';

export const ORIGIN = {
  job: 'Backup test/one',
  uid: 'backup-1',
  node: 'node-0',
  chain: 'cometbft',
  network: 'test-1',
  height: 42,
  images: ['registry.example/cometbft@sha256:00'],
  live: false,
};
export const EXPECT = { chain: 'cometbft', network: 'test-1' };

export function copyParams(from: string, to: string, more: object = {}): BackupParameters {
  return BackupParameters.parse({ verb: 'backup', volumes: [{ name: 'data', from }], to, origin: ORIGIN, ...more });
}

export function verifyParams(from: string): CheckParameters {
  return CheckParameters.parse({ verb: 'check', from, expect: EXPECT });
}

interface RestoreMore {
  /** Files of the one volume. */
  readonly keep?: readonly string[];
  readonly signerState?: readonly string[];
  /** Other fields of the parameters. */
  readonly [field: string]: unknown;
}

export function restoreParams(
  from: string,
  to: string,
  { keep = [], signerState = [], ...more }: RestoreMore = {},
): RestoreParameters {
  return RestoreParameters.parse({
    verb: 'restore',
    id: 'restore-1',
    from,
    volumes: [{ name: 'data', to }],
    scope: 'volume',
    keep: keep.map((path) => ({ volume: 'data', path })),
    signerState: signerState.map((path) => ({ volume: 'data', path, format: 'cometbft' })),
    expect: EXPECT,
    ...more,
  });
}

export function quiet(more: Partial<TaskContext> = {}): TaskContext {
  return { signal: new AbortController().signal, say: () => undefined, ...testEngine(), ...more };
}

/** The program that a test set in `TEST_ENGINE`: the worker itself takes it from its image alone. */
export function testEngine(): Pick<TaskContext, 'engine'> {
  const engine = process.env['TEST_ENGINE'];
  return engine === undefined ? {} : { engine };
}
