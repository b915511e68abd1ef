// A node that cannot be applied can still be stopped: that gives it nothing.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { ANNOTATION } from '../../api/group.ts';
import { describeRef, keyOf, type KubeObject, refOf } from '../../api/objects.ts';
import { toPointer } from '../../lib/json-pointer.ts';
import { valueAt } from '../../lib/json-value.ts';
import type { NodeDeps } from './deps.ts';
import type { NodeTrouble } from './trouble.ts';

type StopDeps = Pick<NodeDeps, 'cluster' | 'watches' | 'keyReservations' | 'notify' | 'runtime'>;

/** Stops the pod of a stopped node whose objects cannot be applied. Changes nothing but the replicas of its own StatefulSet. */
export async function stopAnyway(
  node: BlockchainNode,
  trouble: NodeTrouble | undefined,
  deps: StopDeps,
): Promise<NodeTrouble | undefined> {
  const found = ownStatefulSet(node, deps);
  if (trouble?.stalled !== true || found === undefined) return trouble;
  if (node.spec.desiredState !== 'Stopped')
    return trouble.reason === 'PolicyDenied' ? withNote(trouble, STILL_RUNS) : trouble;
  if (valueAt(found, ['spec', 'replicas']) !== 0) await scaleToZero(found, deps);
  if (deps.keyReservations.release(keyOf(node), { givesBack: true })) deps.notify('KeyReleased', {});
  return withNote(trouble, STOPPED);
}

const STILL_RUNS = 'What runs of it is left as it is; `desiredState: Stopped` stops it.';
const STOPPED = 'Its pod is stopped, as its spec asks; nothing else of it is applied.';

function withNote(trouble: NodeTrouble, note: string): NodeTrouble {
  return { ...trouble, message: `${trouble.message} ${note}` };
}

function ownStatefulSet({ metadata }: BlockchainNode, { watches }: StopDeps): KubeObject | undefined {
  return watches
    .owned(keyOf({ metadata }), 'StatefulSet')
    .find((one) =>
      one.metadata.ownerReferences?.some(({ controller, uid }) => controller === true && uid === metadata.uid),
    );
}

/** Without the digest of what was applied: a later start is then an update, not the repair of an edit. */
async function scaleToZero(statefulSet: KubeObject, { cluster, runtime }: StopDeps): Promise<void> {
  const { annotations, resourceVersion } = statefulSet.metadata;
  runtime.log.info({ object: describeRef(refOf(statefulSet)) }, 'Stopping a node that cannot be applied');
  const marked = annotations?.[ANNOTATION.applied] !== undefined;
  await cluster.patch(refOf(statefulSet), [
    { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion },
    { op: 'replace', path: '/spec/replicas', value: 0 },
    ...(marked ? [{ op: 'remove' as const, path: toPointer(['metadata', 'annotations', ANNOTATION.applied]) }] : []),
  ]);
}
