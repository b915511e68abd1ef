// What must be seen of a started node before its job is complete, and what is said when it can't be seen.

import type { JobStatus, JobTarget } from '../../api/job-status.ts';
import { timestamp } from '../../lib/timestamp.ts';
import { DEADLINE, inWords } from '../model/deadlines.ts';
import type { ObservedNode } from '../model/observation.ts';
import { elapsed, type Scope } from '../model/scope.ts';
import { mayStart } from './stopping.ts';

/** First height seen of each node after it was started. */
export type Started = NonNullable<JobStatus['started']>;

export function withFirstHeights({ status, observed, now }: Scope): Started {
  const known = status.started ?? [];
  const fresh = (status.targets ?? []).flatMap(({ node }) => {
    const { pods = [], health } = observed.targets.get(node) ?? {};
    if (known.some((entry) => entry.node === node) || pods.length === 0) return [];
    return health?.answering === true && health.height !== undefined
      ? [{ node, height: health.height, at: timestamp(now) }]
      : [];
  });
  return fresh.length === 0 ? known : [...known, ...fresh];
}

/** What is still missing of the proof that a node runs; undefined when nothing is. */
export function notYet(scope: Scope, target: JobTarget, started: Started): string | undefined {
  const { observed, open, status } = scope;
  if (!target.wasRunning || !mayStart(scope, target) || observed.gone?.includes(target.node) === true) return undefined;
  const failed = status.failure !== undefined;
  const stopped = notRunning(target, observed.targets.get(target.node), failed);
  if (stopped !== undefined) return stopped;
  // After a failure it is enough that the node runs again.
  if (open.startProof === 'started' || failed) return undefined;
  return target.deployMethod === 'managed' ? notHealthy(scope, target, started) : notHeard(scope, target, started);
}

/**
 * A pod that will not stop keeps no failure from being reported: that it does not is the failure, and its workload starts
 * the next one.
 */
function notRunning(
  { node, workload, replicas = 1 }: JobTarget,
  now: ObservedNode | undefined,
  failed: boolean,
): string | undefined {
  if (now?.leftPausedBy !== undefined) return `waits until ${now.leftPausedBy} releases ${node}`;
  // In the helm layout the workload is the whole chain: all its pods come back, not only the first.
  const running = now?.pods.filter((pod) => pod.pending !== true && (failed || pod.terminating !== true)) ?? [];
  if (now !== undefined && running.length >= replicas) return undefined;
  return replicas > 1 ? `waits for ${replicas} pods of ${workload.name}` : `waits until the pod of ${node} runs`;
}

/** Of a node of another tool: its pods must be ready, and it must be healthy if it can be asked at all. */
function notHeard(scope: Scope, target: JobTarget, started: Started): string | undefined {
  const { pods = [] } = scope.observed.targets.get(target.node) ?? {};
  if (!pods.every(({ ready }) => ready)) return `waits until ${target.node} is ready`;
  return isUnheard(scope, target, started) ? undefined : notHealthy(scope, target, started);
}

function notHealthy(scope: Scope, target: JobTarget, started: Started): string | undefined {
  if (scope.observed.targets.get(target.node)?.health?.answering !== true) return `waits until ${target.node} answers`;
  if (scope.open.startProof === 'answers') return undefined;
  if (hasGrown(scope, target, started) || isQuiet(scope, target)) return undefined;
  return `waits until the height of ${target.node} grows`;
}

function hasGrown({ observed, open }: Scope, { node }: JobTarget, started: Started): boolean {
  const first = started.find((entry) => entry.node === node)?.height;
  const height = observed.targets.get(node)?.health?.height;
  return first !== undefined && height !== undefined && height > Math.min(first, open.startsAt ?? first);
}

/**
 * Some networks make no block for half an hour (Bitcoin, one time in twenty) or none without a transaction. A node that
 * is synced there is well; where blocks come every few seconds, an old head is not called synced.
 */
function isQuiet(scope: Scope, { node }: JobTarget): boolean {
  return elapsed(scope) > DEADLINE.start && scope.observed.targets.get(node)?.health?.synced === true;
}

/**
 * A node of another tool that answered neither before the tasks nor after its start: its pods may be out of reach, or its
 * service elsewhere. What can't be asked must not make the job fail.
 */
function isUnheard(scope: Scope, { node, deployMethod, height }: JobTarget, started: Started): boolean {
  if (deployMethod === 'managed' || height !== undefined) return false;
  return !started.some((entry) => entry.node === node) && elapsed(scope) > DEADLINE.answer;
}

/** What the first of the started nodes says now that its height has grown; after a failure no job waits for that. */
export function lastHeight({ open, observed, status }: Scope, [first]: Started): number | undefined {
  if (open.startProof !== 'grows' || status.failure !== undefined) return undefined;
  return observed.targets.get(first?.node ?? '')?.health?.height;
}

/** Nodes whose pods alone say that they run. */
export function unproven(scope: Scope, started: Started): string[] {
  const { open, status, observed } = scope;
  if (open.startProof === 'started') return [];
  return (status.targets ?? []).flatMap((target) => {
    if (!target.wasRunning || !mayStart(scope, target)) return [];
    if (open.startProof === 'grows' && isQuiet(scope, target) && !hasGrown(scope, target, started))
      return [`${target.node} is synced, but ${inWords(DEADLINE.start)} after the start no block has come`];
    if (!isUnheard(scope, target, started)) return [];
    const why = observed.targets.get(target.node)?.health?.trouble ?? 'it was not asked';
    return [`the pods of ${target.node} are ready, but its height after the start is not proven: ${why}`];
  });
}
