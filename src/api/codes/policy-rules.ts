// The rules of the policy. A rule's name is the code of the problem in a file, and how the policy names an exception.

import { defineCodes } from './codes.ts';

const REMOVE = 'Remove the setting.';
const EXCEPTION = `${REMOVE} Where a node really needs it, the administrator lists the rule under \`exceptions\` of the policy; using it then still requires an approval.`;
const ADMINISTRATOR = 'Choose an allowed value, or ask the administrator to add yours to the policy.';

/** Rules of the Pod Security Standard `restricted` and of the pod's access, each of which the policy may waive. */
export const WAIVABLE_RULES = defineCodes({
  HostProcess: { meaning: 'A container would run as a process of the Windows host.', action: EXCEPTION },
  HostNetwork: { meaning: 'The pod would use the network of its Kubernetes node.', action: EXCEPTION },
  HostPID: { meaning: 'The pod would see the processes of its Kubernetes node.', action: EXCEPTION },
  HostIPC: { meaning: 'The pod would share memory with its Kubernetes node.', action: EXCEPTION },
  HostPort: { meaning: 'A container would open a port of its Kubernetes node.', action: EXCEPTION },
  HostPath: { meaning: 'The pod would mount a folder of its Kubernetes node.', action: EXCEPTION },
  HostProbe: {
    meaning: 'A probe or lifecycle hook would make the kubelet connect to another host.',
    action: EXCEPTION,
  },
  Privileged: { meaning: 'A container would be privileged.', action: EXCEPTION },
  PrivilegeEscalation: {
    meaning: 'A container does not set `allowPrivilegeEscalation: false`.',
    action: EXCEPTION,
  },
  Capabilities: {
    meaning: 'A container does not drop all Linux capabilities, or adds one other than `NET_BIND_SERVICE`.',
    action: EXCEPTION,
  },
  RunAsNonRoot: { meaning: 'A container does not set `runAsNonRoot: true`.', action: EXCEPTION },
  RunAsUser: { meaning: 'A container would run as root (user 0).', action: EXCEPTION },
  Seccomp: {
    meaning: 'A container has no seccomp profile, or one other than `RuntimeDefault` and `Localhost`.',
    action: EXCEPTION,
  },
  AppArmor: { meaning: 'A container would turn its AppArmor profile off or override it.', action: EXCEPTION },
  SELinux: {
    meaning: 'A container sets an SELinux user, role, or a type that is not a container type.',
    action: EXCEPTION,
  },
  ProcMount: { meaning: 'A container would see an unmasked `/proc`.', action: EXCEPTION },
  Sysctls: { meaning: 'The pod sets a kernel parameter outside the safe list.', action: EXCEPTION },
  VolumeType: {
    meaning: 'The pod mounts a kind of volume that the Pod Security Standard `restricted` does not allow.',
    action: EXCEPTION,
  },
  ForeignVolume: {
    meaning:
      'The pod mounts a volume that is not from `spec.storage`: another PVC, a CSI or ephemeral volume, an image or a device.',
    action: EXCEPTION,
  },
  VolumeDataSource: {
    meaning: 'A volume of the node would be filled from, or bound to, something that is not its own.',
    action: EXCEPTION,
  },
  ServiceAccount: { meaning: 'The pod would run as a service account other than `default`.', action: EXCEPTION },
  ServiceAccountToken: { meaning: 'The pod would receive a token for the API server.', action: EXCEPTION },
  NodeName: { meaning: 'The pod would bypass the scheduler with `nodeName`.', action: EXCEPTION },
  RuntimeClass: { meaning: 'The pod would choose a container runtime with `runtimeClassName`.', action: EXCEPTION },
  OtherNamespaces: {
    meaning: 'An affinity of the pod concerns pods of other namespaces, and could keep those from being scheduled.',
    action: EXCEPTION,
  },
  TolerateEverything: {
    meaning: 'A toleration without a key tolerates every taint, also that of control-plane nodes.',
    action: EXCEPTION,
  },
  RootOwner: {
    meaning: 'A ChangeOwner would give files to root (user or group 0).',
    action:
      'Choose another user. The administrator may list the rule under `exceptions` of the policy; using it then still requires an approval.',
  },
});

/** Rules that compare with a list of the policy, or that nothing waives. */
export const FIXED_RULES = defineCodes({
  NamespaceNotAllowed: { meaning: 'The policy does not allow this namespace.', action: ADMINISTRATOR },
  ReservedName: {
    meaning: 'Names that begin with `nodewright-` belong to the controller: its ConfigMaps and Leases have such names.',
    action: 'Choose another name.',
  },
  PatchPathNotAllowed: {
    meaning: 'The policy does not allow `spec.patches` to change this path of this kind of object.',
    action:
      'Use a typed field of the spec where there is one, or ask the administrator to allow the path under `patches`.',
  },
  ImageNotAllowed: { meaning: 'The policy does not allow this image repository.', action: ADMINISTRATOR },
  SecretNotAllowed: {
    meaning: 'The policy does not allow nodes to use a Secret of this name, or the name is reserved by the controller.',
    action: ADMINISTRATOR,
  },
  ConfigMapNotAllowed: {
    meaning: 'The policy does not allow nodes to use a ConfigMap of this name.',
    action: ADMINISTRATOR,
  },
  SnapshotClassNotAllowed: { meaning: 'The policy does not allow this VolumeSnapshotClass.', action: ADMINISTRATOR },
  StorageClassNotAllowed: { meaning: 'The policy does not allow this storage class.', action: ADMINISTRATOR },
  ServiceTypeNotAllowed: { meaning: 'The policy does not allow this type of Service.', action: ADMINISTRATOR },
  ServiceExposure: {
    meaning: 'A Service has `externalIPs` or an `externalName`, which would take over traffic for other addresses.',
    action: REMOVE,
  },
  ServiceSelector: {
    meaning: "A Service or PodDisruptionBudget of the node selects other pods than the node's own.",
    action: REMOVE,
  },
  PriorityClassNotAllowed: { meaning: 'The policy does not allow this priority class.', action: ADMINISTRATOR },
  SystemPriority: {
    meaning:
      'Priority classes that begin with `system-` are for components of Kubernetes: such a pod evicts any other.',
    action: 'Choose another priority class.',
  },
  TolerationNotAllowed: { meaning: 'The policy does not allow a toleration with this key.', action: ADMINISTRATOR },
  LabelNotAllowed: {
    meaning:
      'The policy does not allow this label: it could make the pod a member of another Service, policy or workload.',
    action: ADMINISTRATOR,
  },
  AnnotationNotAllowed: {
    meaning: 'The policy does not allow this annotation: other controllers act on annotations.',
    action: ADMINISTRATOR,
  },
  ObjectIdentity: {
    meaning: 'A rendered object is not an object of this node: its kind, name or namespace is another one.',
    action: REMOVE,
  },
  ObjectOwner: {
    meaning: 'A rendered object has a finalizer or an owner that is not its node.',
    action: REMOVE,
  },
  OnePod: {
    meaning:
      'The StatefulSet could have a second pod, or a pod under another name with fresh volumes: a second signer.',
    action: REMOVE,
  },
  JobKindNotAllowed: { meaning: 'The policy does not allow this kind of job.', action: ADMINISTRATOR },
  LocationNotAllowed: {
    meaning:
      'The policy has no backup location of this name, does not allow it here, or does not allow the namespace that a Restore reads a backup of.',
    action: ADMINISTRATOR,
  },
  ForeignWorkloadNotAllowed: {
    meaning:
      'The policy does not allow jobs on workloads that other tools deployed, by this method or in this namespace.',
    action: ADMINISTRATOR,
  },
});

export const POLICY_RULES = { ...WAIVABLE_RULES, ...FIXED_RULES };

export type WaivableRule = keyof typeof WAIVABLE_RULES;
export type PolicyRule = keyof typeof POLICY_RULES;
