// Ten thousand node files: the event loop is free every few milliseconds, also when all of them are wrong, and memory stays in bounds.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { expect, it, vi } from 'vitest';

import type { BlockchainNode } from '../../src/api/blockchain-node.ts';
import { runYielding } from '../../src/controller/engine/run-yielding.ts';
import { findNewKeys } from '../../src/controller/fleet/new-keys.ts';
import type { DesiredSet } from '../../src/desired/desired-set.ts';
import { readInSteps } from '../../src/desired/read.ts';
import { withApplied } from '../../src/plan/applied.ts';
import { planInSteps } from '../../src/plan/plan.ts';
import { FLEET, nodeFile, sources } from '../support/desired-files.ts';
import { watchTurns } from '../support/longest-turn.ts';

// Seconds of processor time, on a machine that may do much else.
vi.setConfig({ testTimeout: 300_000 });

const COUNT = 10_000;
/** Of processor time. A longer turn delays the renewal of the lease and the answers to probes. */
const MAX_TURN_MS = 200;
/** Megabytes of the heap, where all of it is still in use; 71 as it was measured. */
const MAX_HEAP = 120;

const PORT = '  serviceType: NodePort\n  p2p: { port: 30303 }\n';
const node = (name: string, more = ''): string => nodeFile(name, (text) => text + more);

const rows = [
  { because: 'that are good', text: (at: number) => node(`n-${at}`), nodes: COUNT, problems: 0 },
  { because: 'with one identity', text: (at: number) => node(`n-${at}`, '  identity: { secretName: one }\n') },
  { because: 'with one name and one node port', text: () => node('one', PORT) },
  { because: 'with one node port', text: (at: number) => node(`n-${at}`, PORT) },
  { because: 'with an error each', text: (at: number) => node(`n-${at}`, '  unknown: 1\n') },
];

it.each(rows)('ten thousand node files $because', async ({ text, nodes = 0, problems = COUNT }) => {
  const files = sources({
    'fleet.yaml': FLEET,
    ...Object.fromEntries(Array.from({ length: COUNT }, (_, at) => [`nodes/n-${at}.yaml`, text(at)])),
  });
  const before = heapInUse();
  const turns = watchTurns();
  const desired = await runYielding(readInSteps(files, { defaultNamespace: 'novacula-system' }));
  expect(turns.stop()).toBeLessThan(MAX_TURN_MS);
  expect(heapInUse() - before).toBeLessThan(MAX_HEAP);
  expect(desired.nodes.size).toBe(nodes);
  expect(desired.problems.length).toBeGreaterThanOrEqual(problems);
});

/** What the collector leaves, in megabytes. */
function heapInUse(): number {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

it('plans of ten thousand nodes pause, and what is asked of their keys before', async () => {
  const names = Array.from({ length: COUNT }, (_, at) => `n-${at}`);
  const files = sources({
    'fleet.yaml': FLEET,
    ...Object.fromEntries(names.map((name) => [`nodes/${name}.yaml`, node(name)])),
  });
  const desired = await runYielding(readInSteps(files, { defaultNamespace: 'novacula-system' }));
  const live = [...desired.nodes.values()].map((one): BlockchainNode => structuredClone(withApplied(one.node)));
  const edited = live.map((one) => ({ ...one, spec: { ...one.spec, restartGeneration: 7 } }));
  const empty = { ...desired, nodes: new Map() };
  for (const [side, current, actions] of [
    [desired, [], COUNT],
    [desired, live, 0],
    [desired, edited, COUNT],
    [empty, live, COUNT],
  ] as const) {
    const turns = watchTurns();
    const plan = await runYielding(planInSteps({ desired: side, current, executor: 'demo', revision: 'main@sha1:0' }));
    expect(turns.stop()).toBeLessThan(MAX_TURN_MS / 2);
    expect(plan.actions).toHaveLength(actions);
  }
  expect(await newKeys(desired)).toBeLessThan(MAX_TURN_MS);
});

/** The longest turn, where every node is new and has no Secret to be read. */
async function newKeys(desired: DesiredSet): Promise<number> {
  const turns = watchTurns();
  await findNewKeys(
    { desired },
    {
      cluster: { get: async () => await Promise.resolve(undefined) },
      identities: { effective: (one: BlockchainNode) => one },
      settings: { executor: 'demo' },
      watches: { nodes: new Map<string, BlockchainNode>() },
    },
  );
  return turns.stop();
}
