// What the controller can run → the content of <executor>/capabilities.yaml.

import type { Capabilities } from '../api/capabilities.ts';

/** Lists whose order means nothing are sorted; roles and clients keep the chain's order (the first is the default). */
export function capabilitiesDocument(capabilities: Capabilities): unknown {
  const { chains, storageClasses, snapshotClasses, backupLocations, features, kubernetes } = capabilities;
  return {
    chains: byName(chains).map((chain) => ({
      ...chain,
      networks: chain.networks.toSorted(),
      configFiles: chain.configFiles === undefined ? undefined : byName(chain.configFiles),
    })),
    storageClasses: storageClasses === undefined ? undefined : byName(storageClasses),
    snapshotClasses: snapshotClasses === undefined ? undefined : byName(snapshotClasses),
    backupLocations: backupLocations?.toSorted(),
    features: [...new Set(features)].toSorted(),
    kubernetes,
  };
}

function byName<T extends { readonly name: string }>(list: readonly T[]): readonly T[] {
  return list.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
