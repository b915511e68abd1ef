// What every reconciler needs besides its ports: time, chance, a log, metrics.

import type { Logger } from 'pino';

import type { Telemetry } from '../../lib/telemetry.ts';

export interface Runtime {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
  readonly telemetry: Telemetry;
}
