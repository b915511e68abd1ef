// Guards against changes of a whole branch or tree: moved back, rewritten, emptied, unreadable, too many deletions; and against a
// second cluster under one executor name.

import { ANNOTATION } from '../api/group.ts';
import type { Action, Hold } from './action.ts';
import { approvableHold, finalHold } from './hold-words.ts';
import type { Scene } from './scene.ts';

/** Both would write the same reservations of keys and claim the same jobs, each without seeing the pods of the other. */
export function otherCluster(_action: Action, { input }: Scene): Hold | undefined {
  const other = input.facts?.otherCluster;
  return other === undefined ? undefined : finalHold('OtherCluster', other.message, other.release);
}

/** Actions of a branch that was moved back or rewritten require approval. */
export function moved(_action: Action, { input }: Scene): Hold | undefined {
  const { ancestry, lastApplied = 'the revision applied last' } = input.facts ?? {};
  if (ancestry === 'rewound') return approvableHold('Rewound', `the branch was moved back behind ${lastApplied}`);
  if (ancestry === 'rewritten')
    return approvableHold('Rewritten', `the branch no longer contains ${lastApplied}: its history was rewritten`);
  return undefined;
}

export function vanished(action: Action, { input, ours }: Scene): Hold | undefined {
  if (action.do !== 'delete') return undefined;
  const { desired } = input;
  if (desired.counts.nodeFiles === 0)
    return approvableHold(
      'MissingPath',
      `the folder nodes/ is gone, and the cluster has ${count(ours.length, 'node')}`,
    );
  const isEmpty = desired.nodes.size === 0 && desired.brokenNodes.size === 0 && desired.brokenFiles.size === 0;
  return isEmpty
    ? approvableHold('EmptyTree', `no file declares a node, and the cluster has ${count(ours.length, 'node')}`)
    : undefined;
}

/**
 * An unreadable file from which no node in the cluster came is new or renamed. Its content is unknown, so the node that
 * would be deleted may have moved into it.
 */
export function unreadableFile(action: Action, { input, live }: Scene): Hold | undefined {
  if (action.do !== 'delete') return undefined;
  const known = new Set([...live.values()].map((node) => node.metadata.annotations?.[ANNOTATION.file]));
  const unknown = [...input.desired.unreadableFiles].find((file) => !known.has(file));
  return unknown === undefined
    ? undefined
    : approvableHold(
        'UnreadableFile',
        `${unknown} cannot be read and may declare this node under its new path: correct that file first`,
      );
}

export function deletionBudget(action: Action, { input, actions, ours }: Scene): Hold | undefined {
  if (action.do !== 'delete') return undefined;
  const { maxDeletions, maxDeletionPercent } = input.desired.fleet.guards;
  const deletions = actions.filter((one) => one.do === 'delete').length;
  const share = maxDeletionPercent === 0 ? 0 : Math.max(1, Math.floor((ours.length * maxDeletionPercent) / 100));
  if (deletions <= Math.min(maxDeletions, share)) return undefined;
  return approvableHold(
    'DeletionBudget',
    // No count of live nodes: it changes while the rest of the commit is applied, and the hold would be reported again.
    `${count(deletions, 'deletion')} at once, more than ${
      deletions > maxDeletions
        ? `the ${maxDeletions} that the Fleet allows (guards.maxDeletions)`
        : `${maxDeletionPercent}% of the nodes (guards.maxDeletionPercent of the Fleet)`
    }`,
  );
}

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}
