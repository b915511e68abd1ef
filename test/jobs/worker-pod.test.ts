// The worker pod: what is injected into it, how its end is found, and what its trouble reads like.

import { describe, expect, it } from 'vitest';

import type { JobStatus } from '../../src/api/job-status.ts';
import type { ObservedTask } from '../../src/jobs/model/observation.ts';
import { stableText } from '../../src/jobs/task/blocked.ts';
import { renderWorkerJob } from '../../src/jobs/task/render-job.ts';
import { valueAt } from '../../src/lib/json-value.ts';
import { kindNamed, managedTarget, settings, targetSeen, UID, viewFor } from './support/fixtures.ts';
import { ago, busy, HOLDER, LOCK, locks, NOTE, pvc, step, stopped, work, working } from './support/step.ts';

const RESULT = JSON.stringify({ ok: true, manifestSha256: 'a'.repeat(64), files: 1, bytes: 1 });
const targets = new Map([['a', stopped]]);

function observe(task: Partial<ObservedTask>, status: JobStatus = working, workerPods = 1) {
  const tasks = new Map([[work.name, { ...busy, running: true, ...task }]]);
  return step({ status, observed: { targets, locks, pvc, tasks, workerPods } });
}

describe('a container that the cluster injected', () => {
  it('does not keep the task from ending', () => {
    const ended = observe({ taskEnded: { exitCode: 0, at: ago(1) }, termination: RESULT });
    expect(ended.status).toMatchObject({ phase: 'Verifying', works: [{ outcome: 'Succeeded', files: 1 }] });
  });

  it('does not turn success into failure', () => {
    const ended = observe({ taskEnded: { exitCode: 0 }, finished: 'Failed', termination: RESULT });
    expect(ended.status.works).toMatchObject([{ outcome: 'Succeeded' }]);
  });

  it('does not turn a failure into success', () => {
    const ended = observe({ taskEnded: { exitCode: 1 }, finished: 'Complete', termination: RESULT });
    expect(ended.status.works).toMatchObject([{ outcome: 'Failed' }]);
  });

  it('is deleted with its Job at once, or when the client beside the work had time to end', () => {
    const verifying = (minutes: number): JobStatus => ({
      ...working,
      phase: 'Verifying',
      works: [{ ...work, outcome: 'Succeeded', endedAt: ago(minutes) }],
    });
    const task = { taskEnded: { exitCode: 0 }, termination: RESULT, injectedRuns: true };
    const deletion = [{ do: 'deleteJob', name: work.name, uid: 'job-1' }];
    expect(observe(task, verifying(0)).effects).toMatchObject(deletion);
    expect(observe({ ...task, besideRuns: true }, verifying(3)).effects).toEqual([]);
    expect(observe({ ...task, besideRuns: true }, verifying(4)).effects).toMatchObject(deletion);
    expect(observe({ ...task, injectedRuns: false }, verifying(4)).effects).toEqual([]);
    expect(observe({ ...task, active: 0 }, verifying(0)).effects).toEqual([]);
    expect(observe({ ...task, uid: 'other' }, verifying(0)).effects).toEqual([]);
  });

  it('is deleted with the Job of a task that ended without a result, which is then repeated', () => {
    const task = { taskEnded: { exitCode: 137 }, injectedRuns: true };
    const { effects } = observe(task);
    expect(effects).toMatchObject([{ do: 'deleteJob', name: work.name, uid: 'job-1' }]);
  });
});

it('a worker that failed by itself keeps its Job, and so its log', () => {
  const failed: JobStatus = { ...working, phase: 'Verifying', works: [{ ...work, outcome: 'Failed' }] };
  expect(observe({ running: false, finished: 'Failed', finishedAt: ago(0) }, failed).effects).toEqual([]);
});

describe('a rollback by the client itself', () => {
  const run = { image: 'example.com/bitcoind:1', command: ['sh'], args: [], mounts: [] };
  const rollback = {
    how: 'command',
    run,
    repeatable: true,
    heightPattern: 'at (\\d+)',
    cleanFailure: 'Nothing was changed\\.',
  } as const;
  const target = managedTarget('a');
  const node = targetSeen(target, {
    pods: [],
    replicas: 0,
    paused: true,
    answers: { identityFiles: [], signerState: [], rollback },
  });
  const own = new Map([
    [
      LOCK,
      {
        holder: HOLDER,
        note: {
          ...NOTE,
          job: 'BlockHeightFallback prod/one',
          nodes: [{ node: 'a', workload: target.workload, wasRunning: true }],
          unsafe: 'its data is being changed',
        },
      },
    ],
  ]);
  const end = (output: string, attempt = 1) => {
    const task = {
      ...busy,
      active: 0,
      finished: 'Failed',
      output,
      failedProgram: { name: 'client', exitCode: 1 },
    } as const;
    return step({
      kind: 'BlockHeightFallback',
      spec: { node: 'a', blockHeight: 90 },
      status: { ...working, targets: [target], works: [{ ...work, attempt }] },
      observed: { targets: new Map([['a', node]]), locks: own, tasks: new Map([[work.name, task]]) },
    }).status.works;
  };

  it('that failed before it changed anything lets the node start', () => {
    expect(end('The newest block is 5, below 90. Nothing was changed.')).toMatchObject([{ unsafe: false }]);
  });

  it('that failed later leaves the node paused', () => {
    expect(end('invalidateblock failed at block 95.')).toMatchObject([{ unsafe: true }]);
  });

  it('that changed nothing in its second attempt says nothing of the first', () => {
    expect(end('Nothing was changed.', 2)).toMatchObject([{ unsafe: true }]);
  });
});

describe('the text of a pod that is refused', () => {
  it.each([
    ['pods "backup-one-1f0c22aa-x7k2p" is forbidden: quota', 'pods "backup-one-1f0c22aa" is forbidden: quota'],
    [
      'back-off 1m20s restarting failed container=client pod=backup-one-1f0c22aa-abcde_prod(1f0c22aa-0000-4000-8000-000000000001)',
      'back-off restarting failed container=client pod=backup-one-1f0c22aa_prod',
    ],
    ['pods "another-x7k2p" is forbidden', 'pods "another-x7k2p" is forbidden'],
  ])('has nothing that differs at every attempt: %s', (text, want) => {
    expect(stableText(text, 'backup-one-1f0c22aa')).toBe(want);
  });

  it('is the same in the status of two attempts', () => {
    const message = (end: string) =>
      observe({ running: false, refused: `pods "${work.name}-${end}" is forbidden: exceeded quota` }).status.message;
    expect(message('x7k2p')).toBe(message('abcde'));
  });
});

describe('the worker Job', () => {
  const render = (spec: Record<string, unknown>) => {
    const kind = kindNamed('Backup');
    const open = kind.open({ node: 'a', ...spec });
    const plan = open.plan(viewFor('Backup', [managedTarget('a')]));
    if ('refused' in plan || plan.do !== 'pods' || plan.pods[0] === undefined) throw new Error('no pod');
    const job = { kind: 'Backup', namespace: 'prod', name: 'one', uid: UID };
    return renderWorkerJob({ job, common: open.common, settings, name: 'w', task: plan.pods[0] });
  };
  const at = (...path: (string | number)[]) => ['spec', 'template', ...path];

  it('opts out of the injection of sidecars', () => {
    expect(valueAt(render({}), at('metadata'))).toMatchObject({
      labels: { 'sidecar.istio.io/inject': 'false' },
      annotations: { 'linkerd.io/inject': 'disabled' },
    });
  });

  it('has the resources of the request, and the defaults for what it does not give', () => {
    const path = at('spec', 'containers', 0, 'resources');
    expect(valueAt(render({}), path)).toEqual(settings.resources);
    expect(valueAt(render({ resources: { limits: { memory: '2Gi' } } }), path)).toEqual({
      requests: settings.resources.requests,
      limits: { memory: '2Gi' },
    });
  });
});
