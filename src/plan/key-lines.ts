// Who has the key that a node would sign with, in whole sentences for reviewers.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import { keyOf } from '../api/objects.ts';
import type { Action } from './action.ts';
import type { KeyReservation, PlanFacts, PlanInput } from './input.ts';

/** None for a node that stays stopped, and none from a controller: it reports what a node waits for on the node. */
export function keyLines(action: Action, node: BlockchainNode | undefined, input: PlanInput): readonly string[] {
  const known = input.facts?.keys;
  if (node?.spec.desiredState !== 'Running' || action.do === 'delete' || known === undefined) return [];
  return known.has(keyOf(node)) ? heldLines(node, input) : unknownKey(action, node, input);
}

/** Who else holds a key of the node. */
export function heldLines(node: BlockchainNode, { facts, executor: own }: PlanInput): readonly string[] {
  const nodeKey = keyOf(node);
  const keys = facts?.keys?.get(nodeKey) ?? [];
  if (keys.length === 0) return [];
  const isOther = ({ executor, node: holder }: KeyReservation): boolean => executor !== own || holder !== nodeKey;
  return (facts?.reservations ?? [])
    .filter((one) => one.isHeld && keys.includes(one.key) && isOther(one))
    .map((one) => describeHeld(one, own));
}

function describeHeld({ key, executor, node, since }: KeyReservation, own: string): string {
  const ends =
    executor === own
      ? `when ${node} has stopped and its pod is gone`
      : `when ${executor} has released the key: stop or delete ${node} there`;
  return `it would sign with the key ${shortKey(key)}, which executor ${executor} has reserved for its node ${node} since ${since}; its pod starts only ${ends}`;
}

/** What is not compared is not silently free. A Secret that no node may use yet is named with the pod, which does not start. */
function unknownKey(action: Action, node: BlockchainNode, { facts = {} }: PlanInput): readonly string[] {
  const name = node.spec.identity?.secretName;
  if (name === undefined || !mayBringKey(action) || facts.unusable?.has(keyOf(node)) === true) return [];
  return [unknownWords(`${node.metadata.namespace}/${name}`, keyOf(node), facts)];
}

function unknownWords(secret: string, nodeKey: string, { unreadSecrets, reservations }: PlanFacts): string {
  if (unreadSecrets?.has(nodeKey) === true)
    return `the Secret ${secret} may not be read here: whether it exists and is labelled for nodes, and who holds the key in it, is not known`;
  return reservations === undefined
    ? `who holds the key in the Secret ${secret} is not known here: --status-from reads it from the status branch`
    : `the key in the Secret ${secret} is not compared with the keys that others hold: no record names it, and only a plan against the cluster that has the Secret reads it`;
}

/** A change that leaves a running node its Secret brings no key. */
function mayBringKey(action: Action): boolean {
  if (action.do !== 'update') return action.do === 'create';
  const paths = ['spec.identity', 'spec.identity.secretName', 'spec.desiredState', 'spec.executor'];
  return action.changes.some(({ path }) => paths.includes(path));
}

/** Enough to find it in keys.yaml. */
export function shortKey(key: string): string {
  return key.slice(0, 'sha256:'.length + 12);
}
