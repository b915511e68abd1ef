// What the policy refuses of a node or a job request, as problems of its file.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import { errorAt, type SpecProblem } from '../api/spec-problem.ts';
import type { Chain } from '../chains/chain.ts';
import type { JsonObject } from '../lib/json-value.ts';
import type { Denial } from '../policy/denial.ts';
import { judgeJob } from '../policy/judge-job.ts';
import { judgeNode, type UsedException } from '../policy/judge-node.ts';
import type { Policy } from '../policy/policy.ts';
import { generatedSecretRefs } from '../render/generated-secrets.ts';
import { renderNode } from '../render/render-node.ts';
import type { Context } from './context.ts';

export interface JudgedNode {
  readonly problems: readonly SpecProblem[];
  /** Rules that the node breaks and the policy waives. */
  readonly exceptions: readonly UsedException[];
}

/** Renders the node as it would run and checks the result. Only for nodes that `chain.check` accepts. */
export function judgeFileNode(
  node: BlockchainNode,
  chain: Chain,
  at: Pick<Context, 'policy' | 'patchBudget'> & { readonly file: string },
): JudgedNode {
  const rendered = renderNode(node, chain, { running: true, patchBudget: at.patchBudget });
  if (rendered.problems.length > 0) return { problems: rendered.problems, exceptions: [] };
  const madeSecrets = generatedSecretRefs(node, chain.workload(node)).map(({ ref }) => ref.name);
  const { denials, exceptions } = judgeNode({
    node,
    objects: rendered.objects,
    madeSecrets,
    allowed: at.policy.allowedFor(at.file),
  });
  return { problems: problemsOf(denials), exceptions };
}

interface RequestInFile {
  readonly kind: string;
  readonly namespace: string;
  readonly spec: JsonObject;
  readonly file: string;
}

/** What the policy refuses of a request, or of a schedule's template. */
export function judgeFileRequest({ file, ...job }: RequestInFile, policy: Policy): readonly SpecProblem[] {
  return problemsOf(judgeJob({ ...job, allowed: policy.allowedFor(file) }).denials);
}

/** One problem per rule and field: two containers can inherit the same value. */
function problemsOf(denials: readonly Denial[]): readonly SpecProblem[] {
  const found = new Map<string, SpecProblem>();
  for (const { rule, path, message } of denials) {
    const key = JSON.stringify([rule, path]);
    if (!found.has(key)) found.set(key, errorAt(rule, path, message));
  }
  return [...found.values()];
}
