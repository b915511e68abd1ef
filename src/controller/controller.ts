// Starts and stops the controller. triggers.ts lists what queues a reconciliation, reconcilers.ts what each does.

import { createServices, type Deps, withNotify } from './deps.ts';
import type { ControllerOptions } from './engine/options.ts';
import type { QueueState } from './engine/queue.ts';
import { createQueues, queueNames, type QueueName, type Queues } from './engine/queues.ts';
import { createNotify } from './engine/trigger.ts';
import { createJobListener } from './job/job-changes.ts';
import { learnPauses } from './job/records/learn-pauses.ts';
import { pauseNodesOfLostJobs } from './job/recover-locks.ts';
import { startJobWatches } from './job/watches.ts';
import { CHECK_MS, createObservationCheck } from './node/stopped-observations.ts';
import { startWatches } from './node/watches.ts';
import { publishStatus } from './publish/publish.ts';
import { createReconcilers } from './reconcilers.ts';
import { TRIGGERS } from './triggers.ts';

export interface Controller {
  /** Reads the branch now: a webhook arrived. */
  requestSync(): void;
  /** Whether the plan of a commit was applied once; actions that failed are tried again. */
  readonly isSynced: boolean;
  /** Resolves when that becomes true. */
  readonly synced: Promise<void>;
  /** For the watchdog and metrics. */
  queues(): Readonly<Record<QueueName, QueueState>>;
  /**
   * Running reconciliations end or are aborted. The last status is published, unless `silent`: a process that lost the
   * lease must not overwrite the status of the next holder.
   */
  stop(how?: { readonly silent: boolean }): Promise<void>;
}

/** Waits for the lists of the cluster, until `signal` aborts; Git may be down. */
export async function startController(options: ControllerOptions, signal: AbortSignal): Promise<Controller> {
  const ending = new AbortController();
  const giveUp = (): void => ending.abort(signal.reason);
  signal.addEventListener('abort', giveUp, { once: true });
  if (signal.aborted) giveUp();
  const watches = startWatches(options.cluster, ending.signal);
  const jobs = startJobWatches(options.cluster, ending.signal);
  await Promise.all([watches.synced(), jobs.synced()]);
  const services = await createServices(options, { watches, jobs });
  await pauseNodesOfLostJobs(services);
  ending.signal.throwIfAborted();
  // From here on `stop` ends it: the last status has still to be published.
  signal.removeEventListener('abort', giveUp);
  const queues = createQueues(options.runtime);
  const { settings } = options;
  const view = {
    executor: settings.executor,
    watches,
    jobs: services.jobs,
    keyReservations: services.keyReservations,
    observations: services.observations,
  };
  const deps = withNotify(services, createNotify({ triggers: TRIGGERS, queues, view, delays: settings }));
  startReconciling(deps, queues);
  const checking = setInterval(createObservationCheck(deps), CHECK_MS);
  ending.signal.addEventListener('abort', () => clearInterval(checking), { once: true });
  return controllerOf(deps, queues, ending);
}

/** Without a pause, so that no change is lost between the lists and the subscriptions. */
function startReconciling(deps: Deps, queues: Queues): void {
  const { jobs, watches, notify } = deps;
  for (const job of jobs.list()) learnPauses(job, deps);
  jobs.subscribe(createJobListener(deps));
  watches.subscribe(notify);
  const reconcilers = createReconcilers(deps);
  for (const name of queueNames()) queues[name].start(reconcilers[name]);
  notify('Started', {});
}

function controllerOf(deps: Deps, queues: Queues, ending: AbortController): Controller {
  return {
    requestSync: () => deps.notify('SyncRequested', {}),
    get isSynced() {
      return deps.fleet.isSynced;
    },
    synced: deps.fleet.firstSync.promise,
    queues: () => ({
      pull: queues.pull.state,
      sync: queues.sync.state,
      node: queues.node.state,
      observe: queues.observe.state,
      report: queues.report.state,
      requests: queues.requests.state,
      jobs: queues.jobs.state,
      upgrade: queues.upgrade.state,
      publish: queues.publish.state,
    }),
    async stop({ silent } = { silent: false }) {
      const { publish, ...others } = queues;
      await Promise.all(Object.values(others).map(async (queue) => await queue.stop()));
      await publish.stop();
      if (!silent) await publishStatus(deps, AbortSignal.timeout(5000)).catch(() => undefined);
      ending.abort(new Error('stopping'));
    },
  };
}
