// The CustomResourceDefinitions of every kind that reaches the cluster.

import type { KubeObject } from '../api/objects.ts';
import { chains } from '../chains/index.ts';
import { nodeCrd } from './node-kind.ts';

/** What the controller applies when it starts, and what `nodewright crds` prints. */
export function crds(): readonly KubeObject[] {
  return [nodeCrd(chains)];
}
