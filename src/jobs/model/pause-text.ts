// What is said of a node that a job keeps stopped: it is paused. `Held` is the phase of a job that ended and may not start its
// nodes, and an action of the plan is held; a node is neither.

/** Of a job under way. */
export function pausedByWork(job: string): string {
  return `Paused by ${job} while it works`;
}

/** The job in a text of `pausedByWork`. */
export function pausingJob(text: string): string | undefined {
  return /^Paused by (\S+ \S+) while it works$/.exec(text)?.[1];
}

/** Of a job that ended `Held`. `why`: what it says itself of the reason and the repair. */
export function pausedByEnded(job: string, why: string): string {
  return `Left paused by ${job}, which ended Held: ${why}`;
}

export interface LostPause {
  /** Why the node must not be started: no waiting ends it. */
  readonly unsafe?: string;
  /** What of the job still works. */
  readonly until?: string;
}

/** Of a job whose object was deleted while it was under way. */
export function pausedByLost(job: string, { unsafe, until }: LostPause): string {
  const lost = `Left paused by ${job}, whose object was deleted while it was under way`;
  const wait = until === undefined ? '' : `, until its work has ended: ${until}`;
  return `${lost}${wait}${unsafe === undefined ? '' : `: ${unsafe}`}`;
}

/** Why another job may not begin: `job` left the nodes paused, and only its release decides. */
export function pausedBefore(job: string, { nodes, why }: { readonly nodes: string; readonly why: string }): string {
  return `${job} left ${nodes} paused: ${why}. Release that job first`;
}

/** Why a job must not start a node that it found paused. */
export const LEFT_PAUSED = 'an earlier job left it paused';
