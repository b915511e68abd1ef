// The keys that the pods of nodes can sign with, by the Secrets that they reach.

import type { Cluster } from '../../../kube/cluster.ts';
import { eachAtOnce } from '../../engine/each-at-once.ts';
import { namespaceOf, reachableSecrets, readKeys } from './signing-secrets.ts';
import type { Watches } from '../watches.ts';

export interface NodeKeys {
  /** `namespace/name` */
  readonly node: string;
  /** Digests of the keys. */
  readonly keys: readonly string[];
}

export interface ReachedKeys {
  /** What every node but this one may sign with now; also nodes that are gone and whose pods live on. */
  exceptOf(nodeKey: string): Promise<readonly NodeKeys[]>;
}

interface Read {
  readonly version: string | undefined;
  readonly keys: readonly string[];
}

interface ReachedKeysDeps {
  readonly cluster: Pick<Cluster, 'get'>;
  readonly watches: Pick<Watches, 'owned' | 'owners' | 'secretVersion'>;
}

/** Secrets that are read at the same time, when a controller starts among many validators. */
const READ_AT_ONCE = 16;

export function createReachedKeys({ cluster, watches }: ReachedKeysDeps): ReachedKeys {
  /** With what was in an edited Secret before: a client reads its key once, at its start. */
  let seen = new Map<string, Read>();
  return {
    async exceptOf(nodeKey) {
      const others = [...watches.owners()].filter((key) => key !== nodeKey);
      const reached = others.flatMap((node) => reachableSecrets(node, watches).map((secret) => ({ node, secret })));
      const known = new Map<string, Read>();
      await eachAtOnce(reached, READ_AT_ONCE, async ({ node, secret }) => {
        const id = `${node} ${secret}`;
        const before = seen.get(id);
        const version = watches.secretVersion(`${namespaceOf(node)}/${secret}`);
        const isSame = before !== undefined && before.version === version;
        const keys = isSame ? before.keys : await readKeys(cluster, namespaceOf(node), secret);
        const all = new Set([...(before?.keys ?? []), ...(keys ?? [])]);
        if (all.size > 0) known.set(id, { version, keys: [...all] });
      });
      seen = known;
      return reached.map(({ node, secret }) => ({ node, keys: known.get(`${node} ${secret}`)?.keys ?? [] }));
    },
  };
}
