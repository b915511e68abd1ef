// Working: the nodes stay stopped while pods work, a node is asked, or identities are exchanged.

import type { JobTask } from '../../api/job-status.ts';
import { defined } from '../../lib/defined.ts';
import { timestamp } from '../../lib/timestamp.ts';
import { inWords } from '../model/deadlines.ts';
import { whyKeysAtRisk } from '../model/keys-at-risk.ts';
import { ASK_TASK } from '../model/names.ts';
import type { Effect } from '../model/effect.ts';
import { exchange } from '../key-exchange/exchange.ts';
import type { TaskPlan } from '../model/job-kind.ts';
import { parseResult } from '../task/result.ts';
import { elapsed, enter, fail, listOf, stay, viewOf, type Move, type Scope } from '../model/scope.ts';
import { ensureLocks, stopEffects, straysOf, unstopped } from './stopping.ts';
import { ensureMade, freeNames } from '../task/ensure-made.ts';
import { ensureResultPvc } from '../task/ensure-result-pvc.ts';
import { ensureVolumes } from '../task/ensure-volumes.ts';
import { mayHaveChanged } from '../task/has-begun.ts';
import { runTask, type TaskProgress } from '../task/run-task.ts';
import { provenanceOf } from '../task/provenance.ts';

export function working(scope: Scope): Move {
  const disturbed = keepStopped(scope);
  if (disturbed !== undefined) return disturbed;
  const plan = scope.open.plan(viewOf(scope));
  if ('refused' in plan)
    return fail(scope, { reason: plan.reason, message: plan.message, unsafe: riskOf(plan, scope) !== undefined });
  const kept = ensureLocks(scope, riskOf(plan, scope));
  if (kept !== undefined) return kept;
  switch (plan.do) {
    case 'exchange':
      return exchange(scope);
    case 'ask':
      return ask(scope, plan);
    case 'pods':
      return workerPods(scope, plan);
  }
}

/** Something else may start a stopped node. Before work begins it is stopped again; during the work, the result does not count. */
function keepStopped(scope: Scope): Move | undefined {
  const { status, observed } = scope;
  if ((status.paused ?? []).length === 0) return undefined;
  const running = unstopped(scope);
  if (running.length === 0) return undefined;
  const tasks = status.works ?? [];
  const withPods = running.filter((node) => (observed.targets.get(node)?.pods.length ?? 0) > 0);
  const underWay = tasks.filter((task) => task.uid !== undefined && task.outcome === undefined);
  // What was read of a node's signer state counts no more once the node has run.
  const isInconsistent = underWay.length > 0 || status.signers !== undefined || hasSnapshots(scope);
  if (withPods.length === 0 || !isInconsistent) return stopAgain(scope, running);
  const plan = scope.open.plan(viewOf(scope));
  const move = fail(
    scope,
    {
      reason: 'NodeStarted',
      message: `something else started ${listOf(withPods)} while its data was being worked on, so the result is not consistent; run the job again${straysOf(scope, withPods)}`,
      unsafe: riskOf(plan, scope) !== undefined,
    },
    {
      works: tasks.map((task) =>
        underWay.includes(task) ? { ...task, outcome: 'Failed', code: 'NodeStarted' } : task,
      ),
    },
  );
  const stops = move.status.phase === 'Held' ? stopEffects(scope) : [];
  return { ...move, effects: [...stops, ...underWay.map(stopTask), ...move.effects] };
}

/** A pod that is not of the workload ends only when someone ends it: that is not waited for without an end. */
function stopAgain(scope: Scope, running: readonly string[]): Move {
  const strays = straysOf(scope, running);
  const { stopDeadlineMs } = scope.settings;
  if (strays !== '' && elapsed(scope) > stopDeadlineMs)
    return fail(scope, {
      reason: 'NodeWillNotStop',
      message: `${listOf(running)} did not stop within ${inWords(stopDeadlineMs)}${strays}`,
      unsafe: riskOf(scope.open.plan(viewOf(scope)), scope) !== undefined,
    });
  return stay(scope, `stops ${listOf(running)} again: something else started it${strays}`, {
    status: freeNames(scope),
    effects: stopEffects(scope),
  });
}

/** What a VolumeSnapshot holds is of before the node ran, or of while it did; what the worker reads would be of after. */
function hasSnapshots({ status, observed, job }: Scope): boolean {
  const live = [...(observed.made?.values() ?? [])].filter(({ jobUid }) => jobUid === job.uid);
  const made = (status.made ?? []).filter(({ uid }) => uid !== undefined);
  return [...made, ...live].some(({ kind }) => kind === 'VolumeSnapshot');
}

function stopTask(task: JobTask): Effect {
  return { do: 'deleteJob', name: task.name, uid: task.uid ?? '', because: 'the node runs' };
}

/** Why being lost now may leave a node that must not be started; undefined when it can't. */
function riskOf(plan: ReturnType<Scope['open']['plan']>, { open, status }: Scope): string | undefined {
  if ('refused' in plan) return mayHaveChanged({ open, status }) ? 'its data was being changed' : undefined;
  if (plan.do === 'exchange' && open.common.deployMethod === 'managed') return whyKeysAtRisk(status.signers);
  const isRisky = plan.do === 'exchange' || (plan.do === 'pods' && plan.pods.some((pod) => pod.unsafeWhenUnclear));
  return isRisky ? 'its data is being changed' : undefined;
}

function workerPods(scope: Scope, plan: Extract<TaskPlan, { do: 'pods' }>): Move {
  const volumes = ensureVolumes(scope);
  if ('effects' in volumes) return volumes;
  const made = ensureMade(scope, plan.made ?? []);
  if ('effects' in made) return made;
  const pvc = ensureResultPvc(scope, plan.pvc);
  if ('effects' in pvc) return pvc;
  const steps = plan.pods.map((pod, index) =>
    runTask(scope, { pod, index, of: plan.pods.length, claimName: plan.pvc?.metadata.name }),
  );
  const tasks = steps.map(({ task }) => task);
  const status = { works: tasks, ...provenanceOf(scope, plan.pods, tasks) };
  if (tasks.every(({ outcome }) => outcome !== undefined))
    return enter(scope, { phase: 'Verifying', message: endOf(tasks), status });
  return stay(scope, firstWaiting(steps), { status, effects: steps.flatMap(({ effects }) => effects) });
}

function endOf(tasks: readonly JobTask[]): string {
  return tasks.every(({ outcome }) => outcome === 'Succeeded') ? 'the work has ended' : 'the work has failed';
}

function firstWaiting(steps: readonly TaskProgress[]): string {
  return steps.find(({ waits }) => waits !== undefined)?.waits ?? 'works';
}

/** Asking twice gives the same result, so a lost answer is simply asked for again. */
function ask(scope: Scope, plan: Extract<TaskPlan, { do: 'ask' }>): Move {
  const name = ASK_TASK;
  const { node, asks, height, wanted } = plan;
  const [before] = scope.status.works ?? [];
  const task: JobTask = before ?? { name, node, attempt: 1, intentAt: timestamp(scope.now) };
  const observed = scope.observed.tasks.get(name);
  // A Job of that name, which others can make, has a UID.
  const answer = observed?.uid === undefined ? observed?.termination : undefined;
  if (before !== undefined && answer !== undefined) {
    const result = parseResult(answer);
    const ended: JobTask = {
      ...task,
      endedAt: timestamp(scope.now),
      outcome: result.ok ? 'Succeeded' : 'Failed',
      ...defined({ code: result.code, message: result.message, height: result.height }),
    };
    return enter(scope, { phase: 'Verifying', message: `${node} has answered`, status: { works: [ended] } });
  }
  if (elapsed(scope) > scope.open.common.deadlineSeconds * 1000)
    return fail(scope, {
      reason: 'DeadlineExceeded',
      message: `${node} did not answer within spec.deadlineSeconds`,
      unsafe: false,
    });
  return stay(scope, `asks ${node}`, {
    status: { works: [task] },
    effects: [{ do: 'askNode', task: name, node, asks, height, wanted }],
  });
}
