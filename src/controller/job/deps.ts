// What the reconcilers of jobs and of their requests need.

import type { SourceFile } from '../../desired/desired-set.ts';
import type { ReadInSteps } from '../../desired/read.ts';
import type { GitSource, Oid, StatusBranch } from '../../git/engine.ts';
import type { ObservedTask, Trial } from '../../jobs/model/observation.ts';
import type { JobSettings } from '../../jobs/model/settings.ts';
import type { Cluster } from '../../kube/cluster.ts';
import type { Events } from '../../kube/events.ts';
import type { Redactor } from '../../lib/redact.ts';
import type { Asker } from '../../rpc/ask.ts';
import type { Memory } from '../engine/memory.ts';
import type { Notify } from '../engine/notices.ts';
import type { Settings } from '../engine/options.ts';
import type { Runtime } from '../engine/runtime.ts';
import type { BranchOwner, FleetState } from '../fleet/state.ts';
import type { Suspensions } from '../node/suspensions.ts';
import type { Identities } from '../node/keys/identities.ts';
import type { KeyReservations } from '../node/keys/key-reservations.ts';
import type { KeyLedger } from '../node/keys/ledger.ts';
import type { Observations } from '../node/observations.ts';
import type { Pauses } from '../node/pauses.ts';
import type { VolumeRecords } from '../node/volumes/volume-records.ts';
import type { Watches } from '../node/watches.ts';
import type { LockRecovery } from './job-changes.ts';
import type { KeptStatuses } from './records/kept-statuses.ts';
import type { JobLocks } from './locks.ts';
import type { Records } from './records.ts';
import type { RefusedRequest } from './refused-request.ts';
import type { Schedules } from './schedules/schedules.ts';
import type { JobWatches } from './watches.ts';

/** Of `reconcileJob`. */
export interface JobDeps {
  readonly cluster: Cluster;
  readonly events: Events;
  readonly asker: Asker;
  readonly runtime: Runtime;
  readonly settings: Settings;
  readonly jobSettings: JobSettings;
  readonly notify: Notify;
  readonly watches: Watches;
  /** With the statuses that count. */
  readonly jobs: JobWatches;
  readonly statuses: KeptStatuses;
  readonly fleet: FleetState;
  readonly suspensions: Pick<Suspensions, 'of' | 'ofFleet'>;
  readonly locks: JobLocks;
  readonly records: Records;
  readonly memory: Memory;
  readonly identities: Identities;
  readonly keyLedger: Pick<KeyLedger, 'foreign'>;
  readonly keyReservations: Pick<KeyReservations, 'kept' | 'moved'>;
  readonly observations: Observations;
  readonly pauses: Pauses;
  /** Answers of running nodes by `uid/task`: lost at a restart, and then asked for again. */
  readonly answers: Map<string, ObservedTask>;
  /** By `uid/task`: the UIDs that the API server returned for the worker Jobs which this process created, until they are on record. */
  readonly createdJobs: Map<string, string>;
  /** By the UID of a job: whether the API server would accept its objects. Lost at a restart, and then asked for again. */
  readonly trials: Map<string, Trial>;
  /** Words of the API server go into a status. */
  readonly redactor: Redactor;
}

/** Of `reconcileRequests`. */
export interface RequestsDeps extends JobDeps {
  readonly branchOwner: BranchOwner;
  readonly source: GitSource;
  readonly readInSteps: ReadInSteps;
  readonly fileCache: Map<Oid, SourceFile>;
  readonly statusBranch: StatusBranch | undefined;
  readonly schedules: Schedules;
  readonly volumeRecords: VolumeRecords;
  readonly lockRecovery: LockRecovery;
  /** Job requests that are not carried out, and why; every reconciliation of the requests replaces them. */
  /** `areJudged`: the requests of the branch were compared with their records once. */
  readonly refusals: { current: readonly RefusedRequest[]; areJudged: boolean };
}
