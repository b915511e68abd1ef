// What Kubernetes says about the node's pod, when that alone settles the matter.

import { cleanLine } from '../lib/clean-text.ts';
import { redact } from '../lib/redact.ts';
import { judgeContainer, judgeInit, type ContainerContext } from './judge-container.ts';
import type { ClaimView, PodView } from './pod-view.ts';
import { broken, stuck, underway, worst, type Verdict } from './verdict.ts';

/** How long after its grace period a pod may still be there before something is wrong with its machine. */
const STUCK_MS = 60_000;
/** Attaching a disk of a cloud takes up to a minute; a mount that takes longer waits for something. */
const MOUNT_MS = 120_000;

/** The verdict, or undefined when all containers run and the clients have the word. */
export function judgePod(
  pod: PodView | undefined,
  claims: readonly ClaimView[],
  context: ContainerContext,
): Verdict | undefined {
  const lost = claims.find((claim) => claim.status.phase === 'Lost');
  if (lost !== undefined)
    return stuck('VolumeLost', `The volume behind ${lost.metadata.name} is gone; restore the data or the volume.`);
  if (pod === undefined)
    return underway('Pending', 'WaitingForPod', 'Kubernetes has not made the pod yet; a quota may stand in the way.');
  return (
    judgeDeletion(pod, context.now) ??
    judgeEnd(pod) ??
    judgePlace(pod, claims) ??
    judgeMounts(pod, context.now) ??
    judgeContainers(pod, context)
  );
}

/** A pod that goes away although nobody stopped the node: a restart, a drain, or a lost machine. */
function judgeDeletion({ metadata }: PodView, now: number): Verdict | undefined {
  if (metadata.deletionTimestamp === undefined) return undefined;
  // Note: the API server sets the time at which the grace period is over, not the time of the request.
  if (now - Date.parse(metadata.deletionTimestamp) > STUCK_MS)
    return stuck(
      'PodStuckTerminating',
      'The pod should be gone but is not: its machine does not answer. Make sure that the machine is off, then delete it.',
    );
  return underway('Configuring', 'Restarting', 'The old pod is shutting down before a new one starts.');
}

function judgeEnd({ status }: PodView): Verdict | undefined {
  const why = cleanLine(redact(status.message), 300);
  if (status.phase === 'Unknown' || status.reason === 'NodeLost')
    return broken('MachineUnreachable', 'The machine of the pod does not answer; the state of the node is unknown.');
  if (status.phase !== 'Failed') return undefined;
  if (status.reason !== 'Evicted')
    return broken(reasonWord(status.reason, 'PodFailed'), `The pod failed: ${why === '' ? 'no reason given' : why}.`);
  if (/disk ?pressure|ephemeral-storage|inodes/i.test(status.message))
    return broken('DiskPressure', `The pod was evicted because its machine's disk is nearly full: ${why}`);
  return broken('Evicted', `The pod was evicted by its machine: ${why}`);
}

function judgePlace(pod: PodView, claims: readonly ClaimView[]): Verdict | undefined {
  const scheduled = pod.status.conditions.find((condition) => condition.type === 'PodScheduled');
  if (pod.spec.nodeName !== '' || scheduled?.status === 'True') return undefined;
  const pending = claims.find((claim) => claim.status.phase !== 'Bound');
  const why = cleanLine(redact(scheduled?.message ?? ''), 400);
  const aboutVolumes = why === '' || /persistentvolumeclaim|persistent volume|volume/i.test(why);
  if (pending !== undefined && aboutVolumes) return judgeClaim(pending);
  if (scheduled?.reason === 'Unschedulable')
    return underway(
      'Pending',
      'WaitingForScheduler',
      `No machine takes the pod: ${why} Free or add resources, or change spec.resources or spec.nodeSelector.`,
    );
  return underway('Pending', 'WaitingForScheduler', 'The scheduler has not looked at the pod yet.');
}

const SELECTED = 'volume.kubernetes.io/selected-node';

function judgeClaim({ metadata, spec }: ClaimView): Verdict {
  if (metadata.annotations[SELECTED] !== undefined)
    return underway('Configuring', 'VolumeBinding', `The storage provisioner is making the volume ${metadata.name}.`);
  const storageClass = spec.storageClassName === undefined ? 'the default class' : `class ${spec.storageClassName}`;
  return underway(
    'Pending',
    'VolumePending',
    `The claim ${metadata.name} (${storageClass}) has no volume yet; check that the StorageClass exists and its provisioner runs.`,
  );
}

/** A machine waits without end, and without a word in the pod's status, for a Secret or ConfigMap that does not exist. */
function judgeMounts({ spec, status }: PodView, now: number): Verdict | undefined {
  const ready = status.conditions.find((condition) => condition.type === 'PodReadyToStartContainers');
  if (ready?.status !== 'False' || !(now - Date.parse(ready.lastTransitionTime) > MOUNT_MS)) return undefined;
  const hasRun = [...status.initContainerStatuses, ...status.containerStatuses].some(
    ({ state, restartCount }) => state.running !== undefined || state.terminated !== undefined || restartCount > 0,
  );
  if (hasRun) return undefined;
  const sources = spec.volumes.flatMap(({ secret, configMap }) => [
    ...(secret === undefined ? [] : [`Secret ${secret.secretName}`]),
    ...(configMap === undefined ? [] : [`ConfigMap ${configMap.name}`]),
  ]);
  const needed = sources.length === 0 ? '' : `check that ${cleanLine(sources.join(', '), 300)} exist, and `;
  return broken(
    'VolumesNotReady',
    `The machine can't make the pod's volumes and network ready: ${needed}see the Events of the pod (kubectl describe pod).`,
  );
}

function judgeContainers({ status }: PodView, context: ContainerContext): Verdict | undefined {
  const inits = status.initContainerStatuses.flatMap((container) => judgeInit(container, context) ?? []);
  const failedInit = worst(inits);
  // The main containers can only wait while init containers run: the init container is the cause.
  if (failedInit !== undefined) return failedInit;
  if (status.containerStatuses.length === 0)
    return underway('Configuring', 'CreatingContainers', 'The machine is making the containers.');
  return worst(status.containerStatuses.flatMap((container) => judgeContainer(container, context) ?? []));
}

function reasonWord(reason: string, otherwise: string): string {
  return /^[A-Z][A-Za-z0-9]{0,63}$/.test(reason) ? reason : otherwise;
}
