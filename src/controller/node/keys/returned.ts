// Which keys other executors may have: those that nothing in this cluster can sign with any more.

import type { KubeObject } from '../../../api/objects.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import type { KeyLedger } from './ledger.ts';
import type { Watches } from '../watches.ts';
import { type Granted, wantedBy } from './local.ts';
import { isLabelledFor, isOwnPodOfLabel, isPodOf } from '../living-pods.ts';
import { createKeyCache, describeStray, podsThatMaySign } from './stray-signers.ts';
import { namespaceOf, secretsOf } from './signing-secrets.ts';
import { isOwnedBy } from '../owner.ts';

export interface ReturnedKeys {
  isLeaving(nodeKey: string): boolean;
  /** By key: a pod that keeps it from being given back, and that does not go by itself. As of the last `given`. */
  readonly kept: ReadonlyMap<string, KeptKey>;
  given(): Promise<ReadonlySet<string>>;
}

export interface KeptKey {
  /** `namespace/name` of the node that has it reserved. */
  readonly node: string;
  /** The pod, and what to do about it. */
  readonly stray: string;
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
  let kept: ReadonlyMap<string, KeptKey> = new Map();

  /** A node that was not reconciled since the start keeps its keys: it may only be waiting for its turn. */
  function mayLeave({ key, node }: Reserved): boolean {
    if (wantedBy(granted).has(key)) return false;
    const live = watches.nodes.get(node);
    return live === undefined || !isOwnedBy(live, executor) || leaving.has(node) || granted.has(node);
  }

  return {
    isLeaving: (nodeKey) => keyLedger.reserved().some((one) => one.node === nodeKey && mayLeave(one)),
    get kept() {
      return kept;
    },
    async given() {
      touched.clear();
      if (!watches.nodes.isSynced || watches.incomplete().length > 0) return new Set();
      const free: Reserved[] = [];
      const strays = new Map<string, KeptKey>();
      for (const one of keyLedger.reserved().filter(mayLeave)) {
        const user = await whatMaySign(one, deps);
        if (user === undefined) free.push(one);
        else if (user.stray !== undefined) strays.set(one.key, { node: one.node, stray: user.stray });
      }
      kept = strays;
      return new Set(free.filter((one) => !touched.has(one.node) && mayLeave(one)).map(({ key }) => key));
    },
  };
}

/**
 * What may still sign with the key; undefined when nothing may. Asks the API server, because a watch may be behind, and looks at every
 * pod of the namespace: the label of one that runs may have been taken off. A Secret that is gone may be mounted still.
 */
async function whatMaySign(
  { key, node }: Reserved,
  { cluster }: Pick<ReturnedKeysDeps, 'cluster'>,
): Promise<User | undefined> {
  const namespace = namespaceOf(node);
  const name = node.slice(namespace.length + 1);
  const statefulSet = await cluster.get({ apiVersion: 'apps/v1', kind: 'StatefulSet', namespace, name });
  const pods = await podsThatMaySign(cluster, namespace);
  const own = pods.filter((pod) => isPodOf(pod, name));
  const keys = createKeyCache(cluster, namespace);
  if (statefulSet !== undefined && (await keys.reach(statefulSet, { keys: [key], counts: 'missing too' }))) return {};
  for (const pod of own) if (await keys.reach(pod, { keys: [key], counts: 'missing too' })) return userOf(pod, name);
  const others = pods.filter((pod) => !own.includes(pod) && !isOwnPodOfLabel(pod));
  for (const pod of others) if (await keys.reach(pod, { keys: [key], counts: 'known' })) return userOf(pod, name);
  return (await isOlderThanSecret(own, namespace, cluster)) ? {} : undefined;
}

/** What has to be done about it; nothing where it goes by itself. */
interface User {
  readonly stray?: string;
}

function userOf(pod: KubeObject, node: string): User {
  return isLabelledFor(pod, node) ? {} : { stray: describeStray(pod, node) };
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
