// What the job loop observed before it asks what to do next. Facts only.

import type { FailureReason } from '../../api/codes/job-reasons.ts';
import type { HowTo, Refused, DataPath, DatabaseMarker, SignerState } from '../../api/chain-jobs.ts';
import type { JobPhase } from '../../api/job-phase.ts';
import type { KubeObject } from '../../api/objects.ts';
import type { JobTarget, MadeObject, StoredCopy, VolumeSnapshotCopy } from '../../api/job-status.ts';
import type { Holder, LockNote } from './effect.ts';

export interface JobObservation {
  /** The request's object is being deleted (it carries our finalizer). */
  readonly deleting: boolean;
  /** It carries our finalizer. */
  readonly guarded?: boolean;
  /** The API server creates nothing in its namespace any more, because that is being deleted. */
  readonly namespaceGoing?: boolean;
  /** Why it is no longer requested: `its file was removed`. */
  readonly withdrawn?: string;
  /** Before work: its file is gone, and why that does not count yet; it continues. Ends with what becomes of it. */
  readonly heldRemoval?: string;
  /** What the controller's policy refuses of the object as it is. What has begun continues to its end. */
  readonly denied?: string;
  /** Its status is the controller's own copy: no note on a lock is needed to confirm it. */
  readonly isKept?: boolean;
  /** Its spec is not the one that the record claims. */
  readonly specDiffers?: boolean;
  /** Why nothing may begin now, as a message: `waits while the Fleet is suspended`. What has begun continues to its end. */
  readonly mustWait?: string;
  /** Managed nodes of it that no file declares and that the cluster has no more: nothing will bring them back. */
  readonly gone?: readonly string[];
  /** A user asked to start the paused nodes all the same. */
  readonly release: boolean;
  /** The request's record on the pushed status branch. */
  readonly record: ObservedRecord | undefined;
  readonly locks: ReadonlyMap<string, ObservedLock>;
  /**
   * In Claimed, while the job can acquire a lock: its nodes that cannot be targets yet. Undefined where that was not observed, as while
   * it waits for others: a hundred jobs may wait for the locks of others, and their nodes may change until then.
   */
  readonly absent?: readonly AbsentNode[];
  /** By node. Not in Claimed. */
  readonly targets: ReadonlyMap<string, ObservedNode>;
  /** The PVC that the job created or is about to create. */
  readonly pvc: ObservedPvc | undefined;
  /** By work name: Jobs, and answers of running nodes. */
  readonly tasks: ReadonlyMap<string, ObservedTask>;
  /** Pods of this request that have not ended, also of Jobs that are gone. */
  readonly workerPods: number;
  /** Those of them that none of its worker Jobs made: which pod it is, and what to do about it. */
  readonly strayWorkers?: readonly string[];
  /** By node: the identity the controller lets it sign with (override, else spec), or the account volume's ConfigMap. */
  readonly identities: ReadonlyMap<string, string>;
  /** Whether the API server would accept what the job creates; absent where nothing is to be tried. */
  readonly trial?: Trial;
  /** What a Restore reads from. */
  readonly source: RestoreSource | undefined;
  /** The location that the request names, or that its source lies in. */
  readonly storage?: ObservedStorage;
  /** By name: VolumeSnapshots or PVCs with the names of those that the job makes. Read after the pods of its nodes. */
  readonly made?: ReadonlyMap<string, ObservedMade>;
  /** By name: the StorageClasses of the volumes of its node, and those that its source names, for a Restore from VolumeSnapshots. */
  readonly storageClasses?: ReadonlyMap<string, ObservedClass>;
  /** Why the cluster makes no VolumeSnapshot that the request asks for; undefined once it has begun. */
  readonly noSnapshots?: string;
}

export interface ObservedMade extends MadeObject {
  readonly uid: string;
  /** UID of the request that made it, from its label. */
  readonly jobUid?: string;
  /** As the API server has it. */
  readonly object: KubeObject;
  /** A VolumeSnapshot that can be restored; a PVC is, as soon as it is there. */
  readonly ready: boolean;
  /** Its deletion was accepted. */
  readonly going?: boolean;
  /** What the CSI driver or the provisioner complained about last. */
  readonly message?: string;
  readonly figures: Pick<VolumeSnapshotCopy, 'className' | 'restoreSize' | 'content' | 'handle'>;
}

/** A location in object storage as the policy defines it now, or why it cannot be used. */
export type ObservedStorage =
  | {
      readonly ok: true;
      readonly location: string;
      /** `s3:https://endpoint/bucket/prefix` */
      readonly base: string;
      readonly region?: string;
      readonly secret: string;
      readonly caSecret?: string;
      /** This controller. */
      readonly executor: string;
      /** The schedule that filed the request. */
      readonly schedule?: string;
    }
  | { readonly ok: false; readonly message: string };

/** `Unclear`: the API server did not answer the question; it is asked again. */
export type Trial =
  | { readonly verdict: 'Untried' | 'Accepted' }
  | { readonly verdict: 'Refused'; readonly message: string }
  /** `at`: milliseconds since the epoch. */
  | { readonly verdict: 'Unclear'; readonly message: string; readonly at: number };

export interface ObservedRecord {
  /** UID of the object that the pushed claim is bound to; absent until that push has landed. */
  readonly uid?: string;
  readonly phase?: JobPhase;
}

export interface ObservedLock {
  readonly holder?: Holder;
  readonly note?: LockNote;
}

export interface ObservedNode {
  readonly found:
    | { readonly ok: true; readonly target: JobTarget }
    | { readonly ok: false; readonly reason: FailureReason; readonly message: string };
  /** Every pod of the node that still exists, ready or not; while the node is not started again, also others that can use its volumes. */
  readonly pods: readonly ObservedPod[];
  /** Replicas that its workload asks for now; undefined when the workload is gone. */
  readonly replicas: number | undefined;
  /**
   * Managed: the node is paused by a job: by this one, or by an earlier one which this one takes
   * over. Only the holder of the node's lock ends pauses, so any will do.
   */
  readonly paused: boolean;
  /** Managed: the earlier job that has it on record that the node stays stopped. */
  readonly leftPausedBy?: string;
  /** Managed: PVCs that the status of the job names as the node's, and that do not have the label of the node. */
  readonly claimsOfOthers?: readonly string[];
  readonly health?: ObservedHealth;
  /** PVCs of it that were deleted, and go with their data when no pod uses them any more. */
  readonly goingPvcs?: readonly string[];
  /** Managed, for a kind that fills volumes: PVCs that the node gets with its first pod, and does not have yet. */
  readonly missingPvcs?: readonly KubeObject[];
  /** Managed: what its chain says of this request. */
  readonly answers?: ChainAnswers;
}

export interface AbsentNode {
  readonly node: string;
  readonly reason: FailureReason;
  readonly message: string;
}

export interface ObservedPod {
  readonly name: string;
  readonly ready: boolean;
  /** Its clients were not started yet, or have ended. */
  readonly pending?: boolean;
  /** It was deleted, and its grace period has not ended. */
  readonly terminating?: boolean;
  /** It is not one of the workload's, and can all the same use the volumes of the node: which pod it is, and what to do about it. */
  readonly stray?: string;
  readonly host?: string;
}

export interface ObservedHealth {
  readonly answering: boolean;
  readonly height?: number;
  /** Managed: the node's status says that it is at the tip of its chain, with the peers that this takes. */
  readonly synced?: boolean;
  /** Of nodes that other tools deployed: why it did not say its height. */
  readonly trouble?: string;
}

export interface ChainAnswers {
  readonly identityFiles: readonly DataPath[];
  readonly signerState: readonly SignerState[];
  readonly databaseMarkers?: readonly DatabaseMarker[];
  readonly rollback?: HowTo;
  readonly snapshot?: HowTo | { readonly how: 'copy' };
  readonly switchover?: { readonly how: 'secret' } | Refused;
}

export interface ObservedPvc {
  readonly name: string;
  readonly uid: string;
  /** UID of the request that made it, from its label. */
  readonly jobUid?: string;
  /** As the API server has it. */
  readonly object: KubeObject;
  readonly phase: string;
  /** Its deletion was accepted. */
  readonly going?: boolean;
  /** The provisioner's last complaint. */
  readonly message?: string;
}

export interface ObservedTask {
  /** Absent for an answer of a running node. */
  readonly uid?: string;
  /** UID of the request that made it, from its label. */
  readonly jobUid?: string;
  /**
   * Whether its UID is the one that the API server returned when this process created it. Absent when nothing was returned: another process
   * created it, or someone else, or the answer was lost.
   */
  readonly made?: boolean;
  /** Its deletion was accepted. */
  readonly going?: boolean;
  readonly suspended: boolean;
  readonly finished?: 'Complete' | 'Failed';
  /** When the Job ended, RFC 3339. */
  readonly finishedAt?: string;
  /** The Job's own reason: `DeadlineExceeded`, `BackoffLimitExceeded`. */
  readonly reason?: string;
  /**
   * The container `work` has ended. What the cluster injected beside it may keep the pod, and so the Job, from ending.
   */
  readonly taskEnded?: { readonly exitCode: number; readonly at?: string };
  /** A container that the Job does not name keeps the pod running. */
  readonly injectedRuns?: boolean;
  /** The client that the Job has beside `work` runs, perhaps to stop in its own time. */
  readonly besideRuns?: boolean;
  /** Why its pods prove nothing of the work: someone made a pod that the Job takes for its own. */
  readonly doubt?: string;
  /** Pods of it that have not ended. */
  readonly active: number;
  /** The container `work`, or a program before it, runs. */
  readonly running: boolean;
  /** Why a container waits: `ImagePullBackOff`. */
  readonly waiting?: { readonly reason: string; readonly message: string };
  readonly unschedulable?: string;
  /** Why the cluster admits no pod of it. */
  readonly refused?: string;
  /** Termination message of the container `work`, as it is. */
  readonly termination?: string;
  /** A program before it that failed. */
  readonly failedProgram?: { readonly name: string; readonly exitCode: number };
  /** The last lines that the program before it wrote; absent while they can't be read. */
  readonly output?: string;
  readonly imageDigest?: string;
}

/** A VolumeSnapshot that a Restore reads. */
export interface SourceSnapshot extends Pick<VolumeSnapshotCopy, 'volume' | 'name' | 'uid'> {
  /** As the cluster reports it now. */
  readonly restoreSize?: string;
  /** The CSI driver that has it; absent where that may not be read. */
  readonly driver?: string;
  /** StorageClass of the volume that it was made of, as the record says. */
  readonly notedClass?: string;
}

/** A StorageClass that exists. */
export interface ObservedClass {
  /** Absent where that may not be read. */
  readonly provisioner?: string;
  /** By the policy, for the file of the job. */
  readonly isAllowed: boolean;
}

export interface RestoreSource {
  readonly phase: JobPhase;
  readonly job: string;
  readonly kind: string;
  /** In object storage, and not on a PVC. */
  readonly stored?: StoredCopy;
  /** Why the repository that the record names is not the one of its job. */
  readonly otherRepository?: string;
  /** In VolumeSnapshots, and not on a PVC. */
  readonly volumeSnapshots?: readonly SourceSnapshot[];
  /** Those of them that the cluster has not, or not with their UID. */
  readonly missingSnapshots?: readonly string[];
  /** Why its data was removed. */
  readonly removed?: string;
  readonly pvcName?: string;
  readonly pvcPresent: boolean;
  readonly bytes?: number;
  readonly files?: number;
  /** `role=client` of each role, where that is on record. */
  readonly clients?: readonly string[];
  readonly manifestSha256?: string;
  readonly height?: number;
  readonly chain: string;
  readonly network?: string;
  readonly chainId?: string;
  readonly node: string;
  readonly live: boolean;
  readonly deployMethod: string;
  /** cloud-op version whose snapshot it is. */
  readonly format?: string;
}
