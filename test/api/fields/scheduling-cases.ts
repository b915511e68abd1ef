// The fields of BlockchainNode that say where a pod may run: all of them in one document, each changed in turn.

import type { JsonObject } from '../../../src/lib/json-value.ts';
import type { FieldCase, FieldCases, Leaf } from './schema-fields.ts';

const EXPRESSIONS = { matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }] };
const SELECTOR = { matchLabels: { a: 'b' }, ...EXPRESSIONS };
const POD_TERM = { labelSelector: SELECTOR, topologyKey: 'zone' };
const POD_RULES = {
  requiredDuringSchedulingIgnoredDuringExecution: [POD_TERM],
  preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: POD_TERM }],
};
const SCHEDULING: JsonObject = {
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [EXPRESSIONS] },
      preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: EXPRESSIONS }],
    },
    podAffinity: POD_RULES,
    podAntiAffinity: POD_RULES,
  },
  topologySpreadConstraints: [
    { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: SELECTOR, minDomains: 1 },
  ],
};

/** A case for each of them, on top of `spec`. */
export function schedulingCases(leaves: readonly Leaf[], spec: JsonObject): FieldCases {
  const base = { ...spec, ...SCHEDULING };
  const own = leaves.filter(({ name }) => /^(affinity|topologySpreadConstraints)\b/.test(name));
  return Object.fromEntries(own.map((leaf) => [leaf.name, caseOf(leaf, base)]));
}

function caseOf({ name, schema }: Leaf, base: JsonObject): FieldCase {
  if (name.endsWith('.operator')) return { base, to: 'NotIn' };
  return schema.type === 'string' && schema.enum === undefined ? { base, to: 'other' } : { base };
}
