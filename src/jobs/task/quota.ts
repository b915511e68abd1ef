// Whether a quota that refuses a pod now would accept it once the pods of the stopped node are gone.

import type { KubeObject } from '../../api/objects.ts';
import { textAt, valueAt } from '../../lib/json-value.ts';
import { parseQuantity } from '../../lib/quantity.ts';

/** `exceeded quota: q, requested: pods=1, used: pods=3, limited: pods=3`, as the API server says it. */
const EXCEEDED = /exceeded quota: [^,]+, requested: (\S+), used: (\S+), limited: (\S+)/;

export function isQuotaRefusal(message: string): boolean {
  return EXCEEDED.test(message);
}

/** False for any other refusal. `freed` are pods that exist now and will not exist then. */
export function fitsWithout(message: string, freed: readonly KubeObject[]): boolean {
  const [, requested = '', used = '', limited = ''] = EXCEEDED.exec(message) ?? [];
  const [inUse, limits] = [amounts(used), amounts(limited)];
  const wanted = [...amounts(requested)];
  return (
    wanted.length > 0 &&
    wanted.every(([name, amount]) => amount + (inUse.get(name) ?? 0) - usage(name, freed) <= (limits.get(name) ?? 0))
  );
}

function amounts(list: string): ReadonlyMap<string, number> {
  return new Map(
    list.split(',').flatMap((one) => {
      const [name = '', text = ''] = one.split('=');
      const amount = parseQuantity(text);
      return amount === undefined ? [] : [[name, amount] as const];
    }),
  );
}

/** What the pods use of one resource of a quota: https://kubernetes.io/docs/concepts/policy/resource-quotas/ */
function usage(name: string, pods: readonly KubeObject[]): number {
  if (name === 'pods' || name === 'count/pods') return pods.length;
  const path = name.startsWith('limits.') || name.startsWith('requests.') ? name.split('.', 1) : ['requests'];
  const resource = name.replace(/^(limits|requests)\./, '');
  return pods.reduce((sum, pod) => sum + ofContainers(pod, [...path, resource]), 0);
}

function ofContainers(pod: KubeObject, path: readonly string[]): number {
  const containers = valueAt(pod, ['spec', 'containers']);
  if (!Array.isArray(containers)) return 0;
  return containers.reduce<number>(
    (sum, container) => sum + (parseQuantity(textAt(container, ['resources', ...path]) ?? '') ?? 0),
    0,
  );
}
