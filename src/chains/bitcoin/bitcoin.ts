// Bitcoin: one bitcoind or btcd with a generated password.

import type { BlockchainNode, NodeSpec } from '../../api/blockchain-node.ts';
import type { SpecProblem } from '../../api/spec-problem.ts';
import type { Chain } from '../chain.ts';
import { LONG_REPLY_BYTES, type Expectation, type Question } from '../observed.ts';
import { defined } from '../../lib/defined.ts';
import { emptiesChain } from './btcd.ts';
import { defineCheck } from '../define-check.ts';
import { secretName } from '../secret-name.ts';
import { MAX_LAG } from './client.ts';
import { clientOf, clients } from './clients.ts';
import { configFile } from './conf.ts';
import { jobs } from './jobs.ts';
import { networkOf, networks } from './networks.ts';
import { workload } from './workload.ts';

const lists = {
  name: 'bitcoin',
  title: 'Bitcoin',
  summary: 'Bitcoin Core or btcd on the main network, a test network, or one for development.',
  networks,
  customNetworks: false,
  roles: [{ name: 'node', title: 'Node', required: true, clients }],
  nodeTypes: ['full'],
  configFiles: [configFile],
} satisfies Partial<Chain>;

export const bitcoin: Chain = {
  ...lists,
  check: defineCheck(lists, workload, checkClient),
  workload,
  questions,
  facts: ({ spec }, replies) => new Map([['node', clientOf(spec).facts(replies, isDevelopment(spec))]]),
  expectations,
  jobs,
};

function checkClient(spec: NodeSpec): readonly SpecProblem[] {
  return clients.find(({ name }) => name === spec.clients['node']?.name)?.check(spec) ?? [];
}

function questions(node: BlockchainNode): readonly Question[] {
  const { methods, secret, tls } = clientOf(node.spec);
  return Object.entries(methods).map(([id, method]) => ({
    id,
    role: 'node',
    port: networkOf(node.spec.network).rpc,
    method: 'POST',
    path: '/',
    body: { jsonrpc: '1.0', id: 'nodewright', method, params: [] },
    auth: { secret: secretName(node, secret.name), userKey: 'user', passwordKey: 'password' },
    ...(tls === undefined ? {} : { tls }),
    ...(method === 'getpeerinfo' ? { maxBytes: LONG_REPLY_BYTES } : {}),
  }));
}

/** No age limit: blocks come every ten minutes on average, and an hour without one is nothing unusual. */
function expectations({ spec }: BlockchainNode): ReadonlyMap<string, Expectation> {
  const chainId = clientOf(spec).chainIds[spec.network];
  const minPeers = isDevelopment(spec) ? 0 : 1;
  const keepsHeight = emptiesChain(spec) ? ('never' as const) : undefined;
  return new Map([['node', { minPeers, maxLag: MAX_LAG, ...defined({ chainId, keepsHeight }) }]]);
}

function isDevelopment(spec: NodeSpec): boolean {
  return networkOf(spec.network).development === true;
}
