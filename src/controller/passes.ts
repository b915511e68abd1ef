// What one pass of each loop does, told in one place.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import type { NodeReason } from '../api/codes/node-reasons.ts';
import type { NodeHold } from './node/pauses.ts';
import { jobPass, type JobParts, type JobPassRooms, requestsPass } from './job/wiring.ts';
import { convergeNode, type NodeTrouble } from './node/reconcile.ts';
import type { LastWords } from './node/last-words.ts';
import type { Notes } from './node/observations.ts';
import { observeNode } from './node/observe.ts';
import type { ControllerOptions } from './engine/options.ts';
import type { Parts } from './node/apply-objects.ts';
import { podAddress } from './node/pod.ts';
import type { Publisher } from './publish/publish.ts';
import type { Puller } from './fleet/pull.ts';
import type { PassResult } from './engine/queue.ts';
import type { Passes, Queues } from './engine/queues.ts';
import { reportNode } from './node/report.ts';
import type { Signers } from './node/key-reservations.ts';
import { isOurs, type Syncer } from './fleet/reconcile.ts';
import type { World } from './node/watches.ts';

/** What the passes work with. */
export interface Rooms {
  readonly world: World;
  readonly puller: Puller;
  readonly syncer: Syncer;
  readonly publisher: Publisher;
  readonly notes: Notes;
  /** Keys of nodes that were not there before: the end of the outer loop's pass sets the inner loop on them. */
  readonly newcomers: Set<string>;
  readonly parts: Parts;
  readonly jobs: JobParts;
  readonly signers: Signers;
  readonly lastWords: LastWords;
  readonly options: ControllerOptions;
}

/** `queues` is asked when a pass wants another loop to look: the queues are made from these passes. */
export function createPasses(rooms: Rooms, queues: () => Queues): Passes {
  return {
    pull: async (_key, signal) => await pull(rooms, queues(), signal),
    sync: async (_key, signal) => await sync(rooms, queues(), signal),
    node: async (key) => await node(rooms, queues(), key),
    observe: async (key, signal) => await observe({ rooms, queues: queues(), key }, signal),
    report: async (key) => await report(rooms, queues(), key),
    requests: async (_key, signal) =>
      isBlind(rooms) ? LATER : await requestsPass(jobPassRooms(rooms), queues(), signal),
    jobs: async (key, signal) =>
      isBlind(rooms) ? LATER : await jobPass(jobPassRooms(rooms), queues(), { key, signal }),
    async publish(_key, signal) {
      const { publisher, options } = rooms;
      await publisher.publish(signal);
      return options.statusBranch === undefined ? DONE : { kind: 'again', afterMs: options.settings.statusLookMs };
    },
  };
}

function jobPassRooms({ jobs, world, notes, puller, syncer, options }: Rooms): JobPassRooms {
  return { parts: jobs, world, notes, puller, syncer, options };
}

const DONE: PassResult = { kind: 'done' };

/** A permission may be granted at any time, and nothing tells us. */
const LATER: PassResult = { kind: 'again', afterMs: 5000 };

/** Who may not see all that belongs to a node must not act: an old pod may live, a claim may be there already. */
function isBlind({ world, jobs }: Rooms): boolean {
  return world.blind().length > 0 || jobs.jobs.isBlind();
}

function blindness({ world }: Rooms): NodeTrouble {
  const kinds = world.blind().join(', ') || 'jobs';
  return {
    reason: 'Forbidden',
    message: `the controller may not watch ${kinds}, and changes nothing of the node unseen; grant its role again`,
    stalled: true,
  };
}

/** Looks at the branch; what is new goes to the outer loop, what is wrong to the status. */
async function pull({ puller, options }: Rooms, queues: Queues, signal: AbortSignal): Promise<PassResult> {
  const { settings, runtime } = options;
  const before = puller.state.trouble;
  try {
    if (await puller.pull(signal)) {
      queues.sync.add('sync');
      queues.requests.add('requests');
    }
  } finally {
    if (puller.state.trouble?.message !== before?.message) {
      // The host is back for reading: writing need not wait until its own backoff is over.
      if (puller.state.trouble === undefined) queues.publish.relieve('publish');
      wakePublisher(queues, options);
    }
  }
  return { kind: 'again', afterMs: settings.intervalMs * (0.95 + 0.1 * runtime.random()) };
}

/** Outer loop: what was read last becomes objects; nodes whose hold changed report it. */
async function sync(
  { puller, syncer, notes, newcomers, options }: Rooms,
  queues: Queues,
  signal: AbortSignal,
): Promise<PassResult> {
  const { pulled } = puller.state;
  if (pulled === undefined) return DONE;
  try {
    await syncer.sync(pulled, signal);
  } finally {
    for (const key of newcomers) queues.node.add(key);
    newcomers.clear();
    for (const key of notes.setHolds(syncer.state.plan)) queues.report.add(key);
    wakePublisher(queues, options);
  }
  return DONE;
}

/** Inner loop: one node's objects. */
async function node(rooms: Rooms, queues: Queues, key: string): Promise<PassResult> {
  const { world, notes, parts, jobs, signers, options } = rooms;
  const { cluster, runtime, settings } = options;
  const found = ownNode(key, world, settings.executor);
  if (found === undefined) {
    notes.forget(key);
    signers.release(key);
    const [namespace = '', name = ''] = key.split('/');
    runtime.telemetry.forgetNode(namespace, name);
    return DONE;
  }
  if (isBlind(rooms)) {
    notes.setTrouble(key, blindness(rooms));
    queues.report.add(key);
    return LATER;
  }
  const trouble = await convergeNode(found, { cluster, world, parts, runtime, signers, ...jobs });
  notes.setTrouble(key, trouble);
  queues.report.add(key);
  return trouble?.retryMs === undefined ? DONE : { kind: 'again', afterMs: trouble.retryMs };
}

interface Observed {
  readonly rooms: Rooms;
  readonly queues: Queues;
  readonly key: string;
}

/** Asks the node's processes, as long as there is a pod to ask. */
async function observe({ rooms, queues, key }: Observed, signal: AbortSignal): Promise<PassResult> {
  const { world, notes, options } = rooms;
  const { asker, runtime, settings } = options;
  const found = ownNode(key, world, settings.executor);
  if (found === undefined || podAddress(world.parts(key, 'Pod')) === undefined) {
    if (notes.setFacts(key, new Map(), runtime.now())) queues.report.add(key);
    return DONE;
  }
  notes.setFacts(key, await observeNode(found, { world, asker }, signal), runtime.now());
  queues.report.add(key);
  return { kind: 'again', afterMs: observeDelay(found, options) };
}

/** Status from everything known; a change of it is published. */
async function report(
  { world, notes, jobs, lastWords, options }: Rooms,
  queues: Queues,
  key: string,
): Promise<PassResult> {
  const { cluster, runtime, events, settings } = options;
  const found = ownNode(key, world, settings.executor);
  if (found === undefined) return DONE;
  const { heightIntervalMs } = settings;
  const known = notes.of(key);
  const hold = known.hold ?? jobHold(jobs.holds.of(key));
  const { changed, status } = await reportNode(
    { ...known, node: jobs.identities.effective(found), hold },
    { cluster, world, runtime, events, lastWords, heightIntervalMs },
  );
  if (changed) wakePublisher(queues, options);
  // Nobody asks a pod that does not run, yet what is to be said of it changes with time alone. Without a pod nothing does.
  const pods = world.parts(key, 'Pod');
  const waits = pods.length > 0 && podAddress(pods) === undefined;
  return waits && status.phase !== 'Running' && status.phase !== 'Stopped'
    ? { kind: 'again', afterMs: WAITING_MS }
    : DONE;
}

/** How often the status of a node whose pod can't be asked is looked at, besides every change of its objects. */
const WAITING_MS = 15_000;

/** A job's hold, in the words that the node's status shows. */
function jobHold(hold: NodeHold | undefined): { reason: NodeReason; message: string; by: string } | undefined {
  return hold === undefined
    ? undefined
    : { reason: 'Job', message: `${hold.by} keeps the node stopped while it works`, by: hold.by };
}

function ownNode(key: string, world: World, executor: string): BlockchainNode | undefined {
  const found = world.nodes.get(key);
  return found === undefined || found.metadata.deletionTimestamp !== undefined || !isOurs(found, executor)
    ? undefined
    : found;
}

function wakePublisher(queues: Queues, { settings }: ControllerOptions): void {
  queues.publish.add('publish', settings.publishDelayMs);
}

/** A node that is not yet, or no longer, well is asked oftener. */
function observeDelay({ status }: BlockchainNode, { settings, runtime }: ControllerOptions): number {
  const base = status?.phase === 'Running' ? settings.observeIntervalMs : Math.min(settings.observeIntervalMs, 2000);
  return base * (0.9 + 0.2 * runtime.random());
}
