// Bitcoin: one bitcoind with a password that nobody has to know.

import type { BlockchainNode, NodeSpec } from '../../api/blockchain-node.ts';
import type { Chain, Expectation, Finding, Question } from '../chain.ts';
import { checkSidecarPorts } from '../check-sidecar-ports.ts';
import { checkSpec } from '../check-spec.ts';
import { problem } from '../finding.ts';
import { secretName } from '../secret-name.ts';
import { CONF_FILE, configFile, RPC_SECRET } from './conf.ts';
import { MAX_LAG, nodeFacts } from './facts.ts';
import { jobs } from './jobs.ts';
import { networkOf, networks } from './networks.ts';
import { bitcoind, workload } from './workload.ts';

const lists = {
  name: 'bitcoin',
  title: 'Bitcoin',
  summary: 'Bitcoin Core on the main network, a test network, or regtest.',
  networks,
  customNetworks: false,
  roles: [{ name: 'node', title: 'Node', required: true, clients: [bitcoind] }],
  nodeTypes: ['full'],
  configFiles: [configFile],
} satisfies Partial<Chain>;

export const bitcoin: Chain = {
  ...lists,
  check,
  workload,
  questions,
  facts: ({ spec }, replies) => new Map([['node', nodeFacts(replies, networkOf(spec.network).development === true)]]),
  expectations,
  jobs,
};

function check(spec: NodeSpec): readonly Finding[] {
  const findings = [...checkSpec(lists, spec), ...checkPruning(spec)];
  return findings.some((one) => one.level === 'error') ? findings : [...findings, ...checkSidecarPorts(spec, workload)];
}

/** bitcoind refuses to start with both. */
function checkPruning(spec: NodeSpec): readonly Finding[] {
  const { prune = '0', txindex = '0' } = spec.config?.[CONF_FILE] ?? {};
  const path = ['spec', 'config', CONF_FILE, 'prune'];
  const size = Number(prune);
  if (size > 1 && size < 550)
    return [problem('InvalidSetting', path, 'bitcoind keeps at least 550 MiB. Use 0, 1 or 550 and more.')];
  if (size === 0 || txindex === '0') return [];
  return [
    problem('InvalidSetting', path, 'bitcoind can not prune and index all transactions. Remove prune or txindex.'),
  ];
}

function questions(node: BlockchainNode): readonly Question[] {
  const methods = { 'node.blockchain': 'getblockchaininfo', 'node.network': 'getnetworkinfo' };
  return Object.entries(methods).map(([id, method]) => ({
    id,
    role: 'node',
    port: networkOf(node.spec.network).rpc,
    method: 'POST',
    path: '/',
    body: { jsonrpc: '1.0', id: 'nodewright', method, params: [] },
    auth: { secret: secretName(node, RPC_SECRET), userKey: 'user', passwordKey: 'password' },
  }));
}

/** No age limit: blocks come every ten minutes on average, and an hour without one is nothing unusual. */
function expectations({ spec }: BlockchainNode): ReadonlyMap<string, Expectation> {
  const network = networkOf(spec.network);
  const minPeers = network.development === true ? 0 : 1;
  return new Map([['node', { minPeers, maxLag: MAX_LAG, chainId: network.chainId }]]);
}
