// Creates what the reconcilers work with. The only place that knows all of it.

import { randomBytes } from 'node:crypto';

import { LABEL } from '../api/group.ts';
import { readInSteps } from '../desired/read.ts';
import { DEFAULT_SETTINGS } from '../jobs/model/settings.ts';
import { createTreeReader } from '../status/tree-nodes.ts';
import { createMemory, type Memory } from './engine/memory.ts';
import type { Notify } from './engine/notices.ts';
import type { ControllerOptions } from './engine/options.ts';
import type { FleetDeps } from './fleet/deps.ts';
import { nameCluster } from './fleet/other-cluster.ts';
import { createFleetState } from './fleet/state.ts';
import { createSuspensions, type Suspensions } from './node/suspensions.ts';
import { isUnknownExecutor } from './fleet/unlisted.ts';
import type { RequestsDeps } from './job/deps.ts';
import { hasBegun } from './job/records/open-jobs.ts';
import { keepStatuses } from './job/records/kept-statuses.ts';
import { createJobLocks } from './job/locks.ts';
import { createRecords } from './job/records.ts';
import { createSchedules } from './job/schedules/schedules.ts';
import type { JobWatches } from './job/watches.ts';
import { createObjectApplier } from './node/apply/apply-objects.ts';
import type { NodeDeps } from './node/deps.ts';
import { createIdentities } from './node/keys/identities.ts';
import { createKeyReservations } from './node/keys/key-reservations.ts';
import { createKeyLedger } from './node/keys/ledger.ts';
import { createLastLogs } from './node/last-logs.ts';
import { createNamesakes } from './node/apply/namesakes.ts';
import { createObservations } from './node/observations.ts';
import { createOwnEvents } from './node/own-events.ts';
import { createOptIns } from './node/opt-in.ts';
import { createPauses } from './node/pauses.ts';
import { createRepairs } from './node/apply/repairs.ts';
import { createStatusWriter } from './node/status-writer.ts';
import { createVolumeRecords } from './node/volumes/volume-records.ts';
import { isKeyDigest, namespaceOf, readKeys } from './node/keys/signing-secrets.ts';
import type { Watches } from './node/watches.ts';
import { refuseLeftMemory } from './left-memory.ts';
import { readCapabilities } from './capabilities/capabilities.ts';
import type { PublishDeps } from './publish/deps.ts';
import { noUpgrade, type UpgradeDeps } from './upgrade/deps.ts';

/** Of all reconcilers. */
export type Deps = NodeDeps & FleetDeps & RequestsDeps & PublishDeps & UpgradeDeps;

/** Everything but `notify`, which needs the queues. */
export type Services = Omit<Deps, 'notify'>;

export function withNotify(services: Services, notify: Notify): Deps {
  return { ...services, notify };
}

/** Objects of this executor exist: it has worked here before. */
function hasTraces(
  executor: string,
  { watches, jobs }: { readonly watches: Watches; readonly jobs: JobWatches },
): boolean {
  return [...watches.nodes.list(), ...jobs.list()].some(
    ({ metadata }) => metadata.labels?.[LABEL.executor] === executor,
  );
}

export async function createServices(
  options: ControllerOptions,
  { watches, jobs }: { readonly watches: Watches; readonly jobs: JobWatches },
): Promise<Services> {
  const { cluster, settings, runtime, readCache, redactor } = options;
  const { executor, namespace } = settings;
  const memory = await loadMemory(options, hasTraces(executor, { watches, jobs }));
  await nameCluster(memory, cluster, settings);
  const signing = await createSigning(memory, options);
  const capabilities = await readCapabilities(cluster, runtime, settings.policy);
  const records = createRecords(executor);
  const fleet = createFleetState(memory.current.appliedRevision);
  const { workerImage, stopDeadlineMs } = settings;
  const suspensions = suspensionsIn({ fleet, memory, settings, watches });
  return {
    ...options,
    watches,
    ...keepJobs({ memory, jobs }, options),
    memory,
    capabilities,
    records,
    fleet,
    suspensions,
    branchOwner: { cluster: undefined, isRead: false },
    declared: (nodeKey) => fleet.pulled?.desired.nodes.get(nodeKey),
    optIns: createOptIns(cluster),
    readInSteps: (files) =>
      readInSteps(files, { defaultNamespace: namespace, policy: settings.policy, executor, cache: readCache }),
    fileCache: new Map(),
    ...createWriting(options, watches),
    statusWriter: createStatusWriter(cluster, { heightIntervalMs: settings.heightIntervalMs, redactor }),
    ...signing,
    keyReservations: createKeyReservations({ cluster, watches, executor, ...signing }),
    lastLogs: createLastLogs(cluster),
    observations: createObservations(),
    ownEvents: createOwnEvents(cluster, runtime.now),
    pauses: createPauses(),
    volumeRecords: createVolumeRecords(memory, watches),
    locks: createJobLocks(cluster, executor),
    schedules: createSchedules({ executor, memory, records, runtime, suspensions }),
    jobSettings: { ...DEFAULT_SETTINGS, workerImage, stopDeadlineMs },
    answers: new Map(),
    createdJobs: new Map(),
    trials: new Map(),
    refusals: { current: [], areJudged: false },
    lockRecovery: { isDue: true },
    upgrade: noUpgrade(),
    published: nothingPublished(),
  };
}

/** The jobs with the statuses that count, and what follows from these. */
function keepJobs(
  { memory, jobs }: { readonly memory: Memory; readonly jobs: JobWatches },
  options: ControllerOptions,
) {
  const kept = keepStatuses({ cluster: options.cluster, memory, jobs, onRemoved: reportRemoved(memory, options) });
  return { ...kept, isWorkedOn: (nodeKey: string): boolean => hasBegun(nodeKey, { jobs: kept.jobs, memory }) };
}

function suspensionsIn(of: Parameters<typeof isUnknownExecutor>[0] & Pick<Services, 'memory'>): Suspensions {
  const { executor } = of.settings;
  return createSuspensions({ ...of, executor, isUnknownExecutor: () => isUnknownExecutor(of) });
}

/** What writes the objects of nodes. */
function createWriting(
  { cluster, runtime, events }: ControllerOptions,
  watches: Watches,
): Pick<Services, 'applier' | 'namesakes' | 'repairs'> {
  const repairs = createRepairs();
  const { ownWrites } = watches;
  return {
    repairs,
    namesakes: createNamesakes({ cluster, watches, now: runtime.now }),
    applier: createObjectApplier({ cluster, runtime, events, repairs, ownWrites }),
  };
}

/** Of older versions, or edited by hand. */
function reportRemoved({ ref }: Memory, { events, runtime }: ControllerOptions): (members: readonly string[]) => void {
  const { apiVersion, kind, name, namespace } = ref;
  return (members) => {
    const message = `Removed members that are no statuses of jobs under way: ${members.join(', ')}. They were edited by hand, or are from before an older version worked here. The statuses of the objects count in their place.`;
    runtime.log.warn({ object: `${kind} ${namespace}/${name}`, members }, 'Removing statuses from the memory');
    events.emit({
      about: { apiVersion, kind, metadata: { name, namespace } },
      type: 'Warning',
      reason: 'MemoryRepaired',
      message,
    });
  };
}

async function loadMemory(options: ControllerOptions, isKnownHere: boolean): Promise<Memory> {
  const { cluster, events, settings } = options;
  const { executor, ownNamespace, origin } = settings;
  await refuseLeftMemory({ cluster, events, settings });
  const memory: Memory = createMemory({
    cluster,
    executor,
    namespace: ownNamespace,
    origin,
    onMadeAgain: () => reportMadeAgain(memory, options),
  });
  await memory.load(isKnownHere);
  return memory;
}

/** A process that works needs no copy: it has all of it. */
function reportMadeAgain({ ref }: Memory, { events, runtime }: ControllerOptions): void {
  const { apiVersion, kind, name, namespace } = ref;
  const message = `The ConfigMap ${name}, in which the controller remembers what it applied, was deleted while the controller worked; all that it had was written again. Find out who deletes it: after a restart without it, what is only in it is lost.`;
  runtime.log.warn({ object: `${kind} ${namespace}/${name}` }, 'Made deleted memory again');
  events.emit({
    about: { apiVersion, kind, metadata: { name, namespace } },
    type: 'Warning',
    reason: 'MemoryMadeAgain',
    message,
  });
}

/** Before the status branch was read. */
function nothingPublished(): PublishDeps['published'] {
  return {
    files: undefined,
    tip: undefined,
    trouble: undefined,
    waiting: new Set(),
    reported: undefined,
    checkedAt: 0,
    recordsAt: 0,
    written: new Map(),
    reader: createTreeReader(),
    leftOut: [],
  };
}

/** What is remembered of signing. */
async function createSigning(
  memory: Memory,
  { cluster, statusBranch }: ControllerOptions,
): Promise<Pick<Services, 'identities' | 'keyLedger'>> {
  const identities = createIdentities(memory);
  await identities.migrate(async (secret) => await knownKeysIn(secret, cluster));
  const newRoot = (): string => randomBytes(32).toString('hex');
  return { identities, keyLedger: createKeyLedger({ memory, isShared: statusBranch !== undefined, newRoot }) };
}

/** Of a Secret `namespace/name`; none when it cannot be read now. */
async function knownKeysIn(secret: string, cluster: ControllerOptions['cluster']): Promise<readonly string[]> {
  const namespace = namespaceOf(secret);
  const keys = await readKeys(cluster, namespace, secret.slice(namespace.length + 1)).catch(() => []);
  return (keys ?? []).filter(isKeyDigest);
}
