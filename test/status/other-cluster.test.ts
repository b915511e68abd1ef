// What a cluster says that finds another one under its executor name.

import { expect, it } from 'vitest';

import { describeOther, heldByOther, judgeOwner } from '../../src/controller/fleet/other-cluster.ts';

type Deps = Parameters<typeof heldByOther>[0];

function given(published: string | undefined): Deps {
  const deps: unknown = {
    branchOwner: { cluster: 'other' },
    fleet: { pulled: undefined },
    memory: { current: { cluster: 'own', published } },
    settings: { executor: 'paris' },
  };
  return deps as Deps;
}

it.each([
  { because: 'it has never reported', published: undefined, says: 'nothing is applied, no job begins', isPlanHeld: true },
  { because: 'it has reported before', published: 'main@sha1:1', says: 'no job begins, no node starts with a signing key that is not reserved yet', isPlanHeld: false },
])('says what it holds when $because, and what to put back', ({ published, says, isPlanHeld }) => {
  const deps = given(published);
  const other = judgeOwner('other', deps);
  expect(other).toBeDefined();
  if (other === undefined) return;
  const text = describeOther(other);
  expect(text).toContain(`another cluster (other) works under the name of executor paris; this one is own. Until this is settled, ${says}`);
  expect(text).toMatch(/someone else changed the branch; set the field cluster in paris\/memory\.yaml back to own\.$/);
  expect(text.includes('repaired and deleted as always')).toBe(!isPlanHeld);
  expect(heldByOther(deps) !== undefined).toBe(isPlanHeld);
}); // prettier-ignore
