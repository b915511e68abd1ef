// What is known of a node's volumes: the record that the controller keeps, and the PVCs in the cluster.

import { z } from 'zod';

/** Kept for a node whose key signs, and for a node that is gone and left its volumes behind. */
export const VolumeRecord = z.object({
  chain: z.string(),
  network: z.string(),
  nodeType: z.string().optional(),
  /** Client by role. */
  clients: z.record(z.string(), z.string()),
  /** UID of the PVC, by the name of the volume. */
  pvcs: z.record(z.string(), z.string()),
  /** The Secret whose key signs, or signed last, with these volumes: the record of what it signed is on them. */
  signer: z.string().optional(),
  /** A pod with that key ran on them: from then on volumes without a record of what was signed are refused. */
  prepared: z.boolean().optional(),
  /** The last height that was observed before the node was deleted. */
  height: z.int().optional(),
});
export type VolumeRecord = Readonly<z.infer<typeof VolumeRecord>>;

/** A PVC under the name of a node's volume. What its labels and annotations do not say is absent. */
export interface LiveVolume {
  /** The key in `spec.storage`. */
  readonly name: string;
  /** The PVC's name. */
  readonly pvc: string;
  readonly uid: string;
  /** RFC 3339. */
  readonly createdAt?: string;
  readonly chain?: string;
  readonly network?: string;
  /** Client by role. */
  readonly clients?: Readonly<Record<string, string>>;
  /** As it was asked for. */
  readonly size?: string;
  readonly storageClass?: string;
  /** It was deleted, and goes with its data when no pod uses it any more. */
  readonly isGoing?: true;
}

/** What a plan knows of the volumes of one node, whether or not the node exists. */
export interface KnownVolumes {
  readonly record: VolumeRecord | undefined;
  /** Undefined when the cluster is not known. */
  readonly live: readonly LiveVolume[] | undefined;
}

/** A volume on record whose PVC is gone or is another one now. */
export interface LostVolume {
  readonly volume: string;
  /** The UID on record. */
  readonly uid: string;
}

/** `el=geth,cl=lighthouse`, as an annotation of a PVC. */
export function clientsText(clients: Readonly<Record<string, string>>): string {
  return Object.entries(clients)
    .map(([role, client]) => `${role}=${client}`)
    .sort()
    .join(',');
}

export function clientsOfText(text: string | undefined): Readonly<Record<string, string>> | undefined {
  if (text === undefined) return undefined;
  return Object.fromEntries(
    text.split(',').flatMap((part) => {
      const [role = '', client = ''] = part.split('=');
      return role === '' || client === '' ? [] : [[role, client]];
    }),
  );
}
