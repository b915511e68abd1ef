// For each place of a node's objects: the values that a rule lets pass, and those beside them that it refuses.

import { expect, it } from 'vitest';

import type { PolicyRule } from '../../src/api/codes/policy-rules.ts';
import { API_VERSION, LABEL } from '../../src/api/group.ts';
import type { PolicySpec } from '../../src/api/policy.ts';
import { toPointer } from '../../src/lib/json-pointer.ts';
import { nearTo } from './affinities.ts';
import { judge, NAMESPACE } from './support.ts';

const POD = '/spec/template/spec';
const C0 = `${POD}/containers/0`;
const SC = `${C0}/securityContext`;
const TEMPLATE = '/spec/volumeClaimTemplates/0';
const own = { apiVersion: API_VERSION, kind: 'BlockchainNode', name: 'eth-geth' };
const volume = (source: object) => ({ name: 'x', ...source });
const label = (name: string) => toPointer(['spec', 'template', 'metadata', 'labels', name]);
const appArmor = '/spec/template/metadata/annotations/container.apparmor.security.beta.kubernetes.io~1el';
const required = (term: object) => ({ podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } });

interface Row {
  readonly rule: PolicyRule;
  readonly at: string;
  readonly passes?: readonly unknown[];
  readonly refused?: readonly unknown[];
  readonly kind?: string;
  readonly policy?: PolicySpec;
}

const rows: readonly Row[] = [
  { rule: 'HostProcess', at: `${SC}/windowsOptions`, passes: [{}, { hostProcess: false }, { hostProcess: null }], refused: [{ hostProcess: 'false' }] },
  { rule: 'HostNetwork', at: `${POD}/hostNetwork`, passes: [false, null], refused: [1] },
  { rule: 'HostPort', at: `${C0}/ports/0/hostPort`, passes: [0, null], refused: ['0'] },
  { rule: 'HostPort', at: `${C0}/ports/0/hostIP`, passes: ['', null], refused: ['0.0.0.0'] },
  { rule: 'HostPath', at: `${POD}/volumes/-`, passes: [volume({ hostPath: null })] },
  ...['livenessProbe', 'readinessProbe', 'startupProbe'].map((probe): Row => (
    { rule: 'HostProbe', at: `${C0}/${probe}`, passes: [{ httpGet: { host: '', port: 1 } }, { tcpSocket: { host: null } }], refused: [{ tcpSocket: { host: 'a' } }, { httpGet: { host: 'a' } }] }
  )),
  { rule: 'HostProbe', at: `${C0}/lifecycle`, passes: [{ preStop: { exec: {} } }], refused: [{ postStart: { httpGet: { host: 'a' } } }] },
  { rule: 'Privileged', at: `${SC}/privileged`, passes: [false, null], refused: ['false'] },
  { rule: 'PrivilegeEscalation', at: `${SC}/allowPrivilegeEscalation`, passes: [false], refused: [null, 'false'] },
  { rule: 'Capabilities', at: `${SC}/capabilities`, passes: [{ drop: ['ALL'] }, { drop: ['NET_RAW', 'ALL'], add: ['NET_BIND_SERVICE'] }, { drop: ['ALL'], add: null }],
    refused: [{ drop: 'ALL' }, { drop: ['ALL'], add: 'SYS_ADMIN' }, { drop: ['ALL'], add: ['NET_BIND_SERVICE', 'NET_RAW'] }] },
  { rule: 'RunAsNonRoot', at: `${SC}/runAsNonRoot`, passes: [true, null], refused: ['true'] },
  { rule: 'RunAsNonRoot', at: `${POD}/securityContext/runAsNonRoot`, passes: [false] },
  { rule: 'RunAsUser', at: `${SC}/runAsUser`, passes: [1, null], refused: [-1, '1000'] },
  { rule: 'RunAsUser', at: `${POD}/securityContext/runAsGroup`, passes: [1], refused: [0] },
  { rule: 'Seccomp', at: `${SC}/seccompProfile`, passes: [{ type: 'Localhost' }, {}, null], refused: [{ type: 'x' }] },
  { rule: 'AppArmor', at: `${SC}/appArmorProfile`, passes: [{ type: 'RuntimeDefault' }, { type: 'Localhost' }, null], refused: [{ type: 'x' }] },
  { rule: 'AppArmor', at: appArmor, passes: ['', 'runtime/default', 'localhost/profile'], refused: ['localhost', 'x/runtime/default'], policy: { annotations: ['**'] } },
  { rule: 'AppArmor', at: '/spec/template/metadata/annotations/x', passes: ['unconfined'] },
  { rule: 'SELinux', at: `${SC}/seLinuxOptions`, passes: [{ type: '' }, { type: 'container_t' }, { user: '', role: null, level: 's0' }], refused: [{ user: 'u' }, { role: 'r' }] },
  { rule: 'ProcMount', at: `${SC}/procMount`, passes: ['Default', null] },
  { rule: 'Sysctls', at: `${POD}/securityContext/sysctls`, passes: [[], [{ name: 'net.ipv4.tcp_rmem' }]], refused: [[{ name: 'net.ipv4.tcp_rmem' }, {}]] },
  { rule: 'VolumeType', at: `${POD}/volumes/-`, passes: [volume({ emptyDir: {} }), volume({ downwardAPI: {} })], refused: [volume({ emptyDir: {}, nfs: {} })] },
  { rule: 'ServiceAccount', at: `${POD}/serviceAccountName`, passes: ['default', '', null], refused: [5] },
  { rule: 'ServiceAccountToken', at: `${POD}/automountServiceAccountToken`, passes: [false], refused: [null] },
  { rule: 'ServiceAccountToken', at: `${POD}/volumes/-`, passes: [volume({ projected: { sources: [{ serviceAccountToken: null, downwardAPI: {} }] } })],
    refused: [volume({ projected: { sources: [{}, { podCertificate: {} }] } }), volume({ csi: { driver: 'secrets-store.csi.k8s.io' } })] },
  { rule: 'SecretNotAllowed', at: `${POD}/volumes/-`, passes: [volume({ secret: { secretName: 'eth-geth-jwt' } }), volume({ secret: { secretName: null } })], refused: [volume({ secret: { secretName: 'a' } }), volume({ secret: { secretName: 5 } })], policy: { secrets: ['keys-*'] } },
  { rule: 'ConfigMapNotAllowed', at: `${POD}/volumes/-`, passes: [volume({ configMap: { name: 'eth-geth' } })], refused: [volume({ configMap: { name: 5 } })], policy: { configMaps: [] } },
  { rule: 'ConfigMapNotAllowed', at: `${C0}/env/-`, passes: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'genesis-a' } } }], refused: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'a' } } }], policy: { configMaps: ['genesis-*'] } },
  { rule: 'ForeignVolume', at: `${POD}/volumes/-`, passes: [volume({ csi: null })] },
  { rule: 'ForeignVolume', at: `${C0}/resources`, passes: [{ requests: { cpu: '1' }, limits: { memory: '1Gi' } }], refused: [{ requests: { 'example.com/x': '1' } }] },
  { rule: 'VolumeDataSource', at: `${TEMPLATE}/spec/volumeName`, passes: ['', null] },
  { rule: 'VolumeDataSource', at: `${TEMPLATE}/spec/volumeAttributesClassName`, refused: ['fast'] },
  { rule: 'VolumeDataSource', at: `${TEMPLATE}/metadata/name`, passes: ['data'], refused: [5, 'constructor'] },
  { rule: 'StorageClassNotAllowed', at: `${TEMPLATE}/spec/storageClassName`, passes: ['fast'], refused: [5, null] },
  { rule: 'NodeName', at: `${POD}/nodeName`, passes: ['', null] },
  { rule: 'PriorityClassNotAllowed', at: `${POD}/priorityClassName`, passes: ['', null, 'chain-high'], refused: ['my-system-class', 5], policy: { priorityClasses: ['chain-*'] } },
  { rule: 'SystemPriority', at: `${POD}/priorityClassName`, refused: ['system-x'], policy: { priorityClasses: ['**'] } },
  { rule: 'OtherNamespaces', at: `${POD}/affinity`, passes: [{ nodeAffinity: {} }, required({ namespaces: null }), required({ namespaces: [] }), required({ namespaceSelector: null })],
    refused: [required({ namespaces: ['x'] }), required({ namespaces: 'x' }), nearTo([NAMESPACE, 'x'])] },
  { rule: 'TolerateEverything', at: `${POD}/tolerations`, passes: [[{ key: 'validators' }]], refused: [[{ key: 'validators' }, { key: 5 }]] },
  { rule: 'LabelNotAllowed', at: label(LABEL.node), passes: ['eth-geth'], refused: ['other'] },
  { rule: 'LabelNotAllowed', at: label(LABEL.managedBy), passes: ['nodewright'] },
  { rule: 'LabelNotAllowed', at: label(LABEL.executor), refused: ['tokyo'] },
  { rule: 'LabelNotAllowed', at: `${TEMPLATE}/metadata/labels/app`, refused: ['pay'] },
  { rule: 'LabelNotAllowed', at: '/metadata/labels/team', passes: ['eth'] },
  { rule: 'AnnotationNotAllowed', at: `${TEMPLATE}/metadata/annotations/x.example~1y`, refused: ['z'] },
  { rule: 'ServiceSelector', at: label(LABEL.node), refused: ['other'] },
  { rule: 'ServiceSelector', at: '/spec/selector/matchExpressions', kind: 'PodDisruptionBudget', refused: [[{ key: 'a', operator: 'Exists' }]] },
  { rule: 'ServiceTypeNotAllowed', at: '/spec/type', kind: 'Service', passes: ['ClusterIP', null], refused: [5, 'NodePort'], policy: { serviceTypes: [] } },
  { rule: 'ServiceExposure', at: '/spec/externalIPs', kind: 'Service', passes: [[], null], refused: [['203.0.113.1']] },
  { rule: 'ObjectIdentity', at: '/apiVersion', kind: 'ConfigMap', refused: ['v2'] },
  { rule: 'ObjectIdentity', at: '/metadata/name', kind: 'ConfigMap', passes: ['eth-geth-x'], refused: ['eth-gethx'] },
  { rule: 'ObjectOwner', at: '/metadata/ownerReferences', passes: [[], [own]], refused: [[own, { ...own, uid: 'x' }], [{ ...own, name: 'x' }], [{ ...own, kind: 'x' }], [{ ...own, apiVersion: 'v1' }]] },
  { rule: 'ObjectOwner', at: '/metadata/finalizers', passes: [[], null] },
  { rule: 'OnePod', at: '/spec/replicas', passes: [0, 1], refused: ['1'] },
  { rule: 'OnePod', at: '/spec/persistentVolumeClaimRetentionPolicy/whenDeleted', refused: ['Delete'] },
]; // prettier-ignore

function casesOf(list: 'passes' | 'refused') {
  return rows.flatMap((row) => (row[list] ?? []).map((value) => ({ ...row, value })));
}

function denialsOf({ at, value, kind = 'StatefulSet', policy = {} }: Row & { readonly value: unknown }) {
  return judge({ patch: [{ op: 'add', path: at, value }], kind, policy }).denials;
}

it.each(casesOf('passes'))('$rule lets pass $value at $at', (row) => {
  expect(denialsOf(row)).toEqual([]);
});

it.each(casesOf('refused'))('$rule refuses $value at $at', (row) => {
  expect(denialsOf(row).map(({ rule }) => rule)).toContain(row.rule);
});
