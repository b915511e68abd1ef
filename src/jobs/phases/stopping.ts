// Stopping: until every pod of every node is gone, not merely unready.

import type { JobTarget } from '../../api/job-status.ts';
import { inWords } from '../model/deadlines.ts';
import type { Effect } from '../model/effect.ts';
import { noteOf } from '../model/lock-note.ts';
import { sameJson } from '../../lib/stable-json.ts';
import { describeJob } from '../model/names.ts';
import { LEFT_PAUSED } from '../model/pause-text.ts';
import { elapsed, enter, fail, holderOf, listOf, stay, whyGone, type Move, type Scope } from '../model/scope.ts';

/** First the note on the lock, then the stop: when the object is lost in between, the note says what the job did. */
export function stopping(scope: Scope): Move {
  const gone = whyGone(scope);
  if (gone !== undefined) return fail(scope, { reason: 'NodeMissing', message: gone, unsafe: false });
  const kept = ensureLocks(scope);
  if (kept !== undefined) return kept;
  const effects = stopEffects(scope);
  const running = unstopped(scope);
  const targets = withHeights(scope);
  if (running.length === 0)
    return enter(scope, {
      phase: 'Working',
      message: `${listOf(scope.status.paused)} is stopped, and no pod of it is left`,
      status: { targets },
    });
  const { stopDeadlineMs } = scope.settings;
  if (elapsed(scope) > stopDeadlineMs)
    return fail(scope, {
      reason: 'NodeWillNotStop',
      message: `${listOf(running)} did not stop within ${inWords(stopDeadlineMs)}: ${whatIsLeft(scope, running)}`,
      unsafe: false,
    });
  const waits = `waits until every pod of ${listOf(running)} is gone${straysOf(scope, running)}`;
  return stay(scope, waits, { status: { targets }, effects });
}

/** Locks and notes as they must be while nodes are stopped; a move when they are not. */
export function ensureLocks(scope: Scope, unsafe?: string): Move | undefined {
  const { status, observed, job } = scope;
  const effects: Effect[] = [];
  for (const lock of status.locks ?? []) {
    const { holder } = observed.locks.get(lock) ?? {};
    if (holder !== undefined && holder.uid !== job.uid)
      return fail(scope, {
        reason: 'LockLost',
        message: `${holder.text} has acquired ${lock}, which this job needs`,
        unsafe: unsafe !== undefined,
      });
    if (holder === undefined) effects.push({ do: 'acquireLock', lock, holder: holderOf(scope) });
  }
  const { risk, notes } = notesOf(scope, unsafe);
  effects.push(...notes);
  if (effects.length === 0 && risk === status.risk) return undefined;
  return stay(scope, 'writes down what it is about to do', { status: { risk }, effects });
}

export interface Notes {
  readonly risk: string | undefined;
  readonly notes: readonly Effect[];
}

/** Notes that do not say what they should, and what the status must say of it first. None for a job that stops nothing. */
export function notesOf(scope: Scope, unsafe?: string): Notes {
  const { status, observed } = scope;
  if ((status.paused ?? []).length === 0) return { risk: undefined, notes: [] };
  const risk = unsafe ?? (isLeftPaused(scope) ? LEFT_PAUSED : undefined);
  const note = noteOf(scope, risk);
  const notes = (status.locks ?? []).flatMap((lock) =>
    sameJson(observed.locks.get(lock)?.note, note) ? [] : [{ do: 'noteOnLock', lock, note } as const],
  );
  return { risk, notes };
}

function isLeftPaused({ open, status }: Scope): boolean {
  return (status.targets ?? []).some((target) => !mayStart({ open, status }, target));
}

/**
 * Nodes that a job before left paused are started only by a job that repairs them, and only once that is proven. The note
 * on the lock says so before they are: the job before takes its pause off the record when it sees this.
 */
export function mayStart({ open, status }: Pick<Scope, 'open' | 'status'>, { detached }: JobTarget): boolean {
  if (detached !== true) return true;
  return open.repairs && status.phase === 'Starting' && status.failure === undefined;
}

/** Nodes of this job that still have a pod, or that something may start at any moment. */
export function unstopped({ status, observed }: Scope): readonly string[] {
  return (status.targets ?? [])
    .filter((target) => {
      const now = observed.targets.get(target.node);
      if (now === undefined) return true;
      const asked =
        target.deployMethod === 'managed' ? now.paused && (now.replicas ?? 0) === 0 : (now.replicas ?? 0) === 0;
      return !asked || now.pods.length > 0;
    })
    .map(({ node }) => node);
}

/** What it takes to stop them: a pause for managed nodes, no replicas for others. Empty when all is asked already. */
export function stopEffects({ status, observed, job }: Scope): readonly Effect[] {
  const effects = new Map<string, Effect>();
  for (const target of status.targets ?? []) {
    const now = observed.targets.get(target.node);
    const { node, workload } = target;
    if (target.deployMethod === 'managed') {
      if (now?.paused !== true) effects.set(node, { do: 'pauseNode', node, because: describeJob(job) });
    } else if (now?.replicas !== undefined && now.replicas > 0) {
      effects.set(`${workload.kind}/${workload.name}`, { do: 'scaleWorkload', node, workload, replicas: 0 });
    }
  }
  return [...effects.values()];
}

/** The last height that a node reported before it stopped: a copy has at least this height. */
function withHeights({ status, observed }: Scope): JobTarget[] {
  return (status.targets ?? []).map((target) => {
    const height = observed.targets.get(target.node)?.health?.height;
    return height !== undefined && height > (target.height ?? -1) ? { ...target, height } : target;
  });
}

/** They do not go by themselves. */
export function straysOf({ observed }: Pick<Scope, 'observed'>, nodes: readonly string[]): string {
  const strays = nodes.flatMap((node) => observed.targets.get(node)?.pods.flatMap(({ stray }) => stray ?? []) ?? []);
  return strays.length === 0 ? '' : `; pod ${[...new Set(strays)].join('; pod ')}`;
}

function whatIsLeft(scope: Scope, nodes: readonly string[]): string {
  const pods = nodes.flatMap((node) => scope.observed.targets.get(node)?.pods.map(({ name }) => name) ?? []);
  if (pods.length === 0) return 'its workload still asks for pods';
  return `pod ${listOf([...new Set(pods)])} still exists${straysOf(scope, nodes)}`;
}
