// Applies the objects that a node owns, and sends no request when they are as desired.

import { ANNOTATION, FIELD_MANAGER } from '../../api/group.ts';
import { describeRef, type KubeObject, refOf } from '../../api/objects.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { codeOf } from '../../lib/errors.ts';
import { digestOf } from '../../lib/hash.ts';
import { covers } from '../../plan/covers.ts';
import { withLiveTemplates } from '../../render/volumes.ts';
import type { Runtime } from '../engine/runtime.ts';

export interface ObjectApplierOptions {
  readonly cluster: Cluster;
  readonly runtime: Runtime;
}

export type Applied = 'created' | 'updated' | 'repaired';

export interface ObjectApplier {
  /** Applies `desired` when `live` differs from it. Resolves to undefined when it does not. */
  apply(desired: KubeObject, live: KubeObject | undefined): Promise<Applied | undefined>;
}

/**
 * The digest annotation distinguishes our own change ("updated") from drift ("repaired"). Fields that others added
 * survive a server-side apply, so a spec that still differs is replaced as a whole. `settled` is the spec as the server
 * stored it, with its defaults: it is accepted, and any later deviation from it is drift.
 * The watched object may be older than our own last write: then it is read before it is written again.
 */
export function createObjectApplier({ cluster, runtime }: ObjectApplierOptions): ObjectApplier {
  const settled = new Map<string, Settled>();

  async function apply(desired: KubeObject, watched: KubeObject | undefined): Promise<Applied | undefined> {
    const digest = digestOf(desired);
    const id = describeRef(refOf(desired));
    const known = settled.get(id);
    const isOlder = known?.digest === digest && digestMark(watched) !== digest;
    const live = isOlder ? await cluster.get(refOf(desired)) : watched;
    const marked = mark(withLiveTemplates(desired, live), digest);
    const result = compare({ live, marked, digest, settled: known?.essence });
    if (result === undefined) {
      if (live !== undefined && known === undefined) settled.set(id, { digest, essence: essence(live) });
      return undefined;
    }
    runtime.log.info({ object: id, reason: REASON[result] }, 'Applying object');
    const applied = await applyOver(marked, live);
    const isForeign = result === 'repaired' && known !== undefined && known.essence !== essence(applied);
    const kept = covers(applied, marked) && !isForeign ? applied : await replaceSpec(marked, applied);
    settled.set(id, { digest, essence: essence(kept) });
    return result;
  }

  /**
   * Lists are merged by key, so drift and our apply can be invalid only together: a port with our name and another
   * number is a second port to the server. Then the object is replaced instead.
   */
  async function applyOver(marked: KubeObject, live: KubeObject | undefined): Promise<KubeObject> {
    try {
      return await cluster.apply(marked, { fieldManager: FIELD_MANAGER, force: true });
    } catch (error) {
      const current = live === undefined || codeOf(error) !== 'INVALID' ? undefined : await cluster.get(refOf(live));
      if (current === undefined) throw error;
      const annotations = { ...current.metadata.annotations, ...marked.metadata.annotations };
      return await replaceSpec(marked, { ...current, metadata: { ...current.metadata, annotations } });
    }
  }

  async function replaceSpec(marked: KubeObject, applied: KubeObject): Promise<KubeObject> {
    const { metadata: _metadata, ...content } = marked;
    return await cluster.replace({ ...applied, ...content, apiVersion: marked.apiVersion, kind: marked.kind });
  }

  return { apply };
}

const REASON: Readonly<Record<Applied, string>> = {
  created: 'missing in the cluster',
  updated: 'its node or the controller has changed',
  repaired: 'it was changed in the cluster',
};

interface Settled {
  /** Of the desired object. */
  readonly digest: string;
  /** Of the object as the server stored it. */
  readonly essence: string;
}

interface Compared {
  readonly live: KubeObject | undefined;
  readonly marked: KubeObject;
  readonly digest: string;
  readonly settled: string | undefined;
}

function compare({ live, marked, digest, settled }: Compared): Applied | undefined {
  if (live === undefined) return 'created';
  if (digestMark(live) !== digest) return 'updated';
  if (settled !== undefined) return settled === essence(live) ? undefined : 'repaired';
  return covers(live, marked) ? undefined : 'repaired';
}

function digestMark(object: KubeObject | undefined): string | undefined {
  return object?.metadata.annotations?.[ANNOTATION.applied];
}

/** The part of an object that only the controller may change: all but metadata and status. */
function essence(object: KubeObject): string {
  const { metadata: _metadata, status: _status, ...rest } = object;
  return digestOf(rest);
}

function mark(object: KubeObject, digest: string): KubeObject {
  const annotations = { ...object.metadata.annotations, [ANNOTATION.applied]: digest };
  return { ...object, metadata: { ...object.metadata, annotations } };
}
