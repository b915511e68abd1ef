// The reasons of a BlockchainNode's conditions and of the Events about a node.

import { defineCodes } from './codes.ts';
import { GUARDS, type GuardName } from './guards.ts';
import { VOLUME_CHANGES, VOLUME_LOSSES } from './volume-reasons.ts';

const WAIT = 'Wait: no action is needed.';
const LOG = 'Read the log of the container that the message names (`kubectl logs`).';

export const NODE_REASONS = defineCodes({
  Running: { meaning: 'All clients run and are at the tip of their network.', action: 'No action is needed.' },
  Progressing: {
    meaning: 'The node is on its way to its desired state. The condition `Ready` has the details.',
    action: WAIT,
  },
  Creating: { meaning: "The node's objects are being created.", action: WAIT },
  Suspended: {
    meaning:
      'The node is left as it is, on request of its own file, of `spec.suspendFolders` or of `spec.suspend` in `fleet.yaml`. One that was never created has no objects.',
    action: 'Remove the line that the message names when the node may be changed again.',
  },
  SuspensionUnknown: {
    meaning:
      'No valid `fleet.yaml` was read since the memory of what it suspends was lost, or since an upgrade from a version that did not keep it.',
    action: 'Correct `fleet.yaml`, or let the controller reach the repository. Until then the node is left as it is.',
  },
  Starting: { meaning: 'A client is starting and does not answer yet.', action: WAIT },
  NotReady: {
    meaning:
      'The clients answer, but Kubernetes reports that the pod is not ready, so that its Services do not reach it.',
    action: 'Look at the conditions and readiness probes of the pod (`kubectl describe pod`).',
  },
  Updating: { meaning: 'The pod is being replaced by one of the new spec.', action: WAIT },
  Restarting: { meaning: 'The old pod is shutting down before a new one starts.', action: WAIT },
  Stopping: { meaning: 'The node is being stopped; its pod still exists.', action: WAIT },
  Stopped: { meaning: 'The node is stopped, as `spec.desiredState` asks.', action: 'No action is needed.' },
  Deleting: { meaning: 'The node is being deleted.', action: WAIT },
  Paused: {
    meaning: 'A job keeps the node stopped. `status.pause` names it.',
    action: 'Wait for the job. For a job in the phase `Held`, follow the message of the job.',
  },

  DriftRepaired: {
    meaning: 'An object of the node differed from what the controller had applied; its fields were put back.',
    action: 'Change the file of the node instead of the object. The Event names the fields and who set them.',
  },
  ObjectDeleted: {
    meaning: 'An object of the node was deleted, by hand or by another program. The controller makes it again.',
    action:
      'Delete no object of a node: to stop it, set `desiredState: Stopped` in its file; to remove it, remove the file.',
  },
  RepairRepeats: {
    meaning: 'Another program keeps changing a field that the controller sets; repairs are spaced out.',
    action:
      'Stop the program that the message names from changing the field, or set its value in the file of the node.',
  },

  UnknownChain: {
    meaning: 'This version of the controller does not support the chain.',
    action: 'Upgrade the controller or change `spec.chain`.',
  },
  InvalidSpec: {
    meaning: 'The spec contradicts what the chain or its client supports.',
    action: 'Correct the file as the message says. `nodewright validate` reports the same errors.',
  },
  FileBroken: {
    meaning:
      'The file of the node, or a file on which the node depends, has an error. The node keeps the last state that could be read.',
    action: 'Correct the line that the message names. `nodewright validate` reports the same error.',
  },
  StorageClassMissing: {
    meaning: 'The cluster has no StorageClass of the name that the node file gives. Nothing of the node is created.',
    action:
      'Name a class that `capabilities.yaml` lists, or create the class: the controller looks again every ten seconds.',
  },
  InvalidPatch: {
    meaning: 'A patch in `spec.patches` does not fit the rendered objects.',
    action: 'Correct or remove the patch.',
  },
  PolicyDenied: {
    meaning:
      'The policy of the controller refuses the node. Nothing of it is applied; a pod that runs is left as it is until `desiredState: Stopped` or the removal of the node stops it.',
    action: 'Change the node as the message says, or ask the administrator to extend the policy.',
  },
  NotLabelled: {
    meaning: 'A Secret or ConfigMap that the node names lacks the label `validatoros.com/allow-nodes: "true"`.',
    action: 'If nodes may use it, add the label with the command in the message. It is checked again within seconds.',
  },
  ConfigMapMissing: {
    meaning: 'A ConfigMap that the node names does not exist.',
    action: 'Create it with the label `validatoros.com/allow-nodes: "true"`.',
  },
  EditedByHand: {
    meaning: 'The spec in the cluster differs from the one in Git.',
    action: 'Change the file instead. The spec is restored from Git, unless `sync.yaml` says that this is held.',
  },
  Forbidden: {
    meaning: 'The controller lacks a permission that it needs to reconcile the node.',
    action: 'Restore the Role and RoleBinding of the controller.',
  },
  ObjectRefused: {
    meaning: 'The API server refused the node, or an object of it. The message has the object and the answer.',
    action: 'Correct the node, or the admission policy, quota or permission that refuses the object.',
  },
  ApplyFailed: {
    meaning: 'The objects of the node could not be applied. The message has the error.',
    action: 'Wait: the controller tries again. If this lasts, check the API server and the log of the controller.',
  },
  ...VOLUME_CHANGES,
  IdentityMissing: {
    meaning: 'A Secret that the node names, most often that with the signing key, does not exist or holds no key.',
    action: 'Create the Secret, with the label `validatoros.com/allow-nodes: "true"`.',
  },
  IdentityUnclear: {
    meaning: 'A file of a Secret that the node names has several signing keys, and clients differ in which they take.',
    action: 'Leave one key in each file, under the name that the client writes itself.',
  },
  KeyPending: {
    meaning: 'The reservation of the signing key is not on the status branch yet: another executor could take it.',
    action: 'Wait. If this lasts, check that the controller can push to the status branch.',
  },
  KeyContested: {
    meaning: 'A running node has its signing key reserved, and another executor says that it has it reserved as well.',
    action: 'Find out which of the two may sign, and stop the other one at once.',
  },

  WaitingForPod: {
    meaning: 'Kubernetes has not created the pod yet. The message has the reason if an Event gives one.',
    action: 'If this lasts, look at the Events of the StatefulSet (`kubectl describe statefulset`).',
  },
  WaitingForScheduler: {
    meaning: 'No Kubernetes node runs the pod yet.',
    action: 'Free or add resources, or change `spec.resources` or `spec.nodeSelector`.',
  },
  VolumeBinding: { meaning: 'The storage provisioner is creating a volume.', action: WAIT },
  VolumePending: {
    meaning: 'A PVC has no volume.',
    action: 'Check that its StorageClass exists and that the provisioner runs.',
  },
  ...VOLUME_LOSSES,
  VolumesNotReady: {
    meaning: 'The kubelet cannot set up the volumes or the network of the pod.',
    action: 'Check that the Secrets and ConfigMaps of the message exist; look at the Events of the pod.',
  },
  PodUnlabelled: {
    meaning:
      'The pod of the node is there without its label, so that neither its StatefulSet nor the controller finds it. It still uses the volumes and the key, and no other pod is made.',
    action: 'Delete the pod, or put its labels back, as the message says.',
  },
  PodStuckTerminating: {
    meaning: 'The pod does not end although its grace period is over: its Kubernetes node does not answer.',
    action: 'Make sure that this Kubernetes node is off, then delete the pod.',
  },
  MachineUnreachable: {
    meaning: 'The Kubernetes node of the pod does not answer, so that the state of the pod is unknown.',
    action: 'Repair the Kubernetes node.',
  },
  PodFailed: { meaning: 'The pod failed. The message has the reason.', action: 'Look at the Events of the pod.' },
  Evicted: { meaning: 'The kubelet evicted the pod.', action: 'Raise the requests in `spec.resources`.' },
  DiskPressure: {
    meaning: 'The pod was evicted because the disk of its Kubernetes node is nearly full.',
    action: 'Free space on this Kubernetes node.',
  },

  CreatingContainers: { meaning: 'Volumes are being mounted and images pulled.', action: WAIT },
  Initializing: { meaning: 'An init container is preparing the data.', action: WAIT },
  InitFailed: { meaning: 'An init container failed.', action: LOG },
  ErrImagePull: { meaning: 'An image could not be pulled; the kubelet tries again.', action: WAIT },
  ImagePullBackOff: {
    meaning: 'An image cannot be pulled.',
    action:
      'Check that the tag exists, in `spec.clients`, `spec.sidecars` or a patch, and that the registry can be read.',
  },
  InvalidImageName: {
    meaning: 'The name of an image is not valid.',
    action: 'Correct it where it is set: `spec.clients`, `spec.sidecars` or a patch.',
  },
  ErrImageNeverPull: {
    meaning: 'An image is not on the Kubernetes node, and its pull policy is `Never`.',
    action: 'Load the image there or change the pull policy.',
  },
  CreateContainerConfigError: {
    meaning: 'A container needs a Secret or ConfigMap that does not exist.',
    action: 'Create it or correct the spec.',
  },
  CreateContainerError: {
    meaning: 'The container runtime cannot create a container.',
    action: 'Check the image and the security settings.',
  },
  RunContainerError: {
    meaning: 'The container runtime cannot start a container.',
    action: 'Check the command, the image and the security settings.',
  },
  ContainerExited: { meaning: 'A client ended; Kubernetes starts it again.', action: LOG },
  CrashLoopBackOff: { meaning: 'A client keeps crashing.', action: LOG },
  OOMKilled: {
    meaning: 'A client used more memory than its limit and was killed.',
    action: 'Raise its memory limit in `spec.resources`.',
  },
  DiskFull: {
    meaning: 'A client stopped because its volume is full.',
    action: 'Raise the size in `spec.storage`.',
  },

  Unreachable: { meaning: 'A client runs but does not answer.', action: LOG },
  NotAnswering: {
    meaning: 'Something answers at the port of a client, but not as this client does.',
    action: 'Check the version and the image of the client.',
  },
  WrongNetwork: {
    meaning: 'The data of the client belong to another network.',
    action: 'Correct `spec.network`, or stop the node and give it empty storage.',
  },
  ExecutionOffline: {
    meaning: 'The consensus client cannot reach its execution client.',
    action: 'Read the log of the container `el`.',
  },
  NoPeers: {
    meaning: 'A client has fewer peers than it needs.',
    action: 'Check the p2p port, `spec.p2p` and the boot nodes of the network.',
  },
  WaitingForConsensusClient: {
    meaning: 'The execution client is at block 0 and waits for its consensus client.',
    action: 'Look at the consensus client first.',
  },
  WaitingForFirstBlock: { meaning: 'A client is at block 0 and waits for blocks from its peers.', action: WAIT },
  Syncing: { meaning: 'A client is catching up with its network.', action: WAIT },
  Lagging: { meaning: 'A client is behind the best block that it knows of.', action: WAIT },
  CatchingUp: { meaning: 'A client calls itself synced but still processes old blocks.', action: WAIT },
  HeadUnknown: {
    meaning: 'A client answers but does not say whether it is at the tip.',
    action: 'Check the version of the client.',
  },
  HeadTooOld: {
    meaning: 'A client calls itself synced, but its newest block is too old.',
    action: 'Compare with another node: either the chain stands still or this node is cut off.',
  },
  Halted: {
    meaning: 'A client calls itself synced, but has had no new block for a long time.',
    action: 'Compare with another node: either the chain stands still or this node is cut off.',
  },
});

/** A held action shows the guard that holds it. */
export type NodeReason = keyof typeof NODE_REASONS | GuardName;

/** For reasons that were read back from a status, which another version may have written. */
export function isNodeReason(text: string | undefined): text is NodeReason {
  return text !== undefined && (Object.hasOwn(NODE_REASONS, text) || Object.hasOwn(GUARDS, text));
}
