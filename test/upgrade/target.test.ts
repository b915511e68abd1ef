// What fleet.yaml asks of one controller, and what the policy lets it ask for.

import { describe, expect, it } from 'vitest';

import { FleetSpec } from '../../src/api/fleet.ts';
import { pinnedImage, splitImage } from '../../src/upgrade/image.ts';
import { readUpgradeState, STATE_FORMAT, STATE_FORMAT_LABEL, writeUpgradeState } from '../../src/upgrade/state.ts';
import {
  isFulfilled,
  refusalOf,
  repositoryFor,
  requestOf,
  rulesOf,
  type UpgradeRules,
} from '../../src/upgrade/target.ts';
import { inRange, isVersionRange } from '../../src/api/version-range.ts';
import { IMAGE_CONFIG } from '../../src/image/config.ts';
import { defined } from '../../src/lib/defined.ts';

const RULES: UpgradeRules = { allowed: true, repository: undefined, versions: undefined };
const RULES_OFF: UpgradeRules = { ...RULES, allowed: false };
const DIGEST = `sha256:${'a'.repeat(64)}`;
const request = (version: string) => ({ version, id: version });

it('the image says up to which format its version reads stored state', () => {
  expect(IMAGE_CONFIG.labels).toMatchObject({ [STATE_FORMAT_LABEL]: String(STATE_FORMAT) });
});

it('an entry of the executor wins, and another attempt is another request', () => {
  const fleet = FleetSpec.parse({
    executors: [{ name: 'a', controller: { version: '2', attempt: 3 } }, { name: 'b' }],
    controller: { version: '1' },
  });
  expect([requestOf(fleet, 'a'), requestOf(fleet, 'b')]).toEqual([
    { version: '2', id: '2 attempt 3' },
    { version: '1', id: '1' },
  ]);
  expect(requestOf(fleet, 'c')).toEqual({ version: '1', id: '1' });
  expect(requestOf(FleetSpec.parse({}), 'a')).toBeUndefined();
  expect(requestOf(FleetSpec.parse({ executors: [{ name: 'a' }] }), 'a')).toBeUndefined();
});

describe('the policy', () => {
  it.each([
    ['1.2.3', { allowed: false }, /may not change its own version/],
    ['1.2.3', { versions: '>=1.0.0 <2.0.0' }, /^$/],
    [`1.2.3@${DIGEST}`, { versions: '>=1.0.0 <2.0.0' }, /^$/],
    ['2.0.0', { versions: '>=1.0.0 <2.0.0' }, /allows versions >=1.0.0 <2.0.0, and not 2.0.0/],
    ['latest', { versions: '>=1.0.0' }, /latest is not a version/],
    [DIGEST, { versions: '>=1.0.0' }, /is not a version/],
    ['latest', {}, /^$/],
  ] as const)('%s under %j: %s', (version, over, message) => {
    const refused = refusalOf(request(version), { ...RULES, ...over });
    expect(refused?.message ?? '').toMatch(message);
  });
});

it.each([
  ['r/n:1', '1', true],
  [`r/n:1@${DIGEST}`, '1', true],
  ['r/n:1', '2', false],
  ['r/n:1', `1@${DIGEST}`, false],
  [`r/n:1@${DIGEST}`, `1@${DIGEST}`, true],
  [`r/n@${DIGEST}`, DIGEST, true],
  ['r/n:1', DIGEST, false],
  [`r/n@sha256:${'b'.repeat(64)}`, DIGEST, false],
])('%s is version %s: %s', (image, version, expected) => {
  expect(isFulfilled(image, request(version), RULES)).toBe(expected);
});

it.each([
  { image: 'r/n:1', parts: { name: 'r/n', tag: '1', digest: undefined } },
  { image: '10.0.0.1:5000/n', parts: { name: '10.0.0.1:5000/n', tag: undefined, digest: undefined } },
  { image: `10.0.0.1:5000/n:1@${DIGEST}`, parts: { name: '10.0.0.1:5000/n', tag: '1', digest: DIGEST } },
  { image: `n@${DIGEST}`, parts: { name: 'n', tag: undefined, digest: DIGEST } },
])('$image has the parts $parts', ({ image, parts }) => {
  expect(splitImage(image)).toEqual(parts);
  expect(repositoryFor(image, RULES)).toBe(parts.name);
  expect(repositoryFor(image, { ...RULES, repository: 'other/n' })).toBe('other/n');
});

it.each([
  { selfUpdate: undefined, want: RULES_OFF },
  { selfUpdate: { allowed: false, versions: '>=1.0.0' }, want: { ...RULES_OFF, versions: '>=1.0.0' } },
  { selfUpdate: { allowed: true, repository: 'r/n' }, want: { ...RULES, repository: 'r/n' } },
])('the policy $selfUpdate gives $want', ({ selfUpdate, want }) => {
  expect(rulesOf({ spec: defined({ selfUpdate }) })).toEqual(want);
});

it('an image of another repository than the policy names is another version', () => {
  const rules = { ...RULES, repository: 'other/n' };
  expect(isFulfilled('r/n:1', request('1'), rules)).toBe(false);
  expect(isFulfilled('docker.io/other/n:1', request('1'), rules)).toBe(true);
});

it('pins the digest beside the tag', () => {
  expect(pinnedImage('10.0.0.1:5000/n', { tag: '1' }, DIGEST)).toBe(`10.0.0.1:5000/n:1@${DIGEST}`);
  expect(pinnedImage('n', { tag: undefined }, DIGEST)).toBe(`n@${DIGEST}`);
});

it('compares versions as semver does', () => {
  const order = [
    '1.0.0-alpha',
    '1.0.0-alpha.1',
    '1.0.0-alpha.beta',
    '1.0.0-beta.2',
    '1.0.0-beta.11',
    '1.0.0',
    'v1.2.0',
  ];
  for (const [index, version] of order.entries())
    for (const [other, limit] of order.entries())
      expect([version, limit, inRange(version, `<${limit}`)]).toEqual([version, limit, index < other]);
  expect(inRange('1.0.0', '1.0.0')).toBe(true);
  expect([isVersionRange('>=1.0.0 <2.0.0'), isVersionRange('^1.0.0'), isVersionRange('')]).toEqual([
    true,
    false,
    false,
  ]);
});

it('reads back a stored state, and takes anything else for none', () => {
  const state = { executor: 'a', request: '2', version: '2', from: 'a:1', to: 'a:2', startedAt: 1, deadlineAt: 2 };
  const whole = { ...state, phase: 'Leading' } as const;
  expect(readUpgradeState(writeUpgradeState(whole))).toEqual(whole);
  for (const text of [undefined, '', 'x', '{}', JSON.stringify({ ...whole, phase: 'Odd' })])
    expect(readUpgradeState(text)).toBeUndefined();
});
