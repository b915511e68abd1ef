// Guards of the data on a node's volumes.

import type { NodeSpec } from '../api/blockchain-node.ts';
import type { Storage } from '../api/node-storage.ts';
import { keyOf } from '../api/objects.ts';
import { isObject, textAt, valueAt } from '../lib/json-value.ts';
import { parseQuantity } from '../lib/quantity.ts';
import type { Action, Hold } from './action.ts';
import { approvableHold, finalHold } from './hold-words.ts';
import type { Scene } from './scene.ts';

const NEW_NODE =
  'Undo the change. To move the data, create a new node with the volume you want and restore a Backup of this one into it.';

/** A PVC can grow but not change otherwise: https://kubernetes.io/docs/concepts/storage/persistent-volumes/ */
export function volumeShrink(action: Action, { live }: Scene): Hold | undefined {
  const node = live.get(keyOf(action.ref));
  if (action.do !== 'update' || node === undefined) return undefined;
  for (const [name, volume] of Object.entries(node.spec.storage)) {
    const why = whatShrinks(volume, valueAt(action.object['spec'], ['storage', name]));
    if (why !== undefined) return finalHold('VolumeShrink', `volume ${name}: ${why}`, NEW_NODE);
  }
  return undefined;
}

function whatShrinks(from: Storage, to: unknown): string | undefined {
  if (!isObject(to)) return 'a volume cannot be removed from a node';
  const size = textAt(to, ['size']) ?? '';
  if ((parseQuantity(size) ?? 0) < (parseQuantity(from.size) ?? 0)) return `${from.size} cannot shrink to ${size}`;
  const storageClass = textAt(to, ['storageClass']);
  if (storageClass === from.storageClass) return undefined;
  return `the storage class of an existing volume cannot change from ${from.storageClass ?? 'the default'} to ${storageClass ?? 'the default'}`;
}

/** Another chain or network never fits the data; another client or an archive needs a new sync. */
export function identityOfData(action: Action, { live }: Scene): Hold | undefined {
  const node = live.get(keyOf(action.ref));
  if (action.do !== 'update' || node === undefined) return undefined;
  for (const field of ['chain', 'network'] as const) {
    const to = textAt(action.object['spec'], [field]);
    if (to !== node.spec[field])
      return finalHold(
        'IdentityOfData',
        `${field} changes from ${node.spec[field]} to ${to}, but the volumes hold data of ${node.spec[field]}`,
        'Undo the change, and create a new node for the other one.',
      );
  }
  const why = whatResyncs(node.spec, action.object['spec']);
  return why === undefined
    ? undefined
    : approvableHold(
        'IdentityOfData',
        `${why}: it cannot use the data on the volume, so the node syncs from the start and is not available until then. Safer: create a new node, and delete this one when the new one is synced`,
      );
}

function whatResyncs(from: NodeSpec, to: unknown): string | undefined {
  if (from.nodeType !== 'archive' && textAt(to, ['nodeType']) === 'archive')
    return `nodeType changes from ${from.nodeType} to archive`;
  for (const [role, client] of Object.entries(from.clients)) {
    const name = textAt(to, ['clients', role, 'name']);
    if (name !== undefined && name !== client.name)
      return `the client of ${role} changes from ${client.name} to ${name}`;
  }
  return undefined;
}
