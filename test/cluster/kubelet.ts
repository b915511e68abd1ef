// The kubelet of a cluster with real pods.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { getObject } from './api.ts';
import { binary } from './binaries.ts';
import { keyPair } from './certificates.ts';
import { makeCgroups } from './cgroups.ts';
import { containerdSocket } from './containerd.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { startServer, waitFor } from './processes.ts';
import { CLUSTER_DOMAIN } from './services.ts';
import type { ClusterState } from './state.ts';

export const POD_NODE = 'node-0';

/** Starts it; resolves once the node is ready for pods. */
export async function startKubelet(state: ClusterState): Promise<void> {
  const root = join(state.directory, 'kubelet');
  mkdirSync(root, { recursive: true });
  const config = join(state.directory, 'kubelet.json');
  writeFileSync(config, JSON.stringify(configuration(state), null, 2));
  const args = [
    `--config=${config}`,
    `--kubeconfig=${writeKubeconfig(state, 'kubelet')}`,
    `--hostname-override=${POD_NODE}`,
    `--node-ip=${state.address}`,
    `--root-dir=${root}`,
  ];
  await startServer(state.directory, { name: 'kubelet', program: await binary('kubelet'), args });
  const needed = { directory: state.directory, servers: ['containerd', 'kubelet', 'kube-apiserver'] };
  await waitFor({ what: 'the node to be ready', timeoutMs: 120_000, needed }, () => isNodeReady(state, POD_NODE));
}

/** Whether this node reports Ready. */
export async function isNodeReady(state: ClusterState, node: string): Promise<boolean> {
  interface NodeObject {
    readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
  }
  const object = await getObject<NodeObject>(state, `/api/v1/nodes/${node}`);
  return object?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

function configuration(state: ClusterState): object {
  const serving = keyPair(state, 'kubelet');
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: state.address,
    port: 10250,
    readOnlyPort: 0,
    healthzPort: 0,
    tlsCertFile: serving.certificate,
    tlsPrivateKeyFile: serving.key,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: keyPair(state, 'ca').certificate },
    },
    authorization: { mode: 'Webhook' },
    containerRuntimeEndpoint: `unix://${containerdSocket(state.name)}`,
    podLogsDir: join(state.directory, 'pod-logs'),
    volumePluginDir: join(state.directory, 'kubelet', 'volume-plugins'),
    clusterDNS: [state.address],
    clusterDomain: CLUSTER_DOMAIN,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: makeCgroups(state.name),
    cgroupsPerQOS: true,
    enforceNodeAllocatable: ['pods'],
    failCgroupV1: false,
    failSwapOn: false,
    localStorageCapacityIsolation: false,
    makeIPTablesUtilChains: false,
    // A developer's machine is often nearly full: that is no reason to evict a test's pods.
    evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
    imageGCHighThresholdPercent: 100,
    serializeImagePulls: false,
    registerNode: true,
  };
}
