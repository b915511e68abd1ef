// Which approvals of fleet.yaml a plan names: those that were carried out, and those that release nothing.

import type { Plan } from '../../plan/action.ts';
import { runDigest } from '../../jobs/requests/unrecorded.ts';
import { approvalOf } from '../../keys/foreign.ts';
import {
  approvalProblems,
  type ApprovalUse,
  isOnlyExecutor,
  isStillHeld,
  judgeApprovals,
  type PublishedHold,
  releasedActions,
  releaseOf,
  usesOf,
  usesOfRequests,
} from '../../plan/approvals.ts';
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
export function approvalsToName(planned: Planned): ReturnType<typeof approvalProblems> {
  const { comparison, published, executor, plans } = planned;
  const { desired, carriedOut = {} } = comparison;
  const made = plans.map(({ plan }) => plan);
  const holds = holdsOf(comparison, published).filter((hold) => isStillHeld(hold, desired));
  const uses = new Map([
    ...(published?.approvals ?? []),
    ...usesOfRecords(desired, published),
    ...usesOfRequests(desired.requests, desired.schedules),
    ...holds.map((hold) => [hold.digest, { state: 'InUse', what: releasedActions(hold) }] as const),
    ...usesOf(made, carriedOut),
  ]);
  const held = [...made.flatMap(({ heldDigest }) => heldDigest ?? []), ...holds.map(({ digest }) => digest)];
  const isWhole = !desired.fleetBroken && (executor === undefined || isOnlyExecutor(executor, desired));
  const isUnread = published === undefined && comparison.keyFacts === undefined;
  return approvalProblems(judgeApprovals(desired.fleet.approvals, uses), { held, isWhole, isUnread, unless: UNLESS });
}

/** In a cluster the plan itself has what is held. */
function holdsOf(comparison: Comparison, published: PublishedSigning | undefined): readonly PublishedHold[] {
  return comparison.keyFacts === undefined ? (published?.holds ?? []) : [];
}

/** Executors of which an approval releases something that they hold already. */
export function releasingExecutors(comparison: Comparison, published: PublishedSigning | undefined): readonly string[] {
  const nothing = { actions: [], released: {} };
  return holdsOf(comparison, published)
    .filter((hold) => releaseOf(hold, comparison.desired, nothing) !== undefined)
    .map(({ executor }) => executor);
}

/** The plan with what an approval releases of that. */
export function withRelease(
  plan: Plan,
  executor: string,
  { comparison, published }: Pick<Planned, 'comparison' | 'published'>,
): Plan {
  const hold = holdsOf(comparison, published).find((one) => one.executor === executor);
  const releasedHold = hold === undefined ? undefined : releaseOf(hold, comparison.desired, plan);
  return releasedHold === undefined ? plan : { ...plan, releasedHold };
}

/** Approvals of what no plan shows: a request whose record was lost, and a reservation of another executor. */
function usesOfRecords(
  { requests }: Comparison['desired'],
  published: PublishedSigning | undefined,
): readonly (readonly [string, ApprovalUse])[] {
  const runs = [...requests].map(([key, { specDigest }]) => [runDigest({ key, specDigest }), `run ${key}`] as const);
  const reserved = (published?.keys.entries ?? []).flatMap(({ executor, key, seal, state }) =>
    state === 'Reserved' ? [[approvalOf(executor, key, seal), `overrule a reservation of ${executor}`] as const] : [],
  );
  return [...runs, ...reserved].map(([digest, what]) => [digest, { state: 'InUse', what }]);
}

const UNLESS =
  '; unless it is for what only the controller knows, such as a lost volume: `approvals` in sync.yaml lists each';
