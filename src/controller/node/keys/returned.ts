// Which keys other executors may have: those that nothing in this cluster can sign with any more.

import { LABEL } from '../../../api/group.ts';
import type { KubeObject } from '../../../api/objects.ts';
import { KINDS } from '../../../kube/kinds.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import type { KeyLedger } from './ledger.ts';
import type { Watches } from '../watches.ts';
import { type Granted, wantedBy } from './local.ts';
import { namespaceOf, readKeys, secretsOf } from './signing-secrets.ts';
import { isOwnedBy } from '../owner.ts';

export interface ReturnedKeys {
  isLeaving(nodeKey: string): boolean;
  given(): Promise<ReadonlySet<string>>;
}

interface KeyState {
  readonly granted: ReadonlyMap<string, Granted>;
  /** Nodes that have given their keys back. */
  readonly leaving: ReadonlySet<string>;
  /** Nodes that were reserved or released while keys are examined. */
  readonly touched: Set<string>;
}

interface Reserved {
  readonly key: string;
  readonly node: string;
}

interface ReturnedKeysDeps {
  readonly cluster: Pick<Cluster, 'get' | 'list' | 'managersOf'>;
  readonly watches: Pick<Watches, 'incomplete' | 'nodes'>;
  readonly keyLedger: Pick<KeyLedger, 'reserved'>;
  readonly executor: string;
}

export function createReturnedKeys(deps: ReturnedKeysDeps, { granted, leaving, touched }: KeyState): ReturnedKeys {
  const { keyLedger, watches, executor } = deps;

  /** A node that was not reconciled since the start keeps its keys: it may only be waiting for its turn. */
  function mayLeave({ key, node }: Reserved): boolean {
    if (wantedBy(granted).has(key)) return false;
    const live = watches.nodes.get(node);
    return live === undefined || !isOwnedBy(live, executor) || leaving.has(node) || granted.has(node);
  }

  return {
    isLeaving: (nodeKey) => keyLedger.reserved().some((one) => one.node === nodeKey && mayLeave(one)),
    async given() {
      touched.clear();
      if (!watches.nodes.isSynced || watches.incomplete().length > 0) return new Set();
      const free: Reserved[] = [];
      for (const one of keyLedger.reserved().filter(mayLeave)) if (!(await maySign(one, deps))) free.push(one);
      return new Set(free.filter((one) => !touched.has(one.node) && mayLeave(one)).map(({ key }) => key));
    },
  };
}

/** Asks the API server, because a watch may be behind. A Secret that is gone may be mounted still. */
async function maySign({ key, node }: Reserved, { cluster }: Pick<ReturnedKeysDeps, 'cluster'>): Promise<boolean> {
  const namespace = namespaceOf(node);
  const name = node.slice(namespace.length + 1);
  const statefulSet = await cluster.get({ apiVersion: 'apps/v1', kind: 'StatefulSet', namespace, name });
  const listed = await cluster.list(KINDS.Pod, { namespace, labelSelector: `${LABEL.node}=${name}` });
  const pods = listed.map((pod) => ({ ...pod, kind: 'Pod' }));
  for (const secret of secretsOf(statefulSet === undefined ? pods : [statefulSet, ...pods])) {
    const keys = await readKeys(cluster, namespace, secret);
    if (keys === undefined || keys.includes(key)) return true;
  }
  return await isOlderThanSecret(pods, namespace, cluster);
}

/** A pod that was made before its Secret was edited may sign with what that had before. */
async function isOlderThanSecret(
  pods: readonly KubeObject[],
  namespace: string,
  cluster: Pick<Cluster, 'managersOf'>,
): Promise<boolean> {
  for (const pod of pods)
    for (const name of secretsOf([pod])) {
      const managers = await cluster.managersOf({ apiVersion: 'v1', kind: 'Secret', namespace, name });
      const madeAt = Date.parse(pod.metadata.creationTimestamp ?? '');
      if (managers.some(({ time }) => !(Date.parse(time ?? '') < madeAt))) return true;
    }
  return false;
}
