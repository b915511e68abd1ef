// What runs for a node, as far as a plan needs it to say what a change does. The module render computes it.

/** The pod and the volumes of one node. */
export interface NodeWorkload {
  /** `eth-0-0` */
  readonly pod: string;
  /** false: the node is stopped, and the pod does not exist. */
  readonly running: boolean;
  /** Two equal digests: a change from one to the other does not restart the pod. */
  readonly podDigest: string;
  /** How long the pod may take to stop. */
  readonly graceSeconds: number;
  readonly volumes: readonly NodeVolume[];
}

export interface NodeVolume {
  /** The key in `spec.storage`. */
  readonly name: string;
  /** The PVC's name. */
  readonly pvc: string;
  readonly size: string;
}
