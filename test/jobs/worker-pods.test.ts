// Which pods count as made by a worker Job, with what admission adds to pods, and what others make to be taken for them.

import { expect, it } from 'vitest';

import type { KubeObject } from '../../src/api/objects.ts';
import { podLike, whyInDoubt, withGivenBy } from '../../src/jobs/task/worker-pods.ts';

const work = {
  name: 'work',
  image: 'worker:1',
  args: ['job', 'run'],
  env: [
    { name: 'NODE_OPTIONS', value: '--x' },
    { name: 'RESTIC_PASSWORD', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
  ],
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
const withVariable = (name: string, value = 'x') => withWork({ env: [...work.env, { name, value }] });
const withMount = (mountPath: string, more = {}) =>
  withWork({ volumeMounts: [...work.volumeMounts, { name: 'v', mountPath, ...more }] });
const withContext = (changed: object) => withWork({ securityContext: { ...work.securityContext, ...changed } });

it.each([
  { what: 'nothing', changed: {} },
  { what: 'a container and its volume', changed: { containers: [work, { name: 'proxy' }], volumes: [...spec.volumes, { name: 'p' }] } }, // prettier-ignore
  { what: 'the default account and a scheduler', changed: { serviceAccountName: 'default', schedulerName: 's' } },
  { what: 'limits, a pull policy and a context', changed: withWork({ resources: {}, imagePullPolicy: 'Always', securityContext: { ...work.securityContext, privileged: false } }) }, // prettier-ignore
  { what: 'an identity and addresses', changed: withWork({ env: [...['AWS_ROLE_ARN', 'AZURE_CLIENT_ID', 'KUBERNETES_SERVICE_HOST', 'POD_NAME'].map((name) => ({ name, value: 'x' })), ...work.env] }) }, // prettier-ignore
  { what: 'a level of SELinux', changed: { securityContext: { runAsUser: 1000, seLinuxOptions: { level: 's0' } } } },
  { what: 'the user of the pod', changed: withWork({ securityContext: { ...work.securityContext, runAsUser: 1000, runAsNonRoot: true } }) }, // prettier-ignore
  { what: 'options of the resolver', changed: { dnsConfig: { options: [{ name: 'ndots', value: '1' }] } } },
  { what: 'tokens', changed: withWork({ volumeMounts: [...work.volumeMounts, { name: 'token', mountPath: '/var/run/secrets/eks.amazonaws.com/serviceaccount', readOnly: true }] }) }, // prettier-ignore
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
  { changed: withWork({ env: [] }), why: 'another env: NODE_OPTIONS' },
  { changed: withWork({ env: [...work.env, { name: 'NODE_OPTIONS', value: '--require=x' }] }), why: 'NODE_OPTIONS' },
  { changed: withWork({ env: [...work.env, { name: 'LD_PRELOAD', value: 'x' }] }), why: 'variable LD_PRELOAD' },
  { changed: withWork({ volumeMounts: [] }), why: 'another volumeMounts' },
  { changed: withWork({ volumeMounts: [...work.volumeMounts, { name: 'v', mountPath: '/app' }] }), why: 'mounts /app' },
  { changed: withWork({ securityContext: { allowPrivilegeEscalation: true } }), why: 'another securityContext' },
  ...['PATH', 'NODE_PATH', 'NODEWRIGHT_RESTIC', 'NODE_EXTRA_CA_CERTS', 'OPENSSL_CONF', 'HOME', 'HTTPS_PROXY', 'https_proxy', 'KUBERNETES_', 'SSLKEYLOGFILE', 'XPOD_NAME'].map((name) => ({ changed: withVariable(name), why: `has the variable ${name}` })), // prettier-ignore
  { changed: withVariable('RESTIC_PASSWORD', 'theirs'), why: 'has the variable RESTIC_PASSWORD twice' },
  { changed: withWork({ env: [{ name: 'NODE_OPTIONS', value: '--x' }, work.env[1], work.env[1]] }), why: 'RESTIC_PASSWORD twice' }, // prettier-ignore
  { changed: withWork({ env: [...work.env, { name: 'POD_IP' }, { name: 'POD_IP' }] }), why: 'POD_IP twice' },
  { changed: withWork({ env: [work.env[0], { ...work.env[1], value: 'theirs' }] }), why: 'another env: RESTIC_PASSWORD' }, // prettier-ignore
  ...['/run/../app', '/run/./../app', '/var/run/x/../../../app', '//run/x', '/run//x', '/run/x/', 'run/x', '/runx', '/etc/ssl', '/', '/run/..'].map((path) => ({ changed: withMount(path), why: `mounts ${path} as well` })), // prettier-ignore
  { changed: withMount('/tmp', { subPath: 'x' }), why: 'mounts /tmp as well' },
  { changed: withWork({ volumeMounts: [{ ...work.volumeMounts[0], subPath: 'x' }] }), why: 'another volumeMounts: /tmp' }, // prettier-ignore
  ...['workingDir', 'lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe', 'envFrom', 'volumeDevices', 'restartPolicyRules', 'ports', 'stdin'].map((name) => ({ changed: withWork({ [name]: { exec: { command: ['x'] } } }), why: `has another ${name}` })), // prettier-ignore
  ...[{ runAsUser: 0 }, { capabilities: { add: ['SYS_PTRACE'] } }, { privileged: true }, { seccompProfile: { type: 'Unconfined' } }, { seLinuxOptions: { type: 'spc_t' } }, { procMount: 'Unmasked' }].map((context) => ({ changed: withContext(context), why: 'work has another securityContext' })), // prettier-ignore
  { changed: withWork({ resources: { claims: [{ name: 'device' }] } }), why: 'has other claims of resources' },
  { changed: { securityContext: { runAsUser: 1000, seLinuxOptions: { type: 'spc_t' } } }, why: 'its securityContext' },
  { changed: { hostAliases: [{ ip: '10.0.0.1', hostnames: ['s3'] }] }, why: 'its hostAliases' },
  { changed: { dnsConfig: { nameservers: ['10.0.0.1'] } }, why: 'its dnsConfig' },
  { changed: { volumes: [{ name: 'tmp', emptyDir: {}, hostPath: {} }] }, why: 'its volumes' },
  { changed: { initContainers: [check, { name: 'x', volumeMounts: [{ name: 'tmp', mountPath: '/t' }] }] }, why: 'the container x that was added mounts its volume tmp' }, // prettier-ignore
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

it('the image and the proxy that admission gives to a pod like its own are believed, other variables are not', () => {
  const given = { name: 'HTTPS_PROXY', value: 'http://proxy:3128' };
  const loader = { name: 'LD_PRELOAD', value: '/x.so' };
  const live = podOf(withWork({ image: 'mirror/worker:1', env: [given, ...work.env] }));
  const like = podLike(job);
  const admitted = { ...like, spec: { ...spec, ...withWork({ image: 'mirror/worker:1', env: [...work.env, given, loader] }) } }; // prettier-ignore
  expect(whyInDoubt(withGivenBy(job, admitted), [live])).toBeUndefined();
  const other = podOf(withWork({ image: 'mirror/worker:1', env: [...work.env, { ...given, value: 'http://evil' }] }));
  expect(whyInDoubt(withGivenBy(job, admitted), [other])).toContain('another env: HTTPS_PROXY');
  const loading = podOf(withWork({ image: 'mirror/worker:1', env: [...work.env, given, loader] }));
  expect(whyInDoubt(withGivenBy(job, admitted), [loading])).toContain('the variable LD_PRELOAD');
});
