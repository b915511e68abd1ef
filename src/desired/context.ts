// What a desired node depends on in addition to its own file.

import type { Chain } from '../chains/chain.ts';
import type { Policy } from '../policy/policy.ts';
import type { PatchBudget } from '../lib/patch-budget.ts';
import type { NodeSpec } from '../api/blockchain-node.ts';
import type { SpecProblem } from '../api/spec-problem.ts';
import type { FleetFile } from './fleet.ts';
import type { PatchFiles } from './patches.ts';

export interface Context {
  readonly chains: readonly Chain[];
  readonly chainNames: ReadonlySet<string>;
  readonly fleet: FleetFile;
  readonly patches: PatchFiles;
  readonly defaultNamespace: string;
  readonly policy: Policy;
  /** What the patches of the nodes read so far have left. */
  readonly patchBudget: PatchBudget;
  /** By their JSON: what was found in the specs of nodes that were read before. */
  readonly checkedSpecs: Map<string, CheckedSpec>;
}

export type CheckedSpec =
  | { readonly spec: NodeSpec; readonly chain: Chain; readonly problems: readonly SpecProblem[] }
  | { readonly spec: undefined; readonly problems: readonly SpecProblem[] };
