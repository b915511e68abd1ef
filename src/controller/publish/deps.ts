// What publishing the status needs.

import type { StatusBranch } from '../../git/engine.ts';
import type { Events } from '../../kube/events.ts';
import type { Redactor } from '../../lib/redact.ts';
import type { WrittenNodes } from '../../status/node-file.ts';
import type { TreeReader } from '../../status/tree-nodes.ts';
import type { CapabilitiesReader } from '../capabilities/capabilities.ts';
import type { Memory } from '../engine/memory.ts';
import type { Notify } from '../engine/notices.ts';
import type { Settings } from '../engine/options.ts';
import type { Runtime } from '../engine/runtime.ts';
import type { BranchOwner, FleetState } from '../fleet/state.ts';
import type { Suspensions } from '../node/suspensions.ts';
import type { Records } from '../job/records.ts';
import type { RefusedRequest } from '../job/refused-request.ts';
import type { Schedules } from '../job/schedules/schedules.ts';
import type { Identities } from '../node/keys/identities.ts';
import type { KeyLedger } from '../node/keys/ledger.ts';
import type { KeyReservations } from '../node/keys/key-reservations.ts';
import type { Observations } from '../node/observations.ts';
import type { Watches } from '../node/watches.ts';
import type { UpgradeMemory } from '../upgrade/deps.ts';

export interface PublishDeps {
  readonly runtime: Runtime;
  readonly settings: Settings;
  readonly notify: Notify;
  readonly events: Events;
  readonly redactor: Redactor;
  readonly watches: Watches;
  readonly fleet: FleetState;
  readonly suspensions: Pick<Suspensions, 'of' | 'ofFleet'>;
  readonly branchOwner: BranchOwner;
  readonly records: Records;
  readonly memory: Memory;
  readonly identities: Identities;
  readonly keyReservations: Pick<KeyReservations, 'given' | 'kept' | 'wanted'>;
  readonly keyLedger: KeyLedger;
  readonly observations: Observations;
  readonly schedules: Pick<Schedules, 'views'>;
  readonly refusals: { readonly current: readonly RefusedRequest[]; readonly areJudged: boolean };
  readonly capabilities: CapabilitiesReader;
  readonly statusBranch: StatusBranch | undefined;
  readonly published: PublishedState;
  readonly upgrade: Pick<UpgradeMemory, 'view'>;
}

/** What is known of the status branch. */
export interface PublishedState {
  /** The files as they are on the branch; undefined until they were read. */
  files: ReadonlyMap<string, string> | undefined;
  /** When the records were read, milliseconds since the epoch; 0 before. */
  recordsAt: number;
  /** The branch after our last push, or as it was found to be in order. */
  tip: string | undefined;
  /** Why the branch cannot be written. */
  trouble: string | undefined;
  /** What was reported under a name of its own, while another cluster owns the executor name. */
  reported: string | undefined;
  /** When the tip was compared last, milliseconds since the epoch. */
  checkedAt: number;
  /** What the Events about the Lease say is not carried out. */
  readonly waiting: Set<'held' | 'failed' | 'requests'>;
  /** Documents of nodes that need no new rendering. */
  readonly written: WrittenNodes;
  readonly reader: TreeReader;
  /** Folders of others of which not all is read. */
  leftOut: readonly string[];
}
