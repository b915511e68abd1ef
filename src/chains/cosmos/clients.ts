// The two ways to run a CometBFT chain: bare CometBFT with an application behind it, or a Cosmos SDK program.

import type { ClientInfo, ConfigFile } from '../chain.ts';

/** Flags, both files and variables are one space of names to viper: what one may not set, none may. */
const MANAGED: readonly string[] = [
  'home',
  'moniker',
  'proxy_app',
  'abci',
  'db_dir',
  'genesis_file',
  'node_key_file',
  'priv_validator_laddr',
  'priv_validator_key_file',
  'priv_validator_state_file',
  'rpc.laddr',
  'p2p.laddr',
  'p2p.external_address',
  'p2p.seeds',
  'p2p.persistent_peers',
  'p2p.unconditional_peer_ids',
  'p2p.private_peer_ids',
  'statesync.enable',
  'statesync.rpc_servers',
  'statesync.trust_height',
  'statesync.trust_hash',
  'statesync.trust_period',
  'instrumentation.prometheus',
  'instrumentation.prometheus_listen_addr',
  'instrumentation.namespace',
  'genesis_hash',
  'rpc.pprof_laddr',
  'rpc.unsafe',
  'key-type',
  'minimum-gas-prices',
  'pruning',
  'halt-height',
  'with-tendermint',
  'with-comet',
  'transport',
  'address',
  'grpc-only',
  'unsafe-skip-upgrades',
];

/** A plugin is a program. */
const PROGRAMS: readonly string[] = [
  'streaming.abci.plugin',
  'streaming.abci.keys',
  'streaming.abci.stop-node-on-err',
  'store.streamers',
];

/** `cpu-profile` and `trace-store` of server/start.go in the Cosmos SDK have names that say it (file-settings.ts). */
const COMMON = { managedFlags: MANAGED, programFlags: PROGRAMS, takesPaths: false } as const;

const KNOWN_FLAGS = {
  log_level: 'text',
  'consensus.create_empty_blocks': 'boolean',
  'consensus.create_empty_blocks_interval': 'duration',
  'consensus.double_sign_check_height': 'integer',
  'p2p.pex': 'boolean',
} as const;

export const clients: readonly ClientInfo[] = [
  {
    name: 'cometbft',
    image: 'cometbft/cometbft',
    // The newest tag of the line that README.md of cometbft/cometbft lists as supported; 1.0.1 is the last of its line.
    defaultVersion: '0.38.25',
    tagPrefix: 'v',
    ...COMMON,
    knownFlags: KNOWN_FLAGS,
  },
  {
    name: 'cosmos-sdk',
    // Every chain has its own image; check.ts asks for it.
    image: '',
    defaultVersion: '',
    tagPrefix: '',
    ...COMMON,
    knownFlags: { ...KNOWN_FLAGS, 'x-crisis-skip-assert-invariants': 'boolean' },
  },
];

export const configFiles: readonly ConfigFile[] = [
  {
    name: 'config.toml',
    managedKeys: MANAGED,
    programKeys: PROGRAMS,
    takesPaths: false,
    knownKeys: {
      log_level: 'text',
      'p2p.max_num_inbound_peers': 'integer',
      'p2p.max_num_outbound_peers': 'integer',
      'p2p.pex': 'boolean',
      'p2p.addr_book_strict': 'boolean',
      'p2p.allow_duplicate_ip': 'boolean',
      'mempool.size': 'integer',
      'consensus.timeout_commit': 'duration',
      'consensus.timeout_propose': 'duration',
      'consensus.create_empty_blocks': 'boolean',
      'consensus.double_sign_check_height': 'integer',
      'tx_index.indexer': ['null', 'kv', 'psql'],
    },
  },
  {
    name: 'app.toml',
    managedKeys: MANAGED,
    programKeys: PROGRAMS,
    takesPaths: false,
    knownKeys: {
      'api.enable': 'boolean',
      'grpc.enable': 'boolean',
      'state-sync.snapshot-interval': 'integer',
      'state-sync.snapshot-keep-recent': 'integer',
      'pruning-keep-recent': 'integer',
      'pruning-interval': 'integer',
    },
  },
];
