// Waits for the Lease of the controller, and makes a long wait visible: in the log, at /readyz, and in an Event for `nodewright status`.

import { controllerLease, readLeaseHolder } from '../kube/lease/holder.ts';
import type { Lease } from '../kube/lease/lease.ts';
import { holdSoleLease, type SoleLeaseOptions } from '../kube/lease/sole.ts';
import type { Events } from '../kube/events.ts';
import { defined } from '../lib/defined.ts';
import { emitAboutLease, type LeaseNote } from './engine/lease-events.ts';
import type { Settings } from './engine/options.ts';

interface LeaseDeps extends Pick<SoleLeaseOptions, 'cluster' | 'identity' | 'onLost' | 'times' | 'waitTimes'> {
  readonly settings: Pick<Settings, 'executor' | 'namespace'>;
  readonly events: Events;
  readonly log: NonNullable<SoleLeaseOptions['log']>;
  /** Why the process does not work yet; undefined when it does. */
  readonly explain: (why: string | undefined) => void;
}

/** The signal ends the waiting only: what was taken is kept until it is released. */
export async function takeLease(
  { settings, events, explain, log, ...options }: LeaseDeps,
  signal: AbortSignal,
): Promise<Lease> {
  const { namespace, name } = controllerLease(settings.executor, settings.namespace);
  const holder = await otherHolder({ settings, ...options });
  log.info({ lease: `${namespace}/${name}`, ...defined({ holder }) }, 'Waiting for the lease');
  if (holder !== undefined) explain(`it waits for the Lease ${namespace}/${name}, which ${holder} holds`);
  const waiting = new AbortController();
  const giveUp = (): void => waiting.abort(signal.reason);
  signal.addEventListener('abort', giveUp, { once: true });
  // It may have come while the cluster was prepared, and does not come again.
  if (signal.aborted) giveUp();
  const say = (note: Omit<LeaseNote, 'state'>): void =>
    emitAboutLease({ ...note, state: 'leading' }, { events, settings });
  let hasWaited = false;
  const lease = await holdSoleLease({
    ...options,
    namespace,
    name,
    signal: waiting.signal,
    onLongWait: ({ message }) => {
      hasWaited = true;
      explain(message);
      say({ type: 'Warning', reason: 'LeaseHeld', message });
    },
    log,
  });
  signal.removeEventListener('abort', giveUp);
  explain(undefined);
  if (hasWaited) say({ type: 'Normal', reason: 'LeaseTaken', message: 'The controller has its Lease' });
  return lease;
}

/** Undefined while it is free, or ours from before a restart, or cannot be read: then the waiting itself says why. */
async function otherHolder({
  cluster,
  settings,
  identity,
}: Pick<LeaseDeps, 'cluster' | 'settings' | 'identity'>): Promise<string | undefined> {
  const lease = controllerLease(settings.executor, settings.namespace);
  const { holder = '' } = (await readLeaseHolder(cluster, lease).catch(() => undefined)) ?? {};
  return holder === '' || holder === identity ? undefined : holder;
}
