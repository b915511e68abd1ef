// What the two older layouts have in common: one claim for all nodes of a chain, each in a folder that bears its name.

import type { KubeObject } from '../../../src/api/objects.ts';
import { serviceImage, type CitaService } from './images.ts';

const SERVICES: readonly { readonly name: string; readonly image: CitaService; readonly port: number }[] = [
  { name: 'network', image: 'network_zenoh', port: 50_000 },
  { name: 'consensus', image: 'consensus_overlord', port: 50_001 },
  { name: 'executor', image: 'executor_evm', port: 50_002 },
  { name: 'storage', image: 'storage_opendal', port: 50_003 },
  { name: 'controller', image: 'controller_hsm', port: 50_004 },
];

/** The volume that all nodes of a chain share. */
export function sharedClaim(name: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name },
    spec: {
      accessModes: ['ReadWriteMany'],
      storageClassName: 'standard',
      resources: { requests: { storage: '64Mi' } },
    },
  };
}

export interface SharedPod {
  readonly claim: string;
  /** Where the node's folder is mounted. */
  readonly mount: { readonly subPath: string } | { readonly subPathExpr: string };
  readonly env?: readonly object[];
}

/**
 * The pod of one node. The tools put configuration and keys into the folder before the services start; the first
 * container stands for that. Root, as these tools' images were.
 */
export function sharedPod({ claim, mount, env = [] }: SharedPod): object {
  const common = { env: [...env, { name: 'ACCOUNT', value: '/data' }], volumeMounts: [dataMount(mount)] };
  const make = 'cd /data; for f in config.toml private_key node_address; do [ -f $f ] || hostname > $f; done';
  return {
    terminationGracePeriodSeconds: 5,
    initContainers: [{ name: 'create', image: 'busybox:1.36', command: ['sh', '-ec', make], ...common }],
    containers: SERVICES.map(({ name, image, port }) => ({
      name,
      image: serviceImage(image),
      ports: [{ name: 'grpc', containerPort: port }],
      command: ['sh', '-c', `exec ${name} run`],
      resources: { requests: { cpu: '1m', memory: '8Mi' } },
      ...common,
    })),
    volumes: [{ name: 'datadir', persistentVolumeClaim: { claimName: claim } }],
  };
}

function dataMount(mount: SharedPod['mount']): object {
  return { name: 'datadir', mountPath: '/data', ...mount };
}

/** A Service that finds a node's pods by labels. */
export function rpcService(name: string, selector: Readonly<Record<string, string>>): KubeObject {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { selector, ports: [{ port: 50004 }] } };
}
