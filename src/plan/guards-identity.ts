// Guards of signing identities: one key has one signer, also during a change.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import { keyOf } from '../api/objects.ts';
import { textAt } from '../lib/json-value.ts';
import type { Action, Hold } from './action.ts';
import { approvableHold, finalHold } from './hold-words.ts';
import type { KeyReservation } from './input.ts';
import { shortKey } from './key-lines.ts';
import { describeMove, RELEASE_OF_START } from './moved-keys.ts';
import type { Scene } from './scene.ts';

/** Two or more nodes exchange their keys in a circle: no order of updates is safe. */
export function identitySwap(action: Action, scene: Scene): Hold | undefined {
  const requested = newSecret(action, scene);
  const start = keyOf(action.ref);
  let holder = requested === undefined ? undefined : userOf(requested, scene);
  const first = holder;
  for (const seen = new Set<string>(); holder !== undefined && !seen.has(holder);) {
    seen.add(holder);
    const next: string | undefined = requestedBy(holder, scene);
    const after: string | undefined = next === undefined ? undefined : userOf(next, scene);
    if (after === start) return swapHold([start, first ?? ''], holder === first, scene);
    holder = after;
  }
  return undefined;
}

function swapHold([node, other]: readonly [string, string], isPair: boolean, { input }: Scene): Hold {
  const ended = isPair ? input.facts?.endedSwaps?.get(swapOf(node, other)) : undefined;
  const message = `it and ${other} exchange their identities, which no order of restarts can do safely`;
  if (ended !== undefined)
    return finalHold(
      'IdentitySwap',
      `${message}; ${ended}`,
      'It is not repeated. Undo the change, or remove the cause and file a Switchover of the two nodes under a name of your own: when that is complete, the change is applied.',
    );
  return finalHold(
    'IdentitySwap',
    message,
    isPair
      ? 'The controller carries it out as a Switchover and applies the change when that is complete.'
      : 'Undo the change and file Switchovers of two nodes each. Change the files when these are complete.',
  );
}

/** Of two nodes, `namespace/name`, in any order. */
export function swapOf(node: string, other: string): string {
  return [node, other].sort().join(' ');
}

/** A node takes over a key only when the cluster shows that its previous user is gone. */
export function identityInUse(action: Action, scene: Scene): Hold | undefined {
  const requested = newSecret(action, scene);
  if (requested === undefined) return undefined;
  const user = userOf(requested, scene);
  if (user === undefined) return undefined;
  const isLeaving = scene.live.get(user)?.metadata.deletionTimestamp !== undefined;
  const message = `the Secret ${nameOf(requested)} is the identity of ${user}${ownerOf(user, scene)}${isLeaving ? ', which is still being deleted' : ''}`;
  const release = `Continues when ${user} is gone or has another identity.`;
  return { ...finalHold('IdentityInUse', message, release), passes: true };
}

/** Two clusters never run one key: the executor that has it must have released it. */
export function keyReserved(action: Action, scene: Scene): Hold | undefined {
  const held = reservationsFor(action, scene).find(({ isHeld }) => isHeld);
  if (held === undefined) return undefined;
  const { executor, key, node, since, approval } = held;
  const message = `executor ${executor} has reserved the signing key ${shortKey(key)} for its node ${node} since ${since}`;
  const overrule =
    approval === undefined
      ? ''
      : ` If ${executor} is gone for good and nothing can sign with this key any more, add the approval ${approval} to spec.approvals in fleet.yaml.`;
  const release = `Continues when ${executor} has released the key: stop or delete ${node} there.${overrule}`;
  return finalHold('KeyReserved', message, release);
}

/** A node receives a key that signed on another node, also as a copy: the record of what was signed does not move with it. */
export function signerElsewhere(action: Action, scene: Scene): Hold | undefined {
  const requested = newSecret(action, scene);
  const own = keyOf(action.ref);
  const isExchange = requested !== undefined && userSecret(own, scene) !== undefined;
  if (action.do === 'delete' || action.do === 'start' || isExchange) return undefined;
  const signer = earlierSigner(action, requested, scene);
  if (signer === undefined) return undefined;
  const [where, record] =
    signer === ''
      ? ['a node that was deleted', 'was deleted with its volumes']
      : [`${signer}${ownerOf(signer, scene)}`, "stays on that node's volume"];
  const what = requested === undefined ? 'a key that its pod can read' : `the key in ${nameOf(requested)}`;
  return approvableHold(
    'SignerState',
    `${what} has signed on ${where}, and the record of what it signed ${record}: this node starts without it. Before approving make sure that the key will sign no height twice. A node that keeps its name keeps its volume and the record; a Backup made after the last signature restores the record on another node${stillSigning(keysOf(action, scene), scene)}`,
  );
}

/** By the key where its digest is known, else by its Secret; first of this executor, then of others. */
function earlierSigner(action: Action, requested: string | undefined, scene: Scene): string | undefined {
  const { signers, newKeys } = scene.input.facts ?? {};
  const own = keyOf(action.ref);
  const records = [...(newKeys?.get(own) ?? []), ...(requested === undefined ? [] : [requested])];
  const here = records.flatMap((record) => signers?.get(record) ?? []).filter((signer) => signer !== own);
  const user = requested === undefined ? undefined : userOf(requested, scene);
  // A node that changes its executor within one cluster keeps its volume.
  const elsewhere = startsLater(action)
    ? undefined
    : reservationsFor(action, scene).find(
        ({ key, node }) => signers?.get(key) !== own && (action.do === 'create' || node !== own),
      );
  return (
    here[0] ?? user ?? (elsewhere === undefined ? undefined : `${elsewhere.node} of executor ${elsewhere.executor}`)
  );
}

/** Its data can be restored before it signs: the later start is held by what the key has signed until then. */
function startsLater(action: Action): boolean {
  return action.do === 'create' && textAt(action.object['spec'], ['desiredState']) === 'Stopped';
}

/** Of other executors: of the keys that the node would sign with, and of the node itself, which moved here. */
function reservationsFor(action: Action, { input }: Scene): readonly KeyReservation[] {
  if (action.do === 'delete') return [];
  const { newKeys, reservations = [] } = input.facts ?? {};
  const own = keyOf(action.ref);
  const keys = newKeys?.get(own) ?? [];
  const isMove = (node: string): boolean => node === own && (action.do === 'create' || action.move?.from !== undefined);
  return reservations.filter(
    ({ executor, key, node }) => executor !== input.executor && (keys.includes(key) || isMove(node)),
  );
}

/** The node is there already, and its key was elsewhere meanwhile. */
export function signerMoved(action: Action, scene: Scene): Hold | undefined {
  if (action.do !== 'start' || action.moved === undefined) return undefined;
  const message = `${describeMove(action.moved)}${stillSigning(action.moved.keys, scene)}`;
  return { ...approvableHold('SignerState', message), release: RELEASE_OF_START };
}

function nameOf(secret: string): string {
  return secret.slice(secret.indexOf('/') + 1);
}

/**
 * The record of what a node has signed is on its volume and does not move with a key. Undoing an edit in the cluster is
 * not a change, because an edited spec was never acted on. Nor is a file that follows a completed Switchover.
 */
export function signerState(action: Action, scene: Scene): Hold | undefined {
  const requested = newSecret(action, scene);
  const before = userSecret(keyOf(action.ref), scene);
  if (action.do !== 'update' || action.drift || requested === undefined || before === undefined) return undefined;
  const [from, to] = [before, requested].map(nameOf);
  return approvableHold(
    'SignerState',
    `spec.identity changes from ${from} to ${to}, but the volume's record of what was signed belongs to the key in ${from}. Before approving make sure that the key in ${to} has signed nothing above this record, here or elsewhere, or it would sign the same height twice, and that nothing else signs with it. To exchange the keys of two nodes, file a Switchover: it moves these records too${stillSigning(keysOf(action, scene), scene)}`,
  );
}

/** Digests of the keys that its node would newly sign with. */
function keysOf({ ref }: Action, { input }: Scene): readonly string[] {
  return input.facts?.newKeys?.get(keyOf(ref)) ?? [];
}

/** An approval starts nothing while such a pod runs. */
function stillSigning(keys: readonly string[], { input }: Scene): string {
  const strays = new Set(keys.flatMap((key) => input.facts?.straySigners?.get(key) ?? []));
  return [...strays].map((stray) => `. ${stray}`).join('');
}

/** `namespace/secret` that the action would give its node; undefined when the node has it already. */
function newSecret(action: Action, scene: Scene): string | undefined {
  if (action.do === 'delete' || action.do === 'start') return undefined;
  const name = textAt(action.object['spec'], ['identity', 'secretName']);
  const node = scene.live.get(keyOf(action.ref));
  const isSame =
    name === node?.spec.identity?.secretName ||
    (node !== undefined && secretOf(node, scene) === `${action.ref.namespace}/${name}`);
  return name === undefined || isSame ? undefined : `${action.ref.namespace}/${name}`;
}

/** The active Secret: the override of a Switchover wins over the spec. */
function secretOf(node: BlockchainNode, { input }: Scene): string | undefined {
  const name = input.facts?.identities?.get(keyOf(node)) ?? node.spec.identity?.secretName;
  return name === undefined ? undefined : `${node.metadata.namespace}/${name}`;
}

function userOf(secret: string, scene: Scene): string | undefined {
  const user = [...scene.live.values()].find((node) => secretOf(node, scene) === secret);
  return user === undefined ? undefined : keyOf(user);
}

/** Where the node is there and is another executor's. */
function ownerOf(node: string, { live, input }: Scene): string {
  const executor = live.get(node)?.spec.executor ?? input.executor;
  return executor === input.executor ? '' : ` of executor ${executor}`;
}

function userSecret(key: string, scene: Scene): string | undefined {
  const node = scene.live.get(key);
  return node === undefined ? undefined : secretOf(node, scene);
}

function requestedBy(key: string, scene: Scene): string | undefined {
  const action = scene.actions.find((one) => keyOf(one.ref) === key);
  return action === undefined ? undefined : newSecret(action, scene);
}
