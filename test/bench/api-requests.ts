// How many requests the API server has answered, from its own metrics.

import type { Transport } from '../../src/kube/transport.ts';
import { send } from './raw-request.ts';

/** What the controller reads and writes, and Flux. Leases are left out: everything that elects a leader renews one. */
const RESOURCES: ReadonlySet<string> = new Set([
  'blockchainnodes',
  'statefulsets',
  'services',
  'configmaps',
  'secrets',
  'persistentvolumeclaims',
  'pods',
  'poddisruptionbudgets',
  'events',
  'namespaces',
  'storageclasses',
  'customresourcedefinitions',
  'gitrepositories',
  'kustomizations',
]);

/** The API server's own: it lists all Services every few minutes, also without any client, to repair its addresses. */
const OWN = 'LIST services';

/** Answered requests by `VERB resource`, since the server's start; watches left out. Of every client there is. */
export async function requestCounts(transport: Transport): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const line of (await send(transport, { method: 'GET', path: '/metrics' })).split('\n')) {
    if (!line.startsWith('apiserver_request_total{')) continue;
    const { verb = '', resource = '' } = labelsOf(line);
    if (!RESOURCES.has(resource) || verb === 'WATCH') continue;
    const key = `${verb} ${resource}`;
    if (key === OWN) continue;
    counts.set(key, (counts.get(key) ?? 0) + Number(line.slice(line.lastIndexOf(' ') + 1)));
  }
  return counts;
}

/** What came between two looks, without what did not change. */
export function countsBetween(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): readonly { readonly request: string; readonly count: number }[] {
  return [...after]
    .map(([request, count]) => ({ request, count: count - (before.get(request) ?? 0) }))
    .filter(({ count }) => count > 0);
}

function labelsOf(line: string): Readonly<Record<string, string>> {
  return Object.fromEntries([...line.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
}
