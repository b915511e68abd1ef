// What is said of an action that is held, for Events, the status of a node and commits. A node that a job keeps stopped is
// paused, not held: src/jobs/model/pause-text.ts. And what follows for job requests from a hold of the branch as a whole.

import { isBranchGuard } from '../api/codes/guards.ts';
import type { JobHold, JobStep } from '../api/job-step.ts';
import { describeRef } from '../api/objects.ts';
import type { Action, Hold } from './action.ts';
import type { PlanFacts } from './input.ts';

/** `delete BlockchainNode ns/a`, `move BlockchainNode ns/a to executor tokyo`: the same in plan, Event and status branch. */
export function actionWords({ do: what, ref, move }: Pick<Action, 'do' | 'ref' | 'move'>): string {
  if (move === undefined) return `${what} ${describeRef(ref)}`;
  const where = move.to === undefined ? `from executor ${move.from}` : `to executor ${move.to}`;
  return `move ${describeRef(ref)} ${where}`;
}

/** `Removed from Git: … . Held: the cluster has 3 nodes. Undo the change, or …` */
export function holdText({ because, hold }: Pick<Action, 'because' | 'hold'>): string {
  const reason = ended(FIELD.test(because) ? because : capitalized(because));
  return hold === undefined ? reason : `${reason} Held: ${ended(hold.message)} ${ended(hold.release)}`;
}

/** The message of a hold that is shown beside other texts; one of an action says already that it is held. */
export function shownHold(message: string): string {
  return /(^|[.!?] )Held: /.test(message) ? message : `held: ${message}`;
}

/** What a commit says of the node: `eth-dev: action held (DeletionBudget)` */
export function heldNews(node: string, guard: string): string {
  return `${node}: action held${guard === '' ? '' : ` (${guard})`}`;
}

/** The path of a field at its beginning, which is written as it is. */
const FIELD = /^\S+ (and \S+ )?(and \d+ more fields )?changed in /;

function capitalized([first = '', ...rest]: string): string {
  return first.toUpperCase() + rest.join('');
}

function ended(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** The hold because of which nothing that the tree lacks counts as removed on purpose; undefined where there is none. */
export function branchHold(actions: readonly Action[], ancestry: PlanFacts['ancestry'] | 'first'): Hold | undefined {
  const isMoved = ancestry === 'rewound' || ancestry === 'rewritten';
  return actions.find(({ hold }) => hold !== undefined && (isMoved || isBranchGuard(hold.guard)))?.hold;
}

/** For the summary of what is held. */
export const REQUESTS_MEANWHILE = 'Until then no new job request is claimed, and a job whose file is gone continues.';

const MEANWHILE: Partial<Record<JobStep['do'], string>> = {
  run: 'it is not claimed',
  withdraw: 'it continues, and is cancelled only if its work has not begun by then',
  schedule: 'it files nothing',
  unschedule: 'it files nothing, and is not forgotten',
};

/** A step that waits for an approval of its own has that one. */
export function heldWithBranch(step: JobStep, hold: Hold | undefined): JobStep {
  const meanwhile = MEANWHILE[step.do];
  if (hold === undefined || meanwhile === undefined || step.hold !== undefined) return step;
  const own: JobHold = {
    guard: hold.guard,
    message: `${hold.message}: until what is held for that is released, ${meanwhile}`,
    release: hold.release,
  };
  return { ...step, hold: own };
}
