// One coordination.k8s.io/v1 Lease as a candidate sees it: who holds it, since when, and taking it.

import type { KubeObject, Ref } from '../../api/objects.ts';
import type { Cluster } from '../cluster.ts';
import { isKubeError } from '../kube-error.ts';
import type { Log } from '../log.ts';
import { ReleaseProof, type Sightings } from './sightings.ts';

export interface LeaseRecordOptions {
  readonly cluster: Pick<Cluster, 'get' | 'create' | 'replace'>;
  readonly namespace: string;
  readonly name: string;
  readonly identity: string;
  readonly durationMs: number;
  /** What this process has seen of other holders. */
  readonly sightings: Sightings;
  readonly log: Log;
}

interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}

export class LeaseRecord {
  readonly #options: LeaseRecordOptions;
  readonly #ref: Ref;
  readonly #proof = new ReleaseProof();
  /** The lease as last seen. */
  #seen: KubeObject | undefined;
  /** Whether it was ours at our last write. */
  #isTaken = false;
  /** When we found it without a holder although it was ours, by our monotonic clock. */
  #emptiedAt: readonly number[] = [];
  #hasSaidUnproven = false;

  constructor(options: LeaseRecordOptions) {
    const { namespace, name } = options;
    this.#options = options;
    this.#ref = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace, name };
  }

  /** The holder at the last read; empty when there was none. */
  get holder(): string {
    return this.#seen === undefined ? '' : holderOf(this.#seen);
  }

  /** Someone empties or deletes it as fast as we renew it: others might not see us any more. */
  get isEmptiedAgain(): boolean {
    return this.#emptiedAt.length >= EMPTIED_TOO_OFTEN;
  }

  /**
   * Takes or renews the lease if that is possible now. Resolves to the moment (performance.now) before the write was
   * sent, or to undefined; never rejects. Once the signal aborted, nothing is written any more.
   */
  async tryOnce(signal: AbortSignal): Promise<number | undefined> {
    try {
      const lease = await this.#options.cluster.get(this.#ref);
      this.#observe(lease);
      if (signal.aborted || !this.#mayTake(lease)) return undefined;
      const since = performance.now();
      await this.#write(lease, this.#ourSpec(lease), this.#proof.held);
      this.#isTaken = true;
      return since;
    } catch (error) {
      // A conflict means that another candidate was faster; the next attempt reads which.
      if (!isKubeError(error, 'CONFLICT', 'ALREADY_EXISTS')) {
        this.#options.log.warn({ lease: this.#options.name, err: error }, 'Getting the lease failed');
      }
      return undefined;
    }
  }

  /** Leaves it without a holder, and with the proof, if it is still ours; never rejects. Call it when no work is under way. */
  async giveBack(): Promise<void> {
    const { cluster, identity, log, name } = this.#options;
    try {
      const lease = await cluster.get(this.#ref);
      if (lease === undefined || specOf(lease).holderIdentity !== identity) return;
      const spec = { ...specOf(lease), holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTime() };
      await this.#write(lease, spec, this.#proof.released);
    } catch (error) {
      log.warn({ lease: name, err: error }, 'Releasing the lease failed; it expires');
    }
  }

  #observe(lease: KubeObject | undefined): void {
    const { durationMs, sightings } = this.#options;
    sightings.see(lease);
    this.#seen = lease ?? this.#seen;
    if (!this.#isTaken || (lease !== undefined && holderOf(lease) !== '')) return;
    const now = performance.now();
    this.#emptiedAt = [...this.#emptiedAt.filter((at) => now - at <= durationMs), now];
  }

  /** Its times are not read: they are another's, and those who may write a Lease can put any there. */
  #mayTake(lease: KubeObject | undefined): boolean {
    const { identity, name, sightings, log } = this.#options;
    const holder = lease === undefined ? '' : holderOf(lease);
    // Ours stays ours while no other holds it: the write fails when that has changed.
    if (this.#isTaken) return holder === '' || holder === identity;
    if (holder === '' && !sightings.isFree && !this.#hasSaidUnproven) {
      this.#hasSaidUnproven = true;
      log.warn({ lease: name, holder: sightings.holder }, 'The lease was emptied or deleted, and not by its holder, or by an older version: waiting as if it was held'); // prettier-ignore
    }
    return sightings.isFree;
  }

  #ourSpec(old: KubeObject | undefined): LeaseSpec {
    const { identity, durationMs } = this.#options;
    const before = old === undefined ? {} : specOf(old);
    const isRenewal = before.holderIdentity === identity;
    const now = microTime();
    return {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(durationMs / 1000),
      acquireTime: isRenewal ? (before.acquireTime ?? now) : now,
      renewTime: now,
      leaseTransitions: (before.leaseTransitions ?? 0) + (isRenewal || old === undefined ? 0 : 1),
    };
  }

  async #write(
    old: KubeObject | undefined,
    spec: LeaseSpec,
    annotations: Readonly<Record<string, string>>,
  ): Promise<void> {
    const { cluster, name, namespace } = this.#options;
    const { apiVersion, kind } = this.#ref;
    // The write has the version that was read, so it fails when the lease changed in between.
    const before = old?.metadata ?? { name, namespace };
    const metadata = { ...before, annotations: { ...before.annotations, ...annotations } };
    const object = { apiVersion, kind, metadata, spec };
    this.#seen = old === undefined ? await cluster.create(object) : await cluster.replace(object);
  }
}

/** So many times within its duration. Between two of them a process that waits may have seen us. */
const EMPTIED_TOO_OFTEN = 3;

function holderOf(lease: KubeObject): string {
  return specOf(lease).holderIdentity ?? '';
}

function specOf(lease: KubeObject): LeaseSpec {
  // The edge: the API server has validated it.
  return lease['spec'] ?? {};
}

/** MicroTime of meta/v1: RFC 3339 with six digits. */
function microTime(): string {
  return new Date().toISOString().replace('Z', '000Z');
}
