// What is wrong with a BlockHeightFallback, without a cluster.

import { errorAt, type SpecProblem } from '../../api/spec-problem.ts';
import { nodeOf } from './check-nodes.ts';
import type { CheckContext, CommonSpec } from '../model/job-kind.ts';

interface FallbackSpec extends CommonSpec {
  readonly node?: string | undefined;
  readonly nodes?: readonly string[] | undefined;
  readonly blockHeight: number;
}

/** One node or several, not both; and each one's chain must be able to go back. */
export function checkFallback(spec: FallbackSpec, context: CheckContext): readonly SpecProblem[] {
  const problems: SpecProblem[] = [];
  if ((spec.node === undefined) === (spec.nodes === undefined))
    problems.push(errorAt('OneOf', ['spec', 'node'], 'give exactly one of node (one node) and nodes (a whole chain)'));
  const names = spec.nodes ?? (spec.node === undefined ? [] : [spec.node]);
  if (new Set(names).size < names.length)
    problems.push(errorAt('DuplicateNode', ['spec', 'nodes'], 'names a node twice'));
  if (spec.deployMethod === 'helm') problems.push(...helmNodes(spec));
  return [...problems, ...names.flatMap((name, index) => checkChain(spec, { name, index }, context))];
}

function helmNodes({ nodes = [], chain = '' }: FallbackSpec): SpecProblem[] {
  return nodes.flatMap((name, index) =>
    name.startsWith(`${chain}-`)
      ? []
      : [errorAt('WrongChain', ['spec', 'nodes', index], `${name} is no pod of the release ${chain}`)],
  );
}

function checkChain(
  spec: FallbackSpec,
  { name, index }: { name: string; index: number },
  context: CheckContext,
): SpecProblem[] {
  const node = nodeOf(spec, name, context);
  if (node === undefined) return [];
  const how = context.chainJobs?.(node.spec.chain)?.rollback(node, spec.blockHeight);
  if (how === undefined) return [];
  const path = spec.nodes === undefined ? ['spec', 'node'] : ['spec', 'nodes', index];
  if (how.how === 'refused') return [errorAt('NotSupported', path, `${name}: ${how.reason}`)];
  if (how.how === 'ask' && spec.nodes !== undefined)
    return [errorAt('NotSupported', path, `${name} goes back while it runs; several nodes at once must be stopped`)];
  return [];
}
