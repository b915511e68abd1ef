// Errors in files: for those who see only the cluster, where every node is as it was and nothing else would be wrong.

import { describeProblem } from '../../desired/text/problem.ts';
import { emitAboutLease } from '../engine/lease-events.ts';
import type { FleetDeps } from './deps.ts';
import type { Pulled } from './state.ts';

/** Events are limited to 1024 characters. */
const MAX_PLACES = 3;

/** The Event is repeated while it is so, because an API server forgets Events. */
export function announceErrors(before: Pulled | undefined, deps: FleetDeps): void {
  const { pulled } = deps.fleet;
  const errors = errorsIn(pulled);
  if (errors.length > 0) {
    const first = errors.slice(0, MAX_PLACES).map((one) => deps.redactor(describeProblem(one)).slice(0, 220));
    const rest = errors.length > MAX_PLACES ? `; ${errors.length - MAX_PLACES} more: \`nodewright validate\`` : '';
    const message = `${errors.length} ${errors.length === 1 ? 'error' : 'errors'} in files at ${pulled?.revision}. What they declare keeps its last good state, and what is new is not created: ${first.join('; ')}${rest}`;
    emitAboutLease({ type: 'Warning', reason: 'FilesHaveErrors', message, state: 'files' }, deps);
  } else if (errorsIn(before).length > 0) {
    const message = `The files at ${pulled?.revision} have no error.`;
    emitAboutLease({ type: 'Normal', reason: 'FilesValid', message, state: 'files' }, deps);
  }
}

function errorsIn(pulled: Pulled | undefined): Pulled['desired']['problems'] {
  return pulled?.desired.problems.filter(({ level }) => level === 'error') ?? [];
}
