// Reports a problem of a shared file once, not once per node.

import { describeProblem, type Problem } from './text/problem.ts';
import type { NodeProblem } from './resolve-node.ts';

/** Problems of shared files (fleet.yaml, a patch) are listed once, with the first node that they break and the number of others. */
export function gatherProblems(found: readonly NodeProblem[]): Problem[] {
  const groups = new Map<string, { readonly problem: Problem; readonly nodes: Set<string> }>();
  for (const { problem, node } of found) {
    const key = describeProblem(problem);
    const group = groups.get(key) ?? { problem, nodes: new Set<string>() };
    groups.set(key, group);
    if (node !== undefined) group.nodes.add(node);
  }
  return [...groups.values()].map(({ problem, nodes }) => withNodes(problem, [...nodes]));
}

function withNodes(problem: Problem, [first, ...rest]: readonly string[]): Problem {
  if (first === undefined) return problem;
  const others = rest.length === 0 ? '' : ` and ${rest.length} more`;
  return { ...problem, message: `${problem.message} (breaks ${first}${others})` };
}

/** By file, line and column. */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  return problems.toSorted((a, b) => {
    if (a.file !== b.file) return a.file < b.file ? -1 : 1;
    return a.line - b.line || a.column - b.column || (a.code < b.code ? -1 : 1);
  });
}
