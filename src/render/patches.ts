// The user's JSON patches on rendered objects: applied last; they cannot change the owner of an object.

import type { NodeSpec } from '../api/blockchain-node.ts';
import { ANNOTATION, LABEL } from '../api/group.ts';
import type { KubeObject } from '../api/objects.ts';
import type { SpecProblem } from '../api/spec-problem.ts';
import { assertNever } from '../lib/assert-never.ts';
import { applyPatch, type PatchOperation } from '../lib/json-patch.ts';
import { createCommitBudget, type PatchBudget, spendPart } from '../lib/patch-budget.ts';
import { sameJson } from '../lib/stable-json.ts';
import type { Path } from '../lib/json-pointer.ts';
import { refusalOf } from './check-patched.ts';

type SpecPatch = NonNullable<NodeSpec['patches']>[number];

/** What no patch may change: which object it is, whose it is, which pod it means, and how many run. */
const FIXED: readonly Path[] = [
  ['apiVersion'],
  ['kind'],
  ['metadata', 'name'],
  ['metadata', 'namespace'],
  ['metadata', 'ownerReferences'],
  ['metadata', 'labels', LABEL.node],
  ['metadata', 'labels', LABEL.managedBy],
  ['metadata', 'annotations', ANNOTATION.applied],
  ['metadata', 'finalizers'],
  ['spec', 'selector'],
  ['spec', 'replicas'],
  ['spec', 'serviceName'],
  ['spec', 'template', 'metadata', 'labels', LABEL.node],
  ['spec', 'template', 'metadata', 'labels', LABEL.component],
];

/**
 * All patches in order. One that fails, matches nothing or touches a fixed field is reported with its path and leaves the
 * object as it was before that patch. All of them together spend at most the budget of one object.
 */
export function applyPatches(
  objects: readonly KubeObject[],
  patches: readonly SpecPatch[],
  commit: PatchBudget = createCommitBudget(),
): Patched {
  return spendPart(commit, (budget) => patchedWithin(objects, patches, budget));
}

function patchedWithin(objects: readonly KubeObject[], patches: readonly SpecPatch[], budget: PatchBudget): Patched {
  const result = [...objects];
  const problems: SpecProblem[] = [];
  /** The last patch of each object. */
  const changed = new Map<number, Path>();
  for (const [index, { target, patch }] of patches.entries()) {
    const path: Path = ['spec', 'patches', index];
    const matching = [...result.keys()].filter((at) => matches(result[at], target));
    if (matching.length === 0) problems.push(noTarget(path, target, objects));
    for (const at of matching) {
      const object = result[at];
      if (object === undefined) continue;
      const outcome = patched(object, patch, { path, budget });
      if (outcome.ok) {
        result[at] = outcome.object;
        changed.set(at, path);
      } else problems.push(outcome.problem);
    }
  }
  return { objects: result, problems: [...problems, ...refusals(result, changed)] };
}

/** After all patches: one may add what another one names. */
function refusals(objects: readonly KubeObject[], changed: ReadonlyMap<number, Path>): readonly SpecProblem[] {
  return [...changed].flatMap(([at, path]) => {
    const object = objects[at];
    const refusal = object === undefined ? undefined : refusalOf(object);
    if (object === undefined || refusal === undefined) return [];
    return [problem(path, `The API server refuses the patched ${object.kind} ${object.metadata.name}: ${refusal}.`)];
  });
}

interface Patched {
  readonly objects: readonly KubeObject[];
  readonly problems: readonly SpecProblem[];
}

type Outcome =
  { readonly ok: true; readonly object: KubeObject } | { readonly ok: false; readonly problem: SpecProblem };

function matches(object: KubeObject | undefined, target: SpecPatch['target']): boolean {
  return object?.kind === target.kind && (target.name === undefined || object.metadata.name === target.name);
}

function patched(
  object: KubeObject,
  patch: SpecPatch['patch'],
  { path, budget }: { readonly path: Path; readonly budget: PatchBudget },
): Outcome {
  const result = applyPatch(object, patch.map(toOperation), budget);
  if (!result.ok) return failed([...path, 'patch', result.index], `The patch does not fit: ${result.message}.`);
  const changed = FIXED.find((field) => !sameJson(valueAt(object, field), valueAt(result.value, field)));
  if (changed !== undefined) {
    return failed(path, `The patch changes ${changed.join('.')}, which the controller owns. Remove that operation.`);
  }
  return isKubeObject(result.value)
    ? { ok: true, object: result.value }
    : failed(path, 'The patch leaves no Kubernetes object.');
}

function toOperation(operation: SpecPatch['patch'][number]): PatchOperation {
  const { op, path, from = '', value } = operation;
  switch (op) {
    case 'remove':
      return { op, path };
    case 'move':
    case 'copy':
      return { op, path, from };
    case 'add':
    case 'replace':
    case 'test':
      return { op, path, value };
    default:
      return assertNever(op);
  }
}

function noTarget(path: Path, target: SpecPatch['target'], objects: readonly KubeObject[]): SpecProblem {
  const names = objects.filter((object) => object.kind === target.kind).map((object) => object.metadata.name);
  const known = names.length === 0 ? 'This node has none' : `This node has: ${names.join(', ')}`;
  return problem([...path, 'target'], `No ${target.kind} "${target.name ?? ''}" to patch. ${known}.`);
}

function failed(path: Path, message: string): Outcome {
  return { ok: false, problem: problem(path, message) };
}

function problem(path: Path, message: string): SpecProblem {
  return { level: 'error', code: 'PatchFailed', path, message };
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((at, key) => (isRecord(at) ? at[key] : undefined), value) ?? null;
}

function isKubeObject(value: unknown): value is KubeObject {
  return isRecord(value) && typeof value['kind'] === 'string' && isRecord(value['metadata']);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
