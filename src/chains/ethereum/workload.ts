// Turns an Ethereum node into containers: the execution client first, then the consensus client.

import type { BlockchainNode, NodeSpec } from '../../api/blockchain-node.ts';
import type { ContainerSpec, Mount, Port, Probe, Workload } from '../workload.ts';
import { toArguments } from '../flags.ts';
import { roleFields } from '../role-fields.ts';
import type { EthereumClient } from './client.ts';
import { consensusClients } from './consensus.ts';
import { executionClients } from './execution.ts';
import { dataMount, JWT_KEY, JWT_SECRET, type Place, placeOf } from './place.ts';

type RoleName = 'el' | 'cl';

interface Running {
  readonly role: RoleName;
  readonly client: EthereumClient;
  readonly place: Place;
  readonly spec: NodeSpec;
}

/** Containers, init containers and secrets of a checked spec. */
export function workload(node: BlockchainNode): Workload {
  const running = runningClients(node.spec);
  const names = running.map((one) => (one.spec.storage[one.role] === undefined ? 'data' : one.role));
  return {
    containers: running.map(containerOf),
    initContainers: running.flatMap(initContainerOf),
    files: {},
    generatedSecrets: usesEngine(node.spec)
      ? [{ name: JWT_SECRET, keys: { [JWT_KEY]: { kind: 'hex', bytes: 32 } } }]
      : [],
    volumes: [...new Set(names)],
    terminationGracePeriodSeconds: 300,
    uid: 1000,
    gid: 1000,
  };
}

/** The row of the client that plays a role, or undefined when the node has none there. */
export function clientOf(spec: NodeSpec, role: RoleName): EthereumClient | undefined {
  const table = role === 'el' ? executionClients : consensusClients;
  return table.find((client) => client.name === spec.clients[role]?.name);
}

function runningClients(spec: NodeSpec): readonly Running[] {
  return (['el', 'cl'] as const).flatMap((role) => {
    const client = clientOf(spec, role);
    return client === undefined ? [] : [{ role, client, place: placeOf(spec, role, client), spec }];
  });
}

function containerOf({ role, client, place, spec }: Running): ContainerSpec {
  const { command } = client;
  return {
    ...common(spec, role, client),
    name: role,
    command,
    args: toArguments('--', client.managed(place), client.chosen(place), spec.args?.[role] ?? {}),
    ports: portsOf(role, client, place),
    mounts: mountsOf(spec, role),
    readinessProbe: readiness(role, client),
  };
}

function initContainerOf({ role, client, place, spec }: Running): readonly ContainerSpec[] {
  const run = client.before?.(place);
  if (run === undefined) return [];
  const { name, command } = run;
  const args = toArguments('--', run.flags);
  return [{ ...common(spec, role, client), name, command, args, mounts: mountsOf(spec, role) }];
}

function common(spec: NodeSpec, role: RoleName, client: EthereumClient) {
  return { ...roleFields(spec, role, client), ...(client.writableRoot === true ? { writableRoot: true } : {}) };
}

function portsOf(role: RoleName, { ports, metricsPath }: EthereumClient, place: Place): readonly Port[] {
  const rpc: Port[] = [{ name: `${role}-rpc`, port: ports.rpc, purpose: 'rpc' }];
  const ws: Port[] = ports.ws === undefined ? [] : [{ name: `${role}-ws`, port: ports.ws, purpose: 'rpc' }];
  const metrics: Port = { name: `${role}-metrics`, port: ports.metrics, purpose: 'metrics', path: metricsPath };
  if (place.development) return [...rpc, ...ws, metrics];
  const quic: Port[] =
    ports.quic === undefined
      ? []
      : [{ name: `${role}-p2p-quic`, port: place.quicPort, protocol: 'UDP', purpose: 'p2p' }];
  return [
    ...rpc,
    ...ws,
    { name: `${role}-p2p-tcp`, port: place.p2pPort, purpose: 'p2p' },
    { name: `${role}-p2p-udp`, port: place.p2pPort, protocol: 'UDP', purpose: 'p2p' },
    ...quic,
    metrics,
  ];
}

function mountsOf(spec: NodeSpec, role: RoleName): readonly Mount[] {
  const jwt: Mount = { kind: 'generated', name: JWT_SECRET, path: '/secrets/jwt' };
  const scratch: Mount = { kind: 'scratch', name: `${role}-tmp`, path: '/tmp' };
  return usesEngine(spec) ? [dataMount(spec, role), jwt, scratch] : [dataMount(spec, role), scratch];
}

/** Without a consensus client (development) no client uses the engine API. */
function usesEngine(spec: NodeSpec): boolean {
  return spec.clients['cl'] !== undefined;
}

/**
 * Ready means "answers", so that people can ask a syncing node; whether it is synced is a matter of status. There is no
 * liveness probe: a client that repairs its database must not be killed for being slow.
 */
function readiness(role: RoleName, { ports }: EthereumClient): Probe {
  return role === 'el'
    ? { kind: 'tcp', port: ports.rpc, periodSeconds: 10, failureThreshold: 3 }
    : { kind: 'http', port: ports.rpc, path: '/eth/v1/node/health', periodSeconds: 10, failureThreshold: 3 };
}
