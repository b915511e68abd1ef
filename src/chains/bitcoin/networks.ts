// Bitcoin's networks: what bitcoind calls them and the ports it uses on each. btcd gets the same ports.

import type { Network } from '../chain.ts';

export interface BitcoinNetwork extends Network {
  /** `chain=` in bitcoin.conf and in getblockchaininfo, the name of the section; btcd's name where only btcd has it. */
  readonly chainId: string;
  readonly p2p: number;
  readonly rpc: number;
}

const SMALL = { cpu: '1', memory: '2Gi', storage: '20Gi' };

/** Ports: src/chainparams.cpp and src/chainparamsbase.cpp of Bitcoin Core. */
export const networks: readonly BitcoinNetwork[] = [
  {
    name: 'mainnet',
    title: 'Bitcoin',
    chainId: 'main',
    p2p: 8333,
    rpc: 8332,
    defaults: { cpu: '2', memory: '4Gi', storage: '600Gi' },
  },
  {
    name: 'test',
    title: 'Testnet 3',
    deprecated: 'Testnet 3 is deprecated by Bitcoin Core and will be removed. Create new nodes on testnet4.',
    chainId: 'test',
    p2p: 18_333,
    rpc: 18_332,
    defaults: { ...SMALL, storage: '100Gi' },
  },
  {
    name: 'testnet4',
    title: 'Testnet 4',
    chainId: 'testnet4',
    p2p: 48_333,
    rpc: 48_332,
    defaults: { ...SMALL, storage: '50Gi' },
  },
  { name: 'signet', title: 'Signet', chainId: 'signet', p2p: 38_333, rpc: 38_332, defaults: SMALL },
  {
    name: 'regtest',
    title: 'Development: blocks on demand',
    chainId: 'regtest',
    p2p: 18_444,
    rpc: 18_443,
    development: true,
  },
  // chaincfg/params.go and params.go of btcd.
  {
    name: 'simnet',
    title: 'Development with btcd: blocks on demand',
    chainId: 'simnet',
    p2p: 18_555,
    rpc: 18_556,
    development: true,
  },
];

/** The network of a spec that passed the check; unknown names fall back to the main network. */
export function networkOf(name: string): BitcoinNetwork {
  const [main, ...others] = networks;
  const found = others.find((network) => network.name === name) ?? main;
  if (found === undefined) throw new Error('the list of Bitcoin networks is empty');
  return found;
}
