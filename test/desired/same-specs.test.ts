// Nodes with one spec: it is checked once, and each has its own problems in its own file.

import { expect, it } from 'vitest';

import { chains } from '../../src/chains/index.ts';
import { readDesired } from '../../src/desired/read.ts';
import { FLEET, nodeFile, sources } from '../support/desired-files.ts';

const NODES = 50;

/** The chains, and the specs that they were asked to check. */
function countingChains(): { readonly chains: typeof chains; readonly asked: unknown[] } {
  const asked: unknown[] = [];
  const counting = chains.map((chain) => ({
    ...chain,
    check: (spec: Parameters<typeof chain.check>[0]) => {
      asked.push(spec);
      return chain.check(spec);
    },
  }));
  return { chains: counting, asked };
}

function fleetOf(more: (at: number) => string): ReturnType<typeof sources> {
  const files = Array.from({ length: NODES }, (_, at) => [
    `nodes/n-${at}.yaml`,
    nodeFile(`n-${at}`, (text) => text + more(at)),
  ]);
  return sources({ 'fleet.yaml': FLEET, ...Object.fromEntries(files) });
}

it('checks one spec once, for all nodes that have it', () => {
  const { chains: counting, asked } = countingChains();
  const files = fleetOf((at) => (at % 2 === 0 ? '' : '  restartGeneration: 1\n'));
  const desired = readDesired(files, { defaultNamespace: 'nodes', chains: counting });
  expect(asked).toHaveLength(2);
  expect([...desired.nodes.values()].map(({ node }) => node.spec.restartGeneration)).toEqual(
    [...desired.nodes.keys()].map((key) => (Number(key.split('-').at(-1)) % 2 === 0 ? undefined : 1)),
  );
});

it('reports a mistake in every file that has it, at its own line', () => {
  const { problems } = readDesired(
    fleetOf((at) => `${'  # a comment\n'.repeat(at)}  unknown: 1\n`),
    { defaultNamespace: 'nodes' },
  );
  const [first] = problems;
  expect(problems).toHaveLength(NODES);
  const lines = problems.map(({ file, line }) => line - Number(/\d+/.exec(file)?.[0]));
  expect(new Set(lines)).toEqual(new Set([lines[0]]));
  expect(new Set(problems.map(({ message }) => message))).toEqual(new Set([first?.message]));
});
