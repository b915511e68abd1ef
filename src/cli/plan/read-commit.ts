// The desired state of a commit, for plans.

import { readFiles } from '../../controller/fleet/read-files.ts';
import type { DesiredSet, SourceFile } from '../../desired/desired-set.ts';
import { readDesired, type ReadOptions } from '../../desired/read.ts';
import type { LocalRepository } from '../../git/local.ts';
import { createReadCache } from '../../desired/read-cache.ts';
import { defined } from '../../lib/defined.ts';
import type { Policy } from '../../policy/policy.ts';

interface Judging {
  readonly namespace: string;
  readonly executor?: string;
  readonly judgedBy: Policy;
}

/** How both sides of a plan are read; equal files are judged once. */
export function readingOf({ namespace, executor, judgedBy: policy }: Judging): ReadOptions {
  return { defaultNamespace: namespace, policy, ...defined({ executor }), cache: createReadCache() };
}

/** Most files of two commits are the same: a file is opened once, and with a cache in `reading` parsed and judged once. */
export function commitReader(
  reading: ReadOptions,
): (repository: LocalRepository, commit: string) => Promise<DesiredSet> {
  const texts = new Map<string, SourceFile>();
  const { signal } = new AbortController();
  return async (source, commit) => readDesired(await readFiles({ source, commit, texts, signal }), reading);
}
