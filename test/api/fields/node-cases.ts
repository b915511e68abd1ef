// What each field of BlockchainNode does: the document in which it is changed, and its other value.

import type { JsonObject } from '../../../src/lib/json-value.ts';
import type { FieldCases } from './schema-fields.ts';

export const ETHEREUM: JsonObject = {
  executor: 'demo',
  chain: 'ethereum',
  network: 'hoodi',
  clients: { el: { name: 'geth', version: '1.16.7' }, cl: { name: 'lighthouse', version: '8.0.0' } },
  storage: { data: { size: '2Ti' } },
  checkpoint: { url: 'https://checkpoint.example.com' },
};
const COSMOS: JsonObject = {
  executor: 'demo',
  chain: 'cosmos',
  network: 'private-1',
  clients: { node: { name: 'cosmos-sdk', image: 'ghcr.io/cosmos/gaia:v25.1.0' } },
  storage: { data: { size: '1Ti' } },
  genesis: { url: 'https://genesis.example/a.json', sha256: 'a'.repeat(64) },
  cosmos: { binary: 'gaiad', minimumGasPrices: '0.1uatom' },
};
const COMET: JsonObject = { ...COSMOS, clients: { node: { name: 'cometbft' } }, cosmos: {} };
const VALIDATOR: JsonObject = { ...COMET, nodeType: 'validator' };

const SIDECAR: JsonObject = {
  ...ETHEREUM,
  sidecars: [
    {
      name: 'exporter',
      image: 'registry.example/exporter:1',
      command: ['run'],
      args: ['--a'],
      env: [{ name: 'LEVEL', value: 'info' }],
      ports: [{ name: 'web', port: 9900 }],
      mounts: [{ storage: 'data', path: '/data' }],
      resources: { requests: { cpu: '1' }, limits: { memory: '1Gi' } },
    },
  ],
};
const TOLERATION: JsonObject = {
  ...ETHEREUM,
  tolerations: [{ key: 'chain', operator: 'Equal', value: 'a', effect: 'NoExecute', tolerationSeconds: 10 }],
};
const PATCH: JsonObject = {
  ...ETHEREUM,
  patches: [
    {
      target: { kind: 'Service', name: 'n-rpc' },
      patch: [
        { op: 'add', path: '/spec/loadBalancerSourceRanges', value: ['192.0.2.0/24'] },
        { op: 'add', path: '/spec/loadBalancerSourceRanges/0', value: '198.51.100.0/24' },
      ],
    },
  ],
};
const ADD_PATCH: JsonObject = {
  ...ETHEREUM,
  patches: [
    { target: { kind: 'Service', name: 'n-rpc' }, patch: [{ op: 'add', path: '/spec/ipFamilyPolicy', value: 'a' }] },
  ],
};
const MOVE_PATCH: JsonObject = {
  ...ETHEREUM,
  patches: [
    { target: { kind: 'StatefulSet' }, patch: [{ op: 'copy', from: '/spec/replicas', path: '/spec/minReadySeconds' }] },
  ],
};
const PEER = `${'a'.repeat(40)}@peer.example:26656`;
const STATE_SYNC: JsonObject = {
  ...COSMOS,
  cosmos: {
    binary: 'gaiad',
    minimumGasPrices: '0.1uatom',
    stateSync: { rpcServers: ['https://a.example', 'https://b.example'], trustHeight: 5, trustHash: 'a'.repeat(64) },
  },
};

const SECRETS: JsonObject = {
  ...ETHEREUM,
  imagePullSecrets: [{ name: 'a' }],
  secretEnv: { el: [{ name: 'TOKEN', secretName: 'a', key: 'token' }] },
  secretMounts: { el: [{ secretName: 'a', path: '/mnt/a' }] },
};

export const NODE_CASES: FieldCases = {
  executor: { to: 'other' },
  chain: { to: 'cosmos', refused: true },
  network: { to: 'mainnet' },
  nodeType: { to: 'archive' },
  'clients.*.name': {
    base: { ...ETHEREUM, clients: { el: { name: 'geth' }, cl: { name: 'lighthouse' } } },
    to: 'reth',
  },
  'clients.*.version': { to: '1.16.8' },
  'clients.*.image': { to: 'registry.example/geth:1.16.7' },
  'storage.*.size': { to: '3Ti' },
  'storage.*.storageClass': { to: 'fast' },
  'storage.*.accessMode': { to: 'ReadWriteMany' },
  'resources.*.requests.*': { base: { ...ETHEREUM, resources: { el: { requests: { cpu: '1' } } } }, to: '2' },
  'resources.*.limits.*': { base: { ...ETHEREUM, resources: { el: { limits: { cpu: '1' } } } }, to: '2' },
  'args.*.*': { base: { ...ETHEREUM, args: { el: { cache: '1024' } } }, to: '2048' },
  'config.*.*': { base: { ...COMET, config: { 'config.toml': { 'p2p.max_num_inbound_peers': '7' } } }, to: '8' },
  'env.*[].name': { base: { ...ETHEREUM, env: { el: [{ name: 'A', value: '1' }] } }, to: 'B' },
  'env.*[].value': { base: { ...ETHEREUM, env: { el: [{ name: 'A', value: '1' }] } }, to: '2' },
  'sidecars[].name': { base: SIDECAR, to: 'other' },
  'sidecars[].image': { base: SIDECAR, to: 'registry.example/exporter:2' },
  'sidecars[].imagePullPolicy': { base: SIDECAR },
  'sidecars[].command[]': { base: SIDECAR, to: 'walk' },
  'sidecars[].args[]': { base: SIDECAR, to: '--b' },
  'sidecars[].env[].name': { base: SIDECAR, to: 'B' },
  'sidecars[].env[].value': { base: SIDECAR, to: 'debug' },
  'sidecars[].ports[].name': { base: SIDECAR, to: 'other' },
  'sidecars[].ports[].port': { base: SIDECAR },
  'sidecars[].mounts[].storage': {
    base: { ...SIDECAR, storage: { data: { size: '2Ti' }, more: { size: '1Gi' } } },
    to: 'more',
  },
  'sidecars[].mounts[].path': { base: SIDECAR, to: '/other' },
  'sidecars[].mounts[].readOnly': { base: SIDECAR },
  'sidecars[].resources.requests.*': { base: SIDECAR, to: '2' },
  'sidecars[].resources.limits.*': { base: SIDECAR, to: '2Gi' },
  'checkpoint.url': { to: 'https://other.example.com' },
  'genesis.url': { base: COSMOS, to: 'https://genesis.example/b.json' },
  'genesis.configMap.name': { base: { ...COSMOS, genesis: { configMap: { name: 'a', key: 'k' } } }, to: 'b' },
  'genesis.configMap.key': { base: { ...COSMOS, genesis: { configMap: { name: 'a', key: 'k' } } }, to: 'l' },
  'genesis.sha256': { base: COSMOS, to: 'b'.repeat(64) },
  'identity.secretName': { base: { ...VALIDATOR, identity: { secretName: 'a' } }, to: 'b' },
  'p2p.advertiseAddress': { to: '203.0.113.7' },
  'p2p.port': { base: { ...ETHEREUM, serviceType: 'NodePort', p2p: { advertiseAddress: '203.0.113.7', port: 30500 } } },
  restartGeneration: { from: 1 },
  terminationGracePeriodSeconds: { from: 3000 },
  'nodeSelector.*': { base: { ...ETHEREUM, nodeSelector: { disk: 'nvme' } }, to: 'hdd' },
  'tolerations[].key': { base: TOLERATION, to: 'other' },
  'tolerations[].operator': { base: { ...ETHEREUM, tolerations: [{ key: 'chain' }] }, to: 'Exists' },
  'tolerations[].value': { base: TOLERATION, to: 'b' },
  'tolerations[].effect': { base: { ...ETHEREUM, tolerations: [{ key: 'a', operator: 'Exists' }] } },
  'tolerations[].tolerationSeconds': { base: TOLERATION },
  priorityClassName: { to: 'high' },
  'imagePullSecrets[].name': { base: SECRETS, to: 'b' },
  'secretEnv.*[].name': { base: SECRETS, to: 'OTHER' },
  'secretEnv.*[].secretName': { base: SECRETS, to: 'b' },
  'secretEnv.*[].key': { base: SECRETS, to: 'other' },
  'secretMounts.*[].secretName': { base: SECRETS, to: 'b' },
  'secretMounts.*[].path': { base: SECRETS, to: '/mnt/b' },
  'podLabels.*': { base: { ...ETHEREUM, podLabels: { team: 'a' } }, to: 'b' },
  'podAnnotations.*': { base: { ...ETHEREUM, podAnnotations: { note: 'a' } }, to: 'b' },
  'patches[].target.kind': {
    base: {
      ...ETHEREUM,
      patches: [
        { target: { kind: 'StatefulSet' }, patch: [{ op: 'add', path: '/metadata/annotations', value: { a: 'b' } }] },
      ],
    },
    to: 'ConfigMap',
  },
  'patches[].target.name': { base: ADD_PATCH, to: 'n-p2p' },
  'patches[].patch[].op': { base: PATCH, to: 'remove', refused: true },
  'patches[].patch[].path': { base: ADD_PATCH, to: '/spec/sessionAffinity' },
  'patches[].patch[].from': { base: MOVE_PATCH, to: '/spec/revisionHistoryLimit' },
  'patches[].patch[].value': { base: ADD_PATCH, to: 'b' },
  'cosmos.chainId': { base: COSMOS, to: 'other-1' },
  'cosmos.binary': { base: COSMOS, to: 'otherd' },
  'cosmos.proxyApp': { base: COMET, to: 'noop' },
  'cosmos.seeds[]': { base: COSMOS, to: PEER },
  'cosmos.persistentPeers[]': { base: COSMOS, to: PEER },
  'cosmos.unconditionalPeerIds[]': { base: COSMOS, to: 'a'.repeat(40) },
  'cosmos.privatePeerIds[]': { base: COSMOS, to: 'a'.repeat(40) },
  'cosmos.minimumGasPrices': { base: COSMOS, to: '0.2uatom' },
  'cosmos.pruning': { base: COSMOS },
  'cosmos.haltHeight': { base: COSMOS, to: 100 },
  'cosmos.stateSync.rpcServers[]': { base: STATE_SYNC, to: 'https://c.example' },
  'cosmos.stateSync.trustHeight': { base: STATE_SYNC },
  'cosmos.stateSync.trustHash': { base: STATE_SYNC, to: 'b'.repeat(64) },
  'cosmos.stateSync.trustPeriod': { base: STATE_SYNC, to: '200h' },
  'cosmos.remoteSigner.port': { base: { ...VALIDATOR, cosmos: { remoteSigner: { port: 26_659 } } }, to: 26_700 },
};
