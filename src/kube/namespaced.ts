// The cluster of a controller that has rights in some namespaces only: what it would list or watch in all of them, it
// lists and watches in each.

import type { KubeObject } from '../api/objects.ts';
import type { ApiCluster } from './api-cluster.ts';
import type { Informer, InformOptions, Kind } from './cluster.ts';

/** Everything else is passed on as it is: outside of the namespaces the API server refuses it. */
export function inNamespaces(cluster: ApiCluster, namespaces: readonly string[]): ApiCluster {
  const isEverywhere = (kind: Kind, { namespace }: { readonly namespace?: string }): boolean =>
    kind.namespaced && namespace === undefined;
  return {
    ...cluster,
    async list(kind, options = {}) {
      if (!isEverywhere(kind, options)) return await cluster.list(kind, options);
      const lists = namespaces.map(async (namespace) => await cluster.list(kind, { ...options, namespace }));
      return (await Promise.all(lists)).flat();
    },
    inform<T extends KubeObject = KubeObject>(kind: Kind, options: InformOptions<T>): Informer<T> {
      if (!isEverywhere(kind, options)) return cluster.inform(kind, options);
      const parts = namespaces.map(
        (namespace) => [namespace, cluster.inform<T>(kind, { ...options, namespace })] as const,
      );
      return joined(new Map(parts));
    },
  };
}

/** Complete when every part is: a namespace that cannot be listed must not look empty. */
function joined<T extends KubeObject>(parts: ReadonlyMap<string, Informer<T>>): Informer<T> {
  const all = [...parts.values()];
  return {
    synced: async () => void (await Promise.all(all.map(async (informer) => await informer.synced()))),
    get isSynced() {
      return all.every(({ isSynced }) => isSynced);
    },
    get: (key) => parts.get(key.slice(0, key.indexOf('/')))?.get(key),
    list: () => all.flatMap((informer) => informer.list()),
    get lastContact() {
      return Math.min(...all.map(({ lastContact }) => lastContact));
    },
    get trouble() {
      return all.find(({ trouble }) => trouble !== undefined)?.trouble;
    },
  };
}
