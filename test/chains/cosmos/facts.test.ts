// What CometBFT's replies mean.

import { describe, expect, it } from 'vitest';

import { nodeFacts } from '../../../src/chains/cosmos/facts.ts';
import { comet, replies, rpc } from '../replies.ts';

const status = (sync: Record<string, unknown>): Record<string, unknown> => ({
  'node.status': rpc({
    node_info: { id: 'a', network: 'n', version: '0.38.17' },
    sync_info: { latest_block_height: '0', latest_block_time: '1970-01-01T00:00:00Z', catching_up: true, ...sync },
  }),
});

describe('nodeFacts', () => {
  it('reads a recorded validator', () => {
    expect(nodeFacts(replies(comet))).toEqual({
      reach: 'answering',
      syncing: false,
      height: 6,
      headTime: Date.UTC(2026, 10, 22, 4, 34, 25) / 1000,
      peers: 0,
      version: '1.0.1',
      chainId: 'dev',
      details: {
        nodeId: 'd9b7704326f87dcd771b8edb99759fdd2e84fe27',
        votingPower: 10,
        appVersion: '2.1.0',
        appHeight: 6,
      },
    });
  });

  it('gives no head time before the first block', () => {
    const facts = nodeFacts(replies(status({})));
    expect(facts).toMatchObject({ reach: 'answering', syncing: true, height: 0 });
    expect(facts.headTime).toBeUndefined();
    expect(facts.message).toContain('snapshot');
  });

  it('is unreadable when the height is negative or a list', () => {
    for (const height of ['-1', [], null, 1.5]) {
      expect(nodeFacts(replies(status({ latest_block_height: height }))).reach).toBe('unreadable');
    }
  });

  it('repeats an error of the node', () => {
    const facts = nodeFacts(replies({ 'node.status': { error: { code: -32_603, message: 'Internal error' } } }));
    expect(facts).toEqual({ reach: 'unreadable', message: '/status: error -32603: Internal error' });
  });
});
