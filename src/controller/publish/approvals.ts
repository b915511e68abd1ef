// What became of each approval in fleet.yaml: of held actions, keys, the place of a cluster, and job requests.

import { runDigest } from '../../jobs/requests/unrecorded.ts';
import {
  approvalProblems,
  isOnlyExecutor,
  type ApprovalUse,
  type JudgedApproval,
  judgeApprovals,
  usesOf,
  usesOfRequests,
} from '../../plan/approvals.ts';
import type { ProblemView } from '../../status/fleet-view.ts';
import { takeOverDigest } from '../fleet/other-cluster.ts';
import type { PublishDeps } from './deps.ts';

export type ApprovalDeps = Pick<PublishDeps, 'branchOwner' | 'fleet' | 'keyLedger' | 'memory' | 'records' | 'settings'>;

/** By the plan of the same revision: one of an older revision does not know a new approval. */
export function approvalsOf(deps: ApprovalDeps): readonly JudgedApproval[] {
  const { fleet, memory } = deps;
  const { pulled, plan } = fleet;
  const { approvals = [] } = pulled?.desired.fleet ?? {};
  if (pulled === undefined || plan?.revision !== pulled.revision || approvals.length === 0) return [];
  const { requests, schedules } = pulled.desired;
  const uses = [
    ...clusterUses(deps),
    ...[...deps.keyLedger.overruled()].map(([digest, executor]) =>
      inUse(digest, `overrule a reservation of ${executor}`),
    ),
    ...usesOfRequests(requests, schedules),
    ...runs(deps),
    ...usesOf([plan], memory.current.approved),
  ];
  return judgeApprovals(approvals, new Map(uses));
}

function inUse(digest: string, what: string): readonly [string, ApprovalUse] {
  return [digest, { state: 'InUse', what }];
}

/** The place of another cluster, to be taken or taken. */
function clusterUses({ branchOwner, memory, settings }: ApprovalDeps): readonly (readonly [string, ApprovalUse])[] {
  const { cluster: to, tookOver } = memory.current;
  if (to === undefined) return [];
  const { executor } = settings;
  return [...new Set([tookOver, branchOwner.cluster])].flatMap((from) => {
    if (from === undefined || from === to) return [];
    const what = `take the place of cluster ${from}`;
    const state = from === tookOver && from !== branchOwner.cluster ? 'CarriedOut' : 'InUse';
    return [[takeOverDigest({ executor, from, to }), { state, what }] as const];
  });
}

/** Requests that may have run before: until their record is there, they run by the approval. */
function runs({ fleet, records }: ApprovalDeps): readonly (readonly [string, ApprovalUse])[] {
  const { approvals = [] } = fleet.pulled?.desired.fleet ?? {};
  const digests = new Set(approvals.map(({ digest }) => digest));
  return [...(fleet.pulled?.desired.requests ?? [])].flatMap(([key, { specDigest }]) => {
    const digest = runDigest({ key, specDigest });
    if (!digests.has(digest)) return [];
    const state = records.next(key) === undefined ? 'InUse' : 'CarriedOut';
    return [[digest, { state, what: `run ${key}` }] as const];
  });
}

/** One that releases nothing here may be for another executor, whose plan is not known here. */
export function problemsOfApprovals(deps: ApprovalDeps): readonly ProblemView[] {
  const { pulled, plan } = deps.fleet;
  const judged = approvalsOf(deps);
  if (pulled === undefined || judged.length === 0) return [];
  const held = plan?.heldDigest === undefined ? [] : [plan.heldDigest];
  return approvalProblems(judged, { held, isWhole: isOnlyExecutor(deps.settings.executor, pulled.desired) });
}
