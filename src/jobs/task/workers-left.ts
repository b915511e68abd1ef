// What a job that waits for the end of its worker pods says.

import type { Scope } from '../model/scope.ts';

/** `what`: `waits until the worker pods are gone`. Pods that no worker Job of it made do not go by themselves: they are named. */
export function waitsFor(what: string, { observed: { strayWorkers = [] } }: Pick<Scope, 'observed'>): string {
  return [what, ...strayWorkers.map((stray) => `pod ${stray}`)].join('; ');
}

export function waitsForWorkers(scope: Pick<Scope, 'observed'>): string {
  return waitsFor('waits until the worker pods are gone', scope);
}
