// What a chain's description says of itself, for capabilities.yaml.

import type { BlockchainNode, NodeSpec } from '../../api/blockchain-node.ts';
import type { Capabilities } from '../../api/capabilities.ts';
import { API_VERSION } from '../../api/group.ts';
import type { Chain, ClientInfo, Role, ValueType } from '../../chains/chain.ts';
import { defined } from '../../lib/defined.ts';

type ChainView = Capabilities['chains'][number];
type ClientView = ChainView['roles'][number]['clients'][number];

export function chainCapabilities(chain: Chain): ChainView {
  const { name, networks, customNetworks, nodeTypes, roles, configFiles } = chain;
  const sizes = networks.flatMap(({ name: network, defaults }) =>
    defaults === undefined ? [] : [[network, defaults]],
  );
  return {
    name,
    networks: networks.map((network) => network.name),
    customNetworks,
    nodeTypes: [...nodeTypes],
    roles: roles.map((role) => ({
      name: role.name,
      clients: role.clients.map((client) => clientCapabilities(client, role, chain)),
    })),
    ...(sizes.length === 0 ? {} : { defaultSizes: Object.fromEntries(sizes) }),
    configFiles: configFiles.map((file) => ({
      name: file.name,
      knownKeys: typesOf(file.knownKeys),
      managedKeys: [...file.managedKeys].toSorted(),
    })),
  };
}

function clientCapabilities(client: ClientInfo, role: Role, chain: Chain): ClientView {
  const refusedJobs = refusals(exampleNodes(client, role, chain), chain);
  return defined({
    name: client.name,
    defaultVersion: client.defaultVersion,
    networks: client.networks === undefined ? undefined : [...client.networks],
    nodeTypes: client.nodeTypes === undefined ? undefined : [...client.nodeTypes],
    minimumVersions: client.minimumVersions,
    jobs: JOBS.filter((kind) => !(kind in refusedJobs)),
    refusedJobs: Object.keys(refusedJobs).length === 0 ? undefined : refusedJobs,
    knownFlags: typesOf(client.knownFlags),
    managedFlags: [...client.managedFlags].toSorted(),
  });
}

const JOBS = ['Backup', 'Restore', 'Snapshot', 'BlockHeightFallback', 'Switchover', 'ChangeOwner'];

/** Jobs ask a chain with a node in hand: nodes of a public network, a validator with its key, stand for all. */
function exampleNodes(client: ClientInfo, role: Role, chain: Chain): readonly BlockchainNode[] {
  const { name, roles, nodeTypes } = chain;
  const others = roles.filter((one) => one.name !== role.name && one.required);
  const clients = Object.fromEntries([
    [role.name, { name: client.name }],
    ...others.flatMap((one) => (one.clients[0] === undefined ? [] : [[one.name, { name: one.clients[0].name }]])),
  ]);
  return nodeTypes.map((nodeType) => {
    const spec: NodeSpec = {
      chain: name,
      network: publicNetwork(client, chain),
      nodeType,
      clients,
      storage: { data: { size: '1Gi' } },
      serviceType: 'ClusterIP',
      desiredState: 'Running',
      deletionPolicy: 'Retain',
      ...(nodeType === 'validator' ? { identity: { secretName: 'example' } } : {}),
    };
    return { apiVersion: API_VERSION, kind: 'BlockchainNode', metadata: { name: 'example' }, spec };
  });
}

function publicNetwork(client: ClientInfo, { networks, customNetworks }: Chain): string {
  const found = networks.find(
    ({ name, development }) => development !== true && (client.networks?.includes(name) ?? true),
  );
  return found?.name ?? (customNetworks ? 'example-1' : (networks[0]?.name ?? ''));
}

/** Kind of job → why none of the nodes can have it. */
function refusals(nodes: readonly BlockchainNode[], { jobs, title }: Chain): Readonly<Record<string, string>> {
  const none = { how: 'refused', reason: `${title} does not support this job.` } as const;
  const asked: Readonly<Record<string, (node: BlockchainNode) => Answer>> = {
    Snapshot: (node) => jobs?.snapshot(node, 1) ?? none,
    BlockHeightFallback: (node) => jobs?.rollback(node, 1) ?? none,
    Switchover: (node) => jobs?.switchover(node) ?? none,
  };
  return Object.fromEntries(
    Object.entries(asked).flatMap(([kind, ask]) => {
      const answers = nodes.map(ask);
      const [first] = answers.flatMap((answer) => (answer.how === 'refused' ? [answer.reason ?? ''] : []));
      return first !== undefined && answers.every(({ how }) => how === 'refused') ? [[kind, first]] : [];
    }),
  );
}

interface Answer {
  readonly how: string;
  readonly reason?: string;
}

/** `integer`, `text`, or the allowed values separated by `|`. */
function typesOf(known: Readonly<Record<string, ValueType>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(known).map(([name, type]) => [name, typeof type === 'string' ? type : type.join('|')]),
  );
}
