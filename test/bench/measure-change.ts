// One changed file: from the look at the branch that sees the commit, until the object is as the file says.

import { DEFAULT_NAMESPACE } from '../../src/api/group.ts';
import { member } from '../../src/lib/json-value.ts';
import { type Figure, median } from './figure.ts';
import { nodeName, nodePath, nodeText, WISHES } from './fleet.ts';
import { firstReadAfter, packSentAt } from './git-requests.ts';
import type { Stage } from './stage.ts';

const ROUNDS = 9;

/** Medians of several commits, each of another file. */
export async function measureChange(stage: Stage): Promise<readonly Figure[]> {
  const withFetch: number[] = [];
  const afterFetch: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const { looked, fetched, seen } = await changeOne(stage, round * 7, 301 + round);
    withFetch.push(seen - looked);
    afterFetch.push(seen - fetched);
  }
  return [
    { name: 'one changed file, from look to object', value: median(withFetch), unit: 'ms', limit: 500 },
    { name: 'one changed file, from fetched to object', value: median(afterFetch), unit: 'ms', limit: 150 },
  ];
}

interface Change {
  readonly looked: number;
  readonly fetched: number;
  readonly seen: number;
}

async function changeOne({ server, nodes, push }: Stage, index: number, grace: number): Promise<Change> {
  const key = `${DEFAULT_NAMESPACE}/${nodeName(index)}`;
  push({ [nodePath(index)]: nodeText(index, WISHES.stopped, grace) });
  const pushed = performance.now();
  const seen = await nodes.until(`${key} to change`, 60_000, () => {
    return member(nodes.get(key)?.['spec'], 'terminationGracePeriodSeconds') === grace;
  });
  const looked = (await firstReadAfter(server, pushed)).at;
  return { looked, seen, fetched: packSentAt(server, looked, seen) };
}
