// One coordination.k8s.io/v1 Lease as a candidate sees it: who holds it, since when, and taking it.

import type { KubeObject, Ref } from '../../api/objects.ts';
import type { Cluster } from '../cluster.ts';
import { isKubeError } from '../kube-error.ts';
import type { Log } from '../log.ts';
import { promiseMs } from './wait-notice.ts';

export interface LeaseRecordOptions {
  readonly cluster: Pick<Cluster, 'get' | 'create' | 'replace'>;
  readonly namespace: string;
  readonly name: string;
  readonly identity: string;
  readonly durationMs: number;
  /** `MAX_PROMISE_MS` unless given. */
  readonly maxPromiseMs?: number;
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
  /** The lease as last seen, and when it was first seen like that, by our monotonic clock. */
  #seen: { readonly object: KubeObject; readonly at: number } | undefined;

  constructor(options: LeaseRecordOptions) {
    const { namespace, name } = options;
    this.#options = options;
    this.#ref = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace, name };
  }

  /** The holder at the last read; empty when there was none. */
  get holder(): string {
    return this.#seen === undefined ? '' : (specOf(this.#seen.object).holderIdentity ?? '');
  }

  /**
   * Takes or renews the lease if that is possible now. Resolves to the moment (performance.now) before the write was
   * sent, or to undefined; never rejects. Once the signal aborted, nothing is written any more.
   */
  async tryOnce(signal: AbortSignal): Promise<number | undefined> {
    try {
      const lease = await this.#options.cluster.get(this.#ref);
      if (lease !== undefined) this.#observe(lease);
      if (signal.aborted || (lease !== undefined && !this.#isFree(specOf(lease)))) return undefined;
      const since = performance.now();
      await this.#write(lease, this.#ourSpec(lease));
      return since;
    } catch (error) {
      // A conflict means that another candidate was faster; the next attempt reads which.
      if (!isKubeError(error, 'CONFLICT', 'ALREADY_EXISTS')) {
        this.#options.log.warn({ lease: this.#options.name, err: error }, 'Getting the lease failed');
      }
      return undefined;
    }
  }

  /** Leaves it without a holder if it is still ours; never rejects. */
  async giveBack(): Promise<void> {
    const { cluster, identity, log, name } = this.#options;
    try {
      const lease = await cluster.get(this.#ref);
      if (lease === undefined || specOf(lease).holderIdentity !== identity) return;
      await this.#write(lease, {
        ...specOf(lease),
        holderIdentity: '',
        leaseDurationSeconds: 1,
        renewTime: microTime(),
      });
    } catch (error) {
      log.warn({ lease: name, err: error }, 'Releasing the lease failed; it expires');
    }
  }

  #observe(object: KubeObject): void {
    if (this.#seen?.object.metadata.resourceVersion === object.metadata.resourceVersion) return;
    this.#seen = { object, at: performance.now() };
  }

  /** Its times are not read: they are another's, and those who may write a Lease can put any there. */
  #isFree({ holderIdentity = '', leaseDurationSeconds }: LeaseSpec): boolean {
    if (holderIdentity === '' || holderIdentity === this.#options.identity) return true;
    const durationMs = promiseMs(this.#options, leaseDurationSeconds);
    return this.#seen !== undefined && performance.now() - this.#seen.at > durationMs;
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

  async #write(old: KubeObject | undefined, spec: LeaseSpec): Promise<void> {
    const { cluster, name, namespace } = this.#options;
    const { apiVersion, kind } = this.#ref;
    // The write has the version that was read, so it fails when the lease changed in between.
    const object = { apiVersion, kind, metadata: old?.metadata ?? { name, namespace }, spec };
    this.#observe(old === undefined ? await cluster.create(object) : await cluster.replace(object));
  }
}

function specOf(lease: KubeObject): LeaseSpec {
  // The edge: the API server has validated it.
  return lease['spec'] ?? {};
}

/** MicroTime of meta/v1: RFC 3339 with six digits. */
function microTime(): string {
  return new Date().toISOString().replace('Z', '000Z');
}
