// Applies the objects of one node. An object that the API server refuses does not stop the others.

import { randomBytes } from 'node:crypto';

import type { BlockchainNode } from '../../../api/blockchain-node.ts';
import { LABEL } from '../../../api/group.ts';
import { describeRef, keyOf, type KubeObject, type OwnerReference, refOf } from '../../../api/objects.ts';
import type { Workload } from '../../../chains/workload.ts';
import { hasCode } from '../../../lib/errors.ts';
import { generatedSecretRefs, makeSecret } from '../../../render/generated-secrets.ts';
import { pvcNames } from '../../../render/names.ts';
import { OWNED_KINDS, type OwnedKind } from '../../engine/notices.ts';
import { isRefusal } from '../../engine/refusal.ts';
import type { NodeDeps } from '../deps.ts';
import { type NodeTrouble, type RefusedObject, stalled } from '../trouble.ts';

type ApplyDeps = Pick<NodeDeps, 'cluster' | 'watches' | 'namesakes' | 'applier' | 'runtime'>;

export interface Applied {
  /** An object of another owner has the name of one of ours. */
  readonly foreign: NodeTrouble | undefined;
  readonly refused: readonly RefusedObject[];
}

export async function applyOwnedObjects(
  node: BlockchainNode,
  objects: readonly KubeObject[],
  deps: ApplyDeps,
): Promise<Applied> {
  const found = await findLive(node, objects, deps);
  const foreign = firstOf(found.map(({ live }) => foreignTrouble(live, node))) ?? (await foreignPvc(node, found, deps));
  if (foreign !== undefined) return { foreign, refused: [] };
  const refused: RefusedObject[] = [];
  for (const { desired, live } of found)
    refused.push(
      ...(await collectRefusal(
        desired,
        async () => await deps.applier.apply(desired, live, wasApplied(node, desired)),
      )),
    );
  return { foreign: undefined, refused };
}

/** Every version of the controller gives a node a StatefulSet. Of other objects this process knows only those that it applied itself. */
function wasApplied({ status }: BlockchainNode, { kind }: KubeObject): boolean {
  return kind === 'StatefulSet' && status?.appliedRevision !== undefined;
}

interface Found {
  readonly desired: KubeObject;
  readonly live: KubeObject | undefined;
  /** The watch shows it: it carries our label. */
  readonly isWatched: boolean;
}

/** The watch shows what carries our label; another object with the name of one of ours is asked for. */
async function findLive(
  node: BlockchainNode,
  objects: readonly KubeObject[],
  { namesakes, watches }: ApplyDeps,
): Promise<readonly Found[]> {
  return await Promise.all(
    objects.map(async (desired) => {
      const kind = ownedKindOf(desired);
      const owned = watches.owned(keyOf(node), kind);
      const watched = owned.find(({ metadata }) => metadata.name === desired.metadata.name);
      const live = watched ?? (await namesakes.find(kind, refOf(desired)));
      return { desired, live, isWatched: watched !== undefined };
    }),
  );
}

function firstOf<T>(values: readonly (T | undefined)[]): T | undefined {
  return values.find((value) => value !== undefined);
}

/** A generated Secret is created once and never changed: one that exists is left as it is. */
export async function createSecrets(
  node: BlockchainNode,
  workload: Workload,
  { cluster, watches, runtime }: ApplyDeps,
): Promise<Applied> {
  const existing = new Set(watches.owned(keyOf(node), 'Secret').map(({ metadata }) => metadata.name));
  const refused: RefusedObject[] = [];
  for (const { ref, secret } of generatedSecretRefs(node, workload)) {
    if (existing.has(ref.name)) continue;
    const desired = makeSecret(node, secret, (bytes) => randomBytes(bytes).toString('hex'));
    const found = await collectRefusal(desired, async () => {
      await cluster.create(desired);
      runtime.log.info({ object: describeRef(ref) }, 'Created Secret');
    });
    const isThere = found.some(({ error }) => hasCode(error, 'ALREADY_EXISTS'));
    const foreign = isThere ? foreignTrouble(await cluster.get(ref), node) : undefined;
    if (foreign !== undefined) return { foreign, refused };
    if (!isThere) refused.push(...found);
  }
  return { foreign: undefined, refused };
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

/** The volumes of a StatefulSet that is created now: Kubernetes would mount PVCs of these names from any creator. */
async function foreignPvc(
  node: BlockchainNode,
  found: readonly Found[],
  { namesakes, watches }: ApplyDeps,
): Promise<NodeTrouble | undefined> {
  if (!found.some(({ desired, isWatched }) => desired.kind === 'StatefulSet' && !isWatched)) return undefined;
  const ours = new Set(watches.owned(keyOf(node), 'PersistentVolumeClaim').map(({ metadata }) => metadata.name));
  const { namespace = '' } = node.metadata;
  const names = pvcNames(node)
    .map(({ pvc }) => pvc)
    .filter((name) => !ours.has(name));
  const others = await Promise.all(
    names.map(async (name) => {
      const ref = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name };
      const live = await namesakes.find('PersistentVolumeClaim', ref);
      return live === undefined || isOfNode(live, node) ? undefined : name;
    }),
  );
  const name = firstOf(others);
  if (name === undefined) return undefined;
  return stalled(
    'NotOurs',
    `PersistentVolumeClaim ${namespace}/${name} exists and is not of this node. Rename the node, or give the data to it: ` +
      `kubectl -n ${namespace} label pvc ${name} ${LABEL.node}=${node.metadata.name}`,
  );
}

/** An object with the name of one of ours is never taken over: neither one of another owner nor one without any. */
function foreignTrouble(live: KubeObject | undefined, node: BlockchainNode): NodeTrouble | undefined {
  if (live === undefined || isOfNode(live, node)) return undefined;
  const owner = controllerOf(live);
  const whose = owner === undefined ? 'was not created for this node' : `belongs to ${owner.kind} ${owner.name}`;
  return stalled('NotOurs', `${describeRef(refOf(live))} ${whose}. Rename the node or remove that object.`);
}

/** Our owner reference, or our label where no other owner controls the object: a backup of a cluster restores no owners. */
function isOfNode(live: KubeObject, { metadata }: BlockchainNode): boolean {
  const owner = controllerOf(live);
  if (owner !== undefined) return owner.uid === metadata.uid;
  return live.metadata.labels?.[LABEL.node] === metadata.name;
}

function controllerOf({ metadata }: KubeObject): OwnerReference | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller === true);
}

export function ownedKindOf({ kind }: KubeObject): OwnedKind {
  const found = OWNED_KINDS.find((one) => one === kind);
  if (found === undefined) throw new Error(`a node owns no ${kind}`);
  return found;
}
