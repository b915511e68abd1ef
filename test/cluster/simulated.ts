// A simulated kubelet for machines without root: kwok moves pods through their life without running anything.

import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { applyObject } from './api.ts';
import { binary } from './binaries.ts';
import { inCache } from './cache.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { isNodeReady } from './kubelet.ts';
import { moduleFolder } from './module-folder.ts';
import { KWOK, versionOf } from './modules.ts';
import { startServer, waitFor } from './processes.ts';
import type { ClusterState } from './state.ts';

export const SIMULATED_NODE = 'node-0';

/** Folders of kwok's own stages: a node that reports ready and keeps its lease, pods that start at once or, by a label, fail. */
const STAGES = ['node/fast', 'node/heartbeat-with-lease', 'pod/fast', 'pod/chaos'] as const;

/** Starts kwok with one large node; resolves once that is ready. */
export async function startSimulatedNode(state: ClusterState): Promise<void> {
  const args = [
    `--kubeconfig=${writeKubeconfig(state, 'admin')}`,
    '--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake',
    `--server-address=127.0.0.1:${state.ports.kwok}`,
    '--node-lease-duration-seconds=40',
    '--cidr=10.245.0.0/16',
    `--config=${await kwokStages()}`,
  ];
  await startServer(state.directory, { name: 'kwok', program: await binary('kwok'), args });
  await addSimulatedNode(state, SIMULATED_NODE);
  const needed = { directory: state.directory, servers: ['kwok', 'kube-apiserver'] };
  await waitFor({ what: 'the simulated node to be ready', timeoutMs: 60_000, needed }, () =>
    isNodeReady(state, SIMULATED_NODE),
  );
}

/** One more node for simulated pods. */
export async function addSimulatedNode(state: ClusterState, name: string): Promise<void> {
  const resources = { cpu: '1000', memory: '4Ti', pods: '5000', 'ephemeral-storage': '100Ti' };
  await applyObject(state, `/api/v1/nodes/${name}`, {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      annotations: { 'kwok.x-k8s.io/node': 'fake' },
      labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', type: 'kwok' },
    },
    status: { allocatable: resources, capacity: resources },
  });
}

/** One file with the stages that belong to this version of kwok, taken from its module. */
async function kwokStages(): Promise<string> {
  const path = inCache('bin', `${KWOK.folder}@${versionOf(KWOK)}`, 'stages.yaml');
  if (existsSync(path)) return path;
  const folder = await moduleFolder(KWOK);
  const documents = STAGES.flatMap((stage) => stageDocuments(join(folder, 'kustomize', 'stage', stage)));
  mkdirSync(inCache('bin', `${KWOK.folder}@${versionOf(KWOK)}`), { recursive: true });
  writeFileSync(`${path}.${process.pid}`, documents.join('\n---\n'));
  renameSync(`${path}.${process.pid}`, path);
  return path;
}

function stageDocuments(folder: string): readonly string[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.yaml') && name !== 'kustomization.yaml');
  return names.toSorted().map((name) => readFileSync(join(folder, name), 'utf8'));
}
