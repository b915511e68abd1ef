// Which nodes jobs keep stopped: the node loop, which alone owns the replicas, asks here.

import type { JobObject } from '../../api/job-object.ts';
import type { JobPhase } from '../../api/job-status.ts';
import { describeJob } from '../../jobs/model/names.ts';

export interface NodeHold {
  /** UID of the request. */
  readonly uid: string;
  /** `Backup novacula-system/nightly` */
  readonly by: string;
}

export interface JobHolds {
  /** The hold in force on `namespace/node`, if any. */
  of(nodeKey: string): NodeHold | undefined;
  /** The hold of a job that ended `Held`, other than the one with this UID. */
  leftBy(nodeKey: string, uid: string): NodeHold | undefined;
  /** A job asks for it; true when it is new. */
  hold(nodeKey: string, hold: NodeHold): boolean;
  /** Ends every hold on the node; true when there was one. */
  release(nodeKey: string): boolean;
  /** Takes over what a request's stored status says. Returns the nodes whose hold changed. */
  learn(job: JobObject): readonly string[];
  /** Nothing is left of the request, nor of what it did. Returns the nodes whose hold changed. */
  forget(uid: string): readonly string[];
  /** UIDs of the requests that hold a node. */
  holders(): ReadonlySet<string>;
}

const HOLDING: ReadonlySet<JobPhase> = new Set(['Stopping', 'Working', 'Verifying', 'Starting', 'Held']);

/**
 * Holds are on record in the requests' statuses, so a restarted controller finds them again before its node loop runs.
 * What was released stays released although the stored status still names it, until that status changes.
 */
export function createJobHolds(): JobHolds {
  const holds = new Map<string, Map<string, NodeHold>>();
  const released = new Map<string, Set<string>>();
  /** UIDs of the requests that ended `Held`. */
  const ended = new Set<string>();

  function add(nodeKey: string, hold: NodeHold): boolean {
    const before = holds.get(nodeKey);
    if (before?.has(hold.uid) === true) return false;
    holds.set(nodeKey, new Map([...(before ?? []), [hold.uid, hold]]));
    return true;
  }

  function drop(nodeKey: string, uid: string): boolean {
    const members = holds.get(nodeKey);
    const had = members?.delete(uid) === true;
    if (members?.size === 0) holds.delete(nodeKey);
    return had;
  }

  function dropOthers(uid: string, keep: ReadonlySet<string>): readonly string[] {
    return [...holds.keys()].filter((nodeKey) => !keep.has(nodeKey) && drop(nodeKey, uid));
  }

  return {
    of: (nodeKey) => holds.get(nodeKey)?.values().next().value,
    leftBy(nodeKey, uid) {
      const members = [...(holds.get(nodeKey)?.values() ?? [])];
      return members.find((hold) => hold.uid !== uid && ended.has(hold.uid));
    },
    hold(nodeKey, hold) {
      released.get(hold.uid)?.delete(nodeKey);
      return add(nodeKey, hold);
    },
    release(nodeKey) {
      const members = [...(holds.get(nodeKey)?.keys() ?? [])];
      for (const uid of members) {
        released.set(uid, new Set([...(released.get(uid) ?? []), nodeKey]));
        drop(nodeKey, uid);
      }
      return members.length > 0;
    },
    learn(job) {
      const { uid, name, namespace = '' } = job.metadata;
      if (uid === undefined) return [];
      if (job.status?.phase === 'Held') ended.add(uid);
      else ended.delete(uid);
      const named = new Set(heldBy(job).map((node) => `${namespace}/${node}`));
      const freed = released.get(uid);
      for (const nodeKey of freed ?? []) if (!named.has(nodeKey)) freed?.delete(nodeKey);
      const by = describeJob({ kind: job.kind, namespace, name });
      const added = [...named].filter((nodeKey) => freed?.has(nodeKey) !== true && add(nodeKey, { uid, by }));
      return [...added, ...dropOthers(uid, named)];
    },
    forget(uid) {
      released.delete(uid);
      ended.delete(uid);
      return dropOthers(uid, new Set());
    },
    holders: () => new Set([...holds.values()].flatMap((members) => [...members.keys()])),
  };
}

/** Nodes that the job keeps stopped, by its stored status. */
function heldBy(job: JobObject): readonly string[] {
  const { phase = 'Pending', holds = [], released = [] } = job.status ?? {};
  return HOLDING.has(phase) && isManaged(job) ? holds.filter((node) => !released.includes(node)) : [];
}

function isManaged({ spec }: JobObject): boolean {
  return spec['deployMethod'] === undefined || spec['deployMethod'] === 'managed';
}
