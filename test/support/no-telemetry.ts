import type { Telemetry } from '../../src/lib/telemetry.ts';

/** Ignores everything. */
export const noTelemetry: Telemetry = {
  passed: () => undefined,
  queue: () => undefined,
  gitOperation: () => undefined,
  kubeRequest: () => undefined,
  planned: () => undefined,
  problems: () => undefined,
  node: () => undefined,
  observed: () => undefined,
  forgetNode: () => undefined,
  jobs: () => undefined,
  statusCommitted: () => undefined,
  statusPushFailing: () => undefined,
  upgradeFailing: () => undefined,
  repaired: () => undefined,
  leading: () => undefined,
};
