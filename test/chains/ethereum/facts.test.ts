// What an Ethereum node's replies mean.

import { describe, expect, it } from 'vitest';

import type { Reply, RoleFacts } from '../../../src/chains/observed.ts';
import { consensusFacts } from '../../../src/chains/ethereum/consensus-facts.ts';
import { executionFacts } from '../../../src/chains/ethereum/execution-facts.ts';
import { beacon, gethDev, replies, rpc } from '../replies.ts';

const block = (number: string): unknown => rpc({ number, timestamp: '0x68000000' });

interface Row {
  readonly because: string;
  readonly bodies: Record<string, unknown>;
  readonly expected: Partial<RoleFacts>;
  readonly absent?: keyof RoleFacts;
}

describe('executionFacts', () => {
  it('reads a recorded development node', () => {
    expect(executionFacts(replies(gethDev), true)).toEqual({
      reach: 'answering',
      syncing: false,
      height: 4,
      headTime: 0x6b_02_70_c9,
      peers: 0,
      version: 'Geth/v1.16.7-stable/linux-amd64/go1.26.8',
      chainId: '1337',
    });
  });

  const rows: readonly Row[] = [
    {
      because: 'not syncing at block 0 means that no consensus client has spoken yet',
      bodies: { 'el.syncing': rpc(false), 'el.block': block('0x0') },
      expected: { reach: 'starting', syncing: false, height: 0 },
    },
    {
      because: 'during a snap sync the latest block is 0 and eth_syncing knows the height',
      bodies: { 'el.syncing': rpc({ currentBlock: '0x64', highestBlock: '0xc8' }), 'el.block': block('0x0') },
      expected: { reach: 'answering', syncing: true, height: 100, target: 200, progress: 0.5 },
    },
    {
      because: 'a node at the tip that only builds indexes is not syncing',
      bodies: {
        'el.syncing': rpc({ currentBlock: '0xc8', highestBlock: '0xc8', txIndexRemainingBlocks: '0x5' }),
        'el.block': block('0xc8'),
      },
      expected: { syncing: false, height: 200, details: { indexing: 5 } },
    },
    {
      because: '0 of 0 is the beginning, not the end',
      bodies: { 'el.syncing': rpc({ currentBlock: '0x0', highestBlock: '0x0' }), 'el.block': block('0x0') },
      expected: { syncing: true, progress: 0 },
    },
    {
      because: 'a disabled net API hides the peers only',
      bodies: {
        'el.syncing': rpc(false),
        'el.block': block('0x5'),
        'el.peers': { error: { code: -32_601, message: 'the method net_peerCount does not exist' } },
      },
      expected: { reach: 'answering', height: 5 },
      absent: 'peers',
    },
    {
      because: 'a height beyond safe integers is no height',
      bodies: { 'el.syncing': rpc(false), 'el.block': block('0xffffffffffffffff') },
      expected: { reach: 'unreadable' },
      absent: 'height',
    },
    {
      because: 'no latest block',
      bodies: { 'el.syncing': rpc(false), 'el.block': rpc(null) },
      expected: { reach: 'unreadable' },
    },
  ];
  it.each(rows)('$because', ({ bodies, expected, absent }) => {
    const facts = executionFacts(replies(bodies), false);
    expect(facts).toMatchObject(expected);
    expect(Object.keys(facts)).not.toContain(absent);
  });

  it('distinguishes a refused connection from a reply that is no JSON', () => {
    const answer = (reason: 'refused' | 'notJson'): ReadonlyMap<string, Reply> =>
      new Map([['el.syncing', { ok: false, reason, message: 'no' }]]);
    expect(executionFacts(answer('refused'), false).reach).toBe('unreachable');
    expect(executionFacts(answer('notJson'), false).reach).toBe('unreadable');
  });
});

describe('consensusFacts', () => {
  const syncing = (fields: Record<string, unknown>): Record<string, unknown> => ({
    'cl.syncing': { data: { head_slot: '100', sync_distance: '0', is_syncing: false, ...fields } },
  });

  it('reads a synced node and knows the time of its slot', () => {
    expect(consensusFacts(replies(beacon), { beaconGenesis: 1_742_213_400 })).toEqual({
      reach: 'answering',
      syncing: false,
      height: 1_500_000,
      target: 1_500_001,
      headTime: 1_742_213_400 + 18_000_000,
      peers: 57,
      version: 'Lighthouse/v8.0.1-ced49dd/x86_64-linux',
      details: { optimistic: false },
    });
  });

  const rows: readonly Row[] = [
    {
      because: 'optimistic means that the execution client has not checked the blocks',
      bodies: syncing({ is_optimistic: true }),
      expected: { syncing: true, progress: 1 },
    },
    {
      because: 'far behind is syncing even if the client denies it',
      bodies: syncing({ sync_distance: '100' }),
      expected: { syncing: true, target: 200, progress: 0.5 },
    },
    {
      because: 'without its execution client a node needs a person',
      bodies: syncing({ el_offline: true }),
      expected: { reach: 'answering', alarm: { reason: 'ExecutionOffline', message: expect.any(String) as string } },
    },
    { because: 'a page instead of an answer', bodies: { 'cl.syncing': '<html>' }, expected: { reach: 'unreadable' } },
  ];
  it.each(rows)('$because', ({ bodies, expected }) => {
    expect(consensusFacts(replies(bodies), undefined)).toMatchObject(expected);
  });

  it('takes 503 for a node that is starting', () => {
    const answers = new Map<string, Reply>([['cl.syncing', { ok: true, status: 503, body: { code: 503 } }]]);
    expect(consensusFacts(answers, undefined).reach).toBe('starting');
  });
});
