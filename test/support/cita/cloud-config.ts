// What `cloud-config update-yaml` 6.7 generates for one node, in the names, labels and volumes that jobs rely on.
//
// Left out: the gRPC probes, whose program is not in the stand-in images, and volumes of the machine.

import type { KubeObject } from '../../../src/api/objects.ts';
import { serviceImage, type CitaService } from './images.ts';

const SERVICES: readonly {
  readonly name: string;
  readonly image: CitaService;
  readonly port: number;
  readonly signs: boolean;
}[] = [
  { name: 'network', image: 'network_zenoh', port: 50_000, signs: true },
  { name: 'consensus', image: 'consensus_overlord', port: 50_001, signs: true },
  { name: 'executor', image: 'executor_evm', port: 50_002, signs: false },
  { name: 'storage', image: 'storage_opendal', port: 50_003, signs: false },
  { name: 'controller', image: 'controller_hsm', port: 50_004, signs: true },
];

/** Configuration, account, Service and StatefulSet of `node`, which is named `<chain>-<domain>`. */
export function cloudConfigNode(chain: string, node: string): readonly KubeObject[] {
  const labels = { 'app.kubernetes.io/chain-name': chain, 'app.kubernetes.io/chain-node': node };
  return [
    configMap({
      name: `${node}-config`,
      labels,
      data: { 'config.toml': '[network_zenoh]\n[consensus_overlord]\n[storage_opendal]\n' },
    }),
    configMap({
      name: `${node}-account`,
      labels,
      data: { node_address: `0x${node}`, validator_address: `0x${node}` },
      privateKey: `key of ${node}`,
    }),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: node, labels },
      spec: {
        selector: labels,
        ports: [
          { name: 'network', port: 40000, protocol: 'UDP' },
          { name: 'rpc', port: 50004 },
          { name: 'call', port: 50002 },
        ],
      },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: node, labels },
      spec: {
        replicas: 1,
        serviceName: '',
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: podSpec(chain, node) },
        volumeClaimTemplates: [
          {
            metadata: { name: 'datadir' },
            spec: {
              accessModes: ['ReadWriteOnce'],
              storageClassName: 'standard',
              resources: { requests: { storage: '64Mi' } },
            },
          },
        ],
      },
    },
  ];
}

function podSpec(chain: string, node: string): object {
  const away = { labelSelector: { matchLabels: { 'app.kubernetes.io/chain-name': chain } } };
  return {
    terminationGracePeriodSeconds: 5,
    affinity: {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 100, podAffinityTerm: { ...away, topologyKey: 'kubernetes.io/hostname' } },
        ],
      },
    },
    securityContext: {
      runAsUser: 1000,
      runAsGroup: 1000,
      fsGroup: 1000,
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: SERVICES.map(({ name, image, port, signs }) => ({
      name,
      image: serviceImage(image),
      ports: [{ name: 'grpc', containerPort: port }],
      workingDir: '/data',
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      resources: { requests: { cpu: '1m', memory: '8Mi' } },
      volumeMounts: [
        { name: 'datadir', mountPath: '/data' },
        { name: 'node-config', mountPath: '/etc/cita-cloud/config' },
        ...(signs ? [{ name: 'node-account', mountPath: '/mnt' }] : []),
      ],
    })),
    volumes: [
      { name: 'node-account', configMap: { name: `${node}-account` } },
      { name: 'node-config', configMap: { name: `${node}-config` } },
    ],
  };
}

interface ConfigMap {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly data: Readonly<Record<string, string>>;
  readonly privateKey?: string;
}

function configMap({ name, labels, data, privateKey }: ConfigMap): KubeObject {
  const key = privateKey === undefined ? {} : { binaryData: { private_key: btoa(privateKey) } };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels }, data, ...key };
}
