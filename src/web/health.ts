// Whether the process lives and is ready: every loop has a deadline within which it must finish a pass.

export interface Health {
  /** A pass of the loop finished (also one that failed: failing is not hanging). */
  beat(loop: string, now: number): void;
  /** The first sync, list or whatever the part stands for is done. */
  arrived(part: string): void;
  /** A loop that has nothing to do for now (not the leader) is not watched until its next beat. */
  rest(loop: string): void;
  state(now: number): HealthState;
}

export interface HealthState {
  /** false: restart the process, a loop hangs. */
  readonly live: boolean;
  /** false: do not rely on it yet. */
  readonly ready: boolean;
  /** One sentence each; empty when live and ready. */
  readonly reasons: readonly string[];
}

export interface HealthOptions {
  /** Loop → longest time between two finished passes, in milliseconds. */
  readonly deadlines: Readonly<Record<string, number>>;
  /** What must have arrived before the process is ready. */
  readonly awaits: readonly string[];
  /** Milliseconds since the epoch; a loop's first deadline counts from here. */
  readonly startedAt: number;
}

/** A registry of loops. Times are milliseconds since the epoch and come from outside. */
export function createHealth({ deadlines, awaits, startedAt }: HealthOptions): Health {
  const beats = new Map<string, number>(Object.keys(deadlines).map((loop) => [loop, startedAt]));
  const missing = new Set(awaits);
  return {
    beat: (loop, now) => void beats.set(loop, now),
    arrived: (part) => void missing.delete(part),
    rest: (loop) => void beats.delete(loop),
    state(now) {
      const hanging = [...beats].flatMap(([loop, last]) => {
        const deadline = deadlines[loop];
        if (deadline === undefined || now - last <= deadline) return [];
        return [`loop ${loop} has not finished a pass within ${Math.round(deadline / 1000)} s`];
      });
      const waiting = [...missing].map((part) => `waiting for ${part}`);
      return {
        live: hanging.length === 0,
        ready: hanging.length === 0 && waiting.length === 0,
        reasons: [...hanging, ...waiting],
      };
    },
  };
}
