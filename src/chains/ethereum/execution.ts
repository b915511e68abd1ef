// Ethereum's execution clients: one row each. Sources: the clients' own documents, ethpandaops/ethereum-helm-charts,
// ethpandaops/ethereum-package, eth-educators/eth-docker.

import type { ValueType } from '../chain.ts';
import { type Flags, given } from '../flags.ts';
import { defineClient, type EthereumClient } from './client.ts';
import { isOlder } from '../version.ts';
import { GNOSIS_NETWORKS, PUBLIC_NETWORKS } from './networks.ts';
import { engine, gethP2p, http, nat, RPC, webSocket, WS } from './execution-flags.ts';
import { ENGINE_PORT, JWT_FILE, type Place } from './place.ts';

const P2P = 30_303;
const GETH_LIKE_KNOWN: Readonly<Record<string, ValueType>> = {
  cache: 'integer',
  maxpeers: 'integer',
  verbosity: ['0', '1', '2', '3', '4', '5'],
  'http.api': 'text',
  'rpc.gascap': 'integer',
};

/** Without `history.state` a database of paths keeps the last 90,000 states (`triedb/pathdb` of go-ethereum). */
const ARCHIVE: Flags = { syncmode: 'full', gcmode: 'archive', 'history.state': '0' };

const geth = defineClient({
  name: 'geth',
  image: 'ethereum/client-go',
  defaultVersion: '1.17.10',
  tagPrefix: 'v',
  networks: [...PUBLIC_NETWORKS, 'dev'],
  envPrefix: 'GETH_',
  command: ['geth'],
  ports: { rpc: RPC, ws: WS, p2p: P2P, metrics: 6060 },
  metricsPath: '/debug/metrics/prometheus',
  managed: (place) => ({
    ...(place.development ? { dev: '', 'dev.period': '2' } : { [place.network]: '' }),
    datadir: place.dataDir,
    ipcdisable: '',
    ...http('http.vhosts'),
    ...webSocket(),
    ...given(!place.development, { ...engine('authrpc.vhosts'), ...gethP2p(place) }),
    metrics: '',
    'metrics.addr': '0.0.0.0',
    'metrics.port': '6060',
  }),
  chosen: (place) => ({ 'http.api': 'eth,net,web3', ...given(place.archive, ARCHIVE) }),
  fileFlags: [
    'trace',
    'vmtrace.jsonconfig',
    'txpool.journal',
    'blobpool.datadir',
    'keystore',
    'nodekey',
    'ethash.cachedir',
    'ethash.dagdir',
    'datadir.era',
  ],
  alsoManaged: ['datadir.ancient', 'networkid', 'config', 'unlock', 'password', 'holesky', 'ipcpath', 'log.file'],
  known: {
    ...GETH_LIKE_KNOWN,
    syncmode: ['snap', 'full'],
    gcmode: ['full', 'archive'],
    'state.scheme': ['path', 'hash'],
    'history.chain': ['all', 'postmerge', 'postprague'],
    'history.state': 'integer',
  },
});

const reth = defineClient({
  name: 'reth',
  image: 'ghcr.io/paradigmxyz/reth',
  defaultVersion: '2.8.1',
  tagPrefix: 'v',
  networks: PUBLIC_NETWORKS,
  command: ['/usr/local/bin/reth', 'node'],
  ports: { rpc: RPC, ws: WS, p2p: P2P, metrics: 9001 },
  metricsPath: '/metrics',
  managed: (place) => ({
    chain: place.network,
    datadir: place.dataDir,
    ipcdisable: '',
    ...http(),
    ...webSocket(),
    ...engine(),
    ...gethP2p(place),
    metrics: '0.0.0.0:9001',
  }),
  // Without --full reth keeps everything.
  chosen: (place) => ({
    'http.api': 'eth,net,web3',
    'log.file.max-files': '0',
    ...given(!place.archive, { full: '' }),
  }),
  fileFlags: [
    'log.file.name',
    'p2p-secret-key',
    'peers-file',
    'txpool.transactions-backup',
    'txpool.local-transactions-backup',
    'auth-ipc',
    'auth-ipc.path',
    'datadir.pprof-dumps',
    'datadir.rocksdb',
    'era.path',
  ],
  alsoManaged: ['datadir.static-files', 'config', 'dev', 'ipcpath', 'log.file.directory'],
  known: {
    'max-outbound-peers': 'integer',
    'max-inbound-peers': 'integer',
    'http.api': 'text',
    full: [''],
    minimal: [''],
  },
});

const nethermind = defineClient({
  name: 'nethermind',
  image: 'nethermind/nethermind',
  defaultVersion: '2.2.1',
  tagPrefix: '',
  networks: [...PUBLIC_NETWORKS, ...GNOSIS_NETWORKS],
  envPrefix: 'NETHERMIND_',
  command: ['/nethermind/nethermind'],
  ports: { rpc: RPC, ws: WS, p2p: P2P, metrics: 9545 },
  metricsPath: '/metrics',
  writableRoot: true,
  managed: (place) => ({
    // The configurations `…_archive` differ in the pivot and the database: switching synchronisation off is not enough.
    config: place.archive ? `${place.network}_archive` : place.network,
    datadir: place.dataDir,
    'KeyStore.KeyStoreDirectory': `${place.dataDir}/keystore`,
    'JsonRpc.Enabled': 'true',
    'JsonRpc.Host': '0.0.0.0',
    'JsonRpc.Port': String(RPC),
    'Init.WebSocketsEnabled': 'true',
    'JsonRpc.WebSocketsPort': String(WS),
    'JsonRpc.EngineHost': '127.0.0.1',
    'JsonRpc.EnginePort': String(ENGINE_PORT),
    'JsonRpc.JwtSecretFile': JWT_FILE,
    'Network.P2PPort': String(place.p2pPort),
    'Network.DiscoveryPort': String(place.p2pPort),
    ...(place.advertise === undefined ? {} : { 'Network.ExternalIp': place.advertise }),
    'HealthChecks.Enabled': 'true',
    'Metrics.Enabled': 'true',
    'Metrics.ExposeHost': '0.0.0.0',
    'Metrics.ExposePort': '9545',
  }),
  chosen: () => ({ 'JsonRpc.EnabledModules': 'Eth,Subscribe,Net,Web3,Health' }),
  // Plugins are programs.
  fileFlags: [
    'Init.DiscoveryDbPath',
    'JsonRpc.IpcUnixDomainSocketPath',
    'JsonRpc.RpcRecorderState',
    'KeyStore.EnodeKeyFile',
    'Snapshot.SnapshotDirectory',
    'Snapshot.SnapshotFileName',
    'Era.ImportDirectory',
  ],
  alsoManaged: [
    'PluginsDirectory',
    'baseDbPath',
    'Init.BaseDbPath',
    'Init.ChainSpecPath',
    'configsDirectory',
    'loggerConfigSource',
  ],
  known: {
    'Network.MaxActivePeers': 'integer',
    'Pruning.Mode': ['None', 'Memory', 'Full', 'Hybrid'],
    'Sync.SnapSync': 'boolean',
  },
});

const besu = defineClient({
  name: 'besu',
  image: 'hyperledger/besu',
  defaultVersion: '26.10.1',
  tagPrefix: '',
  networks: PUBLIC_NETWORKS,
  envPrefix: 'BESU_',
  command: ['besu'],
  ports: { rpc: RPC, ws: WS, p2p: P2P, metrics: 9545 },
  metricsPath: '/metrics',
  writableRoot: true,
  managed: (place) => ({
    network: place.network,
    'data-path': place.dataDir,
    'rpc-http-enabled': '',
    'rpc-http-host': '0.0.0.0',
    'rpc-http-port': String(RPC),
    'host-allowlist': '*',
    'rpc-ws-enabled': '',
    'rpc-ws-host': '0.0.0.0',
    'rpc-ws-port': String(WS),
    'engine-rpc-enabled': 'true',
    'engine-rpc-port': String(ENGINE_PORT),
    'engine-jwt-secret': JWT_FILE,
    'engine-host-allowlist': '*',
    'p2p-port': String(place.p2pPort),
    'nat-method': 'NONE',
    ...(place.advertise === undefined ? {} : { 'p2p-host': place.advertise }),
    'metrics-enabled': '',
    'metrics-host': '0.0.0.0',
    'metrics-port': '9545',
  }),
  chosen: (place) =>
    place.archive ? { 'sync-mode': 'FULL', 'data-storage-format': 'FOREST' } : { 'sync-mode': 'SNAP' },
  fileFlags: ['Xrpc-ipc-enabled', 'tx-pool-save-file', 'security-module'],
  alsoManaged: ['genesis-file', 'network-id', 'config-file', 'node-private-key-file', 'engine-jwt-disabled'],
  known: {
    'max-peers': 'integer',
    'sync-mode': ['SNAP', 'FULL'],
    'data-storage-format': ['FOREST', 'BONSAI'],
  },
});

const erigon = defineClient({
  name: 'erigon',
  image: 'erigontech/erigon',
  defaultVersion: '3.8.1',
  tagPrefix: 'v',
  networks: [...PUBLIC_NETWORKS, ...GNOSIS_NETWORKS],
  command: ['erigon'],
  // WebSocket shares the HTTP port.
  ports: { rpc: RPC, p2p: P2P, metrics: 6060 },
  metricsPath: '/debug/metrics/prometheus',
  managed: (place) => ({
    chain: place.network,
    datadir: place.dataDir,
    externalcl: '',
    ...http('http.vhosts'),
    ws: '',
    ...engine('authrpc.vhosts'),
    port: String(place.p2pPort),
    'p2p.allowed-ports': erigonPorts(place),
    'private.api.addr': '127.0.0.1:9090',
    ...nat(place),
    metrics: '',
    'metrics.addr': '0.0.0.0',
    'metrics.port': '6060',
  }),
  chosen: (place) => ({ 'http.api': 'eth,net,web3', 'prune.mode': place.archive ? 'archive' : 'full' }),
  fileFlags: ['trace', 'log.dir.prefix', 'nodekey', 'socket.url', 'http.url', 'tcp.url', 'vmtrace.jsonconfig'],
  alsoManaged: ['config', 'networkid', 'log.dir.path'],
  known: {
    ...GETH_LIKE_KNOWN,
    'prune.mode': ['full', 'minimal', 'archive', 'blocks'],
    'torrent.download.rate': 'text',
  },
});

/**
 * Before 3.5.0 every protocol version opens a listener of its own and takes the next allowed port
 * (https://github.com/erigontech/erigon/pull/21335); P+1 and P+2 may be those of the consensus client.
 */
function erigonPorts({ version, p2pPort }: Place): string {
  return isOlder(version, '3.5.0') ? `${p2pPort},${p2pPort + 3}` : String(p2pPort);
}

export const executionClients: readonly EthereumClient[] = [geth, reth, nethermind, besu, erigon];
