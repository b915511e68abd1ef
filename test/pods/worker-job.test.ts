// The Jobs that the controller renders, run by a real kubelet under the Pod Security level of a production cluster.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { KubeObject } from '../../src/api/objects.ts';
import type { TaskResult } from '../../src/api/worker-task.ts';
import type { JobTarget } from '../../src/api/job-status.ts';
import type { JobView } from '../../src/jobs/model/job-kind.ts';
import { parseResult } from '../../src/jobs/task/result.ts';
import { renderWorkerJob } from '../../src/jobs/task/render-job.ts';
import { binary } from '../cluster/binaries.ts';
import { run } from '../cluster/command.ts';
import { importMissing } from '../cluster/images.ts';
import { importWorkerImage } from '../cluster/worker-image.ts';
import { citaTarget, kindNamed, managedTarget, settings, source, viewFor } from '../jobs/support/fixtures.ts';
import { testCluster, testNamespace, type TestNamespace } from '../support/cluster.ts';
import { citaImages, cloudOpImage, serviceImage, type CitaService } from '../support/cita/images.ts';
import { waitFor } from '../support/wait-for.ts';

const NODE_FILES = 'config/node_key.json=own key|data/blocks=blocks 1 to 100|data/state=state at 100';

let kubeconfig: string;
let namespace: TestNamespace;
let image: string;
beforeAll(async () => {
  const cluster = await testCluster();
  if (cluster.state === undefined) throw new Error('this test imports an image: it needs a cluster of our own');
  kubeconfig = cluster.kubeconfigPath;
  image = await importWorkerImage(cluster.state);
  await importMissing(cluster.state, await citaImages());
  namespace = await testNamespace(cluster, 'work');
  await kubectl(['apply', '-f', '-'], [claim('data-a-0'), claim('data-b-0')]);
  await shell('fill-a', write(NODE_FILES), { claimName: 'data-a-0' });
  await shell('fill-b', write('config/node_key.json=key of b|data/old=old'), { claimName: 'data-b-0' });
});
afterAll(() => namespace?.remove());

describe('a backup and its restore, without any right beyond the files', () => {
  let made: TaskResult;
  it('copies every file, with a manifest whose digest is the result', async () => {
    made = await runPlan('Backup', targetOf('a'), {});
    expect(made).toMatchObject({ ok: true, files: 3, bytes: 34 });
    const claimName = 'backup-one-1f0c22aa';
    const found = await shell(
      'read',
      'cd /data/backup; sha256sum manifest.json; find volumes -type f | sort; cat volumes/data/data/state',
      { claimName },
    );
    expect(found.split('\n')).toEqual([
      `${made.manifestSha256}  manifest.json`,
      'volumes/data/config/node_key.json',
      'volumes/data/data/blocks',
      'volumes/data/data/state',
      'state at 100',
    ]);
  });

  it("replaces another node's data and leaves it its key", async () => {
    const from = source({
      pvcName: 'backup-one-1f0c22aa',
      ...(made.manifestSha256 === undefined ? {} : { manifestSha256: made.manifestSha256 }),
    });
    const result = await runPlan('Restore', targetOf('b'), { backup: 'nightly', view: { source: from } });
    expect(result).toMatchObject({
      ok: true,
      swapped: true,
      files: 3,
      height: 100,
      manifestSha256: made.manifestSha256,
    });
    const found = await shell('read-b', 'cd /data; find . -type f | sort; cat config/node_key.json', {
      claimName: 'data-b-0',
    });
    expect(found.split('\n')).toEqual(['./config/node_key.json', './data/blocks', './data/state', 'key of b']);
  });

  it('refuses a backup of another chain and says that the data is whole', async () => {
    const from = source({
      pvcName: 'backup-one-1f0c22aa',
      chain: 'bitcoin',
      manifestSha256: made.manifestSha256 ?? '',
    });
    const result = await runPlan(
      'Restore',
      { ...targetOf('b'), chain: 'bitcoin' },
      { backup: 'nightly', view: { source: from } },
    );
    expect(result).toMatchObject({ ok: false, code: 'WrongChain', swapped: false });
  });
});

describe('cloud-op on the claim of a CITA-Cloud node', () => {
  it('brings it back, proven by what it prints; the node continues from there', async () => {
    await kubectl(['apply', '-f', '-'], [claim('datadir-c-0'), ...citaConfig(), citaPod()]);
    const height = async (): Promise<number> => {
      const address = await kubectl(['get', 'pod', 'cita', '-o', 'jsonpath={.status.podIP}']);
      const response = await fetch(`http://${address}:9349/metrics`).catch(() => undefined);
      return Number(/LastBlockNumber\S* (\d+)/.exec((await response?.text()) ?? '')?.[1] ?? 0);
    };
    await waitFor('the node to make blocks', async () => (await height()) > 4, 60_000);
    // A line may reach the log after the file has it.
    await expect
      .poll(() => kubectl(['logs', 'cita', '-c', 'controller']), { timeout: 30_000 })
      .toMatch(/node address: 0xabc\nheight \d+ signed by/);
    await kubectl(['delete', 'pod', 'cita', '--wait']);

    const target = citaTarget('c', { volumes: [{ name: 'data', claim: 'datadir-c-0', size: '64Mi' }] });
    const spec = { deployMethod: 'cloud-config', blockHeight: 2, image: cloudOpImage('0.3.1') };
    expect(await runPlan('BlockHeightFallback', target, spec)).toMatchObject({ ok: true });
    expect(
      await shell('read-d', 'cat /data/chain_data/current_height /data/data/statedb/current_height', {
        claimName: 'datadir-c-0',
      }),
    ).toBe('2\n2');

    await kubectl(['apply', '-f', '-'], [citaPod()]);
    await waitFor('the node to continue', async () => (await height()) > 2, 60_000);
    expect(await kubectl(['logs', 'cita', '-c', 'storage'])).toContain('init block number: 2');
    await kubectl(['delete', 'pod', 'cita', '--wait']);
  });
});

describe('a change of owner', () => {
  it('is refused by admission where only pods without root are admitted', async () => {
    const name = await start('ChangeOwner', targetOf('b'), { uid: 2000, gid: 2000 });
    const refused = await waitFor('the event of the refusal', async () => {
      const events = await kubectl([
        'get',
        'events',
        '-o',
        'jsonpath={range .items[*]}{.involvedObject.name} {.reason} {.message}{"\\n"}{end}',
      ]);
      return events.split('\n').find((line) => line.startsWith(`${name} FailedCreate`));
    });
    expect(refused).toMatch(/violates PodSecurity "restricted/);
    await kubectl(['delete', 'job', name]);
  });

  it('changes the owner where the level is baseline', async () => {
    await kubectl(['label', 'namespace', namespace.name, 'pod-security.kubernetes.io/enforce=baseline', '--overwrite']);
    const result = await runPlan('ChangeOwner', targetOf('b'), { uid: 2000, gid: 2000 });
    expect(result).toMatchObject({ ok: true });
    const found = await shell('read-c', 'cd /data; stat -c "%u:%g %n" data/state config/node_key.json', {
      claimName: 'data-b-0',
      uid: 2000,
    });
    expect(found.split('\n')).toEqual(['2000:2000 data/state', '2000:2000 config/node_key.json']);
  });
});

function citaConfig(): object[] {
  const map = (name: string, data: object): object => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name },
    data,
  });
  return [
    map('c-config', { 'config.toml': '[storage_opendal]' }),
    map('c-account', { private_key: 'secret', node_address: '0xabc' }),
  ];
}

/** A pod like that of a StatefulSet from cloud-config. */
function citaPod(): object {
  const container = (name: string, service: CitaService): object => ({
    name,
    image: serviceImage(service),
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    volumeMounts: [
      { name: 'datadir', mountPath: '/data' },
      { name: 'node-account', mountPath: '/mnt' },
    ],
  });
  const spec = {
    terminationGracePeriodSeconds: 5,
    securityContext: {
      runAsUser: 1000,
      runAsGroup: 1000,
      fsGroup: 1000,
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [
      container('network', 'network_zenoh'),
      container('consensus', 'consensus_overlord'),
      container('executor', 'executor_evm'),
      container('storage', 'storage_opendal'),
      container('controller', 'controller_hsm'),
      container('exporter', 'monitor-citacloud-exporter'),
    ],
    volumes: [
      { name: 'datadir', persistentVolumeClaim: { claimName: 'datadir-c-0' } },
      { name: 'node-account', configMap: { name: 'c-account' } },
    ],
  };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'cita' }, spec };
}

function targetOf(node: string): JobTarget {
  return managedTarget(node, {
    volumes: [{ name: 'data', claim: `data-${node}-0`, storageClass: 'standard', size: '64Mi' }],
  });
}

function viewOf(kind: string, target: JobTarget, more: Parameters<typeof viewFor>[2]): JobView {
  const view = viewFor(kind, [target], more);
  return { ...view, job: { ...view.job, namespace: namespace.name } };
}

/** Creates the claim and the Job as the job loop does, and resumes it; gives the Job's name. */
async function start(
  kind: string,
  target: JobTarget,
  { view: seen, ...spec }: { readonly view?: Parameters<typeof viewFor>[2]; readonly [field: string]: unknown },
): Promise<string> {
  const full = { chain: target.chain, node: target.node, ...spec };
  const view = viewOf(kind, target, seen ?? {});
  const open = kindNamed(kind).open(full);
  const plan = open.plan(view);
  if ('refused' in plan || plan.do !== 'pods' || plan.pods[0] === undefined)
    throw new Error(`no pods: ${JSON.stringify(plan)}`);
  const name = `${kind.toLowerCase()}-${target.chain}-${target.node}`;
  const job = renderWorkerJob({
    job: view.job,
    common: open.common,
    settings: { ...settings, workerImage: image },
    name,
    task: plan.pods[0],
  });
  await kubectl(['apply', '-f', '-'], [...(plan.pvc === undefined ? [] : [plan.pvc]), job]);
  await kubectl(['patch', 'job', name, '--type=merge', '-p', '{"spec":{"suspend":false}}']);
  return name;
}

async function runPlan(...job: Parameters<typeof start>): Promise<TaskResult> {
  const name = await start(...job);
  const pod = await waitFor(
    'the container `work` to end',
    async () => {
      const { items } = JSON.parse(await kubectl(['get', 'pods', '-l', `job-name=${name}`, '-o', 'json'])) as {
        items: Pod[];
      };
      return items.find(({ status }) => status.containerStatuses?.[0]?.state.terminated !== undefined);
    },
    120_000,
  );
  const ended = pod.status.containerStatuses?.[0]?.state.terminated;
  await kubectl(['delete', 'job', name, '--wait']);
  return parseResult(ended?.message ?? '');
}

interface Pod {
  readonly status: {
    readonly containerStatuses?: readonly {
      readonly state: { readonly terminated?: { readonly message?: string } };
    }[];
  };
}

function claim(name: string): KubeObject {
  const spec = {
    accessModes: ['ReadWriteOnce'],
    storageClassName: 'standard',
    resources: { requests: { storage: '64Mi' } },
  };
  return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name, namespace: namespace.name }, spec };
}

function write(files: string): string {
  const lines = files.split('|').map((file) => file.split('='));
  return lines
    .map(([path, text]) => `mkdir -p $(dirname /data/${path}); printf '%s' '${text}' > /data/${path}`)
    .join('; ');
}

/** What a shell says that has the claim at /data. */
async function shell(
  name: string,
  script: string,
  { claimName, uid = 1000 }: { readonly claimName: string; readonly uid?: number },
): Promise<string> {
  const container = {
    name: 'main',
    image: 'busybox:1.36',
    command: ['sh', '-ec', script],
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    volumeMounts: [{ name: 'data', mountPath: '/data' }],
  };
  const spec = {
    restartPolicy: 'Never',
    securityContext: {
      runAsUser: uid,
      runAsGroup: uid,
      fsGroup: uid,
      runAsNonRoot: true,
      fsGroupChangePolicy: 'OnRootMismatch',
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [container],
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }],
  };
  await kubectl(['apply', '-f', '-'], [{ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec }]);
  await kubectl(['wait', `pod/${name}`, '--for=jsonpath={.status.phase}=Succeeded', '--timeout=60s']);
  const said = await kubectl(['logs', name]);
  await kubectl(['delete', 'pod', name, '--wait']);
  return said.trimEnd();
}

async function kubectl(args: readonly string[], objects?: readonly object[]): Promise<string> {
  const input =
    objects === undefined ? {} : { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }) };
  return run(await binary('kubectl'), ['--kubeconfig', kubeconfig, '-n', namespace.name, ...args], {
    timeoutMs: 120_000,
    ...input,
  });
}
