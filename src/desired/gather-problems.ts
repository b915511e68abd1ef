// Tells a problem that many nodes suffer from once.

import { describeProblem, type Problem } from './text/problem.ts';
import type { NodeProblem } from './resolve-node.ts';

/** Problems of shared files (fleet.yaml, a patch) come once, with the first node they break and how many more. */
export function gatherProblems(found: readonly NodeProblem[]): Problem[] {
  const groups = new Map<string, { readonly problem: Problem; readonly sufferers: Set<string> }>();
  for (const { problem, sufferer } of found) {
    const key = describeProblem(problem);
    const group = groups.get(key) ?? { problem, sufferers: new Set<string>() };
    groups.set(key, group);
    if (sufferer !== undefined) group.sufferers.add(sufferer);
  }
  return [...groups.values()].map(({ problem, sufferers }) => withSufferers(problem, [...sufferers]));
}

function withSufferers(problem: Problem, [first, ...rest]: readonly string[]): Problem {
  if (first === undefined) return problem;
  const others = rest.length === 0 ? '' : ` and ${rest.length} more`;
  return { ...problem, message: `${problem.message} (breaks ${first}${others})` };
}

/** By file, line, column: the order in which people mend them. */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  return problems.toSorted((a, b) => {
    if (a.file !== b.file) return a.file < b.file ? -1 : 1;
    return a.line - b.line || a.column - b.column || (a.code < b.code ? -1 : 1);
  });
}
