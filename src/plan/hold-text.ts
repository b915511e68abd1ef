// Why an action is held, as one text for Events and the status of a node.

import type { Action } from './action.ts';

/** `Removed from Git: … . Held: the cluster has 3 nodes. Undo the change, or …` */
export function holdText({ because, hold }: Pick<Action, 'because' | 'hold'>): string {
  const [first = '', ...rest] = because;
  const reason = ended(first.toUpperCase() + rest.join(''));
  return hold === undefined ? reason : `${reason} Held: ${ended(hold.message)} ${ended(hold.release)}`;
}

function ended(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
