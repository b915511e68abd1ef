// Outer loop: what Git wants becomes BlockchainNode objects, and stays so.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { ANNOTATION, FIELD_MANAGER, LABEL } from '../../api/group.ts';
import { describeRef, keyOf, type KubeObject } from '../../api/objects.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { describeError } from '../../lib/errors.ts';
import { sameJson } from '../../lib/stable-json.ts';
import type { Action, Plan } from '../../plan/action.ts';
import { planNodes } from '../../plan/plan.ts';
import { eachAtOnce } from '../engine/each-at-once.ts';
import type { Identities } from '../node/identities.ts';
import { handOverVolumes } from './hand-over-volumes.ts';
import type { Memory } from '../engine/memory.ts';
import type { Pulled } from './pull.ts';
import type { Runtime } from '../engine/runtime.ts';
import type { World } from '../node/watches.ts';

/** Requests that are under way at the same time. */
const APPLY_AT_ONCE = 32;

export interface SyncState {
  readonly plan: Plan | undefined;
  /** Whether a plan was carried out to its end once, also when single actions of it failed. */
  readonly hasActed: boolean;
  /** Actions that failed in the last pass, in words. */
  readonly failures: readonly string[];
  /** `branch@sha1:…` whose plan was carried out, except for what is held. */
  readonly appliedRevision: string | undefined;
  /** What the last pass that changed something did. */
  readonly lastApplied:
    | { readonly created: number; readonly updated: number; readonly deleted: number; readonly failed: number }
    | undefined;
}

export interface Syncer {
  /** Plans and acts on what was pulled last. Throws when an action failed, after all were tried. */
  sync(pulled: Pulled, signal: AbortSignal): Promise<void>;
  /** The plan of that revision; it is only made, where no pass has come to it yet. */
  judge(pulled: Pulled): Plan;
  readonly state: SyncState;
}

export interface SyncOptions {
  readonly cluster: Cluster;
  readonly world: World;
  readonly memory: Memory;
  readonly identities: Identities;
  readonly executor: string;
  readonly runtime: Runtime;
  /** Called once per newly held action, for an Event. */
  readonly onHeld: (action: Action) => void;
}

export function createSyncer(options: SyncOptions): Syncer {
  const { appliedRevision } = options.memory.current;
  let state: SyncState = { plan: undefined, hasActed: false, failures: [], appliedRevision, lastApplied: undefined };

  async function sync(pulled: Pulled, signal: AbortSignal): Promise<void> {
    const plan = decide(pulled, options);
    announce(plan, state.plan, options);
    state = { ...state, plan };
    // Before the first act: an approved plan that is carried out in part must stay approved.
    await options.memory.save(() => ({ released: plan.released }));
    const failures = await carryOut(plan, options, signal);
    state = {
      ...state,
      hasActed: true,
      failures,
      lastApplied: lastApplied(plan, failures.length) ?? state.lastApplied,
    };
    if (failures.length > 0)
      throw new Error(`${failures.length} of ${plan.actions.length} actions failed: ${failures[0]}`);
    await options.identities.settle(options.world.nodes.list(), (key) => isGone(key, pulled));
    if (!isUndecided(pulled, plan)) {
      await options.memory.save(() => ({ appliedCommit: pulled.commit.oid, appliedRevision: pulled.revision }));
      state = { ...state, appliedRevision: pulled.revision };
    }
  }

  return {
    sync,
    judge: (pulled) => (state.plan?.revision === pulled.revision ? state.plan : decide(pulled, options)),
    get state() {
      return state;
    },
  };
}

function decide(pulled: Pulled, { world, executor, memory, identities }: SyncOptions): Plan {
  return planNodes({
    desired: pulled.desired,
    current: world.nodes.list(),
    executor,
    revision: pulled.revision,
    facts: {
      ancestry: pulled.ancestry,
      lastApplied: memory.current.appliedRevision,
      released: memory.current.released,
      identities: identities.overrides(),
      signers: identities.signers(),
    },
  });
}

/** A file that can't be read now may have any name in it. */
function isGone(nodeKey: string, { desired }: Pulled): boolean {
  return !desired.fleetBroken && desired.brokenFiles.size === 0 && !desired.nodes.has(nodeKey);
}

/**
 * A revision that nothing could be planned from, or that is not signed, is not "the revision applied last". Nor is one of
 * a branch that was moved, while anything of it is held: whichever guard holds an action now, it must still meet the one
 * for moved branches afterwards.
 */
function isUndecided({ ancestry, desired }: Pulled, { actions }: Plan): boolean {
  if (desired.fleetBroken) return true;
  const isMoved = ancestry === 'rewound' || ancestry === 'rewritten';
  return actions.some(({ hold }) => hold !== undefined && (isMoved || hold.guard === 'Unverified'));
}

/** Says what is held, once: again only when other actions are held, or for another reason. */
function announce(plan: Plan, before: Plan | undefined, { runtime, onHeld }: SyncOptions): void {
  runtime.telemetry.planned(countActions(plan.actions));
  const known = new Set(before?.actions.map(holdKey));
  for (const action of plan.actions) {
    if (action.hold === undefined || known.has(holdKey(action))) continue;
    const { guard, message, release } = action.hold;
    const facts = {
      object: describeRef(action.ref),
      do: action.do,
      guard,
      reason: message,
      release,
      digest: plan.heldDigest,
    };
    runtime.log.warn(facts, 'Holding action');
    onHeld(action);
  }
}

function holdKey({ do: what, ref, hold }: Action): string {
  return JSON.stringify([what, describeRef(ref), hold?.guard, hold?.message]);
}

function lastApplied({ actions }: Plan, failed: number): SyncState['lastApplied'] {
  const { create: created, update: updated, delete: deleted } = countActions(actions);
  return created + updated + deleted === 0 ? undefined : { created, updated, deleted, failed };
}

function countActions(actions: readonly Action[]): Parameters<Runtime['telemetry']['planned']>[0] {
  const free = actions.filter((action) => action.hold === undefined);
  const count = (what: Action['do']): number => free.filter((action) => action.do === what).length;
  return {
    create: count('create'),
    update: count('update'),
    delete: count('delete'),
    held: actions.length - free.length,
  };
}

/** Tries every action that is not held; resolves to what failed, in words. */
async function carryOut(plan: Plan, options: SyncOptions, signal: AbortSignal): Promise<readonly string[]> {
  const failures: string[] = [];
  const actions = plan.actions.filter((action) => action.hold === undefined);
  await eachAtOnce(actions, APPLY_AT_ONCE, async (action) => {
    if (signal.aborted) return;
    const facts = { object: describeRef(action.ref), reason: action.because };
    try {
      options.runtime.log.info(facts, SENTENCE[action.do]);
      await act(action, plan, options);
    } catch (error) {
      failures.push(`${describeRef(action.ref)}: ${describeError(error)}`);
      options.runtime.log.warn({ ...facts, error: describeError(error) }, 'Action failed');
    }
  });
  signal.throwIfAborted();
  return failures;
}

const SENTENCE = { create: 'Creating object', update: 'Updating object', delete: 'Deleting object' } as const;

async function act(action: Action, plan: Plan, options: SyncOptions): Promise<void> {
  const { cluster, world } = options;
  if (action.do === 'delete') {
    const node = world.nodes.get(keyOf(action.ref));
    if (!action.keepsVolumes && node?.metadata.uid === action.uid) {
      await options.identities.losesVolumes(keyOf(node));
      await handOverVolumes(node, options);
    }
    await cluster.remove(action.ref, { uid: action.uid, propagation: 'Background' });
    return;
  }
  const wanted = withRevision(action.object, plan.revision);
  const live = await cluster.apply(wanted, { fieldManager: FIELD_MANAGER, force: true });
  await removeForeignFields(wanted, live, cluster);
}

function withRevision(object: KubeObject, revision: string): KubeObject {
  const annotations = { ...object.metadata.annotations, [ANNOTATION.revision]: revision };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

/**
 * Server-side apply leaves fields alone that only others own. In a spec that comes from Git they are somebody's
 * undocumented change (an added argument, `desiredState`), so they go.
 */
async function removeForeignFields(wanted: KubeObject, live: KubeObject, cluster: Cluster): Promise<void> {
  if (sameJson(wanted['spec'], live['spec'])) return;
  const { apiVersion, kind, metadata } = live;
  const ref = {
    apiVersion,
    kind,
    name: metadata.name,
    ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
  };
  await cluster.patch(ref, [
    { op: 'test', path: '/metadata/resourceVersion', value: metadata.resourceVersion },
    { op: 'replace', path: '/spec', value: wanted['spec'] },
  ]);
}

/** Whether this controller looks after the node: it carries our label, or was made by hand and names us. */
export function isOurs(node: BlockchainNode, executor: string): boolean {
  const label = node.metadata.labels?.[LABEL.executor];
  return label === undefined ? node.spec.executor === executor : label === executor;
}
