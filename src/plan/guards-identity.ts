// Guards of signing identities: one key, one signer, also during a change.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import { keyOf } from '../api/objects.ts';
import { textAt } from '../lib/json-value.ts';
import type { Action, Hold } from './action.ts';
import { approvableHold, finalHold } from './hold-words.ts';
import type { Scene } from './scene.ts';

/** Two or more nodes pass their keys around in a circle: no order of updates is safe. */
export function identitySwap(action: Action, scene: Scene): Hold | undefined {
  const wanted = newSecret(action, scene);
  const start = keyOf(action.ref);
  let holder = wanted === undefined ? undefined : otherUser(wanted, start, scene);
  const first = holder;
  for (const seen = new Set<string>(); holder !== undefined && !seen.has(holder);) {
    seen.add(holder);
    const next: string | undefined = wantedByKey(holder, scene);
    const after: string | undefined = next === undefined ? undefined : userOf(next, scene);
    if (after === start)
      return finalHold(
        'IdentitySwap',
        `it and ${first} exchange their identities, which no order of restarts can do safely`,
        next === userSecret(start, scene)
          ? 'The controller carries it out as a Switchover, and goes on by itself when that is complete.'
          : 'Undo the change and file Switchovers of two nodes each; once they are complete, Git may say the same.',
      );
    holder = after;
  }
  return undefined;
}

/** The key is taken over only when the cluster shows that its user before is gone. */
export function identityInUse(action: Action, scene: Scene): Hold | undefined {
  const wanted = newSecret(action, scene);
  const user = wanted === undefined ? undefined : otherUser(wanted, keyOf(action.ref), scene);
  if (wanted === undefined || user === undefined) return undefined;
  const isLeaving = scene.live.get(user)?.metadata.deletionTimestamp !== undefined;
  const message = `the Secret ${wanted.slice(wanted.indexOf('/') + 1)} is the identity of ${user}${isLeaving ? ', which is still being deleted' : ''}`;
  const release = `Goes on by itself when ${user} is gone or has another identity.`;
  return { ...finalHold('IdentityInUse', message, release), passes: true };
}

/** A node that had no key gets one that signed on another node: the record of what was signed does not come along. */
export function signerElsewhere(action: Action, scene: Scene): Hold | undefined {
  const wanted = newSecret(action, scene);
  const own = keyOf(action.ref);
  if (wanted === undefined || userSecret(own, scene) !== undefined) return undefined;
  const signer = scene.input.facts?.signers?.get(wanted) ?? otherUser(wanted, own, scene);
  if (signer === undefined || signer === own) return undefined;
  const [where, record] =
    signer === '' ? ['a node that was deleted', 'went with its volumes'] : [signer, "stays on that node's volume"];
  return approvableHold(
    'SignerState',
    `the key in ${wanted.slice(wanted.indexOf('/') + 1)} has signed on ${where}, and the record of what it signed ${record}: this node starts without it. Before approving make sure that the key will sign no height twice. A node that keeps its name keeps its volume and the record; a Backup made after the last signature brings it to another one`,
  );
}

/**
 * What a node has signed is kept on its volume and does not come with another key. Putting a person's edit in the cluster
 * back is no change: an edited spec was never acted on. Nor is Git saying what a Switchover has done.
 */
export function signerState(action: Action, scene: Scene): Hold | undefined {
  const wanted = newSecret(action, scene);
  const before = userSecret(keyOf(action.ref), scene);
  if (action.do !== 'update' || action.drift || wanted === undefined || before === undefined) return undefined;
  const [from, to] = [before, wanted].map((secret) => secret.slice(secret.indexOf('/') + 1));
  return approvableHold(
    'SignerState',
    `spec.identity changes from ${from} to ${to}, but the volume's record of what was signed belongs to the key in ${from}. Before approving make sure that the key in ${to} has signed nothing above it, here or elsewhere, or it would sign the same height twice; and that nothing else signs with it. To exchange the keys of two nodes, file a Switchover: it moves these records too`,
  );
}

/** `namespace/secret` that the action would newly give its node; undefined when it has it already. */
function newSecret(action: Action, scene: Scene): string | undefined {
  if (action.do === 'delete') return undefined;
  const name = textAt(action.object['spec'], ['identity', 'secretName']);
  const node = scene.live.get(keyOf(action.ref));
  const isSame =
    name === node?.spec.identity?.secretName ||
    (node !== undefined && secretOf(node, scene) === `${action.ref.namespace}/${name}`);
  return name === undefined || isSame ? undefined : `${action.ref.namespace}/${name}`;
}

/** The Secret in force: what a Switchover exchanged counts, not what the spec says. */
function secretOf(node: BlockchainNode, { input }: Scene): string | undefined {
  const name = input.facts?.identities?.get(keyOf(node)) ?? node.spec.identity?.secretName;
  return name === undefined ? undefined : `${node.metadata.namespace}/${name}`;
}

function userOf(secret: string, scene: Scene): string | undefined {
  const user = [...scene.live.values()].find((node) => secretOf(node, scene) === secret);
  return user === undefined ? undefined : keyOf(user);
}

function userSecret(key: string, scene: Scene): string | undefined {
  const node = scene.live.get(key);
  return node === undefined ? undefined : secretOf(node, scene);
}

function otherUser(secret: string, than: string, scene: Scene): string | undefined {
  const user = [...scene.live.values()].find((node) => keyOf(node) !== than && secretOf(node, scene) === secret);
  return user === undefined ? undefined : keyOf(user);
}

function wantedByKey(key: string, scene: Scene): string | undefined {
  const action = scene.actions.find((one) => keyOf(one.ref) === key);
  return action === undefined ? undefined : newSecret(action, scene);
}
