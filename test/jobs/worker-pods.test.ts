// Which pods count as made by a worker Job, with what admission adds to pods, and what others make to be taken for them.

import { expect, it } from 'vitest';

import type { KubeObject } from '../../src/api/objects.ts';
import { whyInDoubt } from '../../src/jobs/task/worker-pods.ts';

const work = {
  name: 'work',
  image: 'worker:1',
  args: ['job', 'run'],
  env: [{ name: 'NODE_OPTIONS', value: '--x' }],
  securityContext: { allowPrivilegeEscalation: false },
  volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
};
const check = { name: 'check', image: 'tool:1', command: ['check'] };
const spec = {
  restartPolicy: 'Never',
  securityContext: { runAsUser: 1000 },
  initContainers: [check],
  containers: [work],
  volumes: [{ name: 'tmp', emptyDir: {} }],
};
const job: KubeObject = {
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'copy' },
  spec: { backoffLimit: 0, template: { spec } },
};
const podOf = (changed: object, name = 'copy-x'): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { ...spec, ...changed },
});
const withWork = (changed: object): object => ({ containers: [{ ...work, ...changed }] });

it.each([
  { what: 'nothing', changed: {} },
  { what: 'a container and its volume', changed: { containers: [work, { name: 'proxy' }], volumes: [...spec.volumes, { name: 'p' }] } }, // prettier-ignore
  { what: 'the default account and a scheduler', changed: { serviceAccountName: 'default', schedulerName: 's' } },
  { what: 'limits, a pull policy and a context', changed: withWork({ resources: {}, imagePullPolicy: 'Always', securityContext: { ...work.securityContext, privileged: false } }) }, // prettier-ignore
  { what: 'a proxy in the environment', changed: withWork({ env: [{ name: 'HTTPS_PROXY', value: 'x' }, ...work.env] }) }, // prettier-ignore
  { what: 'certificates', changed: withWork({ volumeMounts: [...work.volumeMounts, { name: 'ca', mountPath: '/etc/ssl/certs' }] }) }, // prettier-ignore
])('a pod to which the cluster added $what is one of the Job', ({ changed }) => {
  expect(whyInDoubt(job, [podOf(changed)])).toBeUndefined();
});

it.each([
  { changed: withWork({ image: 'evil:1' }), why: 'its container work has another image' },
  { changed: withWork({ args: ['job'] }), why: 'another args' },
  { changed: withWork({ command: ['sh'] }), why: 'another command' },
  { changed: withWork({ lifecycle: { postStart: {} } }), why: 'another lifecycle' },
  { changed: withWork({ envFrom: [{}] }), why: 'another envFrom' },
  { changed: withWork({ env: [] }), why: 'another env' },
  { changed: withWork({ env: [...work.env, { name: 'NODE_OPTIONS', value: '--require=x' }] }), why: 'NODE_OPTIONS' },
  { changed: withWork({ env: [...work.env, { name: 'LD_PRELOAD', value: 'x' }] }), why: 'variable LD_PRELOAD' },
  { changed: withWork({ volumeMounts: [] }), why: 'another volumeMounts' },
  { changed: withWork({ volumeMounts: [...work.volumeMounts, { name: 'v', mountPath: '/app' }] }), why: 'mounts /app' },
  { changed: withWork({ securityContext: { allowPrivilegeEscalation: true } }), why: 'another securityContext' },
  { changed: { containers: [{ ...work, name: 'other' }] }, why: 'its container work is missing' },
  { changed: { initContainers: [] }, why: 'its container check is missing' },
  { changed: { initContainers: [{ ...check, command: ['true'] }] }, why: 'its container check has another command' },
  { changed: { volumes: [{ name: 'tmp', hostPath: { path: '/' } }] }, why: 'its volumes is not as in the Job' },
  { changed: { serviceAccountName: 'admin' }, why: 'its service account' },
  { changed: { shareProcessNamespace: true }, why: 'it has shareProcessNamespace' },
  { changed: { securityContext: {} }, why: 'its securityContext' },
])('a pod is in doubt: $why', ({ changed, why }) => {
  const found = whyInDoubt(job, [podOf(changed)]);
  expect(found).toContain('pod copy-x names the Job copy as its owner and was not made by it');
  expect(found).toContain(why);
});

it('more pods than the Job makes are in doubt, also when all are alike', () => {
  const pods = [podOf({}, 'b'), podOf({}, 'a')];
  expect(whyInDoubt(job, pods)).toBe('pods a, b name the Job copy as their owner, which makes 1');
  expect(whyInDoubt({ ...job, spec: { backoffLimit: 1, template: { spec } } }, pods)).toBeUndefined();
});
