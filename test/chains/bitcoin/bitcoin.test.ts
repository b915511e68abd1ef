// bitcoin.conf, the rpcauth line, and what bitcoind's replies mean.

import { describe, expect, it } from 'vitest';

import { bitcoin } from '../../../src/chains/bitcoin/bitcoin.ts';
import { bitcoinConf } from '../../../src/chains/bitcoin/conf.ts';
import { nodeFacts } from '../../../src/chains/bitcoin/facts.ts';
import { rpcauthLine } from '../../../src/chains/bitcoin/rpcauth.ts';
import type { RoleFacts } from '../../../src/chains/observed.ts';
import { example, nodeWith } from '../examples.ts';
import { bitcoind, replies } from '../replies.ts';

describe('bitcoinConf', () => {
  it('puts ports into the section of the network, where bitcoind looks for them', () => {
    const [general = '', section = ''] = bitcoinConf(nodeWith('bitcoin-mainnet', { network: 'signet' }).spec).split(
      '\n\n',
    );
    expect(general).toContain('chain=signet');
    expect(section.split('\n')[0]).toBe('[signet]');
    expect(section).toContain('rpcport=38332');
    expect(section).toContain('dbcache=2048');
  });

  it('writes an IPv6 address so that its port is not part of it', () => {
    const { spec } = nodeWith('bitcoin-mainnet', { p2p: { advertiseAddress: '2001:db8::7' } });
    expect(bitcoinConf(spec)).toContain('externalip=[2001:db8::7]:8333\n');
  });

  it('holds no password', () => {
    expect(bitcoinConf(example('bitcoin-mainnet').node.spec)).not.toMatch(/rpcpassword|rpcauth=/);
  });
});

describe('rpcauthLine', () => {
  it('gives the line of share/rpcauth/rpcauth.py', () => {
    // python3: hmac.new(b'0123456789abcdef0123456789abcdef', b'secret', 'SHA256').hexdigest()
    const digest = '0ad814968caefdecab8a6c0c55414688fdcad02f100ee7ac5def2352aaff36e5';
    expect(rpcauthLine('nodewright', 'secret', '0123456789abcdef0123456789abcdef')).toBe(
      `rpcauth=nodewright:0123456789abcdef0123456789abcdef$${digest}\n`,
    );
  });
});

describe('check', () => {
  const rows = [
    { because: 'pruning and a full index exclude each other', config: { prune: '1000', txindex: '1' }, count: 1 },
    { because: 'bitcoind keeps at least 550 MiB', config: { prune: '100' }, count: 1 },
    { because: 'pruning alone is fine', config: { prune: '550' }, count: 0 },
    { because: 'a value may not start a new line', config: { maxmempool: '1', uacomment: 'a\nrpcauth=x' }, count: 1 },
    { because: 'access is managed', config: { rpcauth: 'x', rpcpassword: 'x', rpcallowip: '0' }, count: 3 },
  ];
  it.each(rows)('$because', ({ config, count }) => {
    const { spec } = nodeWith('bitcoin-mainnet', { config: { 'bitcoin.conf': config } });
    expect(bitcoin.check(spec)).toHaveLength(count);
  });
});

describe('nodeFacts', () => {
  const info = (fields: Record<string, unknown>): Record<string, unknown> => ({
    'node.blockchain': {
      result: { ...(bitcoind['node.blockchain'] as { result: object }).result, ...fields },
      error: null,
    },
  });
  const rows: readonly { because: string; bodies: Record<string, unknown>; expected: Partial<RoleFacts> }[] = [
    {
      because: 'initial block download',
      bodies: bitcoind,
      expected: { syncing: true, height: 812_000, target: 900_000, progress: 0.81, peers: 10, chainId: 'main' },
    },
    {
      because: 'the tip',
      bodies: info({ blocks: 900_000, initialblockdownload: false }),
      expected: { syncing: false, height: 900_000 },
    },
    {
      because: 'behind again after a pause',
      bodies: info({ blocks: 899_990, initialblockdownload: false }),
      expected: { syncing: true },
    },
    {
      because: 'loading is starting',
      bodies: { 'node.blockchain': { result: null, error: { code: -28, message: 'Loading block index…' } } },
      expected: { reach: 'starting', message: 'Loading block index…' },
    },
    {
      because: 'warnings are passed on in both forms',
      bodies: info({ warnings: 'This is a pre-release test build' }),
      expected: { message: 'This is a pre-release test build' },
    },
  ];
  it.each(rows)('$because', ({ bodies, expected }) => {
    expect(nodeFacts(replies(bodies), false)).toMatchObject(expected);
  });

  it('regtest is synced although it stays in initial block download', () => {
    expect(nodeFacts(replies(info({ blocks: 0, headers: 0, chain: 'regtest' })), true).syncing).toBe(false);
  });
});
