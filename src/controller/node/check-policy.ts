// The last check before anything of a node is applied: also of a node that was created by hand.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { ANNOTATION, LABEL } from '../../api/group.ts';
import { keyOf, type KubeObject } from '../../api/objects.ts';
import { exceptionsIn, ruleOfException } from '../../api/policy-exceptions.ts';
import { clip } from '../../lib/clip.ts';
import { judgeNode, type UsedException } from '../../policy/judge-node.ts';
import type { NodeDeps } from './deps.ts';
import { driftOf } from './owned-fields.ts';
import { type NodeTrouble, stalled } from './trouble.ts';

interface Rendered {
  readonly objects: readonly KubeObject[];
  /** Names of Secrets that the controller makes for the node. */
  readonly madeSecrets: readonly string[];
}

type PolicyDeps = Pick<NodeDeps, 'settings' | 'declaredIn' | 'watches'>;

/** What the policy refuses of the final objects, in the words of `validate`. */
export function checkPolicy(node: BlockchainNode, rendered: Rendered, deps: PolicyDeps): NodeTrouble | undefined {
  const files = filesOf(node, rendered, deps);
  const allowed = deps.settings.policy.allowedFor(files);
  const { denials, exceptions } = judgeNode({ node, ...rendered, allowed });
  const messages = denials.map(({ message }) => message);
  const unapproved = files === undefined ? exceptions : withoutApproved(exceptions, node);
  if (unapproved.length > 0) messages.push(needsApproval(unapproved));
  if (messages.length === 0) return undefined;
  return stalled('PolicyDenied', clip([...new Set(messages)].join(' '), 1500));
}

/**
 * The files that made the node. Annotations can be forged by hand: without a declaration they count only for a node whose
 * pod stays as it is, such as one whose file has an error now, or while Git cannot be read after a restart.
 */
function filesOf(
  node: BlockchainNode,
  rendered: Rendered,
  { declaredIn, watches }: PolicyDeps,
): readonly string[] | undefined {
  const { labels, annotations } = node.metadata;
  if (labels?.[LABEL.executor] === undefined) return undefined;
  const declared = declaredIn(keyOf(node));
  if (declared !== undefined) return declared;
  const file = annotations?.[ANNOTATION.file];
  return file !== undefined && keepsItsPod(node, rendered, watches) ? [file] : undefined;
}

/** The live StatefulSet makes the pod that is rendered now: nothing is asked for that the plan did not judge. */
function keepsItsPod(node: BlockchainNode, { objects }: Rendered, watches: PolicyDeps['watches']): boolean {
  const live = watches.owned(keyOf(node), 'StatefulSet').find(({ metadata }) => metadata.name === node.metadata.name);
  const desired = objects.find(({ kind }) => kind === 'StatefulSet');
  if (live === undefined || desired === undefined) return false;
  return driftOf(live, desired).every(({ path }) => !path.startsWith('spec.template'));
}

/** The plan held them until they were approved: only then do they stand on the object. */
function withoutApproved(exceptions: readonly UsedException[], { metadata }: BlockchainNode): readonly UsedException[] {
  const approved = new Set(exceptionsIn(metadata).map(ruleOfException));
  return exceptions.filter(({ rule }) => !approved.has(rule));
}

function needsApproval(exceptions: readonly UsedException[]): string {
  const rules = exceptions.map(({ rule }) => rule).join(', ');
  return `The node uses ${rules}. The policy of the controller allows that only after an approval, which only a node from Git can have. Declare the node in Git.`;
}
