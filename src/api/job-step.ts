// What a plan does with a job request or a schedule: the module `jobs` decides it, the module `plan` shows it.

/** The action on one job request or schedule. */
export interface JobStep {
  readonly do: 'run' | 'withdraw' | 'refuse' | 'schedule' | 'unschedule';
  /** `Backup novacula-system/eth-1` */
  readonly job: string;
  readonly executor: string;
  readonly file: string;
  readonly because: string;
}
