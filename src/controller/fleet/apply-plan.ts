// Applies the actions of a plan that are not held. An action that fails does not stop the others.

import { ANNOTATION, FIELD_MANAGER } from '../../api/group.ts';
import { describeRef, keyOf, type KubeObject, refOf } from '../../api/objects.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { describeError } from '../../lib/errors.ts';
import { sameJson } from '../../lib/stable-json.ts';
import type { Action, Plan } from '../../plan/action.ts';
import { eachAtOnce } from '../engine/each-at-once.ts';
import { isRefusal } from '../engine/refusal.ts';
import { catchUp, type Write } from './catch-up.ts';
import { deleteNode, settleDeletions } from './delete-node.ts';
import { announceDeletedNode } from './deleted-nodes.ts';
import type { FleetDeps } from './deps.ts';
import type { FailedAction } from './state.ts';

/** Requests that are under way at the same time. */
const APPLY_AT_ONCE = 32;

const SENTENCE = {
  create: 'Creating object',
  update: 'Updating object',
  start: 'Accepting a start without the record of what the key signed',
  delete: 'Deleting object',
} as const;

export async function applyPlan(plan: Plan, deps: FleetDeps, signal: AbortSignal): Promise<readonly FailedAction[]> {
  await settleDeletions(deps);
  deps.fleet.deletedNodes.see(deps.watches.nodes.list(), deps.settings.executor);
  const failures: FailedAction[] = [];
  const writes: Write[] = [];
  const actions = plan.actions.filter(({ hold }) => hold === undefined);
  await eachAtOnce(actions, APPLY_AT_ONCE, async (action) => {
    if (signal.aborted) return;
    const facts = { object: describeRef(action.ref), reason: action.because };
    try {
      deps.runtime.log.info(facts, SENTENCE[action.do]);
      writes.push(...(await applyAction(action, plan.revision, deps)));
    } catch (error) {
      const failure = failureOf(action, error, deps);
      failures.push(failure);
      deps.runtime.log.warn({ ...facts, error: failure.message }, 'Action failed');
    }
  });
  await catchUp(writes, deps.watches.nodes, signal);
  signal.throwIfAborted();
  return failures;
}

function failureOf(action: Action, error: unknown, { fleet }: FleetDeps): FailedAction {
  const line = fleet.pulled?.desired.nodes.get(keyOf(action.ref))?.line ?? 1;
  return {
    do: action.do,
    key: keyOf(action.ref),
    object: describeRef(action.ref),
    message: describeError(error),
    isRefused: isRefusal(error),
    file: action.do === 'delete' ? undefined : action.file,
    line,
  };
}

async function applyAction(action: Action, revision: string, deps: FleetDeps): Promise<readonly Write[]> {
  if (action.do === 'create' || action.do === 'update') {
    await acceptKeys(action, deps);
    return await applyNode(action, revision, deps);
  }
  if (action.do === 'delete') deps.fleet.deletedNodes.deletes(action.uid);
  await (action.do === 'delete' ? deleteNode(action, deps) : acceptStart(action, deps));
  return [];
}

async function applyNode(
  { do: what, object }: Extract<Action, { do: 'create' | 'update' }>,
  revision: string,
  deps: FleetDeps,
): Promise<readonly Write[]> {
  const { cluster, watches, fleet } = deps;
  const key = keyOf(object);
  const before = watches.nodes.get(key)?.metadata.resourceVersion;
  const desired = withRevision(object, revision);
  const live = await cluster.apply(desired, { fieldManager: FIELD_MANAGER, force: true });
  if (what === 'create' && fleet.deletedNodes.wasDeleted(key)) announceDeletedNode(live, deps);
  await removeForeignFields(desired, live, cluster);
  return live.metadata.resourceVersion === before ? [] : [{ key, before }];
}

async function acceptStart(
  { ref, lost, moved }: Extract<Action, { do: 'start' }>,
  { identities, volumeRecords, notify }: FleetDeps,
): Promise<void> {
  const key = keyOf(ref);
  if (lost.length > 0) await volumeRecords.accept(key, lost);
  if (moved !== undefined) await identities.accept(key, moved.keys);
  notify('VolumesChanged', { nodeKeys: [key] });
}

/** The approval was for the keys that the plan knew. Before the object changes: a crash leaves an action that is approved still. */
async function acceptKeys({ ref, approval }: Action, { fleet, identities }: FleetDeps): Promise<void> {
  const keys = fleet.newKeys.get(keyOf(ref)) ?? [];
  if (approval !== undefined && keys.length > 0) await identities.accept(keyOf(ref), keys);
}

function withRevision(object: KubeObject, revision: string): KubeObject {
  const annotations = { ...object.metadata.annotations, [ANNOTATION.revision]: revision };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

/**
 * A server-side apply keeps fields that only other managers own. In a spec that comes from Git such a field is drift (an
 * added argument, `desiredState`), so it is removed.
 */
async function removeForeignFields(desired: KubeObject, live: KubeObject, cluster: Cluster): Promise<void> {
  if (sameJson(desired['spec'], live['spec'])) return;
  await cluster.patch(refOf(live), [
    { op: 'test', path: '/metadata/resourceVersion', value: live.metadata.resourceVersion },
    { op: 'replace', path: '/spec', value: desired['spec'] },
  ]);
}
