// What a request will do to its nodes, in the words of a plan.

import { listOf } from '../model/scope.ts';

/** `stops a and b, WORK, and starts them again`; a job never starts those of `stopped`. */
export function stopAndStart(nodes: readonly string[], work: string, stopped: readonly string[]): string {
  const running = nodes.filter((node) => !stopped.includes(node));
  if (running.length === 0) return `${keepStopped(stopped)}, ${work}, and does not start ${pronoun(stopped)}`;
  const begin = stopped.length === 0 ? '' : `, ${keepStopped(stopped)}`;
  const started = stopped.length === 0 ? pronoun(running) : listOf(running);
  return `stops ${listOf(running)}${begin}, ${work}, and starts ${started} again`;
}

function keepStopped(nodes: readonly string[]): string {
  return `keeps ${listOf(nodes)} stopped, as spec.desiredState asks`;
}

function pronoun(nodes: readonly string[]): string {
  return nodes.length === 1 ? 'it' : 'them';
}

/** `Direct` stops nothing, and a node that is stopped it finds so: of that nothing is done while it runs. */
export function byAction(
  { action, node }: { readonly action: 'StopAndStart' | 'Direct'; readonly node: string },
  work: { readonly running: string; readonly stopped: string },
  stopped: readonly string[],
): string {
  const isDirect = action === 'Direct' && !stopped.includes(node);
  return isDirect ? work.running : stopAndStart([node], work.stopped, stopped);
}
