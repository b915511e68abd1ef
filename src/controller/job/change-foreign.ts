// Effects on the workloads of other tools.

import { LABEL } from '../../api/group.ts';
import { describeRef } from '../../api/objects.ts';
import type { Effect } from '../../jobs/model/effect.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { isObject, textAt, valueAt } from '../../lib/json-value.ts';

/** Only `reconcileNode` sets the replicas of a managed node, never a job or a note. */
export async function scaleForeign(
  { workload, replicas }: Extract<Effect, { do: 'scaleWorkload' }>,
  namespace: string,
  cluster: Cluster,
): Promise<void> {
  const ref = { ...workload, namespace };
  const live = await cluster.get(ref);
  if (live?.metadata.labels?.[LABEL.node] !== undefined)
    throw new Error(`${describeRef(ref)} belongs to a managed node: a job may not scale it`);
  await cluster.patch(ref, [{ op: 'replace', path: '/spec/replicas', value: replicas }]);
}

/** Points one volume of the pod template to another ConfigMap; the position is tested, because templates change. */
export async function setAccountVolume(
  { workload, volume, configMap }: Extract<Effect, { do: 'setAccountVolume' }>,
  namespace: string,
  cluster: Cluster,
): Promise<void> {
  const live = await cluster.get({ ...workload, namespace });
  const volumes = valueAt(live, ['spec', 'template', 'spec', 'volumes']);
  const index = Array.isArray(volumes)
    ? volumes.findIndex((one) => textAt(one, ['name']) === volume && isObject(valueAt(one, ['configMap'])))
    : -1;
  if (live === undefined || index < 0)
    throw new Error(`${workload.kind} ${workload.name} has no volume ${volume} from a ConfigMap`);
  const path = `/spec/template/spec/volumes/${index}`;
  await cluster.patch({ ...workload, namespace }, [
    { op: 'test', path: `${path}/name`, value: volume },
    { op: 'replace', path: `${path}/configMap/name`, value: configMap },
  ]);
}
