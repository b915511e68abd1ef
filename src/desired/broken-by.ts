// Which error keeps a node in its last good state: for those who see only the node.

import type { DesiredSet } from './desired-set.ts';
import type { NodeFile } from './node-file.ts';
import type { NodeProblem, ResolvedNode } from './resolve-node.ts';
import type { Problem } from './text/problem.ts';

/** Of files the first error. Of nodes the first error that concerns them alone, where one is known. */
export function brokenBy(
  nodeFiles: readonly NodeFile[],
  conflicts: ReadonlyMap<string, Problem>,
  problems: readonly Problem[],
): DesiredSet['brokenBy'] {
  const causes = problems.filter((problem) => isError(problem) && !isConsequence(problem));
  const counts = new Map<string, number>();
  for (const { file } of causes) counts.set(file, (counts.get(file) ?? 0) + 1);
  const withMore = (problem: Problem): Problem => sayMore(problem, (counts.get(problem.file) ?? 1) - 1);
  const ofFiles = new Map(causes.toReversed().map((problem) => [problem.file, problem]));
  const causeOf = (problem: Problem): Problem =>
    isConsequence(problem) ? (ofFiles.get(problem.file) ?? problem) : problem;
  const known = nodeFiles.flatMap(({ nodes, brokenKeys }) => [
    ...nodes.map((node) => [node.key, errorOf(node)] as const),
    ...brokenKeys.map(({ key, problem }) => [key, problem] as const),
  ]);
  const ofNodes = [...known, ...conflicts].flatMap(([key, problem]) =>
    problem === undefined ? [] : [[key, withMore(causeOf(problem))] as const],
  );
  const files = [...ofFiles].map(([file, problem]) => [file, withMore(problem)] as const);
  return { nodes: new Map(ofNodes.toReversed()), files: new Map(files.toReversed()) };
}

/** One of the others may say more of the cause. */
function sayMore(problem: Problem, more: number): Problem {
  if (more <= 0) return problem;
  return { ...problem, message: `${problem.message} (${more} more ${more === 1 ? 'error' : 'errors'} in this file)` };
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
