// What is said of an action that is held, for Events, the status of a node and commits. A node that a job keeps stopped is
// paused, not held: src/jobs/model/pause-text.ts.

import { describeRef } from '../api/objects.ts';
import type { Action } from './action.ts';

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
