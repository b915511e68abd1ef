// A client that gave no readable answer: starting, a moment's miss, or a fault?

import type { RoleFacts } from '../chains/observed.ts';
import { redactedLine } from '../lib/redact.ts';
import { roleVerdict, startOf, stateOf, type RoleVerdict, type RoleView } from './role-view.ts';
import { broken, underway, type Verdict } from './verdict.ts';

/** How long a role may miss its answers before the status says so: three questions 20 s apart. */
export const MISSED_MS = 60_000;
/** How long a client may open its database before silence is a fault. */
export const STARTUP_MS = 600_000;

/** `facts` is absent when the role was not asked (no address yet). */
export function judgeSilence(view: RoleView, facts: RoleFacts | undefined): RoleVerdict {
  if (isMoment(view)) return asBefore(view);
  return roleVerdict(isStarting(view, facts) ? starting(view) : fault(view, facts), false);
}

/** It answered less than a minute ago, and the container is still the same. */
function isMoment(view: RoleView): boolean {
  const state = view.previous?.state;
  if (state !== 'Running' && state !== 'Syncing') return false;
  const answeredAt = answerSinceStart(view);
  return answeredAt !== undefined && view.now - answeredAt <= MISSED_MS;
}

function isStarting(view: RoleView, facts: RoleFacts | undefined): boolean {
  if (facts?.reach === 'starting' || view.container?.started === false) return true;
  return answerSinceStart(view) === undefined && !(view.now - startOf(view) > STARTUP_MS);
}

function answerSinceStart(view: RoleView): number | undefined {
  return view.answeredAt !== undefined && view.answeredAt < startOf(view) ? undefined : view.answeredAt;
}

/** One missed answer is not news. */
function asBefore({ title, previous, previousReason, wasReady }: RoleView): RoleVerdict {
  const runs = previous?.state === 'Running';
  const verdict = runs
    ? underway('Running', 'Running', `${title} runs and is at the tip.`)
    : underway('Syncing', wasReady ? 'Syncing' : (previousReason ?? 'Syncing'), previous?.message ?? '');
  return { ...verdict, state: stateOf(verdict), synced: runs, keepsFigures: true };
}

function starting({ title }: RoleView): Verdict {
  return underway('Configuring', 'Starting', `${title} is starting and does not answer yet.`);
}

function fault({ title }: RoleView, facts: RoleFacts | undefined): Verdict {
  const why = redactedLine(facts?.message ?? '', 200);
  const because = why === '' ? '' : ` (${why})`;
  if (facts?.reach === 'unreadable')
    return broken(
      'NotAnswering',
      `${title} answers, but not as this client should${because}; check its version and image.`,
    );
  return broken(
    'Unreachable',
    `${title} runs but does not answer${because}; see its log, it may hang or be overloaded.`,
  );
}
