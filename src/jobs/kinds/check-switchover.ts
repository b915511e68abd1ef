// What is wrong with a Switchover, without a cluster.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
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
  return [
    ...(source === undefined ? [] : checkExchange('sourceNode', source, context)),
    ...(dest === undefined ? [] : checkExchange('destNode', dest, context)),
    ...(source === undefined || dest === undefined ? [] : checkSameChain(source, dest)),
  ];
}

function checkExchange(field: keyof SwitchoverSpec, node: BlockchainNode, { chainJobs }: CheckContext): SpecProblem[] {
  const problems: SpecProblem[] = [];
  const { name } = node.metadata;
  if (node.spec.identity === undefined)
    problems.push(errorAt('NoIdentity', ['spec', field], `${name} has no spec.identity: there is nothing to exchange`));
  const how = chainJobs?.(node.spec.chain)?.switchover(node);
  if (how?.how === 'refused') problems.push(errorAt('NotSupported', ['spec', field], `${name}: ${how.reason}`));
  return problems;
}

function checkSameChain(source: BlockchainNode, dest: BlockchainNode): SpecProblem[] {
  if (source.spec.chain === dest.spec.chain && source.spec.network === dest.spec.network) return [];
  const place = ({ metadata, spec }: BlockchainNode): string => `${metadata.name} is on ${spec.chain} ${spec.network}`;
  return [errorAt('WrongChain', ['spec', 'destNode'], `${place(dest)}, ${place(source)}`)];
}
