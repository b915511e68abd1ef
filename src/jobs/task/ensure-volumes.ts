// Creates the PVCs that a node does not have yet, for a job that fills them: one that was created stopped never ran.

import type { KubeObject } from '../../api/objects.ts';
import { DEADLINE, inWords } from '../model/deadlines.ts';
import { elapsed, fail, listOf, stay, type Move, type Scope } from '../model/scope.ts';
import { hasBegun } from './has-begun.ts';

/** A move until every node has its PVCs; then, or when the work has begun, `{ ready: true }`. */
export function ensureVolumes(scope: Scope): Move | { readonly ready: true } {
  // A PVC that goes after that was lost under the work: a new one, which is empty, must not take its place.
  const missing = hasBegun(scope.status.works) ? [] : missingVolumes(scope);
  if (missing.length === 0) return { ready: true };
  const names = listOf(missing.map(({ metadata }) => metadata.name));
  if (elapsed(scope) > DEADLINE.begin)
    return fail(scope, {
      reason: 'ClaimMissing',
      message: `the PVC ${names} could not be created within ${inWords(DEADLINE.begin)}`,
      unsafe: false,
    });
  return stay(scope, `creates the PVC ${names}, which its node does not have yet`, {
    effects: missing.map((object) => ({ do: 'createPvc', object })),
  });
}

/** Of all nodes of the job; none for a kind that fills no volumes. */
export function missingVolumes({ observed, open }: Pick<Scope, 'observed' | 'open'>): readonly KubeObject[] {
  return open.nodes.flatMap((node) => observed.targets.get(node)?.missingPvcs ?? []);
}
