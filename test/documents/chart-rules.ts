// The permissions on the kinds of this project in the chart: a new kind of job needs no edit of the chart.

import { GROUP, pluralOf } from '../../src/api/group.ts';
import { jobKinds } from '../../src/jobs/kinds/index.ts';

const NODE = pluralOf('BlockchainNode');
const JOBS = jobKinds.map(({ kind }) => pluralOf(kind));
const ALL = [NODE, ...JOBS];

export function ownKindsRules(): string {
  return `- apiGroups: [${GROUP}]
  resources: [${NODE}]
  verbs: [get, list, watch, create, patch, delete]
# Jobs are created and followed. Persons and the garbage collector delete them.
- apiGroups: [${GROUP}]
  resources:${items(JOBS)}
  verbs: [get, list, watch, create, patch]
- apiGroups: [${GROUP}]
  resources:${items(ALL.map((plural) => `${plural}/status`))}
  verbs: [patch]
# Owned objects name the node or the job as an owner with blockOwnerDeletion.
- apiGroups: [${GROUP}]
  resources:${items(ALL.map((plural) => `${plural}/finalizers`))}
  verbs: [update]`;
}

export function definitionRules(): string {
  return `- apiGroups: [apiextensions.k8s.io]
  resources: [customresourcedefinitions]
  resourceNames:${items(ALL.map((plural) => `${plural}.${GROUP}`))}
  verbs: [get, patch]`;
}

function items(names: readonly string[]): string {
  return names.map((name) => `\n    - ${name}`).join('');
}
