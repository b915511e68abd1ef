// What to do about volumes that exist: they can grow, everything else about them is fixed.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import type { Storage } from '../api/node-storage.ts';
import type { KubeObject } from '../api/objects.ts';
import { parseQuantity } from '../lib/quantity.ts';
import { pvcName } from './names.ts';

export interface VolumePlan {
  /** PVCs to patch: `spec.resources.requests.storage`. */
  readonly growths: readonly VolumeGrowth[];
  /** Changes of the spec that cannot be carried out. */
  readonly holds: readonly VolumeHold[];
}

export interface VolumeGrowth {
  readonly volume: string;
  readonly pvc: string;
  readonly from: string;
  readonly to: string;
}

export interface VolumeHold {
  readonly volume: string;
  readonly reason: 'VolumeClassChange' | 'VolumeAccessModeChange' | 'VolumeAdded';
  /** What the spec asks for, why it is not done, and what to do. */
  readonly message: string;
}

/**
 * Compares spec.storage with the live PVCs and, when given, the live StatefulSet. A PVC that does not exist yet needs no
 * plan: the StatefulSet controller creates it, if need be at the old size, and the next reconciliation grows it.
 */
export function planVolumes(
  node: BlockchainNode,
  pvcs: readonly KubeObject[],
  liveStatefulSet: KubeObject | undefined,
): VolumePlan {
  const templates = liveStatefulSet === undefined ? undefined : templateNames(liveStatefulSet);
  const growths: VolumeGrowth[] = [];
  const holds: VolumeHold[] = [];
  for (const [volume, desired] of Object.entries(node.spec.storage)) {
    const pvc = pvcs.find((one) => one.metadata.name === pvcName(node, volume));
    if (templates !== undefined && !templates.includes(volume)) holds.push(addedHold(node, volume));
    if (pvc !== undefined) {
      holds.push(...fixedFields(volume, desired, readPvc(pvc)));
      const growth = growthOf(volume, desired, pvc);
      if (growth !== undefined) growths.push(growth);
    }
  }
  return { growths, holds };
}

/**
 * The StatefulSet to apply: `volumeClaimTemplates` cannot be changed, so those of the live object stay as they are and
 * planVolumes takes care of the PVCs.
 */
export function withLiveTemplates(rendered: KubeObject, live: KubeObject | undefined): KubeObject {
  const templates = specOf(live)['volumeClaimTemplates'];
  if (!Array.isArray(templates) || rendered.kind !== 'StatefulSet') return rendered;
  return { ...rendered, spec: { ...specOf(rendered), volumeClaimTemplates: templates } };
}

interface LivePvc {
  readonly size: string | undefined;
  readonly storageClass: string | undefined;
  readonly accessModes: readonly unknown[];
}

/** A PVC that is larger than the spec was grown outside Git. That harms nothing; the status of the node mentions it. */
function growthOf(volume: string, desired: Storage, live: KubeObject): VolumeGrowth | undefined {
  const from = readPvc(live).size;
  const [before, after] = [parseQuantity(from ?? ''), parseQuantity(desired.size)];
  if (from === undefined || before === undefined || after === undefined || after <= before) return undefined;
  return { volume, pvc: live.metadata.name, from, to: desired.size };
}

function fixedFields(volume: string, desired: Storage, live: LivePvc): readonly VolumeHold[] {
  const holds: VolumeHold[] = [];
  if (
    desired.storageClass !== undefined &&
    live.storageClass !== undefined &&
    desired.storageClass !== live.storageClass
  ) {
    const message = `Volume ${volume} is of class ${live.storageClass}; a volume cannot change to ${desired.storageClass}. Set it back, or create a new node and restore a backup there.`;
    holds.push({ volume, reason: 'VolumeClassChange', message });
  }
  if (desired.accessMode !== undefined && !live.accessModes.includes(desired.accessMode)) {
    const message = `Volume ${volume} was created as ${live.accessModes.join(', ')}; that cannot change to ${desired.accessMode}. Set it back.`;
    holds.push({ volume, reason: 'VolumeAccessModeChange', message });
  }
  return holds;
}

function addedHold(node: BlockchainNode, volume: string): VolumeHold {
  const message = `Volume ${volume} is new, but the volumes of an existing StatefulSet are fixed. Stop the node, delete StatefulSet ${node.metadata.name} (its volumes stay), and start it.`;
  return { volume, reason: 'VolumeAdded', message };
}

function readPvc(pvc: KubeObject): LivePvc {
  const spec = specOf(pvc);
  const { size, storageClass } = {
    size: textAt(spec, ['resources', 'requests', 'storage']),
    storageClass: textAt(spec, ['storageClassName']),
  };
  return { size, storageClass, accessModes: Array.isArray(spec['accessModes']) ? spec['accessModes'] : [] };
}

function templateNames(live: KubeObject): readonly string[] | undefined {
  const templates = specOf(live)['volumeClaimTemplates'];
  if (!Array.isArray(templates)) return [];
  return templates.flatMap((template) => textAt(template, ['metadata', 'name']) ?? []);
}

function specOf(object: KubeObject | undefined): Readonly<Record<string, unknown>> {
  return isRecord(object?.['spec']) ? object['spec'] : {};
}

function textAt(value: unknown, path: readonly string[]): string | undefined {
  const found = path.reduce<unknown>((at, key) => (isRecord(at) ? at[key] : undefined), value);
  return typeof found === 'string' ? found : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
