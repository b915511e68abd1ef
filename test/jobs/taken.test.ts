// Something else has made an object under the name of one that the job makes.

import { expect, it } from 'vitest';

import { JOB_UID_LABEL } from '../../src/api/job-object.ts';
import { tryObjects } from '../../src/controller/job/try-objects.ts';
import { KubeError } from '../../src/kube/kube-error.ts';
import { busy, locks, pvc, step, stopped, work, working } from './support/step.ts';

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
