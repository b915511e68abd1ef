// A model of everything that takes part in an upgrade: the Deployment with its two ReplicaSets, the Lease, and the processes of
// both versions. Each step is one thing that can happen; a process can be killed between any two of its own.

import { decide } from '../../src/upgrade/decide.ts';
import { failureOf, type RolloutPod } from '../../src/upgrade/rollout.ts';
import type { UpgradeState } from '../../src/upgrade/state.ts';

export const OLD = 'r/n:1';
export const NEW = 'r/n:2@sha256:00';

/** How the new version behaves. */
export type Fault =
  'none' | 'no pull' | 'crashes' | 'never able' | 'never synced' | 'dies as leader' | 'dies when ready';

interface Process {
  readonly image: string;
  isRunning: boolean;
  /** What it wants: set by its own decision, which may be old when it acts. */
  competes: boolean;
  isSynced: boolean;
  restarts: number;
  readyFor: number;
}

const WINDOW = 3;
const DEADLINE = 60;
/** Steps that a Lease of a dead holder lasts. */
const LEASE = 4;

export class World {
  now = 0;
  image = OLD;
  state: UpgradeState | undefined;
  holder: Process | undefined;
  leaseAge = 0;
  /** How many pods led at once, at most. */
  leaders = 0;
  pods: Process[] = [newPod(OLD)];
  readonly #fault: Fault;

  constructor(fault: Fault) {
    this.#fault = fault;
  }

  begin(): void {
    const state = { executor: 'a', request: '2', version: '2', from: OLD, to: NEW, startedAt: this.now };
    this.state = { ...state, phase: 'Rolling', deadlineAt: this.now + DEADLINE };
    this.image = NEW;
  }

  /** The Deployment's controller: a pod of the template, and no less than one that was ready for long enough. */
  rollOut(): void {
    const wanted = this.pods.filter((pod) => pod.image === this.image);
    if (wanted.length === 0) this.pods.push(newPod(this.image));
    const isAvailable = wanted.some((pod) => pod.readyFor >= WINDOW);
    const others = this.pods.filter((pod) => pod.image !== this.image);
    if (!isAvailable) return;
    for (const pod of others) {
      if (this.holder === pod) this.holder = undefined;
      this.pods.splice(this.pods.indexOf(pod), 1);
    }
  }

  /** The kubelet. */
  restart(pod: Process): void {
    if (pod.isRunning || (this.#fault === 'no pull' && pod.image === NEW)) return;
    pod.isRunning = true;
  }

  /** A container ends; its pod stays. */
  kill(pod: Process | undefined): void {
    if (pod === undefined || !pod.isRunning) return;
    Object.assign(pod, { isRunning: false, competes: false, isSynced: false, readyFor: 0 });
  }

  crash(pod: Process): void {
    if (pod.isRunning) pod.restarts++;
    this.kill(pod);
  }

  /** A pod is deleted, and its ReplicaSet makes another one. */
  replace(pod: Process | undefined): void {
    const index = pod === undefined ? -1 : this.pods.indexOf(pod);
    if (pod === undefined || index < 0) return;
    if (this.holder === pod) this.holder = undefined;
    this.pods[index] = newPod(pod.image);
  }

  /** One decision of a process, and its one write. */
  act(pod: Process): void {
    if (!pod.isRunning) return;
    if (this.#isBad(pod, 'crashes')) return this.crash(pod);
    if (this.#isBad(pod, 'never able')) return;
    const leads = this.holder === pod;
    const failure = this.state === undefined ? undefined : failureOf(this.state, this.#rollout(pod, leads));
    const { image, state } = this;
    const isRolledOut = this.pods.every((one) => one.image === this.image && one.readyFor >= WINDOW);
    const deployment = { image, state, isRolledOut };
    const move = decide({ image: pod.image, leads, isSynced: leads && pod.isSynced, deployment, failure });
    if (move.do === 'write') {
      this.state = move.state;
      this.image = move.image ?? this.image;
      return;
    }
    pod.competes = move.do === 'work';
    if (move.do === 'hand over') Object.assign(pod, { isSynced: false });
    if (move.do === 'hand over') this.holder = undefined;
  }

  /** A leader works, and what it needs for that. */
  work(pod: Process): void {
    if (this.holder !== pod || !pod.isRunning) return;
    if (this.#isBad(pod, 'dies as leader')) return this.crash(pod);
    if (this.#isBad(pod, 'never synced')) return;
    pod.isSynced = true;
  }

  compete(pod: Process): void {
    if (!pod.isRunning || !pod.competes) return;
    const isFree = this.holder === undefined || (!this.holder.isRunning && this.leaseAge > LEASE);
    if (isFree) this.holder = pod;
  }

  tick(): void {
    this.now++;
    this.leaseAge = this.holder?.isRunning === true ? 0 : this.leaseAge + 1;
    for (const pod of this.pods) if (pod.readyFor >= WINDOW - 1 && this.#isBad(pod, 'dies when ready')) this.crash(pod);
    for (const pod of this.pods) pod.readyFor = this.#isReady(pod) ? pod.readyFor + 1 : 0;
    this.leaders = Math.max(this.leaders, this.pods.filter((pod) => this.holder === pod).length);
  }

  #isReady(pod: Process): boolean {
    const isTried = this.state !== undefined && pod.image === this.state.to && this.image === this.state.to;
    if (!pod.isRunning) return false;
    const isUnderWay = this.state?.phase !== 'Complete' && this.state?.phase !== 'Failed';
    return isTried && isUnderWay ? this.holder === pod && pod.isSynced : this.holder !== undefined;
  }

  #isBad(pod: Process, fault: Fault): boolean {
    return this.#fault === fault && pod.image === NEW;
  }

  #rollout(pod: Process, leads: boolean) {
    const pods = this.pods.filter(({ image }) => image === this.state?.to).map((one) => this.#view(one));
    const standsBy = !leads && pod.image === OLD && this.state?.phase !== 'Rolling';
    const isHeld = this.holder?.image === NEW && this.holder.isRunning;
    return { now: this.now, pods, withoutLeaseMs: standsBy && !isHeld ? this.leaseAge * 1000 : undefined };
  }

  #view(pod: Process): RolloutPod {
    const isBlocked = this.#fault === 'no pull' && !pod.isRunning;
    return {
      name: pod.image,
      isScheduled: true,
      restarts: pod.restarts,
      isReady: this.#isReady(pod),
      waiting: isBlocked ? { reason: 'ImagePullBackOff', message: '' } : undefined,
    };
  }
}

function newPod(image: string): Process {
  return { image, isRunning: false, competes: false, isSynced: false, restarts: 0, readyFor: 0 };
}
