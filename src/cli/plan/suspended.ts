// What a plan says of suspended nodes, and of those whose suspension ends: what people changed by hand there is in no file.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { findCondition } from '../../api/conditions.ts';
import { describeSuspension, FLEET_FILE, shownSuspension, type Suspension, suspensionOf } from '../../api/fleet.ts';
import { keyOf } from '../../api/objects.ts';
import type { DesiredSet } from '../../desired/desired-set.ts';
import type { Problem } from '../../desired/text/problem.ts';

/** By what the files suspend a node, `namespace/name`. */
export function declaredSuspension({ fleet, nodes }: DesiredSet, key: string): Suspension | undefined {
  const found = nodes.get(key);
  return found === undefined ? undefined : suspensionOf({ fleet, file: found.file, spec: found.node.spec });
}

/** Between two revisions. */
export function suspensionsBetween(before: DesiredSet, desired: DesiredSet): readonly Problem[] {
  return warnings(desired, (key) => wordsOf(declaredSuspension(before, key)), { lasting: false });
}

/** Against the cluster, where the status of a node says by what it is suspended. */
export function suspensionsAgainst(current: readonly BlockchainNode[], desired: DesiredSet): readonly Problem[] {
  const live = new Map(current.map((node) => [keyOf(node), node.status?.conditions]));
  return warnings(
    desired,
    (key) => {
      const found = findCondition(live.get(key), 'Suspended');
      return found === undefined ? undefined : shownSuspension(found.message);
    },
    { lasting: true },
  );
}

function wordsOf(suspension: Suspension | undefined): string | undefined {
  return suspension === undefined ? undefined : describeSuspension(suspension);
}

/** One for each reason. With an error in fleet.yaml nothing begins or ends. */
function warnings(
  desired: DesiredSet,
  before: (key: string) => string | undefined,
  { lasting }: { readonly lasting: boolean },
): readonly Problem[] {
  if (desired.fleetBroken) return [];
  const found = new Map<string, string[]>();
  for (const key of [...desired.nodes.keys()].sort()) {
    const what = whatOf(before(key), wordsOf(declaredSuspension(desired, key)));
    if (what !== undefined && (lasting || !what.endsWith(LASTS))) found.set(what, [...(found.get(what) ?? []), key]);
  }
  return [...found].map(([what, keys]) => ({
    level: 'warning',
    code: 'SuspendedNodes',
    file: FLEET_FILE,
    line: 1,
    column: 1,
    message: `${what}: ${keys.slice(0, 3).join(', ')}${keys.length > 3 ? `, and ${keys.length - 3} more` : ''}`,
  }));
}

function whatOf(then: string | undefined, now: string | undefined): string | undefined {
  if (now !== undefined) return `${now}: ${LASTS}`;
  return then === undefined ? undefined : `${then} no longer: ${ENDS}`;
}

const LASTS = 'what of these nodes was changed by hand is not compared, and stays';
const ENDS =
  'what was changed by hand meanwhile is put back, which may restart the pods of these nodes, and those that were never created are created';
