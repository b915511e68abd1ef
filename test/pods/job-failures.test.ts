// One-shot jobs that can't succeed, on real pods: each ends with a reason, and its node runs with the data it had.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { JOB_UID_LABEL } from '../../src/api/job-object.ts';
import type { JobRecord } from '../../src/jobs/requests/record.ts';
import { waitFor } from '../demo/wait-for.ts';
import { importWorkerImage } from '../cluster/worker-image.ts';
import { isWell } from './observer.ts';
import { gethOf, lastCommon } from './geth.ts';
import { jobFile, jobPath, run } from './job-files.ts';
import { cometDev, gethDev } from './node-file.ts';
import { processOf } from './processes.ts';
import { smallVolume } from './small-volume.ts';
import { volumeFolder } from './volume-folder.ts';
import { podsCluster, type PodsWorld, startWorld } from './world.ts';

/** The least that a request may ask for. */
const SOON = { deadlineSeconds: 60 };

let world: PodsWorld;
let image: string;
beforeAll(async () => {
  const { state } = await podsCluster();
  image = await importWorkerImage(state);
  world = await startWorld('bad-jobs', ['--image', image, '--stop-deadline', '45s']);
  const names = ['holder', 'unplaced', 'unpulled', 'cramped', 'stubborn', 'meshed'];
  world.change('Nodes to fail on', { ...Object.fromEntries(names.map((name) => [name, gethDev])), other: cometDev });
  world.atEnd(async () => void (await world.kubectl(['delete', 'storageclass', nowhere(), '--ignore-not-found'])));
});
afterAll(async () => {
  await world?.close();
});

describe.concurrent('a restore', () => {
  it.concurrent('of another chain, of nothing and of what was deleted is refused with the node untouched', async () => {
    await world.await('other', 'to be well', isWell);
    const other = await run(world, { kind: 'Backup', name: 'cosmos', spec: { node: 'other' } });
    expect(other).toMatchObject({ phase: 'Complete', chain: 'cosmos' });
    const chain = await chainOf('holder');
    const uid = world.podUid('holder');
    const restore = async (backup: string): Promise<JobRecord> =>
      await run(world, { kind: 'Restore', name: `from-${backup}`, spec: { node: 'holder', backup } });
    const wrong = { kind: 'Restore', name: 'from-cosmos', spec: { node: 'holder', backup: 'cosmos' } };
    world.commit('A restore from another chain', jobFile(wrong));
    await world.publishedSync(
      'a problem of the file',
      (text) => text.includes(jobPath(wrong)) && text.includes('WrongChain'),
    );
    world.commit('Without it', { [jobPath(wrong)]: null });
    expect(await restore('never-made')).toMatchObject({ phase: 'Refused', reason: 'SourceMissing' });

    await world.kubectl(['delete', 'pvc', other.claimName ?? '']);
    const again = { kind: 'Restore', name: 'after-the-deletion', spec: { node: 'other', backup: 'cosmos' } };
    const gone = await run(world, again);
    expect(gone).toMatchObject({ phase: 'Refused', reason: 'SourceMissing' });
    expect(gone.message).toContain('the PVC of Backup');
    expect(world.podUid('holder')).toBe(uid);

    const backup = await run(world, { kind: 'Backup', name: 'true', spec: { node: 'holder' } });
    const folder = join(volumeFolder(world, backup.claimName ?? ''), 'backup');
    const rows = [
      { name: 'bad-manifest', path: 'manifest.json', reason: 'ManifestMismatch' },
      { name: 'bad-block', path: await someBlock(folder), reason: 'ContentDiffers' },
    ];
    for (const { name, path, reason } of rows) {
      const undo = changeByte(join(folder, path));
      const record = await run(world, { kind: 'Restore', name, spec: { node: 'holder', backup: 'true' } });
      undo();
      expect({ path, ...record }).toMatchObject({ path, phase: 'Failed', reason });
    }
    await goesOn('holder', chain);
  });
});

describe.concurrent('a backup', () => {
  it.concurrent('whose volume is never made', async () => {
    const provisioner = { provisioner: 'example.com/missing', volumeBindingMode: 'Immediate' };
    const object = {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: nowhere() },
      ...provisioner,
    };
    await world.kubectl(['apply', '-f', '-'], [object]);
    const record = await failing('unplaced', { storageClass: nowhere(), ...SOON });
    expect(record).toMatchObject({ phase: 'Failed', reason: 'ClaimPending' });
    expect(record.message).toMatch(/got no volume within 48 seconds; is its storage class right\?/);
    await isRemoved(record);
  });

  it.concurrent('whose image is nowhere', async () => {
    const record = await failing('unpulled', {
      image: 'registry.devops.rivtower.com/cita-cloud/missing:0.0.0',
      // Half a minute more than the patience with the image: only the deletion of the worker Job gives the node back before the Job ends by itself.
      deadlineSeconds: 150,
    });
    expect(record).toMatchObject({ phase: 'Failed', reason: 'ImageNotPullable' });
    expect(record.message).toContain('registry.devops.rivtower.com/cita-cloud/missing:0.0.0');
    const late = '{.items[*].status.conditions[?(@.reason=="DeadlineExceeded")].reason}';
    expect(await world.kubectl(['get', 'jobs', '-l', `${JOB_UID_LABEL}=${record.uid}`, '-o', `jsonpath=${late}`])).toBe(
      '',
    );
    await isRemoved(record);
  });

  it.concurrent('whose volume is too small', async () => {
    const storageClass = `tiny-${world.namespace}`;
    const { object, name } = smallVolume(world, { label: 'backup', size: '64k', storageClass });
    const byHand = { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name: storageClass } };
    world.atEnd(async () => void (await world.kubectl(['delete', 'storageclass', storageClass])));
    await world.kubectl(['apply', '-f', '-'], [object, { ...byHand, provisioner: 'kubernetes.io/no-provisioner' }]);
    const record = await failing('cramped', { storageClass });
    expect(record).toMatchObject({ phase: 'Failed', reason: 'NoSpace' });
    expect(record.message).toMatch(/needs|free|room/);
    expect(await world.kubectl(['get', 'pv', name, '-o', 'jsonpath={.spec.claimRef.name}'])).toBe(record.claimName);
    await isRemoved(record);
  });

  it.concurrent('ends with its own container, although a mesh adds one that never ends', async () => {
    for (const object of meshPolicy('of-meshed')) {
      await world.kubectl(['apply', '-f', '-'], [object]);
      world.atEnd(async () => void (await world.kubectl(['delete', object.kind, object.metadata.name])));
    }
    const chain = await chainOf('meshed');
    const made: unknown[] = [];
    world.onNewPod((pod) => void made.push(pod));
    const record = await run(world, { kind: 'Backup', name: 'of-meshed', spec: { node: 'meshed' } });
    expect(record).toMatchObject({ phase: 'Complete', manifestSha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(JSON.stringify(made)).toContain('mesh-proxy');
    await goesOn('meshed', chain);
  });

  it.concurrent('of a node that will not stop', async () => {
    const chain = await chainOf('stubborn');
    const { pid } = processOf(world.podUid('stubborn') ?? '', 'geth');
    process.kill(pid, 'SIGSTOP');
    try {
      const record = await run(world, { kind: 'Backup', name: 'of-stubborn', spec: { node: 'stubborn' } });
      expect(record).toMatchObject({ phase: 'Failed', reason: 'NodeWillNotStop' });
      expect(record.message).toBe('stubborn did not stop within 45 seconds: pod stubborn-0 still exists');
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await goesOn('stubborn', chain);
  });
});

/** Adds a container to the worker pods of a job. As a webhook that does not know our labels against injection. */
function meshPolicy(job: string) {
  const name = `mesh-${world.namespace}`;
  const metadata = { name };
  const apiVersion = 'admissionregistration.k8s.io/v1';
  const context = 'Object.spec.containers.securityContext';
  const proxy = `Object.spec.containers{name: "mesh-proxy", image: "${image}", command: ["/usr/local/bin/node"],
    args: ["-e", "setInterval(() => {}, 60000)"], securityContext: ${context}{allowPrivilegeEscalation: false,
    runAsNonRoot: true, seccompProfile: ${context}.seccompProfile{type: "RuntimeDefault"},
    capabilities: ${context}.capabilities{drop: ["ALL"]}}}`;
  const isOfJob = `'validatoros.com/job' in object.metadata.labels && object.metadata.labels['validatoros.com/job'].contains('${job}')`;
  const spec = {
    failurePolicy: 'Fail',
    reinvocationPolicy: 'Never',
    matchConstraints: {
      resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
    },
    matchConditions: [{ name: 'job', expression: `has(object.metadata.labels) && ${isOfJob}` }],
    mutations: [
      {
        patchType: 'JSONPatch',
        jsonPatch: { expression: `[JSONPatch{op: "add", path: "/spec/containers/-", value: ${proxy}}]` },
      },
    ],
  };
  const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': world.namespace } };
  return [
    { apiVersion, kind: 'MutatingAdmissionPolicy', metadata, spec },
    {
      apiVersion,
      kind: 'MutatingAdmissionPolicyBinding',
      metadata,
      spec: { policyName: name, matchResources: { namespaceSelector } },
    },
  ];
}

/** A backup that fails; its node then runs on with its data. */
async function failing(node: string, spec: object): Promise<JobRecord> {
  const chain = await chainOf(node);
  const record = await run(world, { kind: 'Backup', name: `of-${node}`, spec: { node, ...spec } });
  await goesOn(node, chain);
  return record;
}

/** Hashes of the blocks that the node has once it is well. */
async function chainOf(name: string): Promise<readonly string[]> {
  await world.await(name, 'to be well with blocks', (node) => isWell(node) && (node.status?.height ?? 0) >= 2);
  return await gethOf(world, name).hashes();
}

/** Waits for more blocks on top of those. */
async function goesOn(name: string, chain: readonly string[]): Promise<void> {
  await world.await(name, 'more blocks', (node) => isWell(node) && (node.status?.height ?? 0) > chain.length + 1);
  expect(lastCommon(chain, await gethOf(world, name).hashes())).toBe(chain.length - 1);
}

/** What was to become a backup goes when it became none. */
async function isRemoved({ claimName = '' }: JobRecord): Promise<void> {
  await waitFor({ what: `the removal of ${claimName}`, timeoutMs: 60_000 }, async () =>
    (await world.kubectl(['get', 'pvc', claimName, '--ignore-not-found', '-o', 'name'])) === '' ? true : undefined,
  );
}

/** A file of the manifest that holds chain data. */
async function someBlock(folder: string): Promise<string> {
  const text = readFileSync(join(folder, 'manifest.json'), 'utf8');
  const found = /"path":"(el\/geth\/chaindata\/ancient\/[^"]+|el\/geth\/chaindata\/[^"]+\.(?:log|sst))"/.exec(
    text,
  )?.[1];
  if (found === undefined) throw new Error(`no chain data in ${text.slice(0, 2_000)}`);
  return `volumes/data/${found}`;
}

/** Changes one byte of a file: in a manifest, of a checksum, so that it still reads well. Gives what undoes it. */
function changeByte(path: string): () => void {
  const before = readFileSync(path);
  const changed = Buffer.from(before);
  const mark = '"sha256":"';
  const at = path.endsWith('.json') ? before.indexOf(mark) + mark.length : before.length >> 1;
  changed[at] = changed[at] === ZERO ? ZERO + 1 : ZERO;
  writeFileSync(path, changed);
  return () => writeFileSync(path, before);
}

const ZERO = '0'.charCodeAt(0);

function nowhere(): string {
  return `nowhere-${world.namespace}`;
}
