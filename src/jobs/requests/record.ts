// The record of a request on the status branch: the memory that outlives object, cluster and controller.

import { z } from 'zod';

import type { JobObject } from '../../api/job-object.ts';
import { JobPhase, isFinal } from '../../api/job-phase.ts';
import { type JobStatus, type JobTarget, StoredCopy, VolumeSnapshotCopy } from '../../api/job-status.ts';
import { cleanText } from '../../lib/clean-text.ts';
import { defined } from '../../lib/defined.ts';

const Text = z.string().max(2048);
const Count = z.number().int().min(0).optional().catch(undefined);
const Word = Text.optional().catch(undefined);

const Workload = z.object({ apiVersion: Text, kind: Text, name: Text });

/** What must be readable for a record to say anything, and the rest, of which nothing must. */
export const JobRecord = z.object({
  kind: Text.min(1),
  namespace: Text.min(1),
  name: Text.min(1),
  executor: Text.min(1),
  specDigest: Text.min(1),
  phase: JobPhase,
  uid: Text.optional(),
  /** Digest of the object's spec, with the defaults: an object with another spec is not this request. */
  objectDigest: Word,
  commit: Word,
  author: Word,
  file: Word,
  schedule: Word,
  claimedAt: Word,
  endedAt: Word,
  reason: Word,
  message: Word,
  phases: z
    .array(z.object({ phase: JobPhase, at: Text }))
    .max(16)
    .optional()
    .catch(undefined),
  /** As asked for; as they were found before the first task. */
  nodes: z.array(Text).max(64).optional().catch(undefined),
  /** Nodes that a job which ended `Held` keeps stopped; none once they were repaired or released. */
  paused: z.array(Text).max(64).optional().catch(undefined),
  /** What of other tools the job stops, and the replicas that it gives back; nothing is scaled without it. */
  workloads: z
    .array(z.object({ node: Text, workload: Workload, replicas: z.number().int().min(0).optional() }))
    .max(64)
    .optional()
    .catch(undefined),
  deployMethod: Word,
  chain: Word,
  network: Word,
  chainId: Word,
  /** `role=client` of each role, where the data is of a managed node. */
  clients: z.array(Text).max(16).optional().catch(undefined),
  height: Count,
  heightBefore: Count,
  heightAfter: Count,
  bytes: Count,
  files: Count,
  manifestSha256: Word,
  claimName: Word,
  claimUid: Word,
  objectStorage: StoredCopy.optional().catch(undefined),
  volumeSnapshots: z.array(VolumeSnapshotCopy).max(16).optional().catch(undefined),
  /** Why the data was removed; its PVC is no longer named, also when the object names it. */
  dataRemoved: Word,
  live: z.boolean().optional().catch(undefined),
  format: Word,
  command: Word,
  image: Word,
  imageDigest: Word,
  notes: z.array(Text).max(8).optional().catch(undefined),
  outputTail: z.string().max(8192).optional().catch(undefined),
});
export type JobRecord = z.infer<typeof JobRecord>;

/** A record that is there but can't be read. It blocks its request: whether it ran is unknown. */
export const UNREADABLE = 'unreadable';

/** The document as plain data, parsed from its text; unknown fields are dropped, broken optional ones too. */
export function parseRecord(document: unknown): JobRecord | typeof UNREADABLE {
  const result = JobRecord.safeParse(document);
  return result.success ? result.data : UNREADABLE;
}

/** `prod/jobs/backup/novacula-system/nightly.yaml` */
export function recordPath({
  executor,
  kind,
  namespace,
  name,
}: Pick<JobRecord, 'executor' | 'kind' | 'namespace' | 'name'>): string {
  return `${executor}/jobs/${kind.toLowerCase()}/${namespace}/${name}.yaml`;
}

/**
 * Whether the record is of a Backup or Snapshot with a proven copy that holds something. Records of older versions may
 * lack the figures; a copy with a manifest and without figures counts.
 */
export function isProvenCopy({ phase, manifestSha256, files, bytes }: Partial<JobRecord>): boolean {
  return phase === 'Complete' && manifestSha256 !== undefined && files !== 0 && bytes !== 0;
}

const MAX_TAIL = 4096;

/** The record after what its object says, the one that it names. The claim's own fields never change. */
export function recordOf(claim: JobRecord, object: JobObject): JobRecord {
  const { status = {} } = object;
  return dropAbsent({
    ...claim,
    phase: laterOf(claim, status),
    endedAt: status.endTime,
    reason: status.reason,
    message: status.message,
    phases: status.history?.slice() ?? claim.phases,
    nodes: status.targets?.map(({ node }) => node) ?? claim.nodes,
    paused: pausedBy(status),
    workloads: workloadsOf(status) ?? claim.workloads,
    ...chainOf(status),
    height: status.height,
    heightBefore: status.heightBefore,
    heightAfter: status.heightAfter,
    bytes: status.bytes,
    files: status.files,
    manifestSha256: status.manifestSha256,
    live: status.live,
    format: status.format,
    command: status.command,
    image: status.image,
    imageDigest: status.imageDigest,
    ...dataOf(claim, status),
    outputTail: status.outputTail === undefined ? undefined : cleanText(status.outputTail, MAX_TAIL),
  });
}

function dataOf(
  { dataRemoved, notes }: JobRecord,
  status: JobStatus,
): Pick<JobRecord, 'claimName' | 'claimUid' | 'objectStorage' | 'volumeSnapshots' | 'notes'> {
  if (dataRemoved !== undefined)
    return { claimName: undefined, claimUid: undefined, objectStorage: undefined, volumeSnapshots: undefined, notes };
  const { claimName, claimUid, objectStorage } = status;
  const volumeSnapshots = status.volumeSnapshots?.slice();
  return {
    claimName,
    claimUid,
    objectStorage,
    volumeSnapshots,
    notes: status.notes === undefined ? undefined : [...status.notes],
  };
}

/** Of the first node, which stands for all: a job works on one chain. */
function chainOf({
  targets = [],
}: JobStatus): Pick<JobRecord, 'deployMethod' | 'chain' | 'network' | 'chainId' | 'clients'> {
  const { deployMethod, chain, network, chainId, clients }: Partial<JobTarget> = targets[0] ?? {};
  return { deployMethod, chain, network, chainId, clients: clients?.slice() };
}

function workloadsOf({ targets = [] }: JobStatus): JobRecord['workloads'] {
  const foreign = targets.filter(({ workload }) => workload.kind !== 'BlockchainNode');
  if (foreign.length === 0) return undefined;
  return foreign.map(({ node, workload: { apiVersion, kind, name }, replicas }) => ({
    node,
    workload: { apiVersion, kind, name },
    ...defined({ replicas }),
  }));
}

function pausedBy({ phase, paused = [] }: JobStatus): string[] | undefined {
  return phase === 'Held' && paused.length > 0 ? [...paused] : undefined;
}

/** A result never turns back into something unfinished, except that a user may release nodes that are left paused. */
function laterOf(claim: JobRecord, { phase }: JobStatus): JobPhase {
  if (phase === undefined || phase === 'Pending') return claim.phase;
  return isFinal(claim.phase) && claim.phase !== 'Held' && !isFinal(phase) ? claim.phase : phase;
}

function dropAbsent(record: JobRecord): JobRecord {
  return JobRecord.parse(Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)));
}
