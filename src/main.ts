// Starts the process: settings → ports → controller → signals. Creates everything that does I/O, and hands it to the controller.

import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';

import type { Logger } from 'pino';

import { createReadCache } from './desired/read-cache.ts';
import type { GitSource, StatusBranch } from './git/engine.ts';
import type { GitCredentials } from './git/remote.ts';
import { createGitSource } from './git/source.ts';
import { createStatusBranch } from './git/status-branch.ts';
import { type ApiCluster, connectCluster } from './kube/api-cluster.ts';
import { type Events, makeEvents } from './kube/events.ts';
import { inNamespaces } from './kube/namespaced.ts';
import { defined } from './lib/defined.ts';
import type { Redactor } from './lib/redact.ts';
import { type Controller, startController } from './controller/controller.ts';
import { prepareCluster } from './controller/prepare-cluster.ts';
import { takeLease } from './controller/take-lease.ts';
import type { Settings } from './controller/engine/options.ts';
import { QUEUES } from './controller/engine/queues.ts';
import type { Runtime } from './controller/engine/runtime.ts';
import type { SelfUpdateOptions } from './controller/upgrade/options.ts';
import { Upgrader } from './controller/upgrade/upgrader.ts';
import { createAsker } from './rpc/ask.ts';
import type { Signer } from './signatures/ssh-signer.ts';
import type { Trust } from './signatures/verifier.ts';
import { createHealth, type Health } from './web/health.ts';
import { createMetrics, type Metrics } from './web/metrics.ts';
import { startWeb } from './web/server.ts';
import { startWebhook, type WebhookOptions } from './web/webhook.ts';

interface Address {
  readonly host: string;
  readonly port: number;
}

export interface ProcessOptions {
  readonly settings: Settings;
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  /** The only namespaces that the controller has rights in; undefined when it has rights in all. */
  readonly namespaces: readonly string[] | undefined;
  readonly statusBranch: string | undefined;
  readonly dataDir: string;
  readonly listen: Address;
  /** Where probes are also answered, apart from `listen`. */
  readonly probeListen: Address | undefined;
  /** Where pushes are announced; undefined when the branch is only looked at in intervals. */
  readonly webhook: (Address & Pick<WebhookOptions, 'secret'>) | undefined;
  readonly credentials: () => Promise<GitCredentials | undefined>;
  readonly ca: string | undefined;
  /** Whose signatures the desired branch must carry; undefined when signatures are not verified. */
  readonly trust: Trust | undefined;
  /** Signs the commits of the status branch. */
  readonly sign: Signer | undefined;
  /** Sends Git credentials over plain HTTP. */
  readonly allowHttp: boolean;
  readonly redactor: Redactor;
  /** How the controller changes its own version; undefined when it may not. */
  readonly selfUpdate: SelfUpdateOptions | undefined;
  readonly log: Logger;
}

const FIRST_SYNC = 'the first sync';
const IDENTITY = identity();

/** A reconciliation that has run for this many times its deadline hangs. */
const HANGING = 1.5;

/** Runs until SIGTERM or SIGINT, or until the lease is lost. Resolves to the exit code. */
export async function runProcess(options: ProcessOptions): Promise<0 | 1> {
  saveMemory('at once');
  const { log, settings } = options;
  const ending = new AbortController();
  let code: 0 | 1 = 0;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      log.info({ signal }, 'Ending');
      ending.abort(new Error(`received ${signal}`));
    });
  }
  const metrics = createMetrics({ version: settings.version, now: Date.now });
  const health = createHealth({ deadlines: deadlines(), awaits: [FIRST_SYNC], startedAt: Date.now() });
  const state = { health: () => health.state(Date.now()), metrics };
  const web = await startWeb({ ...options.listen, ...state });
  const probes =
    options.probeListen === undefined
      ? undefined
      : await startWeb({ ...options.probeListen, health: state.health, metrics: undefined });
  log.info(
    { port: web.port, version: settings.version, executor: settings.executor, repo: settings.origin },
    'Started',
  );
  let cluster: ApiCluster | undefined;
  try {
    cluster = connect(options, metrics);
    const lost = await work({ options, cluster, metrics, health, signal: ending.signal });
    if (lost !== undefined) {
      code = 1;
      log.error({ reason: lost }, 'Lost the lease; ending so that two controllers never act at once');
    }
  } catch (error) {
    if (!ending.signal.aborted) throw error;
  } finally {
    await cluster?.close();
    await Promise.all([web.close(), probes?.close()]);
  }
  log.info({}, 'Ended');
  return code;
}

/**
 * The process runs for months and mostly waits: memory is worth more than speed, but not while a whole fleet is read for
 * the first time. The young generation of the heap never grows beyond its initial size; after the first sync the whole heap
 * is kept small, also while the objects of the nodes are still created: waiting for their end made a thousand nodes 12 %
 * faster and took 406 MB at the peak instead of 279. V8 reads both flags while the process runs (src/heap).
 */
function saveMemory(when: 'at once' | 'once synced'): void {
  setFlagsFromString(when === 'at once' ? '--semi-space-growth-factor=1' : '--optimize-for-size');
}

function deadlines(): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(QUEUES).map(([name, { deadlineMs }]) => [name, deadlineMs * HANGING]));
}

function connect({ kubeconfig, context, namespaces, log }: ProcessOptions, { telemetry }: Metrics): ApiCluster {
  const cluster = connectCluster({
    ...defined({ kubeconfig, context }),
    log,
    onRequest: ({ verb, kind, code }) =>
      telemetry.kubeRequest({ verb, kind, code: /^\d+$/.test(code) ? Number(code) : 'error' }),
  });
  return namespaces === undefined ? cluster : inNamespaces(cluster, namespaces);
}

interface Work {
  readonly options: ProcessOptions;
  readonly cluster: ApiCluster;
  readonly metrics: Metrics;
  readonly health: Health;
  readonly signal: AbortSignal;
}

interface Turn extends Work {
  readonly events: Events;
  readonly runtime: Runtime;
  readonly upgrader: Upgrader | undefined;
}

type End =
  | { readonly end: 'ended' }
  | { readonly end: 'lost'; readonly why: string }
  /** To the other version of the controller. */
  | { readonly end: 'handed over' };

/** Resolves to why the lease was lost, or undefined after a clean end. */
async function work(work: Work): Promise<string | undefined> {
  const { options, cluster, signal } = work;
  const { settings, log, selfUpdate } = options;
  const { namespace, ownNamespace } = settings;
  await prepareCluster({ cluster, namespace, ownNamespace, log, signal });
  const { redactor } = options;
  const events = makeEvents({ cluster, component: 'nodewright', instance: settings.executor, redactor, log });
  const runtime = { now: Date.now, random: Math.random, log, telemetry: work.metrics.telemetry };
  const upgrader =
    selfUpdate === undefined
      ? undefined
      : new Upgrader({ cluster, events, runtime, ...settings, identity: IDENTITY, options: selfUpdate });
  for (;;) {
    const end = await workAsLeader({ ...work, events, runtime, upgrader });
    if (end.end !== 'handed over') return end.end === 'lost' ? end.why : undefined;
  }
}

/** One turn: waits for the Lease, works, and gives the Lease back. */
async function workAsLeader(turn: Turn): Promise<End> {
  const { options, cluster, metrics, health, signal } = turn;
  const { settings, log } = options;
  for (const queue of Object.keys(QUEUES)) health.rest(queue);
  await awaitTurn(turn);
  const losing = Promise.withResolvers<string>();
  const lease = await takeLease(
    {
      cluster,
      settings,
      events: turn.events,
      identity: IDENTITY,
      onLost: losing.resolve,
      explain: (why) => health.explain(FIRST_SYNC, why),
      log,
    },
    signal,
  );
  metrics.telemetry.leading(true);
  try {
    return await runController(turn, losing.promise);
  } finally {
    metrics.telemetry.leading(false);
    await lease.release();
  }
}

/** During an upgrade only one of both versions competes for the Lease. */
async function awaitTurn({ upgrader, health, signal }: Turn): Promise<void> {
  if (upgrader === undefined) return;
  const mayBeReady = await upgrader.awaitTurn(signal, async (ms) => await sleep(ms, undefined, { signal }));
  // A rolling update of the chart ends the old pod, which then gives its Lease back, only when this one is ready.
  if (mayBeReady && (await upgrader.isLed().catch(() => false))) health.arrived(FIRST_SYNC);
}

async function runController(turn: Turn, lost: Promise<string>): Promise<End> {
  const { options, cluster, metrics, health, signal, events, upgrader, runtime } = turn;
  const { source, statusBranch } = openGit(options);
  const asker = createAsker();
  const losing = new AbortController();
  void lost.then((why) => losing.abort(new Error(`lost the lease: ${why}`)));
  const controller = await startController(
    {
      cluster,
      source,
      statusBranch,
      asker,
      trust: options.trust,
      events,
      readCache: createReadCache(),
      redactor: options.redactor,
      settings: options.settings,
      upgrader,
      runtime,
    },
    AbortSignal.any([signal, losing.signal]),
  );
  const webhook =
    options.webhook && (await startWebhook({ ...options.webhook, onPush: () => controller.requestSync() }));
  // At once: a rolling update and a fail-over wait for it.
  void controller.synced.then(() => health.arrived(FIRST_SYNC));
  let isSmall = false;
  const watchdog = setInterval(() => {
    watch(controller, health, metrics);
    if (isSmall || !controller.isSynced) return;
    isSmall = true;
    saveMemory('once synced');
  }, 2000);
  try {
    const ended = new Promise<End>((resolve) => {
      const end = (): void => resolve({ end: 'ended' });
      if (signal.aborted) end();
      else signal.addEventListener('abort', end, { once: true });
    });
    const leaving = upgrader?.leaving.then((): End => ({ end: 'handed over' }));
    const losing = lost.then((why): End => ({ end: 'lost', why }));
    return await Promise.race([ended, losing, ...(leaving === undefined ? [] : [leaving])]);
  } finally {
    clearInterval(watchdog);
    await webhook?.close();
    await controller.stop({ silent: losing.signal.aborted });
    await Promise.all([source.close(), statusBranch?.close(), asker.close(), events.flush()]);
  }
}

function openGit({ settings, credentials, ca, dataDir, statusBranch, allowHttp, sign }: ProcessOptions): {
  source: GitSource;
  statusBranch: StatusBranch | undefined;
} {
  const remote = { url: settings.origin, credentials, ca, allowHttp };
  return {
    source: createGitSource({ ...remote, directory: join(dataDir, 'desired') }),
    statusBranch:
      statusBranch === undefined
        ? undefined
        : createStatusBranch({ ...remote, directory: join(dataDir, 'status'), branch: statusBranch, sign }),
  };
}

/** A queue whose reconciliations do not hang beats, also when it is empty. */
function watch(controller: Controller, health: Health, { telemetry }: Metrics): void {
  const now = Date.now();
  for (const [name, { busyMs, deadlineMs, depth, waitingSince }] of Object.entries(controller.queues())) {
    telemetry.queue(name, { depth, waitingSince });
    if (busyMs < deadlineMs) health.beat(name, now);
  }
}

/** In a pod its name: only one process of a pod runs at a time, so a restarted container continues at once. */
function identity(): string {
  const { POD_NAME: pod } = process.env;
  return pod === undefined || pod === '' ? `${hostname()}_${randomBytes(6).toString('hex')}` : pod;
}
