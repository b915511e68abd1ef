// Something else has made an object under the name of one that the job makes.

import { expect, it } from 'vitest';

import { JOB_UID_LABEL } from '../../src/api/job-object.ts';
import { tryObjects } from '../../src/controller/job/try-objects.ts';
import { KubeError } from '../../src/kube/kube-error.ts';
import type { ObservedTask } from '../../src/jobs/model/observation.ts';
import { ago, busy, locks, pvc, step, stopped, work, working } from './support/step.ts';

const metadata = { name: 'backup-one-1f0c22aa', namespace: 'prod' };
const OF_THE_JOB: Readonly<Record<string, string>> = { [JOB_UID_LABEL]: 'u' };
const RESOURCE = { PersistentVolumeClaim: 'pvc', VolumeSnapshot: 'volumesnapshot' };

async function verdict(kind: string, code: 'ALREADY_EXISTS' | 'SERVER' | 'FORBIDDEN', labels = OF_THE_JOB) {
  const create = async (): Promise<never> => await Promise.reject(new KubeError(code, 'the words of the API server'));
  const deps = {
    cluster: { create, get: () => Promise.resolve() },
    redactor: (text: string) => text,
    runtime: { now: () => 1 },
  };
  const job = { apiVersion: 'x', kind: 'Backup', metadata: { ...metadata, uid: 'u' }, spec: {} };
  return await tryObjects(
    { do: 'tryObjects', creates: [{ apiVersion: 'v1', kind, metadata: { ...metadata, labels } }], targets: [] },
    job,
    deps as never,
  );
}

it.each(['PersistentVolumeClaim', 'VolumeSnapshot'] as const)('a trial refuses the job for a %s', async (kind) => {
  expect(await verdict(kind, 'ALREADY_EXISTS')).toEqual({
    verdict: 'Refused',
    message: expect.stringMatching(
      `kubectl -n prod get ${RESOURCE[kind]} ${metadata.name} .*, delete it, then file the job again`,
    ),
  });
  expect(await verdict(kind, 'SERVER')).toMatchObject({ verdict: 'Unclear' });
  expect(await verdict(kind, 'FORBIDDEN')).toMatchObject({
    verdict: 'Refused',
    message: 'the words of the API server',
  });
});

it('a trial does not for a PVC of the node, which its StatefulSet has created meanwhile', async () => {
  const verdictOfNode = await verdict('PersistentVolumeClaim', 'ALREADY_EXISTS', { 'novacula.com/node': 'a' });
  expect(verdictOfNode).toEqual({ verdict: 'Accepted' });
});

it.each(['Job', 'Pod'])(
  'a trial does not for a %s: those of a trial have other names than those that run',
  async (kind) => {
    expect(await verdict(kind, 'ALREADY_EXISTS')).toEqual({ verdict: 'Accepted' });
  },
);

it('a Job that was there before its name was on record is not run, also with the labels of the job', () => {
  const { works: _works, ...status } = working;
  const tasks = new Map([[work.name, { ...busy, suspended: true, active: 0 }]]);
  const move = step({ status, observed: { targets: new Map([['a', stopped]]), locks, pvc, tasks } });
  expect(move.status.works).toMatchObject([{ outcome: 'Failed', code: 'NameTaken' }]);
  expect(move.effects.filter((one) => one.do !== 'emitEvent')).toEqual([]);
});

const { uid: _uid, ...unrecorded } = work;
const idle: ObservedTask = { ...busy, suspended: true, active: 0 };

/** The Job of that name, which is not on record. */
function seen(task: ObservedTask, intentAt = work.intentAt) {
  const observed = { targets: new Map([['a', stopped]]), locks, pvc, tasks: new Map([[work.name, task]]) };
  return step({ status: { ...working, works: [{ ...unrecorded, intentAt }] }, observed });
}

it('a Job of which this process knows nothing is replaced, as long as it has done nothing', () => {
  const { status, effects } = seen(idle, ago(60));
  expect(status.works).toEqual([{ ...unrecorded, intentAt: ago(60) }]);
  expect(effects).toMatchObject([
    { do: 'deleteJob', name: work.name, uid: 'job-1' },
    { do: 'createJob', object: { metadata: { name: work.name }, spec: { suspend: true } } },
  ]);
});

it.each([
  { because: 'was created here and is another now', task: { made: false } },
  { because: 'has the label of another job', task: { jobUid: 'other' } },
  { because: 'has no label', task: { jobUid: undefined } },
  { because: 'is not suspended', task: { suspended: false } },
  { because: 'has a pod', task: { active: 1 } },
  { because: 'has ended', task: { finished: 'Complete', termination: '{"ok":true}' } },
] as const)('a Job that $because is not run, and not deleted', ({ task }) => {
  // A field that is undefined is one that is absent.
  const move = seen({ ...idle, ...task } as ObservedTask);
  expect(move.status.works).toMatchObject([{ outcome: 'Failed', code: 'NameTaken' }]);
  expect(move.effects.filter((one) => one.do !== 'emitEvent')).toEqual([]);
});

it('a Job that was created here is the one that runs, also when someone has taken off its label', () => {
  const { jobUid: _label, ...unlabelled } = idle;
  expect(seen({ ...unlabelled, made: true }).status.works).toEqual([work]);
});

it('a Job that is being deleted is waited for, and not without an end', () => {
  const { status, effects } = seen({ ...idle, going: true });
  expect([status.works, effects]).toEqual([[unrecorded], []]);
  expect(seen({ ...idle, going: true }, ago(11)).status.works).toMatchObject([{ code: 'JobNotCreated' }]);
});
