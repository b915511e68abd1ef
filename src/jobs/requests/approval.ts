// Requests that use more than the default policy allows: each waits for an approval of its own digest in fleet.yaml.

import type { JobHold } from '../../api/job-step.ts';
import { digestOf } from '../../lib/hash.ts';

export interface NeededApproval {
  /** Rules of the default policy that the request breaks and the policy of the controller does not. */
  readonly rules: readonly string[];
  /** Of the request or schedule, what it asks for, and those rules. */
  readonly digest: string;
}

interface Asked {
  /** `Kind/namespace/name`; of a schedule, whose runs are approved together. */
  readonly key: string;
  readonly specDigest: string;
  readonly rules: readonly string[];
}

/** Undefined for a request that the default policy allows too. */
export function neededApproval({ key, specDigest, rules }: Asked): NeededApproval | undefined {
  if (rules.length === 0) return undefined;
  return { rules, digest: digestOf({ do: 'exception', request: key, spec: specDigest, rules }) };
}

/** Undefined when it is approved, or needs no approval. */
export function heldFor(
  needed: NeededApproval | undefined,
  approvals: ReadonlySet<string> | undefined,
): JobHold | undefined {
  if (needed === undefined || approvals?.has(needed.digest) === true) return undefined;
  return {
    guard: 'PolicyException',
    message: `it uses ${needed.rules.join(', ')}, which only the policy of this controller allows and the default policy does not. Before approving make sure that it needs that`,
    release: `To release it, add the digest ${needed.digest} to spec.approvals in fleet.yaml.`,
  };
}
