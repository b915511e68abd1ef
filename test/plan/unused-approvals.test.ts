// An approval that releases nothing is named while actions are held.

import { expect, it } from 'vitest';

import { unusedApprovals } from '../../src/plan/unused-approvals.ts';

const [ONE, TWO, HELD, OTHER] = ['1', '2', '3', '4'].map((digit) => `sha256:${digit.repeat(64)}`) as [
  string,
  string,
  string,
  string,
];
const fleet = { approvals: [{ digest: ONE }, { digest: TWO, reason: 'agreed' }] };
const declared = { fleet, requests: new Map(), schedules: new Map() };
const messages = (...given: Parameters<typeof unusedApprovals>): readonly string[] =>
  unusedApprovals(...given).map(({ message }) => message);
const held = { heldDigest: HELD, released: {} };

it('names it, and the digest of what is held', () => {
  expect(messages(declared, [held])).toEqual([
    expect.stringMatching(new RegExp(`^the approval ${ONE} releases no held action; .* is ${HELD}\\. Correct it`)),
    expect.stringContaining(TWO),
  ]);
  const [text] = messages(declared, [held, { heldDigest: OTHER, released: {} }]);
  expect(text).toContain(`digests of the held actions are ${HELD}, ${OTHER}.`);
});

const NEEDS_ONE = { needsApproval: { digest: ONE } };
const keyed = (list: readonly { needsApproval?: { digest: string } }[]) =>
  new Map(list.map((one, at) => [`${at}`, one]));

it.each([
  {
    because: 'it releases an action of another executor',
    plans: [held, { heldDigest: undefined, released: { [ONE]: ['sha256:a'] } }],
  },
  { because: 'a job request needs it', plans: [held], requests: [{}, NEEDS_ONE] },
  { because: 'a schedule needs it', plans: [held], schedules: [NEEDS_ONE] },
])('does not name an approval when $because', ({ plans, requests = [], schedules = [] }) => {
  const found = messages({ fleet, requests: keyed(requests), schedules: keyed(schedules) }, plans);
  expect(found).toEqual([expect.stringContaining(TWO)]);
});

it('is silent when nothing is held', () => {
  expect(unusedApprovals(declared, [{ heldDigest: undefined, released: {} }])).toEqual([]);
  expect(unusedApprovals({ ...declared, fleet: {} }, [held])).toEqual([]);
});
