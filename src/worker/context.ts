// What every verb gets from outside: when to stop, where to speak, what time it is.

export interface TaskContext {
  /** Fires on SIGTERM: stop cleanly, leave a state that a second run can take up. */
  readonly signal: AbortSignal;
  /** Prints one line for the pod's log. */
  readonly say: (line: string) => void;
  /** Called after each step that reached the disk; tests kill the process here. */
  readonly onStep?: (step: string) => void;
  /** Where restic lies when not where the image has it; tests only. */
  readonly engine?: string;
  /** Seconds between progress lines; 5 by default. */
  readonly progressSeconds?: number;
}

/** Lets signals and timers in; long synchronous loops call it every few hundred entries. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
