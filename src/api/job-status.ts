// The status of a one-shot job: its phase, and everything that must survive a restart of the controller.

import { z } from 'zod';

import { DeployMethod, Height } from './job.ts';
import { JobPhase } from './job-phase.ts';
import type { FailureReason, JobReason } from './codes/job-reasons.ts';
import { Conditions, type Condition } from './conditions.ts';
import { mapList } from './fields.ts';
import { SignerText } from './worker-task.ts';

const Time = z.string().max(40).meta({ format: 'date-time' });
const Text = z.string().max(1024);
const Short = z.string().max(512);

/** A volume of a node: a whole PVC, or one folder of a PVC that nodes share. */
export const JobVolume = z.object({
  name: Short.describe('Name of the volume in the node.'),
  claim: Short.describe('Name of the PersistentVolumeClaim.'),
  subPath: Short.optional().describe('Folder of the node in a PersistentVolumeClaim that nodes share.'),
  storageClass: Short.optional().describe('StorageClass of the PersistentVolumeClaim.'),
  size: z.string().max(32).optional().describe('Size of the volume.'),
});
export type JobVolume = z.infer<typeof JobVolume>;

/** A node as it was before the job changed anything. */
export const JobTarget = z.object({
  node: Short.describe('Name of the node.'),
  deployMethod: DeployMethod.describe('How the node was deployed.'),
  workload: z
    .object({
      apiVersion: Short.describe('API version of the object.'),
      kind: z.enum(['StatefulSet', 'Deployment', 'BlockchainNode']).describe('Kind of the object.'),
      name: Short.describe('Name of the object.'),
    })
    .describe('The object that runs the node.'),
  replicas: z.int().min(0).optional().describe("The workload's own replicas, before it was stopped."),
  wasRunning: z.boolean().describe('Whether its desired state was running: only then is it started again.'),
  podSelector: z
    .record(z.string().max(317), z.string().max(63))
    .meta({ maxProperties: 16 })
    .describe('Labels that select the pods of the node.'),
  host: Short.optional().describe('The Kubernetes node where its pod ran.'),
  volumes: z.array(JobVolume).max(16).meta(mapList('name')).describe('The volumes with the data of the node.'),
  uid: z.int().min(0).describe('User that the containers of the node run as.'),
  gid: z.int().min(0).describe('Group that the containers of the node run as.'),
  chain: Short.describe('The chain of the node.'),
  network: Short.optional().describe('The network of the chain.'),
  chainId: Short.optional().describe('The chain id that the node reports.'),
  configMap: Short.optional().describe('ConfigMap with the configuration, for layouts that have one.'),
  identity: Short.optional().describe('The Secret or ConfigMap with its signing key, by name.'),
  identityVolume: Short.optional().describe('Volume of the pod that has the signing key.'),
  height: Height.optional().describe('Its height before the job changed anything.'),
  images: z.array(Short).max(16).optional().describe('Images of its containers.'),
  clients: z.array(Short).max(16).optional().describe('`role=client` of each role of a managed node.'),
  crypto: z.enum(['sm', 'eth']).optional().describe('CITA-Cloud: the cryptography of the node.'),
  consensus: z.enum(['bft', 'raft', 'overlord']).optional().describe('CITA-Cloud: the consensus service of the node.'),
  detached: z.boolean().optional().describe('Another job left it stopped; this job takes over its lock.'),
});
export type JobTarget = z.infer<typeof JobTarget>;

/** One task. `uid` is stored before the pod may run: a worker Job is created suspended, recorded, then resumed. */
export const JobTask = z.object({
  name: Short.describe('Name of the worker Job.'),
  node: Short.describe('The node that the task is for.'),
  attempt: z.int().min(1).describe('Number of the run of the task, from 1.'),
  intentAt: Time.describe('When the worker Job was about to be created.'),
  uid: Short.optional().describe('UID of the worker Job; it runs only when its UID is stored here.'),
  runningSince: Time.optional().describe('When the worker Job was resumed.'),
  endedAt: Time.optional().describe('When the worker Job ended.'),
  outcome: z
    .enum(['Succeeded', 'Failed', 'Unclear'])
    .optional()
    .describe('How the task ended; `Unclear`: without a result.'),
  code: Short.optional().describe('Why it failed, as one word for programs.'),
  message: Text.optional().describe('How it ended, as text.'),
  height: Height.optional().describe('The height that the data has, if the task proves one.'),
  bytes: z.int().min(0).optional().describe('Bytes that were copied.'),
  files: z.int().min(0).optional().describe('Files that were copied or changed.'),
  manifestSha256: Short.optional().describe('SHA-256 of the manifest, which lists all files of a copy.'),
  swapped: z.boolean().optional().describe('Whether data of the node was changed.'),
  text: SignerText.optional().describe('The signer state that it read; empty when there is none.'),
  snapshotId: Short.optional().describe('Id of the snapshot in object storage that it made or read.'),
  bytesAdded: z.int().min(0).optional().describe('Bytes that the snapshot added to its repository.'),
  snapshotsLeft: z
    .array(Short)
    .max(128)
    .optional()
    .meta({ 'x-kubernetes-list-type': 'atomic' })
    .describe('Beginnings of the ids of all snapshots that a Retention left in the repository of the node.'),
  imageDigest: Short.optional().describe('Digest of the image that ran.'),
  unsafe: z.boolean().optional().describe('It may have left data with which the node must not start.'),
});
/** The reason is plain text in the schema, so that a status of another version can be read, and a type when it is written. */
export type JobTask = Omit<z.infer<typeof JobTask>, 'code'> & { readonly code?: FailureReason | undefined };

/** What the key of a node had signed before a Switchover, read when both nodes had stopped. */
export const SignerRecord = z.object({
  node: Short.describe('The node that had the key.'),
  volume: Short.describe('The volume of the node with the files.'),
  paths: z
    .array(Short)
    .min(1)
    .max(4)
    .meta({ 'x-kubernetes-list-type': 'atomic' })
    .describe('Files with the signer state: the one that the client reads, then its copies.'),
  text: SignerText.optional().describe('The whole file; empty when there is none, absent until it is read.'),
  intact: z.boolean().optional().describe('Its volume was certainly not written to.'),
});
export type SignerRecord = z.infer<typeof SignerRecord>;

/**
 * How far the signer states of a key exchange have moved with their keys. `write` is stored before the first byte is
 * written: after that nothing is read again, and only recorded states are written.
 */
export const SignerMove = z.object({
  step: z
    .enum(['read', 'write', 'assign', 'undo'])
    .describe('Reading the states, writing each to the other node, assigning the keys, or undoing all of it.'),
  since: Time.describe('When the step began.'),
  states: z.array(SignerRecord).max(2).meta(mapList('node')).describe('The signer state of each node.'),
  trouble: z
    .object({
      reason: Short.describe('Why, as one word for programs.'),
      message: Text.describe('Why, as text.'),
    })
    .optional()
    .describe('Why the key exchange is undone.'),
});
export type SignerMove = Omit<z.infer<typeof SignerMove>, 'trouble'> & { readonly trouble?: Trouble | undefined };

interface Trouble {
  readonly reason: FailureReason;
  readonly message: string;
}

/** A copy in object storage. */
export const StoredCopy = z.object({
  location: Short.describe('The location, as the policy names it.'),
  repository: Short.describe('The repository in the location: executor, namespace and node.'),
  snapshot: Short.optional().describe('Id of the snapshot.'),
  bytesAdded: z
    .int()
    .min(0)
    .optional()
    .describe('Bytes that it added to the repository: compressed, without what was there already.'),
});
export type StoredCopy = z.infer<typeof StoredCopy>;

/** A VolumeSnapshot that a Backup or a Snapshot made of one volume. */
export const VolumeSnapshotCopy = z.object({
  volume: Short.describe('Name of the volume in the node.'),
  name: Short.describe('Name of the VolumeSnapshot.'),
  uid: Short.describe('UID of the VolumeSnapshot.'),
  className: Short.optional().describe('Name of its VolumeSnapshotClass.'),
  restoreSize: z.string().max(32).optional().describe('Size that a volume made from it needs.'),
  content: Short.optional().describe('Name of its VolumeSnapshotContent.'),
  handle: Short.optional().describe('Name of the snapshot in the storage system, where the content may be read.'),
  storageClass: Short.optional().describe('StorageClass of the volume that it was made of.'),
});
export type VolumeSnapshotCopy = z.infer<typeof VolumeSnapshotCopy>;

/** An object beside the worker Job that a job made and works with. */
export const MadeObject = z.object({
  kind: z.enum(['VolumeSnapshot', 'PersistentVolumeClaim']).describe('Kind of the object.'),
  name: Short.describe('Name of the object.'),
  uid: Short.optional().describe(
    'UID of the object; nothing is done with it before its UID is stored here. Absent while it is created, under a name that was free when the node had stopped.',
  ),
});
export type MadeObject = z.infer<typeof MadeObject>;

export const JobStatus = z.object({
  phase: JobPhase.optional().describe('How far the job is, or how it ended.'),
  observedGeneration: z.int().optional().describe('The `metadata.generation` that this status is about.'),
  conditions: Conditions,
  message: Text.optional().describe('What the job is doing or has done, in one sentence.'),
  reason: Short.optional().describe('The same for programs, in PascalCase.'),
  since: Time.optional().describe('When the phase began.'),
  startTime: Time.optional().describe('When the controller took up the job.'),
  endTime: Time.optional().describe('When the job ended.'),
  specDigest: Short.optional().describe('Digest of the claimed spec.'),
  history: z
    .array(z.object({ phase: JobPhase.describe('The phase.'), at: Time.describe('When the phase began.') }))
    .max(16)
    .optional()
    .meta({ 'x-kubernetes-list-type': 'atomic' })
    .describe('The phases so far, oldest first, at most 16.'),
  locks: z.array(Short).max(64).optional().describe('Nodes whose lock the job has.'),
  targets: z
    .array(JobTarget)
    .max(64)
    .optional()
    .meta(mapList('node'))
    .describe('The nodes as they were before the job changed anything.'),
  paused: z.array(Short).max(64).optional().describe('Nodes that this job keeps stopped.'),
  released: z
    .array(Short)
    .max(64)
    .optional()
    .describe('Those of them that may run again although the job has not ended.'),
  risk: Text.optional().describe('Why its nodes must not be started when the job is lost now.'),
  works: z.array(JobTask).max(64).optional().meta(mapList('name')).describe('The tasks, each with its worker Job.'),
  signers: SignerMove.optional().describe('Switchover: the signer states, which move with their keys.'),
  failure: z
    .object({
      reason: Short.describe('Why, as one word for programs.'),
      message: Text.describe('Why, as text.'),
      unsafe: z.boolean().describe('true: starting the node would be unsafe.'),
    })
    .optional()
    .describe('Why it will end Failed, or Held when starting the node is unsafe.'),
  started: z
    .array(
      z.object({
        node: Short.describe('The node.'),
        height: Height.describe('The height that it reported.'),
        at: Time.describe('When it reported the height.'),
      }),
    )
    .max(64)
    .optional()
    .meta(mapList('node'))
    .describe('First height of each node after it was started.'),
  claimName: Short.optional().describe('The PVC that holds the data of a Backup or Snapshot.'),
  claimUid: Short.optional().describe('The UID of that PVC.'),
  objectStorage: StoredCopy.optional().describe('Where in object storage the data of a Backup or Snapshot is.'),
  made: z
    .array(MadeObject)
    .max(16)
    .optional()
    .meta(mapList('name'))
    .describe('VolumeSnapshots that the job made, or PVCs that a Restore made from them and removes at its end.'),
  volumeSnapshots: z
    .array(VolumeSnapshotCopy)
    .max(16)
    .optional()
    .meta(mapList('name'))
    .describe('The VolumeSnapshots with the data of a Backup or Snapshot.'),
  node: Short.optional().describe('The node or nodes, for display.'),
  height: Height.optional().describe('The height that was proven.'),
  heightBefore: Height.optional().describe('Height of the node before the job changed anything.'),
  heightAfter: Height.optional().describe('Height of the started node when it had grown.'),
  bytes: z.int().min(0).optional().describe('Bytes that were copied.'),
  files: z.int().min(0).optional().describe('Files that were copied.'),
  manifestSha256: Short.optional().describe('SHA-256 of the manifest, which lists all files of the copy.'),
  format: Short.optional().describe('Version of the tool that wrote the data, when only this tool can read them.'),
  live: z.boolean().optional().describe('The copy was taken from a running node: not proven consistent.'),
  command: Text.optional().describe('The command that the worker pod ran.'),
  image: z.string().max(512).optional().describe('The image of the worker pod.'),
  imageDigest: Short.optional().describe('Digest of the image that ran.'),
  outputTail: z.string().max(4096).optional().describe('The end of the output of a worker pod that failed.'),
  notes: z.array(Text).max(8).optional().describe('What a reader should know of the result, at most 8 sentences.'),
});
export type JobStatus = Omit<z.infer<typeof JobStatus>, 'conditions' | 'reason' | 'failure' | 'works' | 'signers'> & {
  readonly conditions?: readonly Condition[];
  readonly reason?: JobReason | undefined;
  readonly failure?: (Trouble & { readonly unsafe: boolean }) | undefined;
  readonly works?: readonly JobTask[] | undefined;
  readonly signers?: SignerMove | undefined;
};
