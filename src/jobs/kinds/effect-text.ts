// What a request will do to its nodes, in the words of a plan.

import { listOf } from '../model/scope.ts';

/** `stops a and b, WORK, and starts them again`. A node that does not run stays stopped, which the words leave open. */
export function stopAndStart(nodes: readonly string[], work: string): string {
  return `stops ${listOf(nodes)}, ${work}, and starts ${nodes.length === 1 ? 'it' : 'them'} again`;
}
