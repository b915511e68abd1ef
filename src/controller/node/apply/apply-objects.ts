// Applies the objects that a node owns, and sends no request when they are as desired.

import { ANNOTATION, FIELD_MANAGER } from '../../../api/group.ts';
import { describeRef, keyOf, type KubeObject, refOf } from '../../../api/objects.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import type { Events } from '../../../kube/events.ts';
import { codeOf } from '../../../lib/errors.ts';
import { digestOf } from '../../../lib/hash.ts';
import type { Difference } from '../../../plan/differences.ts';
import { withLiveTemplates } from '../../../render/volumes.ts';
import type { Runtime } from '../../engine/runtime.ts';
import { announceDeleted, announceRepair, ownerOf } from './announce-repair.ts';
import { changedBy } from './changed-by.ts';
import { driftOf, needsReplacement, withOwnFields } from './owned-fields.ts';
import type { Repairs } from './repairs.ts';
import type { Watches } from '../watches.ts';

export interface ObjectApplierOptions {
  readonly cluster: Cluster;
  readonly runtime: Runtime;
  readonly events: Pick<Events, 'emit'>;
  readonly repairs: Repairs;
  readonly ownWrites: Watches['ownWrites'];
}

/** `postponed`: it drifted again and again, and is repaired later. */
export type Applied = 'created' | 'updated' | 'repaired' | 'postponed';

export interface ObjectApplier {
  /**
   * Applies `desired` when `live` lacks a field of it. Resolves to undefined when it does not. `wasApplied`: before this process, so that
   * an object that is missing was deleted.
   */
  apply(desired: KubeObject, live: KubeObject | undefined, wasApplied?: boolean): Promise<Applied | undefined>;
}

/**
 * The digest annotation distinguishes our own change ("updated") from drift ("repaired"). What an admission policy changes
 * in our fields with our own write is drift too: it counts as a repair that does not last, so it is reported and spaced out.
 * The watched object may be older than the latest write, so drift is confirmed by a read before it is repaired.
 */
export function createObjectApplier(options: ObjectApplierOptions): ObjectApplier {
  const written = new Map<string, Written>();
  return {
    async apply(desired, watched, wasApplied = false) {
      const id = describeRef(refOf(desired));
      const target = { id, desired, digest: digestOf(desired) };
      const last = written.get(id);
      const isOlder = last?.digest === target.digest && digestMark(watched) !== target.digest;
      const live = isOlder ? await options.cluster.get(refOf(desired)) : watched;
      const owner = ownerOf(desired)?.metadata.uid;
      const wasThere = wasApplied || (last !== undefined && last.owner === owner);
      const applied = await applyOne(target, { live, wasThere }, options);
      if (isWrite(applied)) written.set(id, { digest: target.digest, owner });
      return applied;
    },
  };
}

function isWrite(applied: Applied | undefined): boolean {
  return applied !== undefined && applied !== 'postponed';
}

interface Written {
  readonly digest: string;
  /** UID of the node: another node of the same name begins without objects. */
  readonly owner: string | undefined;
}

interface Live {
  readonly live: KubeObject | undefined;
  /** Where it is missing now, it was deleted. */
  readonly wasThere: boolean;
}

async function applyOne(
  target: Target,
  { live, wasThere }: Live,
  options: ObjectApplierOptions,
): Promise<Applied | undefined> {
  const found = judge(live, target);
  if (found === undefined) return undefined;
  if (found === 'repaired') return await repair(target, options);
  options.runtime.log.info({ object: target.id, reason: REASON[found] }, 'Applying object');
  await write(target, live, options);
  if (found !== 'created' || !wasThere) return found;
  announceDeleted(target.desired, target.id, options);
  return 'repaired';
}

const REASON: Readonly<Record<'created' | 'updated', string>> = {
  created: 'missing in the cluster',
  updated: 'its node or the controller has changed',
};

/** Named as what changes an object when no write of another lies between ours and the change. */
const ADMISSION = 'an admission policy or webhook';

interface Target {
  readonly id: string;
  readonly desired: KubeObject;
  /** Of the desired object. */
  readonly digest: string;
}

type Judged = 'created' | 'updated' | 'repaired' | undefined;

function judge(live: KubeObject | undefined, target: Target): Judged {
  if (live === undefined) return 'created';
  if (digestMark(live) !== target.digest) return 'updated';
  return driftFrom(live, target).length === 0 ? undefined : 'repaired';
}

function driftFrom(live: KubeObject, target: Target): readonly Difference[] {
  return driftOf(live, markedFor(target, live));
}

async function repair(target: Target, options: ObjectApplierOptions): Promise<Applied | undefined> {
  const { cluster, runtime, repairs } = options;
  const { id, desired } = target;
  const live = await cluster.get(refOf(desired));
  const paths = live === undefined ? [] : driftFrom(live, target).map(({ path }) => path);
  if (live !== undefined && paths.length === 0) return undefined;
  // A second replica would sign with the same key: it is never left.
  if (!paths.includes('spec.replicas') && repairs.wait(id, runtime.now()) > 0) return 'postponed';
  const manager = changedBy(await cluster.managersOf(refOf(desired)), paths, FIELD_MANAGER);
  const isLasting = driftFrom(await write(target, live, options), target).length === 0;
  const by = isLasting ? manager : ADMISSION;
  const node = nodeKeyOf(desired);
  repairs.note({ node, object: id, paths, by, isLasting }, runtime.now());
  const isContested = repairs.contestsOf(node, runtime.now()).some(({ object }) => object === id);
  announceRepair({ desired, object: id, paths, by, isContested }, options);
  return 'repaired';
}

/** What admission made of it, where that is not what was asked for, is news: the watch wakes the node then. */
async function write(
  target: Target,
  live: KubeObject | undefined,
  { cluster, ownWrites }: Pick<ObjectApplierOptions, 'cluster' | 'ownWrites'>,
): Promise<KubeObject> {
  return await ownWrites.during(
    target.id,
    async () => await writeOver(target, live, cluster),
    (written) => (driftFrom(written, target).length === 0 ? written.metadata.resourceVersion : undefined),
  );
}

async function writeOver(target: Target, live: KubeObject | undefined, cluster: Cluster): Promise<KubeObject> {
  const marked = markedFor(target, live);
  const applied = await applyOver(marked, live, cluster);
  const isMixed = needsReplacement(marked) && driftOf(applied, marked).length > 0;
  return isMixed ? await cluster.replace(withOwnFields(applied, marked)) : applied;
}

/**
 * Lists are merged by key, so drift and our apply can be invalid only together: a port with our name and another
 * number is a second port to the server. Then the lists are replaced instead.
 */
async function applyOver(marked: KubeObject, live: KubeObject | undefined, cluster: Cluster): Promise<KubeObject> {
  try {
    // What was created meanwhile under this name is not taken over: the conflict is retried, and its owner found.
    return await cluster.apply(marked, { fieldManager: FIELD_MANAGER, force: live !== undefined });
  } catch (error) {
    const current = live === undefined || codeOf(error) !== 'INVALID' ? undefined : await cluster.get(refOf(live));
    if (current === undefined) throw error;
    return await cluster.replace(withOwnFields(current, marked));
  }
}

function nodeKeyOf({ metadata }: KubeObject): string {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  return keyOf({ metadata: { ...metadata, name: owner?.name ?? metadata.name } });
}

function digestMark(object: KubeObject | undefined): string | undefined {
  return object?.metadata.annotations?.[ANNOTATION.applied];
}

function markedFor({ desired, digest }: Target, live: KubeObject | undefined): KubeObject {
  const object = withLiveTemplates(desired, live);
  const annotations = { ...object.metadata.annotations, [ANNOTATION.applied]: digest };
  return { ...object, metadata: { ...object.metadata, annotations } };
}
