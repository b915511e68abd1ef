// RFC 6902 patches from untrusted text: never changes its input, never touches a prototype.

import jsonPatch, { type Operation } from 'fast-json-patch';

export type PatchOperation = Operation;

export type PatchResult =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly index: number; readonly message: string };

/** Largest result in characters of JSON. Each `copy` of the root into itself doubles it: 64 of them never end. */
const MAX_RESULT = 1024 * 1024;

const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

/** Applies all operations to a copy of `document`, or none; on failure says which operation (from 0) and why. */
export function applyPatch(document: unknown, operations: readonly PatchOperation[]): PatchResult {
  let value: unknown = structuredClone(document);
  for (const [index, operation] of operations.entries()) {
    const bad = badPointer(operation);
    if (bad !== undefined) return { ok: false, index, message: `path ${bad} is not allowed` };
    if (operation.op === 'move' && operation.path.startsWith(`${operation.from}/`))
      return { ok: false, index, message: `${operation.from || 'the root'} cannot move into itself` };
    try {
      value = jsonPatch.applyOperation(value, structuredClone(operation), true, true, true, index).newDocument;
    } catch (error) {
      return { ok: false, index, message: reasonOf(error, operation) };
    }
    if (operation.op === 'copy' && JSON.stringify(value).length > MAX_RESULT)
      return { ok: false, index, message: `the result is larger than ${MAX_RESULT} characters` };
  }
  return { ok: true, value };
}

function badPointer(operation: PatchOperation): string | undefined {
  const pointers = 'from' in operation ? [operation.path, operation.from] : [operation.path];
  return pointers.find((pointer) => pointer.split('/').some((part) => FORBIDDEN.has(unescapePart(part))));
}

function unescapePart(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~');
}

function reasonOf(error: unknown, operation: PatchOperation): string {
  const name = error instanceof Error ? error.name : '';
  if (name === 'TEST_OPERATION_FAILED') return `test of ${operation.path} failed: the value there is different`;
  if (name === 'OPERATION_PATH_UNRESOLVABLE') return `${operation.path} does not exist`;
  if (name === 'OPERATION_FROM_UNRESOLVABLE' && 'from' in operation) return `${operation.from} does not exist`;
  const first = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  return `${operation.op} ${operation.path}: ${first}`;
}
