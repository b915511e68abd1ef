// The Pod Security Standard `restricted`, with `baseline` below it, written from
// https://kubernetes.io/docs/concepts/security/pod-security-standards/ (Linux pods).

import { clipJson } from '../lib/clip.ts';
import { isObject, member } from '../lib/json-value.ts';
import {
  at,
  containersOf,
  contextsOf,
  inherited,
  itemsOf,
  type Located,
  membersOf,
  podsOf,
  volumesOf,
} from './pod-view.ts';
import type { Breach, NodeCase, NodeRule } from './rule.ts';

export const podSecurityRules: readonly NodeRule[] = [
  { rule: 'HostProcess', find: hostProcess },
  { rule: 'HostNetwork', find: (subject) => podFlag(subject, 'hostNetwork') },
  { rule: 'HostPID', find: (subject) => podFlag(subject, 'hostPID') },
  { rule: 'HostIPC', find: (subject) => podFlag(subject, 'hostIPC') },
  { rule: 'HostPort', find: hostPort },
  { rule: 'HostPath', find: hostPath },
  { rule: 'HostProbe', find: hostProbe },
  { rule: 'Privileged', find: privileged },
  { rule: 'PrivilegeEscalation', find: privilegeEscalation },
  { rule: 'Capabilities', find: capabilities },
  { rule: 'RunAsNonRoot', find: runAsNonRoot },
  { rule: 'RunAsUser', find: runAsUser },
  { rule: 'Seccomp', find: seccomp },
  { rule: 'AppArmor', find: appArmor },
  { rule: 'SELinux', find: seLinux },
  { rule: 'ProcMount', find: procMount },
  { rule: 'Sysctls', find: sysctls },
  { rule: 'VolumeType', find: volumeType },
];

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

function is(found: Located): Breach {
  return { object: found.object, path: found.path, what: `is ${clipJson(found.value, 80)}` };
}

function hostProcess(subject: NodeCase): readonly Breach[] {
  const flags = contextsOf(subject).map((one) => at(one, 'windowsOptions', 'hostProcess'));
  return flags.filter(({ value }) => !isAbsent(value) && value !== false).map(is);
}

function podFlag(subject: NodeCase, field: string): readonly Breach[] {
  return podsOf(subject)
    .map((pod) => at(pod, field))
    .filter(({ value }) => !isAbsent(value) && value !== false)
    .map(is);
}

function hostPort(subject: NodeCase): readonly Breach[] {
  const ports = containersOf(subject).flatMap((one) => itemsOf(at(one, 'ports')));
  return ports
    .flatMap((port) => [at(port, 'hostPort'), at(port, 'hostIP')])
    .filter(({ value }) => !isAbsent(value) && value !== 0 && value !== '')
    .map(is);
}

function hostPath(subject: NodeCase): readonly Breach[] {
  return volumesOf(subject)
    .map((volume) => at(volume, 'hostPath'))
    .filter(({ value }) => !isAbsent(value))
    .map((found) => ({ ...is(found), what: 'mounts a folder of the Kubernetes node' }));
}

const PROBES = [
  ['livenessProbe'],
  ['readinessProbe'],
  ['startupProbe'],
  ['lifecycle', 'postStart'],
  ['lifecycle', 'preStop'],
];

function hostProbe(subject: NodeCase): readonly Breach[] {
  return containersOf(subject)
    .flatMap((one) =>
      PROBES.flatMap((probe) => [at(one, ...probe, 'httpGet', 'host'), at(one, ...probe, 'tcpSocket', 'host')]),
    )
    .filter(({ value }) => !isAbsent(value) && value !== '')
    .map(is);
}

function privileged(subject: NodeCase): readonly Breach[] {
  return containersOf(subject)
    .map((one) => at(one, 'securityContext', 'privileged'))
    .filter(({ value }) => !isAbsent(value) && value !== false)
    .map(is);
}

function privilegeEscalation(subject: NodeCase): readonly Breach[] {
  return containersOf(subject)
    .map((one) => at(one, 'securityContext', 'allowPrivilegeEscalation'))
    .filter(({ value }) => value !== false)
    .map((found) => ({ ...is(found), what: 'is not false' }));
}

function capabilities(subject: NodeCase): readonly Breach[] {
  return containersOf(subject).flatMap((one) => {
    const drop = at(one, 'securityContext', 'capabilities', 'drop');
    const dropsAll = Array.isArray(drop.value) && drop.value.includes('ALL');
    const added = at(one, 'securityContext', 'capabilities', 'add');
    const wrong = itemsOf(added).filter(({ value }) => value !== 'NET_BIND_SERVICE');
    const isNoList = !isAbsent(added.value) && !Array.isArray(added.value) ? [is(added)] : [];
    return [...(dropsAll ? [] : [{ ...is(drop), what: 'does not drop ALL' }]), ...isNoList, ...wrong.map(is)];
  });
}

function runAsNonRoot(subject: NodeCase): readonly Breach[] {
  return containersOf(subject)
    .map((one) => inherited(one, subject, 'runAsNonRoot'))
    .filter(({ value }) => value !== true)
    .map((found) => ({ ...is(found), what: 'is not true' }));
}

/** The fields of https://kubernetes.io/docs/concepts/security/pod-security-standards/ name the user; its group 0 is as strong. */
function runAsUser(subject: NodeCase): readonly Breach[] {
  return contextsOf(subject)
    .flatMap((one) => [
      ...['runAsUser', 'runAsGroup', 'fsGroup'].map((field) => at(one, field)),
      ...itemsOf(at(one, 'supplementalGroups')),
    ])
    .filter(({ value }) => !isAbsent(value) && !(typeof value === 'number' && value > 0))
    .map(is);
}

const PROFILES: ReadonlySet<unknown> = new Set(['RuntimeDefault', 'Localhost']);

function seccomp(subject: NodeCase): readonly Breach[] {
  const named = contextsOf(subject)
    .map((one) => at(one, 'seccompProfile', 'type'))
    .filter(({ value }) => !isAbsent(value) && !PROFILES.has(value))
    .map(is);
  const missing = containersOf(subject)
    .map((one) => inherited(one, subject, 'seccompProfile', 'type'))
    .filter(({ value }) => isAbsent(value))
    .map((found) => ({ ...is(found), what: 'is not set' }));
  return [...named, ...missing];
}

const APP_ARMOR = 'container.apparmor.security.beta.kubernetes.io/';

function appArmor(subject: NodeCase): readonly Breach[] {
  const types = contextsOf(subject)
    .map((one) => at(one, 'appArmorProfile', 'type'))
    .filter(({ value }) => !isAbsent(value) && !PROFILES.has(value));
  const annotations = podsOf(subject).flatMap(({ object }) =>
    membersOf(at({ object, value: object, path: [] }, 'spec', 'template', 'metadata', 'annotations')).filter(
      ({ name, value }) => name.startsWith(APP_ARMOR) && !/^(|runtime\/default|localhost\/.*)$/.test(String(value)),
    ),
  );
  return [...types, ...annotations].map(is);
}

const SELINUX_TYPES: ReadonlySet<unknown> = new Set([
  '',
  'container_t',
  'container_init_t',
  'container_kvm_t',
  'container_engine_t',
]);

function seLinux(subject: NodeCase): readonly Breach[] {
  return contextsOf(subject).flatMap((one) => {
    const type = at(one, 'seLinuxOptions', 'type');
    const names = [at(one, 'seLinuxOptions', 'user'), at(one, 'seLinuxOptions', 'role')];
    return [
      ...(isAbsent(type.value) || SELINUX_TYPES.has(type.value) ? [] : [is(type)]),
      ...names.filter(({ value }) => !isAbsent(value) && value !== '').map(is),
    ];
  });
}

function procMount(subject: NodeCase): readonly Breach[] {
  return containersOf(subject)
    .map((one) => at(one, 'securityContext', 'procMount'))
    .filter(({ value }) => !isAbsent(value) && value !== 'Default')
    .map(is);
}

const SAFE_SYSCTLS: ReadonlySet<unknown> = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_wmem',
]);

function sysctls(subject: NodeCase): readonly Breach[] {
  return podsOf(subject)
    .flatMap((pod) => itemsOf(at(pod, 'securityContext', 'sysctls')))
    .filter(({ value }) => !SAFE_SYSCTLS.has(member(value, 'name')))
    .map(is);
}

const VOLUME_TYPES: ReadonlySet<string> = new Set([
  'configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'persistentVolumeClaim', 'projected', 'secret',
]); // prettier-ignore

/** Types that another rule names more exactly, so that one exception is enough. */
const NAMED_ELSEWHERE: ReadonlySet<string> = new Set(['hostPath', 'image']);

function volumeType(subject: NodeCase): readonly Breach[] {
  return volumesOf(subject).flatMap((volume) => {
    const types = isObject(volume.value) ? Object.keys(volume.value).filter((field) => field !== 'name') : [];
    const wrong = types.filter((type) => !VOLUME_TYPES.has(type) && !NAMED_ELSEWHERE.has(type));
    return wrong.map((type) => ({
      object: volume.object,
      path: [...volume.path, type],
      what: 'is not an allowed kind of volume',
    }));
  });
}
