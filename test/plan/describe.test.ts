// The text of plans, kept as golden files and reviewed like code.

import { expect, it } from 'vitest';

import type { BlockchainNode, NodeSpec } from '../../src/api/blockchain-node.ts';
import { LABEL } from '../../src/api/group.ts';
import type { KnownVolumes } from '../../src/api/node-volumes.ts';
import { planNodes } from '../../src/plan/plan.ts';
import { describePlan, planToJson } from '../../src/plan/describe.ts';
import { MAX_COMMENT, planComment } from '../../src/plan/comment.ts';
import { planToMarkdown } from '../../src/plan/describe-markdown.ts';
import { workloadOf } from '../../src/render/workload.ts';
import { aNode, applied, edited, scene, type SceneParts } from '../support/plan-scene.ts';

const MASS_DELETION: SceneParts = {
  declared: [aNode('a')],
  live: ['a', 'b', 'c', 'd'].map((name) => applied(aNode(name))),
};

function heldDigestOf(parts: SceneParts): string | undefined {
  return planNodes(scene(parts)).heldDigest;
}

/** A node that can be rendered. */
function aValidator(name: string, spec: Partial<NodeSpec> = {}): BlockchainNode {
  const clients = { node: { name: 'cometbft', version: '1.0.1' } };
  const storage = { data: { size: '1Gi' } };
  return aNode(name, { chain: 'cosmos', network: 'dev', nodeType: 'validator', clients, storage, ...spec });
}

function fromOther(node: BlockchainNode): BlockchainNode {
  return { ...node, metadata: { ...node.metadata, labels: { ...node.metadata.labels, [LABEL.executor]: 'other' } } };
}

const NONE: KnownVolumes = { record: undefined, live: [] };
const LEFT_BEHIND: KnownVolumes = {
  record: { chain: 'cosmos', network: 'dev', clients: { node: 'cometbft' }, pvcs: { data: 'u' }, height: 1200 },
  live: [{ name: 'data', pvc: 'data-back-again-0', uid: 'u', createdAt: '2026-11-02T10:00:00Z' }],
};
const VOLUMES = new Map<string, KnownVolumes>([
  ...['grown', 'shrunk', 'new', 'restarted', 'same-pod', 'started', 'stopped'].map(
    (name) => [`ns/${name}`, NONE] as const,
  ),
  ['ns/back-again', LEFT_BEHIND],
]);
const SIGNED: KnownVolumes = {
  record: { chain: 'cosmos', network: 'dev', clients: { node: 'cometbft' }, pvcs: { data: 'u1' }, signer: 'a-key' },
  live: [{ name: 'data', pvc: 'data-a-0', uid: 'u2' }],
};

const scenes: Readonly<Record<string, SceneParts>> = {
  'nothing-to-do': { declared: [aNode('a')], live: [applied(aNode('a'))] },
  everyday: {
    declared: [
      aNode('new'),
      aNode('bumped', { clients: { el: { name: 'geth', version: '1.16.7' } } }),
      aNode('drifted'),
    ],
    live: [
      applied(aNode('bumped')),
      edited(applied(aNode('drifted')), { desiredState: 'Stopped' }),
      applied(aNode('gone', { deletionPolicy: 'Delete' })),
      applied(aNode('broken')),
    ],
    desired: { brokenFiles: new Set(['nodes/broken.yaml']) },
  },
  'mass-deletion': MASS_DELETION,
  'rewound-branch': {
    declared: [aNode('a', { restartGeneration: 1 })],
    live: [applied(aNode('a'))],
    facts: { ancestry: 'rewound', lastApplied: `main@sha1:${'2'.repeat(40)}` },
  },
  'identity-swap': {
    declared: [aNode('a', { identity: { secretName: 'k2' } }), aNode('b', { identity: { secretName: 'k1' } })],
    live: [
      applied(aNode('a', { identity: { secretName: 'k1' } })),
      applied(aNode('b', { identity: { secretName: 'k2' } })),
    ],
  },
  jobs: {
    declared: [aNode('a')],
    live: [applied(aNode('a'))],
    facts: {
      jobs: [
        { do: 'run', job: 'Backup ns/first', executor: 'demo', file: 'jobs/first.yaml', because: 'stops a; once' },
        {
          do: 'run',
          job: 'ChangeOwner ns/held',
          executor: 'demo',
          file: 'jobs/held.yaml',
          because: 'gives the files to root; once',
          exceptions: ['RootOwner'],
          hold: { guard: 'PolicyException', message: 'it uses RootOwner', release: 'To release it, add the digest.' },
        },
        { do: 'run', job: 'Backup ns/second', executor: 'demo', file: 'jobs/second.yaml', because: 'stops a; once' },
        {
          do: 'refuse',
          job: 'Restore ns/edited',
          executor: 'demo',
          file: 'jobs/edited.yaml',
          because: 'it was merged',
        },
        {
          do: 'withdraw',
          job: 'Restore ns/gone',
          executor: 'demo',
          file: 'jobs/gone.yaml',
          because: 'its file is gone',
        },
        {
          do: 'schedule',
          job: 'JobSchedule ns/nightly',
          executor: 'demo',
          file: 'schedules/n.yaml',
          because: 'at night',
        },
        { do: 'unschedule', job: 'JobSchedule ns/weekly', executor: 'demo', file: 'schedules/w.yaml', because: 'gone' },
        { do: 'run', job: 'Backup ns/elsewhere', executor: 'other', file: 'jobs/e.yaml', because: 'not ours' },
      ],
    },
  },
  'pods-and-volumes': {
    declared: [
      aValidator('grown', { storage: { data: { size: '2Gi' }, more: { size: '1Gi' } } }),
      aValidator('shrunk', { storage: { data: { size: '512Mi' } } }),
      aValidator('new'),
      aValidator('restarted', { restartGeneration: 1 }),
      aValidator('same-pod', { deletionPolicy: 'Delete' }),
      aValidator('started'),
      aValidator('stopped', { desiredState: 'Stopped' }),
      aValidator('back-again'),
    ],
    live: [
      ...['grown', 'shrunk', 'restarted', 'same-pod', 'stopped', 'gone'].map((name) => applied(aValidator(name))),
      applied(aValidator('started', { desiredState: 'Stopped' })),
    ],
    facts: { volumes: VOLUMES },
  },
  'lost-volume': {
    declared: [aValidator('a', { identity: { secretName: 'a-key' } })],
    live: [applied(aValidator('a', { identity: { secretName: 'a-key' } }))],
    facts: { volumes: new Map([['ns/a', SIGNED]]) },
  },
  'move-to-another-executor': {
    declared: [aValidator('a', { executor: 'other', identity: { secretName: 'a-key' } })],
    live: [applied(aValidator('a', { identity: { secretName: 'a-key' } }))],
  },
  'move-from-another-executor': {
    declared: [aValidator('a', { identity: { secretName: 'a-key' } })],
    live: [fromOther(applied(aValidator('a', { executor: 'other', identity: { secretName: 'a-key' } })))],
  },
  approved: {
    ...MASS_DELETION,
    fleet: { approvals: [{ digest: heldDigestOf(MASS_DELETION), reason: 'The test network ended on 2026-11-01' }] },
  },
  'hostile-job': {
    facts: {
      jobs: [
        {
          do: 'run',
          job: 'Backup ns/x',
          executor: 'demo',
          file: 'jobs/```.yaml',
          because: '```\n- x [a](https://evil.example) @everyone\u001b[31m\u202e',
        },
      ],
    },
  },
  'hostile-values': {
    declared: [
      aNode('a', {
        args: { el: { x: '```\n![](https://evil.example/x.png) @everyone\u001b[31m\u202e', long: 'y'.repeat(4000) } },
      }),
    ],
    live: [applied(aNode('a'))],
  },
};

it.each(Object.keys(scenes))('%s', async (name) => {
  const plan = planNodes({ ...scene(scenes[name] ?? {}), workloadOf, describesPods: true });
  await expect(describePlan(plan)).toMatchFileSnapshot(`../golden/plan/${name}.txt`);
  await expect(planToMarkdown(plan, 60_000)).toMatchFileSnapshot(`../golden/plan/${name}.md`);
  await expect(`${JSON.stringify(planToJson(plan), null, 2)}\n`).toMatchFileSnapshot(`../golden/plan/${name}.json`);
});

it('fits a comment into the limit of the forges and names what is left out', () => {
  const declared = Array.from({ length: 3000 }, (_, index) => aNode(`n${index}`));
  const live = Array.from({ length: 300 }, (_, index) => applied(aNode(`old-${index}`)));
  const broken = new Set(live.slice(0, 150).map(({ metadata }) => `nodes/${metadata.name}.yaml`));
  const jobs = Array.from({ length: 300 }, (_, index) => ({
    do: 'run' as const,
    job: `Backup ns/b${index}`,
    executor: 'demo',
    file: `jobs/b${index}.yaml`,
    because: 'because '.repeat(40),
  }));
  const text = planToMarkdown(
    planNodes(scene({ declared, live, facts: { jobs }, desired: { brokenFiles: broken } })),
    60_000,
  );
  expect(text.length).toBeLessThan(65_536);
  expect(text).toMatch(/\d+ more not shown/);
});

it.each(['hostile-values', 'hostile-job'])('keeps text from files inside its fence: %s', (name) => {
  const text = planToMarkdown(planNodes(scene(scenes[name] ?? {})), 60_000);
  const fence = /^(`{4,})diff$/m.exec(text)?.[1] ?? '';
  expect(text.split('\n').filter((line) => line === fence)).toHaveLength(1);
});

it('fits all executors and problems into one comment and names what is left out', () => {
  const names = Array.from({ length: 300 }, (_, index) => `node-${index}`);
  const long = planNodes(scene({ live: names.map((name) => applied(aNode(name))) }));
  const plans = Array.from({ length: 150 }, (_, index) => ({ executor: `cluster-${index}`, plan: long }));
  const problems = names.map((name) => `nodes/${name}.yaml:1:1 error BadYaml ${'x'.repeat(500)}`);
  const text = planComment({ plans, problems });
  expect(text.length).toBeLessThanOrEqual(MAX_COMMENT);
  expect(text).toBe(planComment({ plans, problems }));
  expect(text).toMatch(
    /The plans of \d+ more executors are not shown; `nodewright plan --executor cluster-\d+` shows the next\./,
  );
  expect(text).toMatch(/\d+ more not shown; `nodewright validate` shows all\./);
});

it('shows every executor when all fit, each in its share', () => {
  const names = Array.from({ length: 300 }, (_, index) => `node-${index}`);
  const long = planNodes(scene({ live: names.map((name) => applied(aNode(name))) }));
  const text = planComment({ plans: ['a', 'b', 'c'].map((executor) => ({ executor, plan: long })), problems: [] });
  expect(text.length).toBeLessThanOrEqual(MAX_COMMENT);
  expect(text.match(/^### Executor/gm)).toHaveLength(3);
  expect(text.match(/more not shown; `nodewright plan` shows all\./g)).toHaveLength(3);
});
