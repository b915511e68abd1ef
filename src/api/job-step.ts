// What a plan does with a job request or a schedule: the module `jobs` decides it, the module `plan` shows it.

import type { GuardName } from './codes/guards.ts';

/** The action on one job request or schedule. */
export interface JobStep {
  readonly do: 'run' | 'release' | 'withdraw' | 'refuse' | 'schedule' | 'unschedule';
  /** `Backup novacula-system/eth-1` */
  readonly job: string;
  readonly executor: string;
  readonly file: string;
  readonly because: string;
  /** Rules of the default policy that it breaks and the policy of the controller allows. */
  readonly exceptions?: readonly string[];
  /** It does not begin before this is released. */
  readonly hold?: JobHold;
}

export interface JobHold {
  readonly guard: GuardName;
  readonly message: string;
  /** What releases it. */
  readonly release: string;
}
