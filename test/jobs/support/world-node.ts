// A node of the small cluster in memory.

import type { JobTarget } from '../../../src/api/job-status.ts';

/** A client that writes its database to disk takes its time, longer than a worker pod takes to be made. */
export const GRACE = 12;

export interface Node {
  readonly target: JobTarget;
  replicas: number;
  pod: 'none' | 'running' | 'stopping';
  /** Ticks that its pod still takes to go. */
  grace: number;
  identity: string;
  /** The identity that its running pod has read. */
  signsWith: string | undefined;
  height: number;
  /** Pods of it that were made since the world began. */
  starts: number;
}

/** As it is before any job. */
export function nodeOf(target: JobTarget): Node {
  const identity = target.identity ?? target.node;
  return {
    target,
    replicas: target.replicas ?? Number(target.wasRunning),
    pod: target.wasRunning ? 'running' : 'none',
    grace: GRACE,
    identity,
    signsWith: target.wasRunning ? identity : undefined,
    height: target.height ?? 100,
    starts: 0,
  };
}
