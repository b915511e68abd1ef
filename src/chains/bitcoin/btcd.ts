// btcd, the client of btcsuite. Sources: config.go, params.go, rpcserver.go and sample-btcd.conf of btcd 0.26.2.

import type { NodeSpec } from '../../api/blockchain-node.ts';
import { errorAt, type SpecProblem } from '../../api/spec-problem.ts';
import { type Flags, toArguments } from '../flags.ts';
import { btcdFacts } from './btcd-facts.ts';
import { btcdLogin, LOGIN_FILE } from './btcd-login.ts';
import { type BitcoinClient, DATA_PATH, RPC_USER, type Run, SECRET_PATH } from './client.ts';
import { networkOf } from './networks.ts';
import { advertised, p2pPort } from './p2p.ts';

/** `Params.Name` in chaincfg/params.go. */
const CHAIN_IDS = {
  mainnet: 'mainnet',
  test: 'testnet3',
  testnet4: 'testnet4',
  signet: 'signet',
  regtest: 'regtest',
  simnet: 'simnet',
};
/** The main network has no flag. */
const NETWORK_FLAGS: Readonly<Record<string, Flags>> = {
  test: { testnet: '' },
  testnet4: { testnet4: '' },
  signet: { signet: '' },
  regtest: { regtest: '' },
  simnet: { simnet: '' },
};
/** MiB; `pruneMinSize` in config.go. */
const LEAST_PRUNE = 1536;

export const btcd: BitcoinClient = {
  name: 'btcd',
  // .github/workflows/dimagespub.yml. The one on Docker Hub that docs/using_docker.md names is gone.
  image: 'ghcr.io/btcsuite/btcd',
  defaultVersion: '0.26.2',
  // The flag `testnet4` (config.go).
  minimumVersions: { testnet4: '0.25.0' },
  tagPrefix: 'v',
  // A server of its memory on all addresses (config.go).
  fileFlags: ['profile'],
  managedFlags: [
    'configfile',
    'datadir',
    'logdir',
    'dbtype',
    'testnet',
    'testnet4',
    'signet',
    'regtest',
    'simnet',
    'listen',
    'nolisten',
    'externalip',
    'upnp',
    'rpclisten',
    'rpcuser',
    'rpcpass',
    'rpclimituser',
    'rpclimitpass',
    'rpccert',
    'rpckey',
    'notls',
    'norpc',
    // Passwords that would be in Git, and in the arguments of a process.
    'proxypass',
    'onionpass',
    // These do something and end.
    'version',
    'dropaddrindex',
    'dropcfindex',
    'droptxindex',
  ],
  // A switch takes no value: "--txindex=1" is refused.
  knownFlags: {
    addpeer: 'text',
    addrindex: [''],
    banduration: 'duration',
    blocksonly: [''],
    connect: 'text',
    debuglevel: 'text',
    generate: [''],
    maxpeers: 'integer',
    miningaddr: 'text',
    nocfilters: [''],
    nodnsseed: [''],
    prune: 'integer',
    sigcachemaxsize: 'integer',
    txindex: [''],
    utxocachemaxsize: 'integer',
    v2transport: [''],
  },
  chainIds: CHAIN_IDS,
  secret: {
    // Not bitcoind's name: a node that changes its client gets the Secret its new client can read.
    name: 'btcd',
    keys: {
      user: { kind: 'text', value: RPC_USER },
      password: { kind: 'hex', bytes: 32 },
      [LOGIN_FILE]: { kind: 'derived', passwordKey: 'password', make: (password) => btcdLogin(RPC_USER, password) },
    },
  },
  methods: { 'node.blockchain': 'getblockchaininfo', 'node.info': 'getinfo', 'node.peers': 'getpeerinfo' },
  // btcd refuses --notls on an address that others reach, and makes its own certificate.
  tls: 'unverified',
  check: (spec) => [...checkFiles(spec), ...checkPruning(spec), ...checkRegtest(spec)],
  run,
  facts: btcdFacts,
  // It has no keys: no wallet, no address on Tor or I2P of its own. Its certificate is in the scratch folder.
  identityFiles: () => [],
  // `<network>/blocks_ffldb` (blockdb.go, netName in config.go); the folder of the network is one of these.
  databases: () =>
    ['mainnet', 'testnet', 'testnet4', 'signet', 'simnet', 'regtest'].map((net) => `${net}/blocks_ffldb`),
};

/** Every setting is a flag, so no file but the one with the password is given to it. */
function checkFiles(spec: NodeSpec): readonly SpecProblem[] {
  const message = 'btcd takes its settings from spec.args.node: every key of its file is a flag. Move them there.';
  return Object.keys(spec.config ?? {}).map((name) => errorAt('UnusedSetting', ['spec', 'config', name], message));
}

function checkPruning(spec: NodeSpec): readonly SpecProblem[] {
  const { prune = '0', ...flags } = spec.args?.['node'] ?? {};
  const path = ['spec', 'args', 'node', 'prune'];
  const size = Number(prune);
  if (size !== 0 && size < LEAST_PRUNE)
    return [errorAt('InvalidSetting', path, `btcd keeps at least ${LEAST_PRUNE} MiB. Use 0, or that and more.`)];
  const index = ['txindex', 'addrindex'].find((flag) => flags[flag] !== undefined);
  if (size === 0 || index === undefined) return [];
  return [errorAt('InvalidSetting', path, `btcd cannot prune and keep an index. Remove prune or ${index}.`)];
}

/** removeRegressionDB in btcd.go: found with a real one, whose height was 0 after a restart. */
export function emptiesChain({ clients, network }: Pick<NodeSpec, 'clients' | 'network'>): boolean {
  return clients['node']?.name === 'btcd' && network === 'regtest';
}

function checkRegtest(spec: NodeSpec): readonly SpecProblem[] {
  if (!emptiesChain(spec)) return [];
  const message =
    'On regtest btcd empties its chain whenever it starts, also after a Restore. Use simnet for one that stays.';
  return [{ level: 'warning', code: 'DataNotKept', path: ['spec', 'network'], message }];
}

function run(spec: NodeSpec): Run {
  const port = p2pPort(spec);
  const set: Flags = {
    configfile: `${SECRET_PATH}/${LOGIN_FILE}`,
    datadir: DATA_PATH,
    // It always writes a log file beside its standard output, at most some 40 MB.
    logdir: '/tmp/logs',
    ...NETWORK_FLAGS[spec.network],
    listen: `0.0.0.0:${port}`,
    ...advertised(spec),
    // Made when absent, so in every pod again; what lies on the volume would be in every backup.
    rpccert: '/tmp/rpc.cert',
    rpckey: '/tmp/rpc.key',
    rpclisten: `0.0.0.0:${networkOf(spec.network).rpc}`,
  };
  // Both ports open together (newServer in server.go), and the RPC port logs an error for each probe: no TLS handshake.
  return { args: toArguments('--', set, spec.args?.['node'] ?? {}), files: {}, mounts: [], readyPort: port };
}
