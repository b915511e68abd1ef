// How the volumes and the key of another tool's workload come to a node, as commands of an administrator. Nothing here
// changes the cluster: the controller never takes over what does not carry the node's label.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import type { KubeObject } from '../api/objects.ts';
import { ALLOW_LABEL } from '../api/policy.ts';
import { defined } from '../lib/defined.ts';
import { nodeLabels } from '../render/labels.ts';
import { pvcName } from '../render/names.ts';
import { pvcAnnotations } from '../render/pod-volumes.ts';
import type { ForeignWorkload } from './foreign-workload.ts';
import type { AdoptedVolume } from './propose.ts';

export interface Command {
  readonly argv: readonly string[];
  /** On standard input. */
  readonly object?: KubeObject;
}

export interface Step {
  readonly title: string;
  /** Why, and what to look at before the next step. */
  readonly note: string;
  readonly commands: readonly Command[];
}

/** The PersistentVolume behind a PVC, as far as a rebind or a copy depends on it. */
export interface BoundVolume {
  readonly name: string;
  readonly reclaimPolicy: string;
  readonly isCsi: boolean;
}

export interface StepInput {
  readonly foreign: ForeignWorkload;
  readonly node: BlockchainNode;
  readonly volumes: readonly AdoptedVolume[];
  /** By the name of the PVC. */
  readonly bound: ReadonlyMap<string, BoundVolume>;
  /** Leave the old PVCs, and copy them with the storage driver. */
  readonly copy: boolean;
}

export function stepsOf(input: StepInput): readonly Step[] {
  const { node, volumes } = input;
  return [
    {
      title: 'Merge the node file',
      note: 'It says desiredState: Stopped, so that no pod starts. Where the node has the name of the old workload, it shows NotOurs until step 4.',
      commands: [],
    },
    stop(input),
    ...volumes.map((volume) => (input.copy ? copy(input, volume) : handOver(input, volume))),
    removeOld(input),
    ...allowSecret(node),
    {
      title: 'Start the node',
      note: 'Set desiredState: Running in the node file, or remove the line, and merge.',
      commands: [],
    },
  ];
}

function stop({ foreign }: StepInput): Step {
  const { kind, name, namespace, podName, keptBy, deletesVolumes } = foreign;
  const object = `${kind.toLowerCase()}/${name}`;
  const retain: Command[] = deletesVolumes
    ? [
        kubectl(namespace, 'patch', object, '--type=merge', '-p', json({ spec: { persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' } } })),
      ] // prettier-ignore
    : [];
  const end =
    kind === 'Pod'
      ? [kubectl(namespace, 'delete', object, '--wait=true')]
      : [kubectl(namespace, 'scale', object, '--replicas=0')];
  const wait = kind === 'StatefulSet' ? [kubectl(namespace, 'wait', '--for=delete', `pod/${podName}`, '--timeout=15m')] : []; // prettier-ignore
  return {
    title: 'Stop the other tool',
    note:
      keptBy === undefined
        ? 'Nothing may write to the volumes or sign with the key from here on.'
        : `${keptBy} keeps this object: stop it first, or it starts the pod again beside the node.`,
    commands: [...retain, ...end, ...wait],
  };
}

/** By the label alone where the names agree, else by binding the PersistentVolume to a PVC of the node. */
function handOver({ foreign, node, bound }: StepInput, adopted: AdoptedVolume): Step {
  const { volume, pvc } = adopted;
  const { namespace = '' } = node.metadata;
  const target = pvcName(node, volume);
  if (target === pvc.name && namespace === foreign.namespace) {
    const labels = Object.entries(nodeLabels(node)).map(([key, value]) => `${key}=${value}`);
    return {
      title: `Give PVC ${pvc.name} to the node`,
      note: 'It has the name that the node expects. The label is your consent: without it the controller leaves the PVC alone.',
      commands: [kubectl(namespace, 'label', 'pvc', pvc.name, '--overwrite', ...labels)],
    };
  }
  const pv = bound.get(pvc.name);
  if (pv === undefined)
    return {
      title: `PVC ${pvc.name}`,
      note: 'It is not bound to a volume, so there is no data to take over.',
      commands: [],
    };
  const claimRef = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    namespace,
    name: target,
    uid: null,
    resourceVersion: null,
  };
  const after = pv.reclaimPolicy === 'Retain' ? '' : ` It stays at Retain; it was ${pv.reclaimPolicy}.`;
  return {
    title: `Bind the volume of PVC ${foreign.namespace}/${pvc.name} to PVC ${namespace}/${target}`,
    note: `A PVC cannot be renamed. With Retain the data outlive the old PVC, and the reference reserves the volume for the new one.${after}`,
    commands: [
      { argv: ['kubectl', 'patch', 'pv', pv.name, '--type=merge', '-p', json({ spec: { persistentVolumeReclaimPolicy: 'Retain' } })] },
      kubectl(foreign.namespace, 'delete', 'pvc', pvc.name, '--wait=true'),
      { argv: ['kubectl', 'patch', 'pv', pv.name, '--type=merge', '-p', json({ spec: { claimRef } })] },
      { ...kubectl(namespace, 'create', '-f', '-'), object: newPvc(node, adopted, { volumeName: pv.name }) },
      kubectl(namespace, 'wait', '--for=jsonpath={.status.phase}=Bound', `pvc/${target}`, '--timeout=5m'),
    ], // prettier-ignore
  };
}

function copy({ node }: StepInput, adopted: AdoptedVolume): Step {
  const { namespace = '' } = node.metadata;
  const dataSource = { kind: 'PersistentVolumeClaim', name: adopted.pvc.name };
  return {
    title: `Copy PVC ${adopted.pvc.name} to PVC ${pvcName(node, adopted.volume)}`,
    note: 'The storage driver copies the volume; the old PVC stays as it is. A key that is on it may sign in one place only.',
    commands: [{ ...kubectl(namespace, 'create', '-f', '-'), object: newPvc(node, adopted, { dataSource }) }],
  };
}

/** As the StatefulSet of the node would make it. */
function newPvc(node: BlockchainNode, { volume, pvc }: AdoptedVolume, source: object): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: pvcName(node, volume),
      ...defined({ namespace: node.metadata.namespace }),
      labels: nodeLabels(node),
      annotations: pvcAnnotations(node),
    },
    spec: {
      accessModes: [pvc.accessMode ?? 'ReadWriteOnce'],
      resources: { requests: { storage: pvc.size } },
      // Without one the default class would be set, and the volume of another class never bound.
      storageClassName: pvc.storageClass ?? '',
      volumeMode: 'Filesystem',
      ...source,
    },
  };
}

function removeOld({ foreign, node }: StepInput): Step {
  const { kind, name, namespace } = foreign;
  const isSameName = kind === 'StatefulSet' && name === node.metadata.name && namespace === node.metadata.namespace;
  const needed = isSameName
    ? 'The StatefulSet of the node has the same name. PVCs stay.'
    : 'A later scale-up would start the old pod again. PVCs stay.';
  return {
    title: 'Remove the old workload',
    note: `${needed} Services, ConfigMaps and monitoring of the old tool select nothing any more: remove them when nothing uses them.`,
    commands:
      kind === 'Pod' ? [] : [kubectl(namespace, 'delete', `${kind.toLowerCase()}/${name}`, '--cascade=foreground')],
  };
}

function allowSecret({ metadata, spec }: BlockchainNode): readonly Step[] {
  const name = spec.identity?.secretName;
  if (name === undefined) return [];
  return [
    {
      title: `Let nodes use Secret ${name}`,
      note: 'Only after the old pod is gone: from the start of the node on, this key signs here.',
      commands: [kubectl(metadata.namespace ?? '', 'label', 'secret', name, '--overwrite', `${ALLOW_LABEL}=true`)],
    },
  ];
}

function kubectl(namespace: string, ...args: readonly string[]): Command {
  return { argv: ['kubectl', '-n', namespace, ...args] };
}

function json(value: object): string {
  return JSON.stringify(value);
}
