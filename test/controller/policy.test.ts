// The policy through the running controller: from a file, from an object made by hand, and over what others own.

import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { findCondition } from '../../src/api/conditions.ts';
import { ANNOTATION, API_VERSION, LABEL } from '../../src/api/group.ts';
import { readBranchWarning } from '../../src/cli/branch-warning.ts';
import type { KubeObject } from '../../src/api/objects.ts';
import { ALLOW_LABEL } from '../../src/api/policy.ts';
import { readPolicy } from '../../src/desired/policy-file.ts';
import { KINDS } from '../../src/kube/kinds.ts';
import { withApplied } from '../../src/plan/applied.ts';
import { testCluster } from '../support/cluster.ts';
import { heldDigest } from '../support/held-digest.ts';
import { waitFor } from '../support/wait-for.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { prepare, publishedAsSeen, runController, type Running } from './harness.ts';

const STOPPED = 'desiredState: Stopped';
const HOST = [
  STOPPED,
  'patches:',
  '  - target: { kind: StatefulSet }',
  '    patch: [{ op: add, path: /spec/template/spec/hostNetwork, value: true }]',
];

let kubeconfig: string;
let fleet: Fleet;
let running: Running;

beforeAll(async () => {
  kubeconfig = (await testCluster()).kubeconfigPath;
});
beforeEach(async () => {
  fleet = await startFleet({ kubeconfig, nodes: 1 });
  await prepare(fleet);
});
afterEach(async () => {
  await running.stop();
  await fleet.close();
});

const ref = (kind: string, name: string, apiVersion = 'v1') => ({ apiVersion, kind, name, namespace: fleet.namespace });
const statefulSet = async (name: string) => await fleet.cluster.get(ref('StatefulSet', name, 'apps/v1'));
const spec = (object: KubeObject | undefined) => JSON.stringify(object?.['spec'] ?? null);

async function applied(commit: string): Promise<void> {
  running.controller.requestSync();
  await waitFor(`sync.yaml names ${commit}`, () =>
    fleet.statusFile('sync.yaml')?.includes(`seen: main@sha1:${commit}`),
  );
}

async function stalled(name: string, reason: string): Promise<string> {
  return await waitFor(`${name} is stalled with ${reason}`, async () => {
    const node = await fleet.cluster.get(ref('BlockchainNode', name, API_VERSION));
    const found = findCondition((node as { status?: { conditions?: [] } } | undefined)?.status?.conditions, 'Stalled');
    return found?.reason === reason ? found.message : undefined;
  });
}

/** A node as a user with rights in one namespace would create it. */
function byHand(name: string, more: object): KubeObject {
  return {
    apiVersion: API_VERSION,
    kind: 'BlockchainNode',
    metadata: { name, namespace: fleet.namespace },
    spec: {
      executor: fleet.executor,
      chain: 'ethereum',
      network: 'dev',
      clients: { el: { name: 'geth' } },
      storage: { data: { size: '1Gi' } },
      desiredState: 'Stopped',
      ...more,
    },
  };
}

describe('by default', () => {
  beforeEach(async () => {
    running = await runController(fleet);
    await waitFor('the first StatefulSet', async () => await statefulSet('n0'));
  });

  it('nothing of a hostile file reaches the cluster, and its problem is on the status branch', async () => {
    await applied(
      fleet.commit({ 'nodes/evil.yaml': fleet.nodeFile('evil', HOST), 'nodes/n1.yaml': fleet.nodeFile('n1') }),
    );
    await waitFor('the good file of the commit', async () => await statefulSet('n1'));
    expect((await fleet.nodes()).has('evil')).toBe(false);
    expect(await statefulSet('evil')).toBeUndefined();
    const sync = (fleet.statusFile('sync.yaml') ?? '').replaceAll(/\s+/g, ' ');
    expect(sync).toContain('code: HostNetwork');
    expect(sync).toContain('The policy of the controller refuses it (HostNetwork).');
  });

  it('nothing of a hostile node made by hand is applied, and its condition says why', async () => {
    await fleet.cluster.create(
      byHand('evil', {
        patches: [
          {
            target: { kind: 'StatefulSet' },
            patch: [{ op: 'add', path: '/spec/template/spec/serviceAccountName', value: 'admin' }],
          },
        ],
      }),
    );
    expect(await stalled('evil', 'PolicyDenied')).toContain('refuses it (ServiceAccount)');
    expect(await statefulSet('evil')).toBeUndefined();
    expect(await fleet.cluster.get(ref('ConfigMap', 'evil'))).toBeUndefined();
  });

  it("a node of the name of the controller's memory leaves that as it is", async () => {
    const memory = ref('ConfigMap', `nodewright-${fleet.executor}`);
    const before = await waitFor('the memory', async () => await fleet.cluster.get(memory));
    await fleet.cluster.create(byHand(memory.name, {}));
    expect(await stalled(memory.name, 'PolicyDenied')).toContain('refuses it (ReservedName)');
    expect((await fleet.cluster.get(memory))?.metadata.uid).toBe(before.metadata.uid);
    expect((await fleet.cluster.get(memory))?.metadata.ownerReferences).toBeUndefined();
  });

  it('a Secret is used only when it carries the label', async () => {
    await fleet.cluster.create({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'keys', namespace: fleet.namespace },
      data: {},
    });
    await applied(fleet.commit({ 'nodes/v.yaml': fleet.nodeFile('v', [STOPPED, 'identity: { secretName: keys }']) }));
    expect(await stalled('v', 'NotLabelled')).toContain(
      `kubectl -n ${fleet.namespace} label secret keys ${ALLOW_LABEL}=true`,
    );
    expect(await statefulSet('v')).toBeUndefined();
    await fleet.cluster.patch(ref('Secret', 'keys'), [
      { op: 'add', path: '/metadata/labels', value: { [ALLOW_LABEL]: 'true' } },
    ]);
    await waitFor('its StatefulSet', async () => await statefulSet('v'));
  });

  it('an object of another user with the name of an owned object is not changed', async () => {
    const foreign = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'settings', namespace: fleet.namespace } };
    const created = await fleet.cluster.create({ ...foreign, data: { theirs: 'yes' } });
    await applied(fleet.commit({ 'nodes/settings.yaml': fleet.nodeFile('settings') }));
    expect(await stalled('settings', 'NotOurs')).toContain('was not created for this node');
    expect((await fleet.cluster.get(ref('ConfigMap', 'settings')))?.metadata.resourceVersion).toBe(
      created.metadata.resourceVersion,
    );
    expect(await statefulSet('settings')).toBeUndefined();
  });

  it('a volume of another user with the name of an owned volume is not mounted', async () => {
    await fleet.cluster.create({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data-payroll-0', namespace: fleet.namespace },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    });
    await applied(fleet.commit({ 'nodes/payroll.yaml': fleet.nodeFile('payroll') }));
    expect(await stalled('payroll', 'NotOurs')).toContain(`label pvc data-payroll-0 ${LABEL.node}=payroll`);
    expect(await statefulSet('payroll')).toBeUndefined();
  });

  it('a job made by hand in place of a request does not run', async () => {
    await fleet.cluster.create({
      apiVersion: API_VERSION,
      kind: 'Backup',
      metadata: { name: 'nightly', namespace: fleet.namespace },
      spec: { node: 'n0', image: 'evil.example/exfiltrate:1' },
    });
    await applied(
      fleet.commit({
        'jobs/nightly.yaml': [
          `apiVersion: ${API_VERSION}`,
          'kind: Backup',
          'metadata: { name: nightly }',
          'spec: { node: n0 }',
          '',
        ].join('\n'),
      }),
    );
    await waitFor('the job is refused', () => (fleet.statusFile('sync.yaml') ?? '').includes('ObjectDiffers'));
    expect(JSON.stringify(await fleet.cluster.list(KINDS.Job, { namespace: fleet.namespace }))).not.toContain('evil');
  });

  it('the policy is published as a file that can be read back', async () => {
    const text = await waitFor('policy.yaml', () => fleet.statusFile('policy.yaml'));
    const read = readPolicy('policy.yaml', text);
    expect(read).toMatchObject({ ok: true, spec: { namespaces: [fleet.namespace], exceptions: [] } });
  });
});

describe('with an exception in the policy', () => {
  beforeEach(async () => {
    running = await runController(fleet, {
      policy: { exceptions: ['HostNetwork'], patches: { StatefulSet: ['/spec/template/spec/hostNetwork'] } },
    });
    await waitFor('the first StatefulSet', async () => await statefulSet('n0'));
  });

  it('a node that uses it waits for an approval', async () => {
    const wrong = `sha256:${'0'.repeat(64)}`;
    await applied(
      fleet.commit({
        'nodes/n0.yaml': fleet.nodeFile('n0', HOST),
        'fleet.yaml': fleet.fleetFile(['approvals:', `  - digest: ${wrong}`]),
      }),
    );
    const sync = await waitFor('the held action', () => {
      const text = fleet.statusFile('sync.yaml') ?? '';
      return text.includes('PolicyException') && text.includes('UnusedApproval') ? text : undefined;
    });
    expect(sync.replaceAll(/\s+/g, ' ')).toContain(`the approval ${wrong} releases no held action`);
    expect(spec(await statefulSet('n0'))).not.toContain('hostNetwork');
    const digest = heldDigest(sync) ?? '';
    const { cluster, executor, namespace } = fleet;
    const warning = async () => await readBranchWarning(cluster, { executor, namespace });
    expect(await waitFor('an Event says it', warning)).toMatch(
      new RegExp(`1 action is held .*${digest} .*: update BlockchainNode .*n0 \\(PolicyException: `),
    );
    await applied(fleet.commit({ 'fleet.yaml': fleet.fleetFile(['approvals:', `  - digest: ${digest}`]) }));
    await waitFor('the host network', async () => spec(await statefulSet('n0')).includes('"hostNetwork":true'));
    await waitFor('the Event is over', async () => (await warning()) === undefined);
    await waitFor('no word on approvals', () => !(fleet.statusFile('sync.yaml') ?? '').includes('UnusedApproval'));
  });

  it('a node created by hand cannot use it: without an approval', async () => {
    await fleet.cluster.create(
      byHand('evil', {
        patches: [
          {
            target: { kind: 'StatefulSet' },
            patch: [{ op: 'add', path: '/spec/template/spec/hostNetwork', value: true }],
          },
        ],
      }),
    );
    expect(await stalled('evil', 'PolicyDenied')).toContain('only after an approval');
    expect(await statefulSet('evil')).toBeUndefined();
  });
});

describe('with images for jobs in the policy', () => {
  beforeEach(async () => {
    running = await runController(fleet, { policy: { images: { jobs: ['registry.example/tools/*'] } } });
    await waitFor('the first StatefulSet', async () => await statefulSet('n0'));
  });

  it('a job that uses one is not claimed before its approval', async () => {
    await applied(
      fleet.commit({
        'jobs/wide.yaml': [
          `apiVersion: ${API_VERSION}`,
          'kind: Backup',
          'metadata: { name: wide }',
          'spec: { node: n0, image: registry.example/tools/copy:1 }',
          '',
        ].join('\n'),
      }),
    );
    const sync = await waitFor('the held request', () => {
      const text = fleet.statusFile('sync.yaml') ?? '';
      return text.includes('PolicyException') ? text.replaceAll(/\s+/g, ' ') : undefined;
    });
    const record = `jobs/backup/${fleet.namespace}/wide.yaml`;
    expect(sync).toContain('it uses ImageNotAllowed');
    expect(fleet.statusFile(record)).toBeUndefined();
    expect(await fleet.cluster.get(ref('Backup', 'wide', API_VERSION))).toBeUndefined();
    const digest = /add the digest (sha256:[0-9a-f]{64})/.exec(sync)?.[1] ?? '';
    await applied(fleet.commit({ 'fleet.yaml': fleet.fleetFile(['approvals:', `  - digest: ${digest}`]) }));
    await waitFor('its claim', () => fleet.statusFile(record));
    await waitFor('its object', async () => await fleet.cluster.get(ref('Backup', 'wide', API_VERSION)));
    expect(fleet.statusFile('sync.yaml')).not.toContain('PolicyException');
  });
});

describe('with rights for a folder', () => {
  const HOST_PATH = '/spec/template/spec/hostNetwork';
  const OPERATION = `[{ op: add, path: ${HOST_PATH}, value: true }]`;

  beforeEach(async () => {
    running = await runController(fleet, {
      policy: {
        patches: { StatefulSet: [HOST_PATH] },
        rules: [{ when: { paths: ['nodes/edge/**'] }, allow: { exceptions: ['HostNetwork'] } }],
      },
    });
    await waitFor('the first StatefulSet', async () => await statefulSet('n0'));
  });

  it('a patch from another folder has none of them, and its nodes keep their last good state', async () => {
    await applied(fleet.commit({ 'nodes/edge/n1.yaml': fleet.nodeFile('n1') }));
    await waitFor('the node of the folder', async () => await statefulSet('n1'));
    await applied(
      fleet.commit({
        'patches/evil.yaml': [
          `apiVersion: ${API_VERSION}`,
          'kind: FleetPatch',
          'metadata: { name: evil }',
          'spec:',
          '  match: { names: [n1] }',
          '  patch:',
          `    - { op: add, path: /patches, value: [{ target: { kind: StatefulSet }, patch: ${OPERATION} }] }`,
          '',
        ].join('\n'),
        'nodes/n2.yaml': fleet.nodeFile('n2'),
      }),
    );
    await waitFor('the good file of the commit', async () => await statefulSet('n2'));
    const sync = (fleet.statusFile('sync.yaml') ?? '').replaceAll(/\s+/g, ' ');
    expect(sync).toContain('patches/evil.yaml also changes this node');
    expect((await fleet.nodes()).get('n1')?.spec.patches).toBeUndefined();
    expect(spec(await statefulSet('n1'))).not.toContain('hostNetwork');
  });
});

describe('a node of a folder with rights', () => {
  it('gets none of them for a spec that its file does not declare, also with a forged digest', async () => {
    running = await runController(fleet, {
      policy: {
        patches: { StatefulSet: ['/spec/template/spec/hostNetwork'] },
        rules: [
          {
            when: { paths: ['nodes/edge/**'] },
            allow: { exceptions: ['HostNetwork'], patches: { Service: ['/spec/trafficDistribution'] } },
          },
        ],
      },
    });
    // While fleet.yaml has an error, no plan restores what is edited.
    const files = { 'nodes/edge/n1.yaml': fleet.nodeFile('n1'), 'nodes/edge/n2.yaml': fleet.nodeFile('n2') };
    await applied(fleet.commit(files));
    for (const name of ['n1', 'n2']) await waitFor(name, async () => await statefulSet(name));
    await publishedAsSeen(fleet, running, fleet.commit({ 'fleet.yaml': fleet.fleetFile(['sus: true']) }));
    const patch = [{ op: 'add', path: '/spec/template/spec/hostNetwork', value: true }];
    await forge('n1', { patches: [{ target: { kind: 'StatefulSet' }, patch }] });
    const ofService = [{ op: 'add', path: '/spec/trafficDistribution', value: 'PreferClose' }];
    await forge('n2', { patches: [{ target: { kind: 'Service' }, patch: ofService }] });
    expect(await stalled('n1', 'PolicyDenied')).toContain('HostNetwork');
    expect(await stalled('n2', 'PolicyDenied')).toContain('PatchPathNotAllowed');
    expect(spec(await statefulSet('n1'))).not.toContain('hostNetwork');
    const services = await fleet.cluster.list(KINDS.Service, { namespace: fleet.namespace });
    expect(JSON.stringify(services)).not.toContain('PreferClose');
  });

  /** As a user who may edit nodes, and knows how the digests are made. */
  async function forge(name: string, more: object): Promise<void> {
    const node = (await fleet.nodes()).get(name);
    if (node === undefined) throw new Error(`${name} is gone`);
    const annotations = { ...node.metadata.annotations, [ANNOTATION.policyExceptions]: 'HostNetwork' };
    const metadata = { ...node.metadata, annotations };
    const forged = withApplied({ ...node, metadata, spec: { ...node.spec, ...more } });
    await fleet.cluster.patch(ref('BlockchainNode', name, API_VERSION), [
      { op: 'replace', path: '/spec', value: forged.spec },
      { op: 'replace', path: '/metadata/annotations', value: forged.metadata.annotations },
    ]);
  }
});

describe('a node whose file has an error', () => {
  it('gets no rights of a folder by annotations that a user forges', async () => {
    running = await runController(fleet, {
      policy: {
        patches: { StatefulSet: ['/spec/template/spec/hostNetwork'] },
        rules: [{ when: { paths: ['nodes/edge/**'] }, allow: { exceptions: ['HostNetwork'] } }],
      },
    });
    await waitFor('the StatefulSet', async () => await statefulSet('n0'));
    await applied(fleet.commit({ 'nodes/n0.yaml': `${fleet.nodeFile('n0')}\n  : [` }));
    const node = (await fleet.nodes()).get('n0');
    if (node === undefined) throw new Error('n0 is gone');
    const patch = [{ op: 'add' as const, path: '/spec/template/spec/hostNetwork', value: true }];
    const forged = withApplied({
      ...node,
      spec: { ...node.spec, patches: [{ target: { kind: 'StatefulSet' }, patch }] },
    });
    await fleet.cluster.patch(ref('BlockchainNode', 'n0', API_VERSION), [
      { op: 'replace', path: '/spec', value: forged.spec },
      {
        op: 'replace',
        path: '/metadata/annotations',
        value: {
          ...forged.metadata.annotations,
          [ANNOTATION.file]: 'nodes/edge/n0.yaml',
          [ANNOTATION.policyExceptions]: 'HostNetwork',
        },
      },
    ]);
    expect(await stalled('n0', 'PolicyDenied')).toContain('HostNetwork');
    expect(spec(await statefulSet('n0'))).not.toContain('hostNetwork');
  });
});

describe('after the policy became stricter', () => {
  const RUNNING = ['desiredState: Running', 'podLabels: { app: pay }'];
  const replicas = async (name: string) => (await statefulSet(name))?.['spec'];

  beforeEach(async () => {
    running = await runController(fleet, { policy: { labels: ['app'] } });
    await applied(
      fleet.commit({ 'nodes/n1.yaml': fleet.nodeFile('n1', RUNNING), 'nodes/n2.yaml': fleet.nodeFile('n2', RUNNING) }),
    );
    await fleet.cluster.create(byHand('hand', { desiredState: 'Running', podLabels: { app: 'pay' } }));
    for (const name of ['n1', 'n2', 'hand'])
      await waitFor(
        `${name} runs`,
        async () => ((await replicas(name)) as { replicas?: number } | undefined)?.replicas === 1,
      );
    await running.stop();
    running = await runController(fleet);
  });

  it('a node that runs is left as it is until its file stops or removes it, and one made by hand until its spec does', async () => {
    expect(await stalled('n1', 'PolicyDenied')).toContain('`desiredState: Stopped` stops it');
    expect(await replicas('n1')).toMatchObject({ replicas: 1 });
    const stopped = fleet.commit({
      'nodes/n1.yaml': fleet.nodeFile('n1', [STOPPED, 'podLabels: { app: other }']),
      'nodes/n2.yaml': null,
    });
    await applied(stopped);
    await fleet.cluster.patch(ref('BlockchainNode', 'hand', API_VERSION), [
      { op: 'replace', path: '/spec/desiredState', value: 'Stopped' },
    ]);
    for (const name of ['n1', 'hand']) {
      await waitFor(`${name} is stopped`, async () => ((await replicas(name)) as { replicas?: number }).replicas === 0);
      await waitFor(`${name} says so`, async () =>
        (await stalled(name, 'PolicyDenied')).includes('Its pod is stopped'),
      );
    }
    expect((await fleet.nodes()).get('n1')?.spec.podLabels).toEqual({ app: 'pay' });
    await waitFor('n2 is gone', async () => !(await fleet.nodes()).has('n2'));
  });
});
