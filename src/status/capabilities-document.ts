// What the controller can run → the content of <executor>/capabilities.yaml.

import type { CapabilitiesView } from './fleet-view.ts';

/** Lists whose order means nothing are sorted; roles and clients keep the chain's order (the first is the default). */
export function capabilitiesDocument({ chains, storageClasses, features, kubernetes }: CapabilitiesView): unknown {
  return {
    chains: [...chains]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map(({ name, networks, customNetworks, nodeTypes, roles }) => ({
        name,
        networks: [...networks].sort(),
        customNetworks,
        nodeTypes: [...nodeTypes],
        roles: roles.map((role) => ({
          name: role.name,
          clients: role.clients.map((client) => ({ name: client.name, defaultVersion: client.defaultVersion })),
        })),
      })),
    storageClasses: [...new Set(storageClasses)].sort(),
    features: [...new Set(features)].sort(),
    kubernetes,
  };
}
