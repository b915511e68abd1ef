// The greatest height of a node, and whether it has fallen below it without a job.

import type { NodeReason } from '../api/codes/node-reasons.ts';
import type { NewCondition } from '../api/conditions.ts';
import type { Expectation } from '../chains/observed.ts';
import type { Observation } from './observation.ts';

/** A reorganization of a proof-of-stake or proof-of-work chain, or what a client had not written when it was killed. */
const TAKEN_BACK = 256;

interface Heights {
  /** Of the role that has the chain data; undefined while it does not answer. */
  readonly height: number | undefined;
  /** A person asked for a restart since. */
  readonly isRestarted: boolean;
}

/** A job may put the node back on purpose, and proves itself what it did: the height counts again from there on. */
export function provenHeight({ node, pause }: Observation, { height, isRestarted }: Heights): number | undefined {
  if (pause !== undefined) return undefined;
  const before = isRestarted ? undefined : node.status?.provenHeight;
  return height === undefined ? before : Math.max(height, before ?? height);
}

export function heightFell(
  { node, expectations }: Pick<Observation, 'node' | 'expectations'>,
  { height, proven }: { readonly height: number | undefined; readonly proven: number | undefined },
): readonly NewCondition<NodeReason>[] {
  if (proven === undefined) return [];
  if (height === undefined) return wasFallen(node);
  const [first] = expectations.values();
  if (!isBelow({ height, proven }, first?.keepsHeight)) return [];
  const message = `The node had block ${proven} and has fewer now, and no job put it back. Its volume was replaced or restored, or the client repaired its database. Find out which before you rely on it, and keep a node that signs stopped (desiredState: Stopped) until then. The alarm ends when the height is reached again, or with a higher spec.restartGeneration.`;
  return [{ type: 'DataAtRisk', status: 'True', reason: 'HeightFell', message }];
}

/** What was found stays while the node does not answer. */
function wasFallen({ status }: Observation['node']): readonly NewCondition<NodeReason>[] {
  const before = status?.conditions?.find(({ reason }) => reason === 'HeightFell');
  if (before === undefined) return [];
  return [{ type: 'DataAtRisk', status: 'True', reason: 'HeightFell', message: before.message }];
}

function isBelow(
  { height, proven }: { readonly height: number; readonly proven: number },
  keeps: Expectation['keepsHeight'],
): boolean {
  if (keeps === 'never' || height >= proven) return false;
  return keeps === 'always' || height < proven - TAKEN_BACK || height < proven / 2;
}
