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
  // Everything behind it is a comment (common/config.cpp).
  forbidden: ['#'],
  programKeys: ['alertnotify', 'blocknotify', 'shutdownnotify', 'startupnotify', 'walletnotify', 'signer'],
  managedKeys: [
    'chain',
    'testnet',
    'testnet4',
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
    'daemonwait',
    'settings',
    'rpccookieperms',
    'rpcwhitelist',
    'rpcwhitelistdefault',
    'whitebind',
    'loadblock',
    'walletdir',
    'debuglogfile',
    'disablewallet',
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
    assumevalid: 'text',
    par: 'integer',
    maxmempool: 'integer',
  },
};

/** The file's text. Outside the main network ports and addresses count only inside the network's section. */
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
    // The password protects the port; a NetworkPolicy can limit who reaches it.
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
