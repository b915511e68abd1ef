// What every kind checks of the nodes it names, without a cluster.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { errorAt, type SpecProblem, warningAt } from '../../api/spec-problem.ts';
import { clip } from '../../lib/clip.ts';
import type { Path } from '../../lib/json-pointer.ts';
import type { CheckContext, CommonSpec } from '../model/job-kind.ts';

export interface NamedNode {
  readonly name: string;
  readonly path: Path;
}

/** The node of the same commit, for a managed request; undefined when it is not known or not managed. */
export function nodeOf(
  common: CommonSpec,
  name: string,
  { nodes, namespace }: CheckContext,
): BlockchainNode | undefined {
  return common.deployMethod === 'managed' ? nodes?.get(`${namespace}/${name}`) : undefined;
}

/** Does each node exist, is it deployed as said, and on the chain that is named? */
export function checkNodes(
  common: CommonSpec,
  named: readonly NamedNode[],
  context: CheckContext,
): readonly SpecProblem[] {
  const problems = named.flatMap((node) => checkNode(common, node, context));
  if (common.deployMethod !== 'managed' && common.chain === undefined)
    problems.push(
      errorAt('MissingField', ['spec', 'chain'], `is required when deployMethod is ${common.deployMethod}`),
    );
  return problems;
}

function checkNode(common: CommonSpec, { name, path }: NamedNode, context: CheckContext): SpecProblem[] {
  const { nodes, brokenNodes, namespace } = context;
  if (nodes === undefined || brokenNodes?.has(`${namespace}/${name}`) === true) return [];
  const node = nodes.get(`${namespace}/${name}`);
  if (common.deployMethod !== 'managed') {
    if (node === undefined) return [];
    return [
      errorAt(
        'ManagedNode',
        path,
        `${namespace}/${name} is a BlockchainNode of this repository: deployMethod must be managed`,
      ),
    ];
  }
  if (node === undefined)
    return [
      errorAt(
        'UnknownNode',
        path,
        `there is no BlockchainNode ${namespace}/${clip(name)}; if another tool deployed it, set deployMethod to cloud-config, python or helm; if it was retired, remove what names it too (records stay)`,
      ),
    ];
  if (common.chain !== undefined && common.chain !== node.spec.chain && common.chain !== node.spec.network)
    return [
      errorAt(
        'WrongChain',
        ['spec', 'chain'],
        `${name} is on chain ${node.spec.chain}, network ${node.spec.network}, not on ${common.chain}`,
      ),
    ];
  if (node.spec.suspend === true)
    return [warningAt('NodeSuspended', path, `${name} is suspended: the job waits until spec.suspend is removed`)];
  return [];
}
