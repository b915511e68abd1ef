// Starts the process: settings → ports → controller → signals. Creates everything that does I/O, and hands it to the controller.

import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';

import type { Logger } from 'pino';

import { createReadCache } from './desired/read-cache.ts';
import type { GitSource, StatusBranch } from './git/engine.ts';
import type { GitCredentials } from './git/remote.ts';
import { createGitSource } from './git/source.ts';
import { createStatusBranch } from './git/status-branch.ts';
import { type ApiCluster, connectCluster } from './kube/api-cluster.ts';
import { makeEvents } from './kube/events.ts';
import { inNamespaces } from './kube/namespaced.ts';
import { holdSoleLease } from './kube/lease/sole.ts';
import { defined } from './lib/defined.ts';
import type { Redactor } from './lib/redact.ts';
import { type Controller, startController } from './controller/controller.ts';
import { prepareCluster } from './controller/prepare-cluster.ts';
import type { Settings } from './controller/engine/options.ts';
import { QUEUES } from './controller/engine/queues.ts';
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
  readonly log: Logger;
}

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
  const health = createHealth({ deadlines: deadlines(), awaits: ['the first sync'], startedAt: Date.now() });
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
    const lost = await workAsLeader({ options, cluster, metrics, health, signal: ending.signal });
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

/** Resolves to why the lease was lost, or undefined after a clean end. */
async function workAsLeader(work: Work): Promise<string | undefined> {
  const { options, cluster, metrics, health, signal } = work;
  const { settings, log } = options;
  for (const queue of Object.keys(QUEUES)) health.rest(queue);
  await prepareCluster({ cluster, namespace: settings.namespace, log, signal });
  const losing = Promise.withResolvers<string>();
  log.info({ lease: `nodewright-${settings.executor}` }, 'Waiting for the lease');
  const waiting = new AbortController();
  const giveUp = (): void => waiting.abort(signal.reason);
  signal.addEventListener('abort', giveUp, { once: true });
  const lease = await holdSoleLease({
    cluster,
    namespace: settings.namespace,
    name: `nodewright-${settings.executor}`,
    identity: identity(),
    signal: waiting.signal,
    onLost: losing.resolve,
    log,
  });
  // From here on the lease is kept until the controller has stopped.
  signal.removeEventListener('abort', giveUp);
  metrics.telemetry.leading(true);
  try {
    return await runController(work, losing.promise);
  } finally {
    metrics.telemetry.leading(false);
    await lease.release();
  }
}

async function runController(work: Work, lost: Promise<string>): Promise<string | undefined> {
  const { options, cluster, metrics, health, signal } = work;
  const { source, statusBranch } = openGit(options);
  const asker = createAsker();
  const events = makeEvents({
    cluster,
    component: 'nodewright',
    instance: options.settings.executor,
    log: options.log,
  });
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
      runtime: { now: Date.now, random: Math.random, log: options.log, telemetry: metrics.telemetry },
    },
    AbortSignal.any([signal, losing.signal]),
  );
  const webhook =
    options.webhook && (await startWebhook({ ...options.webhook, onPush: () => controller.requestSync() }));
  let isSmall = false;
  const watchdog = setInterval(() => {
    watch(controller, health, metrics);
    if (isSmall || !controller.isSynced) return;
    isSmall = true;
    saveMemory('once synced');
  }, 2000);
  try {
    const ended = new Promise<undefined>((resolve) => {
      if (signal.aborted) resolve(undefined);
      else signal.addEventListener('abort', () => resolve(undefined), { once: true });
    });
    return await Promise.race([ended, lost]);
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
  if (controller.isSynced) health.arrived('the first sync');
}

/** In a pod its name: only one process of a pod runs at a time, so a restarted container continues at once. */
function identity(): string {
  const { POD_NAME: pod } = process.env;
  return pod === undefined || pod === '' ? `${hostname()}_${randomBytes(6).toString('hex')}` : pod;
}
