// The last check before anything of a node is applied: also of a node that was created by hand.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { ANNOTATION, LABEL } from '../../api/group.ts';
import { keyOf, type KubeObject } from '../../api/objects.ts';
import { exceptionsIn, ruleOfException } from '../../api/policy-exceptions.ts';
import type { DesiredNode } from '../../desired/desired-set.ts';
import { clip } from '../../lib/clip.ts';
import { withApplied } from '../../plan/applied.ts';
import { judgeNode, type UsedException } from '../../policy/judge-node.ts';
import { ownedKindOf } from './apply/apply-owned.ts';
import type { NodeDeps } from './deps.ts';
import { driftOf } from './apply/owned-fields.ts';
import { type NodeTrouble, stalled } from './trouble.ts';

interface Rendered {
  readonly objects: readonly KubeObject[];
  /** Names of Secrets that the controller makes for the node. */
  readonly madeSecrets: readonly string[];
}

type PolicyDeps = Pick<NodeDeps, 'settings' | 'declared' | 'watches'>;

/** What Git declares is read, and a plan applied, without a notice to a node that stays as it is. */
const RETRY_MS = 10_000;

/** What the policy refuses of the final objects, in the words of `validate`. */
export function checkPolicy(node: BlockchainNode, rendered: Rendered, deps: PolicyDeps): NodeTrouble | undefined {
  const files = filesOf(node, rendered, deps);
  const allowed = deps.settings.policy.allowedFor(files);
  const { denials, exceptions } = judgeNode({ node, ...rendered, allowed });
  const messages = denials.map(({ message }) => message);
  const unapproved = files === undefined ? exceptions : withoutApproved(exceptions, node);
  if (unapproved.length > 0) messages.push(needsApproval(unapproved));
  if (messages.length === 0) return undefined;
  const trouble = stalled('PolicyDenied', clip([...new Set(messages)].join(' '), 1500));
  return isFromGit(node) ? { ...trouble, retryMs: RETRY_MS } : trouble;
}

function isFromGit({ metadata }: BlockchainNode): boolean {
  return metadata.labels?.[LABEL.executor] !== undefined;
}

/**
 * The files that made the node. Annotations and digests can be forged by hand: a spec that no file declares now has the
 * rights of its file only while it changes nothing. Such is the spec of a node whose file has an error or whose update is held,
 * and every spec while Git cannot be read after a restart.
 */
function filesOf(
  node: BlockchainNode,
  rendered: Rendered,
  { declared, watches }: PolicyDeps,
): readonly string[] | undefined {
  if (!isFromGit(node)) return undefined;
  const desired = declared(keyOf(node));
  if (desired !== undefined && isDeclaredSpec(node, desired)) return desired.contributors;
  if (!changesNothing(node, rendered, watches)) return undefined;
  const file = node.metadata.annotations?.[ANNOTATION.file];
  return desired?.contributors ?? (file === undefined ? undefined : [file]);
}

/** The digest is of the live spec: a spec of another digest is never acted on. */
function isDeclaredSpec({ metadata }: BlockchainNode, desired: DesiredNode): boolean {
  const digest = withApplied(desired.node).metadata.annotations?.[ANNOTATION.appliedSpec];
  return digest !== undefined && metadata.annotations?.[ANNOTATION.appliedSpec] === digest;
}

/** The live objects are those that are rendered now: nothing is asked for that the plan did not judge. */
function changesNothing(node: BlockchainNode, { objects }: Rendered, watches: PolicyDeps['watches']): boolean {
  const key = keyOf(node);
  return objects.every((desired) => {
    const owned = watches.owned(key, ownedKindOf(desired));
    const live = owned.find(({ metadata }) => metadata.name === desired.metadata.name);
    return live !== undefined && driftOf(live, desired).every(({ path }) => isHarmless(desired, path));
  });
}

/** Replicas, and templates of volumes, which cannot change. */
function isHarmless({ kind }: KubeObject, path: string): boolean {
  return kind === 'StatefulSet' && !path.startsWith('spec.template');
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
