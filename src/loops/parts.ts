// Brings the objects a node is made of to their wanted state, and does nothing when they are there already.

import { ANNOTATION, FIELD_MANAGER } from '../api/group.ts';
import { describeRef, type KubeObject, refOf } from '../api/objects.ts';
import type { Cluster } from '../kube/cluster.ts';
import { codeOf } from '../lib/errors.ts';
import { digestOf } from '../lib/hash.ts';
import { covers } from '../plan/covers.ts';
import { withLiveTemplates } from '../render/volumes.ts';
import type { Runtime } from './runtime.ts';

export interface PartsOptions {
  readonly cluster: Cluster;
  readonly runtime: Runtime;
}

export type Brought = 'created' | 'updated' | 'repaired';

export interface Parts {
  /** Applies `wanted` when `live` differs from it; says what it did, or undefined when there was nothing to do. */
  bring(wanted: KubeObject, live: KubeObject | undefined): Promise<Brought | undefined>;
  /** Forgets what it knows of an object that is gone. */
  forget(object: KubeObject): void;
}

/**
 * The digest annotation tells our own change ("updated") from somebody else's ("repaired"). Fields that others added
 * survive a server-side apply, so a spec that still differs is replaced as a whole. `settled` is the spec as the server
 * kept it afterwards, defaults and all: it is accepted as it is, and any later deviation from it is somebody's change.
 */
export function createParts({ cluster, runtime }: PartsOptions): Parts {
  const settled = new Map<string, string>();

  async function bring(wanted: KubeObject, live: KubeObject | undefined): Promise<Brought | undefined> {
    const digest = digestOf(wanted);
    const marked = mark(withLiveTemplates(wanted, live), digest);
    const id = describeRef(refOf(wanted));
    const result = compare({ live, marked, digest, settled: settled.get(id) });
    if (result === undefined) {
      if (live !== undefined && !settled.has(id)) settled.set(id, essence(live));
      return undefined;
    }
    runtime.log.info({ object: id, reason: REASON[result] }, 'Applying object');
    const applied = await applyOver(marked, live);
    const isForeign = result === 'repaired' && settled.has(id) && settled.get(id) !== essence(applied);
    const kept = covers(applied, marked) && !isForeign ? applied : await replaceSpec(marked, applied);
    settled.set(id, essence(kept));
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

  return { bring, forget: (object) => void settled.delete(describeRef(refOf(object))) };
}

const REASON: Readonly<Record<Brought, string>> = {
  created: 'missing in the cluster',
  updated: 'its node or the controller changed',
  repaired: 'somebody changed it in the cluster',
};

interface Compared {
  readonly live: KubeObject | undefined;
  readonly marked: KubeObject;
  readonly digest: string;
  readonly settled: string | undefined;
}

function compare({ live, marked, digest, settled }: Compared): Brought | undefined {
  if (live === undefined) return 'created';
  if (live.metadata.annotations?.[ANNOTATION.applied] !== digest) return 'updated';
  if (settled !== undefined) return settled === essence(live) ? undefined : 'repaired';
  return covers(live, marked) ? undefined : 'repaired';
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
