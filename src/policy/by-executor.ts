// The policies of several controllers, for a check of a repository that all of them read.

import { digestOf } from '../lib/hash.ts';
import type { Policy } from './policy.ts';

/** `other`: for executors that are not in `policies`. */
export function byExecutor(policies: ReadonlyMap<string, Policy>, other: Policy): Policy {
  const digests = Object.fromEntries([...policies].map(([executor, { digest }]) => [executor, digest]));
  return {
    ...other,
    digest: digestOf([other.digest, digests]),
    forExecutor: (executor) => policies.get(executor) ?? other,
  };
}

/** What judges the files of that executor. */
export function policyOfExecutor(policy: Policy, executor: string | undefined): Policy {
  return policy.forExecutor?.(executor ?? '') ?? policy;
}
