// The whole controller: what wakes each loop, and how they end. What a pass does stands in passes.ts.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import { jobKeyOf } from '../api/job-object.ts';
import { keyOf } from '../api/objects.ts';
import { readInSteps } from '../desired/read.ts';
import type { Action } from '../plan/action.ts';
import { readCapabilities } from './publish/capabilities.ts';
import { createJobParts, jobChanged, recordsLanded, wakeJobsOn } from './job/wiring.ts';
import { createJobWorld, type JobWorld } from './job/watches.ts';
import { holdLostNodes } from './job/recover-locks.ts';
import { createLastWords } from './node/last-words.ts';
import { createMemory } from './engine/memory.ts';
import { createNotes } from './node/observations.ts';
import type { ControllerOptions } from './engine/options.ts';
import { createParts } from './node/apply-objects.ts';
import { createPasses, type Rooms } from './passes.ts';
import { createPublisher } from './publish/publish.ts';
import { createPuller } from './fleet/pull.ts';
import { createQueues, type Queues } from './engine/queues.ts';
import { createSigners, type Signers } from './node/key-reservations.ts';
import { createSyncer, isOurs } from './fleet/reconcile.ts';
import { createWorld, type PartKind, type World } from './node/watches.ts';

export interface Controller {
  /** Looks at the branch now: a webhook arrived. */
  poke(): void;
  /** Whether one commit has been read and carried out; single actions may have failed, and are tried again. */
  readonly isSynced: boolean;
  /** For the watchdog and metrics, by loop. */
  loops(): Readonly<Record<string, LoopState>>;
  /**
   * Ends every loop: running passes finish or are told to stop. The last status is published, unless `silent`: whoever
   * lost the lease must not write over what the next holder says.
   */
  stop(how?: { readonly silent: boolean }): Promise<void>;
}

export interface LoopState {
  /** Milliseconds that the longest running pass has taken; 0 when none runs. */
  readonly busyMs: number;
  /** What a pass may take. */
  readonly deadlineMs: number;
  /** Keys that are due or running. */
  readonly depth: number;
  /** When the oldest key fell due whose pass has not succeeded since; undefined when no key waits. */
  readonly waitingSince: number | undefined;
}

/** Starts all loops. Waits for the cluster's lists, until `signal` aborts; Git may be down. */
export async function startController(options: ControllerOptions, signal: AbortSignal): Promise<Controller> {
  const ending = new AbortController();
  const giveUp = (): void => ending.abort(signal.reason);
  signal.addEventListener('abort', giveUp, { once: true });
  if (signal.aborted) giveUp();
  /** Set once everything is there that a pass needs; what happens before is in the first lists. */
  let queues: Queues | undefined;
  let rooms: Rooms | undefined;
  const jobWorld = createJobWorld({
    cluster: options.cluster,
    signal: ending.signal,
    onJob(key, change) {
      if (queues !== undefined && rooms !== undefined) jobChanged(key, change, { parts: rooms.jobs, queues });
    },
    onWork: (key) => queues?.jobs.add(key, 50),
  });
  const world = createWorld({
    cluster: options.cluster,
    signal: ending.signal,
    onNode(change) {
      if (queues === undefined || rooms === undefined) return;
      nodeChanged(change, queues, rooms);
      if (change.old === undefined) wakeJobsOn(change.key, rooms.jobs, queues);
    },
    onPart(key, kind) {
      if (queues === undefined || rooms === undefined) return;
      partChanged(key, kind, queues);
      if (kind === 'Pod' || kind === 'StatefulSet') wakeWaiting(rooms.signers, queues);
      if (kind === 'Pod' || kind === 'PersistentVolumeClaim') wakeJobsOn(key, rooms.jobs, queues);
    },
  });
  await Promise.all([world.synced(), jobWorld.synced()]);
  const furnished = await furnish({ world, jobWorld, wake: () => queues }, options);
  ending.signal.throwIfAborted();
  // From here on `stop` ends it: the last status is still to be published.
  signal.removeEventListener('abort', giveUp);
  rooms = furnished;
  const made: Queues = createQueues(
    options,
    createPasses(furnished, () => made),
  );
  queues = made;
  begin(furnished, made);
  return describe(furnished, made, ending);
}

interface Watched {
  readonly world: World;
  readonly jobWorld: JobWorld;
  /** The queues, once they are there. */
  readonly wake: () => Queues | undefined;
}

/** Everything the passes work with. */
async function furnish({ world, jobWorld, wake }: Watched, options: ControllerOptions): Promise<Rooms> {
  const { cluster, settings, runtime, readCache, source } = options;
  const { executor, namespace, origin } = settings;
  const memory = createMemory({ cluster, executor, namespace, origin });
  await memory.load();
  const capabilities = await readCapabilities(cluster, runtime);
  const jobs = createJobParts({ jobs: jobWorld, memory, options });
  await holdLostNodes({ cluster, jobs: jobWorld, holds: jobs.holds });
  const { identities, records } = jobs;
  const puller = createPuller({
    source,
    branch: settings.branch,
    readInSteps: (files) => readInSteps(files, { defaultNamespace: namespace, cache: readCache }),
    lastApplied: () => memory.current.appliedCommit,
    runtime,
  });
  const onHeld = (action: Action): void => heldEvent(action, world, options);
  const syncer = createSyncer({ cluster, world, memory, identities, executor, runtime, onHeld });
  const publisher = createPublisher({
    world,
    puller,
    syncer,
    capabilities: () => capabilities,
    records,
    identities,
    schedules: jobs.schedules,
    refusals: () => jobs.refusals.current,
    onRecords(keys) {
      const queues = wake();
      if (queues !== undefined) recordsLanded(keys, jobs, queues);
    },
    options,
  });
  const signers = createSigners({ cluster, world, onReleased: () => wakeWaiting(signers, wake()) });
  return {
    world,
    puller,
    syncer,
    publisher,
    jobs,
    signers,
    lastWords: createLastWords(cluster),
    notes: createNotes(),
    newcomers: new Set(),
    parts: createParts({ cluster, runtime }),
    options,
  };
}

function describe({ syncer, publisher }: Rooms, queues: Queues, ending: AbortController): Controller {
  return {
    poke() {
      queues.pull.relieve('pull');
      queues.pull.add('pull');
    },
    get isSynced() {
      return syncer.state.hasActed;
    },
    loops: () => Object.fromEntries(Object.entries(queues).map(([name, queue]) => [name, queue.state])),
    async stop({ silent } = { silent: false }) {
      const { publish, ...others } = queues;
      await Promise.all(Object.values(others).map(async (queue) => await queue.stop()));
      await publish.stop();
      if (!silent) await publisher.publish(AbortSignal.timeout(5000)).catch(() => undefined);
      ending.abort(new Error('stopping'));
    },
  };
}

/** Reading the branch for the first time has the machine to itself; what it brings, or its failure, is told at once. */
const FIRST_STATUS_MS = 5000;

function begin({ world, jobs }: Rooms, queues: Queues): void {
  queues.pull.add('pull');
  queues.publish.add('publish', FIRST_STATUS_MS);
  queues.requests.add('requests');
  for (const job of jobs.jobs.list()) queues.jobs.add(jobKeyOf(job));
  for (const node of world.nodes.list()) {
    const key = keyOf(node);
    queues.node.add(key);
    queues.observe.add(key);
  }
}

export interface NodeChange {
  readonly key: string;
  readonly old: BlockchainNode | undefined;
  readonly now: BlockchainNode | undefined;
}

/**
 * Whoever creates a thousand nodes creates all of them before anything of the first: the end of the outer loop's pass
 * sets them free (`passes.ts`), or this time, so that one create that hangs delays no other node.
 */
const NEWCOMER_MS = 2000;

/** Our own status writes wake nobody: the publisher is woken by the report that made them. */
function nodeChanged({ key, old, now }: NodeChange, queues: Queues, { newcomers, options }: Rooms): void {
  const sample = now ?? old;
  if (sample === undefined) return;
  if (old !== undefined && now !== undefined && fingerprint(old) === fingerprint(now)) return;
  queues.sync.add('sync', 20);
  if (!isOurs(sample, options.settings.executor)) return;
  if (old === undefined) newcomers.add(key);
  queues.node.add(key, old === undefined ? NEWCOMER_MS : 0);
  if (now === undefined) queues.publish.add('publish', 1000);
}

function fingerprint({ metadata }: BlockchainNode): string {
  const { uid, generation, deletionTimestamp, labels, annotations } = metadata;
  return JSON.stringify([uid, generation, deletionTimestamp, labels, annotations]);
}

/** Who waits for a key looks again whenever somebody may have given one up. */
function wakeWaiting({ waiting }: Pick<Signers, 'waiting'>, queues: Queues | undefined): void {
  for (const key of waiting) queues?.node.add(key, 20);
}

function partChanged(key: string, kind: PartKind, queues: Queues): void {
  if (kind === 'Pod') queues.observe.add(key);
  else queues.node.add(key, 20);
  queues.report.add(key, 20);
}

function heldEvent(action: Action, world: World, { events }: ControllerOptions): void {
  const live = world.nodes.get(keyOf(action.ref));
  if (live === undefined || action.hold === undefined) return;
  const message = `${action.because}. Held: ${action.hold.message} ${action.hold.release}`;
  events.emit({ about: live, type: 'Warning', reason: action.hold.guard, message });
}
