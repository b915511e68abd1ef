// Which approvals of fleet.yaml a plan names: those that were carried out, and those that release nothing.

import type { Plan } from '../../plan/action.ts';
import { approvalProblems, isOnlyExecutor, judgeApprovals, usesOf, usesOfRequests } from '../../plan/approvals.ts';
import type { PublishedSigning } from '../published/keys.ts';
import type { Comparison } from './comparison.ts';

interface Planned {
  readonly comparison: Comparison;
  /** The status branch, where it is read. */
  readonly published: PublishedSigning | undefined;
  /** The only one that is planned. */
  readonly executor: string | undefined;
  readonly plans: readonly { readonly plan: Plan }[];
}

/** An approval may be for any of the executors. */
export function approvalsToName({
  comparison,
  published,
  executor,
  plans,
}: Planned): ReturnType<typeof approvalProblems> {
  const { desired, carriedOut = {} } = comparison;
  const made = plans.map(({ plan }) => plan);
  const uses = new Map([
    ...(published?.approvals ?? []),
    ...usesOfRequests(desired.requests, desired.schedules),
    ...usesOf(made, carriedOut),
  ]);
  const held = made.flatMap(({ heldDigest }) => heldDigest ?? []);
  const isWhole = !desired.fleetBroken && (executor === undefined || isOnlyExecutor(executor, desired));
  return approvalProblems(judgeApprovals(desired.fleet.approvals, uses), { held, isWhole, unless: UNLESS });
}

const UNLESS =
  '; unless it is for what only the controller knows, such as a lost volume: `approvals` in sync.yaml lists each';
