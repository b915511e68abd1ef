// Turns a CometBFT node into one init container, which makes the volume ready, and one container.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import type { ClientInfo } from '../chain.ts';
import type { ContainerSpec, Mount, Port, Workload } from '../workload.ts';
import { toArguments } from '../flags.ts';
import { roleFields, soleVolume } from '../role-fields.ts';
import { clients } from './clients.ts';
import { chainIdOf, optionsOf } from './options.ts';
import { PREPARE_SCRIPT } from './prepare.ts';
import { environment, HOME, IDENTITY_PATH, METRICS_PORT, p2pPort, RPC_PORT } from './settings.ts';

const SIGNER_VOLUME_PATH = '/nodewright/signer-volume';

/** Only called for specs that passed check.ts. */
export function workload(node: BlockchainNode): Workload {
  return {
    containers: [nodeContainer(node)],
    initContainers: [prepareContainer(node)],
    files: {},
    generatedSecrets: [],
    volumes: [soleVolume(node.spec, 'node')],
    terminationGracePeriodSeconds: 120,
    uid: 1000,
    gid: 1000,
  };
}

function nodeContainer(node: BlockchainNode): ContainerSpec {
  const { spec } = node;
  const start = program(node) === 'cometbft' ? { home: HOME, proxy_app: optionsOf(spec).proxyApp } : { home: HOME };
  return {
    ...base(node),
    name: 'node',
    command: [program(node), 'start'],
    args: toArguments('--', start, spec.args?.['node'] ?? {}),
    ports: portsOf(node),
    readinessProbe: { kind: 'http', port: RPC_PORT, path: '/health', periodSeconds: 10, failureThreshold: 3 },
  };
}

function prepareContainer(node: BlockchainNode): ContainerSpec {
  const common = base(node);
  return {
    ...common,
    name: 'prepare',
    command: ['sh', '-c', PREPARE_SCRIPT],
    podNameVariable: 'NODE_POD',
    mounts: [...common.mounts, ...genesisMount(node), ...signerVolumeMount(node)],
    env: { ...common.env, ...prepareVariables(node) },
  };
}

function base(node: BlockchainNode): ReturnType<typeof roleFields> & Pick<ContainerSpec, 'mounts'> {
  const common = roleFields(node.spec, 'node', clientOf(node));
  // CometBFT's image sets CMTHOME, and CMTHOME wins over --home.
  const home = program(node) === 'cometbft' ? { CMTHOME: HOME } : {};
  return {
    ...common,
    env: { ...common.env, ...home, ...environment(node, prefixOf(node)) },
    mounts: [
      { kind: 'storage', name: soleVolume(node.spec, 'node'), path: HOME },
      ...identityMount(node),
      { kind: 'scratch', name: 'tmp', path: '/tmp' },
    ],
  };
}

function clientOf({ spec }: BlockchainNode): ClientInfo {
  const info = clients.find((client) => client.name === spec.clients['node']?.name);
  if (info === undefined) throw new Error('workload() called for a spec that check() refuses');
  return info;
}

function prepareVariables(node: BlockchainNode): Readonly<Record<string, string>> {
  return {
    NODE_HOME: HOME,
    NODE_CLIENT: program(node),
    NODE_MONIKER: node.metadata.name,
    NODE_CHAIN_ID: chainIdOf(node.spec),
    NODE_IDENTITY: node.spec.identity === undefined ? 'own' : 'secret',
    NODE_IDENTITY_PATH: IDENTITY_PATH,
    NODE_SIGNER_VOLUME: SIGNER_VOLUME_PATH,
    NODE_GENESIS: genesisKind(node),
    NODE_GENESIS_URL: node.spec.genesis?.url ?? '',
    NODE_GENESIS_SHA256: node.spec.genesis?.sha256 ?? '',
  };
}

function genesisKind(node: BlockchainNode): 'url' | 'file' | 'own' {
  if (node.spec.genesis?.configMap !== undefined) return 'file';
  return node.spec.genesis?.url === undefined ? 'own' : 'url';
}

function genesisMount({ spec }: BlockchainNode): readonly Mount[] {
  const configMap = spec.genesis?.configMap;
  if (configMap === undefined) return [];
  return [{ kind: 'configMap', name: configMap.name, key: configMap.key, path: '/genesis/genesis.json' }];
}

function identityMount({ spec }: BlockchainNode): readonly Mount[] {
  return spec.identity === undefined ? [] : [{ kind: 'secret', name: spec.identity.secretName, path: IDENTITY_PATH }];
}

function signerVolumeMount({ spec }: BlockchainNode): readonly Mount[] {
  return spec.identity === undefined ? [] : [{ kind: 'signerVolume', path: SIGNER_VOLUME_PATH }];
}

function portsOf(node: BlockchainNode): readonly Port[] {
  const signer = optionsOf(node.spec).remoteSigner;
  return [
    { name: 'rpc', port: RPC_PORT, purpose: 'rpc' },
    { name: 'p2p', port: p2pPort(node), purpose: 'p2p' },
    { name: 'metrics', port: METRICS_PORT, purpose: 'metrics', path: '/metrics' },
    ...(signer === undefined ? [] : [{ name: 'privval', port: signer.port, purpose: 'internal' } as const]),
  ];
}

/** `cometbft`, or the SDK program's own name. */
function program({ spec }: BlockchainNode): string {
  return spec.clients['node']?.name === 'cosmos-sdk' ? (optionsOf(spec).binary ?? '') : 'cometbft';
}

/** The prefix of the variables that the program reads as settings. */
export function prefixOf(node: BlockchainNode): string {
  return program(node) === 'cometbft' ? 'CMT' : program(node).toUpperCase().replaceAll('-', '_');
}
