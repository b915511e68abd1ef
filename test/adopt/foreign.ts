// Workloads as other tools make them, cut down to what matters here.

import type { KubeObject } from '../../src/api/objects.ts';

/** https://github.com/ethpandaops/ethereum-helm-charts, charts/geth: a shell script around the client. */
export const ethpandaopsGeth: KubeObject = {
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: {
    name: 'geth',
    namespace: 'chains',
    labels: { 'app.kubernetes.io/managed-by': 'Helm' },
    annotations: { 'meta.helm.sh/release-name': 'geth', 'meta.helm.sh/release-namespace': 'chains' },
  },
  spec: {
    replicas: 1,
    volumeClaimTemplates: [{ metadata: { name: 'storage' }, spec: {} }],
    template: {
      metadata: { labels: { 'app.kubernetes.io/name': 'geth', 'app.kubernetes.io/instance': 'geth' } },
      spec: {
        nodeSelector: { disk: 'nvme' },
        securityContext: { fsGroup: 10_001, runAsUser: 10_001 },
        volumes: [{ name: 'jwt', secret: { secretName: 'geth-jwt' } }],
        initContainers: [{ name: 'init-chown-data', image: 'busybox:1.36' }],
        containers: [
          {
            name: 'geth',
            image: 'docker.io/ethereum/client-go:v1.16.7',
            command: [
              'sh',
              '-ac',
              '. /env/init-nodeport;\nexec geth --datadir=/data --hoodi \\\n --http --http.addr=0.0.0.0 --cache 4096 --maxpeers=80 \\\n --authrpc.jwtsecret="/data/jwt.hex" --nat=extip:$EXTERNAL_IP --ethstats=$(STATS)',
            ],
            ports: [{ containerPort: 30_303 }, { containerPort: 8545 }, { containerPort: 8551 }],
            env: [{ name: 'STATS', value: 'x' }],
            resources: { requests: { cpu: '2', memory: '8Gi' } },
            volumeMounts: [
              { name: 'storage', mountPath: '/data' },
              { name: 'jwt', mountPath: '/data/jwt.hex', subPath: 'jwt.hex' },
            ],
          },
          { name: 'metrics-exporter', image: 'ethpandaops/ethereum-metrics-exporter:1.0.0' },
        ],
      },
    },
  },
};

/** A pod without a StatefulSet, as cosmopilot (https://github.com/voluzi/cosmopilot) creates it. */
export const cosmopilotPod: KubeObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'gaia-0',
    namespace: 'chains',
    labels: { 'chain-node': 'gaia-0' },
    ownerReferences: [
      { apiVersion: 'cosmopilot.voluzi.com/v1', kind: 'ChainNode', name: 'gaia-0', uid: 'u', controller: true },
    ],
  },
  spec: {
    volumes: [
      { name: 'data', persistentVolumeClaim: { claimName: 'gaia-0' } },
      { name: 'key', secret: { secretName: 'gaia-0-priv-key' } },
    ],
    containers: [
      {
        name: 'app',
        image: 'cometbft/cometbft:v0.38.25',
        command: ['cometbft', 'start', '--home', '/home/app'],
        volumeMounts: [{ name: 'data', mountPath: '/home/app' }],
      },
    ],
  },
};

/** Written by hand, with the data in a folder of the volume. */
export function handMade(changes: { readonly args?: readonly string[]; readonly subPath?: string } = {}): KubeObject {
  const { args = ['--dev', '--datadir=/data/el'], subPath = '' } = changes;
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'solo', namespace: 'chains' },
    spec: {
      replicas: 1,
      volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: {} }],
      template: {
        metadata: { labels: { app: 'solo' } },
        spec: {
          containers: [
            {
              name: 'geth',
              image: 'ethereum/client-go:v1.16.7',
              command: ['geth'],
              args,
              volumeMounts: [{ name: 'data', mountPath: '/data', ...(subPath === '' ? {} : { subPath }) }],
            },
          ],
        },
      },
    },
  };
}
