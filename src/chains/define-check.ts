// The check of a chain: the shared checks of its lists, its own, and last those that need a workload.

import type { NodeSpec } from '../api/blockchain-node.ts';
import { API_VERSION } from '../api/group.ts';
import type { SpecProblem } from '../api/spec-problem.ts';
import type { Chain, ChainFacts } from './chain.ts';
import { checkPorts } from './check-ports.ts';
import { checkSidecarPorts } from './check-sidecar-ports.ts';
import { checkSpec } from './check-spec.ts';

/** `own` reports what the lists of the chain cannot say. The workload is asked for only when the spec has no error. */
export function defineCheck(
  lists: ChainFacts,
  workload: Chain['workload'],
  own: (spec: NodeSpec) => readonly SpecProblem[],
): Chain['check'] {
  return (spec) => {
    const problems = [...checkSpec(lists, spec), ...own(spec)];
    const isValid = problems.every(({ level }) => level !== 'error');
    if (!isValid) return problems;
    const made = workload({ apiVersion: API_VERSION, kind: 'BlockchainNode', metadata: { name: 'x' }, spec });
    return [...problems, ...checkPorts(spec, made), ...checkSidecarPorts(spec, made)];
  };
}
