// What a rule reads and what it finds.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import type { PolicyRule } from '../api/codes/policy-rules.ts';
import type { KubeObject } from '../api/objects.ts';
import type { Path } from '../lib/json-pointer.ts';
import type { Allowed } from './policy.ts';

/** A node as it would run: after defaults, FleetPatches, its chain, sidecars and JSON patches. */
export interface NodeCase {
  readonly node: BlockchainNode;
  readonly objects: readonly KubeObject[];
  /** Names of Secrets that the controller makes for this node alone. */
  readonly madeSecrets: readonly string[];
  readonly allowed: Allowed;
}

/** One thing that a rule does not allow. */
export interface Breach {
  /** The rendered object; absent where the spec of the node itself is refused. */
  readonly object?: KubeObject;
  /** In the object, else in the node. */
  readonly path: Path;
  /** Continues the path: `is true`, `is "system-node-critical"`. */
  readonly what: string;
  /** The field of the node that this usually comes from; a patch that wrote the path comes first. */
  readonly field?: Path;
}

export interface NodeRule {
  readonly rule: PolicyRule;
  readonly find: (subject: NodeCase) => readonly Breach[];
}
