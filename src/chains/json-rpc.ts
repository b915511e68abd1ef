// Questions in JSON-RPC.

import type { Question } from './observed.ts';

/** A call over HTTP POST; ids are `<role>.<what>`. */
export function jsonRpcCall(
  { id, role, port }: Pick<Question, 'id' | 'role' | 'port'>,
  method: string,
  params: readonly unknown[] = [],
): Question {
  return { id, role, port, method: 'POST', path: '/', body: { jsonrpc: '2.0', id: 1, method, params } };
}
