// Settings of config.toml and app.toml as environment variables: files that the program owns stay untouched.
//
// Both programs read every key through viper with a prefix: CometBFT `CMT_P2P_SEEDS` (cmd/cometbft/main.go, prefix "CMT";
// libs/cli/setup.go replaces "." and "-" by "_"), a Cosmos SDK program its own name, `GAIAD_P2P_SEEDS` (server/util.go).
// A variable wins over the file. Lists are separated by commas.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { type CosmosOptions, optionsOf } from './options.ts';

export const P2P_PORT = 26_656;
export const RPC_PORT = 26_657;
export const METRICS_PORT = 26_660;
/** The program's home on the volume. */
export const HOME = '/data';
export const IDENTITY_PATH = '/identity';

/** File → key → value, as the controller sets them. */
export type Settings = Readonly<Record<'config.toml' | 'app.toml', Readonly<Record<string, string>>>>;

/** The variables for a node's container: managed settings over the user's, which never overlap. */
export function environment(node: BlockchainNode, prefix: string): Readonly<Record<string, string>> {
  const managed = managedSettings(node);
  const variables: Record<string, string> = {};
  for (const layer of [node.spec.config ?? {}, managed]) {
    for (const key of ['config.toml', 'app.toml'] as const) {
      for (const [name, value] of Object.entries(layer[key] ?? {})) variables[variableName(prefix, name)] = value;
    }
  }
  return variables;
}

/** `CMT`, `p2p.laddr` → `CMT_P2P_LADDR`. */
export function variableName(prefix: string, key: string): string {
  return `${prefix}_${key}`.toUpperCase().replaceAll(/[^A-Z0-9_]/g, '_');
}

/** What the controller decides for this node. */
export function managedSettings(node: BlockchainNode): Settings {
  const options = optionsOf(node.spec);
  return {
    'config.toml': {
      moniker: node.metadata.name,
      'rpc.laddr': `tcp://0.0.0.0:${RPC_PORT}`,
      'p2p.laddr': `tcp://0.0.0.0:${p2pPort(node)}`,
      ...externalAddress(node),
      ...peers(options),
      ...stateSync(options),
      'instrumentation.prometheus': 'true',
      'instrumentation.prometheus_listen_addr': `:${METRICS_PORT}`,
      // The default differs between versions (tendermint, cometbft).
      'instrumentation.namespace': 'cometbft',
      ...signer(node, options),
    },
    'app.toml': {
      ...(options.minimumGasPrices === undefined ? {} : { 'minimum-gas-prices': options.minimumGasPrices }),
      ...(options.haltHeight === undefined ? {} : { 'halt-height': String(options.haltHeight) }),
      ...pruning(node, options),
    },
  };
}

/** The port that peers are given is the port that is open. */
export function p2pPort(node: BlockchainNode): number {
  return node.spec.p2p?.port ?? P2P_PORT;
}

function externalAddress(node: BlockchainNode): Readonly<Record<string, string>> {
  const address = node.spec.p2p?.advertiseAddress;
  return address === undefined ? {} : { 'p2p.external_address': `${address}:${p2pPort(node)}` };
}

function peers(options: CosmosOptions): Readonly<Record<string, string>> {
  const lists = {
    'p2p.seeds': options.seeds,
    'p2p.persistent_peers': options.persistentPeers,
    'p2p.unconditional_peer_ids': options.unconditionalPeerIds,
    'p2p.private_peer_ids': options.privatePeerIds,
  };
  const filled = Object.entries(lists).filter(([, list]) => list.length > 0);
  return Object.fromEntries(filled.map(([key, list]) => [key, list.join(',')]));
}

function stateSync({ stateSync: sync }: CosmosOptions): Readonly<Record<string, string>> {
  if (sync === undefined) return {};
  return {
    'statesync.enable': 'true',
    'statesync.rpc_servers': sync.rpcServers.join(','),
    'statesync.trust_height': String(sync.trustHeight),
    'statesync.trust_hash': sync.trustHash.toUpperCase(),
    'statesync.trust_period': sync.trustPeriod,
  };
}

/** The key is read where the Secret is mounted; the signer's state stays on the volume, it must never go back. */
function signer(node: BlockchainNode, options: CosmosOptions): Readonly<Record<string, string>> {
  if (options.remoteSigner !== undefined) {
    return { priv_validator_laddr: `tcp://0.0.0.0:${options.remoteSigner.port}` };
  }
  if (node.spec.identity === undefined) return {};
  return { priv_validator_key_file: `${IDENTITY_PATH}/priv_validator_key.json` };
}

function pruning(node: BlockchainNode, options: CosmosOptions): Readonly<Record<string, string>> {
  const wanted = options.pruning ?? (node.spec.nodeType === 'archive' ? 'nothing' : undefined);
  return wanted === undefined ? {} : { pruning: wanted };
}
