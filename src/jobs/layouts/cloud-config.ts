// Nodes from `cloud-config update-yaml`: one StatefulSet a node, its own PVC, configuration and account as ConfigMaps.

import { configMapOfVolume, missing, readWorkload } from './read-workload.ts';
import type { Found, Layout, LayoutObjects, NodePlace } from './layout.ts';

/** Volume with `node_address`, `validator_address` and `private_key`. */
export const ACCOUNT_VOLUME = 'node-account';

export const cloudConfig: Layout = {
  deployMethod: 'cloud-config',
  workload: ({ node }) => ({ apiVersion: 'apps/v1', kind: 'StatefulSet', name: node }),
  isPodOf: () => true,
  read,
  paths: (_node, base) => ({
    mount: base,
    nodeRoot: base,
    config: '/cita-config/config.toml',
    configMount: '/cita-config',
  }),
};

function read(place: NodePlace, objects: LayoutObjects): Found {
  const { workload } = objects;
  if (workload === undefined)
    return missing('NodeMissing', `StatefulSet ${place.node} does not exist; is the node deployed by cloud-config?`);
  const pvc = { name: `datadir-${place.node}-0`, deployMethod: 'cloud-config' } as const;
  const found = readWorkload(place, { ...objects, workload }, pvc);
  if (!found.ok) return found;
  const account = configMapOfVolume(workload, ACCOUNT_VOLUME);
  return {
    ok: true,
    target: {
      ...found.target,
      configMap: configMapOfVolume(workload, 'node-config') ?? `${place.node}-config`,
      ...(account === undefined ? {} : { identity: account, identityVolume: ACCOUNT_VOLUME }),
    },
  };
}
