// Why a node does not get its signing key, for its status and for Events.

import type { BlockchainNode } from '../../../api/blockchain-node.ts';
import type { NodeReason } from '../../../api/codes/node-reasons.ts';
import { describeMove, type MovedKeys, RELEASE_OF_START } from '../../../plan/moved-keys.ts';
import { describeHolder, shortKey } from '../../../keys/describe.ts';
import type { Holder } from '../../../keys/foreign.ts';

export interface Refusal {
  readonly ok: false;
  readonly reason: Extract<
    NodeReason,
    'IdentityMissing' | 'IdentityUnclear' | 'IdentityInUse' | 'KeyReserved' | 'KeyPending' | 'SignerState'
  >;
  readonly message: string;
  /** The refusal ends by itself: the node that has the key is being deleted, or the next push decides. */
  readonly passing: boolean;
  /** A pod that runs must not stay: its container would restart with another key than it was started with. */
  readonly stopsPod?: boolean;
}

export function missing(secret: string): Refusal {
  const message = `Secret ${secret}, which the node uses, does not exist in the namespace of the node. Create it.`;
  return { ok: false, reason: 'IdentityMissing', message, passing: false };
}

export function unclear(secret: string, files: readonly string[]): Refusal {
  const message =
    `Secret ${secret}, which the node uses, has files that name more than one signing key (${files.join(', ')}), with ` +
    'names that differ in case only: which key the client takes is not known. Leave one key in each file.';
  return { ok: false, reason: 'IdentityUnclear', message, passing: false };
}

export function inUse(other: string, node: BlockchainNode | undefined): Refusal {
  const isLeaving = node === undefined || node.metadata.deletionTimestamp !== undefined;
  const message = isLeaving
    ? `A pod of ${other}, which is being deleted, may still sign with the same key. The node starts when that pod is gone.`
    : `${other} signs with the same key, or may still do so. Stop it first, or exchange the keys with a Switchover.`;
  return { ok: false, reason: 'IdentityInUse', message, passing: isLeaving };
}

/** No approval lets the node start beside it. */
export function strayInUse(stray: string): Refusal {
  return {
    ok: false,
    reason: 'IdentityInUse',
    message: `${stray}. The node starts when that is done.`,
    passing: false,
  };
}

export function reservedElsewhere(holders: ReadonlyMap<string, Holder>): Refusal {
  const message = [...holders].map(([key, holder]) => describeHolder(key, holder)).join(' ');
  return { ok: false, reason: 'KeyReserved', message, passing: false };
}

/** Started without the record of what the key signed there, it could sign a height twice. */
export function signedSince(moved: MovedKeys): Refusal {
  const message = `The node is kept stopped: ${describeMove(moved)}. ${RELEASE_OF_START}`;
  return { ok: false, reason: 'SignerState', message, passing: false };
}

export function replaced(moved: MovedKeys): Refusal {
  return { ...signedSince(moved), stopsPod: true };
}

export function waitsForPush(keys: readonly string[]): Refusal {
  const message =
    `The reservation of the signing key ${keys.map(shortKey).join(', ')} is not on the status branch yet. The node ` +
    'starts when it is. If this lasts, the branch cannot be written: see the log of the controller.';
  return { ok: false, reason: 'KeyPending', message, passing: true };
}
