// A plan as text: for the terminal, the log, the pull request and the tests. A held action has the same text everywhere.

import type { JobStep } from '../api/job-step.ts';
import { describeRef, type KubeObject } from '../api/objects.ts';
import { exceptionsIn, ruleOfException } from '../api/policy-exceptions.ts';
import { clip, clipJson } from '../lib/clip.ts';
import type { Action, Approval, Change, Hold, Plan, ReleasedHold } from './action.ts';
import { releasedActions } from './approvals.ts';
import { actionWords } from './hold-text.ts';

const SIGN = { create: '+', update: '~', start: '!', delete: '-' } as const;
const MAX_CHANGES = 40;

/** One block per action, as in a diff: `+` creates, `~` updates, `!` starts without the record of what was signed, `-` deletes, `=` keeps. Ends with a newline. */
export function describePlan(plan: Plan): string {
  const blocks = [
    [summarizePlan(plan)],
    ...plan.actions.map(actionLines),
    ...(plan.releasedHold === undefined ? [] : [releasedLines(plan.releasedHold)]),
    ...plan.jobs.map(jobLines),
    ...plan.kept.map(({ ref, because }) => [`= keep ${describeRef(ref)}`, `    ${clip(because, 600)}`]),
    ...(plan.heldDigest === undefined ? [] : [releaseLines(plan.heldDigest)]),
  ];
  return `${blocks.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

/** `main@sha1:4f2a…: 2 to create, 1 to delete (1 held), 3 kept` */
export function summarizePlan({ revision, actions, jobs, kept, releasedHold }: Plan): string {
  const parts = (['create', 'update', 'start', 'delete', 'move'] as const).flatMap((what) => {
    const same = actions.filter((action) => (action.move === undefined ? action.do : 'move') === what);
    const held = same.filter(({ hold }) => hold !== undefined).length;
    return same.length === 0 ? [] : [`${same.length} to ${what}${held === 0 ? '' : ` (${held} held)`}`];
  });
  if (releasedHold !== undefined) {
    const { length } = releasedHold.actions;
    const amount = releasedHold.isCut ? `more than ${length}` : String(length);
    parts.push(`${amount} held ${amount === '1' ? 'action' : 'actions'} to release`);
  }
  parts.push(...jobParts(jobs));
  if (kept.length > 0) parts.push(`${kept.length} kept`);
  return `${revision}: ${parts.length === 0 ? 'nothing to do' : parts.join(', ')}`;
}

const JOB = {
  run: { sign: '+', one: 'job to run', more: 'jobs to run' },
  release: { sign: '!', one: 'held job to release', more: 'held jobs to release' },
  withdraw: { sign: '-', one: 'job to withdraw', more: 'jobs to withdraw' },
  refuse: { sign: '!', one: 'job refused', more: 'jobs refused' },
  schedule: { sign: '+', one: 'schedule to set', more: 'schedules to set' },
  unschedule: { sign: '-', one: 'schedule to end', more: 'schedules to end' },
} as const;

function jobParts(jobs: readonly JobStep[]): string[] {
  return (Object.keys(JOB) as (keyof typeof JOB)[]).flatMap((what) => {
    const same = jobs.filter((job) => job.do === what);
    const held = same.filter(({ hold }) => hold !== undefined).length;
    const words = same.length === 1 ? JOB[what].one : JOB[what].more;
    return same.length === 0 ? [] : [`${same.length} ${words}${held === 0 ? '' : ` (${held} held)`}`];
  });
}

/** The lines of one request or schedule, without a final newline. */
export function jobLines({ do: what, job, file, because, exceptions = [], hold }: JobStep): readonly string[] {
  const lines = [`${JOB[what].sign} ${what} ${clip(job, 300)}`, `    ${clip(because, 600)}`, `    ${clip(file, 300)}`];
  if (exceptions.length > 0) lines.push(usesLine(exceptions));
  return hold === undefined ? lines : [...lines, ...holdLines(hold)];
}

function usesLine(rules: readonly string[]): string {
  return `    uses ${rules.join(', ')}, allowed by an exception of the policy`;
}

/** The lines of one action, without a final newline. */
export function actionLines(action: Action): readonly string[] {
  const lines = [`${SIGN[action.do]} ${actionWords(action)}`, `    ${action.because}`];
  if (action.do === 'update') lines.push(...changeLines(action.changes));
  if ('object' in action) lines.push(...exceptionLines(action.object));
  if (action.do === 'delete')
    lines.push(action.keepsVolumes ? '    its volumes are kept' : '    its volumes are DELETED with it');
  for (const line of action.consequences ?? []) lines.push(`    ${clip(line, 600)}`);
  if (action.approval !== undefined) lines.push(approvalLine(action.approval));
  return action.hold === undefined ? lines : [...lines, ...holdLines(action.hold)];
}

/** A hold may quote the status branch, which others may write. */
function holdLines({
  guard,
  message,
  release,
}: Pick<Hold, 'message' | 'release'> & { readonly guard: string }): readonly string[] {
  return [`    HELD by ${guard}: ${clip(message, 2000)}`, `    ${clip(release, 2000)}`];
}

/** The lines of what an approval releases that was held before, without a final newline. */
export function releasedLines(hold: ReleasedHold): readonly string[] {
  return [
    `! releases what ${hold.executor} holds: ${releasedActions(hold)}`,
    approvalLine(hold),
    ...(hold.unless === undefined ? [] : [`    ${hold.unless}`]),
  ];
}

function approvalLine({ digest, reason }: Approval): string {
  return `    approved in fleet.yaml: ${reason === undefined ? digest : clip(reason, 300)}`;
}

/** Shown with every change of such a node, also after its approval. */
function exceptionLines({ metadata }: KubeObject): readonly string[] {
  const rules = exceptionsIn(metadata).map(ruleOfException);
  return rules.length === 0 ? [] : [usesLine(rules)];
}

function changeLines(changes: readonly Change[]): readonly string[] {
  const lines = changes
    .slice(0, MAX_CHANGES)
    .flatMap(({ path, from, to }) => [
      ...(from === undefined ? [] : [`    - ${clip(path, 160)}: ${clipJson(from, 160)}`]),
      ...(to === undefined ? [] : [`    + ${clip(path, 160)}: ${clipJson(to, 160)}`]),
    ]);
  const more = changes.length - MAX_CHANGES;
  return more > 0 ? [...lines, `    … and ${more} more changes`] : lines;
}

/** What to commit so that held actions are released. */
export function releaseLines(digest: string): readonly string[] {
  return [
    `Held actions: ${digest}`,
    'To release them all, commit this to fleet.yaml:',
    '  spec:',
    '    approvals:',
    `      - digest: ${digest}`,
  ];
}

/** The plan for programs: actions without whole objects. */
export function planToJson(plan: Plan): unknown {
  const actions = plan.actions.map((action) => {
    const { do: what, ref, because, hold = null, approval = null, move = null, consequences = [] } = action;
    const base = { do: what, ref, because, hold, approval, move, consequences };
    if (action.do === 'delete') return { ...base, keepsVolumes: action.keepsVolumes };
    if (action.do === 'create') return { ...base, file: action.file };
    if (action.do === 'start') return { ...base, file: action.file, lost: action.lost, moved: action.moved };
    return { ...base, file: action.file, changes: action.changes, drift: action.drift };
  });
  const { revision, heldDigest = null, releasedHold = null, jobs, kept } = plan;
  return { revision, heldDigest, releasedHold, actions, jobs, kept };
}
