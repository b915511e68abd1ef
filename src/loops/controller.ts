// The whole controller: the loops, what wakes each, and how they end.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import { keyOf } from '../api/objects.ts';
import { readDesired } from '../desired/read.ts';
import type { Action } from '../plan/action.ts';
import { readCapabilities } from './capabilities.ts';
import { createMemory } from './memory.ts';
import { convergeNode } from './node.ts';
import { createNotes, type Notes } from './notes.ts';
import { observeNode } from './observe.ts';
import type { ControllerOptions } from './options.ts';
import { createParts } from './parts.ts';
import { podAddress } from './pod.ts';
import { createPublisher } from './publish.ts';
import { createPuller } from './pull.ts';
import { createQueues, type Queues } from './queues.ts';
import { reportNode } from './report.ts';
import { createSyncer, isOurs } from './sync.ts';
import { createWorld, type PartKind, type World } from './world.ts';

export interface Controller {
  /** Looks at the branch now: a webhook arrived. */
  poke(): void;
  /** Whether one commit has been read and carried out. */
  readonly isSynced: boolean;
  /** Milliseconds that the longest running pass of each loop has taken; for the watchdog. */
  busyFor(): Readonly<Record<string, number>>;
  /** Ends every loop: running passes finish or are told to stop, the last status is published. */
  stop(): Promise<void>;
}

/** Starts all loops. Rejects when the cluster can't be read at all; Git may be down. */
export async function startController(options: ControllerOptions): Promise<Controller> {
  const { cluster, runtime, settings } = options;
  const ending = new AbortController();
  const notes = createNotes();
  const memory = createMemory({
    cluster,
    executor: settings.executor,
    namespace: settings.namespace,
    origin: settings.origin,
  });
  const wake = { queues: undefined as Queues | undefined };
  const world = createWorld({
    cluster,
    signal: ending.signal,
    onNode: (key, old, now) =>
      wake.queues !== undefined && nodeChanged({ key, old, now }, wake.queues, settings.executor),
    onPart: (key, kind) => wake.queues !== undefined && partChanged(key, kind, wake.queues),
  });
  await world.synced();
  await memory.load();
  const capabilities = await readCapabilities(cluster, runtime);

  const puller = createPuller({
    source: options.source,
    branch: settings.branch,
    readDesired: (files) => readDesired(files, { defaultNamespace: settings.namespace, cache: options.readCache }),
    lastApplied: () => memory.current.appliedCommit,
    runtime,
  });
  const onHeld = (action: Action): void => heldEvent(action, world, options);
  const syncer = createSyncer({ cluster, world, memory, executor: settings.executor, runtime, onHeld });
  const publisher = createPublisher({
    world,
    puller,
    syncer,
    capabilities: () => capabilities,
    redactor: options.redactor,
    options,
  });
  const parts = createParts({ cluster, runtime });

  const wakePublisher = (): void => queues.publish.add('publish', settings.publishDelayMs);
  const queues: Queues = createQueues(options, {
    async pull(_key, signal) {
      const before = puller.state;
      try {
        if (await puller.pull(signal)) queues.sync.add('sync');
      } finally {
        if (puller.state.trouble?.message !== before.trouble?.message) wakePublisher();
      }
      return { kind: 'again', afterMs: settings.intervalMs * (0.95 + 0.1 * runtime.random()) };
    },
    async sync(_key, signal) {
      const { pulled } = puller.state;
      if (pulled === undefined) return { kind: 'done' };
      try {
        await syncer.sync(pulled, signal);
      } finally {
        for (const key of notes.setHolds(syncer.state.plan)) queues.report.add(key);
        wakePublisher();
      }
      return { kind: 'done' };
    },
    async node(key) {
      const node = ownNode(key, world, settings.executor);
      if (node === undefined) return forget(key, { notes, options });
      notes.setTrouble(key, await convergeNode(node, { cluster, world, parts, runtime }));
      queues.report.add(key);
      return { kind: 'done' };
    },
    async observe(key, signal) {
      const node = ownNode(key, world, settings.executor);
      if (node === undefined || podAddress(world.parts(key, 'Pod')) === undefined) {
        if (notes.setFacts(key, new Map(), runtime.now())) queues.report.add(key);
        return { kind: 'done' };
      }
      notes.setFacts(key, await observeNode(node, { world, asker: options.asker }, signal), runtime.now());
      queues.report.add(key);
      return { kind: 'again', afterMs: observeDelay(node, options) };
    },
    async report(key) {
      const node = ownNode(key, world, settings.executor);
      if (node === undefined) return { kind: 'done' };
      const { changed } = await reportNode(
        { node, ...notes.of(key) },
        { cluster, world, runtime, events: options.events },
      );
      if (changed) wakePublisher();
      return { kind: 'done' };
    },
    async publish(_key, signal) {
      await publisher.publish(signal);
      return { kind: 'done' };
    },
  });
  wake.queues = queues;
  begin(world, queues);

  return {
    poke: () => {
      queues.pull.relieve('pull');
      queues.pull.add('pull');
    },
    get isSynced() {
      return syncer.state.plan !== undefined && syncer.state.failures.length === 0;
    },
    busyFor: () => Object.fromEntries(Object.entries(queues).map(([name, queue]) => [name, queue.busyForMs])),
    async stop() {
      const { publish, ...others } = queues;
      await Promise.all(Object.values(others).map(async (queue) => await queue.stop()));
      await publish.stop();
      await publisher.publish(AbortSignal.timeout(5000)).catch(() => undefined);
      ending.abort(new Error('stopping'));
    },
  };
}

function begin(world: World, queues: Queues): void {
  queues.pull.add('pull');
  queues.publish.add('publish');
  for (const node of world.nodes.list()) {
    const key = keyOf(node);
    queues.node.add(key);
    queues.observe.add(key);
  }
}

function ownNode(key: string, world: World, executor: string): BlockchainNode | undefined {
  const node = world.nodes.get(key);
  return node === undefined || node.metadata.deletionTimestamp !== undefined || !isOurs(node, executor)
    ? undefined
    : node;
}

interface NodeChange {
  readonly key: string;
  readonly old: BlockchainNode | undefined;
  readonly now: BlockchainNode | undefined;
}

/** A change of status wakes nobody but the publisher, who is woken by the report that made it. */
function nodeChanged({ key, old, now }: NodeChange, queues: Queues, executor: string): void {
  const sample = now ?? old;
  if (sample === undefined) return;
  const same = old !== undefined && now !== undefined && fingerprint(old) === fingerprint(now);
  if (same) return;
  queues.sync.add('sync', 50);
  if (!isOurs(sample, executor)) return;
  queues.node.add(key);
  if (now === undefined) queues.publish.add('publish', 1000);
}

function fingerprint({ metadata }: BlockchainNode): string {
  const { uid, generation, deletionTimestamp, labels, annotations } = metadata;
  return JSON.stringify([uid, generation, deletionTimestamp, labels, annotations]);
}

function partChanged(key: string, kind: PartKind, queues: Queues): void {
  if (kind !== 'Pod') queues.node.add(key, 20);
  if (kind === 'Pod') queues.observe.add(key);
  queues.report.add(key, 20);
}

function forget(key: string, { notes, options }: { notes: Notes; options: ControllerOptions }): { kind: 'done' } {
  notes.forget(key);
  const [namespace = '', name = ''] = key.split('/');
  options.runtime.telemetry.forgetNode(namespace, name);
  return { kind: 'done' };
}

/** A node that is not yet, or no longer, well is asked oftener. */
function observeDelay(node: BlockchainNode, { settings, runtime }: ControllerOptions): number {
  const calm = node.status?.phase === 'Running';
  const base = calm ? settings.observeIntervalMs : Math.min(settings.observeIntervalMs, 2000);
  return base * (0.9 + 0.2 * runtime.random());
}

function heldEvent(action: Action, world: World, { events }: ControllerOptions): void {
  if (action.hold === undefined) return;
  const live = world.nodes.get(keyOf(action.ref));
  if (live === undefined) return;
  const message = `${action.because}. Held: ${action.hold.message} ${action.hold.release}`;
  events.emit({ about: live, type: 'Warning', reason: action.hold.guard, message });
}
