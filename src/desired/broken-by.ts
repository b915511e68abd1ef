// Which error keeps a node in its last good state: for those who see only the node.

import type { DesiredSet } from './desired-set.ts';
import type { NodeFile } from './node-file.ts';
import type { NodeProblem, ResolvedNode } from './resolve-node.ts';
import type { Problem } from './text/problem.ts';

/** Of files the first error. Of nodes the first error that concerns them alone, where one is known. */
export function brokenBy(
  files: readonly NodeFile[],
  conflicts: ReadonlyMap<string, Problem>,
  problems: readonly Problem[],
): DesiredSet['brokenBy'] {
  const ofFiles = new Map<string, Problem>();
  for (const problem of problems)
    if (isError(problem) && !isConsequence(problem) && !ofFiles.has(problem.file)) ofFiles.set(problem.file, problem);
  const causeOf = (problem: Problem): Problem =>
    isConsequence(problem) ? (ofFiles.get(problem.file) ?? problem) : problem;
  const known = files.flatMap(({ nodes, brokenKeys }) => [
    ...nodes.map((node) => [node.key, errorOf(node)] as const),
    ...brokenKeys.map(({ key, problem }) => [key, problem] as const),
  ]);
  const ofNodes = [...known, ...conflicts].flatMap(([key, problem]) =>
    problem === undefined ? [] : [[key, causeOf(problem)] as const],
  );
  return { nodes: new Map(ofNodes.toReversed()), files: ofFiles };
}

function errorOf({ node, problems }: ResolvedNode): Problem | undefined {
  return node === undefined ? problems.map(({ problem }: NodeProblem) => problem).find(isError) : undefined;
}

function isError({ level }: Problem): boolean {
  return level === 'error';
}

/** It names the file of a patch alone; the error in it is a problem of its own. */
function isConsequence({ code }: Problem): boolean {
  return code === 'PatchFileBroken';
}
