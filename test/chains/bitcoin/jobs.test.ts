// Jobs on Bitcoin nodes.

import { expect, it } from 'vitest';

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

it.each(['bitcoin-mainnet', 'bitcoin-btcd'])('says why %s does not go back and what to do', (name) => {
  const how = jobs.rollback(example(name).node, 800_000);
  expect(how.how === 'refused' ? how.reason : '').toMatch(/invalidateblock.*Restore a Backup/);
});
