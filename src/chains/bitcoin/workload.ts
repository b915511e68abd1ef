// Turns a Bitcoin node into one container that reads bitcoin.conf from the ConfigMap and its password's hash from a Secret.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import type { ClientInfo, ContainerSpec, Workload } from '../chain.ts';
import { toArguments } from '../flags.ts';
import { roleFields, soleVolume } from '../role-fields.ts';
import { bitcoinConf, CONF_FILE, RPC_SECRET, RPC_USER, RPCAUTH_KEY, SECRET_PATH } from './conf.ts';
import { networkOf } from './networks.ts';

const DATA = '/data';
const CONF_PATH = `/config/${CONF_FILE}`;

export const bitcoind: ClientInfo = {
  name: 'bitcoind',
  image: 'bitcoin/bitcoin',
  defaultVersion: '29.0',
  tagPrefix: '',
  managedFlags: [
    'conf',
    'datadir',
    'blocksdir',
    'chain',
    'testnet',
    'testnet4',
    'signet',
    'regtest',
    'server',
    'daemon',
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
    'includeconf',
    'printtoconsole',
    'nodebuglogfile',
    'pid',
    'reindex',
    'reindex-chainstate',
  ],
  knownFlags: { dbcache: 'integer', maxconnections: 'integer', par: 'integer', debug: 'text' },
};

/** Only called for specs that passed the check. */
export function workload(node: BlockchainNode): Workload {
  const { spec } = node;
  return {
    containers: [container(node)],
    initContainers: [],
    files: { [CONF_FILE]: bitcoinConf(spec) },
    generatedSecrets: [
      {
        name: RPC_SECRET,
        keys: {
          user: { kind: 'text', value: RPC_USER },
          password: { kind: 'hex', bytes: 32 },
          [RPCAUTH_KEY]: { kind: 'rpcauth', user: RPC_USER, passwordKey: 'password' },
        },
      },
    ],
    volumes: [soleVolume(node.spec, 'node')],
    // bitcoind writes its whole cache when it stops; killed before, it starts over from the last flush.
    terminationGracePeriodSeconds: 600,
    uid: 1000,
    gid: 1000,
  };
}

function container(node: BlockchainNode): ContainerSpec {
  const { spec } = node;
  const network = networkOf(spec.network);
  const set = { conf: CONF_PATH, datadir: DATA, printtoconsole: '1', nodebuglogfile: '1' };
  return {
    ...roleFields(spec, 'node', bitcoind),
    name: 'node',
    command: ['bitcoind'],
    args: toArguments('-', set, spec.args?.['node'] ?? {}),
    ports: [
      { name: 'rpc', port: network.rpc, purpose: 'rpc' },
      { name: 'p2p', port: spec.p2p?.port ?? network.p2p, purpose: 'p2p' },
    ],
    mounts: [
      { kind: 'storage', name: soleVolume(node.spec, 'node'), path: DATA },
      { kind: 'file', key: CONF_FILE, path: CONF_PATH },
      { kind: 'generated', name: RPC_SECRET, path: SECRET_PATH },
      { kind: 'scratch', name: 'tmp', path: '/tmp' },
    ],
    readinessProbe: { kind: 'tcp', port: network.rpc, periodSeconds: 10, failureThreshold: 3 },
  };
}
