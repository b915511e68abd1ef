// The results of the last read, so that a commit that changes one file of a thousand costs one file.

import type { Chain } from '../chains/chain.ts';
import type { SourceFile } from './desired-set.ts';
import type { FileContent } from './file-content.ts';
import type { NodeFile } from './node-file.ts';

/** After a read it holds only the files of that read. Create it with `createReadCache`. */
export interface ReadCache {
  contents: ReadonlyMap<string, FileContent>;
  nodes: ReadonlyMap<string, NodeFile>;
  /** The context of all `nodes`: chains, namespace, fleet.yaml, patches. */
  context: string;
  chains: readonly Chain[] | undefined;
}

export function createReadCache(): ReadCache {
  return { contents: new Map(), nodes: new Map(), context: '', chains: undefined };
}

/** Equal for equal content at one path. Undefined for a file that could not be read. */
export function cacheKey({ path, oid, trouble }: SourceFile): string | undefined {
  return trouble === undefined ? `${oid} ${path}` : undefined;
}
