// Nodes from the Python generator of 2021: one Deployment a node, a folder named after the node in a PVC, often shared.

import { pvcOfVolume, missing, readWorkload } from './read-workload.ts';
import type { Found, Layout, LayoutObjects, NodePlace } from './layout.ts';

export const python: Layout = {
  deployMethod: 'python',
  workload: ({ node }) => ({ apiVersion: 'apps/v1', kind: 'Deployment', name: node }),
  isPodOf: () => true,
  read,
  paths: (node, base) => ({
    mount: `${base}/${node}`,
    nodeRoot: `${base}/${node}`,
    config: `${base}/${node}/config.toml`,
  }),
};

/** The PVC is that of the named node's own Deployment, never of the first one of the chain. */
function read(place: NodePlace, objects: LayoutObjects): Found {
  const { workload } = objects;
  if (workload === undefined)
    return missing('NodeMissing', `Deployment ${place.node} does not exist; is the node deployed by the Python tool?`);
  const pvc = pvcOfVolume(workload, 'datadir');
  if (pvc === undefined) return missing('ClaimMissing', `Deployment ${place.node} has no volume "datadir" with a PVC`);
  return readWorkload(place, { ...objects, workload }, { name: pvc, subPath: place.node, deployMethod: 'python' });
}
