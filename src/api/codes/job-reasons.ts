// The reasons of one-shot jobs: in `status.reason`, the record on the status branch, the Event and the metric.

import { TASK_CODES } from '../../lib/error-codes.ts';
import type { JobPhase } from '../job-phase.ts';
import { defineCodes } from './codes.ts';
import { JOB_EVENTS } from './job-events.ts';

const NEW_REQUEST = 'Correct the cause, then add a new request under a new name.';
const REPAIR = 'Repair the node with a Restore or a BlockHeightFallback, or release the job.';

/** Why a request is not carried out at all; shown beside its file. */
export const REQUEST_REFUSALS = defineCodes({
  NoStatusBranch: {
    meaning: 'The controller cannot push to the status branch, so it cannot claim the request.',
    action: 'Give the controller write access to the status branch.',
  },
  RecordLost: {
    meaning:
      'The record of the request is no longer on the status branch, or the branch was lost, and the request may have run before.',
    action: 'Remove the file. If it must run, add the digest in the message to `spec.approvals` in `fleet.yaml`.',
  },
  PolicyException: {
    meaning:
      'The request uses more than the default policy allows. The policy of the controller allows it, after an approval.',
    action:
      'Make sure that the request needs it, then add the digest in the message to `spec.approvals` in `fleet.yaml`.',
  },
  UnreadableRecord: {
    meaning: 'The job record on the status branch cannot be read, so it is unknown whether the request ran.',
    action: 'Add a new request under a new name.',
  },
  Edited: {
    meaning: 'The file of the request changed after the request was claimed. A request is immutable.',
    action: 'Undo the change, and add a new request under a new name.',
  },
  ObjectDiffers: {
    meaning:
      'The object of the request in the cluster has another spec than the file that was merged, or a status that the controller did not write.',
    action: 'Find out who created the object and delete it. The request runs then.',
  },
  BranchHeld: {
    meaning:
      'The desired branch was moved or emptied, or the memory of the controller was lost, and actions are held for that. No new request begins.',
    action: 'Undo the change of the branch, or approve it.',
  },
  MemoryFull: {
    meaning:
      'As many jobs are under way as the controller can remember in its ConfigMap of 1 MiB. The request waits until other jobs have ended.',
    action:
      'Wait: the request runs then by itself. File fewer requests at a time, or use more executors. If few jobs are under way, the message names what else is large; docs/recovery.md says how to clear it.',
  },
});

/** Why a job is refused. This happens before anything is changed. */
export const JOB_REFUSALS = defineCodes({
  ObjectsRefused: {
    meaning:
      'The API server would refuse an object of the job, or the stop or start of its node: a quota, a limit range, an admission policy, Pod Security. Nothing was stopped.',
    action: 'Change what the message names, and add a new request under a new name.',
  },
  PolicyDenied: {
    meaning: 'The policy of the controller refuses the job as its object is in the cluster. Nothing was done.',
    action: 'File a new request that the policy allows, or ask the administrator to extend the policy.',
  },
  AlreadyRan: {
    meaning:
      'The status branch has an end of this request. Its name is used once, also when it was refused or cancelled and did not run.',
    action: 'Add a new request under a new name.',
  },
  ClaimMissing: {
    meaning: 'The PVC with the data of the node does not exist.',
    action: 'Start the node once, or restore a Backup into it: a Restore creates the PVCs of a node that never ran.',
  },
  VolumeTerminating: {
    meaning:
      'A PVC of the node was deleted by hand, and goes with its data when the pod ends. The job would end the pod. Nothing was stopped.',
    action:
      'Copy the data with a Backup of `action: Direct`, or set `spec.persistentVolumeReclaimPolicy` of its PersistentVolume to `Retain`. Stop the node then, and add a new request.',
  },
  HeightNotBelow: {
    meaning: 'The requested height is not below the height of the node.',
    action: 'Add a new request with a lower height.',
  },
  HeightUnknown: {
    meaning: 'The height of the node is needed for the decision, and the node did not report it in time.',
    action: 'Start the node, wait until it reports a height, and add a new request.',
  },
  KeysApart: {
    meaning: 'An earlier key exchange failed, and keys may be separated from their signer state.',
    action: 'Follow the message of the earlier job and release it first.',
  },
  SnapshotsUnavailable: {
    meaning: 'The cluster cannot make the VolumeSnapshot that the request asks for.',
    action:
      'Install the CRDs, the controller and a CSI driver for VolumeSnapshots, or name a class that the message lists. Then add a new request under a new name.',
  },
  LocationUnusable: {
    meaning: 'The location in object storage cannot be used: its Secret is missing, incomplete or not labelled.',
    action: 'Correct what the message names, and add a new request under a new name.',
  },
  NoIdentity: { meaning: 'A node has no identity to exchange.', action: 'Name two nodes that have identities.' },
  NoSelector: {
    meaning: 'The workload selects its pods by no label.',
    action: 'Add `spec.selector.matchLabels` to the workload.',
  },
  NodeMissing: {
    meaning: 'The node or its chain is unknown, or the node was deleted while the job waited or worked.',
    action: 'Correct the name, or create the node; then file a new request.',
  },
  NodeRunning: {
    meaning: 'The job works only on a stopped node, and the node runs.',
    action: 'Use `action: StopAndStart`, or stop the node first.',
  },
  NoStorageClass: {
    meaning: 'No StorageClass that may be used is of the CSI driver that made the VolumeSnapshot.',
    action:
      'Restore into a node whose volumes are of that driver, or ask the administrator to create or allow the StorageClass of the volume that was backed up. Then add a new request under a new name.',
  },
  NotCitaCloud: { meaning: 'The job needs a node of CITA-Cloud.', action: 'Use another kind of job.' },
  NotSupported: { meaning: 'The client of the node cannot do this.', action: 'Follow the advice in the message.' },
  SpecDiffers: {
    meaning: 'The spec of the object differs from the claimed one on the status branch.',
    action: 'Find out who changed the object, then add a new request under a new name.',
  },
  SameIdentity: {
    meaning: 'Both nodes have the same identity.',
    action: 'Give each node its own identity before either is started.',
  },
  SourceEmpty: {
    meaning: 'The Backup or Snapshot holds no file or no byte.',
    action: 'Restore another Backup or Snapshot.',
  },
  SourceMissing: {
    meaning: 'The Backup or Snapshot does not exist, or its data was removed.',
    action: 'Name a Backup or Snapshot that is complete.',
  },
  SourceNotComplete: {
    meaning: 'The Backup or Snapshot did not complete.',
    action: 'Name a Backup or Snapshot that is complete.',
  },
  TooFarBack: {
    meaning: 'The client cannot go back that far.',
    action: 'Restore a Backup that was taken below that height.',
  },
  ToolTooNew: { meaning: 'The version of cloud-op is too new for this job.', action: 'Set another `spec.image`.' },
  ToolTooOld: { meaning: 'The version of cloud-op is too old for this job.', action: 'Set another `spec.image`.' },
  UnknownConsensus: {
    meaning: 'The consensus of the node is not known, and this version of cloud-op requires it.',
    action: 'Use cloud-op 0.3 or newer.',
  },
  UnknownSize: { meaning: 'The PVCs of the node state no size.', action: 'Set `spec.pvcSize`.' },
  UnknownToolVersion: { meaning: 'The version of cloud-op is not known.', action: 'Set `spec.toolVersion`.' },
  WrongChain: {
    meaning: 'The source and the node, or the two nodes, belong to different chains or networks.',
    action: 'Name nodes or sources of the same chain and network.',
  },
  WrongClient: {
    meaning: 'The source is of another client, whose database the client of the node cannot open.',
    action: 'Restore a Backup or Snapshot of the same client.',
  },
});

/** Why a job failed after it began. */
export const JOB_FAILURES = defineCodes({
  SnapshotGone: { meaning: 'A VolumeSnapshot of the job was deleted or replaced.', action: NEW_REQUEST },
  SnapshotTaken: {
    meaning: 'A VolumeSnapshot of the required name exists and was not made by this job.',
    action: 'Delete that VolumeSnapshot if it is not used, then add a new request.',
  },
  SnapshotFailed: {
    meaning: 'The CSI driver did not make the VolumeSnapshot in time.',
    action: 'Read the error of the driver in the message, correct the cause, then add a new request.',
  },
  ClaimGone: { meaning: 'The PVC for the result was deleted or replaced.', action: NEW_REQUEST },
  ClaimLost: { meaning: 'The volume of the PVC for the result is lost.', action: NEW_REQUEST },
  ClaimPending: {
    meaning: 'The PVC for the result got no volume in time.',
    action: 'Check the storage class and the provisioner, then add a new request.',
  },
  ClaimTaken: {
    meaning: 'A PVC of the required name exists and was not made by this job.',
    action: 'Delete that PVC if it is not used, then add a new request.',
  },
  DeadlineExceeded: {
    meaning: 'The job took longer than `spec.deadlineSeconds` or longer than one of its phases may take.',
    action: 'Read the message, raise `spec.deadlineSeconds` if the work needs more time, and add a new request.',
  },
  HalfDone: { meaning: 'The work succeeded on some nodes and failed on others.', action: REPAIR },
  HeightNotProven: {
    meaning: 'The program succeeded, but the height that it reached is not the requested one.',
    action: REPAIR,
  },
  IdentityChanged: {
    meaning: 'An identity was changed during the key exchange by something other than the job.',
    action: 'Compare the identities of both nodes, correct them, and release the job.',
  },
  ImageNotPullable: { meaning: 'An image of the worker pod cannot be pulled.', action: NEW_REQUEST },
  JobNotCreated: { meaning: 'The worker Job could not be created.', action: NEW_REQUEST },
  LockLost: {
    meaning: 'Another job acquired the node lock.',
    action: 'Wait for the other job, then add a new request.',
  },
  NameTaken: {
    meaning: 'An object of the required name exists and was not made by this job.',
    action: 'Delete that object if it is not used, then add a new request.',
  },
  NoHeight: { meaning: 'The node gave no height.', action: 'Read the log of the node.' },
  NoManifest: {
    meaning: 'The copy has no manifest, so nothing proves its content.',
    action: 'Make another Backup or Snapshot.',
  },
  NoResult: { meaning: 'The worker pod ended without a result.', action: NEW_REQUEST },
  PodNotOfJob: {
    meaning: 'A pod names the worker Job as its owner and was not made by it. Nothing of the work is believed.',
    action: 'Find out who made the pod, or what changes the pods of the Job. Then add a new request.',
  },
  NodeNotHealthy: {
    meaning: 'The work is done, but the started node does not prove that it works.',
    action: 'Read the status and the log of the node.',
  },
  NodeRefused: { meaning: 'The node refused the question.', action: 'Read the message of the client.' },
  NodeStarted: {
    meaning: 'The node was started during the work, so the result is not consistent.',
    action: 'Find what started the node, and run the job again.',
  },
  NodeWillNotStop: {
    meaning: 'A pod of the node still exists after the time limit.',
    action: 'Check the pod that the message names, then add a new request.',
  },
  PodNotAdmitted: {
    meaning: 'The namespace does not admit the worker pod.',
    action: 'Set the Pod Security level that the message names.',
  },
  PodNotCreated: { meaning: 'The cluster could not create the worker pod.', action: NEW_REQUEST },
  PodNotStarted: { meaning: 'The worker pod did not start in time.', action: NEW_REQUEST },
  ProgramFailed: {
    meaning: 'A program in the worker pod failed.',
    action: 'Read the message and `status.outputTail`.',
  },
  SignerStateLost: {
    meaning: 'A key exchange failed and could not be undone.',
    action: 'Give each volume the signer state of the key that its node uses, then release the job.',
  },
  SignerStateMissing: {
    meaning: 'Only one of the two nodes has a signer state.',
    action: 'Start both nodes once, so that both have a signer state, or exchange the keys by hand.',
  },
  Unschedulable: { meaning: 'No Kubernetes node can run the worker pod.', action: NEW_REQUEST },
  UnreadableResult: { meaning: 'The result of the worker pod cannot be read.', action: NEW_REQUEST },
  WorkFailed: { meaning: 'The task failed without a reason that has a code.', action: 'Read `status.outputTail`.' },
});

/** Every reason with its explanation. A job's phase is also its reason where no other applies. */
export const JOB_REASONS = { ...TASK_CODES, ...REQUEST_REFUSALS, ...JOB_REFUSALS, ...JOB_FAILURES, ...JOB_EVENTS };

export type RequestRefusal = keyof typeof REQUEST_REFUSALS;
/** Why a job failed, was refused or left its nodes paused. */
export type FailureReason = Exclude<keyof typeof JOB_REASONS, RequestRefusal | keyof typeof JOB_EVENTS>;
export type JobReason = keyof typeof JOB_REASONS | JobPhase;

/** Whether a text from outside, such as the result of a worker pod, is a reason. */
export function isFailureReason(text: string): text is FailureReason {
  return Object.hasOwn(JOB_REASONS, text) && !Object.hasOwn(REQUEST_REFUSALS, text) && !Object.hasOwn(JOB_EVENTS, text);
}
