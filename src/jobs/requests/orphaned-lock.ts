// A request whose object is lost while its lock still stands: what becomes of the nodes it had stopped.

import { ANNOTATION } from '../../api/group.ts';
import type { Effect, LockNote, NotedNode } from '../model/effect.ts';

export interface OrphanedLock {
  readonly lock: string;
  readonly note: LockNote;
  /** The note is the controller's own copy: it stays when the lock is deleted. */
  readonly isKept?: boolean;
  /** Pods of the lost request that have not ended. */
  readonly workerPods: number;
  /** Jobs of the lost request, by their label. */
  readonly jobs: readonly { readonly name: string; readonly uid: string; readonly suspended: boolean }[];
  /** By node: the replicas its workload asks for now, and whether it is paused. */
  readonly nodes: ReadonlyMap<string, { readonly replicas: number | undefined; readonly paused: boolean }>;
}

export interface Recovery {
  readonly effects: readonly Effect[];
  /** What the record says of it. */
  readonly message: string;
  /** Nothing is left to do. */
  readonly done: boolean;
}

/**
 * Called for a lock whose holder has no object any more. Working pods run to their end first: they can't be distinguished
 * from ones in the middle of a swap. Then the nodes are started as they were, unless the note says that this is unsafe:
 * then they stay stopped, the note stays, and the reason is said.
 */
export function recoverOrphanedLock(orphaned: OrphanedLock): Recovery {
  const { lock, note, workerPods, jobs, nodes } = orphaned;
  const unstarted = jobs.filter(({ suspended }) => suspended).map(remove);
  if (workerPods > 0)
    return {
      effects: unstarted,
      message: `the object of ${note.job} is lost; its worker pod is left to end`,
      done: false,
    };
  if (note.unsafe !== undefined) return keepHeld(orphaned);
  const starts = note.nodes.flatMap((node) => startNode(node, nodes));
  if (starts.length > 0 || jobs.length > 0)
    return {
      effects: [...starts, ...jobs.map(remove)],
      message: `the object of ${note.job} is lost; its nodes are started again`,
      done: false,
    };
  return {
    effects: [{ do: 'releaseLock', lock, keepNote: false }],
    message: `the object of ${note.job} was lost; its nodes are as they were`,
    done: true,
  };
}

function keepHeld({ lock, note, jobs, isKept = false }: OrphanedLock): Recovery {
  const names = note.nodes.map(({ node }) => node).join(', ');
  return {
    effects: [...jobs.map(remove), { do: 'releaseLock', lock, keepNote: true }],
    message: `the object of ${note.job} was lost and ${note.unsafe ?? ''}: ${names} stays stopped until ${repairOf(note, isKept)}`,
    done: true,
  };
}

function repairOf({ keys }: LockNote, isKept: boolean): string {
  if (keys !== true) return `a Restore or a BlockHeightFallback repairs it${isKept ? `; or ${RELEASE}` : ''}`;
  const end = isKept ? RELEASE : 'delete the lock, a Lease in the same namespace';
  return `it is repaired by hand: give each volume the signer state of the key that its node will use, then ${end}`;
}

const RELEASE = `add the annotation ${ANNOTATION.release}: "true" to the file of the request`;

function remove({ name, uid }: { readonly name: string; readonly uid: string }): Effect {
  return { do: 'deleteJob', name, uid, because: 'its request is lost' };
}

function startNode({ node, workload, replicas = 0 }: NotedNode, nodes: OrphanedLock['nodes']): Effect[] {
  const now = nodes.get(node);
  if (workload.kind === 'BlockchainNode') return now?.paused === true ? [{ do: 'unpauseNode', node }] : [];
  return now?.replicas !== undefined && now.replicas !== replicas
    ? [{ do: 'scaleWorkload', node, workload, replicas }]
    : [];
}
