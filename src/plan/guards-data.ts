// Guards of the data on a node's volumes.

import type { NodeSpec } from '../api/blockchain-node.ts';
import type { LiveVolume } from '../api/node-volumes.ts';
import type { Storage } from '../api/node-storage.ts';
import { keyOf, type Ref } from '../api/objects.ts';
import { isObject, textAt, valueAt } from '../lib/json-value.ts';
import { isSmaller } from '../lib/quantity.ts';
import type { Action, Hold } from './action.ts';
import { approvableHold, finalHold } from './hold-words.ts';
import { whyForeign, whyResyncs } from './judge-volumes.ts';
import type { Scene } from './scene.ts';

const NEW_NODE =
  'Undo the change: until then nothing of it is applied. To move the data, create a new node with the volume you want and restore a Backup of this one into it.';

/** A PVC can grow but not change otherwise: https://kubernetes.io/docs/concepts/storage/persistent-volumes/ */
export function volumeShrink(action: Action, { live, input }: Scene): Hold | undefined {
  const node = live.get(keyOf(action.ref));
  if (action.do !== 'update' || node === undefined) return undefined;
  for (const [name, volume] of Object.entries(node.spec.storage)) {
    const to = valueAt(action.object['spec'], ['storage', name]);
    // No PVC was made of what was added by hand: an edited spec is not rendered.
    if (action.drift && to === undefined) continue;
    const why = whatShrinks(volume, to);
    if (why === undefined) continue;
    return shrinkHold(action, { name, from: volume.size, to: textAt(to, ['size']) ?? '', why }, input);
  }
  return undefined;
}

interface Shrinking extends Resize {
  readonly why: string;
}

function shrinkHold(
  action: Extract<Action, { do: 'update' }>,
  { why, ...resize }: Shrinking,
  { facts }: Scene['input'],
): Hold {
  const { name, from, to } = resize;
  if (isSmaller(to, from)) {
    if (action.drift) return sizeEdited(action, resize);
    const pvc = facts?.volumes?.get(keyOf(action.ref))?.live?.find((one) => one.name === name);
    if (pvc?.size !== undefined && !isSmaller(to, pvc.size)) return neverGrown(action, resize, pvc.size);
  }
  return finalHold('VolumeShrink', `volume ${name}: ${why}`, NEW_NODE);
}

/** The PVC never had the larger size. */
function neverGrown(action: Extract<Action, { do: 'update' }>, { name, from, to }: Resize, size: string): Hold {
  return finalHold(
    'VolumeShrink',
    `volume ${name}: it has ${size} and did not grow to ${from}, and the API server accepts no smaller size than ${from} for this object`,
    `Keep ${to} in ${action.file}, and ${madeAgain(action, to)}`,
  );
}

function madeAgain({ ref }: Pick<Action, 'ref'>, size: string): string {
  const remove = `kubectl -n ${ref.namespace ?? ''} delete blockchainnode ${ref.name}`;
  return `delete the object (${remove}): it is created again with ${size}, its pod restarts, and its volumes stay.`;
}

interface Resize {
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

/** The volume itself has the size of the file still, but a rule of the CRD refuses the way back. */
function sizeEdited(action: Extract<Action, { do: 'update' }>, { name, from, to }: Resize): Hold {
  return finalHold(
    'VolumeShrink',
    `volume ${name}: its size was changed in the cluster from ${to} to ${from}, and the API server accepts no smaller size than ${from} for this object`,
    `Write ${from} into ${action.file}: then the volume grows to that size. Or ${madeAgain(action, to)}`,
  );
}

function whatShrinks(from: Storage, to: unknown): string | undefined {
  if (!isObject(to)) return 'a volume cannot be removed from a node';
  const size = textAt(to, ['size']) ?? '';
  if (isSmaller(size, from.size))
    return `${from.size} cannot shrink to ${size}: Kubernetes cannot make a volume smaller, so nothing is done`;
  const storageClass = textAt(to, ['storageClass']);
  if (storageClass === from.storageClass) return undefined;
  return `the storage class of an existing volume cannot change from ${from.storageClass ?? 'the default'} to ${storageClass ?? 'the default'}`;
}

/** The larger size would be in the object for good, while the PVC keeps its own. */
export function volumeCannotGrow(action: Action, { input }: Scene): Hold | undefined {
  if (action.do !== 'update') return undefined;
  const spec = action.object['spec'];
  const volumes = input.facts?.volumes?.get(keyOf(action.ref))?.live ?? [];
  const fixed = volumes.find((volume) => isFixed(volume, sizeIn(spec, volume), input.facts?.fixedClasses));
  return fixed === undefined ? undefined : fixedSize(fixed, sizeIn(spec, fixed));
}

function sizeIn(spec: unknown, { name }: LiveVolume): string {
  return textAt(spec, ['storage', name, 'size']) ?? '';
}

function isFixed(
  { size = '', storageClass = '' }: LiveVolume,
  to: string,
  fixedClasses: ReadonlySet<string> | undefined,
): boolean {
  return fixedClasses?.has(storageClass) === true && isSmaller(size, to);
}

function fixedSize({ name, pvc, size, storageClass }: LiveVolume, to: string): Hold {
  return finalHold(
    'VolumeCannotGrow',
    `volume ${name}: the PVC ${pvc} cannot grow from ${size} to ${to}, because its StorageClass ${storageClass} does not allow it (allowVolumeExpansion)`,
    `Undo the change: until then nothing of it is applied. If the driver of ${storageClass} can do it, set allowVolumeExpansion there: the controller looks every five minutes. To move the data, create a new node with a larger volume of another class and restore a Backup of this one into it.`,
  );
}

/** Another chain or network never fits the data; another client or an archive needs a new sync. */
export function identityOfData(action: Action, scene: Scene): Hold | undefined {
  const node = scene.live.get(keyOf(action.ref));
  if (action.do !== 'update' || node === undefined) return undefined;
  if (action.drift && fitsVolumes(action.ref, scene)) return undefined;
  const to = action.object['spec'];
  return chainOfData(node.spec, to) ?? clientOfData(node.spec, to);
}

function clientOfData(from: NodeSpec, to: unknown): Hold | undefined {
  const why = whatResyncs(from, to);
  return why === undefined
    ? undefined
    : approvableHold(
        'IdentityOfData',
        `${why}: it cannot use the data on the volume, so the node syncs from the start and is not available until then. Safer: create a new node, and delete this one when the new one is synced`,
      );
}

function chainOfData(from: NodeSpec, spec: unknown): Hold | undefined {
  for (const field of ['chain', 'network'] as const) {
    const to = textAt(spec, [field]);
    if (to !== from[field])
      return finalHold(
        'IdentityOfData',
        `${field} changes from ${from[field]} to ${to}, but the volumes hold data of ${from[field]}`,
        'Undo the change, and create a new node for the other one.',
      );
  }
  return undefined;
}

/** What was written by hand was not rendered: not the live object says what the volumes hold, but they themselves. */
function fitsVolumes(ref: Ref, { input }: Scene): boolean {
  const key = keyOf(ref);
  const spec = input.desired.nodes.get(key)?.node.spec;
  const known = input.facts?.volumes?.get(key);
  if (spec === undefined || known === undefined) return spec !== undefined;
  return whyForeign(spec, known) === undefined && whyResyncs(spec, known) === undefined;
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
