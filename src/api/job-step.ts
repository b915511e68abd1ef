// What a plan says of a one-shot request or a schedule: the room `jobs` decides it, the room `plan` shows it.

/** What becomes of one request or schedule. */
export interface JobStep {
  readonly do: 'run' | 'withdraw' | 'refuse' | 'schedule' | 'unschedule';
  /** `Backup novacula-system/eth-1` */
  readonly job: string;
  readonly executor: string;
  readonly file: string;
  readonly because: string;
}
