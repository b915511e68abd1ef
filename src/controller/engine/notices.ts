// What can happen that makes a reconciliation necessary. triggers.ts says what each of these queues.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import type { JobObject } from '../../api/job-object.ts';

/** The kinds of objects that a node owns, as they are watched. */
export const OWNED_KINDS = [
  'StatefulSet',
  'Service',
  'ConfigMap',
  'Secret',
  'PersistentVolumeClaim',
  'Pod',
  'PodDisruptionBudget',
] as const;

export type OwnedKind = (typeof OWNED_KINDS)[number];

interface NodeNotice {
  /** `namespace/name` */
  readonly key: string;
  readonly node: BlockchainNode;
}

interface NodeKeys {
  readonly nodeKeys: readonly string[];
}

interface LockNotice {
  readonly namespace: string;
  readonly lock: string;
}

interface JobNotice {
  /** `Kind/namespace/name` */
  readonly key: string;
  readonly job: JobObject;
}

interface Reports {
  /** The controller has complete lists of what is in the cluster. */
  readonly Started: object;
  /** A webhook arrived. */
  readonly SyncRequested: object;
  /** The branch can be read again after a failure. */
  readonly GitRecovered: object;
  /** Reading the branch began to fail, fails for another reason, or works again. */
  readonly GitStateChanged: object;
  readonly CommitRead: object;
  /** The plan of a commit was applied, as far as it could be. `nodeKeys`: nodes whose held action changed. */
  readonly PlanApplied: NodeKeys;
  readonly NodeCreated: NodeNotice;
  /** Its spec, labels or annotations changed, or it is being deleted. Not: its status. */
  readonly NodeChanged: NodeNotice;
  readonly NodeDeleted: NodeNotice;
  /** An object of these nodes was created, changed or deleted, but not by our own write, and not the status of a StatefulSet or a budget alone. */
  readonly ObjectsTouched: NodeKeys;
  readonly NodeReconciled: NodeKeys;
  readonly NodeObserved: NodeKeys;
  /** Nodes whose pod runs were not asked for a long time. */
  readonly ObservationStopped: NodeKeys;
  /** Urgent: it has trouble, the trouble ended, or a change is held. Otherwise it proceeds, or figures moved. */
  readonly NodeStatusWritten: { readonly nodeKey: string; readonly isUrgent: boolean };
  /** A node gave up its signing key. */
  readonly KeyReleased: object;
  /** A node needs the reservation of its signing keys on the status branch. */
  readonly KeysRequested: object;
  /** The status branch has the reservations that were requested, or those of others. */
  readonly KeysDecided: object;
  /** Jobs began or ended to keep these nodes stopped. */
  readonly PausesChanged: NodeKeys;
  /** A key exchange gave these nodes other signing keys. */
  readonly IdentitiesChanged: NodeKeys;
  /** The volumes of these nodes are not those that they need, or an approval accepts others. */
  readonly VolumesChanged: NodeKeys;
  /** Another cluster owns the executor name on the status branch. */
  readonly OwnerChanged: object;
  /** A Secret, `namespace/name`, that nodes may use was created, edited or deleted. */
  readonly UsedSecretChanged: { readonly secret: string };
  /** The keys of these nodes have signed elsewhere, or an approval lets the nodes start all the same. */
  readonly SignersChanged: NodeKeys;
  /** What the status says of an upgrade of the controller. */
  readonly UpgradeChanged: object;
  /** The memory was lost, and is complete again as far as that is possible. */
  readonly MemoryRestored: object;
  /** These nodes are suspended now, or by something else, or not any more. */
  readonly SuspensionChanged: NodeKeys;
  /** A pod ran on the volumes of these nodes for the first time. */
  readonly VolumesPrepared: NodeKeys;
  readonly JobCreated: JobNotice;
  /** Its annotations changed, or it is being deleted. Not: its status. */
  readonly JobChanged: JobNotice;
  readonly JobDeleted: JobNotice;
  /** A worker Job or a worker pod of the job changed. */
  readonly WorkerChanged: { readonly key: string };
  /** Urgent: it ended, or its record has what gives a node of another tool its replicas back. Otherwise it proceeds. */
  readonly JobStatusWritten: { readonly isUrgent: boolean };
  readonly LockReleased: LockNotice;
  readonly LockNoteWritten: LockNotice;
  /** Job records changed that must be pushed before anything follows from them. */
  readonly RecordsChanged: object;
  /** Job records are on the status branch. */
  readonly RecordsPushed: { readonly jobKeys: readonly string[] };
}

/** Each notice and the facts that its key functions may use. */
export type Notices = Reports & {
  /** An object that the node owns was created, changed or deleted. */
  readonly [Kind in OwnedKind as `${Kind}Changed`]: { readonly nodeKey: string };
};

export type NoticeName = keyof Notices;

/** Reports what happened. Returns at once. */
export type Notify = <Name extends NoticeName>(name: Name, notice: Notices[Name]) => void;
