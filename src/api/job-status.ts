// The status of a one-shot job: its phase, and everything that must survive a restart of the controller.

import { z } from 'zod';

import { DeployMethod, Height, ImageReference } from './job.ts';
import { JobPhase } from './job-phase.ts';
import type { FailureReason, JobReason } from './codes/job-reasons.ts';
import type { Condition } from './conditions.ts';
import { SignerText } from './worker-task.ts';

const Time = z.string().max(40).meta({ format: 'date-time' });
const Text = z.string().max(1024);
const Short = z.string().max(512);

/** A volume of a node: a whole PVC, or one folder of a PVC that nodes share. */
export const JobVolume = z.object({
  name: Short,
  claim: Short,
  subPath: Short.optional(),
  storageClass: Short.optional(),
  size: z.string().max(32).optional(),
});
export type JobVolume = z.infer<typeof JobVolume>;

/** A node as it was before the job changed anything. */
export const JobTarget = z.object({
  node: Short,
  deployMethod: DeployMethod,
  workload: z.object({ apiVersion: Short, kind: z.enum(['StatefulSet', 'Deployment', 'BlockchainNode']), name: Short }),
  replicas: z.int().min(0).optional().describe("The workload's own replicas, before it was stopped."),
  wasRunning: z.boolean().describe('Whether its desired state was running: only then is it started again.'),
  podSelector: z.record(z.string().max(317), z.string().max(63)).meta({ maxProperties: 16 }),
  host: Short.optional().describe('Where its pod ran.'),
  volumes: z
    .array(JobVolume)
    .max(16)
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] }),
  uid: z.int().min(0),
  gid: z.int().min(0),
  chain: Short,
  network: Short.optional(),
  chainId: Short.optional(),
  configMap: Short.optional().describe('ConfigMap with the configuration, for layouts that have one.'),
  identity: Short.optional().describe('The Secret or ConfigMap with its signing key, by name.'),
  identityVolume: Short.optional(),
  height: Height.optional().describe('Before the work.'),
  images: z.array(Short).max(16).optional(),
  clients: z.array(Short).max(16).optional().describe('`role=client` of each role of a managed node.'),
  crypto: z.enum(['sm', 'eth']).optional(),
  consensus: z.enum(['bft', 'raft', 'overlord']).optional(),
  detached: z.boolean().optional().describe('Another job left it stopped; this job takes over its lock.'),
});
export type JobTarget = z.infer<typeof JobTarget>;

/** One task. `uid` is stored before the pod may run: a worker Job is created suspended, recorded, then resumed. */
export const JobTask = z.object({
  name: Short,
  node: Short,
  attempt: z.int().min(1),
  intentAt: Time,
  uid: Short.optional(),
  runningSince: Time.optional(),
  endedAt: Time.optional(),
  outcome: z.enum(['Succeeded', 'Failed', 'Unclear']).optional(),
  code: Short.optional(),
  message: Text.optional(),
  height: Height.optional(),
  bytes: z.int().min(0).optional(),
  files: z.int().min(0).optional(),
  manifestSha256: Short.optional(),
  swapped: z.boolean().optional().describe('Whether data of the node was changed.'),
  text: SignerText.optional().describe('The signer state that it read; empty when there is none.'),
  imageDigest: Short.optional(),
  unsafe: z.boolean().optional().describe('It may have left data with which the node must not start.'),
});
/** The reason is plain text in the schema, so that a status of another version can be read, and a type when it is written. */
export type JobTask = Omit<z.infer<typeof JobTask>, 'code'> & { readonly code?: FailureReason | undefined };

/** What the key of a node had signed before a Switchover, read when both nodes had stopped. */
export const SignerRecord = z.object({
  node: Short,
  volume: Short,
  paths: z.array(Short).min(1).max(4).meta({ 'x-kubernetes-list-type': 'atomic' }),
  text: SignerText.optional().describe('The whole file; empty when there is none, absent until it is read.'),
  intact: z.boolean().optional().describe('Its volume was certainly not written to.'),
});
export type SignerRecord = z.infer<typeof SignerRecord>;

/**
 * How far the signer states of a key exchange have moved with their keys. `write` is stored before the first byte is
 * written: after that nothing is read again, and only recorded states are written.
 */
export const SignerMove = z.object({
  step: z.enum(['read', 'write', 'assign', 'undo']),
  since: Time,
  states: z
    .array(SignerRecord)
    .max(2)
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['node'] }),
  trouble: z.object({ reason: Short, message: Text }).optional().describe('Why the key exchange is undone.'),
});
export type SignerMove = Omit<z.infer<typeof SignerMove>, 'trouble'> & { readonly trouble?: Trouble | undefined };

interface Trouble {
  readonly reason: FailureReason;
  readonly message: string;
}

const ConditionSchema = z.object({
  type: z.string(),
  status: z.enum(['True', 'False', 'Unknown']),
  reason: z.string(),
  message: z.string(),
  observedGeneration: z.int().optional(),
  lastTransitionTime: z.string().meta({ format: 'date-time' }),
});

export const JobStatus = z.object({
  phase: JobPhase.optional(),
  observedGeneration: z.int().optional(),
  conditions: z
    .array(ConditionSchema)
    .max(16)
    .optional()
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] }),
  message: Text.optional().describe('What the job is doing or has done, in one sentence.'),
  reason: Short.optional().describe('The same for programs, in PascalCase.'),
  since: Time.optional().describe('When the phase began.'),
  startTime: Time.optional(),
  endTime: Time.optional(),
  specDigest: Short.optional().describe('Digest of the claimed spec.'),
  history: z
    .array(z.object({ phase: JobPhase, at: Time }))
    .max(16)
    .optional()
    .meta({ 'x-kubernetes-list-type': 'atomic' }),
  locks: z.array(Short).max(64).optional(),
  targets: z
    .array(JobTarget)
    .max(64)
    .optional()
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['node'] }),
  holds: z.array(Short).max(64).optional().describe('Nodes that this job keeps stopped.'),
  released: z
    .array(Short)
    .max(64)
    .optional()
    .describe('Those of them that may run again although the job has not ended.'),
  works: z
    .array(JobTask)
    .max(64)
    .optional()
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] }),
  signers: SignerMove.optional().describe('Switchover: the signer states, which move with their keys.'),
  failure: z
    .object({ reason: Short, message: Text, unsafe: z.boolean() })
    .optional()
    .describe('Why it will end Failed, or Held when starting the node is unsafe.'),
  started: z
    .array(z.object({ node: Short, height: Height, at: Time }))
    .max(64)
    .optional()
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['node'] })
    .describe('First height of each node after it was started.'),
  claimName: Short.optional().describe('The PVC that holds the data of a Backup or Snapshot.'),
  claimUid: Short.optional(),
  node: Short.optional().describe('The node or nodes, for display.'),
  height: Height.optional().describe('The height that was proven.'),
  heightBefore: Height.optional(),
  heightAfter: Height.optional().describe('Height of the started node when it had grown.'),
  bytes: z.int().min(0).optional(),
  files: z.int().min(0).optional(),
  manifestSha256: Short.optional(),
  format: Short.optional().describe('Version of the tool that wrote the data, when only this tool can read them.'),
  live: z.boolean().optional().describe('The copy was taken from a running node: not proven consistent.'),
  command: Text.optional().describe('What ran.'),
  image: ImageReference.optional(),
  imageDigest: Short.optional(),
  outputTail: z.string().max(4096).optional(),
  notes: z.array(Text).max(8).optional(),
});
export type JobStatus = Omit<z.infer<typeof JobStatus>, 'conditions' | 'reason' | 'failure' | 'works' | 'signers'> & {
  readonly conditions?: readonly Condition[];
  readonly reason?: JobReason | undefined;
  readonly failure?: (Trouble & { readonly unsafe: boolean }) | undefined;
  readonly works?: readonly JobTask[] | undefined;
  readonly signers?: SignerMove | undefined;
};
