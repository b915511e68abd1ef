// The keys that the pods of nodes can sign with, by the Secrets that they mount.

import type { KubeObject } from '../../../api/objects.ts';
import { signingKeysIn } from '../../../chains/index.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { isObject, textAt, valueAt } from '../../../lib/json-value.ts';
import { isMadeByUs } from '../../../render/pod-volumes.ts';
import { eachAtOnce } from '../../engine/each-at-once.ts';
import type { Watches } from '../watches.ts';

export interface NodeKeys {
  /** `namespace/name` */
  readonly node: string;
  /** Digests of the keys. */
  readonly keys: readonly string[];
}

export interface MountedKeys {
  /** What every node but this one may sign with now; also nodes that are gone and whose pods live on. */
  exceptOf(nodeKey: string): Promise<readonly NodeKeys[]>;
}

interface MountedKeysDeps {
  readonly cluster: Pick<Cluster, 'get'>;
  readonly watches: Pick<Watches, 'owned' | 'owners'>;
}

/** Secrets that are read at the same time, when a controller starts among many validators. */
const READ_AT_ONCE = 16;

export function createMountedKeys({ cluster, watches }: MountedKeysDeps): MountedKeys {
  /** As first read: a client reads its key once, at its start. */
  let seen = new Map<string, readonly string[]>();
  return {
    async exceptOf(nodeKey) {
      const others = [...watches.owners()].filter((key) => key !== nodeKey);
      const mounts = others.flatMap((key) => mountedBy(key, watches).map((secret) => ({ key, secret })));
      const known = new Map<string, readonly string[]>();
      await eachAtOnce(mounts, READ_AT_ONCE, async ({ key, secret }) => {
        const id = `${key} ${secret}`;
        const keys = seen.get(id) ?? (await keysIn(secret, key, cluster));
        if (keys !== undefined) known.set(id, keys);
      });
      seen = known;
      return mounts.map(({ key, secret }) => ({ node: key, keys: known.get(`${key} ${secret}`) ?? [] }));
    },
  };
}

/** Digests of the keys in a Secret beside the node; undefined when there is no such Secret. */
export async function keysIn(
  secret: string,
  nodeKey: string,
  cluster: Pick<Cluster, 'get'>,
): Promise<readonly string[] | undefined> {
  const namespace = nodeKey.slice(0, nodeKey.indexOf('/'));
  const live = await cluster.get({ apiVersion: 'v1', kind: 'Secret', namespace, name: secret });
  return live === undefined ? undefined : signingKeysIn(textsOf(live['data']));
}

/** A Secret's data, decoded. */
function textsOf(data: unknown): Readonly<Record<string, string>> {
  if (!isObject(data)) return {};
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => [name, Buffer.from(String(value), 'base64').toString('latin1')]),
  );
}

/** The Secrets that a pod of the node mounts, or that a pod would mount which its StatefulSet may still create. */
function mountedBy(nodeKey: string, watches: Pick<Watches, 'owned'>): readonly string[] {
  const sets = watches.owned(nodeKey, 'StatefulSet').filter((set) => !isQuiet(set));
  return [
    ...new Set([
      ...sets.flatMap((set) => secretsIn(valueAt(set, ['spec', 'template', 'spec', 'volumes']))),
      ...watches.owned(nodeKey, 'Pod').flatMap((pod) => secretsIn(valueAt(pod, ['spec', 'volumes']))),
    ]),
  ];
}

/** It has no replicas, and the StatefulSet controller has observed that: it creates no pod any more. */
function isQuiet(set: KubeObject): boolean {
  const observed = valueAt(set, ['status', 'observedGeneration']);
  return (
    valueAt(set, ['spec', 'replicas']) === 0 &&
    (valueAt(set, ['status', 'replicas']) ?? 0) === 0 &&
    typeof observed === 'number' &&
    observed >= (set.metadata.generation ?? 0)
  );
}

function secretsIn(volumes: unknown): readonly string[] {
  if (!Array.isArray(volumes)) return [];
  return volumes.flatMap((volume) =>
    isMadeByUs(textAt(volume, ['name']) ?? '') ? [] : (textAt(volume, ['secret', 'secretName']) ?? []),
  );
}
