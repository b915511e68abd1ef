// Brings the objects a node is made of to their wanted state, and does nothing when they are there already.

import { ANNOTATION, FIELD_MANAGER } from '../../api/group.ts';
import { describeRef, type KubeObject, refOf } from '../../api/objects.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { codeOf } from '../../lib/errors.ts';
import { digestOf } from '../../lib/hash.ts';
import { covers } from '../../plan/covers.ts';
import { withLiveTemplates } from '../../render/volumes.ts';
import type { Runtime } from '../engine/runtime.ts';

export interface PartsOptions {
  readonly cluster: Cluster;
  readonly runtime: Runtime;
}

export type Brought = 'created' | 'updated' | 'repaired';

export interface Parts {
  /** Applies `wanted` when `live` differs from it; says what it did, or undefined when there was nothing to do. */
  bring(wanted: KubeObject, live: KubeObject | undefined): Promise<Brought | undefined>;
}

/**
 * The digest annotation tells our own change ("updated") from somebody else's ("repaired"). Fields that others added
 * survive a server-side apply, so a spec that still differs is replaced as a whole. `settled` is the spec as the server
 * kept it afterwards, defaults and all: it is accepted as it is, and any later deviation from it is somebody's change.
 * What is watched may be older than our own last write: then the object is read before it would be written once more.
 */
export function createParts({ cluster, runtime }: PartsOptions): Parts {
  const settled = new Map<string, Settled>();

  async function bring(wanted: KubeObject, watched: KubeObject | undefined): Promise<Brought | undefined> {
    const digest = digestOf(wanted);
    const id = describeRef(refOf(wanted));
    const known = settled.get(id);
    const isOlder = known?.digest === digest && digestMark(watched) !== digest;
    const live = isOlder ? await cluster.get(refOf(wanted)) : watched;
    const marked = mark(withLiveTemplates(wanted, live), digest);
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
   * Lists are merged by key, so somebody's edit and our wish may only be wrong together: a port with our name and another
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

  return { bring };
}

const REASON: Readonly<Record<Brought, string>> = {
  created: 'missing in the cluster',
  updated: 'its node or the controller changed',
  repaired: 'somebody changed it in the cluster',
};

interface Settled {
  /** Of what was wanted. */
  readonly digest: string;
  /** Of what the server made of it. */
  readonly essence: string;
}

interface Compared {
  readonly live: KubeObject | undefined;
  readonly marked: KubeObject;
  readonly digest: string;
  readonly settled: string | undefined;
}

function compare({ live, marked, digest, settled }: Compared): Brought | undefined {
  if (live === undefined) return 'created';
  if (digestMark(live) !== digest) return 'updated';
  if (settled !== undefined) return settled === essence(live) ? undefined : 'repaired';
  return covers(live, marked) ? undefined : 'repaired';
}

function digestMark(object: KubeObject | undefined): string | undefined {
  return object?.metadata.annotations?.[ANNOTATION.applied];
}

/** What of an object nobody but us may change: all but metadata and status. */
function essence(object: KubeObject): string {
  const { metadata: _metadata, status: _status, ...rest } = object;
  return digestOf(rest);
}

function mark(object: KubeObject, digest: string): KubeObject {
  const annotations = { ...object.metadata.annotations, [ANNOTATION.applied]: digest };
  return { ...object, metadata: { ...object.metadata, annotations } };
}
