// Guards of volumes that exist before their node does, and of volumes that are gone although their node needs them.

import type { BlockchainNode, NodeSpec } from '../api/blockchain-node.ts';
import type { NodeWorkload } from '../api/node-workload.ts';
import type { KnownVolumes } from '../api/node-volumes.ts';
import { keyOf } from '../api/objects.ts';
import type { Action, Hold } from './action.ts';
import { approvableHold, finalHold } from './hold-words.ts';
import { describeLoss, RELEASE_OF_LOSS, releaseOfForeign, whyForeign, whyResyncs } from './judge-volumes.ts';
import type { PlanInput } from './input.ts';
import type { Scene } from './scene.ts';

/** A node of a name whose volumes an earlier node left behind: the live object alone does not show them. */
export function volumesLeftBehind(action: Action, { input }: Scene): Hold | undefined {
  const key = keyOf(action.ref);
  const known = input.facts?.volumes?.get(key);
  const spec = input.desired.nodes.get(key)?.node.spec;
  if (action.do !== 'create' || known === undefined || spec === undefined) return undefined;
  return holdOfForeign(spec, known, action.ref.namespace ?? '') ?? holdOfResync(spec, known);
}

function holdOfForeign(spec: NodeSpec, known: KnownVolumes, namespace: string): Hold | undefined {
  const why = whyForeign(spec, known);
  return why === undefined ? undefined : finalHold('IdentityOfData', why, releaseOfForeign(known, namespace));
}

function holdOfResync(spec: NodeSpec, known: KnownVolumes): Hold | undefined {
  const why = whyResyncs(spec, known);
  return why === undefined
    ? undefined
    : approvableHold(
        'IdentityOfData',
        `${why}: the node cannot use this data and syncs from the start. Safer: choose another name`,
      );
}

/** Such an action exists only where a volume with the record of a signing key is lost. */
export function signerVolumeLost(action: Action, { input }: Scene): Hold | undefined {
  if (action.do !== 'start' || action.lost.length === 0) return undefined;
  const record = input.facts?.volumes?.get(keyOf(action.ref))?.record;
  return { ...approvableHold('SignerVolumeLost', describeLoss(action.lost, record ?? {})), release: RELEASE_OF_LOSS };
}

/** A deleted PVC stays while a pod uses it: what ends the pod loses the data, and nothing cancels its deletion. */
export function volumeTerminating(action: Action, { input, live }: Scene): Hold | undefined {
  const key = keyOf(action.ref);
  const going = input.facts?.volumes?.get(key)?.live?.filter(({ isGoing }) => isGoing === true) ?? [];
  const node = live.get(key);
  if (node === undefined || going.length === 0 || !endsPod(action, node, input)) return undefined;
  const pvcs = going.map(({ pvc }) => pvc).join(', ');
  return approvableHold(
    'VolumeTerminating',
    `the PVC ${pvcs} was deleted and goes, with its data, when the pod ends, and this would end it. First set persistentVolumeReclaimPolicy of its PersistentVolume to Retain, or copy the data with a Backup of action Direct`,
  );
}

function endsPod(action: Action, node: BlockchainNode, { workloadOf, desired }: PlanInput): boolean {
  const before = workloadOf?.(node);
  if (before?.running === false || action.do === 'create' || action.do === 'start') return false;
  // With these volumes it was meant to lose its data.
  if (action.do === 'delete') return node.spec.deletionPolicy !== 'Delete';
  const to = desired.nodes.get(keyOf(action.ref))?.node;
  return !isSamePod(before, to === undefined ? undefined : workloadOf?.(to));
}

/** What cannot be rendered may be another one. */
function isSamePod(before: NodeWorkload | undefined, after: NodeWorkload | undefined): boolean {
  return after?.running === true && after.podDigest === before?.podDigest;
}
