// The node's StatefulSet: one pod, never two, with the node's volumes.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import { ANNOTATION } from '../api/group.ts';
import type { KubeObject } from '../api/objects.ts';
import type { Workload } from '../chains/workload.ts';
import { defined } from '../lib/defined.ts';
import { digestOf } from '../lib/hash.ts';
import { container, sidecarContainer } from './containers.ts';
import { metadataOf, nodeLabels, selectorLabels } from './labels.ts';
import { namesOf } from './names.ts';
import { pvcTemplates, podVolumes } from './pod-volumes.ts';
import { secretVolumes, withSecrets } from './secrets.ts';

/** A StatefulSet starts a new pod only when the old one is known to be gone: no surge, no second signer. */
export function statefulSet(
  node: BlockchainNode,
  workload: Workload,
  options: { readonly running: boolean },
): KubeObject {
  const names = namesOf(node);
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: metadataOf(node, names.statefulSet),
    spec: {
      replicas: options.running ? 1 : 0,
      serviceName: names.headlessService,
      // With OrderedReady a pod that never gets ready would block the very update that repairs it.
      podManagementPolicy: 'Parallel',
      updateStrategy: { type: 'RollingUpdate' },
      revisionHistoryLimit: 3,
      // Volumes outlive everything; deleting them is a decision of the node loop (spec.deletionPolicy).
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
      selector: { matchLabels: selectorLabels(node) },
      template: {
        metadata: {
          labels: { ...node.spec.podLabels, ...nodeLabels(node) },
          annotations: podAnnotations(node, workload),
        },
        spec: podSpec(node, workload),
      },
      volumeClaimTemplates: pvcTemplates(node),
    },
  };
}

/** The digest restarts the pod when a file changes: programs read their configuration once. */
function podAnnotations(node: BlockchainNode, workload: Workload): Readonly<Record<string, string>> {
  const { podAnnotations: extra, restartGeneration } = node.spec;
  return {
    ...extra,
    'kubectl.kubernetes.io/default-container': workload.containers[0]?.name ?? '',
    [ANNOTATION.configDigest]: digestOf(workload.files),
    ...(restartGeneration === undefined ? {} : { [ANNOTATION.restartGeneration]: String(restartGeneration) }),
  };
}

function podSpec(node: BlockchainNode, workload: Workload): Readonly<Record<string, unknown>> {
  const { spec } = node;
  const grace = Math.max(workload.terminationGracePeriodSeconds, spec.terminationGracePeriodSeconds ?? 0);
  const initContainers = workload.initContainers.map(container);
  return {
    automountServiceAccountToken: false,
    // Service variables (P2P_PORT, CMT_…) would be read as settings by programs that take them from the environment.
    enableServiceLinks: false,
    terminationGracePeriodSeconds: grace,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: workload.uid,
      runAsGroup: workload.gid,
      fsGroup: workload.gid,
      // Walking through terabytes at every start would take hours.
      fsGroupChangePolicy: 'OnRootMismatch',
      seccompProfile: { type: 'RuntimeDefault' },
    },
    ...(initContainers.length === 0 ? {} : { initContainers }),
    containers: [
      ...workload.containers.map((one) => withSecrets(container(one), one.name, spec)),
      ...(spec.sidecars ?? []).map(sidecarContainer),
    ],
    volumes: [...podVolumes(node, workload), ...secretVolumes(spec)],
    ...placement(spec),
  };
}

/** Fields that go into the pod as they are. */
function placement(spec: BlockchainNode['spec']): Readonly<Record<string, unknown>> {
  const { nodeSelector, tolerations, priorityClassName, affinity, topologySpreadConstraints, imagePullSecrets } = spec;
  return defined({
    nodeSelector,
    tolerations,
    priorityClassName,
    affinity,
    topologySpreadConstraints,
    imagePullSecrets,
  });
}
