// An admission policy of the administrator, in the namespace of one fleet.

import { byHand } from './by-hand.ts';
import type { Fleet } from './fleet.ts';

export interface Denied {
  readonly apiGroups: readonly string[];
  readonly apiVersions: readonly string[];
  readonly operations: readonly ('CREATE' | 'UPDATE' | 'DELETE')[];
  readonly resources: readonly string[];
  /** What is allowed, in CEL. */
  readonly expression: string;
}

/** In the answer of the API server. */
export const RULES = 'the house rules forbid it';

/** Resolves to how to remove it. The API server compiles the policy in the background: wait until it denies. */
export async function deny(fleet: Fleet, { expression, ...rule }: Denied): Promise<() => Promise<void>> {
  const name = `deny-${fleet.executor}`;
  const group = 'admissionregistration.k8s.io';
  const policy = {
    apiVersion: `${group}/v1`,
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name },
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: { resourceRules: [rule] },
      validations: [{ expression, message: RULES }],
    },
  };
  const binding = {
    apiVersion: `${group}/v1`,
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name },
    spec: {
      policyName: name,
      validationActions: ['Deny'],
      matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': fleet.namespace } } },
    },
  };
  const hand = byHand(fleet.kubeconfig);
  const removals = [await hand.create(policy), await hand.create(binding)];
  return async () => {
    for (const remove of removals.toReversed()) await remove();
  };
}
