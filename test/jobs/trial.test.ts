// Before a node is stopped, the API server is asked whether it would accept what the job creates.

import { describe, expect, it } from 'vitest';

import { valueAt } from '../../src/lib/json-value.ts';
import type { Trial } from '../../src/jobs/model/observation.ts';
import { fitsWithout } from '../../src/jobs/task/quota.ts';
import { managedTarget, source, targetSeen } from './support/fixtures.ts';
import { ago, NOW, step } from './support/step.ts';

const target = targetSeen(managedTarget('a'));

function tried(trial: Trial | undefined, spec: Record<string, unknown> = {}, minutes = 1) {
  return step({
    spec: { node: 'a', ...spec },
    status: { phase: 'Locked', since: ago(minutes), locks: ['nodewright-node-a'] },
    observed: { targets: new Map([['a', target]]), ...(trial === undefined ? {} : { trial }) },
  });
}

describe('a job that stops its node', () => {
  it('first tries its PVC, its Job and the pod of its Job, and the restart of the node', () => {
    const { status, effects } = tried({ verdict: 'Untried' });
    expect(status.phase).toBe('Locked');
    const [effect] = effects.filter((one) => one.do === 'tryObjects');
    expect(effect?.creates.map(({ kind }) => kind)).toEqual(['PersistentVolumeClaim', 'Job', 'Pod']);
    expect(effect?.targets.map(({ node }) => node)).toEqual(['a']);
    const [, job, pod] = effect?.creates ?? [];
    expect(valueAt(pod, ['spec'])).toEqual(valueAt(job, ['spec', 'template', 'spec']));
  });

  it('tries the PVCs too that its node does not have yet', () => {
    const missing = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data-a-0' } };
    const { effects } = step({
      kind: 'Restore',
      spec: { node: 'a', backup: 'nightly' },
      status: { phase: 'Locked', since: ago(1), locks: ['nodewright-node-a'] },
      observed: {
        targets: new Map([['a', targetSeen(managedTarget('a'), { pods: [], missingPvcs: [missing] })]]),
        source: source(),
        trial: { verdict: 'Untried' },
      },
    });
    const [effect] = effects.filter((one) => one.do === 'tryObjects');
    expect(effect?.creates).toContainEqual(missing);
  });

  it('is refused with the words of the API server, and stops nothing', () => {
    const { status, effects } = tried({ verdict: 'Refused', message: 'exceeded quota: q' });
    expect(status).toMatchObject({ phase: 'Refused', reason: 'ObjectsRefused' });
    expect(status.message).toBe('exceeded quota: q. a was not stopped');
    expect(effects.map((effect) => effect.do)).toEqual(['emitEvent']);
  });

  it('says how a pod is admitted that Pod Security refuses', () => {
    const { status } = tried({
      verdict: 'Refused',
      message: 'pods "x" is forbidden: violates PodSecurity "restricted"',
    });
    expect(status.message).toMatch(/enforce=baseline.* violates PodSecurity "restricted"/);
  });

  it('stops its node once all is accepted', () => {
    expect(tried({ verdict: 'Accepted' }).status.phase).toBe('Stopping');
    expect(tried(undefined).status.phase).toBe('Stopping');
  });

  it('asks again after a while when the API server did not answer, and waits no longer than its deadline', () => {
    const unclear = (at: number): Trial => ({ verdict: 'Unclear', message: 'webhook: timeout', at });
    expect(tried(unclear(NOW - 1000)).effects).toEqual([]);
    expect(tried(unclear(NOW - 11_000)).effects.map((effect) => effect.do)).toEqual(['tryObjects']);
    const late = tried(unclear(NOW - 11_000), { deadlineSeconds: 60 }, 2);
    expect(late.status).toMatchObject({ phase: 'Failed', reason: 'DeadlineExceeded' });
  });

  it('tries nothing when it does not stop the node', () => {
    expect(tried({ verdict: 'Untried' }, { action: 'Direct' }).status.phase).toBe('Working');
  });
});

describe('a quota that is full', () => {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a-0' },
    spec: { containers: [{ resources: { requests: { memory: '1Gi' }, limits: { memory: '2Gi' } } }] },
  };
  const says = (requested: string, used: string, limited: string): string =>
    `create Pod ns/x: pods "x" is forbidden: exceeded quota: q, requested: ${requested}, used: ${used}, limited: ${limited} (HTTP 403)`;

  it.each([
    { because: 'the stopped pod makes room', message: says('pods=1', 'pods=3', 'pods=3'), fits: true },
    { because: 'more is missing than it frees', message: says('pods=1', 'pods=4', 'pods=3'), fits: false },
    { because: 'its memory is enough', message: says('requests.memory=512Mi', 'requests.memory=2Gi', 'requests.memory=2Gi'), fits: true },
    { because: 'its memory is not enough', message: says('limits.memory=3Gi', 'limits.memory=4Gi', 'limits.memory=4Gi'), fits: false },
    { because: 'one of two is missing', message: says('pods=1,count/jobs.batch=1', 'pods=3,count/jobs.batch=2', 'pods=3,count/jobs.batch=2'), fits: false },
    { because: 'another refusal', message: 'pods "x" is forbidden: violates PodSecurity', fits: false },
  ])('$because: $fits', ({ message, fits }) => {
    expect(fitsWithout(message, [pod])).toBe(fits);
  }); // prettier-ignore
});
