// Keeps what was read from files, so that a commit that changes one file of a thousand costs one file.

import type { Chain } from '../chains/chain.ts';
import type { SourceFile } from './desired-set.ts';
import type { FileContent } from './file-content.ts';
import type { NodeFile } from './node-file.ts';

/** Bounded by itself: after a read it holds that read's files and nothing else. Make with `createReadCache`. */
export interface ReadCache {
  contents: ReadonlyMap<string, FileContent>;
  nodes: ReadonlyMap<string, NodeFile>;
  /** What all of `nodes` were read with: chains, namespace, fleet.yaml, patches. */
  context: string;
  chains: readonly Chain[] | undefined;
}

export function createReadCache(): ReadCache {
  return { contents: new Map(), nodes: new Map(), context: '', chains: undefined };
}

/** Equal for equal content at one path. A file that could not be read has no content to be equal by. */
export function cacheKey({ path, oid, trouble }: SourceFile): string | undefined {
  return trouble === undefined ? `${oid} ${path}` : undefined;
}
