// Watches what must never be seen while jobs work on other tools' nodes, from the first object to the last.

import {
  AppsV1Api,
  CoreV1Api,
  DiscoveryV1Api,
  KubeConfig,
  type V1EndpointSlice,
  type V1Pod,
  type V1PodSpec,
  type V1StatefulSet,
} from '@kubernetes/client-node';

import { JOB_UID_LABEL } from '../../../src/api/job-object.ts';
import { follow } from '../../cluster/follow.ts';

export interface Guards {
  /** What was seen that must not be. */
  readonly troubles: readonly string[];
  /** Working pods that ever were, of the request whose objects' names begin so. */
  workingPods(prefix: string): readonly V1Pod[];
  /** Names of the pods that a Service ever sent traffic to. */
  readonly served: ReadonlySet<string>;
  /** Called for each StatefulSet whenever it changes. */
  onStatefulSet(listener: (set: V1StatefulSet) => void): void;
  close(): void;
}

/** Begins to watch a namespace. */
export function standGuard(kubeconfig: string, namespace: string): Guards {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const core = config.makeApiClient(CoreV1Api);
  const apps = config.makeApiClient(AppsV1Api);
  const discovery = config.makeApiClient(DiscoveryV1Api);
  const pods = follow<V1Pod>(config, `/api/v1/namespaces/${namespace}/pods`, () =>
    core.listNamespacedPod({ namespace }),
  );
  const sets = follow<V1StatefulSet>(config, `/apis/apps/v1/namespaces/${namespace}/statefulsets`, () =>
    apps.listNamespacedStatefulSet({ namespace }),
  );
  const slices = follow<V1EndpointSlice>(
    config,
    `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`,
    () => discovery.listNamespacedEndpointSlice({ namespace }),
  );
  const troubles: string[] = [];
  const working: V1Pod[] = [];
  const served = new Set<string>();
  pods.onAdd((pod) => {
    if (isWorking(pod)) working.push(pod);
    const all = pods.cache.list();
    troubles.push(...sharedData(pod, all), ...sharedAccount(pod, all));
  });
  sets.onUpdate((set) => troubles.push(...sharedTemplate(set, sets.cache.list())));
  // An empty list comes as null.
  slices.onUpdate(({ endpoints }) => endpoints?.forEach(({ targetRef }) => served.add(targetRef?.name ?? '')));
  return {
    troubles,
    served,
    workingPods: (prefix) => working.filter((pod) => pod.metadata?.name?.startsWith(prefix)),
    onStatefulSet: (listener) => sets.onUpdate(listener),
    close: () => [pods, sets, slices].forEach((followed) => followed.stop()),
  };
}

function isWorking(pod: V1Pod): boolean {
  return pod.metadata?.labels?.[JOB_UID_LABEL] !== undefined;
}

/** A worker pod and a node's pod that have one folder at the same time: also one that is only just going away. */
function sharedData(added: V1Pod, all: readonly V1Pod[]): string[] {
  const folders = foldersOf(added);
  return all
    .filter((other) => isWorking(other) !== isWorking(added) && isThere(other))
    .filter((other) => foldersOf(other).some((folder) => folders.includes(folder)))
    .map((other) => `${added.metadata?.name} was made while ${other.metadata?.name} had its data`);
}

function isThere({ status }: V1Pod): boolean {
  return status?.phase !== 'Succeeded' && status?.phase !== 'Failed';
}

/** `pvc/sub-path` of every mount that is written to. */
function foldersOf({ metadata, spec }: V1Pod): string[] {
  const mounts = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].flatMap(
    (one) => one.volumeMounts ?? [],
  );
  return (spec?.volumes ?? []).flatMap(({ name, persistentVolumeClaim }) =>
    mounts
      .filter((mount) => persistentVolumeClaim !== undefined && mount.name === name)
      .map(({ subPath, subPathExpr }) => {
        const folder = subPathExpr === undefined ? (subPath ?? '') : (metadata?.name ?? '');
        return `${persistentVolumeClaim?.claimName}/${folder}`;
      }),
  );
}

/** Two pods that sign with one key. */
function sharedAccount(added: V1Pod, all: readonly V1Pod[]): string[] {
  const account = accountIn(added.spec);
  if (account === undefined) return [];
  return all
    .filter((other) => other.metadata?.name !== added.metadata?.name && accountIn(other.spec) === account)
    .map((other) => `${added.metadata?.name} and ${other.metadata?.name} both signed with ${account}`);
}

/** Two StatefulSets whose next pods would sign with one key. */
function sharedTemplate(changed: V1StatefulSet, all: readonly V1StatefulSet[]): string[] {
  const account = accountOf(changed);
  if (account === undefined) return [];
  return all
    .filter((other) => other.metadata?.name !== changed.metadata?.name && accountOf(other) === account)
    .map((other) => `${changed.metadata?.name} and ${other.metadata?.name} both had ${account}`);
}

/** The name of the account that a StatefulSet's next pod gets. */
export function accountOf({ spec }: V1StatefulSet): string | undefined {
  return accountIn(spec?.template.spec);
}

function accountIn(spec: V1PodSpec | undefined): string | undefined {
  return spec?.volumes?.find(({ name }) => name === 'node-account')?.configMap?.name;
}
