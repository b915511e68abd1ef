// Guards of volumes that exist before their node does, and of volumes that are gone although their node needs them.

import type { NodeSpec } from '../api/blockchain-node.ts';
import type { KnownVolumes } from '../api/node-volumes.ts';
import { keyOf } from '../api/objects.ts';
import type { Action, Hold } from './action.ts';
import { approvableHold, finalHold } from './hold-words.ts';
import { describeLoss, RELEASE_OF_LOSS, releaseOfForeign, whyForeign, whyResyncs } from './judge-volumes.ts';
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
