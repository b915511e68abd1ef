// One file of nodes/, checked as far as possible without the files of other nodes.

import type { PatchCost } from '../lib/patch-budget.ts';
import type { Context } from './context.ts';
import { readDocuments, type FileContent } from './file-content.ts';
import type { Problem } from './text/problem.ts';
import { resolveNode, type NodeProblem, type ResolvedNode } from './resolve-node.ts';

export interface NodeFile {
  readonly path: string;
  /** Valid and broken ones. */
  readonly nodes: readonly ResolvedNode[];
  /** Keys of nodes whose documents could not be used at all. */
  readonly brokenKeys: readonly BrokenKey[];
  readonly problems: readonly NodeProblem[];
  /** It may declare nodes whose names could not be read. */
  readonly unreadable: boolean;
  readonly broken: boolean;
  /** What the patches of its nodes took from the budget of the commit. */
  readonly patchCost: PatchCost;
}

export interface BrokenKey {
  readonly key: string;
  /** Its kind is BlockchainNode or missing. A document of another kind with the same name is not a second node. */
  readonly isNode: boolean;
  /** The first error of its document, where it is known. */
  readonly problem?: Problem | undefined;
}

/**
 * Reads a file of nodes, with a pause after each. Equal content in an equal context gives an equal result while the budget of
 * patches is ample, so results are cached.
 */
export function* readNodeFile(file: FileContent, context: Context): Generator<void, NodeFile> {
  const { patchBudget } = context;
  const before = { ...patchBudget };
  const documents = readDocuments(file, context.chains);
  const nodes: ResolvedNode[] = [];
  for (const document of documents.good) {
    nodes.push(resolveNode(document, file.path, context));
    yield;
  }
  return {
    path: file.path,
    nodes,
    brokenKeys: documents.brokenNames.map(
      ({ kind = 'BlockchainNode', namespace = context.defaultNamespace, name, problem }) => ({
        key: `${namespace}/${name}`,
        problem,
        isNode: kind === 'BlockchainNode',
      }),
    ),
    problems: [...documents.problems.map((problem) => ({ problem })), ...nodes.flatMap(({ problems }) => problems)],
    unreadable: documents.unreadable,
    patchCost: {
      operations: before.operations - patchBudget.operations,
      bytes: before.bytes - patchBudget.bytes,
    },
    broken: documents.problems.some(({ level }) => level === 'error') || nodes.some(({ node }) => node === undefined),
  };
}
