// What became of each approval in fleet.yaml: it releases something, was carried out, or releases nothing.

import { FLEET_FILE, type FleetSpec } from '../api/fleet.ts';
import { describeRef } from '../api/objects.ts';
import { defined } from '../lib/defined.ts';
import type { Action, Plan, ReleasedHold } from './action.ts';
import { actionWords } from './hold-text.ts';
import type { Desired, FileError } from './input.ts';

/** As in `spec.approvals`. */
type Approval = NonNullable<FleetSpec['approvals']>[number];

/** What an approval released, and when the last of it was done. */
export interface CarriedOut {
  /** Of the last plan that it released something of. */
  readonly revision: string;
  /** The actions in words. */
  readonly what: string;
  /** RFC 3339; absent while something of it is not done. */
  readonly at?: string;
}

/** By digest of the approval; only of those that fleet.yaml names. */
export type CarriedOutByDigest = Readonly<Record<string, CarriedOut>>;

type Released = Pick<Plan, 'actions' | 'revision'>;

/**
 * Before the first action of a plan. Where a controller was killed after the last action of an approval, nothing of it is left
 * in the next plan: with the same revision it was carried out, with another one nothing is known of it.
 */
export function beginApprovals(
  before: CarriedOutByDigest,
  { actions, revision }: Released,
  { approvals, now }: { readonly approvals: readonly Approval[]; readonly now: string },
): CarriedOutByDigest {
  const entries = approvals.map(({ digest }) => {
    const known = before[digest];
    const own = actionsOf(actions, digest);
    if (own.length === 0) return [digest, endOf(known, { revision, now })] as const;
    const isNew = known === undefined || known.at !== undefined;
    return [digest, { revision, what: isNew ? describeAll(own) : known.what }] as const;
  });
  return Object.fromEntries(entries.flatMap(([digest, one]) => (one === undefined ? [] : [[digest, one]])));
}

function endOf(
  known: CarriedOut | undefined,
  { revision, now }: { readonly revision: string; readonly now: string },
): CarriedOut | undefined {
  if (known === undefined || known.at !== undefined) return known;
  return known.revision === revision ? { ...known, at: now } : undefined;
}

/** After its actions were tried. `failed`: objects whose action failed, as `describeRef` names them. */
export function finishApprovals(
  begun: CarriedOutByDigest,
  actions: readonly Action[],
  { failed, now }: { readonly failed: ReadonlySet<string>; readonly now: string },
): CarriedOutByDigest {
  const isDone = ({ ref, hold }: Action): boolean => hold === undefined && !failed.has(describeRef(ref));
  return Object.fromEntries(
    Object.entries(begun).map(([digest, one]) => {
      const isOver = one.at === undefined && actionsOf(actions, digest).every(isDone);
      return [digest, isOver ? { ...one, at: now } : one];
    }),
  );
}

function actionsOf(actions: readonly Action[], digest: string): readonly Action[] {
  return actions.filter(({ approval }) => approval?.digest === digest);
}

const MAX_NAMED = 5;

function describeAll(actions: readonly Action[]): string {
  const named = actions.slice(0, MAX_NAMED).map(actionWords);
  return [...named, ...(actions.length > MAX_NAMED ? [`${actions.length - MAX_NAMED} more`] : [])].join(', ');
}

export interface ApprovalUse {
  readonly state: 'InUse' | 'CarriedOut';
  readonly what: string;
  readonly at?: string | undefined;
}

/** By digest. What was carried out gives way to what is released now: the same actions may have come back. */
export type ApprovalUses = ReadonlyMap<string, ApprovalUse>;

/** What the plans release, and what was carried out before. */
export function usesOf(plans: readonly Pick<Plan, 'released'>[], carriedOut: CarriedOutByDigest): ApprovalUses {
  const done = Object.entries(carriedOut).flatMap(([digest, { what, at }]): [string, ApprovalUse][] =>
    at === undefined ? [] : [[digest, { state: 'CarriedOut', what, at }]],
  );
  const released = plans.flatMap(({ released: all }) => Object.entries(all));
  const now = released.map(([digest, { length }]): [string, ApprovalUse] => {
    const what = carriedOut[digest]?.what ?? `${length} ${length === 1 ? 'action' : 'actions'}`;
    return [digest, { state: 'InUse', what }];
  });
  return new Map([...done, ...now]);
}

/** What the controller of an executor holds, as it published it. */
export interface PublishedHold extends Pick<ReleasedHold, 'executor' | 'actions' | 'isCut'> {
  readonly digest: string;
}

/** Whether the files still ask for all that is held: without one of the actions the digest of the others is another. */
export function isStillHeld({ actions }: Pick<PublishedHold, 'actions'>, { nodes }: Pick<Desired, 'nodes'>): boolean {
  return actions.every((action) => {
    const [, key, to] = /^(?:delete|move) BlockchainNode (\S+)(?: to executor (\S+))?$/.exec(action) ?? [];
    return key === undefined || nodes.get(key)?.node.spec.executor === to;
  });
}

/** What the approvals of the files release of it. `plan`: what the change itself does. */
export function releaseOf(
  hold: PublishedHold,
  desired: Pick<Desired, 'fleet' | 'nodes'>,
  plan: Pick<Plan, 'actions' | 'released'>,
): ReleasedHold | undefined {
  const approval = desired.fleet.approvals?.find(({ digest }) => digest === hold.digest);
  if (approval === undefined || plan.released[hold.digest] !== undefined || !isStillHeld(hold, desired))
    return undefined;
  const { executor, actions, isCut } = hold;
  const mayJoin = plan.actions.some((action) => action.do === 'delete' || action.hold?.approvable === true);
  return { ...defined(approval), executor, actions, isCut, ...(mayJoin ? { unless: UNLESS_MORE_IS_HELD } : {}) };
}

const UNLESS_MORE_IS_HELD =
  'unless the controller holds more because of this change: then the digest is another one, and this approval releases nothing';

/** `delete BlockchainNode ns/a, delete BlockchainNode ns/b` */
export function releasedActions({ actions, isCut }: Pick<ReleasedHold, 'actions' | 'isCut'>): string {
  return [...actions, ...(isCut ? ['and more'] : [])].join(', ');
}

interface NeedsApproval {
  readonly needsApproval?: { readonly digest: string } | undefined;
}

/** Job requests and schedules that use more than the default policy allows: as long as their files are there. */
export function usesOfRequests(
  ...kinds: readonly ReadonlyMap<string, NeedsApproval>[]
): readonly (readonly [string, ApprovalUse])[] {
  return kinds.flatMap((kind) =>
    [...kind].flatMap(([key, { needsApproval }]) =>
      needsApproval === undefined ? [] : [[needsApproval.digest, { state: 'InUse', what: `run ${key}` }] as const],
    ),
  );
}

export interface JudgedApproval extends Approval {
  readonly state: ApprovalUse['state'] | 'Unused';
  readonly what?: string | undefined;
  readonly at?: string | undefined;
}

export function judgeApprovals(approvals: readonly Approval[] = [], uses: ApprovalUses): readonly JudgedApproval[] {
  return approvals.map((approval) => ({ ...approval, ...(uses.get(approval.digest) ?? { state: 'Unused' }) }));
}

/** As `Problem` of the module desired, which this module may not import. */
interface ApprovalProblem extends FileError {
  readonly level: 'warning';
  readonly code: 'UnusedApproval' | 'ApprovalCarriedOut' | 'ApprovalUnknown';
  readonly column: number;
}

interface Known {
  /** Digests of the held actions: an approval may be meant for these. */
  readonly held: readonly string[];
  /** Everything is known that an approval could release. Otherwise one that releases nothing is named only while actions are held. */
  readonly isWhole: boolean;
  /** Only files are known: whether a controller holds what an approval releases is not. */
  readonly isUnread?: boolean;
  /** What an approval that seems to release nothing may be for. */
  readonly unless?: string;
}

/** A warning for each approval that does nothing where it stands, with what to do. */
export function approvalProblems(judged: readonly JudgedApproval[], known: Known): readonly ApprovalProblem[] {
  return judged.flatMap((approval): readonly ApprovalProblem[] => {
    if (approval.state === 'InUse') return [];
    if (approval.state === 'CarriedOut') return [problem('ApprovalCarriedOut', carriedOutText(approval))];
    if (known.held.length === 0 && known.isUnread === true) return [problem('ApprovalUnknown', unknownText(approval))];
    if (known.held.length === 0 && !known.isWhole) return [];
    return [problem('UnusedApproval', unusedText(approval, known))];
  });
}

/** Also the message of the Event. */
export function carriedOutText({ digest, what, at }: Pick<JudgedApproval, 'digest' | 'what' | 'at'>): string {
  const when = at === undefined ? '' : ` at ${at}`;
  return `the approval ${digest} was carried out${when}: ${what ?? ''}. Remove it from spec.approvals: while it stays, it releases the same actions again.`;
}

function unknownText({ digest }: Approval): string {
  return `the approval ${digest}: between these revisions nothing is held; whether a controller holds it was not read (--status-from)`;
}

function unusedText({ digest }: Approval, { held, isUnread = false, unless = '' }: Known): string {
  const over = `its actions are done, or have changed since${unless}`;
  if (held.length === 0)
    return `the approval ${digest} releases nothing, and no action is held. Remove it from spec.approvals: ${over}.`;
  const words = held.length === 1 ? 'the digest of the held actions is' : 'the digests of the held actions are';
  if (isUnread)
    return `the approval ${digest} releases no action that this change holds; ${words} ${held.join(', ')}. Correct it, unless it is for what a controller holds already, which was not read (--status-from).`;
  return `the approval ${digest} releases no held action; ${words} ${held.join(', ')}. Correct it, or remove it when nothing needs it any more: ${over}.`;
}

function problem(code: ApprovalProblem['code'], message: string): ApprovalProblem {
  return { level: 'warning', code, file: FLEET_FILE, line: 1, column: 1, message };
}

/** Whether files name no other executor. Where they do, an approval may be for what another one does. */
export function isOnlyExecutor(executor: string, { fleet, nodes }: Pick<Desired, 'fleet' | 'nodes'>): boolean {
  const listed = (fleet.executors ?? []).map(({ name }) => name);
  const owners = [...nodes.values()].map(({ node }) => node.spec.executor ?? executor);
  return [...listed, ...owners].every((one) => one === executor);
}
