// The PVCs that a StatefulSet creates with its first pod: a node that was created stopped has none yet.

import type { KubeObject } from '../../api/objects.ts';
import { isObject, textAt, textsAt, valueAt } from '../../lib/json-value.ts';

/** As the StatefulSet would create them for its pod 0, those of `pvcs` left out. It uses PVCs of these names that exist. */
export function missingPvcs(statefulSet: KubeObject | undefined, pvcs: readonly KubeObject[]): readonly KubeObject[] {
  const templates = valueAt(statefulSet, ['spec', 'volumeClaimTemplates']);
  if (statefulSet === undefined || !Array.isArray(templates)) return [];
  const present = new Set(pvcs.map(({ metadata }) => metadata.name));
  return templates
    .flatMap((template) => pvcOf(template, statefulSet) ?? [])
    .filter((pvc) => !present.has(pvc.metadata.name));
}

function pvcOf(template: unknown, { metadata: { name, namespace = '' } }: KubeObject): KubeObject | undefined {
  const volume = textAt(template, ['metadata', 'name']);
  const spec = valueAt(template, ['spec']);
  if (volume === undefined || !isObject(spec)) return undefined;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: `${volume}-${name}-0`,
      namespace,
      labels: textsAt(template, ['metadata', 'labels']),
      annotations: textsAt(template, ['metadata', 'annotations']),
    },
    spec,
  };
}
