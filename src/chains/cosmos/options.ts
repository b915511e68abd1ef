// The block `spec.cosmos`: the settings of a chain built on CometBFT.

import { z } from 'zod';

import type { NodeSpec } from '../../api/blockchain-node.ts';
import { HttpUrl } from '../../api/fields.ts';

const NodeId = z.string().regex(/^[0-9a-f]{40}$/, 'must be a node id: 40 lower-case hex digits');
const Peer = z
  .string()
  .max(400)
  .regex(/^[0-9a-f]{40}@[^\s,@]+:\d{1,5}$/, 'must be id@host:port with an id of 40 hex digits');

const StateSync = z.strictObject({
  rpcServers: z.array(HttpUrl).min(2).max(16).describe('At least two servers that must agree; take independent ones.'),
  trustHeight: z.int().min(1).describe('Height of a block that you trust.'),
  trustHash: z
    .string()
    .regex(/^[0-9A-Fa-f]{64}$/, 'must be 64 hex digits')
    .describe('Hash of that block, 64 hex digits.'),
  trustPeriod: z
    .string()
    .regex(/^\d+(h|m|s)$/)
    .default('168h')
    .describe('How old that block may be, e.g. `168h`; shorter than the unbonding period of the chain.'),
});

export const CosmosOptions = z.strictObject({
  chainId: z
    .string()
    .min(1)
    .max(50)
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'must be letters, digits, ".", "_" or "-"')
    .optional()
    .describe('The chain id of the genesis; default: the name of the network.'),
  binary: z
    .string()
    .max(63)
    .regex(/^[A-Za-z0-9][A-Za-z0-9_-]*$/, 'must be a program name')
    .optional()
    .describe("The chain's program inside the image, e.g. `gaiad`. For the client cosmos-sdk."),
  proxyApp: z
    .string()
    .max(253)
    .regex(/^(kvstore|persistent_kvstore|noop|tcp:\/\/\S+|unix:\/\/\S+)$/, 'must be kvstore, noop or an address')
    .default('kvstore')
    .describe('The application behind bare CometBFT: built in, or the address of a sidecar that speaks ABCI.'),
  seeds: z.array(Peer).max(64).default([]).describe('Nodes to ask for addresses of peers: `id@host:port`, at most 64.'),
  persistentPeers: z
    .array(Peer)
    .max(64)
    .default([])
    .describe(
      'A node of this fleet is `id@<node>-p2p.<namespace>.svc:26656`: that address stays when its pod does not.',
    ),
  unconditionalPeerIds: z
    .array(NodeId)
    .max(64)
    .default([])
    .describe('Ids of peers that are accepted beyond the limits, at most 64.'),
  privatePeerIds: z
    .array(NodeId)
    .max(64)
    .default([])
    .describe('Ids of peers whose addresses are given to no other peer, at most 64.'),
  minimumGasPrices: z.string().max(256).optional().describe('E.g. `0.025uatom`; cosmos-sdk only.'),
  pruning: z
    .enum(['default', 'nothing', 'everything', 'custom'])
    .optional()
    .describe(
      'Which old states are kept; cosmos-sdk only. Default: the client decides; `nothing` for an archive node.',
    ),
  haltHeight: z.int().min(0).optional().describe('Stop after this height; cosmos-sdk only.'),
  stateSync: StateSync.optional().describe('Start from a snapshot that peers offer instead of block 1.'),
  remoteSigner: z
    .strictObject({
      port: z.int().min(1024).max(65_535).default(26_659).describe('Port that the node listens on, from 1024.'),
    })
    .optional()
    .describe('Wait for a remote signer on this port instead of holding a key.'),
});
export type CosmosOptions = z.infer<typeof CosmosOptions>;

/** The node's options with defaults; an absent block means all defaults. */
export function optionsOf(spec: NodeSpec): CosmosOptions {
  return CosmosOptions.parse(spec['cosmos'] ?? {});
}

/** The chain id the node must report. */
export function chainIdOf(spec: NodeSpec): string {
  return optionsOf(spec).chainId ?? spec.network;
}
