// What this controller can run here: its chains, and what the cluster offers.

import type { Cluster } from '../../kube/cluster.ts';
import { KINDS } from '../../kube/kinds.ts';
import type { CapabilitiesView } from '../../status/fleet-view.ts';
import { chains } from '../../chains/index.ts';
import type { Runtime } from '../engine/runtime.ts';

const FEATURES = ['drift-repair', 'guards', 'patches', 'status-branch', 'sync', 'volume-growth'];

/**
 * Reads storage classes and version once; a cluster that does not let us list classes (they are cluster-wide) is a
 * cluster without known classes, not an error.
 */
export async function readCapabilities(cluster: Cluster, runtime: Runtime): Promise<CapabilitiesView> {
  const storageClasses = await cluster
    .list(KINDS.StorageClass)
    .then((classes) => classes.map(({ metadata }) => metadata.name))
    .catch((error: unknown) => {
      runtime.log.warn({ err: error }, 'Listing storage classes failed');
      return [];
    });
  const kubernetes = await cluster.version().catch(() => undefined);
  const classes = storageClasses.length;
  runtime.log.info({ storageClasses: classes, kubernetes }, 'Capabilities read');
  return { chains: chainCapabilities(), storageClasses, features: FEATURES, kubernetes };
}

/** From the chains' own descriptions. */
function chainCapabilities(): CapabilitiesView['chains'] {
  return chains.map(({ name, networks, customNetworks, nodeTypes, roles }) => ({
    name,
    networks: networks.map((network) => network.name),
    customNetworks,
    nodeTypes,
    roles: roles.map((role) => ({ name: role.name, clients: role.clients })),
  }));
}
