// Cosmos: any chain on CometBFT, from a one-node development chain to a Cosmos SDK validator.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import type { Chain } from '../chain.ts';
import { LONG_REPLY_BYTES, type Expectation, type Question } from '../observed.ts';
import { defineCheck } from '../define-check.ts';
import { checkCosmos } from './check.ts';
import { clients, configFiles } from './clients.ts';
import { nodeFacts } from './facts.ts';
import { jobs } from './jobs.ts';
import { chainIdOf, CosmosOptions } from './options.ts';
import { RPC_PORT } from './settings.ts';
import { signingKeys, unclearKeyFiles } from './signing-key.ts';
import { workload } from './workload.ts';

const lists = {
  name: 'cosmos',
  title: 'Cosmos (CometBFT)',
  summary: 'Any chain on CometBFT: bare, or a Cosmos SDK program.',
  networks: [{ name: 'dev', title: 'Development: one validator with a chain of its own', development: true }],
  customNetworks: true,
  roles: [{ name: 'node', title: 'Node', required: true, clients }],
  nodeTypes: ['full', 'archive', 'validator'],
  configFiles,
} satisfies Partial<Chain>;

export const cosmos: Chain = {
  ...lists,
  options: CosmosOptions,
  check: defineCheck(lists, workload, checkCosmos),
  workload,
  questions,
  facts: (_node, replies) => new Map([['node', nodeFacts(replies)]]),
  expectations,
  jobs,
  signingKeys,
  unclearKeyFiles,
};

function questions(): readonly Question[] {
  const paths = { 'node.status': '/status', 'node.netInfo': '/net_info', 'node.abciInfo': '/abci_info' };
  return Object.entries(paths).map(([id, path]) => ({
    id,
    role: 'node',
    port: RPC_PORT,
    method: 'GET',
    path,
    // It lists the peers.
    ...(id === 'node.netInfo' ? { maxBytes: LONG_REPLY_BYTES } : {}),
  }));
}

/** Blocks come every few seconds; a head older than a minute is a halted chain or a lying node. */
function expectations({ spec }: BlockchainNode): ReadonlyMap<string, Expectation> {
  const minPeers = spec.network === 'dev' ? 0 : 1;
  return new Map([['node', { maxHeadAgeSeconds: 60, minPeers, chainId: chainIdOf(spec), keepsHeight: 'always' }]]);
}
