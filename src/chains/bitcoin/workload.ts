// Turns a Bitcoin node into one container that reads its password, or the password's hash, from a Secret of its own.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import type { ContainerSpec, Workload } from '../workload.ts';
import { roleFields, soleVolume } from '../role-fields.ts';
import { type BitcoinClient, DATA_PATH, type Run, SECRET_PATH } from './client.ts';
import { clientOf } from './clients.ts';
import { networkOf } from './networks.ts';
import { p2pPort } from './p2p.ts';

/** Only called for specs that passed the check. */
export function workload(node: BlockchainNode): Workload {
  const client = clientOf(node.spec);
  const run = client.run(node.spec);
  return {
    containers: [container(node, client, run)],
    initContainers: [],
    files: run.files,
    generatedSecrets: [client.secret],
    volumes: [soleVolume(node.spec, 'node')],
    // Both clients write their whole cache when they stop; killed before, they start over from the last flush.
    terminationGracePeriodSeconds: 600,
    uid: 1000,
    gid: 1000,
  };
}

function container({ spec }: BlockchainNode, client: BitcoinClient, run: Run): ContainerSpec {
  return {
    ...roleFields(spec, 'node', client),
    name: 'node',
    command: [client.name],
    args: run.args,
    ports: [
      { name: 'rpc', port: networkOf(spec.network).rpc, purpose: 'rpc' },
      { name: 'p2p', port: p2pPort(spec), purpose: 'p2p' },
    ],
    mounts: [
      { kind: 'storage', name: soleVolume(spec, 'node'), path: DATA_PATH },
      ...run.mounts,
      { kind: 'generated', name: client.secret.name, path: SECRET_PATH },
      { kind: 'scratch', name: 'tmp', path: '/tmp' },
    ],
    readinessProbe: { kind: 'tcp', port: run.readyPort, periodSeconds: 10, failureThreshold: 3 },
  };
}
