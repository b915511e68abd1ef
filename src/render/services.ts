// The node's Services: one for its DNS name, one for RPC inside the cluster, one for peers.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import type { KubeObject } from '../api/objects.ts';
import type { Port, Workload } from '../chains/workload.ts';
import { metadataOf, selectorLabels } from './labels.ts';
import { namesOf } from './names.ts';

interface ServicePort {
  readonly name: string;
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP';
  readonly targetPort: number;
  readonly nodePort?: number;
}

/** Services without ports are left out. RPC and metrics are never offered outside the cluster. */
export function services(node: BlockchainNode, workload: Workload): readonly KubeObject[] {
  const ports = [...workload.containers.flatMap((container) => container.ports ?? []), ...sidecarPorts(node)];
  const names = namesOf(node);
  const rpc = ports.filter((port) => port.purpose === 'rpc').map(servicePort);
  const p2p = ports.filter((port) => port.purpose === 'p2p').map((port) => peerPort(node, port));
  return [
    service(node, names.headlessService, {
      clusterIP: 'None',
      publishNotReadyAddresses: true,
      ports: ports.map(servicePort),
    }),
    ...(rpc.length === 0 ? [] : [service(node, names.rpcService, { type: 'ClusterIP', ports: rpc })]),
    // Peers must reach a node that is not ready: that is how it gets ready.
    ...(p2p.length === 0
      ? []
      : [service(node, names.p2pService, { type: node.spec.serviceType, publishNotReadyAddresses: true, ports: p2p })]),
  ];
}

function service(node: BlockchainNode, name: string, spec: Readonly<Record<string, unknown>>): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadataOf(node, name),
    spec: { ...spec, selector: selectorLabels(node) },
  };
}

function servicePort(port: Port): ServicePort {
  return { name: port.name, port: port.port, protocol: port.protocol ?? 'TCP', targetPort: port.port };
}

/** The port that peers are given must be the one that is open on the Kubernetes node. */
function peerPort(node: BlockchainNode, port: Port): ServicePort {
  const fixed = node.spec.serviceType === 'NodePort' && node.spec.p2p?.port !== undefined;
  return { ...servicePort(port), ...(fixed ? { nodePort: port.port } : {}) };
}

function sidecarPorts(node: BlockchainNode): readonly Port[] {
  return (node.spec.sidecars ?? []).flatMap((sidecar) =>
    (sidecar.ports ?? []).map(({ name, port }) => ({ name, port, purpose: 'internal' as const })),
  );
}
