// Before a node is stopped: would the API server accept everything that the job is about to create?

import type { JobTarget } from '../../api/job-status.ts';
import type { KubeObject } from '../../api/objects.ts';
import type { Effect } from '../model/effect.ts';
import type { JobView } from '../model/job-kind.ts';
import type { Trial } from '../model/observation.ts';
import { jobObjectName } from '../model/names.ts';
import { elapsed, enter, listOf, stay, type Move, type Scope } from '../model/scope.ts';
import type { TaskSpec } from '../model/task-spec.ts';
import { withAdvice } from '../task/blocked.ts';
import { missingVolumes } from '../task/ensure-volumes.ts';
import { hostOf, mountOf, ownerOf } from '../task/pod-parts.ts';
import { renderWorkerJob } from '../task/render-job.ts';

/** A move until the API server has accepted all of it in a dry run; undefined when the node may be stopped. */
export function tryObjects(scope: Scope, view: JobView): Move | undefined {
  const { trial } = scope.observed;
  if (trial === undefined || trial.verdict === 'Accepted') return undefined;
  if (trial.verdict === 'Refused')
    return enter(scope, {
      phase: 'Refused',
      reason: 'ObjectsRefused',
      message: `${withAdvice(trial.message)}. ${listOf(scope.open.nodes)} was not stopped`,
    });
  if (trial.verdict === 'Unclear') return tryAgain(scope, view, trial);
  return stay(scope, 'asks the API server whether it would accept the objects of this job', {
    effects: [effectOf(scope, view)],
  });
}

/** Between two questions that were not answered, in milliseconds. */
const PAUSE_MS = 10_000;

function tryAgain(scope: Scope, view: JobView, { message, at }: Extract<Trial, { verdict: 'Unclear' }>): Move {
  if (elapsed(scope) > scope.open.common.deadlineSeconds * 1000)
    return enter(scope, { phase: 'Failed', reason: 'DeadlineExceeded', message: `${message}. Nothing was stopped` });
  const effects = scope.now - at < PAUSE_MS ? [] : [effectOf(scope, view)];
  return stay(scope, 'waits until the API server says whether it would accept the objects of this job', { effects });
}

function effectOf(scope: Scope, view: JobView): Effect {
  return { do: 'tryObjects', creates: objectsOf(scope, view), targets: view.targets };
}

function objectsOf(scope: Scope, view: JobView): readonly KubeObject[] {
  const plan = scope.open.plan(view);
  if ('refused' in plan || plan.do === 'ask') return [];
  const pods = plan.do === 'pods' ? plan.pods : view.targets.flatMap((target) => signerPod(scope, target));
  const jobs = pods.map((pod, index) => workerJob(scope, pod, index));
  const pvcs = plan.do === 'pods' && plan.pvc !== undefined ? [plan.pvc] : [];
  const made = plan.do === 'pods' ? (plan.made ?? []) : [];
  return [...missingVolumes(scope), ...made, ...pvcs, ...jobs, ...jobs.flatMap(podOf)];
}

function workerJob({ job, open, settings }: Scope, task: TaskSpec, index: number): KubeObject {
  const name = jobObjectName(job, `t${index}`);
  return renderWorkerJob({ job, common: open.common, settings, name, task });
}

/** A quota, a limit range, Pod Security: what refuses pods accepts their Job. */
function podOf({ metadata, spec }: KubeObject & { readonly spec?: unknown }): readonly KubeObject[] {
  const template = isTemplate(spec) ? spec.template : undefined;
  if (template === undefined) return [];
  const { name, namespace } = metadata;
  return [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...template.metadata, name, ...(namespace === undefined ? {} : { namespace }) },
      spec: template.spec,
    },
  ];
}

interface Template {
  readonly template: {
    readonly metadata: { readonly labels?: Readonly<Record<string, string>> };
    readonly spec: object;
  };
}

function isTemplate(spec: unknown): spec is Template {
  return typeof spec === 'object' && spec !== null && 'template' in spec;
}

/** A key exchange knows its files only when the nodes are stopped; for admission a pod of the same shape is enough. */
function signerPod({ open }: Scope, target: JobTarget): readonly TaskSpec[] {
  const [volume] = target.volumes;
  if (volume === undefined || open.common.deployMethod !== 'managed') return [];
  return [
    {
      node: target.node,
      repeatable: true,
      unsafeWhenUnclear: false,
      before: [],
      parameters: { verb: 'readSigner', at: '/data', paths: [] },
      volumes: [{ name: `node-${volume.name}`, pvc: volume.claim, readOnly: true }],
      mounts: [{ ...mountOf(volume, '/data'), readOnly: true }],
      runAs: ownerOf(target),
      ...hostOf(target, open.common, 'StopAndStart'),
    },
  ];
}
