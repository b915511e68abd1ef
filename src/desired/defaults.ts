// The layers of a node's spec, weakest first: Fleet defaults, defaults of its chain, its own file, patches.

import type { FleetSpec } from '../api/fleet.ts';
import { isObject, textAt, type JsonObject } from '../lib/json-value.ts';
import { applyPatch } from '../lib/json-patch.ts';
import { type PatchBudget, spendPart } from '../lib/patch-budget.ts';
import type { FleetPatch } from './patches.ts';

/**
 * The order, weakest first:
 * 1. `defaults.all` of the Fleet,
 * 2. `defaults.chains.<chain>` of the Fleet,
 * 3. the spec in the node's own file,
 * 4. FleetPatches that match, by file path, then by place in the file (patches.ts),
 * 5. the defaults of the schema for fields that are still absent.
 * Objects are merged member by member; lists and single values are replaced whole.
 */
export function withDefaults(own: JsonObject, fleet: FleetSpec, chainNames: ReadonlySet<string>): JsonObject {
  const all = fleet.defaults?.all ?? {};
  const chain = textAt(own, ['chain']) ?? textAt(all, ['chain']) ?? '';
  const forChain = fleet.defaults?.chains;
  const weakest = withoutOtherChains(all, chain, chainNames);
  const middle = forChain !== undefined && Object.hasOwn(forChain, chain) ? (forChain[chain] ?? {}) : {};
  return merge(merge(weakest, middle), own);
}

/** `defaults.all.cosmos` applies to Cosmos nodes only. */
function withoutOtherChains(all: JsonObject, chain: string, chainNames: ReadonlySet<string>): JsonObject {
  return Object.fromEntries(Object.entries(all).filter(([field]) => field === chain || !chainNames.has(field)));
}

function merge(below: JsonObject, above: JsonObject, path = ''): JsonObject {
  const result: Record<string, unknown> = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const old = Object.hasOwn(below, key) ? below[key] : undefined;
    const isMerged = isObject(old) && isObject(value) && !(path === 'clients' && isOtherClient(old, value));
    result[key] = isMerged ? merge(old, value, path === '' ? key : `${path}.${key}`) : value;
  }
  return result;
}

/** A default version or image of geth must not apply to a node that chose reth. */
function isOtherClient(below: JsonObject, above: JsonObject): boolean {
  return below['name'] !== undefined && above['name'] !== undefined && below['name'] !== above['name'];
}

export type Patched =
  | { readonly ok: true; readonly spec: JsonObject }
  | { readonly ok: false; readonly patch: FleetPatch; readonly index: number; readonly message: string };

/** The spec after all patches, or the first patch that does not fit, or for which the budget of the commit does not suffice. */
export function withPatches(spec: JsonObject, patches: readonly FleetPatch[], commit: PatchBudget): Patched {
  return spendPart(commit, (budget) => patchedWithin(spec, patches, budget));
}

function patchedWithin(spec: JsonObject, patches: readonly FleetPatch[], budget: PatchBudget): Patched {
  let current = spec;
  for (const patch of patches) {
    const result = applyPatch(current, patch.operations, budget);
    if (!result.ok) return { ok: false, patch, index: result.index, message: result.message };
    if (!isObject(result.value)) return { ok: false, patch, index: 0, message: 'the spec is not an object after it' };
    current = result.value;
  }
  return { ok: true, spec: current };
}
