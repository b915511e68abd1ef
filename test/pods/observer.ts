// Observes one namespace by watches: nodes, pods, PVCs and what they were before.

import {
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  type KubernetesListObject,
  type KubernetesObject,
  type V1PersistentVolumeClaim,
  type V1Pod,
} from '@kubernetes/client-node';

import type { BlockchainNode } from '../../src/api/blockchain-node.ts';
import type { Condition } from '../../src/api/conditions.ts';
import { follow } from '../cluster/follow.ts';
import type { ControllerProcess } from '../demo/controller-process.ts';
import { waitFor } from '../support/wait-for.ts';

export interface Observer {
  /** The node as the cluster has it now. */
  node(name: string): BlockchainNode | undefined;
  /** The node's pod, also one that is going away. */
  pod(name: string): V1Pod | undefined;
  /** Its pod's id; changes with every new pod. */
  podUid(name: string): string | undefined;
  pvc(name: string): V1PersistentVolumeClaim | undefined;
  /** Called for each pod the moment it is first seen. */
  onNewPod(listener: (pod: V1Pod) => void): void;
  /** Resolves with the fact once it holds; the error says how the node was instead. */
  await<T>(name: string, what: string, fact: (node: BlockchainNode) => T | undefined | false): Promise<T>;
  closeObserver(): void;
}

export interface ObserverOptions {
  readonly kubeconfig: string;
  readonly namespace: string;
  readonly controller: ControllerProcess;
}

const PATIENCE_MS = 150_000;

/** Starts observing; what exists appears within moments. */
export function openObserver({ kubeconfig, namespace, controller }: ObserverOptions): Observer {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const core = config.makeApiClient(CoreV1Api);
  const custom = config.makeApiClient(CustomObjectsApi);
  const kind = { group: 'validatoros.com', version: 'v1alpha1', namespace, plural: 'blockchainnodes' };
  const place = `/api/v1/namespaces/${namespace}`;
  const nodes = follow<KubernetesObject>(
    config,
    `/apis/${kind.group}/${kind.version}/namespaces/${namespace}/${kind.plural}`,
    () => custom.listNamespacedCustomObject(kind) as Promise<KubernetesListObject<KubernetesObject>>,
  );
  const pods = follow<V1Pod>(config, `${place}/pods`, () => core.listNamespacedPod({ namespace }));
  const pvcs = follow<V1PersistentVolumeClaim>(config, `${place}/persistentvolumeclaims`, () =>
    core.listNamespacedPersistentVolumeClaim({ namespace }),
  );
  const node = (name: string): BlockchainNode | undefined =>
    nodes.cache.get(name, namespace) as BlockchainNode | undefined;
  return {
    node,
    pod: (name) => pods.cache.get(`${name}-0`, namespace),
    podUid: (name) => pods.cache.get(`${name}-0`, namespace)?.metadata?.uid,
    pvc: (name) => pvcs.cache.get(name, namespace),
    onNewPod: (listener) => pods.onAdd(listener),
    async await(name, what, fact) {
      try {
        return await waitFor(`${name}: ${what}`, () => check(node(name), fact), PATIENCE_MS);
      } catch (error) {
        const seen = JSON.stringify(node(name)?.status, undefined, 1);
        throw new Error(`${name} never came to: ${what}\n${seen}\n${await controller.lastLog(10)}`, { cause: error });
      }
    },
    closeObserver() {
      for (const followed of [nodes, pods, pvcs]) followed.stop();
    },
  };
}

/** The node's condition of that type. */
export function condition(node: BlockchainNode, type: string): Condition | undefined {
  return node.status?.conditions?.find((candidate) => candidate.type === type);
}

/** The reason of Ready while it is False. */
export function unready(node: BlockchainNode): string | undefined {
  const ready = condition(node, 'Ready');
  return ready?.status === 'False' ? ready.reason : undefined;
}

/** Whether the node runs, is at the tip and is done with its latest spec. */
export function isWell(node: BlockchainNode): boolean {
  const { status, metadata } = node;
  const current = status?.observedGeneration === metadata['generation'];
  return (
    current && status?.phase === 'Running' && status.synced === true && condition(node, 'Ready')?.status === 'True'
  );
}

function check<T>(
  node: BlockchainNode | undefined,
  fact: (node: BlockchainNode) => T | undefined | false,
): T | undefined | false {
  return node === undefined ? undefined : fact(node);
}
