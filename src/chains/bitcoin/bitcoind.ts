// Bitcoin Core. Its settings are in bitcoin.conf; it knows its password only as a hash.

import type { NodeSpec } from '../../api/blockchain-node.ts';
import { errorAt, type SpecProblem } from '../../api/spec-problem.ts';
import { toArguments } from '../flags.ts';
import { type BitcoinClient, DATA_PATH, RPC_USER, type Run } from './client.ts';
import { bitcoinConf, CONF_FILE, configFile, RPCAUTH_KEY } from './conf.ts';
import { nodeFacts } from './facts.ts';
import { networkOf, networks } from './networks.ts';
import { rpcauthLine } from './rpcauth.ts';

const CONF_PATH = `/config/${CONF_FILE}`;

/** Where bitcoind keeps what belongs to a network (doc/files.md of Bitcoin Core). */
const FOLDERS: Readonly<Record<string, string>> = {
  main: '',
  test: 'testnet3/',
  testnet4: 'testnet4/',
  signet: 'signet/',
  regtest: 'regtest/',
};

export const bitcoind: BitcoinClient = {
  name: 'bitcoind',
  image: 'bitcoin/bitcoin',
  defaultVersion: '32.1',
  minimumVersions: { testnet4: '28.0' },
  programFlags: configFile.programKeys ?? [],
  tagPrefix: '',
  networks: ['mainnet', 'test', 'testnet4', 'signet', 'regtest'],
  // Every key of the file is a flag as well; these are flags alone.
  managedFlags: [...configFile.managedKeys, 'printtoconsole', 'nodebuglogfile', 'reindex', 'reindex-chainstate'],
  knownFlags: { dbcache: 'integer', maxconnections: 'integer', par: 'integer', debug: 'text' },
  chainIds: Object.fromEntries(networks.map(({ name, chainId }) => [name, chainId])),
  secret: {
    name: 'rpc',
    keys: {
      user: { kind: 'text', value: RPC_USER },
      password: { kind: 'hex', bytes: 32 },
      [RPCAUTH_KEY]: {
        kind: 'derived',
        passwordKey: 'password',
        make: (password, salt) => rpcauthLine(RPC_USER, password, salt),
      },
    },
  },
  methods: { 'node.blockchain': 'getblockchaininfo', 'node.network': 'getnetworkinfo' },
  check,
  run,
  facts: nodeFacts,
  identityFiles,
  // `chainstate` in the folder of the network (src/validation.cpp, src/chainparamsbase.cpp); blocks may be pruned.
  databases: (spec) => [`${FOLDERS[networkOf(spec.network).chainId] ?? ''}chainstate`],
};

/** bitcoind refuses to start with both. */
function check(spec: NodeSpec): readonly SpecProblem[] {
  const { prune = '0', txindex = '0' } = spec.config?.[CONF_FILE] ?? {};
  const path = ['spec', 'config', CONF_FILE, 'prune'];
  const size = Number(prune);
  if (size > 1 && size < 550)
    return [errorAt('InvalidSetting', path, 'bitcoind keeps at least 550 MiB. Use 0, 1 or 550 and more.')];
  if (size === 0 || txindex === '0') return [];
  return [
    errorAt('InvalidSetting', path, 'bitcoind cannot prune and index all transactions. Remove prune or txindex.'),
  ];
}

function run(spec: NodeSpec): Run {
  const set = { conf: CONF_PATH, datadir: DATA_PATH, printtoconsole: '1', nodebuglogfile: '1' };
  return {
    args: toArguments('-', set, spec.args?.['node'] ?? {}),
    files: { [CONF_FILE]: bitcoinConf(spec) },
    mounts: [{ kind: 'file', key: CONF_FILE, path: CONF_PATH }],
    readyPort: networkOf(spec.network).rpc,
  };
}

/** The keys of its addresses on Tor and I2P; on other networks a node has none. */
function identityFiles(spec: NodeSpec): readonly string[] {
  const folder = FOLDERS[networkOf(spec.network).chainId] ?? '';
  return ['onion_v3_private_key', 'i2p_private_key'].map((file) => `${folder}${file}`);
}
