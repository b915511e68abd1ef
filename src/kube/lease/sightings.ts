// What a process that waits for a Lease has seen of those who held it. A Lease that names no holder any more is no proof that the last one
// has stopped: anyone who may write it can empty or delete it. A holder proves its release with a secret whose hash was on the Lease before.

import { randomBytes } from 'node:crypto';

import { ANNOTATION } from '../../api/group.ts';
import type { KubeObject } from '../../api/objects.ts';
import { sha256 } from '../../lib/hash.ts';
import { textAt, valueAt } from '../../lib/json-value.ts';
import { promiseMs } from './wait-notice.ts';

export interface SightingTimes {
  /** Our own. */
  readonly durationMs: number;
  readonly maxPromiseMs?: number;
}

interface Sighting {
  readonly holder: string;
  /** How long it counts. */
  readonly durationMs: number;
  /** Of the hash on the Lease; empty for an older version, which proves nothing. */
  readonly proof: string;
  /** When a change was last seen that can be its own, by our monotonic clock. */
  at: number;
}

const MAX_HOLDER_LENGTH = 300;

/** Of one Lease. The clocks of others are never read. */
export class Sightings {
  readonly #times: SightingTimes;
  readonly #identity: string;
  /** Everyone who was seen as the holder, and neither proved that it has stopped nor was silent for its duration. */
  readonly #unproven = new Map<string, Sighting>();
  /** Of the last read; undefined when there was no Lease. */
  #version: string | undefined;
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(identity: string, times: SightingTimes) {
    this.#identity = identity;
    this.#times = times;
  }

  /** Call it after each read; undefined when there was no Lease. */
  see(lease: KubeObject | undefined): void {
    const now = performance.now();
    const version = lease?.metadata.resourceVersion;
    // Of a time when the API server could not be asked nothing is known, also when the Lease is missing as before.
    const wasBlind = now - this.#readAt > this.#times.durationMs;
    if (version !== this.#version || (lease === undefined && wasBlind)) {
      this.#forgetSilent();
      this.#note(lease, { now, wasBlind });
    }
    this.#version = version;
    this.#readAt = now;
  }

  /** At the last read: no one whom we saw can still work as the holder. */
  get isFree(): boolean {
    return [...this.#unproven.values()].every((one) => this.#isSilent(one));
  }

  /** Whom we wait for; empty when there is no one. */
  get holder(): string {
    return [...this.#unproven.values()].findLast((one) => !this.#isSilent(one))?.holder ?? '';
  }

  #isSilent({ at, durationMs }: Sighting): boolean {
    return this.#readAt - at > durationMs;
  }

  #forgetSilent(): void {
    for (const [key, one] of this.#unproven) if (this.#isSilent(one)) this.#unproven.delete(key);
  }

  #believeRelease(secret: string | undefined): void {
    if (secret === undefined || secret.length > 2 * SECRET_BYTES) return;
    const proof = sha256(secret);
    for (const [key, one] of this.#unproven) if (one.proof === proof) this.#unproven.delete(key);
  }

  /** Of a Lease that has changed. */
  #note(lease: KubeObject | undefined, { now, wasBlind }: { readonly now: number; readonly wasBlind: boolean }): void {
    if (lease !== undefined) this.#believeRelease(textAt(lease, ['metadata', 'annotations', ANNOTATION.leaseReleased]));
    const current = lease === undefined ? undefined : this.#sightingIn(lease, now);
    // A renewal may have been undone. A holder that is not named because another is notices that itself.
    if (current === undefined || wasBlind) for (const one of this.#unproven.values()) one.at = now;
    if (current !== undefined) this.#unproven.set(`${current.proof} ${current.holder}`, current);
  }

  #sightingIn(lease: KubeObject, at: number): Sighting | undefined {
    const holder = textAt(lease, ['spec', 'holderIdentity']) ?? '';
    if (holder === '' || holder === this.#identity) return undefined;
    const proof = textAt(lease, ['metadata', 'annotations', ANNOTATION.leaseProof]) ?? '';
    return {
      holder: holder.slice(0, MAX_HOLDER_LENGTH),
      durationMs: promiseMs(this.#times, valueAt(lease, ['spec', 'leaseDurationSeconds'])),
      proof: /^[0-9a-f]{64}$/.test(proof) ? proof : '',
      at,
    };
  }
}

const SECRET_BYTES = 32;

/** The secret of one holder, for one time of holding the Lease. */
export class ReleaseProof {
  readonly #secret = randomBytes(SECRET_BYTES).toString('hex');

  /** For the Lease, as long as it is held. */
  get held(): Readonly<Record<string, string>> {
    return { [ANNOTATION.leaseProof]: sha256(this.#secret) };
  }

  /** For the Lease that is given back: only now others learn the secret. */
  get released(): Readonly<Record<string, string>> {
    return { ...this.held, [ANNOTATION.leaseReleased]: this.#secret };
  }
}
