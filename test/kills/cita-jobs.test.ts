// Jobs on nodes of other tools whose controller is killed at every stage: the outcome is that of an undisturbed one.

import { lchownSync, lstatSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { JobRecord } from '../../src/jobs/requests/record.ts';
import { connectCluster } from '../../src/kube/api-cluster.ts';
import { JOB_IMAGE } from '../support/cita/images.ts';
import { type Killer, STAGES, startKiller } from '../pods/kill-points.ts';
import { PHASES } from '../pods/one-run.ts';
import { type Kind, openRequestObserver, type RequestObserver } from '../pods/request-observer.ts';
import { expectGrowth, firstHeight, heightAbove, heightOf, pathOf, read } from '../pods/cita/chain-files.ts';
import { nameOf } from '../pods/cita/requests.ts';
import { CITA, CLASS, copyIn, FOLDERS, HELM, NODES, PYTHON, type Scene, setScene } from '../pods/cita/scene.ts';

const [NODE0, NODE1] = NODES;

/** What a test needs to ask for something under kills. */
interface Stage extends Scene {
  /** One request, killed at every stage: its record, after it was proven to have run once. `pods`: of its nodes. */
  readonly once: (text: string, pods: readonly string[], works?: number) => Promise<JobRecord>;
}

interface Scenario {
  readonly title: string;
  /** Gives the record of the last request. */
  readonly play: (stage: Stage) => Promise<JobRecord>;
}

/** Side by side; each has nodes of its own. */
const SCENARIOS: readonly Scenario[] = [
  { title: 'Backup and Restore of a node from cloud-config', play: backupAndRestore },
  { title: 'Snapshot and ChangeOwner of a node from cloud-config', play: snapshotAndChangeOwner },
  { title: 'BlockHeightFallback of a node of the Python tool', play: fallBack },
  { title: 'Backup of a node of the Helm chart', play: backupOfHelm },
];

const ending = new AbortController();
let stage: Stage;
let close: () => Promise<void>;
beforeAll(async () => {
  const scene = await setScene();
  const { world } = scene;
  const { namespace, kubeconfig } = world;
  const cluster = connectCluster({ kubeconfig });
  const observer = openRequestObserver({ cluster, namespace }, ending.signal);
  const killer = startKiller({
    ...observer,
    kill: async () => await world.controller.kill(),
    exited: async () => await world.controller.ended,
    start: async () => await world.restart(),
    lastLog: async (lines) => await world.controller.lastLog(lines),
  });
  stage = { ...scene, once: onceFor(scene, observer, killer) };
  close = async () => {
    await killer.close();
    await cluster.close();
    await world.close();
  };
});
afterAll(async () => {
  ending.abort();
  await close?.();
});

describe('killed at every stage', () => {
  it.concurrent.each(SCENARIOS)('$title', async ({ play }) => {
    expect(await play(stage)).toMatchObject({ phase: 'Complete' });
  });

  it('Switchover of both nodes from cloud-config', async () => {
    expect(await switchOver(stage)).toMatchObject({ phase: 'Complete' });
  });

  it('all the time: no data was shared by node and job, and no key by two nodes', () => {
    expect(stage.guards.troubles).toEqual([]);
  });
});

function onceFor({ world, run }: Scene, observer: RequestObserver, killer: Killer): Stage['once'] {
  const seen: string[] = [];
  world.onNewPod(({ metadata }) => void seen.push(metadata?.name ?? ''));
  const starts = (pod: string): number => seen.filter((name) => name.startsWith(pod)).length;
  return async (text, pods, works = 1) => {
    const { name, kind } = nameOf(text) as { name: string; kind: Kind };
    const before = pods.map(starts);
    killer.aimAt(kind, name, works === 0 ? PHASES : STAGES);
    const [{ record }] = await Promise.all([run(text), killer.isDone(kind, name)]);
    expect(record.phases?.map(({ phase }) => phase)).toEqual(PHASES);
    expect([...observer.objectsMade(kind, name).keys()]).toEqual([record.uid]);
    expect(observer.made('Job', record.uid ?? '').length).toBe(works);
    expect(observer.made('Pod', record.uid ?? '').length).toBe(works);
    expect(pods.map((pod, index) => starts(pod) - (before[index] ?? 0))).toEqual(pods.map(() => 1));
    return record;
  };
}

/** The data is that of the copy, and the node continues from there. */
async function backupAndRestore({ world, document, once }: Stage): Promise<JobRecord> {
  const here = { [`${PYTHON}-0`]: NODE0, [PYTHON]: CITA, 'deployMethod: python': 'deployMethod: cloud-config' };
  const pods = [`${NODE0}-0`];
  await heightAbove(world, FOLDERS.node0, 3);
  const made = await once(document('backup-sample', { ...CLASS, ...here, 'backup-sample': 'killed-backup' }), pods);
  const copy = copyIn(made.claimName);
  const kept = heightOf(world, copy);
  const blocks = read(world, copy, 'chain_data/blocks');
  expect(made).toMatchObject({ manifestSha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect(await firstHeight(world, `${NODE0}-0`)).toBe(kept);
  await heightAbove(world, FOLDERS.node0, kept + 1);
  const names = { 'restore-sample': 'killed-restore', 'backup: backup-sample': 'backup: killed-backup' };
  const back = await once(document('restore-sample', { ...here, ...names }), pods);
  expect(back).toMatchObject({ manifestSha256: made.manifestSha256 });
  expectGrowth(back, kept);
  expect(await firstHeight(world, `${NODE0}-0`)).toBe(kept);
  expect(read(world, FOLDERS.node0, 'chain_data/blocks').slice(0, blocks.length)).toBe(blocks);
  return back;
}

async function snapshotAndChangeOwner({ world, document, once }: Stage): Promise<JobRecord> {
  const pods = [`${NODE1}-0`];
  await heightAbove(world, FOLDERS.node1, 4);
  const names = { [NODE0]: NODE1, 'snapshot-sample': 'killed-snapshot', 'blockHeight: 30': 'blockHeight: 4' };
  const taken = await once(document('snapshot-sample', { ...CLASS, ...names }), pods);
  expect(taken).toMatchObject({ height: 4, format: '0.2.3' });
  expect(read(world, { pvc: taken.claimName ?? '' }, 'state/state/statedb/current_height')).toBe('4\n');
  const blocks = join(pathOf(world, FOLDERS.node1), 'chain_data/blocks');
  lchownSync(blocks, 0, 0);
  const given = await once(
    document('changeowner-sample', { [NODE0]: NODE1, 'changeowner-sample': 'killed-owner' }),
    pods,
  );
  expect(given).toMatchObject({ message: expect.stringContaining('1000:1000') });
  expect(lstatSync(blocks)).toMatchObject({ uid: 1000, gid: 1000 });
  return given;
}

async function fallBack({ world, fallback, once }: Stage): Promise<JobRecord> {
  const node = `${PYTHON}-0`;
  await heightAbove(world, FOLDERS.python0, 4);
  const changes = { name: 'killed-fallback', image: JOB_IMAGE, node, chain: PYTHON, height: 3, deployMethod: 'python' };
  const record = await once(fallback(changes), [`${node}-`]);
  expect(record).toMatchObject({ height: 3 });
  expectGrowth(record, 3);
  expect(await firstHeight(world, `deployment/${node}`)).toBe(3);
  return record;
}

/** The whole chain is stopped for it, and all of it comes back. */
async function backupOfHelm({ world, document, once }: Stage): Promise<JobRecord> {
  const here = { ...CLASS, [PYTHON]: HELM, 'deployMethod: python': 'deployMethod: helm' };
  const pods = [`${HELM}-0`, `${HELM}-1`];
  const record = await once(document('backup-sample', { ...here, 'backup-sample': 'killed-helm' }), pods);
  expect(await world.kubectl(['get', 'statefulset', HELM, '-o', 'jsonpath={.spec.replicas}'])).toBe('2');
  expect(await firstHeight(world, `${HELM}-0`)).toBe(heightOf(world, copyIn(record.claimName)));
  return record;
}

/** It needs no pod that works: the StatefulSets exchange their accounts. */
async function switchOver({ world, document, once }: Stage): Promise<JobRecord> {
  const path = 'jsonpath={.spec.template.spec.volumes[?(@.name=="node-account")].configMap.name}';
  const accounts = async (): Promise<readonly string[]> =>
    await Promise.all(NODES.map(async (node) => await world.kubectl(['get', 'statefulset', node, '-o', path])));
  const before = await accounts();
  const text = document('switchover-sample', { 'switchover-sample': 'killed-switchover' });
  const record = await once(
    text,
    NODES.map((node) => `${node}-0`),
    0,
  );
  expect(await accounts()).toEqual(before.toReversed());
  return record;
}
