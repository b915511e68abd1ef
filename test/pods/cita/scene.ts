// Six nodes in the three layouts of CITA-Cloud's tools, the controller, and guards; requests from the documents of the CITA-Cloud operator.

import { expect } from 'vitest';

import { importMissing } from '../../cluster/images.ts';
import { importWorkerImage } from '../../cluster/worker-image.ts';
import { cloudConfigNode } from '../../support/cita/cloud-config.ts';
import { helmChain } from '../../support/cita/helm.ts';
import { citaImages, JOB_IMAGE } from '../../support/cita/images.ts';
import { pythonChain } from '../../support/cita/python.ts';
import { podsCluster, startWorld, type PodsWorld } from '../world.ts';
import { heightAbove, type Folder } from './chain-files.ts';
import { standGuard, type Guards } from './guards.ts';
import { carryOut, citaDocument, type Changes, type Ended } from './requests.ts';

/** The names in these documents. */
export const CITA = 'test-chain-zenoh-bft';
export const NODES = [`${CITA}-node0`, `${CITA}-node1`] as const;
export const PYTHON = 'chain-734116911817822208';
export const HELM = 'helm-chain';

/** The layouts run side by side, the tests of one layout one after another. */
export const IN_ORDER = { concurrent: false } as const;

/** Where the nodes' data lies. */
export const FOLDERS = {
  node0: { pvc: `datadir-${NODES[0]}-0` },
  node1: { pvc: `datadir-${NODES[1]}-0` },
  python0: { pvc: `${PYTHON}-pvc`, subPath: `${PYTHON}-0` },
  python1: { pvc: `${PYTHON}-pvc`, subPath: `${PYTHON}-1` },
  helm0: { pvc: `${HELM}-pvc`, subPath: `${HELM}-0` },
  helm1: { pvc: `${HELM}-pvc`, subPath: `${HELM}-1` },
} as const satisfies Readonly<Record<string, Folder>>;

/** Where a Backup keeps the files of its node. */
export function copyIn(pvc: string | undefined): Folder {
  return { pvc: pvc ?? '', subPath: 'backup/volumes/data' };
}

export interface Scene {
  readonly world: PodsWorld;
  readonly guards: Guards;
  /** One of these documents in the namespace of this scene. */
  readonly document: (name: string, changes?: Changes) => string;
  /** Their BlockHeightFallback of some node. */
  readonly fallback: (changes: Fallback) => string;
  /** Merges one request; resolves with its end. */
  readonly run: (text: string) => Promise<Ended>;
}

export interface Fallback {
  readonly name: string;
  readonly image: string;
  readonly node: string;
  readonly chain: string;
  readonly height: number;
  readonly deployMethod?: string;
}

/** The storage class in these documents is one of another cluster. */
export const CLASS: Changes = { 'nas-client-provisioner': 'standard' };

/** Resolves when all six nodes have made blocks. */
export async function setScene(): Promise<Scene> {
  const { state } = await podsCluster();
  const image = await importWorkerImage(state);
  await importMissing(state, await citaImages());
  const world = await startWorld('cita', ['--image', image]);
  // Two of the tools run their nodes as root, and giving files away takes root too.
  const level = 'pod-security.kubernetes.io/enforce=baseline';
  await world.kubectl(['label', 'namespace', world.namespace, level, '--overwrite']);
  const guards = standGuard(world.kubeconfig, world.namespace);
  world.atEnd(() => guards.close());
  await world.kubectl(
    ['apply', '-f', '-'],
    [
      ...NODES.flatMap((node) => cloudConfigNode(CITA, node)),
      ...pythonChain(PYTHON, [`${PYTHON}-0`, `${PYTHON}-1`]),
      ...helmChain(HELM, 2),
    ],
  );
  await Promise.all(Object.values(FOLDERS).map((folder) => heightAbove(world, folder, 5)));
  const document = (name: string, changes: Changes = {}): string =>
    citaDocument(name, { 'app-rivspace': world.namespace, ...changes });
  return {
    world,
    guards,
    document,
    fallback: (changes) => document('blockheightfallback-sample', fallbackChanges(changes)),
    async run(text) {
      const [ended] = await carryOut(world, [text]);
      if (ended === undefined) throw new Error('nothing was asked for');
      return ended;
    },
  };
}

/** Of all that happened until now. */
export function expectNoTrouble({ guards }: Scene): void {
  const working = guards.workingPods('').map(({ metadata }) => metadata?.name ?? '');
  expect(guards.troubles).toEqual([]);
  expect(working.filter((name) => guards.served.has(name))).toEqual([]);
  expect(guards.served).toContain(`${NODES[0]}-0`);
}

/** `pullPolicy: Always` would ask a registry that has no such image. */
function fallbackChanges({ name, image, node, chain, height, deployMethod = 'cloud-config' }: Fallback): Changes {
  return {
    [JOB_IMAGE]: image,
    'pullPolicy: Always': 'pullPolicy: IfNotPresent',
    [`${PYTHON}-0`]: node,
    [`chain: ${PYTHON}`]: `chain: ${chain}`,
    'blockHeight: 2000000': `blockHeight: ${height}`,
    'deployMethod: cloud-config': `deployMethod: ${deployMethod}`,
    'blockheightfallback-sample': name,
  };
}
