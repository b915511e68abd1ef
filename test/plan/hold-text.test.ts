// Why an action is held, in one text of whole sentences.

import { expect, it } from 'vitest';

import { approvableHold, finalHold } from '../../src/plan/hold-words.ts';
import { heldNews, holdText, shownHold } from '../../src/plan/hold-text.ts';

const RELEASE = 'Undo the change, or add the digest of the held actions to spec.approvals in fleet.yaml.';

it.each([
  {
    because: 'removed from Git: nodes/a.yaml no longer declares it',
    hold: approvableHold('DeletionBudget', '4 of 7 nodes; the cluster has 3 nodes'),
    is: `Removed from Git: nodes/a.yaml no longer declares it. Held: 4 of 7 nodes; the cluster has 3 nodes. ${RELEASE}`,
  },
  {
    because: 'held back for now.',
    hold: finalHold('IdentitySwap', 'use a Switchover instead.', 'The controller does it'),
    is: 'Held back for now. Held: use a Switchover instead. The controller does it.',
  },
  ...[
    'storage.data.size changed in nodes/a.yaml',
    'network and storage.data.size changed in the cluster, not in nodes/a.yaml',
    'network and 2 more fields changed in nodes/a.yaml',
  ].map((because) => ({ because, hold: undefined, is: `${because}.` })),
  { because: 'created by nodes/a.yaml', hold: undefined, is: 'Created by nodes/a.yaml.' },
])('ends each sentence with one stop: $because', ({ because, hold, is }) => {
  expect(holdText(hold === undefined ? { because } : { because, hold })).toBe(is);
});

it('is shown without saying twice that it is held', () => {
  expect(shownHold('Removed from Git. Held: too many.')).toBe('Removed from Git. Held: too many.');
  expect(shownHold('protect: true')).toBe('held: protect: true');
});

it('is named by its guard in a commit, which an older branch may not have', () => {
  expect(heldNews('eth-dev', 'DeletionBudget')).toBe('eth-dev: action held (DeletionBudget)');
  expect(heldNews('eth-dev', '')).toBe('eth-dev: action held');
});
