// Approvals in fleet.yaml that release nothing, while actions are held: one of them may be meant for these.

import { FLEET_FILE, type FleetSpec } from '../api/fleet.ts';
import type { Plan } from './action.ts';
import type { FileError } from './input.ts';

interface Declared {
  readonly fleet: Pick<FleetSpec, 'approvals'>;
  readonly requests: ReadonlyMap<string, NeedsApproval>;
  readonly schedules: ReadonlyMap<string, NeedsApproval>;
}

interface NeedsApproval {
  readonly needsApproval?: { readonly digest: string } | undefined;
}

/** As `Problem` of the module desired, which this module may not import. */
interface UnusedApproval extends FileError {
  readonly level: 'warning';
  readonly code: 'UnusedApproval';
  readonly column: number;
}

type Made = Pick<Plan, 'heldDigest' | 'released'>;

/** A warning for each. An approval that has been carried out releases nothing any more either. */
export function unusedApprovals(
  { fleet, requests, schedules }: Declared,
  plans: readonly Made[],
): readonly UnusedApproval[] {
  const held = plans.flatMap(({ heldDigest }) => heldDigest ?? []);
  if (held.length === 0) return [];
  const used = new Set([
    ...plans.flatMap(({ released }) => Object.keys(released)),
    ...[...requests.values(), ...schedules.values()].flatMap(({ needsApproval }) => needsApproval?.digest ?? []),
  ]);
  const unused = (fleet.approvals ?? []).filter(({ digest }) => !used.has(digest));
  const words = held.length === 1 ? 'the digest of the held actions is' : 'the digests of the held actions are';
  return unused.map(({ digest }) => ({
    level: 'warning',
    code: 'UnusedApproval',
    file: FLEET_FILE,
    line: 1,
    column: 1,
    message: `the approval ${digest} releases no held action; ${words} ${held.join(', ')}. Correct it, or remove it when nothing needs it any more: its actions are done, or have changed since.`,
  }));
}
