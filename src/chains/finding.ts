// What the checks share: the lists they read and the form of an error.

import type { Chain, Finding } from './chain.ts';

/** The part of a chain that the shared checks read. */
export type ChainFacts = Pick<Chain, 'title' | 'networks' | 'customNetworks' | 'roles' | 'nodeTypes' | 'configFiles'>;

/** An error finding; short, because there are many. */
export function problem(code: string, path: Finding['path'], message: string): Finding {
  return { level: 'error', code, path, message };
}
