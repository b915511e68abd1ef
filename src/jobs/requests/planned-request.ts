// What a plan knows of the requests and schedules of either side.

import type { JobScheduleSpec } from '../../api/job-schedule.ts';
import type { JobStep } from '../../api/job-step.ts';
import type { Suspensions } from '../model/suspended.ts';
import type { NeededApproval } from './approval.ts';
import type { JobRecord, UNREADABLE } from './record.ts';

/** A request as one side of the comparison has it. `DesiredRequest` gives one, and so does an object of the cluster. */
export interface PlannedRequest {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly executor: string;
  readonly file: string;
  /** It passed the kind's schema. */
  readonly spec: unknown;
  /** Digest of kind and spec as written; undefined for an object of the cluster, where defaults were filled in. */
  readonly specDigest?: string | undefined;
  /** Digest of the spec that its object has, or must have. */
  readonly objectDigest?: string | undefined;
  /** The controller has written to its object that it is no longer requested: nothing more follows from its missing file. */
  readonly isWithdrawn?: boolean;
  /** Its file asks to start the nodes that it keeps stopped. */
  readonly isReleased?: boolean;
  /** Of an object of the cluster that ended Held: the nodes that it keeps stopped, and why. */
  readonly ended?: { readonly paused: readonly string[]; readonly message?: string | undefined } | undefined;
  readonly needsApproval?: NeededApproval | undefined;
}

export interface PlannedSchedule {
  readonly namespace: string;
  readonly name: string;
  readonly executor: string;
  readonly file: string;
  readonly spec: JobScheduleSpec;
  readonly needsApproval?: NeededApproval | undefined;
}

/** One that a controller has; of some only the name is known. */
export type KnownSchedule = Omit<PlannedSchedule, 'spec'> & Partial<Pick<PlannedSchedule, 'spec'>>;

export interface RequestSide {
  /** By `Kind/namespace/name`. */
  readonly requests: ReadonlyMap<string, PlannedRequest>;
  /** By `namespace/name`. */
  readonly schedules: ReadonlyMap<string, KnownSchedule>;
  /** A cluster need not have an object for a request that has ended. */
  readonly from: 'files' | 'cluster';
  /** Every job of the cluster, by `Kind/namespace/name`. */
  readonly objects?: ReadonlySet<string>;
}

export interface DesiredRequests extends RequestSide {
  readonly schedules: ReadonlyMap<string, PlannedSchedule>;
  /** Requests and files that can't be read: what they were about counts as unchanged. */
  readonly broken: ReadonlySet<string>;
  readonly brokenFiles: ReadonlySet<string>;
  /** By `namespace/name`: nodes whose spec says that they are stopped, which a job leaves so. */
  readonly stopped: ReadonlySet<string>;
  /** By `namespace/name`: those of them that have no volumes, as far as that is known, and why. */
  readonly withoutVolumes?: ReadonlyMap<string, string>;
  /** What is suspended once the files count. */
  readonly suspensions?: Suspensions;
  /** The digests that `fleet.yaml` approves. */
  readonly approvals?: ReadonlySet<string>;
  /** Of the status branch, by executor and key (`recordKey`); undefined when the branch is not read. */
  readonly records?: ReadonlyMap<string, PlannedRecord | typeof UNREADABLE> | undefined;
}

export type PlannedRecord = Pick<JobRecord, 'phase' | 'specDigest' | 'endedAt' | 'paused' | 'message'>;

/** Under which `records` has the record of a request. */
export function recordKey({ executor, kind, namespace, name }: RecordName): string {
  return `${executor}/${kind}/${namespace}/${name}`;
}

type RecordName = Pick<PlannedRequest, 'executor' | 'kind' | 'namespace' | 'name'>;

/** One step of a request. */
export function stepOf(what: JobStep['do'], request: PlannedRequest, because: string): JobStep {
  const { kind, namespace, name, executor, file } = request;
  return { do: what, job: `${kind} ${namespace}/${name}`, executor, file, because };
}
