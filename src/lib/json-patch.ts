// RFC 6902 patches from untrusted text: never changes its input, never touches a prototype.

import jsonPatch, { type Operation } from 'fast-json-patch';

import { createPatchBudget, type PatchBudget, SPENT } from './patch-budget.ts';

export type PatchOperation = Operation;

export type PatchResult =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly index: number; readonly message: string };

const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

/** Applies all operations to a copy of `document`, or none; a failure has the index of the operation and the reason. */
export function applyPatch(
  document: unknown,
  operations: readonly PatchOperation[],
  budget: PatchBudget = createPatchBudget(),
): PatchResult {
  if (operations.length > budget.operations)
    return { ok: false, index: budget.operations, message: SPENT[budget.of].operations };
  budget.operations -= operations.length;
  let value: unknown = structuredClone(document);
  for (const [index, operation] of operations.entries()) {
    const steps = stepsOf(operation, value);
    if (typeof steps === 'string') return { ok: false, index, message: steps };
    budget.bytes -= operation.op === 'move' ? 0 : sizeOfValues(steps, budget.bytes);
    if (budget.bytes < 0) return { ok: false, index, message: SPENT[budget.of].bytes };
    try {
      for (const step of steps) {
        const own = operation.op === 'move' ? step : structuredClone(step);
        value = jsonPatch.applyOperation(value, own, true, true, true, index).newDocument;
      }
    } catch (error) {
      return { ok: false, index, message: reasonOf(error, operation) };
    }
  }
  return { ok: true, value };
}

/**
 * A `copy` or `move` as the equivalent `add` and `remove`, because the library clones the whole document to check its
 * source. A text is the reason why the operation is not valid.
 */
function stepsOf(operation: PatchOperation, document: unknown): readonly PatchOperation[] | string {
  const bad = missingPointer(operation) ?? badPointer(operation);
  if (bad !== undefined) return bad;
  if (operation.op !== 'copy' && operation.op !== 'move') return [operation];
  const from = operation.from === '' ? 'the root' : operation.from;
  if (operation.op === 'move' && operation.path.startsWith(`${operation.from}/`))
    return `${from} cannot move into itself`;
  const value = valueAtPointer(document, operation.from);
  if (value === undefined) return `${from} does not exist`;
  const add = { op: 'add', path: operation.path, value } as const;
  return operation.op === 'copy' ? [add] : [{ op: 'remove', path: operation.from }, add];
}

function valueAtPointer(document: unknown, pointer: string): unknown {
  if (pointer !== '' && !pointer.startsWith('/')) return undefined;
  let value = document;
  for (const part of pointer.split('/').slice(1).map(unescapePart)) {
    const isHere = typeof value === 'object' && value !== null && Object.hasOwn(value, part);
    value = isHere ? Reflect.get(Object(value), part) : undefined;
  }
  return value;
}

/** The size of the values that the operations write or compare; counting stops beyond `max`. */
function sizeOfValues(operations: readonly PatchOperation[], max: number): number {
  return operations.reduce((sum, operation) => sum + ('value' in operation ? sizeOf(operation.value, max) : 0), 0);
}

function sizeOf(value: unknown, max: number): number {
  const queue: unknown[] = [value];
  let size = 0;
  while (queue.length > 0 && size <= max) {
    const next = queue.pop();
    size += typeof next === 'string' ? next.length + 3 : 5;
    if (typeof next !== 'object' || next === null) continue;
    for (const [key, member] of Object.entries(next)) {
      size += key.length;
      queue.push(member);
    }
  }
  return size;
}

/** The schema of a patch cannot say that `copy` and `move` need `from`. */
function missingPointer(operation: PatchOperation): string | undefined {
  const path: unknown = operation.path;
  if (typeof path !== 'string') return `${operation.op} needs a path`;
  const from: unknown = operation.op === 'copy' || operation.op === 'move' ? operation.from : '';
  return typeof from === 'string' ? undefined : `${operation.op} ${path} needs from, the path to read from`;
}

function badPointer(operation: PatchOperation): string | undefined {
  const pointers =
    operation.op === 'copy' || operation.op === 'move' ? [operation.path, operation.from] : [operation.path];
  const bad = pointers.find((pointer) => pointer.split('/').some((part) => FORBIDDEN.has(unescapePart(part))));
  return bad === undefined ? undefined : `path ${bad} is not allowed`;
}

function unescapePart(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~');
}

function reasonOf(error: unknown, operation: PatchOperation): string {
  const name = error instanceof Error ? error.name : '';
  if (name === 'TEST_OPERATION_FAILED') return `test of ${operation.path} failed: the value there is different`;
  if (name === 'OPERATION_PATH_UNRESOLVABLE') return `${operation.path} does not exist`;
  if (name === 'OPERATION_PATH_CANNOT_ADD')
    return `${operation.op} ${operation.path}: the object or list for it does not exist`;
  const first = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  return `${operation.op} ${operation.path}: ${first}`;
}
