// Ethereum's consensus clients: one row each. Sources: the clients' own documents, ethpandaops/ethereum-helm-charts,
// ethpandaops/ethereum-package, eth-educators/eth-docker.

import { type Flags, given } from '../flags.ts';
import { defineClient, type EthereumClient } from './client.ts';
import { GNOSIS_NETWORKS, PUBLIC_NETWORKS } from './networks.ts';
import { ENGINE_PORT, JWT_FILE, type Place } from './place.ts';

const ENGINE = `http://127.0.0.1:${ENGINE_PORT}`;
const P2P = { p2p: 9000, quic: 9001 };

const lighthouse = defineClient({
  name: 'lighthouse',
  image: 'sigp/lighthouse',
  // Security fixes: https://github.com/sigp/lighthouse/releases/tag/v8.3.3
  defaultVersion: '8.3.3',
  tagPrefix: 'v',
  networks: [...PUBLIC_NETWORKS, ...GNOSIS_NETWORKS],
  command: ['lighthouse', 'beacon_node'],
  ports: { rpc: 5052, metrics: 5054, ...P2P },
  metricsPath: '/metrics',
  managed: (place) => ({
    network: place.network,
    datadir: place.dataDir,
    'execution-endpoint': ENGINE,
    'execution-jwt': JWT_FILE,
    http: '',
    'http-address': '0.0.0.0',
    'http-port': '5052',
    port: String(place.p2pPort),
    'discovery-port': String(place.p2pPort),
    'quic-port': String(place.quicPort),
    'disable-upnp': '',
    ...advertised(place, (address, family) => ({
      'enr-address': address,
      [`enr-tcp${family}-port`]: String(place.p2pPort),
      [`enr-udp${family}-port`]: String(place.p2pPort),
      [`enr-quic${family}-port`]: String(place.quicPort),
      'disable-enr-auto-update': '',
    })),
    metrics: '',
    'metrics-address': '0.0.0.0',
    'metrics-port': '5054',
    ...checkpoint('checkpoint-sync-url', place),
  }),
  chosen: (place) =>
    given(place.archive, { 'reconstruct-historic-states': '', 'genesis-backfill': '', 'prune-blobs': 'false' }),
  fileFlags: ['blobs-dir', 'freezer-dir', 'network-dir', 'slasher-dir'],
  alsoManaged: [
    'testnet-dir',
    'execution-endpoints',
    'jwt-secrets',
    'execution-jwt-secret-key',
    'port6',
    'logfile-dir',
  ],
  known: { 'target-peers': 'integer', 'debug-level': ['info', 'debug', 'trace', 'warn', 'error', 'crit'] },
});

const prysm = defineClient({
  name: 'prysm',
  image: 'gcr.io/offchainlabs/prysm/beacon-chain',
  defaultVersion: '7.3.1',
  tagPrefix: 'v',
  networks: PUBLIC_NETWORKS,
  // Its backfill fetches blocks, not old states.
  nodeTypes: ['full'],
  command: ['/app/cmd/beacon-chain/beacon-chain'],
  ports: { rpc: 3500, metrics: 8080, p2p: 13_000, quic: 13_001 },
  metricsPath: '/metrics',
  managed: (place) => ({
    'accept-terms-of-use': 'true',
    [place.network]: '',
    datadir: place.dataDir,
    'execution-endpoint': ENGINE,
    'jwt-secret': JWT_FILE,
    'http-host': '0.0.0.0',
    'http-port': '3500',
    'rpc-host': '127.0.0.1',
    'rpc-port': '4000',
    'p2p-tcp-port': String(place.p2pPort),
    'p2p-udp-port': String(place.p2pPort),
    'p2p-quic-port': String(place.quicPort),
    ...advertised(place, (address) => ({ 'p2p-host-ip': address })),
    'monitoring-host': '0.0.0.0',
    'monitoring-port': '8080',
    ...checkpoint('checkpoint-sync-url', place),
    ...checkpoint('genesis-beacon-api-url', place),
  }),
  chosen: () => ({}),
  fileFlags: [
    'trace',
    'blob-path',
    'data-column-path',
    'p2p-metadata',
    'p2p-priv-key',
    'restore-target-dir',
    'slasher-datadir',
    'interop-write-ssz-state-transitions',
  ],
  alsoManaged: [
    'chain-config-file',
    'config-file',
    'grpc-gateway-host',
    'grpc-gateway-port',
    'holesky',
    'clear-db',
    'force-clear-db',
    'log-file',
  ],
  known: { 'p2p-max-peers': 'integer', verbosity: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'panic'] },
});

const teku = defineClient({
  name: 'teku',
  image: 'consensys/teku',
  envPrefix: 'TEKU_',
  defaultVersion: '26.10.2',
  tagPrefix: '',
  networks: [...PUBLIC_NETWORKS, ...GNOSIS_NETWORKS],
  command: ['/opt/teku/bin/teku'],
  ports: { rpc: 5051, metrics: 8008, p2p: P2P.p2p },
  metricsPath: '/metrics',
  writableRoot: true,
  managed: (place) => ({
    network: place.network,
    'data-path': place.dataDir,
    'ee-endpoint': ENGINE,
    'ee-jwt-secret-file': JWT_FILE,
    'rest-api-enabled': 'true',
    'rest-api-interface': '0.0.0.0',
    'rest-api-port': '5051',
    'rest-api-host-allowlist': '*',
    'p2p-port': String(place.p2pPort),
    ...advertised(place, (address) => ({
      'p2p-advertised-ip': address,
      'p2p-advertised-port': String(place.p2pPort),
    })),
    'metrics-enabled': 'true',
    'metrics-interface': '0.0.0.0',
    'metrics-host-allowlist': '*',
    'metrics-port': '8008',
    ...checkpoint('checkpoint-sync-url', place),
  }),
  chosen: (place) => ({
    'log-destination': 'CONSOLE',
    // Blocks are fetched backwards from the checkpoint, then their states are computed from genesis.
    ...given(place.archive, { 'data-storage-mode': 'ARCHIVE', 'reconstruct-historic-states': 'true' }),
  }),
  fileFlags: ['data-beacon-path', 'data-validator-path', 'p2p-private-key-file'],
  alsoManaged: ['data-base-path', 'config-file', 'initial-state', 'genesis-state', 'ee-jwt-claim-id'],
  known: {
    'p2p-peer-upper-bound': 'integer',
    'p2p-peer-lower-bound': 'integer',
    'data-storage-mode': ['MINIMAL', 'PRUNE', 'ARCHIVE'],
  },
});

/** nimbus sets its folder to mode 0700, which it may not do to the mount itself. */
export const NIMBUS_FOLDER = 'nimbus';

const nimbus = defineClient({
  name: 'nimbus',
  image: 'statusim/nimbus-eth2',
  // An archive needs a server that has all blocks: checkpoint servers do not.
  nodeTypes: ['full'],
  defaultVersion: '26.10.2',
  tagPrefix: 'multiarch-v',
  networks: PUBLIC_NETWORKS,
  command: ['/home/user/nimbus-eth2/build/nimbus_beacon_node'],
  ports: { rpc: 5052, metrics: 8008, ...P2P },
  metricsPath: '/metrics',
  managed: (place) => ({
    'non-interactive': '',
    network: place.network,
    'data-dir': nimbusData(place),
    el: ENGINE,
    'jwt-secret': JWT_FILE,
    rest: 'true',
    'rest-address': '0.0.0.0',
    'rest-port': '5052',
    'tcp-port': String(place.p2pPort),
    'udp-port': String(place.p2pPort),
    ...advertised(place, (address) => ({ nat: `extip:${address}`, 'enr-auto-update': 'false' })),
    metrics: 'true',
    'metrics-address': '0.0.0.0',
    'metrics-port': '8008',
  }),
  chosen: () => ({}),
  // Does nothing when the database exists already, so it may run at every start.
  before: (place) =>
    place.checkpointUrl === undefined
      ? undefined
      : {
          name: 'checkpoint',
          command: ['/home/user/nimbus-eth2/build/nimbus_beacon_node', 'trustedNodeSync'],
          flags: {
            network: place.network,
            'data-dir': nimbusData(place),
            'trusted-node-url': place.checkpointUrl,
            backfill: 'false',
          },
        },
  fileFlags: ['era-dir', 'keymanager-token-file', 'netkey-file', 'secrets-dir', 'validators-dir', 'wallets-dir'],
  alsoManaged: ['web3-url', 'config-file', 'external-beacon-api-url', 'trusted-node-url', 'log-file'],
  known: { 'max-peers': 'integer', history: ['prune', 'archive'], 'log-level': 'text' },
});

const lodestar = defineClient({
  name: 'lodestar',
  image: 'chainsafe/lodestar',
  // It does not fetch the blocks before its checkpoint.
  nodeTypes: ['full'],
  envPrefix: 'LODESTAR_',
  defaultVersion: '1.50.1',
  tagPrefix: 'v',
  networks: [...PUBLIC_NETWORKS, ...GNOSIS_NETWORKS],
  command: ['node', '/usr/app/packages/cli/bin/lodestar.js', 'beacon'],
  ports: { rpc: 9596, metrics: 8008, ...P2P },
  metricsPath: '/metrics',
  writableRoot: true,
  managed: (place) => ({
    network: place.network,
    dataDir: place.dataDir,
    'execution.urls': ENGINE,
    jwtSecret: JWT_FILE,
    rest: '',
    'rest.address': '0.0.0.0',
    'rest.port': '9596',
    listenAddress: '0.0.0.0',
    port: String(place.p2pPort),
    // Without `nat` it drops the address again (initPeerIdAndEnr.ts).
    ...advertised(place, (address, family) => ({
      nat: '',
      [`enr.ip${family}`]: address,
      [`enr.tcp${family}`]: String(place.p2pPort),
      [`enr.udp${family}`]: String(place.p2pPort),
      ...(family === '' ? {} : { listenAddress6: '::', port6: String(place.p2pPort) }),
    })),
    metrics: '',
    'metrics.address': '0.0.0.0',
    'metrics.port': '8008',
    ...checkpoint('checkpointSyncUrl', place),
  }),
  chosen: () => ({}),
  fileFlags: [
    'beaconDir',
    'chain.persistInvalidSszObjectsDir',
    'dbDir',
    'keymanager.tokenFile',
    'peerStoreDir',
    'persistInvalidSszObjects',
    'persistInvalidSszObjectsDir',
  ],
  alsoManaged: ['rcConfig', 'paramsFile', 'genesisStateFile', 'checkpointState', 'port6', 'logFile'],
  known: { targetPeers: 'integer', logLevel: ['error', 'warn', 'info', 'verbose', 'debug', 'trace'] },
});

export const consensusClients: readonly EthereumClient[] = [lighthouse, prysm, teku, nimbus, lodestar];

/** A node record has ports of its own for IPv6; the clients name them with a 6 (https://eips.ethereum.org/EIPS/eip-778). */
function advertised(place: Place, flags: (address: string, family: '' | '6') => Flags): Flags {
  const { advertise } = place;
  return advertise === undefined ? {} : flags(advertise, advertise.includes(':') ? '6' : '');
}

function nimbusData({ dataDir }: Place): string {
  return `${dataDir}/${NIMBUS_FOLDER}`;
}

function checkpoint(flag: string, place: Place): Flags {
  return place.checkpointUrl === undefined ? {} : { [flag]: place.checkpointUrl };
}
