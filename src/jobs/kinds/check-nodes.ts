// What every kind checks of the nodes it names, without a cluster.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { errorAt, type SpecProblem, warningAt } from '../../api/spec-problem.ts';
import { isSuspendedItself } from '../../api/fleet.ts';
import { clip } from '../../lib/clip.ts';
import { didYouMean } from '../../lib/nearest.ts';
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

function checkNode(common: CommonSpec, named: NamedNode, context: CheckContext): SpecProblem[] {
  const { nodes, brokenNodes, namespace, executor, unsureFiles = [] } = context;
  const key = `${namespace}/${named.name}`;
  if (nodes === undefined || brokenNodes?.has(key) === true) return [];
  const node = nodes.get(key);
  if (common.deployMethod === 'managed')
    return node === undefined
      ? [unknownNode(named, { keys: [...nodes.keys()], namespace, unsureFiles })]
      : checkManaged(common, { ...named, executor }, node);
  if (node === undefined) return [];
  return [
    errorAt('ManagedNode', named.path, `${key} is a BlockchainNode of this repository: deployMethod must be managed`),
  ];
}

const NO_NODE =
  'if another tool deployed it, set deployMethod to cloud-config, python or helm; if it was removed, remove the requests and schedules that name it too (their records stay)';

interface Known {
  readonly keys: readonly string[];
  readonly namespace: string;
  readonly unsureFiles: readonly string[];
}

function mayBeIn(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  return `${clip(file, 200)} cannot be used as it is, and may be its file: correct that first`;
}

/** A node of the name in another namespace was probably meant, or one with nearly this name. */
function unknownNode({ name, path }: NamedNode, { keys, namespace, unsureFiles }: Known): SpecProblem {
  const elsewhere = keys.find((key) => key.endsWith(`/${name}`));
  const near = keys.filter((key) => key.startsWith(`${namespace}/`)).map((key) => key.slice(namespace.length + 1));
  const inOtherNamespace =
    elsewhere === undefined
      ? undefined
      : `${elsewhere} is in another namespace: a job must be in the namespace of its node`;
  // Named as the node: nothing else was meant.
  const ownFile = unsureFiles.find((file) => /([^/]*)\.ya?ml$/.exec(file)?.[1] === name);
  const advice = mayBeIn(ownFile) ?? inOtherNamespace ?? didYouMean(name, near, mayBeIn(unsureFiles[0]) ?? NO_NODE);
  return errorAt('UnknownNode', path, `there is no BlockchainNode ${namespace}/${clip(name)}; ${advice}`);
}

function checkManaged(
  { chain }: CommonSpec,
  { name, path, executor }: NamedNode & Pick<CheckContext, 'executor'>,
  node: BlockchainNode,
): SpecProblem[] {
  const { spec } = node;
  if (chain !== undefined && chain !== spec.chain && chain !== spec.network)
    return [
      errorAt(
        'WrongChain',
        ['spec', 'chain'],
        `${name} is on chain ${spec.chain}, network ${spec.network}, not on ${chain}`,
      ),
    ];
  if (executor !== undefined && spec.executor !== undefined && executor !== spec.executor)
    return [
      warningAt(
        'OtherExecutor',
        path,
        `${name} belongs to executor ${spec.executor}, and this to executor ${executor}, which has no such node: set spec.executor to ${spec.executor}, unless it has run already`,
      ),
    ];
  if (isSuspendedItself(spec))
    return [warningAt('NodeSuspended', path, `${name} is suspended: the job waits until spec.suspend is removed`)];
  return [];
}
