// Jobs on Bitcoin nodes.

import { describe, expect, it } from 'vitest';

import { jobs } from '../../../src/chains/bitcoin/jobs.ts';
import { example, nodeWith } from '../examples.ts';

it.each([
  {
    because: 'the main network has no folder of its own',
    node: example('bitcoin-mainnet').node,
    path: 'onion_v3_private_key',
  },
  { because: 'regtest has', node: example('bitcoin-regtest').node, path: 'regtest/onion_v3_private_key' },
  {
    because: 'test networks have',
    node: nodeWith('bitcoin-mainnet', { network: 'test' }),
    path: 'testnet3/onion_v3_private_key',
  },
])('keeps the keys of its addresses: $because', ({ node, path }) => {
  expect(jobs.identityFiles(node)[0]).toEqual({ volume: 'data', path });
});

it('keeps nothing of a btcd, which has no keys', () => {
  expect(jobs.identityFiles(example('bitcoin-btcd').node)).toEqual([]);
});

it('says why a btcd does not go back and what to do', () => {
  const how = jobs.rollback(example('bitcoin-btcd').node, 800_000);
  expect(how.how === 'refused' ? how.reason : '').toMatch(/not been proven\. Restore a Backup/);
});

describe('a bitcoind that goes back', () => {
  const runOf = (name: string, fields: Record<string, unknown> = {}) => {
    const how = jobs.rollback(nodeWith(name, fields), 800_000);
    if (how.how !== 'command') throw new Error(`it is ${how.how}`);
    return how.run;
  };

  it('reads its database as it was written, without a network and without its password', () => {
    const config = { 'bitcoin.conf': { prune: '5000', dbcache: '100' } };
    const { args } = runOf('bitcoin-mainnet', { config });
    expect(args).toEqual(
      expect.arrayContaining(['-prune=5000', '-dbcache=100', '-chain=main', '-networkactive=0', '-listen=0']),
    );
    expect(args.join(' ')).not.toMatch(/rpc|conf/);
  });

  it.each([
    { because: 'others have the blocks', name: 'bitcoin-mainnet', follows: 'yes' },
    { because: 'no other node has them', name: 'bitcoin-regtest', follows: '' },
  ])('verifies the blocks above again or leaves them: $because', ({ name, follows }) => {
    expect(runOf(name).env).toMatchObject({ NODE_FOLLOWS_OTHERS: follows, NODE_WANTED_HEIGHT: '800000' });
  });
});
