// What approvals release is remembered before it is done, and said when it is.

import { timestamp } from '../../lib/timestamp.ts';
import type { Plan } from '../../plan/action.ts';
import { beginApprovals, type CarriedOutByDigest, carriedOutText, finishApprovals } from '../../plan/approvals.ts';
import { emitAboutLease } from '../engine/lease-events.ts';
import type { FleetDeps } from './deps.ts';
import type { FailedAction, Pulled } from './state.ts';

/** Before the first action: an approved plan that is applied in part must stay approved. */
export async function rememberReleases(plan: Plan, { desired }: Pulled, deps: FleetDeps): Promise<void> {
  const { approved: before } = deps.memory.current;
  const { approvals = [] } = desired.fleet;
  const now = timestamp(deps.runtime.now());
  // An error in fleet.yaml says nothing of its approvals.
  const approved = desired.fleetBroken ? before : beginApprovals(before, plan, { approvals, now });
  await deps.memory.save(() => ({ released: plan.released, approved }));
  announce(before, approved, deps);
}

export async function noteCarriedOut(
  { actions }: Plan,
  failures: readonly FailedAction[],
  deps: FleetDeps,
): Promise<void> {
  const { approved: before } = deps.memory.current;
  const failed = new Set(failures.map(({ object }) => object));
  const approved = finishApprovals(before, actions, { failed, now: timestamp(deps.runtime.now()) });
  await deps.memory.save(() => ({ approved }));
  announce(before, approved, deps);
}

function announce(before: CarriedOutByDigest, after: CarriedOutByDigest, deps: FleetDeps): void {
  for (const [digest, { what, at }] of Object.entries(after)) {
    if (at === undefined || before[digest]?.at !== undefined) continue;
    deps.runtime.log.info({ digest, actions: what }, 'Approval carried out');
    const message = carriedOutText({ digest, what });
    emitAboutLease({ type: 'Normal', reason: 'ApprovalCarriedOut', message, state: `approval ${digest}` }, deps);
  }
}
