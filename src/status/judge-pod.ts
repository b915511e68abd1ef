// The verdict about the node's pod, where Kubernetes' own report is enough for one.

import { cleanLine } from '../lib/clean-text.ts';
import { redactedLine } from '../lib/redact.ts';
import { judgeContainer, judgeInit, type ContainerContext } from './judge-container.ts';
import type { PvcView, EventView, PodView } from './pod-view.ts';
import { broken, stuck, underway, worst, type Verdict } from './verdict.ts';

/** How long after its grace period a pod may still be there before its Kubernetes node counts as lost. */
const STUCK_MS = 60_000;
/** Attaching a disk of a cloud takes up to a minute; a mount that takes longer waits for something. */
const MOUNT_MS = 120_000;

/** The verdict, or undefined when all containers run, so that the clients decide. */
export function judgePod(pod: PodView | undefined, pvcs: readonly PvcView[], context: PodContext): Verdict | undefined {
  const lost = pvcs.find((pvc) => pvc.status.phase === 'Lost');
  if (lost !== undefined)
    return stuck('VolumeLost', `The volume behind ${lost.metadata.name} is gone; restore the data or the volume.`);
  if (pod === undefined) return judgeAbsence(context.events);
  return (
    judgeDeletion(pod, context.now) ??
    judgeEnd(pod) ??
    judgePlace(pod, pvcs, context) ??
    judgeMounts(pod, context) ??
    judgeContainers(pod, context)
  );
}

export interface PodContext extends ContainerContext {
  /** About the node's objects, the newest first. */
  readonly events: readonly EventView[];
}

/** The StatefulSet controller reports only in Events why it cannot create a pod: a quota, a webhook, Pod Security. */
function judgeAbsence(events: readonly EventView[]): Verdict {
  const latest = events.find(({ kind, reason }) => kind === 'StatefulSet' && CREATIONS.has(reason));
  const message =
    latest?.reason === 'FailedCreate'
      ? `Kubernetes cannot create the pod: ${said(latest)}`
      : 'The StatefulSet controller has not created the pod yet.';
  return underway('Pending', 'WaitingForPod', message);
}

const CREATIONS = new Set(['FailedCreate', 'SuccessfulCreate']);
/** Event reasons of the PersistentVolume controller (pkg/controller/volume/events of Kubernetes). */
const CLAIM_FAILURES = new Set(['ProvisioningFailed', 'FailedBinding', 'VolumeMismatch']);
const MOUNT_FAILURES = new Set(['FailedMount', 'FailedAttachVolume', 'FailedCreatePodSandBox', 'FailedMapVolume']);

function said({ message }: EventView): string {
  return redactedLine(message, 400);
}

/** A pod that goes away although the node was not stopped: a restart, a drain, or a lost Kubernetes node. */
function judgeDeletion({ metadata }: PodView, now: number): Verdict | undefined {
  if (metadata.deletionTimestamp === undefined) return undefined;
  // Note: the API server sets the time at which the grace period is over, not the time of the request.
  if (now - Date.parse(metadata.deletionTimestamp) > STUCK_MS)
    return stuck(
      'PodStuckTerminating',
      'The pod should be gone but is not: its Kubernetes node does not answer. Make sure that this node is off, then delete the pod.',
    );
  return underway('Configuring', 'Restarting', 'The old pod is shutting down before a new one starts.');
}

function judgeEnd({ status }: PodView): Verdict | undefined {
  const why = redactedLine(status.message, 300);
  if (status.phase === 'Unknown' || status.reason === 'NodeLost')
    return broken(
      'MachineUnreachable',
      'The Kubernetes node of the pod does not answer; the state of the pod is unknown.',
    );
  if (status.phase !== 'Failed') return undefined;
  if (status.reason !== 'Evicted')
    return broken(
      'PodFailed',
      `The pod failed: ${[status.reason, why].filter((part) => part !== '').join(': ') || 'no reason given'}.`,
    );
  if (/disk ?pressure|ephemeral-storage|inodes/i.test(status.message))
    return broken('DiskPressure', `The pod was evicted because the disk of its Kubernetes node is nearly full: ${why}`);
  return broken('Evicted', `The pod was evicted by the kubelet: ${why}`);
}

function judgePlace(pod: PodView, pvcs: readonly PvcView[], { events }: PodContext): Verdict | undefined {
  const scheduled = pod.status.conditions.find((condition) => condition.type === 'PodScheduled');
  if (pod.spec.nodeName !== '' || scheduled?.status === 'True') return undefined;
  const pending = pvcs.find((pvc) => pvc.status.phase !== 'Bound');
  const why = redactedLine(scheduled?.message ?? '', 400);
  if (pending !== undefined && mayMeanVolumes(why)) return judgePvc(pending, events);
  if (scheduled?.reason === 'Unschedulable')
    return underway(
      'Pending',
      'WaitingForScheduler',
      `No Kubernetes node can run the pod: ${why} Free or add resources, or change spec.resources or spec.nodeSelector.`,
    );
  return underway('Pending', 'WaitingForScheduler', 'The scheduler has not considered the pod yet.');
}

function mayMeanVolumes(why: string): boolean {
  return why === '' || /persistentvolumeclaim|persistent volume|volume/i.test(why);
}

const SELECTED = 'volume.kubernetes.io/selected-node';

function judgePvc({ metadata, spec }: PvcView, events: readonly EventView[]): Verdict {
  const failed = events.find(
    ({ kind, name, reason }) =>
      kind === 'PersistentVolumeClaim' && name === metadata.name && CLAIM_FAILURES.has(reason),
  );
  if (failed === undefined && metadata.annotations[SELECTED] !== undefined)
    return underway('Configuring', 'VolumeBinding', `The storage provisioner is creating the volume ${metadata.name}.`);
  const storageClass = spec.storageClassName === undefined ? 'the default class' : `class ${spec.storageClassName}`;
  const why = failed === undefined ? '' : ` Kubernetes reports: ${said(failed)}`;
  return underway(
    'Pending',
    'VolumePending',
    `The PVC ${metadata.name} (${storageClass}) has no volume yet; check that the StorageClass exists and its provisioner runs.${why}`,
  );
}

/** The kubelet waits without end for a Secret or ConfigMap that does not exist; the pod's status does not mention it. */
function judgeMounts({ spec, status }: PodView, { now, events }: PodContext): Verdict | undefined {
  const ready = status.conditions.find((condition) => condition.type === 'PodReadyToStartContainers');
  if (ready?.status !== 'False' || !(now - Date.parse(ready.lastTransitionTime) > MOUNT_MS)) return undefined;
  const hasRun = [...status.initContainerStatuses, ...status.containerStatuses].some(
    ({ state, restartCount }) => state.running !== undefined || state.terminated !== undefined || restartCount > 0,
  );
  if (hasRun) return undefined;
  const event = events.find(({ kind, reason }) => kind === 'Pod' && MOUNT_FAILURES.has(reason));
  if (event !== undefined)
    return broken('VolumesNotReady', `The kubelet cannot set up the pod's volumes and network: ${said(event)}`);
  const sources = spec.volumes.flatMap(({ secret, configMap }) => [
    ...(secret === undefined ? [] : [`Secret ${secret.secretName}`]),
    ...(configMap === undefined ? [] : [`ConfigMap ${configMap.name}`]),
  ]);
  const needed = sources.length === 0 ? '' : `check that ${cleanLine(sources.join(', '), 300)} exist, and `;
  return broken(
    'VolumesNotReady',
    `The kubelet cannot set up the pod's volumes and network: ${needed}see the Events of the pod (kubectl describe pod).`,
  );
}

function judgeContainers({ status }: PodView, context: ContainerContext): Verdict | undefined {
  const inits = status.initContainerStatuses.flatMap((container) => judgeInit(container, context) ?? []);
  const failedInit = worst(inits);
  // The main containers can only wait while init containers run: the init container is the cause.
  if (failedInit !== undefined) return failedInit;
  if (status.containerStatuses.length === 0)
    return underway('Configuring', 'CreatingContainers', 'The kubelet is creating the containers.');
  return worst(status.containerStatuses.flatMap((container) => judgeContainer(container, context) ?? []));
}
