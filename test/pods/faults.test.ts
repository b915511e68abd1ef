// What goes wrong with real nodes: the status says what is the case and what a user should do, and no other node is affected.

import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { waitFor } from '../support/wait-for.ts';
import { condition, isWell, unready } from './observer.ts';
import { cometDev, gethDev, type NodeFields } from './node-file.ts';
import { processesOf, processOf } from './processes.ts';
import { smallVolume } from './small-volume.ts';
import { type Trouble, troubleOf } from './trouble.ts';
import { volumeFolder } from './volume-folder.ts';
import { type PodsWorld, startWorld } from './world.ts';

interface Broken extends Trouble {
  readonly because: string;
  readonly name: string;
  readonly spec: NodeFields;
  readonly reason: string;
  /** What the message names. */
  readonly says: readonly string[];
}

const TROUBLES: readonly Broken[] = [
  {
    // Not a flag that it does not know: there 31 KB of help may follow the reason, and only the end of a log is kept.
    because: 'a setting that the client refuses',
    name: 'bad-flag',
    spec: { ...gethDev, args: { el: { 'db.engine': 'stone' } } },
    phase: 'Error',
    reason: 'CrashLoopBackOff',
    stalled: true,
    says: ['el keeps crashing with exit code 1', "Invalid choice for db.engine 'stone'", 'log'],
  },
  {
    because: 'an image that is nowhere',
    name: 'no-image',
    spec: { ...gethDev, clients: { el: { name: 'geth', image: 'registry.invalid/geth:1.0.0' } } },
    phase: 'Error',
    reason: 'ImagePullBackOff',
    stalled: true,
    says: ['registry.invalid/geth:1.0.0', 'cannot be pulled', 'spec.clients'],
  },
  {
    because: 'a Kubernetes node that does not exist',
    name: 'no-such-host',
    spec: { ...gethDev, nodeSelector: { disk: 'golden' } },
    phase: 'Pending',
    reason: 'WaitingForScheduler',
    stalled: false,
    says: ['No Kubernetes node can run the pod', 'spec.nodeSelector'],
  },
  {
    because: 'more processors than any Kubernetes node has',
    name: 'too-big',
    spec: { ...gethDev, resources: { el: { requests: { cpu: '4000' } } } },
    phase: 'Pending',
    reason: 'WaitingForScheduler',
    stalled: false,
    says: ['Insufficient cpu', 'spec.resources'],
  },
  {
    because: 'a storage class that does not exist',
    name: 'no-class',
    spec: { ...gethDev, storage: { data: { size: '1Gi', storageClass: 'platinum' } } },
    phase: 'Error',
    reason: 'StorageClassMissing',
    stalled: true,
    says: ['platinum'],
  },
  {
    because: 'a genesis ConfigMap that does not exist',
    name: 'no-genesis',
    spec: {
      ...cometDev,
      network: 'nowhere-1',
      nodeType: 'full',
      genesis: { configMap: { name: 'missing', key: 'genesis.json' } },
    },
    phase: 'Error',
    reason: 'ConfigMapMissing',
    stalled: true,
    says: ['ConfigMap missing', 'Create it with the label'],
  },
];

let world: PodsWorld;
beforeAll(async () => {
  world = await startWorld('faults');
  const broken = Object.fromEntries(TROUBLES.map(({ name, spec }) => [name, spec]));
  world.change('A node that nothing happens to, and others', { bystander: gethDev, ...broken });
});
afterAll(async () => {
  await world?.close();
});

describe.concurrent('a node that was well', () => {
  it.concurrent('continues by itself after its volume was deleted by hand', async () => {
    world.change('Add wiped', { wiped: gethDev });
    await world.await('wiped', 'height 3', (node) => isWell(node) && (node.status?.height ?? 0) >= 3);
    const pvc = world.pvc('data-wiped-0')?.metadata?.uid;
    await world.kubectl(['delete', 'pvc', 'data-wiped-0', '--wait=false']);
    await world.await(
      'wiped',
      'the volume on its way out',
      (node) => node.status?.volumes?.[0]?.phase === 'Terminating',
    );
    await world.kubectl(['delete', 'pod', 'wiped-0', '--wait=false']);
    await waitFor('a new PVC', () => isOther(pvc, world.pvc('data-wiped-0')?.metadata?.uid), 60_000);
    const again = await world.await('wiped', 'to start over and be well', (node) => isWell(node) && node);
    expect(again.status?.volumes).toMatchObject([{ name: 'data', claim: 'data-wiped-0', phase: 'Bound' }]);
  });

  it.concurrent('starts over after its data was deleted inside the volume', async () => {
    world.change('Add emptied', { emptied: cometDev });
    await world.await('emptied', 'height 3', (node) => isWell(node) && (node.status?.height ?? 0) >= 3);
    const volume = volumeFolder(world, 'data-emptied-0');
    for (const entry of readdirSync(volume)) rmSync(join(volume, entry), { recursive: true, force: true });
    const wipedAt = Date.now();
    const uid = world.podUid('emptied');
    await world.kubectl(['delete', 'pod', 'emptied-0', '--wait=false']);
    await world.await('emptied', 'a new pod', () => isOther(uid, world.podUid('emptied')));
    await world.await('emptied', 'to start over', isWell);
    expect(await timeOfFirstBlock(world.pod('emptied')?.status?.podIP ?? '')).toBeGreaterThan(wipedAt);
  });

  it.concurrent('names a full disk, and continues once there is space', async () => {
    const disk = smallDisk('tight');
    await world.kubectl(['apply', '-f', '-'], disk.objects);
    world.change('Add tight', { tight: gethDev });
    await world.await('tight', 'to be well', isWell);
    disk.fill();
    const full = await troubleOf(world, 'tight', 'DiskFull');
    expect(full).toMatchObject({ phase: 'Error', synced: false, stalled: true });
    expect(full.message).toMatch(/disk is full; raise the size in spec.storage/);
    disk.free();
    await world.await('tight', 'to be well again', isWell);
  });

  it.concurrent('is Unreachable when its process hangs, delays no other node, and never has two pods', async () => {
    world.change('Add hung', { hung: gethDev });
    await world.await('hung', 'to be well', isWell);
    const bystander = await world.await('bystander', 'to be well', (node) => isWell(node) && node);
    const uid = world.podUid('hung') ?? '';
    const { pid } = processOf(uid, 'geth');
    process.kill(pid, 'SIGSTOP');
    try {
      const hung = await troubleOf(world, 'hung', 'Unreachable');
      expect(hung).toMatchObject({ phase: 'Error', synced: false, stalled: false, reconciling: 'True' });
      expect(hung.message).toMatch(/geth \(el\) runs but does not answer .*see its log/);
      const now = world.node('bystander');
      expect(now === undefined ? undefined : condition(now, 'Ready')).toEqual(condition(bystander, 'Ready'));
      await world.await(
        'bystander',
        'to be observed again',
        (node) => node.status?.observedAt !== now?.status?.observedAt,
      );

      await world.kubectl(['delete', 'pod', 'hung-0', '--wait=false']);
      await world.await('hung', 'the restart', (node) => unready(node) === 'Restarting');
      expect(world.podUid('hung')).toBe(uid);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    const left = await nextPod('hung', uid);
    expect(left).toEqual([]);
    await world.await('hung', 'to be well again', isWell);
  });

  it.concurrent('is back after its process hung for a moment, without a change of status', async () => {
    world.change('Add dozing', { dozing: gethDev });
    const before = await world.await('dozing', 'to be well', (node) => isWell(node) && node);
    const { pid } = processOf(world.podUid('dozing') ?? '', 'geth');
    process.kill(pid, 'SIGSTOP');
    try {
      const since = Date.now();
      await waitFor('15 s without an answer', () => Date.now() - since > 15_000);
      expect(unready(world.node('dozing') ?? before)).toBeUndefined();
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    const height = before.status?.height ?? 0;
    const after = await world.await('dozing', 'more blocks', (node) => (node.status?.height ?? 0) > height && node);
    expect(condition(after, 'Ready')).toEqual(condition(before, 'Ready'));
  });
});

describe.concurrent('a node that cannot start', () => {
  it.concurrent.each(TROUBLES)(
    '$because',
    async ({ name, because: _because, spec: _spec, reason, says, ...expected }) => {
      const seen = await troubleOf(world, name, reason);
      expect(seen).toMatchObject({ ...expected, synced: false, reconciling: expected.stalled ? undefined : 'True' });
      for (const words of says) expect(seen.message).toContain(words);
    },
  );
});

/** The processes of the old pod that still lived when the new one was seen first. */
function nextPod(name: string, oldUid: string): Promise<readonly string[]> {
  return new Promise((resolve) => {
    world.onNewPod((pod) => {
      if (pod.metadata?.name === `${name}-0` && pod.metadata.uid !== oldUid)
        resolve(processesOf(oldUid).map(({ words }) => words.join(' ')));
    });
  });
}

function isOther(before: string | undefined, now: string | undefined): boolean {
  return now !== undefined && now !== before;
}

async function timeOfFirstBlock(address: string): Promise<number> {
  const response = await fetch(`http://${address}:26657/block?height=1`, { signal: AbortSignal.timeout(5_000) });
  const { result } = (await response.json()) as { result: { block: { header: { time: string } } } };
  return Date.parse(result.block.header.time);
}

interface SmallDisk {
  /** The volume and the PVC that the node will find. */
  readonly objects: readonly object[];
  fill(): void;
  free(): void;
}

/** A real file system of 96 MiB as the node's volume. */
function smallDisk(node: string): SmallDisk {
  const claim = `data-${node}-0`;
  const { name, folder, object } = smallVolume(world, {
    label: node,
    size: '96m',
    storageClass: 'standard',
    claim,
    release: () => world.kubectl(['delete', 'pod', `${node}-0`, '--ignore-not-found', '--grace-period=1']),
  });
  const spec = { accessModes: ['ReadWriteOnce'], storageClassName: 'standard', volumeName: name };
  const filler = join(folder, 'filler');
  return {
    objects: [
      object,
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: claim, labels: { 'novacula.com/node': node } },
        spec: { ...spec, resources: { requests: { storage: '1Gi' } } },
      },
    ],
    fill() {
      try {
        writeFileSync(filler, Buffer.alloc(96 << 20));
      } catch {
        // Until there is no room: that is the purpose.
      }
    },
    free: () => rmSync(filler),
  };
}
