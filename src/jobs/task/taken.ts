// Whether an object is the one that the job has created. Its name can be computed from the UID of the job, which others can read,
// and labels can be put on any object.

import type { KubeObject } from '../../api/objects.ts';
import { member, valueAt } from '../../lib/json-value.ts';
import { sameJson } from '../../lib/stable-json.ts';

/** Parts of a spec that say which data is in the object, or where it goes. Sizes and modes may be changed by webhooks. */
const CONTENT: Readonly<Record<string, readonly string[]>> = {
  VolumeSnapshot: ['source'],
  PersistentVolumeClaim: ['dataSource', 'selector'],
};
/** Which the cluster fills in where the job names none. */
const CLASS: Readonly<Record<string, string>> = {
  VolumeSnapshot: 'volumeSnapshotClassName',
  PersistentVolumeClaim: 'storageClassName',
};

/** What in the live object is not as the job creates it; undefined when all is. */
export function whyNotMade(wanted: KubeObject, live: KubeObject): string | undefined {
  const labels = Object.entries(wanted.metadata.labels ?? {});
  const label = labels.find(([name, value]) => live.metadata.labels?.[name] !== value);
  if (label !== undefined) return `its label ${label[0]} is another`;
  if (!sameJson(ownersOf(wanted), ownersOf(live))) return 'its owners are others';
  const field = (CONTENT[wanted.kind] ?? []).find((name) => !sameJson(partOf(wanted, name), partOf(live, name)));
  if (field !== undefined) return `its spec.${field} is another`;
  const byClass = CLASS[wanted.kind] ?? '';
  const className = partOf(wanted, byClass);
  return className === undefined || className === partOf(live, byClass) ? undefined : `its spec.${byClass} is another`;
}

function ownersOf({ metadata: { ownerReferences = [] } }: KubeObject): readonly string[] {
  return ownerReferences.map(({ uid }) => uid).sort();
}

function partOf(object: KubeObject, name: string): unknown {
  return valueAt(member(object, 'spec'), [name]);
}

export const MADE_BEFORE = 'it was made before the job could make it';

/** For messages: what to do about an object in the place of one that the job creates. */
export function taken({ kind, metadata: { name, namespace = '' } }: KubeObject, why: string): string {
  const what = kind === 'PersistentVolumeClaim' ? 'PVC' : kind;
  const resource = kind === 'PersistentVolumeClaim' ? 'pvc' : kind.toLowerCase();
  return (
    `a ${what} ${name} that this job did not make is there already: ${why}. Find out who made it (kubectl -n ${namespace} get ` +
    `${resource} ${name} -o yaml --show-managed-fields), delete it, then file the job again`
  );
}
