// Every rule for nodes: what it refuses on the final pod, and what it lets pass.

import { describe, expect, it } from 'vitest';

import { POLICY_RULES, type PolicyRule, WAIVABLE_RULES } from '../../src/api/codes/policy-rules.ts';
import type { PatchOperation } from '../../src/lib/json-patch.ts';
import { jobRules } from '../../src/policy/judge-job.ts';
import { nodeRules } from '../../src/policy/rules.ts';
import { examples } from '../chains/examples.ts';
import { ALONE_IN_ITS_ZONE } from './affinities.ts';
import { aNode, judge } from './support.ts';

const POD = '/spec/template/spec';
const C0 = `${POD}/containers/0`;
const SC = `${C0}/securityContext`;

interface Row {
  readonly rule: PolicyRule;
  readonly because: string;
  readonly patch?: readonly PatchOperation[];
  readonly kind?: string;
  readonly spec?: Record<string, unknown>;
  readonly metadata?: Record<string, unknown>;
}

const set = (path: string, value: unknown): readonly PatchOperation[] => [{ op: 'add', path, value }];
const volume = (source: object): readonly PatchOperation[] => set(`${POD}/volumes/-`, { name: 'x', ...source });
const projected = (source: object): readonly PatchOperation[] => volume({ projected: { sources: [source] } });
const template = (field: string, value: unknown): readonly PatchOperation[] =>
  set(`/spec/volumeClaimTemplates/0/spec/${field}`, value);

const refused: readonly Row[] = [
  {
    rule: 'HostProcess',
    because: 'the pod',
    patch: set(`${POD}/securityContext/windowsOptions`, { hostProcess: true }),
  },
  { rule: 'HostProcess', because: 'a container', patch: set(`${SC}/windowsOptions`, { hostProcess: true }) },
  { rule: 'HostNetwork', because: 'true', patch: set(`${POD}/hostNetwork`, true) },
  { rule: 'HostNetwork', because: 'not a boolean', patch: set(`${POD}/hostNetwork`, 'true') },
  { rule: 'HostPID', because: 'true', patch: set(`${POD}/hostPID`, true) },
  { rule: 'HostIPC', because: 'true', patch: set(`${POD}/hostIPC`, true) },
  { rule: 'HostPort', because: 'a port', patch: set(`${C0}/ports/0/hostPort`, 30_303) },
  { rule: 'HostPort', because: 'a host address', patch: set(`${C0}/ports/0/hostIP`, '127.0.0.1') },
  { rule: 'HostPath', because: 'the root', patch: volume({ hostPath: { path: '/' } }) },
  {
    rule: 'HostProbe',
    because: 'a liveness probe',
    patch: set(`${C0}/livenessProbe`, { httpGet: { host: '169.254.169.254', port: 80 } }),
  },
  {
    rule: 'HostProbe',
    because: 'a hook',
    patch: set(`${C0}/lifecycle`, { preStop: { tcpSocket: { host: '10.0.0.1', port: 1 } } }),
  },
  { rule: 'Privileged', because: 'true', patch: set(`${SC}/privileged`, true) },
  { rule: 'PrivilegeEscalation', because: 'true', patch: set(`${SC}/allowPrivilegeEscalation`, true) },
  { rule: 'PrivilegeEscalation', because: 'absent', patch: [{ op: 'remove', path: `${SC}/allowPrivilegeEscalation` }] },
  { rule: 'Capabilities', because: 'not all dropped', patch: set(`${SC}/capabilities`, { drop: ['NET_RAW'] }) },
  { rule: 'Capabilities', because: 'none dropped', patch: [{ op: 'remove', path: `${SC}/capabilities` }] },
  { rule: 'Capabilities', because: 'one added', patch: set(`${SC}/capabilities/add`, ['SYS_ADMIN']) },
  { rule: 'RunAsNonRoot', because: 'false in a container', patch: set(`${SC}/runAsNonRoot`, false) },
  {
    rule: 'RunAsNonRoot',
    because: 'absent in pod and container',
    patch: [
      { op: 'remove', path: `${SC}/runAsNonRoot` },
      { op: 'remove', path: `${POD}/securityContext/runAsNonRoot` },
    ],
  },
  { rule: 'RunAsUser', because: 'root in a container', patch: set(`${SC}/runAsUser`, 0) },
  { rule: 'RunAsUser', because: 'root in the pod', patch: set(`${POD}/securityContext/runAsUser`, 0) },
  { rule: 'RunAsUser', because: "root's group", patch: set(`${POD}/securityContext/fsGroup`, 0) },
  {
    rule: 'RunAsUser',
    because: "root's group among others",
    patch: set(`${POD}/securityContext/supplementalGroups`, [1000, 0]),
  },
  { rule: 'Seccomp', because: 'Unconfined', patch: set(`${SC}/seccompProfile`, { type: 'Unconfined' }) },
  {
    rule: 'Seccomp',
    because: 'absent in pod and container',
    patch: [
      { op: 'remove', path: `${SC}/seccompProfile` },
      { op: 'remove', path: `${POD}/securityContext/seccompProfile` },
    ],
  },
  { rule: 'AppArmor', because: 'Unconfined', patch: set(`${SC}/appArmorProfile`, { type: 'Unconfined' }) },
  {
    rule: 'AppArmor',
    because: 'the old annotation',
    patch: set('/spec/template/metadata/annotations/container.apparmor.security.beta.kubernetes.io~1el', 'unconfined'),
  },
  { rule: 'SELinux', because: 'a type', patch: set(`${SC}/seLinuxOptions`, { type: 'spc_t' }) },
  { rule: 'SELinux', because: 'a user', patch: set(`${POD}/securityContext/seLinuxOptions`, { user: 'system_u' }) },
  { rule: 'ProcMount', because: 'Unmasked', patch: set(`${SC}/procMount`, 'Unmasked') },
  {
    rule: 'Sysctls',
    because: 'an unsafe one',
    patch: set(`${POD}/securityContext/sysctls`, [{ name: 'kernel.msgmax', value: '1' }]),
  },
  { rule: 'VolumeType', because: 'NFS', patch: volume({ nfs: { server: 'x', path: '/' } }) },
  { rule: 'VolumeType', because: 'a git repository', patch: volume({ gitRepo: { repository: 'x' } }) },
  { rule: 'OtherNamespaces', because: 'kept away', patch: set(`${POD}/affinity`, ALONE_IN_ITS_ZONE) },
  { rule: 'ForeignVolume', because: 'a claim', patch: volume({ persistentVolumeClaim: { claimName: 'payroll' } }) },
  { rule: 'ForeignVolume', because: 'a driver', patch: volume({ csi: { driver: 'x' } }) },
  { rule: 'ForeignVolume', because: 'an ephemeral claim', patch: volume({ ephemeral: { volumeClaimTemplate: {} } }) },
  { rule: 'ForeignVolume', because: 'an image', patch: volume({ image: { reference: 'x' } }) },
  { rule: 'ForeignVolume', because: 'a device', patch: set(`${POD}/resourceClaims`, [{ name: 'gpu' }]) },
  {
    rule: 'ForeignVolume',
    because: 'a device of a device plugin',
    patch: set(`${C0}/resources/limits`, { 'smarter-devices/mem': '1' }),
  },
  {
    rule: 'ForeignVolume',
    because: 'a device that the spec asks for',
    spec: { resources: { el: { limits: { 'devices.example.com/kvm': '1' } } } },
  },
  {
    rule: 'ForeignVolume',
    because: 'a device for the whole pod',
    patch: set(`${POD}/resources`, { limits: { 'devices.example.com/kvm': '1' } }),
  },
  {
    rule: 'VolumeDataSource',
    because: 'a copy of another claim',
    patch: template('dataSource', { kind: 'PersistentVolumeClaim', name: 'payroll' }),
  },
  {
    rule: 'VolumeDataSource',
    because: 'a reference across namespaces',
    patch: template('dataSourceRef', { kind: 'X', name: 'y', namespace: 'z' }),
  },
  { rule: 'VolumeDataSource', because: 'another volume', patch: template('volumeName', 'pv-payroll') },
  { rule: 'VolumeDataSource', because: 'a selector', patch: template('selector', { matchLabels: { a: 'b' } }) },
  {
    rule: 'VolumeDataSource',
    because: 'a template of its own',
    patch: set('/spec/volumeClaimTemplates/0/metadata/name', 'other'),
  },
  {
    rule: 'ServiceAccount',
    because: 'another',
    patch: set(`${POD}/serviceAccountName`, 'argocd-application-controller'),
  },
  { rule: 'ServiceAccount', because: 'the deprecated field', patch: set(`${POD}/serviceAccount`, 'admin') },
  { rule: 'ServiceAccountToken', because: 'mounted', patch: set(`${POD}/automountServiceAccountToken`, true) },
  {
    rule: 'ServiceAccountToken',
    because: 'by default',
    patch: [{ op: 'remove', path: `${POD}/automountServiceAccountToken` }],
  },
  { rule: 'ServiceAccountToken', because: 'projected', patch: projected({ serviceAccountToken: { path: 't' } }) },
  { rule: 'SecretNotAllowed', because: "the controller's own", spec: { identity: { secretName: 'nodewright-git' } } },
  {
    rule: 'SecretNotAllowed',
    because: 'the same in a volume',
    patch: volume({ secret: { secretName: 'nodewright-git' } }),
  },
  { rule: 'SecretNotAllowed', because: 'the same projected', patch: projected({ secret: { name: 'nodewright-git' } }) },
  {
    rule: 'SecretNotAllowed',
    because: 'the same in a variable of an init container',
    patch: set(`${POD}/initContainers`, [
      {
        name: 'i',
        image: 'ethereum/client-go',
        env: [{ name: 'T', valueFrom: { secretKeyRef: { name: 'nodewright-git', key: 'token' } } }],
      },
    ]),
  },
  {
    rule: 'SecretNotAllowed',
    because: 'the same as variables',
    patch: set(`${C0}/envFrom`, [{ secretRef: { name: 'nodewright-git' } }]),
  },
  {
    rule: 'SecretNotAllowed',
    because: 'the same to pull images',
    patch: set(`${POD}/imagePullSecrets`, [{ name: 'nodewright-git' }]),
  },
  { rule: 'NodeName', because: 'set', patch: set(`${POD}/nodeName`, 'control-plane-0') },
  { rule: 'RuntimeClass', because: 'set', patch: set(`${POD}/runtimeClassName`, 'unsafe') },
  { rule: 'PriorityClassNotAllowed', because: 'not in the list', spec: { priorityClassName: 'critical' } },
  { rule: 'PriorityClassNotAllowed', because: 'a number', patch: set(`${POD}/priority`, 2_000_000_000) },
  { rule: 'SystemPriority', because: 'by the spec', spec: { priorityClassName: 'system-node-critical' } },
  { rule: 'TolerateEverything', because: 'no key', spec: { tolerations: [{ operator: 'Exists' }] } },
  {
    rule: 'TolerateEverything',
    because: 'an empty key',
    patch: set(`${POD}/tolerations`, [{ key: '', operator: 'Exists' }]),
  },
  {
    rule: 'TolerationNotAllowed',
    because: 'the control plane',
    spec: { tolerations: [{ key: 'node-role.kubernetes.io/control-plane', operator: 'Exists' }] },
  },
  {
    rule: 'ImageNotAllowed',
    because: 'of a client',
    spec: { clients: { ...aNode().spec.clients, el: { name: 'geth', image: 'evil.example/x:1' } } },
  },
  {
    rule: 'ImageNotAllowed',
    because: 'a look-alike',
    spec: { clients: { ...aNode().spec.clients, el: { name: 'geth', image: 'evil.example/ethereum/client-go:1' } } },
  },
  {
    rule: 'ImageNotAllowed',
    because: 'of a sidecar',
    spec: { sidecars: [{ name: 's', image: 'ethereum/client-go:1' }] },
  },
  {
    rule: 'ImageNotAllowed',
    because: 'an ephemeral container',
    patch: set(`${POD}/ephemeralContainers`, [{ name: 'd', image: 'evil.example/x' }]),
  },
  { rule: 'ImageNotAllowed', because: 'none', patch: [{ op: 'remove', path: `${C0}/image` }] },
  { rule: 'LabelNotAllowed', because: "another application's", spec: { podLabels: { app: 'pay' } } },
  {
    rule: 'LabelNotAllowed',
    because: 'a recommended one',
    spec: { podLabels: { 'app.kubernetes.io/instance': 'pay' } },
  },
  {
    rule: 'LabelNotAllowed',
    because: "another node's",
    kind: 'Service',
    patch: set('/metadata/labels/novacula.com~1node', 'other'),
  },
  {
    rule: 'LabelNotAllowed',
    because: 'of a job',
    patch: set('/spec/template/metadata/labels/validatoros.com~1job', 'x'),
  },
  {
    rule: 'AnnotationNotAllowed',
    because: 'of a mesh',
    spec: { podAnnotations: { 'sidecar.istio.io/userVolume': '[]' } },
  },
  {
    rule: 'AnnotationNotAllowed',
    because: 'of a Service',
    kind: 'Service',
    patch: set('/metadata/annotations', { 'external-dns.alpha.kubernetes.io/hostname': 'pay.example' }),
  },
  { rule: 'ServiceSelector', because: 'other pods', kind: 'Service', patch: set('/spec/selector', { app: 'pay' }) },
  { rule: 'ServiceSelector', because: 'all pods', kind: 'Service', patch: set('/spec/selector', {}) },
  {
    rule: 'ServiceSelector',
    because: 'a budget of other pods',
    kind: 'PodDisruptionBudget',
    patch: set('/spec/selector', { matchLabels: {} }),
  },
  {
    rule: 'ServiceExposure',
    because: 'external addresses',
    kind: 'Service',
    patch: set('/spec/externalIPs', ['203.0.113.1']),
  },
  {
    rule: 'ServiceExposure',
    because: 'an external name',
    kind: 'Service',
    patch: set('/spec/externalName', 'pay.example'),
  },
  { rule: 'ServiceTypeNotAllowed', because: 'ExternalName', kind: 'Service', patch: set('/spec/type', 'ExternalName') },
  { rule: 'ObjectIdentity', because: 'a name', kind: 'ConfigMap', patch: set('/metadata/name', 'kube-root-ca.crt') },
  {
    rule: 'ObjectIdentity',
    because: 'a namespace',
    kind: 'ConfigMap',
    patch: set('/metadata/namespace', 'kube-system'),
  },
  { rule: 'ObjectIdentity', because: 'a kind', kind: 'ConfigMap', patch: set('/kind', 'Secret') },
  {
    rule: 'ObjectOwner',
    because: 'another owner',
    patch: set('/metadata/ownerReferences', [{ apiVersion: 'v1', kind: 'Namespace', name: 'x', uid: 'y' }]),
  },
  { rule: 'ObjectOwner', because: 'a finalizer', patch: set('/metadata/finalizers', ['x/y']) },
  { rule: 'OnePod', because: 'two replicas', patch: set('/spec/replicas', 2) },
  { rule: 'OnePod', because: 'replicas by default', patch: [{ op: 'remove', path: '/spec/replicas' }] },
  { rule: 'OnePod', because: 'another first pod', patch: set('/spec/ordinals', { start: 1 }) },
  {
    rule: 'OnePod',
    because: 'volumes that go',
    patch: set('/spec/persistentVolumeClaimRetentionPolicy/whenScaled', 'Delete'),
  },
  { rule: 'NamespaceNotAllowed', because: 'another', metadata: { namespace: 'argocd' } },
  { rule: 'ReservedName', because: "the controller's memory", metadata: { name: 'nodewright-primary' } },
];

const narrow = {
  secrets: ['keys-*'],
  configMaps: ['genesis-*'],
  storageClasses: ['fast'],
  serviceTypes: ['ClusterIP' as const],
};

const refusedWhenNarrow: readonly Row[] = [
  { rule: 'SecretNotAllowed', because: 'not in the list', spec: { identity: { secretName: 'a' } } },
  { rule: 'ConfigMapNotAllowed', because: 'in a volume', patch: volume({ configMap: { name: 'kube-root-ca.crt' } }) },
  { rule: 'ConfigMapNotAllowed', because: 'projected', patch: projected({ configMap: { name: 'kube-root-ca.crt' } }) },
  {
    rule: 'ConfigMapNotAllowed',
    because: 'as variables',
    patch: set(`${C0}/envFrom`, [{ configMapRef: { name: 'x' } }]),
  },
  {
    rule: 'StorageClassNotAllowed',
    because: 'not in the list',
    spec: { storage: { data: { size: '1Gi', storageClass: 'slow' } } },
  },
  { rule: 'ServiceTypeNotAllowed', because: 'not in the list', spec: { serviceType: 'NodePort' } },
];

function verdictOf({ patch, kind, spec, metadata }: Row, policy = {}): ReturnType<typeof judge> {
  const node = aNode(spec);
  const changed = { ...node, metadata: { ...node.metadata, ...metadata } };
  return judge({
    node: changed,
    policy,
    ...(patch === undefined ? {} : { patch }),
    ...(kind === undefined ? {} : { kind }),
  });
}

describe('the rules for nodes', () => {
  it.each(examples.filter(({ name }) => name !== 'ethereum-everything'))('let the example $name pass', ({ node }) => {
    const policy = { images: { nodes: ['registry.example/*', 'ghcr.io/**', '*/*', 'gcr.io/**'] } };
    expect(judge({ node, policy })).toEqual({ denials: [], exceptions: [] });
  });

  it.each(refused)('refuse by default: $rule, $because', (row) => {
    const { denials } = verdictOf(row);
    expect(denials.map(({ rule }) => rule)).toContain(row.rule);
    for (const { message } of denials) expect(message).toMatch(/\. The policy of the controller refuses it \(\w+\)\. /);
  });

  it.each(refusedWhenNarrow)('refuse with a narrow list: $rule, $because', (row) => {
    expect(verdictOf(row).denials).toEqual([]);
    expect(verdictOf(row, narrow).denials.map(({ rule }) => rule)).toContain(row.rule);
  });

  it.each(refused.filter(({ rule }) => Object.hasOwn(WAIVABLE_RULES, rule)))(
    'are waived one by one, and say so: $rule, $because',
    (row) => {
      const { denials, exceptions } = verdictOf(row, { exceptions: [row.rule] });
      expect(denials.map(({ rule }) => rule)).not.toContain(row.rule);
      expect(exceptions.map(({ rule }) => rule)).toEqual([row.rule]);
    },
  );

  it('each have a row here', () => {
    const covered = new Set([...refused, ...refusedWhenNarrow].map(({ rule }) => rule));
    expect(
      nodeRules.map(({ rule }) => rule).filter((rule) => !covered.has(rule) && rule !== 'PatchPathNotAllowed'),
    ).toEqual([]);
  });

  it('are all documented, and nothing else is', () => {
    const rules = new Set([...nodeRules, ...jobRules].map(({ rule }) => rule));
    expect([...rules].sort()).toEqual(Object.keys(POLICY_RULES).sort());
  });
});

describe('patches of the spec', () => {
  const verdict = (target: object, ...patch: readonly object[]): ReturnType<typeof judge> =>
    judge({ node: aNode({ patches: [{ target, patch }] }) });

  it.each([
    { path: `${POD}/affinity`, kind: 'StatefulSet' },
    { path: `${POD}/affinity/nodeAffinity`, kind: 'StatefulSet' },
    { path: `${POD}/containers/1/resources`, kind: 'StatefulSet' },
    { path: '/spec/externalTrafficPolicy', kind: 'Service' },
    { path: '/spec/replicas', kind: 'StatefulSet', op: 'test' },
  ])('may change $path of a $kind, or test it', ({ path, kind, op = 'add' }) => {
    expect(verdict({ kind }, { op, path, value: op === 'test' ? 1 : {} }).denials).toEqual([]);
  });

  it.each([
    { because: 'all of the pod', op: { op: 'replace', path: POD, value: {} } },
    { because: 'the whole object', op: { op: 'replace', path: '', value: {} } },
    { because: 'a path that only begins the same', op: { op: 'add', path: `${POD}/affinityX`, value: {} } },
    { because: 'a command', op: { op: 'add', path: `${C0}/command`, value: [] } },
    { because: 'an argument', op: { op: 'add', path: `${C0}/args/-`, value: '' } },
    { because: 'a probe that runs a program', op: { op: 'add', path: `${C0}/livenessProbe/exec`, value: {} } },
    { because: 'what a move takes away', op: { op: 'move', from: `${C0}/securityContext`, path: `${POD}/affinity` } },
    { because: 'settings of the chain', kind: 'ConfigMap', op: { op: 'add', path: '/data/x', value: '' } },
  ])('may not change $because', ({ op, kind = 'StatefulSet' }) => {
    const { denials } = verdict({ kind }, op);
    expect(denials[0]).toMatchObject({ rule: 'PatchPathNotAllowed', path: ['spec', 'patches', 0, 'patch', 0, 'path'] });
  });

  it('are named as the place of what they wrote', () => {
    const node = aNode({
      patches: [
        {
          target: { kind: 'StatefulSet' },
          patch: [
            { op: 'test', path: '/kind' },
            { op: 'add', path: `${POD}/hostNetwork`, value: true },
          ],
        },
      ],
    });
    const policy = { patches: { StatefulSet: ['/**'] } };
    const { denials } = judge({ node, patch: set(`${POD}/hostNetwork`, true), policy });
    expect(denials).toMatchObject([{ rule: 'HostNetwork', path: ['spec', 'patches', 0, 'patch', 1, 'path'] }]);
  });
});
