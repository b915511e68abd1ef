// Why a registry does not give what was asked for.

import type { UPGRADE_REFUSALS } from '../api/codes/upgrade-reasons.ts';

export type RegistryReason = keyof typeof UPGRADE_REFUSALS;

/** Its message names the registry, and never holds credentials. */
export class RegistryError extends Error {
  readonly reason: RegistryReason;

  constructor(reason: RegistryReason, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'RegistryError';
    this.reason = reason;
  }
}
