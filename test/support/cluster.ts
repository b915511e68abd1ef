// The Kubernetes a test works with: a shared one for the whole run, or one of its own that it may break.

import { randomBytes } from 'node:crypto';

import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { inject } from 'vitest';

import { release, up } from '../cluster/cluster.ts';
import { startApiServer } from '../cluster/control-plane.ts';
import { stopServer } from '../cluster/processes.ts';
import { kubeconfigPath, readState, type ClusterState, type Mode } from '../cluster/state.ts';
import './cluster-context.ts';

export interface TestCluster {
  readonly kubeconfigPath: string;
  /** `existing` is the one KUBECONFIG names: it may be of any kind, and other people may use it. */
  readonly mode: Mode | 'existing';
  /** The state of a cluster of our own: for images, addresses, folders. */
  readonly state?: ClusterState;
}

/** The API server as something that fails: always the same address, real processes. */
export interface ApiServerControl {
  /** Ends it the way a roll-out does: open requests get a moment. */
  stop(): Promise<void>;
  /** Ends it the way a power failure does. */
  kill(): Promise<void>;
  /** Resolves once it is ready again. */
  start(): Promise<void>;
  restart(): Promise<void>;
}

export interface PrivateCluster extends TestCluster {
  readonly state: ClusterState;
  readonly apiServer: ApiServerControl;
  /** Ends it and leaves nothing; a killed test's cluster is removed by the next run. */
  down(): Promise<void>;
}

export interface TestNamespace {
  readonly name: string;
  /** Resolves when its deletion was accepted. */
  remove(): Promise<void>;
}

/** The cluster that the whole run shares, or the one KUBECONFIG names. Throws outside the projects that start one. */
export async function testCluster(): Promise<TestCluster> {
  const shared = inject('cluster');
  if (shared === undefined) throw new Error('no cluster in this project: run with --project cluster or --project pods');
  const state = shared.name === undefined ? undefined : readState(shared.name);
  return { kubeconfigPath: shared.kubeconfigPath, mode: shared.mode, ...(state === undefined ? {} : { state }) };
}

/** A control plane with simulated pods for one test file alone, up in a few seconds. Call its `down` in afterAll. */
export async function privateCluster(label: string): Promise<PrivateCluster> {
  const name = `p-${label.slice(0, 14)}-${process.pid}`;
  const state = await up({ name, mode: 'simulated', startedBy: 'tests' });
  return {
    kubeconfigPath: kubeconfigPath(state),
    mode: state.mode,
    state,
    apiServer: apiServerControl(state),
    down: () => release(name),
  };
}

/** A namespace of the caller's own, which admits only pods of the "restricted" standard, as a production cluster would. */
export async function testNamespace(cluster: TestCluster, label = 'test'): Promise<TestNamespace> {
  const config = new KubeConfig();
  config.loadFromFile(cluster.kubeconfigPath);
  const api = config.makeApiClient(CoreV1Api);
  const name = `${label}-${randomBytes(4).toString('hex')}`;
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted', 'nodewright.dev/test': 'true' };
  await api.createNamespace({ body: { metadata: { name, labels } } });
  return { name, remove: async () => void (await api.deleteNamespace({ name })) };
}

function apiServerControl(state: ClusterState): ApiServerControl {
  const stop = (graceMs: number): Promise<void> => stopServer(state.directory, 'kube-apiserver', graceMs);
  return {
    stop: () => stop(5_000),
    kill: () => stop(0),
    start: () => startApiServer(state),
    restart: async () => {
      await stop(2_000);
      await startApiServer(state);
    },
  };
}
