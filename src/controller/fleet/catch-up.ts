// Waits until the watch shows what a plan has written, so that the next plan does not write it a second time.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import type { Informer } from '../../kube/cluster.ts';
import { pause } from '../../kube/pause.ts';

/** A write, and the version of the object that it replaced; undefined when it was created. */
export interface Write {
  readonly key: string;
  readonly before: string | undefined;
}

const LOOK_MS = 10;
/** An object can be gone before the watch shows it. A plan on an older state writes the same again, which changes nothing. */
const LIMIT_MS = 1000;

export async function catchUp(
  writes: readonly Write[],
  nodes: Pick<Informer<BlockchainNode>, 'get'>,
  signal: AbortSignal,
): Promise<void> {
  const until = performance.now() + LIMIT_MS;
  let unseen = writes;
  for (;;) {
    unseen = unseen.filter(({ key, before }) => nodes.get(key)?.metadata.resourceVersion === before);
    if (unseen.length === 0 || signal.aborted || performance.now() > until) return;
    await pause(LOOK_MS, signal);
  }
}
