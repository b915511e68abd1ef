// Nodes from the chart cita-cloud-local-cluster: one StatefulSet and one PVC for the whole chain, a folder a pod.

import { pvcOfVolume, missing, readWorkload } from './read-workload.ts';
import type { Found, Layout, LayoutObjects, NodePlace } from './layout.ts';

export const helm: Layout = {
  deployMethod: 'helm',
  workload: ({ chain }) => ({ apiVersion: 'apps/v1', kind: 'StatefulSet', name: chain }),
  isPodOf: (node, pod) => pod === node,
  read,
  paths: (node, base) => ({
    mount: `${base}/${node}`,
    nodeRoot: `${base}/${node}`,
    config: `${base}/${node}/config.toml`,
  }),
};

/** Stopping one node stops the whole chain: the target's replicas are the chain's. */
function read(place: NodePlace, objects: LayoutObjects): Found {
  const { workload } = objects;
  const { chain, node } = place;
  if (workload === undefined)
    return missing('NodeMissing', `StatefulSet ${chain} does not exist; is it the release's name?`);
  if (!node.startsWith(`${chain}-`) || !/^(0|[1-9][0-9]{0,3})$/.test(node.slice(chain.length + 1)))
    return missing('NodeMissing', `in the helm layout a node is a pod: ${chain}-0, ${chain}-1 and so on, not ${node}`);
  const pvc = pvcOfVolume(workload, 'datadir');
  if (pvc === undefined) return missing('ClaimMissing', `StatefulSet ${chain} has no volume "datadir" with a PVC`);
  return readWorkload(place, { ...objects, workload }, { name: pvc, subPath: node, deployMethod: 'helm' });
}
