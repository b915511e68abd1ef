// btcd: what it is started with, the file with its password, and what its replies mean.

import { describe, expect, it } from 'vitest';

import { bitcoin } from '../../../src/chains/bitcoin/bitcoin.ts';
import { btcdFacts } from '../../../src/chains/bitcoin/btcd-facts.ts';
import { btcdLogin } from '../../../src/chains/bitcoin/btcd-login.ts';
import type { RoleFacts } from '../../../src/chains/observed.ts';
import { example, nodeWith } from '../examples.ts';
import { btcd, replies, rpc } from '../replies.ts';

const argsFor = (fields: Record<string, unknown>): readonly string[] =>
  bitcoin.workload(nodeWith('bitcoin-btcd', fields)).containers[0]?.args ?? [];

describe('arguments', () => {
  it.each([
    { network: 'mainnet', flag: undefined },
    { network: 'test', flag: '--testnet' },
    { network: 'signet', flag: '--signet' },
    { network: 'regtest', flag: '--regtest' },
    { network: 'simnet', flag: '--simnet' },
  ])('name the network $network', ({ network, flag }) => {
    const flags = argsFor({ network }).filter((one) => /^--(test|sig|reg|sim)/.test(one));
    expect(flags).toEqual(flag === undefined ? [] : [flag]);
  });

  it('tell peers the port that is open', () => {
    const args = argsFor({ p2p: { port: 30_100, advertiseAddress: '203.0.113.8' } });
    expect(args).toEqual(expect.arrayContaining(['--listen=0.0.0.0:30100', '--externalip=203.0.113.8:30100']));
    expect(argsFor({})).toContain('--externalip=[2001:db8::7]:48333');
  });

  it('hold no password, and name a file of a Secret that a bitcoind of this name would not have', () => {
    const { node } = example('bitcoin-btcd');
    const { generatedSecrets, files } = bitcoin.workload(node);
    expect(argsFor({}).join(' ')).not.toMatch(/rpcuser|rpcpass|notls/);
    expect(argsFor({})).toContain('--configfile=/secrets/rpc/btcd.conf');
    expect(files).toEqual({});
    expect(generatedSecrets.map((secret) => secret.name)).toEqual(['btcd']);
    expect(bitcoin.questions(node)[0]).toMatchObject({ auth: { secret: 'btcd-0-btcd' }, tls: 'unverified' });
  });
});

it('the file with the password has the form of sample-btcd.conf', () => {
  expect(btcdLogin('bob', 'abc')).toBe('[Application Options]\nrpcuser=bob\nrpcpass=abc\n');
});

describe('check', () => {
  const rows = [
    { because: 'btcd keeps at least 1536 MiB', args: { prune: '550' }, count: 1 },
    { because: 'pruning and an index exclude each other', args: { prune: '2000', addrindex: '' }, count: 1 },
    { because: 'pruning alone is fine', args: { prune: '1536' }, count: 0 },
    { because: 'not pruning is fine with an index', args: { prune: '0', txindex: '' }, count: 0 },
    { because: 'a switch takes no value', args: { txindex: '1' }, count: 1 },
    { because: 'access is managed', args: { rpcuser: 'x', rpclimitpass: 'x', notls: '' }, count: 3 },
    { because: 'unknown flags pass', args: { 'made-up': 'x' }, count: 0 },
  ];
  it.each(rows)('$because', ({ args, count }) => {
    const { spec } = nodeWith('bitcoin-btcd', { args: { node: args } });
    expect(bitcoin.check(spec)).toHaveLength(count);
  });

  it.each([
    { network: 'simnet', client: 'btcd', expected: [] },
    { network: 'simnet', client: 'bitcoind', expected: [['error', 'UnsupportedNetwork']] },
    { network: 'regtest', client: 'btcd', expected: [['warning', 'DataNotKept']] },
  ])('$client on $network: $expected', ({ network, client, expected }) => {
    const { spec } = nodeWith('bitcoin-btcd', { network, args: {}, clients: { node: { name: client } } });
    expect(bitcoin.check(spec).map(({ level, code }) => [level, code])).toEqual(expected);
  });

  it('says where settings go that would be in a file', () => {
    const { spec } = nodeWith('bitcoin-btcd', { config: { 'bitcoin.conf': { dbcache: '2048' } } });
    expect(bitcoin.check(spec).map(({ code, path }) => [code, path.at(-1)])).toEqual([['UnusedSetting', 'bitcoin.conf']]); // prettier-ignore
  });
});

describe('btcdFacts', () => {
  const peer = (startingheight: number, inbound = false, currentheight?: number): unknown => ({
    startingheight,
    inbound,
    ...(currentheight === undefined ? {} : { currentheight }),
  });
  const rows: readonly { because: string; peers: readonly unknown[]; expected: Partial<RoleFacts> }[] = [
    { because: 'the recorded node is at the tip', peers: [peer(0, false, 3)], expected: { syncing: false, target: 3 } },
    { because: 'behind its peers', peers: [peer(30)], expected: { syncing: true, target: 30, progress: 0.1 } },
    { because: 'a peer has new blocks', peers: [peer(0, false, 30)], expected: { syncing: true, target: 30 } },
    { because: 'one liar moves nothing', peers: [peer(3), peer(9_999_999), peer(3)], expected: { target: 3 } },
    {
      because: 'who came by itself is not asked while others are there',
      peers: [peer(3), peer(99, true), peer(99, true)],
      expected: { syncing: false, target: 3 },
    },
    { because: 'inbound peers only', peers: [peer(99, true)], expected: { syncing: true, target: 99 } },
    { because: 'peers that are behind', peers: [peer(-1), peer(0)], expected: { syncing: false, target: 3 } },
    { because: 'no peers', peers: [], expected: { syncing: false, target: 3 } },
  ];
  it.each(rows)('$because', ({ peers, expected }) => {
    expect(btcdFacts(replies({ ...btcd, 'node.peers': rpc(peers) }))).toMatchObject({ height: 3, ...expected });
  });

  it('reads a recorded regtest node', () => {
    expect(btcdFacts(replies(btcd))).toEqual({
      reach: 'answering',
      syncing: false,
      height: 3,
      target: 3,
      peers: 1,
      version: '0.26.2',
      chainId: 'regtest',
      details: { pruned: false },
    });
  });

  it('does not say whether it syncs when peers are not known', () => {
    const { 'node.peers': _, ...rest } = btcd;
    expect(btcdFacts(replies(rest))).not.toHaveProperty('syncing');
  });
});
