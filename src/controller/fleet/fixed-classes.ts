// Which StorageClasses make volumes that cannot grow: a growth of theirs is held before it is applied, because it could not be undone.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { isSmaller } from '../../lib/quantity.ts';
import type { FleetDeps } from './deps.ts';
import type { Pulled } from './state.ts';

type ClassDeps = Pick<FleetDeps, 'capabilities' | 'settings'> & {
  readonly watches: { readonly nodes: Pick<FleetDeps['watches']['nodes'], 'get'> };
};

/** Classes are not watched: they are read when a volume grows. None where they may not be listed. */
export async function findFixedClasses(
  { desired }: Pick<Pulled, 'desired'>,
  { capabilities, settings, watches }: ClassDeps,
): Promise<ReadonlySet<string>> {
  const grows = [...desired.nodes].some(
    ([key, { node }]) => node.spec.executor === settings.executor && isGrowing(watches.nodes.get(key), node),
  );
  if (!grows) return new Set();
  await capabilities.refresh();
  const { storageClasses = [] } = capabilities.current;
  return new Set(storageClasses.filter(({ expandable }) => !expandable).map(({ name }) => name));
}

function isGrowing(live: BlockchainNode | undefined, { spec }: BlockchainNode): boolean {
  if (live === undefined || live.spec === spec) return false;
  return Object.entries(live.spec.storage).some(([volume, { size }]) => {
    const to = spec.storage[volume]?.size;
    return to !== undefined && isSmaller(size, to);
  });
}
