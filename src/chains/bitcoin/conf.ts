// Writes bitcoin.conf (doc/bitcoin-conf.md of Bitcoin Core). It holds nothing secret: the rpcauth line is included from a Secret.

import type { NodeSpec } from '../../api/blockchain-node.ts';
import type { ConfigFile } from '../chain.ts';
import { SECRET_PATH } from './client.ts';
import { networkOf } from './networks.ts';
import { advertised, p2pPort } from './p2p.ts';

export const CONF_FILE = 'bitcoin.conf';
export const RPCAUTH_KEY = 'rpcauth.conf';

export const configFile: ConfigFile = {
  name: CONF_FILE,
  managedKeys: [
    'chain',
    'testnet',
    'signet',
    'regtest',
    'datadir',
    'blocksdir',
    'conf',
    'includeconf',
    'server',
    'rpcauth',
    'rpcuser',
    'rpcpassword',
    'rpccookiefile',
    'rpcbind',
    'rpcport',
    'rpcallowip',
    'listen',
    'bind',
    'port',
    'externalip',
    'daemon',
    'pid',
  ],
  knownKeys: {
    dbcache: 'integer',
    maxconnections: 'integer',
    txindex: ['0', '1'],
    prune: 'integer',
    blockfilterindex: ['0', '1', 'basic'],
    peerblockfilters: ['0', '1'],
    coinstatsindex: ['0', '1'],
    mempoolfullrbf: ['0', '1'],
    assumevalid: 'text',
    par: 'integer',
    maxmempool: 'integer',
  },
};

/** The file's text. Ports and addresses count outside the main network only inside their section, so all do. */
export function bitcoinConf(spec: NodeSpec): string {
  const network = networkOf(spec.network);
  const general = {
    chain: network.chainId,
    server: '1',
    includeconf: `${SECRET_PATH}/${RPCAUTH_KEY}`,
  };
  const section = {
    rpcbind: '0.0.0.0',
    rpcport: String(network.rpc),
    // Whoever reaches the port still needs the password; who reaches it is for a NetworkPolicy to say.
    rpcallowip: '0.0.0.0/0',
    listen: '1',
    bind: `0.0.0.0:${p2pPort(spec)}`,
    ...advertised(spec),
    disablewallet: '1',
    ...spec.config?.[CONF_FILE],
  };
  return `${lines(general)}\n[${network.chainId}]\n${lines(section)}`;
}

function lines(entries: Readonly<Record<string, string>>): string {
  return Object.entries(entries)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}
