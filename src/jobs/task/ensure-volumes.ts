// Creates the PVCs of a node that was created stopped and never ran, for a job that fills them.

import type { KubeObject } from '../../api/objects.ts';
import { listOf, stay, type Move, type Scope } from '../model/scope.ts';

/** A move until every node has its PVCs; then, or when the work has begun, `{ ready: true }`. */
export function ensureVolumes(scope: Scope): Move | { readonly ready: true } {
  // A PVC that goes after that was lost under the work: a new one, which is empty, must not take its place.
  const hasBegun = (scope.status.works ?? []).some(({ uid }) => uid !== undefined);
  const missing = hasBegun ? [] : missingVolumes(scope);
  if (missing.length === 0) return { ready: true };
  const names = missing.map(({ metadata }) => metadata.name);
  return stay(scope, `creates the PVC ${listOf(names)}, as the node never ran`, {
    effects: missing.map((object) => ({ do: 'createPvc', object })),
  });
}

/** Of all nodes of the job; none for a kind that fills no volumes. */
export function missingVolumes({ observed, open }: Pick<Scope, 'observed' | 'open'>): readonly KubeObject[] {
  return open.nodes.flatMap((node) => observed.targets.get(node)?.missingPvcs ?? []);
}
