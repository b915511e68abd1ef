// What a job waits for because of a suspension: the same for a job in the cluster and in a plan.

import { describeSuspension, type Suspension } from '../../api/fleet.ts';
import type { OpenJob } from './job-kind.ts';

/** What is suspended. */
export interface Suspensions {
  ofFleet(): Suspension | undefined;
  /** `unknown`: no fleet.yaml could be read that says it. */
  of(nodeKey: string): Suspension | 'unknown' | undefined;
}

/** `waits while the Fleet is suspended`; undefined when it waits for none. A suspended node is not stopped for a job either. */
export function waitsWhile(
  { common, nodes }: Pick<OpenJob, 'common' | 'nodes'>,
  namespace: string,
  suspensions: Suspensions,
): string | undefined {
  const wide = suspensions.ofFleet();
  if (wide !== undefined) return `waits while ${describeSuspension(wide)}`;
  if (common.deployMethod !== 'managed') return undefined;
  for (const name of nodes) {
    const found = suspensions.of(`${namespace}/${name}`);
    if (found === 'unknown') return 'waits until fleet.yaml could be read, which says whether its nodes are suspended';
    if (found !== undefined) return `waits while ${describeSuspension(found, name)}`;
  }
  return undefined;
}
