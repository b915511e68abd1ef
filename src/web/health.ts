// Whether the process is live and ready: every loop must finish a reconciliation within its deadline.

export interface Health {
  /** A reconciliation of the loop finished, with success or failure. */
  beat(loop: string, now: number): void;
  /** Something that the process waits for is complete, such as the first sync or list. */
  arrived(part: string): void;
  /** Why a part that the process waits for does not arrive; undefined when there is no reason any more. */
  explain(part: string, why: string | undefined): void;
  /** A loop that has nothing to do (not the leader) is not watched until its next beat. */
  rest(loop: string): void;
  state(now: number): HealthState;
}

export interface HealthState {
  /** false: a loop hangs, and the process must restart. */
  readonly live: boolean;
  /** false: the process has not completed its start. */
  readonly ready: boolean;
  /** One sentence each; empty when live and ready. */
  readonly reasons: readonly string[];
}

export interface HealthOptions {
  /** Loop → longest time between two finished reconciliations, in milliseconds. */
  readonly deadlines: Readonly<Record<string, number>>;
  /** What must be complete before the process is ready. */
  readonly awaits: readonly string[];
  /** Milliseconds since the epoch; a loop's first deadline counts from here. */
  readonly startedAt: number;
}

/** A registry of loops. Times are milliseconds since the epoch and are arguments. */
export function createHealth({ deadlines, awaits, startedAt }: HealthOptions): Health {
  const beats = new Map<string, number>(Object.keys(deadlines).map((loop) => [loop, startedAt]));
  const missing = new Set(awaits);
  const reasons = new Map<string, string>();
  return {
    beat: (loop, now) => void beats.set(loop, now),
    arrived: (part) => void missing.delete(part),
    explain: (part, why) => void (why === undefined ? reasons.delete(part) : reasons.set(part, why)),
    rest: (loop) => void beats.delete(loop),
    state(now) {
      const hanging = [...beats].flatMap(([loop, last]) => {
        const deadline = deadlines[loop];
        if (deadline === undefined || now - last <= deadline) return [];
        return [`loop ${loop} has not finished a reconciliation within ${Math.round(deadline / 1000)} s`];
      });
      const waiting = [...missing].map((part) => {
        const why = reasons.get(part);
        return `waiting for ${part}${why === undefined ? '' : `: ${why}`}`;
      });
      return {
        live: hanging.length === 0,
        ready: hanging.length === 0 && waiting.length === 0,
        reasons: [...hanging, ...waiting],
      };
    },
  };
}
