// Parameters of the verbs for a backup of one volume, and a context that says nothing.

import type { WorkContext } from '../../../src/work/context.ts';
import { CopyParams, RestoreParams, VerifyParams } from '../../../src/work/params.ts';

export const METADATA = {
  chain: 'cometbft',
  network: 'test-1',
  client: 'cometbft/1.0.1',
  height: 42,
  images: { node: 'registry.example/cometbft@sha256:00' },
  sourceNode: 'node-0',
  createdAt: '2026-01-02T03:04:05Z',
};
export const EXPECT = { chain: 'cometbft', network: 'test-1' };

export function copyParams(source: string, destination: string, more: object = {}): CopyParams {
  const id = 'backup-1';
  return CopyParams.parse({ id, sources: [{ name: 'data', path: source }], destination, metadata: METADATA, ...more });
}

export function verifyParams(backup: string, more: object = {}): VerifyParams {
  return VerifyParams.parse({ backup, expect: EXPECT, ...more });
}

/** `volume` adds to the one volume, `more` to the request. */
export function restoreParams(backup: string, target: string, volume: object = {}, more: object = {}): RestoreParams {
  const volumes = [{ name: 'data', path: target, ...volume }];
  return RestoreParams.parse({ id: 'restore-1', backup, expect: EXPECT, volumes, ...more });
}

export function quiet(more: Partial<WorkContext> = {}): WorkContext {
  return { signal: new AbortController().signal, say: () => undefined, ...more };
}
