// Real containers: the chains' own software under the restrictions of a production cluster, and nothing left afterwards.

import { existsSync } from 'node:fs';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { testCluster, testNamespace, type TestNamespace } from '../support/cluster.ts';
import { binary } from './binaries.ts';
import { API_SERVICE_ADDRESS } from './certificates.ts';
import { cgroupLeftovers } from './cgroups.ts';
import { down, up } from './cluster.ts';
import { run } from './command.ts';
import { runDirectory } from './containerd.ts';
import { networkLeftovers } from './network.ts';
import { runningServer } from './processes.ts';
import { kubeconfigPath } from './state.ts';

const RESTRICTED = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, readOnlyRootFilesystem: true };

describe('chain software', () => {
  let kubeconfig: string;
  let namespace: TestNamespace;
  beforeAll(async () => {
    const cluster = await testCluster();
    kubeconfig = cluster.kubeconfigPath;
    namespace = await testNamespace(cluster, 'real');
  });
  afterAll(() => namespace.remove());

  it('geth makes blocks as user 1000 on a volume that outlives its pod', async () => {
    const kubectl = kubectlFor(kubeconfig, namespace.name);
    await kubectl(['apply', '-f', '-'], [volumeClaim(), gethPod()]);
    await kubectl(['wait', 'pod/geth', '--for=condition=Ready', '--timeout=90s']);
    const address = (await kubectl(['get', 'pod', 'geth', '-o', 'jsonpath={.status.podIP}'])).trim();
    await expect.poll(() => blockNumber(address), { timeout: 60_000, interval: 500 }).toBeGreaterThan(2);
    expect(await kubectl(['exec', 'geth', '--', 'id', '-u'])).toBe('1000\n');
    expect(await kubectl(['logs', 'geth', '-c', 'prepare'])).toContain('Version: 1.16.7');

    await kubectl(['delete', 'pod', 'geth', '--wait']);
    await kubectl(['apply', '-f', '-'], [gethPod()]);
    await kubectl(['wait', 'pod/geth', '--for=condition=Ready', '--timeout=90s']);
    expect(await kubectl(['exec', 'geth', '--', 'cat', '/data/prepared'])).toBe('once\nonce\n');
  });

  it('cometbft runs as any user and says its version', async () => {
    const kubectl = kubectlFor(kubeconfig, namespace.name);
    const container = { name: 'main', image: 'cometbft/cometbft:v1.0.1', args: ['version'] };
    await kubectl(
      ['apply', '-f', '-'],
      [pod('cometbft', 65532, { restartPolicy: 'Never', containers: [{ ...container, securityContext: RESTRICTED }] })],
    );
    await kubectl(['wait', 'pod/cometbft', '--for=jsonpath={.status.phase}=Succeeded', '--timeout=60s']);
    expect(await kubectl(['logs', 'cometbft'])).toBe('1.0.1\n');
  });

  it('pods reach the API server at the address their environment names', async () => {
    const kubectl = kubectlFor(kubeconfig, namespace.name);
    const container = {
      name: 'main',
      image: 'busybox:1.36',
      command: ['nc', '-w', '5', API_SERVICE_ADDRESS, '443', '-e', 'true'],
    };
    await kubectl(
      ['apply', '-f', '-'],
      [pod('caller', 65532, { restartPolicy: 'Never', containers: [{ ...container, securityContext: RESTRICTED }] })],
    );
    const waited = await kubectl(['wait', 'pod/caller', '--for=jsonpath={.status.phase}=Succeeded', '--timeout=60s']);
    expect(waited).toContain('condition met');
  });

  it('pods find the node at one hardware address, whichever of them come and go', async () => {
    const kubectl = kubectlFor(kubeconfig, namespace.name);
    const sleeper = { name: 'main', image: 'busybox:1.36', command: ['sleep', '600'], securityContext: RESTRICTED };
    const names = Array.from({ length: 6 }, (_, index) => `guest-${index}`);
    await kubectl(
      ['apply', '-f', '-'],
      names.map((name) => pod(name, 65532, { containers: [sleeper] })),
    );
    const pods = names.map((name) => `pod/${name}`);
    await kubectl(['wait', ...pods, '--for=condition=Ready', '--timeout=90s']);
    const seen = async (): Promise<string> =>
      await kubectl([
        'exec',
        'guest-5',
        '--',
        'sh',
        '-c',
        `nc -w 5 ${API_SERVICE_ADDRESS} 443 -e true; cat /proc/net/arp`,
      ]);
    const before = await seen();
    expect(before).toMatch(/ 0a:58:0a:f4:/);
    await kubectl(['delete', ...pods.slice(0, 5), '--wait', '--grace-period=1']);
    expect(await seen()).toBe(before);
  });

  it('pods reach a Service by its name, at an address that stays when its pod does not', async () => {
    const kubectl = kubectlFor(kubeconfig, namespace.name);
    const server = {
      name: 'main',
      image: 'busybox:1.36',
      command: ['sh', '-c', 'exec nc -ll -p 8080 -e hostname -i'],
      securityContext: RESTRICTED,
    };
    const client = { ...server, command: ['sleep', '600'] };
    const serverPod = labelled(pod('server', 65532, { containers: [server] }), { app: 'server' });
    await kubectl(
      ['apply', '-f', '-'],
      [serverPod, pod('client', 65532, { containers: [client] }), service('stable'), service('named', 'None')],
    );
    await kubectl(['wait', 'pod/server', 'pod/client', '--for=condition=Ready', '--timeout=60s']);
    const podAddress = async (): Promise<string> =>
      await kubectl(['get', 'pod', 'server', '-o', 'jsonpath={.status.podIP}']);
    const call = async (host: string): Promise<string> =>
      (await kubectl(['exec', 'client', '--', 'nc', '-w', '2', host, '8080']).catch(String)).trim();
    const first = await podAddress();
    for (const host of ['stable', `named.${namespace.name}.svc.cluster.local`])
      await expect.poll(() => call(host), { timeout: 20_000 }).toBe(first);

    await kubectl(['delete', 'pod', 'server', '--wait', '--grace-period=1']);
    await expect(kubectl(['exec', 'client', '--', 'nc', '-w', '20', 'stable', '8080'])).rejects.toThrow('refused');
    await kubectl(['apply', '-f', '-'], [serverPod]);
    await kubectl(['wait', 'pod/server', '--for=condition=Ready', '--timeout=60s']);
    const second = await podAddress();
    expect(second).not.toBe(first);
    for (const host of ['stable', 'named']) await expect.poll(() => call(host), { timeout: 20_000 }).toBe(second);
  });
});

function labelled(object: object, labels: Readonly<Record<string, string>>): object {
  const { metadata, ...rest } = object as { readonly metadata: object };
  return { ...rest, metadata: { ...metadata, labels } };
}

/** In front of the pod that is labelled `app: server`. */
function service(name: string, clusterIP?: string): object {
  const spec = { selector: { app: 'server' }, ports: [{ name: 'hello', port: 8080 }] };
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: clusterIP === undefined ? spec : { ...spec, clusterIP },
  };
}

describe('a cluster whose containerd was killed', () => {
  it('leaves no process, mount, interface, rule or control group when it is taken down', async () => {
    const name = `left-${process.pid}`;
    const state = await up({ name, mode: 'pods', startedBy: 'tests' });
    const kubectl = kubectlFor(kubeconfigPath(state), 'default');
    const sleeper = { name: 'main', image: 'busybox:1.36', command: ['sleep', '123456'], securityContext: RESTRICTED };
    await kubectl(['apply', '-f', '-'], [pod('sleeper', 1000, { containers: [sleeper] })]);
    await kubectl(['wait', 'pod/sleeper', '--for=condition=Ready', '--timeout=60s']);
    for (const server of ['kubelet', 'containerd'])
      process.kill(runningServer(state.directory, server)?.pid ?? Number.NaN, 'SIGKILL');

    await down(name);

    expect([...(await networkLeftovers(name)), ...cgroupLeftovers(name)]).toEqual([]);
    expect([state.directory, runDirectory(name)].filter((folder) => existsSync(folder))).toEqual([]);
    expect(await run('sh', ['-c', 'cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" " "; true'])).not.toContain(
      'sleep 123456',
    );
  });
});

type Kubectl = (args: readonly string[], objects?: readonly object[]) => Promise<string>;

function kubectlFor(kubeconfig: string, namespace: string): Kubectl {
  return async (args, objects) => {
    const input =
      objects === undefined ? {} : { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }) };
    return run(await binary('kubectl'), ['--kubeconfig', kubeconfig, '-n', namespace, ...args], {
      timeoutMs: 120_000,
      ...input,
    });
  };
}

function gethPod(): object {
  const image = 'ethereum/client-go:v1.16.7';
  const shared = { image, securityContext: RESTRICTED, volumeMounts: [{ name: 'data', mountPath: '/data' }] };
  const args = ['--dev', '--dev.period=1', '--datadir=/data', '--http', '--http.addr=0.0.0.0', '--ipcdisable'];
  return pod('geth', 1000, {
    initContainers: [
      { name: 'prepare', ...shared, command: ['/bin/sh', '-c', 'echo once >>/data/prepared && geth version'] },
    ],
    containers: [{ name: 'geth', ...shared, args }],
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
  });
}

function volumeClaim(): object {
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data' }, spec };
}

function pod(name: string, user: number, spec: object): object {
  const securityContext = {
    runAsNonRoot: true,
    runAsUser: user,
    fsGroup: user,
    seccompProfile: { type: 'RuntimeDefault' },
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { securityContext, terminationGracePeriodSeconds: 5, ...spec },
  };
}

async function blockNumber(address: string): Promise<number> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_blockNumber', params: [] });
  const headers = { 'content-type': 'application/json' };
  try {
    const response = await fetch(`http://${address}:8545`, {
      method: 'POST',
      headers,
      body,
      signal: AbortSignal.timeout(2_000),
    });
    return Number(((await response.json()) as { readonly result: string }).result);
  } catch {
    return 0;
  }
}
