// Which of the chart's rules a controller used, from what the API server recorded of it.

import { readFileSync } from 'node:fs';

import { parse } from 'yaml';

import type { AuditedRequest } from '../cluster/audit.ts';

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

const FILES = ['namespaced', 'namespace', 'cluster', 'definition'] as const;

/** Every right of the chart as `verb group/resource`, each once. */
export function grantedRights(): readonly string[] {
  const rules = FILES.flatMap((name) => rulesIn(`${name}-rules.yaml`));
  const rights = rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.map((verb) => right(verb, group, resource)))),
  );
  return [...new Set(rights)].sort();
}

/** The rights that the requests used. */
export function usedRights(requests: readonly AuditedRequest[]): readonly string[] {
  return [...new Set(requests.map(({ verb, group, resource }) => right(verb, group, resource)))].sort();
}

function right(verb: string, group: string, resource: string): string {
  return `${verb} ${group === '' ? 'core' : group}/${resource}`;
}

function rulesIn(file: string): readonly Rule[] {
  return parse(readFileSync(new URL(`../../charts/nodewright/files/${file}`, import.meta.url), 'utf8'));
}
