// What the reconcilers of the fleet need.

import type { ReadInSteps } from '../../desired/read.ts';
import type { SourceFile } from '../../desired/desired-set.ts';
import type { GitSource, Oid, StatusBranch } from '../../git/engine.ts';
import type { Cluster } from '../../kube/cluster.ts';
import type { Redactor } from '../../lib/redact.ts';
import type { Trust } from '../../signatures/verifier.ts';
import type { Events } from '../../kube/events.ts';
import type { CapabilitiesReader } from '../capabilities/capabilities.ts';
import type { Memory } from '../engine/memory.ts';
import type { Notify } from '../engine/notices.ts';
import type { Settings } from '../engine/options.ts';
import type { Runtime } from '../engine/runtime.ts';
import type { Identities } from '../node/keys/identities.ts';
import type { KeyReservations } from '../node/keys/key-reservations.ts';
import type { KeyLedger } from '../node/keys/ledger.ts';
import type { Observations } from '../node/observations.ts';
import type { Suspensions } from '../node/suspensions.ts';
import type { VolumeRecords } from '../node/volumes/volume-records.ts';
import type { Watches } from '../node/watches.ts';
import type { BranchOwner, FleetState } from './state.ts';

export interface FleetDeps {
  readonly cluster: Cluster;
  readonly events: Events;
  readonly redactor: Redactor;
  readonly runtime: Runtime;
  readonly settings: Settings;
  readonly notify: Notify;
  readonly watches: Watches;
  readonly source: GitSource;
  readonly statusBranch: StatusBranch | undefined;
  /** Whose signatures the branch must carry; undefined when signatures are not verified. */
  readonly trust: Trust | undefined;
  readonly readInSteps: ReadInSteps;
  /** Files of the last commit by blob id, so that an unchanged file is not opened again. */
  readonly fileCache: Map<Oid, SourceFile>;
  readonly memory: Memory;
  readonly identities: Identities;
  readonly keyLedger: Pick<KeyLedger, 'foreign'>;
  readonly keyReservations: Pick<KeyReservations, 'kept' | 'moved'>;
  readonly observations: Observations;
  readonly volumeRecords: VolumeRecords;
  readonly fleet: FleetState;
  readonly suspensions: Pick<Suspensions, 'follow'>;
  readonly branchOwner: BranchOwner;
  readonly capabilities: CapabilitiesReader;
}
