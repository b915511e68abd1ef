// All patches of a commit together are bounded, for `validate` as for the controller.

import { expect, it } from 'vitest';
import { stringify } from 'yaml';

import { PolicySpec } from '../../src/api/policy.ts';
import { completePolicy } from '../../src/desired/policy-file.ts';
import { createReadCache } from '../../src/desired/read-cache.ts';
import { readInSteps } from '../../src/desired/read.ts';
import { FLEET, nodeFile, read, sources } from '../support/desired-files.ts';

const NAMES = Array.from({ length: 40 }, (_, index) => `node-${String(index).padStart(2, '0')}`);
const NODES = Object.fromEntries(NAMES.map((name) => [`nodes/${name}.yaml`, nodeFile(name)]));

/** 640 operations on each node. */
const PATCHES = Object.fromEntries(
  Array.from({ length: 10 }, (_, index) => {
    const patch = Array.from({ length: 64 }, () => ({ op: 'add', path: '/podLabels', value: { team: 'a' } }));
    const document = { apiVersion: 'validatoros.com/v1alpha1', kind: 'FleetPatch', metadata: { name: `p${index}` } };
    return [`patches/p${index}.yaml`, stringify({ ...document, spec: { match: {}, patch } })];
  }),
);

const ENOUGH = 256 * 1024 * 1024;

it('keeps nodes in their last good state once the operations of the commit are spent, and names the patch', () => {
  const set = read({ ...PATCHES, ...NODES }, { patchLimit: { operations: 5000, bytes: ENOUGH } });
  expect(set.nodes.size).toBe(7);
  expect(set.brokenNodes.size).toBe(33);
  const found = set.problems.filter(({ level }) => level === 'error');
  expect(found.map(({ file, code }) => `${file} ${code}`)).toContain('patches/p8.yaml PatchFailed');
  expect(found[0]?.message).toContain('too many operations on all nodes together; set the values in spec.defaults');
});

it('bounds what the patches of all nodes write', () => {
  const text = 'x'.repeat(5000);
  const large = stringify({
    apiVersion: 'validatoros.com/v1alpha1',
    kind: 'FleetPatch',
    metadata: { name: 'large' },
    spec: { match: {}, patch: [{ op: 'add', path: '/podAnnotations', value: { note: text.slice(0, 4000) } }] },
  });
  const set = read({ 'patches/large.yaml': large, ...NODES }, { patchLimit: { operations: 1e6, bytes: 41_000 } });
  expect(set.nodes.size).toBe(10);
  expect(set.problems.map(({ message }) => message).join()).toContain('write too much to all nodes together');
});

it("counts the patches in the nodes' own files", () => {
  const patches = `\n  patches:\n    - target: { kind: StatefulSet }\n      patch:${'\n        - { op: add, path: /metadata/annotations, value: { note: a } }'.repeat(50)}`;
  const files = Object.fromEntries(
    NAMES.map((name) => [`nodes/${name}.yaml`, `${nodeFile(name).trimEnd()}${patches}\n`]),
  );
  const policy = completePolicy(PolicySpec.parse({}), { namespace: 'novacula-system' });
  const set = read(files, { policy, patchLimit: { operations: 525, bytes: ENOUGH } });
  expect(set.nodes.size).toBe(10);
  expect(set.problems[0]?.message).toContain('too many operations on all nodes together');
});

it('gives the same result with a cache as without, before and after the budget is spent', () => {
  const cache = createReadCache();
  for (const operations of [5000, 16_000, 30_000, 16_000, 5000]) {
    const limit = { patchLimit: { operations, bytes: ENOUGH } };
    const cold = read({ ...PATCHES, ...NODES }, limit);
    const warm = read({ ...PATCHES, ...NODES }, { ...limit, cache });
    expect([...warm.nodes.keys()]).toEqual([...cold.nodes.keys()]);
    expect(warm.problems).toEqual(cold.problems);
  }
});

it('allows many patches on many nodes by default', () => {
  expect(read({ ...PATCHES, ...NODES }).nodes.size).toBe(NAMES.length);
});

it('pauses after each node, also within a file', () => {
  const files = sources({ 'fleet.yaml': FLEET, 'nodes/all.yaml': NAMES.map((name) => nodeFile(name)).join('---\n') });
  const steps = readInSteps(files, { defaultNamespace: 'novacula-system' });
  let pauses = 0;
  while (steps.next().done !== true) pauses++;
  expect(pauses).toBeGreaterThanOrEqual(NAMES.length);
});
