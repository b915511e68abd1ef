// What the reconcilers of a node need.

import type { DesiredNode } from '../../desired/desired-set.ts';
import type { Cluster } from '../../kube/cluster.ts';
import type { Events } from '../../kube/events.ts';
import type { Asker } from '../../rpc/ask.ts';
import type { CapabilitiesReader } from '../capabilities/capabilities.ts';
import type { Memory } from '../engine/memory.ts';
import type { Notify } from '../engine/notices.ts';
import type { Settings } from '../engine/options.ts';
import type { Runtime } from '../engine/runtime.ts';
import type { ObjectApplier } from './apply/apply-objects.ts';
import type { Identities } from './keys/identities.ts';
import type { KeyReservations } from './keys/key-reservations.ts';
import type { LastLogs } from './last-logs.ts';
import type { Namesakes } from './apply/namesakes.ts';
import type { Observations } from './observations.ts';
import type { OptIns } from './opt-in.ts';
import type { OwnEvents } from './own-events.ts';
import type { Pauses } from './pauses.ts';
import type { Repairs } from './apply/repairs.ts';
import type { StatusWriter } from './status-writer.ts';
import type { Suspensions } from './suspensions.ts';
import type { VolumeRecords } from './volumes/volume-records.ts';
import type { Watches } from './watches.ts';

export interface NodeDeps {
  readonly cluster: Cluster;
  readonly events: Events;
  readonly asker: Asker;
  readonly runtime: Runtime;
  readonly settings: Settings;
  readonly notify: Notify;
  readonly watches: Watches;
  /** The watches of jobs: nodes wait until these are complete, because a job may pause them. */
  readonly jobs: { isComplete(): boolean };
  /** Whether a job has begun its work on the node, `namespace/name`. */
  readonly isWorkedOn: (nodeKey: string) => boolean;
  readonly capabilities: CapabilitiesReader;
  readonly applier: ObjectApplier;
  readonly identities: Identities;
  readonly keyReservations: KeyReservations;
  readonly optIns: OptIns;
  /** The node as the desired branch declares it now; undefined when no file does or Git was not read yet. */
  readonly declared: (nodeKey: string) => DesiredNode | undefined;
  readonly lastLogs: LastLogs;
  readonly namesakes: Namesakes;
  readonly observations: Observations;
  readonly ownEvents: OwnEvents;
  readonly pauses: Pauses;
  readonly repairs: Repairs;
  readonly statusWriter: StatusWriter;
  readonly suspensions: Pick<Suspensions, 'of'>;
  readonly volumeRecords: VolumeRecords;
  readonly memory: Pick<Memory, 'isKnown'>;
}
