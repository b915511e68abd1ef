// What is wrong with a Switchover, without a cluster.

import { errorAt, type SpecProblem } from '../../api/spec-problem.ts';
import { nodeOf } from './check-nodes.ts';
import type { CheckContext, CommonSpec } from '../model/job-kind.ts';

interface SwitchoverSpec extends CommonSpec {
  readonly sourceNode: string;
  readonly destNode: string;
}

/** Two different nodes of one chain and network, each with an identity of its own. */
export function checkSwitchover(spec: SwitchoverSpec, context: CheckContext): readonly SpecProblem[] {
  const { sourceNode, destNode } = spec;
  if (sourceNode === destNode)
    return [errorAt('SameNode', ['spec', 'destNode'], `is the same node as sourceNode, ${sourceNode}`)];
  const [source, dest] = [nodeOf(spec, sourceNode, context), nodeOf(spec, destNode, context)];
  const problems: SpecProblem[] = [];
  for (const [field, node] of [
    ['sourceNode', source],
    ['destNode', dest],
  ] as const) {
    if (node === undefined) continue;
    if (node.spec.identity === undefined)
      problems.push(
        errorAt(
          'NoIdentity',
          ['spec', field],
          `${node.metadata.name} has no spec.identity: there is nothing to exchange`,
        ),
      );
    const how = context.chainJobs?.(node.spec.chain)?.switchover(node);
    if (how?.how === 'refused')
      problems.push(errorAt('NotSupported', ['spec', field], `${node.metadata.name}: ${how.reason}`));
  }
  if (source === undefined || dest === undefined) return problems;
  if (source.spec.chain !== dest.spec.chain || source.spec.network !== dest.spec.network)
    problems.push(
      errorAt(
        'WrongChain',
        ['spec', 'destNode'],
        `${destNode} is on ${dest.spec.chain} ${dest.spec.network}, ${sourceNode} on ${source.spec.chain} ${source.spec.network}`,
      ),
    );
  return problems;
}
