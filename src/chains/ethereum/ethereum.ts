// Ethereum: an execution client and a consensus client in one pod, joined by a generated token.

import type { BlockchainNode, NodeSpec } from '../../api/blockchain-node.ts';
import { errorAt, type SpecProblem } from '../../api/spec-problem.ts';
import { isHostName, isIpAddress } from '../address.ts';
import type { Chain } from '../chain.ts';
import type { Expectation, Reply, RoleFacts } from '../observed.ts';
import { defineCheck } from '../define-check.ts';
import { consensusClients } from './consensus.ts';
import { consensusFacts, MAX_DISTANCE } from './consensus-facts.ts';
import { executionClients } from './execution.ts';
import { executionFacts } from './execution-facts.ts';
import { jobs } from './jobs.ts';
import { findNetwork, networks } from './networks.ts';
import { questions } from './questions.ts';
import { signingKeys, unclearKeyFiles } from './signing-keys.ts';
import { workload } from './workload.ts';

const lists = {
  name: 'ethereum',
  title: 'Ethereum',
  summary: 'Execution and consensus client of Ethereum and its test networks, or a development chain.',
  networks,
  customNetworks: false,
  roles: [
    { name: 'el', title: 'Execution client', required: true, clients: executionClients },
    // Required everywhere but on the development network; see checkConsensus.
    { name: 'cl', title: 'Consensus client', required: false, clients: consensusClients },
  ],
  nodeTypes: ['full', 'archive'],
  configFiles: [],
} satisfies Partial<Chain>;

export const ethereum: Chain = {
  ...lists,
  check: defineCheck(lists, workload, (spec) => [...checkConsensus(spec), ...checkAddress(spec)]),
  workload,
  questions,
  facts,
  expectations,
  jobs,
  signingKeys,
  unclearKeyFiles,
};

function checkConsensus(spec: NodeSpec): readonly SpecProblem[] {
  const network = findNetwork(spec.network);
  if (network === undefined || (spec.clients['cl'] === undefined) === (network.development === true)) return [];
  const path = ['spec', 'clients', 'cl'];
  if (network.development === true) {
    return [errorAt('UnusedRole', path, 'The development network seals its own blocks. Remove clients.cl.')];
  }
  const names = consensusClients.map((client) => client.name).join(', ');
  return [
    errorAt('MissingRole', path, `${network.title} needs a consensus client. Add clients.cl with a name: ${names}.`),
  ];
}

/** Most clients accept only an IP address here and refuse to start with a host name. */
function checkAddress(spec: NodeSpec): readonly SpecProblem[] {
  const address = spec.p2p?.advertiseAddress;
  if (address === undefined || isIpAddress(address) || !isHostName(address)) return [];
  const message = `"${address}" is no IP address; Ethereum clients tell peers an address, not a name. Use the IP.`;
  return [errorAt('InvalidAddress', ['spec', 'p2p', 'advertiseAddress'], message)];
}

function facts(node: BlockchainNode, replies: ReadonlyMap<string, Reply>): ReadonlyMap<string, RoleFacts> {
  const network = findNetwork(node.spec.network);
  const roles = new Map([['el', executionFacts(replies, network?.development === true)]]);
  if (node.spec.clients['cl'] !== undefined) roles.set('cl', consensusFacts(replies, network));
  return roles;
}

/** 60 s are five slots; test networks and quiet proposers miss one or two. */
function expectations(node: BlockchainNode): ReadonlyMap<string, Expectation> {
  const network = findNetwork(node.spec.network);
  const minPeers = network?.development === true ? 0 : 1;
  const chainId = network === undefined ? {} : { chainId: network.chainId };
  const roles = new Map<string, Expectation>([['el', { maxHeadAgeSeconds: 60, minPeers, maxLag: 3, ...chainId }]]);
  if (node.spec.clients['cl'] !== undefined) roles.set('cl', { minPeers, maxLag: MAX_DISTANCE });
  return roles;
}
