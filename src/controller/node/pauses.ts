// Which nodes are paused by a job. Only the node reconciler sets the replicas of a node; it reads the pauses.

import type { JobObject } from '../../api/job-object.ts';
import type { JobStatus } from '../../api/job-status.ts';
import type { JobPhase } from '../../api/job-phase.ts';
import { defined } from '../../lib/defined.ts';
import { describeJob } from '../../jobs/model/names.ts';
import { type LostPause, pausedByEnded, pausedByLost, pausedByWork } from '../../jobs/model/pause-text.ts';
import type { Pause as ShownPause } from '../../status/observation.ts';

export interface Pause {
  /** UID of the job. */
  readonly uid: string;
  /** `Backup novacula-system/nightly` */
  readonly by: string;
  /** The job's object was lost while it was under way. */
  readonly lost?: LostPause;
}

export interface Pauses {
  /** The pause of `namespace/node`, if there is one. */
  of(nodeKey: string): Pause | undefined;
  /** What the status of the node says of its pause. */
  shown(nodeKey: string): ShownPause | undefined;
  /** The pause of a job that ended `Held`, other than the job with this UID. */
  leftBy(nodeKey: string, uid: string): Pause | undefined;
  /** True when the pause is new. */
  pause(nodeKey: string, pause: Pause): boolean;
  /** Ends every pause of the node; true when there was one. */
  resume(nodeKey: string): boolean;
  /**
   * Takes over what a job's stored status says. `nodes`: the only ones that it may pause from now on. Returns the nodes whose
   * pause changed, or whose job ended `Held`.
   */
  learn(job: JobObject, nodes?: readonly string[]): readonly string[];
  /** Nothing is left of the job, nor of what it did. Returns the nodes whose pause changed. */
  forget(uid: string): readonly string[];
  /** UIDs of the jobs that pause a node. */
  jobUids(): ReadonlySet<string>;
}

const PAUSING: ReadonlySet<JobPhase> = new Set(['Stopping', 'Working', 'Verifying', 'Starting', 'Held']);

/**
 * The statuses of the jobs name the paused nodes, so a restarted controller finds them before it reconciles a node.
 * A node that was resumed stays resumed although the stored status still names it, until that status changes.
 */
export function createPauses(): Pauses {
  const pauses = createPausesByNode();
  /** Keys of the nodes that were resumed although the job's stored status names them, by the UID of the job. */
  const resumed = new Map<string, Set<string>>();
  /** UIDs of the jobs that ended `Held`, with why, as their statuses say it. */
  const ended = new Map<string, string>();
  return {
    of: (nodeKey) => pauses.of(nodeKey)[0],
    shown(nodeKey) {
      const [pause] = pauses.of(nodeKey);
      return pause === undefined ? undefined : describePause(pause, ended.get(pause.uid));
    },
    leftBy: (nodeKey, uid) => pauses.of(nodeKey).find((pause) => pause.uid !== uid && ended.has(pause.uid)),
    pause(nodeKey, pause) {
      resumed.get(pause.uid)?.delete(nodeKey);
      return pauses.add(nodeKey, pause);
    },
    resume(nodeKey) {
      const members = pauses.of(nodeKey);
      for (const { uid } of members) {
        resumed.set(uid, new Set([...(resumed.get(uid) ?? []), nodeKey]));
        pauses.drop(nodeKey, uid);
      }
      return members.length > 0;
    },
    learn(job, nodes) {
      const { uid, name, namespace = '' } = job.metadata;
      if (uid === undefined) return [];
      const hasJustEnded = noteEnd(ended, job);
      const named = new Set(pausedBy(job).map((node) => `${namespace}/${node}`));
      const freed = resumed.get(uid);
      for (const nodeKey of freed ?? []) if (!named.has(nodeKey)) freed?.delete(nodeKey);
      const by = describeJob({ kind: job.kind, namespace, name });
      const own = nodes === undefined ? named : new Set(nodes.map((node) => `${namespace}/${node}`));
      const kept = [...named].filter((nodeKey) => own.has(nodeKey) && freed?.has(nodeKey) !== true);
      const changed = kept.filter((nodeKey) => pauses.add(nodeKey, { uid, by }) || hasJustEnded);
      return [...changed, ...pauses.dropOthers(uid, named)];
    },
    forget(uid) {
      resumed.delete(uid);
      ended.delete(uid);
      return pauses.dropOthers(uid, new Set());
    },
    jobUids: () => pauses.jobUids(),
  };
}

function describePause({ by, lost }: Pause, why: string | undefined): ShownPause {
  if (why !== undefined) return { by, message: pausedByEnded(by, why), stalled: true };
  if (lost === undefined) return { by, message: pausedByWork(by) };
  const stalled = lost.unsafe === undefined ? undefined : true;
  return { by, message: pausedByLost(by, lost), ...defined({ stalled }) };
}

/** Whether the job ended `Held` since it was learnt last, or says something else of it. */
function noteEnd(ended: Map<string, string>, { metadata, status }: JobObject): boolean {
  const { uid = '' } = metadata;
  if (status?.phase !== 'Held') {
    ended.delete(uid);
    return false;
  }
  const why = whyHeld(status);
  const isNews = ended.get(uid) !== why;
  ended.set(uid, why);
  return isNews;
}

/** A job says itself what repairs its nodes: whether one may be released depends on what the job did. */
function whyHeld({ reason, message = 'its status says why and what to do' }: JobStatus): string {
  return reason === undefined ? message : `${reason}: ${message}`;
}

interface PausesByNode {
  /** The oldest first. */
  of(nodeKey: string): readonly Pause[];
  /** False when the job pauses the node already. */
  add(nodeKey: string, pause: Pause): boolean;
  /** False when the job does not pause the node. */
  drop(nodeKey: string, uid: string): boolean;
  /** Drops the job's pauses of other nodes, and returns those nodes. */
  dropOthers(uid: string, keep: ReadonlySet<string>): readonly string[];
  jobUids(): ReadonlySet<string>;
}

function createPausesByNode(): PausesByNode {
  const pauses = new Map<string, Map<string, Pause>>();

  function drop(nodeKey: string, uid: string): boolean {
    const members = pauses.get(nodeKey);
    const had = members?.delete(uid) === true;
    if (members?.size === 0) pauses.delete(nodeKey);
    return had;
  }

  return {
    of: (nodeKey) => [...(pauses.get(nodeKey)?.values() ?? [])],
    add(nodeKey, pause) {
      const before = pauses.get(nodeKey);
      if (before?.has(pause.uid) === true) return false;
      pauses.set(nodeKey, new Map([...(before ?? []), [pause.uid, pause]]));
      return true;
    },
    drop,
    dropOthers: (uid, keep) => [...pauses.keys()].filter((nodeKey) => !keep.has(nodeKey) && drop(nodeKey, uid)),
    jobUids: () => new Set([...pauses.values()].flatMap((members) => [...members.keys()])),
  };
}

/** Nodes that the job pauses, by its stored status. */
function pausedBy(job: JobObject): readonly string[] {
  const { phase = 'Pending', paused = [], released = [] } = job.status ?? {};
  return PAUSING.has(phase) && isManaged(job) ? paused.filter((node) => !released.includes(node)) : [];
}

function isManaged({ spec }: JobObject): boolean {
  return spec['deployMethod'] === undefined || spec['deployMethod'] === 'managed';
}
