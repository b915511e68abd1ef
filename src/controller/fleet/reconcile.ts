// What Git declares becomes BlockchainNode objects, and stays so.

import { findCondition } from '../../api/conditions.ts';
import type { NodeStatus } from '../../api/node-status.ts';
import { keyOf } from '../../api/objects.ts';
import type { Plan } from '../../plan/action.ts';
import { planInSteps } from '../../plan/plan.ts';
import { workloadOf } from '../../render/workload.ts';
import { again, DONE, type ReconcileResult } from '../engine/queue.ts';
import { runYielding } from '../engine/run-yielding.ts';
import { isOwnedBy } from '../node/owner.ts';
import { announcePlan, countActions } from './announce-plan.ts';
import { applyPlan } from './apply-plan.ts';
import { noteCarriedOut, rememberReleases } from './carry-approvals.ts';
import type { FleetDeps } from './deps.ts';
import { findFixedClasses } from './fixed-classes.ts';
import { findNewKeys } from './new-keys.ts';
import { heldByOther } from './other-cluster.ts';
import { takeOver } from './restore-memory.ts';
import { isUnknownExecutor } from './unlisted.ts';
import type { FailedAction, FleetState, Pulled } from './state.ts';

/** Plans what was pulled last, and applies it. Rejects when an action failed, after all were tried. */
export async function reconcileFleet(deps: FleetDeps, signal: AbortSignal): Promise<ReconcileResult> {
  const { pulled } = deps.fleet;
  if (pulled === undefined) return DONE;
  try {
    await takeOver(deps, signal);
    deps.fleet.newKeys = await findNewKeys(pulled, deps);
    deps.fleet.fixedClasses = await findFixedClasses(pulled, deps);
    const plan = await computePlan(pulled, deps);
    announcePlan(plan, deps);
    deps.fleet.plan = plan;
    await rememberReleases(plan, pulled, deps);
    const failures = await applyPlan(plan, deps, signal);
    await noteCarriedOut(plan, failures, deps);
    await followSuspension(plan, deps);
    noteApplied(plan, failures, deps.fleet);
    throwFailures(plan, deps.fleet);
    await settleIdentities(pulled, deps);
    await advanceRevision(pulled, plan, deps);
    return waitsForClass(plan) ? again(CLASS_MS) : DONE;
  } finally {
    notePlan(deps);
  }
}

/** Also when actions failed: they are tried again, as in any fleet. */
async function followSuspension(plan: Plan, { suspensions, notify }: FleetDeps): Promise<void> {
  const nodeKeys = await suspensions.follow(plan);
  if (nodeKeys.length > 0) notify('SuspensionChanged', { nodeKeys });
}

/** Classes are not watched. */
const CLASS_MS = 5 * 60_000;

function waitsForClass({ actions }: Plan): boolean {
  return actions.some(({ hold }) => hold?.guard === 'VolumeCannotGrow');
}

/** The first plan since the start also decides about what was held before. */
function notePlan({ fleet, notify, observations, watches }: FleetDeps): void {
  const heldBefore = observations.isPlanned
    ? []
    : watches.nodes.list().filter(({ status }) => status?.hold !== undefined || isUnapplied(status));
  const changed = observations.setPlan(
    fleet.plan,
    fleet.failures.filter(({ isRefused }) => isRefused),
  );
  notify('PlanApplied', { nodeKeys: [...new Set([...changed, ...heldBefore.map(keyOf)])] });
}

function isUnapplied(status: NodeStatus | undefined): boolean {
  return findCondition(status?.conditions, 'Unapplied') !== undefined;
}

/** The plan of that revision: the last one, or a new one that is not applied. */
export async function planOf(pulled: Pulled, deps: PlanDeps): Promise<Plan> {
  const { plan } = deps.fleet;
  return plan?.revision === pulled.revision ? plan : await computePlan(pulled, deps);
}

export type PlanDeps = Pick<
  FleetDeps,
  | 'branchOwner'
  | 'fleet'
  | 'identities'
  | 'keyLedger'
  | 'keyReservations'
  | 'memory'
  | 'settings'
  | 'volumeRecords'
  | 'watches'
>;

/** From one moment: what others change while it pauses is for the next plan. */
async function computePlan(pulled: Pulled, deps: PlanDeps): Promise<Plan> {
  const { watches, settings, memory, identities, volumeRecords, keyLedger, keyReservations, fleet } = deps;
  const declared = [...pulled.desired.nodes].filter(([, { node }]) => node.spec.executor === settings.executor);
  const leaving = watches.nodes
    .list()
    .filter((node) => isOwnedBy(node, settings.executor) && !pulled.desired.nodes.has(keyOf(node)));
  const steps = planInSteps({
    desired: pulled.desired,
    current: watches.nodes.list(),
    executor: settings.executor,
    revision: pulled.revision,
    facts: {
      ancestry: pulled.ancestry,
      lastApplied: memory.current.appliedRevision,
      otherCluster: heldByOther(deps),
      memoryLost: memory.current.lost !== undefined,
      released: memory.current.released,
      identities: identities.overrides(),
      signers: identities.signers(),
      newKeys: fleet.newKeys,
      endedSwaps: fleet.endedSwaps,
      fixedClasses: fleet.fixedClasses,
      reservations: keyLedger.foreign(),
      movedKeys: new Map(keyReservations.moved),
      straySigners: new Map([...keyReservations.kept].map(([key, { stray }]) => [key, stray])),
      volumes: new Map(
        [...leaving, ...declared.map(([, { node }]) => node)].map((node) => [keyOf(node), volumeRecords.known(node)]),
      ),
    },
    workloadOf,
  });
  return await runYielding(steps);
}

function noteApplied({ actions }: Plan, failures: readonly FailedAction[], fleet: FleetState): void {
  const planned = countActions(actions);
  const done = (what: 'create' | 'update' | 'delete'): number =>
    planned[what] - failures.filter((failure) => failure.do === what).length;
  const [created, updated, deleted] = [done('create'), done('update'), done('delete')];
  fleet.isSynced = true;
  fleet.firstSync.resolve();
  fleet.failures = failures;
  if (created + updated + deleted > 0) fleet.lastApplied = { created, updated, deleted, failed: failures.length };
}

function throwFailures({ actions }: Plan, { failures }: FleetState): void {
  const [first] = failures;
  if (first === undefined) return;
  throw new Error(`${failures.length} of ${actions.length} actions failed: ${first.object}: ${first.message}`);
}

async function settleIdentities({ desired }: Pulled, { identities, watches }: FleetDeps): Promise<void> {
  // A file that cannot be read may declare a node of any name.
  const isReadable = !desired.fleetBroken && desired.brokenFiles.size === 0;
  await identities.settle(watches.nodes.list(), (key) => isReadable && !desired.nodes.has(key));
}

async function advanceRevision(pulled: Pulled, plan: Plan, deps: FleetDeps): Promise<void> {
  const { memory, fleet, settings } = deps;
  if (isUnknownExecutor(deps) || !isDecided(pulled, plan, memory.current.lost !== undefined)) return;
  const { origin } = settings;
  await memory.save(() => ({
    appliedCommit: pulled.commit.oid,
    appliedRevision: pulled.revision,
    origin,
    lost: undefined,
  }));
  fleet.appliedRevision = pulled.revision;
}

/**
 * A revision that could not be planned does not become "the revision applied last". Nor does one of a
 * branch that was moved, or after a loss of the memory, while any action is held: whichever guard holds an action now, it must still meet the guard for
 * moved branches afterwards.
 */
function isDecided({ ancestry, desired }: Pulled, { actions }: Plan, isLost: boolean): boolean {
  if (desired.fleetBroken) return false;
  const isMoved = isLost || ancestry === 'rewound' || ancestry === 'rewritten';
  return !isMoved || actions.every(({ hold }) => hold === undefined);
}
