// Applies the objects of one node. An object that the API server refuses does not stop the others.

import { randomBytes } from 'node:crypto';

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { describeRef, keyOf, type KubeObject, refOf } from '../../api/objects.ts';
import type { Workload } from '../../chains/chain.ts';
import { hasCode } from '../../lib/errors.ts';
import { generatedSecretRefs, makeSecret } from '../../render/generated-secrets.ts';
import { OWNED_KINDS, type OwnedKind } from '../engine/notices.ts';
import { isRefusal } from '../engine/refusal.ts';
import type { NodeDeps } from './deps.ts';
import { type NodeTrouble, type RefusedObject, stalled } from './trouble.ts';

type ApplyDeps = Pick<NodeDeps, 'cluster' | 'watches' | 'applier' | 'runtime'>;

export interface Applied {
  /** An object of another owner has the name of one of ours. */
  readonly foreign: NodeTrouble | undefined;
  readonly refused: readonly RefusedObject[];
}

export async function applyOwnedObjects(
  node: BlockchainNode,
  objects: readonly KubeObject[],
  { watches, applier }: ApplyDeps,
): Promise<Applied> {
  const refused: RefusedObject[] = [];
  for (const desired of objects) {
    const live = watches
      .owned(keyOf(node), ownedKindOf(desired))
      .find(({ metadata }) => metadata.name === desired.metadata.name);
    const foreign = foreignTrouble(live, node);
    // The objects after it may depend on it, and would use that of another owner.
    if (foreign !== undefined) return { foreign, refused };
    refused.push(...(await collectRefusal(desired, async () => await applier.apply(desired, live))));
  }
  return { foreign: undefined, refused };
}

/** A generated Secret is created once and never changed: one that exists is left as it is. */
export async function createSecrets(
  node: BlockchainNode,
  workload: Workload,
  { cluster, watches, runtime }: ApplyDeps,
): Promise<readonly RefusedObject[]> {
  const existing = new Set(watches.owned(keyOf(node), 'Secret').map(({ metadata }) => metadata.name));
  const refused: RefusedObject[] = [];
  for (const { ref, secret } of generatedSecretRefs(node, workload)) {
    if (existing.has(ref.name)) continue;
    const desired = makeSecret(node, secret, (bytes) => randomBytes(bytes).toString('hex'));
    const found = await collectRefusal(desired, async () => {
      await cluster.create(desired);
      runtime.log.info({ object: describeRef(ref) }, 'Created Secret');
    });
    refused.push(...found.filter(({ error }) => !hasCode(error, 'ALREADY_EXISTS')));
  }
  return refused;
}

async function collectRefusal(object: KubeObject, write: () => Promise<unknown>): Promise<readonly RefusedObject[]> {
  try {
    await write();
    return [];
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return [{ object: describeRef(refOf(object)), error }];
  }
}

/** An object with our name that another owner controls is never taken over. */
function foreignTrouble(live: KubeObject | undefined, node: BlockchainNode): NodeTrouble | undefined {
  const owner = live?.metadata.ownerReferences?.find(({ controller }) => controller === true);
  if (live === undefined || owner === undefined || owner.uid === node.metadata.uid) return undefined;
  if (live.kind === 'PersistentVolumeClaim') return undefined;
  return stalled(
    'NotOurs',
    `${describeRef(refOf(live))} belongs to ${owner.kind} ${owner.name}. Rename the node or remove that object.`,
  );
}

function ownedKindOf({ kind }: KubeObject): OwnedKind {
  const found = OWNED_KINDS.find((one) => one === kind);
  if (found === undefined) throw new Error(`a node owns no ${kind}`);
  return found;
}
