// The process's part in an upgrade: reads the Deployment, asks the state machine, and performs its move.

import type { Cluster } from '../../kube/cluster.ts';
import type { Events } from '../../kube/events.ts';
import { controllerLease, readLeaseHolder } from '../../kube/lease/holder.ts';
import { isKubeError } from '../../kube/kube-error.ts';
import { describeError } from '../../lib/errors.ts';
import { decide, type Move } from '../../upgrade/decide.ts';
import { failureOf, type RolloutPod } from '../../upgrade/rollout.ts';
import { isUnderWay, type UpgradeState } from '../../upgrade/state.ts';
import type { Runtime } from '../engine/runtime.ts';
import { announceState } from './announce.ts';
import { deploymentRef, type OwnDeployment, readDeployment, writeDeployment } from './deployment.ts';
import type { SelfUpdateOptions } from './options.ts';
import { listPods } from './pods.ts';

export interface UpgraderDeps {
  readonly cluster: Pick<Cluster, 'get' | 'list' | 'patch'>;
  readonly events: Events;
  readonly runtime: Runtime;
  readonly executor: string;
  /** Of the controller's Lease. */
  readonly namespace: string;
  /** Of this process, as it holds the Lease. */
  readonly identity: string;
  readonly options: SelfUpdateOptions;
}

export interface Step {
  readonly live: OwnDeployment;
  readonly move: Move;
}

/** How often an upgrade under way is looked at. */
export const POLL_MS = 2000;

/** One of a process, whether or not it holds the Lease. */
export class Upgrader {
  readonly deps: UpgraderDeps;
  #leaving = Promise.withResolvers<void>();
  /** The holder and its time as last read, and when they were first read so, by our monotonic clock. */
  #seenLease: { readonly text: string; readonly at: number } | undefined;
  /** Since when this process stands by and no new version holds the Lease, by its monotonic clock. */
  #withoutLeaseSince: number | undefined;

  constructor(deps: UpgraderDeps) {
    this.deps = deps;
  }

  /** Resolves when the leader must end its work and give the Lease back. */
  get leaving(): Promise<void> {
    return this.#leaving.promise;
  }

  /**
   * Resolves when this process may compete for the Lease: to true when it may also be ready while it waits, as the successor
   * that the chart installed; false when it must lead first, as the version that is tried.
   */
  async awaitTurn(signal: AbortSignal, sleep: (ms: number) => Promise<void>): Promise<boolean> {
    this.#leaving = Promise.withResolvers();
    this.#withoutLeaseSince = undefined;
    for (let isFirst = true; ; isFirst = false) {
      signal.throwIfAborted();
      try {
        const step = await this.step({ leads: false, isSynced: false });
        if (step === undefined) return true;
        const { move, live } = step;
        if (move.do === 'work') return !isUnderWay(live.state) || live.state.to !== this.deps.options.image;
        if (isFirst && move.do === 'stand by')
          this.deps.runtime.log.info(
            { image: live.image, phase: live.state?.phase },
            'Standing by for the new version',
          );
        if (move.do === 'write') continue;
      } catch (error) {
        this.#report(error);
      }
      await sleep(POLL_MS);
    }
  }

  /** Whether another pod holds the Lease and renews it. */
  async isLed(): Promise<boolean> {
    const holder = await this.#holder();
    return holder !== '' && holder !== this.deps.identity;
  }

  /** Decides and acts once. Undefined when there is no Deployment: then there is nothing to upgrade. */
  async step({ leads, isSynced }: { readonly leads: boolean; readonly isSynced: boolean }): Promise<Step | undefined> {
    const { cluster, options, runtime } = this.deps;
    const live = await readDeployment(cluster, deploymentRef(options.deployment));
    if (live === undefined) return undefined;
    const { state } = live;
    const failure = isUnderWay(state) ? await this.#failure(live, state, leads) : undefined;
    const move = decide({ image: options.image, leads, isSynced, deployment: live, failure });
    if (move.do === 'write') await this.write(live, move);
    else if (move.do === 'hand over') {
      runtime.log.info({ image: live.image, phase: state?.phase }, 'Handing over to the other version');
      this.#leaving.resolve();
    }
    return { live, move };
  }

  /** One atomic write, and what follows from it. */
  async write(live: OwnDeployment, write: { readonly state: UpgradeState; readonly image?: string }): Promise<void> {
    await writeDeployment(this.deps.cluster, live, write);
    announceState(live.object, write.state, this.deps);
  }

  async #failure(live: OwnDeployment, state: UpgradeState, leads: boolean) {
    const { cluster, runtime, options } = this.deps;
    const pods = await listPods(cluster, live, state.to);
    const isStandingBy = !leads && options.image === state.from && state.phase !== 'Rolling';
    const withoutLeaseMs = isStandingBy ? await this.#withoutLease(pods) : undefined;
    return failureOf(state, { now: runtime.now(), pods, withoutLeaseMs });
  }

  async #withoutLease(pods: readonly RolloutPod[]): Promise<number | undefined> {
    const holder = await this.#holder();
    const isHeld = pods.some(({ name }) => name === holder);
    if (isHeld) this.#withoutLeaseSince = undefined;
    else this.#withoutLeaseSince ??= performance.now();
    return this.#withoutLeaseSince === undefined ? undefined : performance.now() - this.#withoutLeaseSince;
  }

  /** Of a Lease that is renewed: seen to change lately, or at first sight renewed lately by the clock of its holder. */
  async #holder(): Promise<string> {
    const { cluster, executor, namespace, runtime } = this.deps;
    const lease = await readLeaseHolder(cluster, controllerLease(executor, namespace));
    if (lease?.renewedAt === undefined) return '';
    const now = performance.now();
    const text = `${lease.holder} ${lease.renewedAt}`;
    // Also one in the future is no renewal: anyone who may write Leases can name any time.
    const isRecent = Math.abs(runtime.now() - lease.renewedAt) <= LEASE_AGE_MS;
    if (this.#seenLease?.text !== text)
      this.#seenLease = { text, at: this.#seenLease !== undefined || isRecent ? now : Number.NEGATIVE_INFINITY };
    return now - this.#seenLease.at > LEASE_AGE_MS ? '' : lease.holder;
  }

  /** Another process was faster, or the API server does not answer: the next look decides. */
  #report(error: unknown): void {
    const facts = { reason: describeError(error) };
    if (isKubeError(error, 'CONFLICT', 'INVALID'))
      this.deps.runtime.log.debug(facts, 'Upgrade state changed in between');
    else this.deps.runtime.log.warn(facts, 'Reading the own Deployment failed');
  }
}

const LEASE_AGE_MS = 30_000;

export function hasChanged(error: unknown): boolean {
  return isKubeError(error, 'CONFLICT', 'INVALID');
}
