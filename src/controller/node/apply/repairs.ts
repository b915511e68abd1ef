// Counts the repairs of each object, and spaces them out when another program keeps undoing them.

/** How long repairs are remembered. */
const WINDOW_MS = 600_000;
/** With more repairs than this in the window, an object is contested. None is free where the answer to the write has the change again. */
const FREE = 3;
const BASE_MS = 10_000;
const MAX_MS = 300_000;

/** An object that another program keeps changing. */
export interface Contest {
  /** `Service novacula-system/eth-0` */
  readonly object: string;
  readonly paths: readonly string[];
  /** The field manager that changes it; undefined when the server does not name one. */
  readonly by: string | undefined;
}

export interface Repair extends Contest {
  /** Key of the node that owns it. */
  readonly node: string;
  /** False: the answer to the write had the change in it again, so the object is contested from the first repair on. */
  readonly isLasting: boolean;
}

export interface Repairs {
  /** Milliseconds until the object may be repaired; 0: now. */
  wait(object: string, now: number): number;
  note(repair: Repair, now: number): void;
  /** The contested objects of a node. */
  contestsOf(node: string, now: number): readonly Contest[];
  /** Milliseconds until the node has to be reconciled again because of them; undefined without a contest. */
  retryIn(node: string, now: number): number | undefined;
  forget(node: string): void;
}

interface Known {
  readonly last: Repair;
  readonly times: readonly number[];
}

export function createRepairs(): Repairs {
  const known = new Map<string, Known>();
  const timesOf = (object: string, now: number): readonly number[] =>
    (known.get(object)?.times ?? []).filter((at) => now - at < WINDOW_MS);
  /** When it was repaired, and how many of these repairs are no contest. */
  const stateOf = (object: string, now: number): State => ({
    times: timesOf(object, now),
    free: known.get(object)?.last.isLasting === false ? 0 : FREE,
  });
  const ofNode = (node: string): readonly Repair[] =>
    [...known.values()].map(({ last }) => last).filter((last) => last.node === node);
  const contestsOf = (node: string, now: number): readonly Repair[] =>
    ofNode(node).filter(({ object }) => isContested(stateOf(object, now)));

  return {
    wait: (object, now) => waitAfter(stateOf(object, now), now),
    note(repair, now) {
      known.set(repair.object, { last: repair, times: [...timesOf(repair.object, now), now] });
    },
    contestsOf,
    retryIn(node, now) {
      const states = contestsOf(node, now).map(({ object }) => stateOf(object, now));
      const delays = states.map((state) => waitAfter(state, now) || calmIn(state, now));
      return delays.length === 0 ? undefined : Math.max(1000, Math.min(...delays));
    },
    forget(node) {
      for (const { object } of ofNode(node)) known.delete(object);
    },
  };
}

interface State {
  readonly times: readonly number[];
  readonly free: number;
}

function isContested({ times, free }: State): boolean {
  return times.length > free;
}

function waitAfter({ times, free }: State, now: number): number {
  if (times.length <= free) return 0;
  const delay = Math.min(MAX_MS, BASE_MS * 2 ** (times.length - free - 1));
  return Math.max(0, (times.at(-1) ?? 0) + delay - now);
}

/** Until so few repairs are remembered that the object is no longer contested. */
function calmIn({ times, free }: State, now: number): number {
  return (times.at(-free - 1) ?? now) + WINDOW_MS - now;
}
