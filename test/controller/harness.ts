// The controller in this process with real ports: every request, log line and figure of it can be seen.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pino } from 'pino';

import type { PolicySpec } from '../../src/api/policy.ts';
import { crds } from '../../src/desired/crds.ts';
import { completePolicy } from '../../src/desired/policy-file.ts';
import { createReadCache } from '../../src/desired/read-cache.ts';
import type { GitCredentials } from '../../src/git/remote.ts';
import { createGitSource } from '../../src/git/source.ts';
import { createStatusBranch } from '../../src/git/status-branch.ts';
import { connectCluster } from '../../src/kube/api-cluster.ts';
import { applyCrds } from '../../src/kube/crds.ts';
import { makeEvents } from '../../src/kube/events.ts';
import { createRedactor } from '../../src/lib/redact.ts';
import { type Controller, startController } from '../../src/controller/controller.ts';
import { ensureNamespace } from '../../src/controller/fleet/namespace.ts';
import type { ControllerOptions, Settings } from '../../src/controller/engine/options.ts';
import { createAsker } from '../../src/rpc/ask.ts';
import { createMetrics } from '../../src/web/metrics.ts';
import { waitFor } from '../support/wait-for.ts';
import { BRANCH, type Fleet, STATUS_BRANCH } from './fleet.ts';

/** One request to the API server. */
export interface SeenKubeRequest {
  readonly verb: string;
  readonly kind: string;
  readonly code: string;
  readonly path: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string };

export interface Running {
  readonly controller: Controller;
  /** Everything asked of the API server so far, watches too. */
  readonly requests: readonly SeenKubeRequest[];
  /** Everything logged so far. */
  readonly log: readonly LogLine[];
  readonly metrics: () => Promise<string>;
  /** As SIGTERM would: ends the loops, publishes, closes. Calling it twice is harmless. */
  stop(): Promise<void>;
}

export interface RunOptions {
  /** Default: the fleet's. */
  readonly kubeconfig?: string;
  readonly settings?: Partial<Settings>;
  /** Default: that of a controller without a file. */
  readonly policy?: PolicySpec;
  readonly credentials?: () => Promise<GitCredentials | undefined>;
  readonly ports?: Partial<Pick<ControllerOptions, 'asker'>>;
  /** Default: signatures are not verified. */
  readonly trust?: ControllerOptions['trust'];
  /** Signs the commits of the status branch. */
  readonly sign?: (payload: Uint8Array) => Promise<string>;
  /** Folder for Git objects; a temporary one when not given. */
  readonly dataDir?: string;
  /** Gives up starting. */
  readonly signal?: AbortSignal;
}

/** Changes wake the controller at once through `requestSync`; `intervalMs` is only the fallback. */
const FAST: Omit<Settings, 'executor' | 'namespace' | 'ownNamespace' | 'origin' | 'policy'> = {
  branch: BRANCH,
  intervalMs: 500,
  observeIntervalMs: 500,
  heightIntervalMs: 60_000,
  publishDelayMs: 50,
  progressDelayMs: 50,
  statusLookMs: 60_000,
  version: '0.0.0-test',
  workerImage: 'nodewright.invalid/worker:test',
  stopDeadlineMs: 60_000,
};

/** Starts it as `main.ts` does, without lease and web server. */
export async function runController(fleet: Fleet, options: RunOptions = {}): Promise<Running> {
  const requests: SeenKubeRequest[] = [];
  const log: LogLine[] = [];
  const logger = pino({ level: 'info', base: null }, { write: (line) => void log.push(JSON.parse(line) as LogLine) });
  const cluster = connectCluster({
    kubeconfig: options.kubeconfig ?? fleet.kubeconfig,
    log: logger,
    onRequest: ({ verb, kind, path, code }) => void requests.push({ verb, kind, path, code, at: Date.now() }),
  });
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'nodewright-loops-')));
  const remote = { url: fleet.url, credentials: options.credentials ?? (async () => await Promise.resolve(undefined)) };
  const source = createGitSource({ ...remote, directory: join(dataDir, 'desired') });
  const statusBranch = createStatusBranch({
    ...remote,
    directory: join(dataDir, 'status'),
    branch: STATUS_BRANCH,
    sign: options.sign,
  });
  const asker = options.ports?.asker ?? createAsker();
  const redactor = createRedactor([]);
  const events = makeEvents({ cluster, component: 'nodewright', instance: fleet.executor, redactor, log: logger });
  const metrics = createMetrics({ version: FAST.version, now: Date.now });
  const { executor, namespace } = fleet;
  const policy = completePolicy(options.policy ?? {}, { namespace, workerImage: FAST.workerImage });
  const controller = await startController(
    {
      cluster,
      source,
      statusBranch,
      asker,
      trust: options.trust,
      events,
      readCache: createReadCache(),
      redactor,
      upgrader: undefined,
      settings: {
        ...FAST,
        executor,
        namespace,
        ownNamespace: namespace,
        origin: fleet.url,
        policy,
        ...options.settings,
      },
      runtime: { now: Date.now, random: Math.random, log: logger, telemetry: metrics.telemetry },
    },
    options.signal ?? new AbortController().signal,
  );
  let stopping: Promise<void> | undefined;
  async function end(): Promise<void> {
    await controller.stop();
    await Promise.all([source.close(), statusBranch.close(), asker.close(), events.flush()]);
    await cluster.close();
    if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
  }
  return { controller, requests, log, metrics: () => metrics.text(), stop: () => (stopping ??= end()) };
}

const installed = new Map<string, Promise<unknown>>();

/** What `main.ts` does before the loops: kinds, once for each cluster, and the namespace. */
export async function prepare(fleet: Fleet): Promise<void> {
  const { kubeconfig, cluster, namespace } = fleet;
  if (!installed.has(kubeconfig)) installed.set(kubeconfig, applyCrds(cluster, crds()));
  await installed.get(kubeconfig);
  await ensureNamespace(cluster, namespace);
}

/** Requests that change or read objects: all but the watches. */
export function work(requests: readonly SeenKubeRequest[]): readonly SeenKubeRequest[] {
  return requests.filter(({ verb }) => verb !== 'watch' && verb !== 'list');
}

/** The same without what other tests in the cluster cause: their lost jobs and locks are looked at by every controller. */
export function ownWork({ requests }: Running, { namespace }: Fleet): readonly SeenKubeRequest[] {
  return work(requests).filter(({ path }) => (/\/namespaces\/([^/]+)\//.exec(path)?.[1] ?? namespace) === namespace);
}

/**
 * Resolves when nothing but watches was asked for so long: idleness is the fact that is waited for. Throws when there is
 * still something after 30 s, which is what a fight looks like.
 */
export async function idleFor(running: Running, ms: number): Promise<void> {
  const since = Date.now();
  await waitFor(
    `no request for ${ms} ms`,
    () => Date.now() - (work(running.requests).at(-1)?.at ?? since) >= ms && Date.now() - since >= ms,
  );
}

type Publishing = Pick<Running, 'controller'> | undefined;

/** Waits until the controller has applied a commit and published that. */
export async function published(fleet: Fleet, running: Publishing, commit: string): Promise<void> {
  await publishedLine(fleet, running, `applied: ${BRANCH}@sha1:${commit}`);
}

/** Waits until the controller has published that it saw a commit, which it may hold. */
export async function publishedAsSeen(fleet: Fleet, running: Publishing, commit: string): Promise<void> {
  await publishedLine(fleet, running, `seen: ${BRANCH}@sha1:${commit}`);
}

async function publishedLine(fleet: Fleet, running: Publishing, line: string): Promise<void> {
  running?.controller.requestSync();
  await waitFor(`sync.yaml says ${line}`, () => fleet.statusFile('sync.yaml')?.includes(line));
}
