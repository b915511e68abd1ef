// What is not carried out, in Events about the Lease: for those who see only the cluster, where nothing may show it.

import { clip } from '../../lib/clip.ts';
import type { Action } from '../../plan/action.ts';
import { actionWords, branchHold, REQUESTS_MEANWHILE } from '../../plan/hold-text.ts';
import { emitAboutLease, type LeaseNote } from '../engine/lease-events.ts';
import type { RefusedRequest } from '../job/refused-request.ts';
import type { PublishDeps } from './deps.ts';

/** Events are limited to 1024 characters. */
const MAX_NAMED = 3;
const MAX_TEXT = 300;

type State = 'held' | 'failed' | 'requests';

interface Waiting {
  readonly state: State;
  /** Undefined when nothing waits. */
  readonly message: string | undefined;
  readonly failed: LeaseNote['reason'];
  readonly works: LeaseNote['reason'];
  readonly over: string;
}

/** The Events are repeated while it is so, because an API server forgets them. */
export function announceWaiting(deps: PublishDeps): void {
  const { fleet, refusals, published, redactor } = deps;
  const all: readonly Waiting[] = [
    {
      state: 'held',
      message: describeHeld(fleet),
      failed: 'ActionsHeld',
      works: 'NothingHeld',
      over: 'No action is held any more.',
    },
    {
      state: 'failed',
      message: describeFailed(fleet),
      failed: 'ActionsFailed',
      works: 'ActionsSucceed',
      over: 'No action fails any more.',
    },
    {
      state: 'requests',
      message: describeRefused(refusals.current),
      failed: 'RequestsRefused',
      works: 'RequestsAccepted',
      over: 'No job request is refused any more.',
    },
  ];
  for (const { state, message, failed, works, over } of all) {
    if (message !== undefined) {
      published.waiting.add(state);
      emitAboutLease({ type: 'Warning', reason: failed, message: redactor(message), state }, deps);
    } else if (published.waiting.delete(state)) {
      emitAboutLease({ type: 'Normal', reason: works, message: over, state }, deps);
    }
  }
}

function describeHeld({ plan, pulled }: PublishDeps['fleet']): string | undefined {
  const { ancestry } = pulled ?? {};
  const held = plan?.actions.filter(({ hold }) => hold !== undefined) ?? [];
  if (held.length === 0) return undefined;
  const digest =
    plan?.heldDigest === undefined
      ? 'no approval releases them'
      : `to release what may be approved, review the plan and add the digest ${plan.heldDigest} to spec.approvals in fleet.yaml`;
  const what = held.length === 1 ? 'action is' : 'actions are';
  const meanwhile = branchHold(held, ancestry) === undefined ? '' : `. ${REQUESTS_MEANWHILE}`;
  return `${held.length} ${what} held (${digest}): ${firstOf(held.map(describeAction))}${meanwhile}`;
}

function describeAction(action: Action): string {
  const { hold } = action;
  return `${actionWords(action)} (${hold?.guard}: ${hold?.message})`;
}

/** A node that could not be created has no object that says it. */
function describeFailed({ failures }: PublishDeps['fleet']): string | undefined {
  if (failures.length === 0) return undefined;
  const what = failures.length === 1 ? 'action fails and is' : 'actions fail and are';
  const all = failures.map((failure) => `${failure.do} ${failure.object}: ${failure.message}`);
  return `${failures.length} ${what} tried again: ${firstOf(all)}`;
}

function describeRefused(refusals: readonly RefusedRequest[]): string | undefined {
  if (refusals.length === 0) return undefined;
  const what = refusals.length === 1 ? 'job request is' : 'job requests are';
  const all = refusals.map(({ file, code, message }) => `${file} ${code} ${message}`);
  return `${refusals.length} ${what} not carried out: ${firstOf(all)}`;
}

function firstOf(texts: readonly string[]): string {
  const first = texts.slice(0, MAX_NAMED).map((text) => clip(text, MAX_TEXT));
  const more = texts.length > MAX_NAMED ? `; ${texts.length - MAX_NAMED} more: see sync.yaml` : '';
  return `${first.join('; ')}${more}`;
}
