// Whether a status leads a job elsewhere than its request: others may write to it, and it says what the job works on.

import type { JobTarget, JobVolume } from '../../api/job-status.ts';
import { isFinal } from '../../api/job-phase.ts';
import { API_VERSION } from '../../api/group.ts';
import { sameJson } from '../../lib/stable-json.ts';
import { layoutOf } from '../layouts/index.ts';
import type { NotedNode, Workload } from '../model/effect.ts';
import type { OpenJob } from '../model/job-kind.ts';
import { locksOf } from '../model/locks.ts';
import type { ObservedNode } from '../model/observation.ts';
import { lockOf, type Scope } from '../model/scope.ts';
import type { JobInput } from './machine.ts';

/**
 * What the status names that neither the claimed spec, nor the nodes as they are, nor the note on the lock name: a lock, a
 * node, a workload, its replicas, a PVC, a ConfigMap, root. Asked again before each step, so that nothing is done to it. A
 * volume of another tool's workload that is gone cannot be compared. An exchange compares its identities itself.
 */
export function whyRedirected({ spec, ...input }: JobInput): string | undefined {
  const scope: Scope = { ...input, open: input.kind.open(spec) };
  const { open, status } = scope;
  if (isFinal(status.phase ?? 'Pending') || endsForItsSpec(scope)) return undefined;
  const why = startsOtherSpec(scope) ? undefined : (otherLock(scope) ?? otherNode(scope));
  if (why !== undefined) return why;
  // Of a node that the spec does not name nothing is observed, so that nothing is done to it.
  const named = (status.targets ?? []).filter(({ node }) => open.nodes.includes(node));
  for (const target of named) {
    const what = otherTarget(target, scope);
    if (what !== undefined) return `status.targets names ${what}, which ${target.node} does not have`;
  }
  return undefined;
}

/** `next` ends a job whose spec is not the claimed one, and does nothing else to what its status names. */
function endsForItsSpec({ observed, status }: Scope): boolean {
  return observed.specDiffers === true && status.failure === undefined && status.phase !== 'Starting';
}

/** It has ended for that, and starts the nodes of the claimed spec. */
function startsOtherSpec({ observed, status }: Scope): boolean {
  return observed.specDiffers === true && status.phase === 'Starting';
}

function otherLock({ open, status }: Scope): string | undefined {
  const { deployMethod, chain = '' } = open.common;
  const needed = locksOf({ deployMethod, chain, nodes: open.nodes });
  const lock = status.locks?.find((one) => !needed.includes(one));
  return lock === undefined ? undefined : `status.locks names ${lock}, which this job does not need`;
}

function otherNode({ open, status }: Scope): string | undefined {
  const target = status.targets?.find(({ node }) => !open.nodes.includes(node));
  if (target !== undefined) return `status.targets names ${target.node}, which spec does not`;
  const other = status.paused?.find((node) => !open.nodes.includes(node));
  return other === undefined ? undefined : `status.paused names ${other}, which spec does not`;
}

function otherTarget(target: JobTarget, scope: Scope): string | undefined {
  const { node, workload, deployMethod } = target;
  const { open, observed } = scope;
  if (deployMethod !== open.common.deployMethod || !sameJson(workload, workloadOf(node, open)))
    return `the ${workload.kind} ${workload.name} (${deployMethod})`;
  const seen = observed.targets.get(node);
  const now = seen?.found.ok === true ? seen.found.target : undefined;
  return otherData(target, { node, open, seen, now }) ?? otherPod(target, now, scope) ?? otherStart(target, scope);
}

function otherData({ volumes }: JobTarget, owner: Owner): string | undefined {
  const volume = volumes.find((one) => !isOwnVolume(one, owner));
  return volume === undefined ? undefined : `the PVC ${volume.claim}${inFolder(volume)} as its volume ${volume.name}`;
}

/** What a worker pod gets beside the data: from Starting on there is none any more. */
function otherPod(target: JobTarget, now: JobTarget | undefined, { status }: Scope): string | undefined {
  const { configMap = '', deployMethod, uid } = target;
  if (status.phase !== 'Starting' && !isOwnConfigMap(target, now)) return `the ConfigMap ${configMap}`;
  // A managed node's user comes from its chain. Another tool's may be changed in its workload meanwhile.
  if (deployMethod !== 'managed' || now === undefined) return undefined;
  return uid === 0 && now.uid !== 0 ? 'the user root' : undefined;
}

/** Only cloud-config has one, and only its workload says which. */
function isOwnConfigMap({ configMap, deployMethod }: JobTarget, now: JobTarget | undefined): boolean {
  if (configMap === undefined || configMap === now?.configMap) return true;
  return now === undefined && deployMethod === 'cloud-config';
}

/**
 * What decides whether and how it is started; asked only where no copy of the controller says it. The job's own note on the
 * lock says it from before the stop. Until then, a node of another tool with several pods, which would sign with one key, has them
 * now, or had them by the note of an earlier job.
 */
function otherStart(target: JobTarget, scope: Scope): string | undefined {
  // Others may write notes too.
  if (scope.observed.isKept === true) return undefined;
  const { node, workload } = target;
  const note = scope.observed.locks.get(lockOf(scope, node))?.note;
  const noted = note?.nodes.find((one) => one.node === node || one.workload.name === workload.name);
  return note?.uid === scope.job.uid && noted !== undefined
    ? unlikeNote(target, noted)
    : severalPods(target, [noted?.replicas, scope.observed.targets.get(node)?.replicas]);
}

function unlikeNote({ replicas = 0, detached }: JobTarget, noted: NotedNode): string | undefined {
  if ((noted.replicas ?? 0) !== replicas) return `${replicas} replicas`;
  return noted.detached === true && detached !== true ? 'a stop by this job' : undefined;
}

function severalPods(
  { deployMethod, replicas = 0 }: JobTarget,
  known: readonly (number | undefined)[],
): string | undefined {
  if (deployMethod === 'helm' || replicas <= 1) return undefined;
  return known.includes(replicas) ? undefined : `${replicas} replicas`;
}

function workloadOf(node: string, { common: { deployMethod, chain = '' } }: OpenJob): Workload {
  const layout = layoutOf(deployMethod);
  return layout?.workload({ chain, node }) ?? { apiVersion: API_VERSION, kind: 'BlockchainNode', name: node };
}

interface Owner {
  readonly node: string;
  readonly open: OpenJob;
  readonly seen: ObservedNode | undefined;
  /** As it is now; undefined when it cannot be read. */
  readonly now: JobTarget | undefined;
}

/**
 * A managed node or its PVC may be gone meanwhile: then the name of the PVC says whose it is. A `-` in the name of the volume
 * makes that ambiguous, and then a PVC that is there must have the label of the node.
 */
function isOwnVolume({ name, claim, subPath }: JobVolume, { node, open, seen, now }: Owner): boolean {
  const isThere = now?.volumes.some((one) => one.name === name && one.claim === claim && one.subPath === subPath);
  if (isThere === true) return true;
  if (open.common.deployMethod !== 'managed') return now === undefined;
  if (claim !== `${name}-${node}-0` || subPath !== undefined) return false;
  return !name.includes('-') || (seen !== undefined && seen.claimsOfOthers?.includes(claim) !== true);
}

function inFolder({ subPath }: JobVolume): string {
  return subPath === undefined ? '' : ` (folder ${subPath})`;
}
