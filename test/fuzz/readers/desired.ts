// The files of a repository, each in its folder beside a good node, through plan and render; and the policy file.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { API_VERSION } from '../../../src/api/group.ts';
import { findChain } from '../../../src/chains/index.ts';
import { readPolicy } from '../../../src/desired/policy-file.ts';
import { readDesired } from '../../../src/desired/read.ts';
import { decodeSource } from '../../../src/desired/source-text.ts';
import { jobKinds } from '../../../src/jobs/kinds/index.ts';
import { nextRun } from '../../../src/jobs/requests/schedule-clock.ts';
import { planNodes } from '../../../src/plan/plan.ts';
import { renderNode } from '../../../src/render/render-node.ts';
import { FLEET, nodeFile, sources } from '../../support/desired-files.ts';
import type { Reader } from '../reader.ts';

const ROOT = new URL('../../../', import.meta.url).pathname;

function textsIn(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => readFileSync(join(ROOT, folder, name), 'utf8'));
}

/** All that the controller makes of one file of a commit before it asks the cluster. */
function readBeside(path: string): Reader['read'] {
  return (input) => {
    const good = sources({ 'fleet.yaml': FLEET, 'nodes/good.yaml': nodeFile('good') }).filter(
      (file) => file.path !== path,
    );
    const set = readDesired([...good, decodeSource(path, 'fuzz', input)], { defaultNamespace: 'novacula-system' });
    const isAlone = path === 'nodes/a/fuzz.yaml' && !set.nodes.has('novacula-system/good');
    // The good node may only be missing where the other file says the same name.
    if (isAlone && !/good/.test(input.toString())) throw new Error('one bad file stops another');
    const plan = planNodes({ desired: set, current: [], executor: 'demo', revision: 'main@sha1:1', facts: {} });
    const rendered = [...set.nodes.values()].slice(0, 5).map(({ node }) => {
      const chain = findChain(node.spec.chain);
      return chain === undefined ? [] : renderNode(node, chain, { running: true });
    });
    const schedules = [...set.schedules.values()].slice(0, 5).map(({ spec }) => nextRun(spec, 1_790_000_000_000));
    return { problems: set.problems, counts: set.counts, actions: plan.actions.length, rendered, schedules };
  };
}

const POLICY = `apiVersion: validatoros.com/v1alpha1
kind: Policy
metadata: { name: all }
spec:
  namespaces: [novacula-system, 'team-*']
  serviceTypes: [ClusterIP]
  rules:
    - paths: ['nodes/team/**']
      namespaces: [team-a]
`;

const shared = { isJson: true, cases: 60 } as const;

export const readers: readonly Reader[] = [
  {
    ...shared,
    name: 'node-file',
    cases: 150,
    corpus: [...textsIn('test/chains/examples'), ...textsIn('repo-template/nodes')],
    read: readBeside('nodes/a/fuzz.yaml'),
  },
  {
    ...shared,
    name: 'fleet-file',
    corpus: [FLEET, readFileSync(join(ROOT, 'repo-template/fleet.yaml'), 'utf8')],
    read: readBeside('fleet.yaml'),
  },
  {
    ...shared,
    name: 'patch-file',
    corpus: [
      ...textsIn('repo-template/patches'),
      `apiVersion: validatoros.com/v1alpha1
kind: FleetPatch
metadata: { name: p }
spec:
  match: { chain: ethereum, labels: { a: b }, names: [good] }
  patch:
    - { op: add, path: /clients/el/args/-, value: --cache=1 }
    - { op: copy, from: /clients, path: /x }
    - { op: test, path: /chain, value: ethereum }
`,
      `{apiVersion: validatoros.com/v1alpha1, kind: FleetPatch, metadata: {name: q}, spec: {match: {}, patch: [{op: replace, path: /clients/el/version, value: "1.16.8"}, {op: move, from: /network, path: /suspend}]}}`,
    ],
    read: readBeside('patches/fuzz.yaml'),
  },
  {
    ...shared,
    name: 'schedule-file',
    corpus: textsIn('repo-template/schedules'),
    read: readBeside('schedules/fuzz.yaml'),
  },
  {
    ...shared,
    name: 'job-file',
    corpus: jobKinds.map(({ kind, example: spec }) =>
      JSON.stringify({ apiVersion: API_VERSION, kind, metadata: { name: 'one' }, spec }),
    ),
    read: readBeside('jobs/fuzz.yaml'),
  },
  {
    ...shared,
    name: 'policy-file',
    corpus: [readFileSync(join(ROOT, 'test/pods/policy.yaml'), 'utf8'), POLICY],
    read: (input) => readPolicy('policy.yaml', input.toString()),
  },
];
