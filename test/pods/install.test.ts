// The chart in a cluster, by the commands of its page: from nothing to a node, a job, an upgrade, a way back, and an end
// that no node notices.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { crds } from '../../src/desired/crds.ts';
import { auditedRequests } from '../cluster/audit.ts';
import { run } from '../cluster/command.ts';
import { imageRoot } from '../cluster/worker-image.ts';
import { waitFor } from '../demo/wait-for.ts';
import {
  fleetFile,
  type Installation,
  NEXT_VERSION,
  NODE_NAMESPACE,
  openInstallation,
  type PodSeen,
  RELEASE_NAMESPACE,
} from './installation.ts';
import { jobFile } from './job-files.ts';
import { gethDev, nodeFile } from './node-file.ts';
import { grantedRights, usedRights } from './rbac-use.ts';

interface NodeStatus {
  readonly status: { readonly phase: string; readonly appliedRevision: string };
}

const CPU = 'process_cpu_seconds_total';
const POLLS = 'nodewright_git_operations_total';
const ACCOUNT = `${RELEASE_NAMESPACE}:nodewright`;
let site: Installation;
let first: string;
let nodePods: Readonly<Record<string, PodSeen>>;

beforeAll(async () => {
  site = await openInstallation();
  first = site.commit({ 'fleet.yaml': fleetFile(), 'nodes/eth.yaml': nodeFile('eth', gethDev) });
});
afterAll(async () => await site?.close());

async function controllerPods(): Promise<readonly PodSeen[]> {
  return Object.values(await site.pods(RELEASE_NAMESPACE));
}

async function running(name: string, since: string): Promise<void> {
  await site.published<NodeStatus>(`nodes/${NODE_NAMESPACE}/${name}.yaml`, `Running at ${since}`, ({ status }) => {
    return status.phase === 'Running' && status.appliedRevision.endsWith(since);
  });
}

/** A change that no pod has to restart for; the controller that runs now applies it. */
function labelled(value: string): string {
  const text = nodeFile('eth', gethDev);
  return site.commit({ 'nodes/eth.yaml': text.replace('name: eth\n', `name: eth\n  labels: { round: ${value} }\n`) });
}

/** Ids, restarts and images of the nodes' pods are as they were before the first upgrade. */
async function expectSamePods(): Promise<void> {
  expect(await site.pods(NODE_NAMESPACE)).toEqual(nodePods);
}

/** A line of the controller's log with all of these texts. */
async function logged(...texts: readonly string[]): Promise<void> {
  await waitFor({ what: texts.join(', '), timeoutMs: 60_000 }, async () => {
    const log = await site.kubectl('logs', '-n', RELEASE_NAMESPACE, 'deployment/nodewright');
    return log.split('\n').some((line) => texts.every((text) => line.includes(text))) ? true : undefined;
  });
}

async function mayReadSecrets(namespace: string): Promise<string> {
  const subject = ['--as', `system:serviceaccount:${ACCOUNT}`, '-n', namespace];
  const answer = await site.kubectl('auth', 'can-i', 'list', 'secrets', ...subject).catch(String);
  return answer.trim().startsWith('yes') ? 'yes' : 'no';
}

it('has an image of less than 180 MB', async () => {
  const [kilobytes = ''] = (await run('du', ['-sk', '--apparent-size', await imageRoot()])).split('\t');
  console.log(`the image has ${((Number(kilobytes) * 1024) / 1e6).toFixed()} MB unpacked`);
  expect(Number(kilobytes) * 1024).toBeLessThan(180e6);
});

it('installs into an empty cluster', async () => {
  expect(await site.kubectl('get', 'crd', '-o', 'name')).toBe('');
  const started = performance.now();
  await site.follow('Installing');
  await running('eth', first);
  console.log(`first node is Running ${Math.round((performance.now() - started) / 1000)} s after helm install`);
  expect(await controllerPods()).toMatchObject([{ phase: 'Running', restarts: 0 }]);
  const names = (await site.kubectl('get', 'crd', '-o', 'name')).trim().split('\n');
  expect(names.sort()).toEqual(crds().map(({ metadata }) => `customresourcedefinition.apiextensions.k8s.io/${metadata.name}`).sort()); // prettier-ignore
});

it('publishes what it did and what it can', async () => {
  await site.published<{ state: string; controllerVersion: string }>('sync.yaml', 'Synced', ({ state }) => state === 'Synced'); // prettier-ignore
  const { chains, storageClasses } = await site.published<{
    readonly chains: readonly { readonly name: string }[];
    readonly storageClasses: readonly object[];
  }>('capabilities.yaml', 'there', () => true);
  expect(chains.map(({ name }) => name)).toEqual(expect.arrayContaining(['ethereum', 'cosmos', 'bitcoin']));
  expect(storageClasses).toContainEqual(
    expect.objectContaining({
      name: 'standard',
      isDefault: true,
      bindingMode: 'WaitForFirstConsumer',
      expandable: true,
    }),
  );
  await site.published('policy.yaml', 'there', () => true);
});

it('runs a job in a pod of the same image', async () => {
  site.commit(jobFile({ kind: 'Backup', name: 'first', spec: { node: 'eth' } }));
  interface Record {
    readonly phase: string;
    readonly image: string;
  }
  const path = `jobs/backup/${NODE_NAMESPACE}/first.yaml`;
  const record = await site.published<Record>(path, 'Complete', ({ phase }) => phase === 'Complete');
  expect(record.image).toBe((await controllerPods())[0]?.images[0]);
  await waitFor({ what: 'the node after the backup', timeoutMs: 60_000 }, async () => {
    const pods = await site.pods(NODE_NAMESPACE);
    const pod = pods['eth-0'];
    if (pod?.phase !== 'Running') return undefined;
    nodePods = { 'eth-0': pod };
    return true;
  });
});

describe('while the node keeps running', () => {
  it('upgrades to another version', async () => {
    await site.kubectl('delete', 'pod', '-n', NODE_NAMESPACE, '--field-selector=status.phase=Succeeded');
    await site.kubectl('delete', 'job', '-n', NODE_NAMESPACE, '--all');
    await site.follow('Upgrading');
    await site.kubectl('rollout', 'status', 'deployment/nodewright', '-n', RELEASE_NAMESPACE, '--timeout=120s');
    expect((await controllerPods()).map(({ images }) => images[0])).toEqual([
      expect.stringMatching(`:${NEXT_VERSION}$`),
    ]);
    await running('eth', labelled('upgraded'));
    await expectSamePods();
  });

  it('goes back to the version before', async () => {
    await site.helm('rollback', 'nodewright', '--namespace', RELEASE_NAMESPACE);
    await site.kubectl('rollout', 'status', 'deployment/nodewright', '-n', RELEASE_NAMESPACE, '--timeout=120s');
    expect((await controllerPods()).map(({ images }) => images[0])).toEqual([expect.stringMatching(':0.1.0$')]);
    await running('eth', labelled('back'));
    await expectSamePods();
  });

  it('is uninstalled, and leaves nodes, volumes and definitions', async () => {
    await site.follow('Uninstalling');
    await waitFor({ what: 'the end of the controller', timeoutMs: 60_000 }, async () =>
      (await controllerPods()).length === 0 ? true : undefined,
    );
    await expectSamePods();
    expect((await site.kubectl('get', 'crd', '-o', 'name')).trim().split('\n')).toHaveLength(crds().length);
    const pvcs = await site.kubectl('get', 'pvc', '-n', NODE_NAMESPACE, '-o', 'name');
    expect(pvcs.trim().split('\n')).toHaveLength(2);
  });

  it('is installed again with rights in one namespace, waits for a definition, and takes the nodes over', async () => {
    const missing = 'switchovers.validatoros.com';
    await site.kubectl('delete', 'crd', missing);
    const more = '--skip-crds --set rbac.namespaces={novacula-system} --set rbac.definitions=false';
    await site.follow('Installing', { more, without: /^kubectl (create|label|.* create|.* rollout) .*\n/gm });
    await logged('Waiting for custom resource definitions', missing);
    await site.kubectl('apply', '--server-side', '--force-conflicts', '-f', 'charts/nodewright/crds/');
    await site.kubectl('rollout', 'status', 'deployment/nodewright', '-n', RELEASE_NAMESPACE, '--timeout=120s');
    await running('eth', labelled('again'));
    await expectSamePods();
    expect(await mayReadSecrets(NODE_NAMESPACE)).toBe('yes');
    expect(await mayReadSecrets('default')).toBe('no');
  });
});

it('needs less than half of its limit of memory while nothing changes', async () => {
  const [cpu, polls, started] = [await site.metric(CPU), await site.metric(POLLS), performance.now()];
  await waitFor({ what: 'ten looks at the branch', timeoutMs: 120_000 }, async () =>
    (await site.metric(POLLS)) >= polls + 10 ? true : undefined,
  );
  const seconds = (performance.now() - started) / 1000;
  const mebibytes = (await site.metric('process_resident_memory_bytes')) / 2 ** 20;
  const share = (((await site.metric(CPU)) - cpu) / seconds) * 100;
  console.log(`the controller uses ${mebibytes.toFixed()} MiB and ${share.toFixed(1)} % of a processor`);
  expect(mebibytes).toBeLessThan(256);
});

describe('the rights of the chart', () => {
  it('were enough for all of this', () => {
    const requests = auditedRequests(site.state, ACCOUNT);
    const granted = new Set(grantedRights());
    expect(usedRights(requests).filter((right) => !granted.has(right) && !OF_EVERYBODY.has(right))).toEqual([]);
  });

  it('were all used, but for those that need other events', () => {
    const used = new Set(usedRights(auditedRequests(site.state, ACCOUNT)));
    expect(grantedRights().filter((right) => !used.has(right))).toEqual(Object.values(UNUSED).flat().sort());
  });
});

/** Of every authenticated user. */
const OF_EVERYBODY: ReadonlySet<string> = new Set();

const OTHER_JOBS = ['blockheightfallbacks', 'changeowners', 'restores', 'retentions', 'snapshots', 'switchovers'];

/** What this run does not need: what does, and the rights. */
const UNUSED: Readonly<Record<string, readonly string[]>> = {
  'checked beside the patch, when what is applied is not there yet': [
    'create apiextensions.k8s.io/customresourcedefinitions',
    'create apps/statefulsets',
    'create core/configmaps',
    'create core/services',
    'create policy/poddisruptionbudgets',
    'create validatoros.com/blockchainnodes',
  ],
  'checked where the admission plugin OwnerReferencesPermissionEnforcement is on': [
    'backups',
    'blockchainnodes',
    ...OTHER_JOBS,
  ].map((kind) => `update validatoros.com/${kind}/finalizers`),
  'backups in VolumeSnapshots': [
    ...['create', 'delete', 'get'].map((verb) => `${verb} snapshot.storage.k8s.io/volumesnapshots`),
    'get snapshot.storage.k8s.io/volumesnapshotcontents',
  ],
  'jobs of other kinds': OTHER_JOBS.flatMap((kind) => [
    ...['create', 'get', 'patch'].map((verb) => `${verb} validatoros.com/${kind}`),
    `patch validatoros.com/${kind}/status`,
  ]),
  'a job that fails or is cancelled, and its worker Job; a deletion that met another object of the name': [
    'delete batch/jobs',
    'delete core/persistentvolumeclaims',
    'get batch/jobs',
  ],
  'the retention of a schedule': ['backups', 'retentions', 'snapshots'].map((kind) => `delete validatoros.com/${kind}`),
  'workloads of other tools': ['get apps/deployments', 'patch apps/deployments'],
  'a container that crashed': ['get core/pods/log'],
  'a node with a key or a secret of its own': ['create core/secrets', 'get core/secrets'],
  'a node that leaves Git': ['delete validatoros.com/blockchainnodes'],
  'a node that was changed by hand': [
    'get validatoros.com/blockchainnodes',
    'update apps/statefulsets',
    'update core/configmaps',
    'update core/services',
    'update policy/poddisruptionbudgets',
  ],
  'a volume that grows': ['patch core/persistentvolumeclaims'],
};
