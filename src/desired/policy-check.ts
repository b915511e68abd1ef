// What the policy refuses of a node or a job request, as problems of its file.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import { errorAt, type SpecProblem } from '../api/spec-problem.ts';
import type { Chain } from '../chains/chain.ts';
import { clip } from '../lib/clip.ts';
import type { JsonObject } from '../lib/json-value.ts';
import type { Denial } from '../policy/denial.ts';
import { judgeJob } from '../policy/judge-job.ts';
import { judgeNode, type UsedException, type Verdict } from '../policy/judge-node.ts';
import { policyOfExecutor } from '../policy/by-executor.ts';
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
export function judgeFileNode(node: BlockchainNode, chain: Chain, { files, policy, patchBudget }: Source): JudgedNode {
  const workload = chain.workload(node);
  const rendered = renderNode(node, chain, { running: true, patchBudget, workload });
  if (rendered.problems.length > 0) return { problems: rendered.problems, exceptions: [] };
  const madeSecrets = generatedSecretRefs(node, workload).map(({ ref }) => ref.name);
  const own = policyOfExecutor(policy, node.spec.executor);
  const verdictFor = (some: readonly string[]): Verdict =>
    judgeNode({ node, objects: rendered.objects, madeSecrets, allowed: own.allowedFor(some) });
  const { denials, exceptions } = verdictFor(files);
  if (denials.length === 0 || files.length === 1) return { problems: problemsOf(denials), exceptions };
  const alone = new Set(verdictFor(files.slice(0, 1)).denials.map(idOf));
  const explained = denials.map((one) => (alone.has(idOf(one)) ? one : withOthers(one, files)));
  return { problems: problemsOf(explained), exceptions };
}

interface Source extends Pick<Context, 'policy' | 'patchBudget'> {
  /** All that contributed, the node's own first. */
  readonly files: readonly string[];
}

function idOf({ rule, path }: Denial): string {
  return JSON.stringify([rule, path]);
}

/** A denial of what the node's own file alone may do. */
function withOthers(denied: Denial, [own = '', ...others]: readonly string[]): Denial {
  const message = `${denied.message} ${own} may do it alone, but ${clip(others.join(', '), 200)} also changes this node: a rule of the policy holds only when it names every file that does.`;
  return { ...denied, message };
}

interface RequestInFile {
  readonly kind: string;
  readonly namespace: string;
  readonly spec: JsonObject;
  readonly file: string;
  readonly executor: string | undefined;
}

export interface JudgedRequest {
  readonly problems: readonly SpecProblem[];
  /** Rules of the default policy that only this policy does not apply to it. */
  readonly exceptions: readonly string[];
}

/** What the policy says of a request, or of a schedule's template. */
export function judgeFileRequest({ file, executor, ...job }: RequestInFile, policy: Policy): JudgedRequest {
  const { denials, exceptions } = judgeJob({ ...job, allowed: policyOfExecutor(policy, executor).allowedFor([file]) });
  return { problems: problemsOf(denials), exceptions };
}

/** One problem per rule and field: two containers can inherit the same value. */
function problemsOf(denials: readonly Denial[]): readonly SpecProblem[] {
  const found = new Map<string, SpecProblem>();
  for (const one of denials) {
    const key = idOf(one);
    if (!found.has(key)) found.set(key, errorAt(one.rule, one.path, one.message));
  }
  return [...found.values()];
}
