// Replies of running nodes. Recorded: geth 1.16.7 --dev, CometBFT 1.0.1 with kvstore, btcd 0.26.2 --regtest. The others
// follow the clients' documents.

import type { BlockchainNode } from '../../src/api/blockchain-node.ts';
import type { Reply } from '../../src/chains/observed.ts';

export function replies(bodies: Record<string, unknown>): ReadonlyMap<string, Reply> {
  return new Map(Object.entries(bodies).map(([id, body]) => [id, { ok: true, status: 200, body }]));
}

export function rpc(result: unknown): unknown {
  return { jsonrpc: '2.0', id: 1, result };
}

export const gethDev: Record<string, unknown> = {
  'el.syncing': rpc(false),
  'el.block': rpc({
    baseFeePerGas: '0x22f06c09',
    hash: '0xc622edd2a8073ab91a3d6e4a38b94c9d51223e6105deb6461bca00ad1a12fa48',
    number: '0x4',
    timestamp: '0x6b0270c9',
    transactions: [],
  }),
  'el.peers': rpc('0x0'),
  'el.version': rpc('Geth/v1.16.7-stable/linux-amd64/go1.26.8'),
  'el.chainId': rpc('0x539'),
};

export const beacon: Record<string, unknown> = {
  'cl.syncing': {
    data: { head_slot: '1500000', sync_distance: '1', is_syncing: false, is_optimistic: false, el_offline: false },
  },
  'cl.peers': { data: { disconnected: '12', connecting: '0', connected: '57', disconnecting: '1' } },
  'cl.version': { data: { version: 'Lighthouse/v8.0.1-ced49dd/x86_64-linux' } },
};

export const comet: Record<string, unknown> = {
  'node.status': {
    jsonrpc: '2.0',
    id: -1,
    result: {
      node_info: {
        protocol_version: { p2p: '9', block: '11', app: '1' },
        id: 'd9b7704326f87dcd771b8edb99759fdd2e84fe27',
        network: 'dev',
        version: '1.0.1',
        moniker: 'comet-dev',
      },
      sync_info: {
        latest_block_height: '6',
        latest_block_time: '2026-11-22T04:34:25.241647153Z',
        earliest_block_height: '1',
        catching_up: false,
      },
      validator_info: { address: '0D6862213D109402BF07FAB3FED609F18E78A707', voting_power: '10' },
    },
  },
  'node.netInfo': { jsonrpc: '2.0', id: -1, result: { listening: true, n_peers: '0', peers: [] } },
  'node.abciInfo': {
    jsonrpc: '2.0',
    id: -1,
    result: { response: { data: '{"size":0}', version: '2.1.0', app_version: '1', last_block_height: '6' } },
  },
};

export const bitcoind: Record<string, unknown> = {
  'node.blockchain': {
    result: {
      chain: 'main',
      blocks: 812_000,
      headers: 900_000,
      time: 1_697_000_000,
      verificationprogress: 0.81,
      initialblockdownload: true,
      size_on_disk: 512_000_000_000,
      pruned: false,
      warnings: [],
    },
    error: null,
    id: 'nodewright',
  },
  'node.network': { result: { version: 290_000, subversion: '/Satoshi:29.0.0/', connections: 10 }, error: null },
};

export const btcd: Record<string, unknown> = {
  'node.blockchain': {
    jsonrpc: '1.0',
    result: {
      chain: 'regtest',
      blocks: 3,
      headers: 3,
      bestblockhash: '0fbfa2475a38627049a4352b20f6f6855a445d5e02c6b4621d9427424feacf99',
      difficulty: 1,
      mediantime: 1_795_335_036,
      pruned: false,
      warnings: null,
    },
    error: null,
    id: 'nodewright',
  },
  'node.info': {
    jsonrpc: '1.0',
    result: { version: 260_200, protocolversion: 70_002, blocks: 3, connections: 1, relayfee: 0.000_01, errors: '' },
    error: null,
    id: 'nodewright',
  },
  'node.peers': {
    jsonrpc: '1.0',
    result: [
      {
        id: 1,
        addr: '192.0.2.2:29444',
        version: 70_016,
        subver: '/btcwire:0.5.0/btcd:0.26.2/',
        inbound: false,
        startingheight: 0,
        currentheight: 3,
        syncnode: false,
      },
    ],
    error: null,
    id: 'nodewright',
  },
};

/** Client → what it replied, by question id. A client without an entry uses that of its role. */
const RECORDED: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  el: gethDev,
  cl: beacon,
  cometbft: comet,
  'cosmos-sdk': comet,
  bitcoind,
  btcd,
};

/** The replies of a node's clients: each client has its own, also where two have questions of the same id. */
export function recordedFor(node: BlockchainNode): Record<string, unknown> {
  const sets = Object.entries(node.spec.clients).map(([role, { name }]) => RECORDED[name] ?? RECORDED[role] ?? {});
  return Object.assign({}, ...sets);
}
