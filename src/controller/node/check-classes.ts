// Whether the cluster has the StorageClasses of a node. Without it the pod would wait with no word of why.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { keyOf } from '../../api/objects.ts';
import { unknownClasses } from '../../plan/judge-capabilities.ts';
import type { NodeDeps } from './deps.ts';
import type { NodeTrouble } from './trouble.ts';

/** Classes are not watched. */
const RETRY_MS = 10_000;

/** Only before the volumes are created: a class that is deleted later harms no volume of it. */
export async function checkClasses(
  node: BlockchainNode,
  { capabilities, settings, watches }: Pick<NodeDeps, 'capabilities' | 'settings' | 'watches'>,
): Promise<NodeTrouble | undefined> {
  if (watches.owned(keyOf(node), 'StatefulSet').length > 0) return undefined;
  if (unknownClasses(node.spec, settings.executor, capabilities.current).length === 0) return undefined;
  await capabilities.refresh();
  const missing = unknownClasses(node.spec, settings.executor, capabilities.current);
  if (missing.length === 0) return undefined;
  const message = `${missing.join(' ')} Create the class, or name another one.`;
  return { reason: 'StorageClassMissing', message, stalled: true, retryMs: RETRY_MS };
}
