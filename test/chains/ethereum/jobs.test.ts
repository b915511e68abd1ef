// Jobs on Ethereum nodes: how each execution client goes back, and what is the node's own.

import { describe, expect, it } from 'vitest';

import { jobs } from '../../../src/chains/ethereum/jobs.ts';
import { example, nodeWith } from '../examples.ts';

const HEIGHT = 4660;

describe('going back', () => {
  it.each([
    { because: 'geth is started alone and given its head', name: 'ethereum-dev', how: 'served' },
    { because: 'geth on a public network likewise', name: 'ethereum-geth-lighthouse', how: 'served' },
    { because: 'reth unwinds its stages', name: 'ethereum-reth-prysm', how: 'command' },
    { because: 'nethermind has no command that is known', name: 'ethereum-nethermind-teku', how: 'refused' },
    { because: "besu's command is not proven", name: 'ethereum-besu-nimbus', how: 'refused' },
    { because: "nor is erigon's", name: 'ethereum-erigon-lodestar', how: 'refused' },
  ])('$because', ({ name, how }) => {
    expect(jobs.rollback(example(name).node, HEIGHT).how).toBe(how);
  });

  it('asks geth for the height as a hexadecimal number, without peers and outside --dev', () => {
    const how = jobs.rollback(example('ethereum-dev').node, HEIGHT);
    expect(how).toMatchObject({
      ready: { ask: { port: 8545, body: { method: 'debug_stacks' } }, includes: 'cmd/utils.StartNode.func1' },
      asks: [{ port: 8545, body: { method: 'debug_setHead', params: ['0x1234'] } }],
      height: { ask: { body: { method: 'eth_blockNumber' } }, at: ['result'], format: 'hex' },
      client: { image: 'ethereum/client-go:v1.16.7', mounts: [{ volume: 'data', path: '/data' }] },
    });
    const args = how.how === 'served' ? how.client.args : [];
    expect(args).toEqual(
      expect.arrayContaining(['--datadir=/data/el', '--networkid=1337', '--nodiscover', '--maxpeers=0']),
    );
    expect(args.filter((arg) => arg.startsWith('--dev'))).toEqual([]);
  });

  it("keeps the node's own flags, but not those that would open it", () => {
    const how = jobs.rollback(example('ethereum-everything').node, HEIGHT);
    const args = how.how === 'served' ? how.client.args : [];
    expect(args).toEqual(expect.arrayContaining(['--hoodi', '--cache=4096', '--maxpeers=0', '--http.api=eth,debug']));
    expect(args.filter((arg) => /^--(ws|metrics|port=3)/.test(arg))).toEqual([]);
    expect(how).toMatchObject({ client: { mounts: [{ volume: 'el', path: '/data/el' }] } });
  });

  it.each([
    { because: 'geth keeps 90,000 state histories', args: {}, reach: 90_000 },
    { because: 'another number may be set', args: { 'history.state': '500' }, reach: 500 },
    { because: 'zero keeps all', args: { 'history.state': '0' }, reach: undefined },
    { because: 'a database of hashes has none', args: { 'state.scheme': 'hash' }, reach: undefined },
  ])('$because', ({ args, reach }) => {
    const how = jobs.rollback(nodeWith('ethereum-dev', { args: { el: args } }), HEIGHT);
    expect(how.how === 'served' ? how.reach : 'refused').toBe(reach);
  });

  it('asks for the state first where it may be missing', () => {
    const how = jobs.rollback(nodeWith('ethereum-dev', { args: { el: { 'state.scheme': 'hash' } } }), HEIGHT);
    const bodies = how.how === 'served' ? how.asks.map(({ body }) => body) : [];
    expect(bodies).toMatchObject([{ method: 'eth_getBalance' }, { method: 'debug_setHead' }]);
  });

  it('lets reth say the height that it reached', () => {
    const how = jobs.rollback(example('ethereum-reth-prysm').node, HEIGHT);
    if (how.how !== 'command') throw new Error(how.how);
    expect(how.run.args.slice(0, 2)).toEqual(['stage', 'unwind']);
    expect(how.run.args.slice(-2)).toEqual(['to-block', '4660']);
    const line = '2026-11-22T05:00:00.000000Z  INFO Unwound blocks target=4660';
    expect(new RegExp(how.heightPattern).exec(line)?.[1]).toBe('4660');
  });
});

describe('what is the node its own', () => {
  it.each([
    {
      because: 'both clients share a volume',
      name: 'ethereum-geth-lighthouse',
      expected: ['data:el/geth/nodekey', 'data:el/geth/nodes', 'data:cl/beacon/network'],
    },
    {
      because: 'each has a volume',
      name: 'ethereum-everything',
      expected: ['el:geth/nodekey', 'el:geth/nodes', 'cl:beacon/kvstore'],
    },
    { because: 'nimbus has a new key at each start', name: 'ethereum-besu-nimbus', expected: ['data:el/key'] },
  ])('$because', ({ name, expected }) => {
    const { node } = example(name);
    expect(jobs.identityFiles(node).map(({ volume, path }) => `${volume}:${path}`)).toEqual(expected);
  });
});
