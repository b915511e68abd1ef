// The longest time that this process did not return to its event loop, as processor time: what else the machine does does not count.

import { cpuMsSince } from './cpu-time.ts';

export interface TurnWatch {
  /** Milliseconds of the longest turn since the start. */
  stop(): number;
}

/** Looks at each turn of the event loop, and so keeps the process busy. */
export function watchTurns(): TurnWatch {
  let longest = 0;
  let before = process.threadCpuUsage();
  let next: NodeJS.Immediate;
  const look = (): void => {
    longest = Math.max(longest, cpuMsSince(before));
    before = process.threadCpuUsage();
    next = setImmediate(look);
  };
  next = setImmediate(look);
  return {
    stop() {
      clearImmediate(next);
      // What ends the work ends its last turn.
      return Math.max(longest, cpuMsSince(before));
    },
  };
}
