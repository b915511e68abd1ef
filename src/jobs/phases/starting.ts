// Starting: every node runs again as it did before, and shows it.

import type { JobTarget } from '../../api/job-status.ts';
import { DEADLINE } from '../model/deadlines.ts';
import type { Effect } from '../model/effect.ts';
import type { ObservedNode } from '../model/observation.ts';
import { elapsed, enter, fail, holderOf, listOf, stay, whyGone, type Move, type Scope } from '../model/scope.ts';
import { stopTasks } from '../task/stop-tasks.ts';
import { waitsForWorkers } from '../task/workers-left.ts';
import { lastHeight, notYet, unproven, withFirstHeights, type Started } from './start-proof.ts';
import { mayStart, notesOf } from './stopping.ts';

/** Also after a failure: what was stopped is started again. What was not meant to run stays stopped. */
export function starting(scope: Scope): Move {
  if (scope.observed.workerPods > 0) return stay(scope, waitsForWorkers(scope), { effects: stopTasks(scope) });
  if (scope.observed.namespaceGoing === true)
    return unstarted(scope, 'its namespace is being deleted, so that no node was started');
  const doubled = oneKey(scope);
  if (doubled !== undefined) return doubled;
  const taken = lockTaken(scope);
  if (taken !== undefined) return elapsed(scope) > DEADLINE.start ? tooLong(scope, taken) : stay(scope, taken);
  const { risk, notes } = notesOf(scope);
  const effects = [...lostLocks(scope), ...notes];
  if (effects.length > 0 || risk !== scope.status.risk)
    return stay(scope, 'writes down that the nodes may be started', { status: { risk }, effects });
  return startNodes(scope);
}

function startNodes(scope: Scope): Move {
  const effects = startEffects(scope);
  const started = withFirstHeights(scope);
  const missing = (scope.status.targets ?? []).flatMap((target) => notYet(scope, target, started) ?? []);
  if (effects.length === 0 && missing.length === 0) return ended(scope, started);
  if (elapsed(scope) > DEADLINE.start) return tooLong(scope, missing[0] ?? 'the nodes could not be started');
  const released = withReleased(scope, effects);
  return stay(scope, missing[0] ?? startText(scope), {
    status: { started, ...(released.length === 0 ? {} : { released }) },
    effects,
  });
}

/** Of a node that was stopped before only the pause by the job ends. */
function startText({ status: { targets = [] } }: Scope): string {
  const running = targets.filter(({ wasRunning }) => wasRunning).map(({ node }) => node);
  return running.length === 0
    ? `leaves ${listOf(targets.map(({ node }) => node))} stopped, as before`
    : `starts ${listOf(running)}`;
}

/** A lock was removed by hand, and another job acquired it: until that job releases it, this one must not start the nodes. */
function lockTaken({ status, observed, job }: Scope): string | undefined {
  for (const lock of status.locks ?? []) {
    const { holder } = observed.locks.get(lock) ?? {};
    if (holder !== undefined && holder.uid !== job.uid) return `waits until ${holder.text} releases ${lock}`;
  }
  return undefined;
}

function lostLocks(scope: Scope): readonly Effect[] {
  const lost = (scope.status.locks ?? []).filter((lock) => scope.observed.locks.get(lock)?.holder === undefined);
  return lost.map((lock) => ({ do: 'acquireLock', lock, holder: holderOf(scope) }));
}

/** On record before it is done: a restarted controller finds the nodes in `paused`, and would stop them once more. */
function withReleased({ status }: Scope, effects: readonly Effect[]): string[] {
  const nodes = effects.flatMap((effect) => (effect.do === 'unpauseNode' ? [effect.node] : []));
  return [...new Set([...(status.released ?? []), ...nodes])];
}

/** The last guard of a Switchover: two nodes that would sign with one key are not started, also when something else changed them. */
function oneKey(scope: Scope): Move | undefined {
  const [first, second] = scope.status.targets ?? [];
  if (first?.identity === undefined || second?.identity === undefined) return undefined;
  const { identities } = scope.observed;
  const [a, b] = [identities.get(first.node), identities.get(second.node)];
  if (a === undefined || a !== b) return undefined;
  const message = `${first.node} and ${second.node} would both sign with ${a}: something else changed one of them`;
  return fail(scope, { reason: 'SameIdentity', message, unsafe: true });
}

/** One for each workload: in the helm layout several nodes share one. */
function startEffects(scope: Scope): readonly Effect[] {
  const { status, observed } = scope;
  const effects = new Map<string, Effect>();
  for (const target of status.targets ?? []) {
    if (!status.paused?.includes(target.node) || !mayStart(scope, target)) continue;
    const effect = startEffect(target, observed.targets.get(target.node));
    if (effect !== undefined) effects.set(`${target.workload.kind}/${target.workload.name}`, effect);
  }
  return [...effects.values()];
}

/** What makes a node run as before; undefined when that is asked for already. */
function startEffect(
  { node, deployMethod, workload, replicas = 0 }: JobTarget,
  now: ObservedNode | undefined,
): Effect | undefined {
  // Only its own pause: a restarted controller would find that of another job again, and stop the node once more.
  if (deployMethod === 'managed')
    return now?.paused === true && now.leftPausedBy === undefined ? { do: 'unpauseNode', node } : undefined;
  if (now?.replicas === undefined || now.replicas === replicas) return undefined;
  return { do: 'scaleWorkload', node, workload, replicas };
}

/** A node that was deleted meanwhile is not waited for. */
function ended(scope: Scope, started: Started): Move {
  const gone = whyGone(scope);
  return gone === undefined || scope.status.failure !== undefined ? done(scope, started) : unstarted(scope, gone);
}

function done(scope: Scope, started: Started): Move {
  const { failure, notes = [], targets = [] } = scope.status;
  const { withdrawn } = scope.observed;
  const heightAfter = lastHeight(scope, started);
  const status = { started, paused: [], ...(heightAfter === undefined ? {} : { heightAfter }) };
  const stopped = targets.filter(({ wasRunning }) => !wasRunning).map(({ node }) => node);
  if (failure !== undefined)
    return enter(scope, { phase: 'Failed', reason: failure.reason, message: failure.message, status });
  const message = [
    ...notes,
    ...unproven(scope, started),
    ...(stopped.length === 0 ? [] : [`${listOf(stopped)} was stopped before and stays so`]),
    ...(withdrawn === undefined ? [] : [`${withdrawn} after work had begun, so it ran to its end`]),
  ].join('; ');
  return enter(scope, { phase: 'Complete', message: message === '' ? 'done' : message, status });
}

function tooLong(scope: Scope, missing: string): Move {
  return unstarted(scope, `30 minutes after the start it still ${missing}`);
}

/** A copy that is proven stays proven when its node does not come back in time; for other kinds the proof is missing. */
function unstarted(scope: Scope, late: string): Move {
  const { failure, notes = [] } = scope.status;
  if (failure !== undefined)
    return enter(scope, {
      phase: 'Failed',
      reason: failure.reason,
      message: `${failure.message}; ${late}`,
      status: { paused: [] },
    });
  if (scope.open.startProof === 'started')
    return enter(scope, { phase: 'Complete', message: [...notes, late].join('; '), status: { paused: [] } });
  return enter(scope, {
    phase: 'Failed',
    reason: 'NodeNotHealthy',
    message: `the work is done, but ${late}`,
    status: { paused: [], failure: { reason: 'NodeNotHealthy', message: late, unsafe: false } },
  });
}
