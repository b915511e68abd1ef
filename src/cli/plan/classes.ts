// The StorageClasses of the cluster that a plan compares with: new nodes that name one that is not there, and those whose volumes cannot grow.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { keyOf } from '../../api/objects.ts';
import type { DesiredSet } from '../../desired/desired-set.ts';
import type { Problem } from '../../desired/text/problem.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { KINDS } from '../../kube/kinds.ts';
import { isKubeError } from '../../kube/kube-error.ts';
import { unknownClasses } from '../../plan/judge-capabilities.ts';

export interface ClassFacts {
  readonly fixedClasses: ReadonlySet<string>;
  /** One for each new node that waits for a class; the pod of an existing one does not need it any more. */
  readonly problems: readonly Problem[];
}

/** Nothing is said where they may not be listed. */
export async function classFacts(
  { nodes }: Pick<DesiredSet, 'nodes'>,
  current: readonly BlockchainNode[],
  cluster: Pick<Cluster, 'list'>,
): Promise<ClassFacts> {
  const classes = await cluster.list(KINDS.StorageClass).catch((error: unknown) => {
    if (isKubeError(error, 'FORBIDDEN')) return undefined;
    throw error;
  });
  if (classes === undefined) return { fixedClasses: new Set(), problems: [] };
  const fixed = classes.filter((one) => one['allowVolumeExpansion'] !== true);
  const storageClasses = classes.map(({ metadata: { name } }) => ({ name }));
  const exist = new Set(current.map(keyOf));
  const problems = [...nodes].flatMap(([key, { node, file, line }]): readonly Problem[] =>
    exist.has(key)
      ? []
      : unknownClasses(node.spec, node.spec.executor ?? '', { storageClasses }).map((message) => {
          return { level: 'warning', code: 'OutsideCapabilities', file, line, column: 1, message };
        }),
  );
  return { fixedClasses: new Set(fixed.map(({ metadata: { name } }) => name)), problems };
}
