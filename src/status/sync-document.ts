// What became of the latest commit → the content of <executor>/sync.yaml.

import type { SyncState } from '../api/codes/sync-states.ts';
import { describeRef } from '../api/objects.ts';
import type { Action, Kept } from '../plan/action.ts';
import { actionWords, REQUESTS_MEANWHILE } from '../plan/hold-text.ts';
import type { FleetView, ProblemView, ScheduleView, SyncView } from './fleet-view.ts';

const MAX_PROBLEMS = 100;
const MAX_HELD = 200;
const MAX_FAILURES = 20;
const MAX_SCHEDULES = 500;

export function syncDocument({ executor, controllerVersion, sync }: FleetView): unknown {
  return {
    executor,
    controllerVersion,
    branch: sync.branch,
    publishedAt: sync.publishedAt,
    ...withSuspended(stateOf(sync), sync),
    revision: { seen: sync.seen, applied: sync.applied },
    lastApplied: sync.lastApplied,
    problems: problemsOf(sync.problems),
    held: heldOf(sync),
    approvals: approvalsOf(sync),
    kept: keptOf(sync.kept ?? []),
    suspended: suspendedOf(sync),
    failures:
      sync.failures === undefined || sync.failures.length === 0 ? undefined : sync.failures.slice(0, MAX_FAILURES),
    gitTrouble: sync.gitTrouble,
    unverified: sync.unverified,
    clusterTrouble: sync.clusterTrouble,
    identities: Object.keys(sync.identities ?? {}).length === 0 ? undefined : sync.identities,
    schedules: schedulesOf(sync.schedules ?? []),
    upgrade: upgradeOf(sync),
  };
}

interface State {
  readonly state: SyncState;
  /** The same in a sentence. */
  readonly summary: string;
}

/** The most pressing first: what keeps everything from working, then what waits for an approval, then what is not done yet. */
function stateOf(sync: SyncView): State {
  return troubleOf(sync) ?? failureOf(sync) ?? waitingOf(sync) ?? upgradeState(sync) ?? SYNCED;
}

const SYNCED: State = { state: 'Synced', summary: 'The latest commit is applied.' };

/** Also of a fleet that is otherwise as Git asks. */
function withSuspended({ state, summary }: State, { suspendedNodes = [] }: SyncView): State {
  if (suspendedNodes.length === 0) return { state, summary };
  const names = suspendedNodes.map(({ node }) => node).sort();
  const what = `${count(names.length, 'node')} suspended and left as found: ${first(names)}`;
  return { state, summary: `${summary}${/[.!?]$/.test(summary) ? '' : '.'} ${what}.` };
}

function troubleOf(sync: SyncView): State | undefined {
  if (sync.otherCluster !== undefined) return { state: 'Held', summary: sync.otherCluster };
  if (sync.clusterTrouble !== undefined)
    return { state: 'Degraded', summary: 'The cluster does not answer; nothing is changed until it does.' };
  if (sync.gitTrouble !== undefined) return { state: 'Degraded', summary: describeGit(sync) };
  if (sync.unverified !== undefined) return { state: 'Held', summary: describeUnverified(sync) };
  if (sync.suspended === true)
    return {
      state: 'Suspended',
      summary: 'fleet.yaml suspends the fleet: nothing is changed until it says otherwise.',
    };
  return undefined;
}

/** A refusal is an answer: the reason is said in the words of the trouble. */
function describeGit({ branch, seen, applied, gitTrouble }: SyncView): string {
  const isFirst = seen === undefined && applied === undefined;
  const kept = isFirst ? 'no commit of it was ever read' : 'the nodes keep the last commit that was read';
  return `The branch ${branch} cannot be read, and ${kept}: ${gitTrouble ?? ''}`;
}

function failureOf(sync: SyncView): State | undefined {
  const { failures = [], failedNodes = [] } = sync;
  if (failures.length > 0)
    return {
      state: 'Degraded',
      summary: `${count(failures.length, 'action')} failed and will be tried again: ${first(failures)}`,
    };
  if (failedNodes.length > 0)
    return {
      state: 'Degraded',
      summary: `${count(failedNodes.length, 'node')} could not be applied: ${first(failedNodes)}`,
    };
  return undefined;
}

function waitingOf(sync: SyncView): State | undefined {
  if (sync.fleetBroken === true)
    return {
      state: 'Degraded',
      summary: 'fleet.yaml has an error: nothing is applied, and every node keeps its state, until it is corrected.',
    };
  const errors = errorsOf(sync);
  if (sync.held.length > 0)
    return { state: 'Held', summary: [describeHolds(sync), ...(errors === undefined ? [] : [errors])].join(' ') };
  if (errors !== undefined) return { state: 'Degraded', summary: errors };
  if (sync.seen === undefined) return { state: 'Waiting', summary: 'No commit has been read yet.' };
  if (sync.seen !== sync.applied) return { state: 'Progressing', summary: 'The latest commit is being applied.' };
  const { pendingNodes = [] } = sync;
  if (pendingNodes.length === 0) return undefined;
  return {
    state: 'Progressing',
    summary: `${count(pendingNodes.length, 'node')} of the latest commit still being applied: ${first(pendingNodes)}`,
  };
}

/** An error may be one of a node, new or not, or of a job request. */
const LEFT_OUT =
  'Nodes whose file has one keep their last good state, new ones are not created, and job requests with one are not carried out; a job that was claimed before its file got one continues.';

function errorsOf({ problems, unlisted }: SyncView): string | undefined {
  const errors = problems.filter(({ level, message }) => level === 'error' && message !== unlisted).length;
  const said = [
    unlisted === undefined ? '' : `Nothing can belong to this executor: ${unlisted}.`,
    errors === 0 ? '' : `${count(errors, 'error')} in files. ${LEFT_OUT}`,
  ].filter((text) => text !== '');
  return said.length === 0 ? undefined : said.join(' ');
}

function upgradeOf({ upgrade }: SyncView): unknown {
  if (upgrade === undefined) return undefined;
  const { version, state, reason, message } = upgrade;
  return { version, state, reason, message };
}

/** What fleet.yaml names is not what runs. */
function upgradeState({ upgrade }: SyncView): State | undefined {
  if (upgrade === undefined) return undefined;
  if (upgrade.isUnderWay)
    return { state: 'Progressing', summary: `The controller is being upgraded to ${upgrade.version}.` };
  const what = upgrade.state === 'Failed' ? 'was tried and taken back' : 'is not installed';
  return { state: 'Degraded', summary: `Version ${upgrade.version} of the controller ${what}: ${upgrade.message}` };
}

function describeHolds(sync: SyncView): string {
  const { held, heldDigest } = sync;
  const what = `${count(held.length, 'action')} held`;
  const meanwhile = sync.requestsHeld === true ? ` ${REQUESTS_MEANWHILE}` : '';
  if (heldDigest === undefined) return `${what}: see the reason and what releases each below.${meanwhile}`;
  const undo = held.every((action) => action.do === 'update' && action.drift) ? 'undo the edit' : 'revert the commit';
  return `${what}: name the digest in an approval in fleet.yaml, or ${undo}.${meanwhile}`;
}

function problemsOf(problems: readonly ProblemView[]): unknown {
  const sorted = [...problems].sort(inOrder);
  return {
    total: sorted.length,
    truncated: sorted.length > MAX_PROBLEMS,
    list: sorted.slice(0, MAX_PROBLEMS).map(({ level, code, file, line, column, message }) => ({
      level,
      code,
      place: `${file}:${line}:${column}`,
      message,
    })),
  };
}

/** Errors first, then by place: what is cut off is the least important. */
function inOrder(a: ProblemView, b: ProblemView): number {
  if (a.level !== b.level) return a.level === 'error' ? -1 : 1;
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  if (a.line !== b.line) return a.line - b.line;
  if (a.column !== b.column) return a.column - b.column;
  return a.code + a.message < b.code + b.message ? -1 : 1;
}

function heldOf({ held, heldDigest }: SyncView): unknown {
  if (held.length === 0) return undefined;
  const sorted = held.map((action) => ({ key: `${describeRef(action.ref)} ${action.do}`, action }));
  sorted.sort((a, b) => (a.key < b.key ? -1 : 1));
  return {
    digest: heldDigest,
    total: held.length,
    truncated: held.length > MAX_HELD,
    actions: sorted.slice(0, MAX_HELD).map(({ action }) => describeHeld(action)),
  };
}

function describeHeld(action: Action): unknown {
  const { because, hold } = action;
  return {
    action: actionWords(action),
    because,
    guard: hold?.guard,
    message: hold?.message,
    release: hold?.release,
    approvable: hold?.approvable,
  };
}

function approvalsOf({ approvals = [] }: SyncView): unknown {
  if (approvals.length === 0) return undefined;
  return approvals.map(({ digest, reason, state, what, at }) => ({ digest, reason, state, what, at }));
}

function keptOf(kept: readonly Kept[]): unknown {
  if (kept.length === 0) return undefined;
  const sorted = kept.map(({ ref, because }) => ({ node: describeRef(ref), because }));
  sorted.sort((a, b) => (a.node < b.node ? -1 : 1));
  return { total: kept.length, truncated: kept.length > MAX_HELD, list: sorted.slice(0, MAX_HELD) };
}

function suspendedOf({ suspendedNodes = [] }: SyncView): unknown {
  if (suspendedNodes.length === 0) return undefined;
  const list = suspendedNodes.toSorted((a, b) => (a.node < b.node ? -1 : 1)).slice(0, MAX_HELD);
  return { total: suspendedNodes.length, truncated: suspendedNodes.length > MAX_HELD, list };
}

function schedulesOf(schedules: readonly ScheduleView[]): unknown {
  if (schedules.length === 0) return undefined;
  return schedules.toSorted((a, b) => (a.schedule < b.schedule ? -1 : 1)).slice(0, MAX_SCHEDULES);
}

const MAX_NAMED = 3;

/** The first few, so that the front page names them. */
function first(items: readonly string[]): string {
  const more = items.length > MAX_NAMED ? `, and ${items.length - MAX_NAMED} more` : '';
  return `${items.slice(0, MAX_NAMED).join('; ')}${more}`;
}

function describeUnverified({ unverified, applied }: SyncView): string {
  const stays = applied === undefined ? 'Nothing is applied' : `${applied} stays applied`;
  return `${unverified?.revision ?? ''} is not accepted: ${unverified?.because ?? ''}. ${stays} until the commits are signed with accepted keys.`;
}

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}
