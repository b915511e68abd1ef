// The test cluster itself: tests of everything else rest on it.

import { existsSync } from 'node:fs';

import { CoreV1Api, KubeConfig, VersionApi } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { privateCluster, testCluster, testNamespace, type PrivateCluster } from '../support/cluster.ts';
import { up } from './cluster.ts';
import { runningServer } from './processes.ts';

describe('a shared cluster', () => {
  it('gives a restricted namespace where a pod gets its volume and runs', async () => {
    const cluster = await testCluster();
    const api = configOf(cluster.kubeconfigPath).makeApiClient(CoreV1Api);
    const namespace = await testNamespace(cluster, 'volumes');
    try {
      await api.createNamespacedPersistentVolumeClaim({
        namespace: namespace.name,
        body: {
          metadata: { name: 'data' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
        },
      });
      await api.createNamespacedPod({ namespace: namespace.name, body: restrictedPod('data') });
      await expect.poll(() => phaseOf(api, namespace.name), { timeout: 60_000 }).toBe('Running');
      const claim = await api.readNamespacedPersistentVolumeClaim({ name: 'data', namespace: namespace.name });
      expect(claim.status).toMatchObject({ phase: 'Bound', capacity: { storage: '1Gi' } });
    } finally {
      await namespace.remove();
    }
  });

  it('refuses a pod that may run as root', async () => {
    const cluster = await testCluster();
    const namespace = await testNamespace(cluster, 'refusal');
    const body = { metadata: { name: 'root' }, spec: { containers: [{ name: 'main', image: 'busybox:1.36' }] } };
    const creation = configOf(cluster.kubeconfigPath)
      .makeApiClient(CoreV1Api)
      .createNamespacedPod({ namespace: namespace.name, body });
    await expect(creation).rejects.toMatchObject({ code: 403, body: expect.stringContaining('violates PodSecurity') });
    await namespace.remove();
  });
});

describe('a private cluster', () => {
  let cluster: PrivateCluster;
  beforeAll(async () => {
    cluster = await privateCluster('self');
  });
  afterAll(() => cluster.down());

  it('keeps its objects and its address when its API server is killed and started again', async () => {
    const { name } = await testNamespace(cluster, 'kept');
    await cluster.apiServer.kill();
    await expect(configOf(cluster.kubeconfigPath).makeApiClient(VersionApi).getCode()).rejects.toThrow(
      /ECONNREFUSED|fetch failed/,
    );
    await cluster.apiServer.start();
    const api = configOf(cluster.kubeconfigPath).makeApiClient(CoreV1Api);
    await expect(api.readNamespace({ name })).resolves.toMatchObject({ metadata: { name } });
  });

  it('is created again when one of its servers has ended, and leaves nothing when it is deleted', async () => {
    const { name } = await testNamespace(cluster, 'lost');
    const etcd = runningServer(cluster.state.directory, 'etcd');
    process.kill(etcd?.pid ?? Number.NaN, 'SIGKILL');
    await expect.poll(() => runningServer(cluster.state.directory, 'etcd')).toBeUndefined();
    const again = await up({ name: cluster.state.name, mode: 'simulated', startedBy: 'tests' });
    const api = configOf(cluster.kubeconfigPath).makeApiClient(CoreV1Api);
    await expect(api.readNamespace({ name })).rejects.toMatchObject({ code: 404 });
    const server = runningServer(again.directory, 'kube-apiserver');
    await cluster.down();
    expect(existsSync(again.directory)).toBe(false);
    // The server was this process's child: it is gone once that was noticed.
    await expect.poll(() => isAlive(server?.pid), { timeout: 10_000 }).toBe(false);
  });
});

function isAlive(pid: number | undefined): boolean {
  if (pid === undefined) throw new Error('the server was not running');
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function configOf(path: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromFile(path);
  return config;
}

async function phaseOf(api: CoreV1Api, namespace: string): Promise<string | undefined> {
  return (await api.readNamespacedPod({ name: 'main', namespace })).status?.phase;
}

function restrictedPod(claimName: string): object {
  return {
    metadata: { name: 'main' },
    spec: {
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 1000,
        fsGroup: 1000,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [
        {
          name: 'main',
          image: 'busybox:1.36',
          command: ['sleep', 'infinity'],
          volumeMounts: [{ name: 'data', mountPath: '/data' }],
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        },
      ],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }],
    },
  };
}
