// Two executors of one repository, with a cluster each or with one for both, and one validator that goes from one to the other.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pino } from 'pino';

import { findCondition } from '../../src/api/conditions.ts';
import type { KubeObject } from '../../src/api/objects.ts';
import { applyPlan } from '../../src/controller/fleet/apply-plan.ts';
import type { FleetDeps } from '../../src/controller/fleet/deps.ts';
import { createFleetState } from '../../src/controller/fleet/state.ts';
import { connectCluster } from '../../src/kube/api-cluster.ts';
import { textAt, valueAt } from '../../src/lib/json-value.ts';
import { runCommand } from '../demo/run-command.ts';
import { commitFiles, git, moveBranch } from '../support/git-repo.ts';
import { makeValidators, type Validators } from '../support/validators.ts';
import { waitFor } from '../support/wait-for.ts';
import { BRANCH, type Fleet, type FleetOptions, startFleet, STATUS_BRANCH } from './fleet.ts';
import { prepare, runController, type Running } from './harness.ts';

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname;
const VERSIONS = {
  BlockchainNode: 'validatoros.com/v1alpha1',
  StatefulSet: 'apps/v1',
  Pod: 'v1',
  PersistentVolumeClaim: 'v1',
} as const;
const PATIENCE_MS = 180_000;

export type Files = Readonly<Record<string, string>>;

export interface TwoExecutors {
  readonly paris: Fleet;
  readonly tokyo: Fleet;
  /** The file of the validator `val` on that executor. */
  readonly at: (fleet: Fleet, spec?: object) => Files;
  /** The file of a node that runs on that executor all the time. */
  readonly neighbour: (fleet: Fleet) => Files;
  /** The file of another validator, with that Secret. */
  readonly copy: (fleet: Fleet, secretName: string, spec?: object) => Files;
  readonly approving: (...digests: readonly string[]) => Files;
  readonly run: (fleet: Fleet) => Promise<Running>;
  /** Opens a pull request, and gives what `nodewright plan` says of it. */
  readonly propose: (files: Files) => Promise<string>;
  /** What `nodewright plan` says of the desired branch with these files, compared with the cluster of that executor; warnings too. */
  readonly planInCluster: (fleet: Fleet, files: Files, options?: readonly string[]) => Promise<string>;
  /** Merges the pull request that was opened last. */
  readonly merge: () => void;
  /** A file of the status branch; empty text when there is none. */
  readonly show: (path: string) => string;
  /** An object of the node, `val` when none is named. */
  readonly object: (fleet: Fleet, kind: keyof typeof VERSIONS, node?: string) => Promise<KubeObject | undefined>;
  /** Whether a pod of the validator may sign there now, or soon. */
  readonly mayRun: (fleet: Fleet) => Promise<boolean>;
  readonly runs: (fleet: Fleet, node?: string) => Promise<KubeObject>;
  readonly isGone: (fleet: Fleet) => Promise<void>;
  /** The node has that reason; gives the message. */
  readonly waits: (fleet: Fleet, reason: string) => Promise<string>;
  /** `sync.yaml` of the executor, once it holds an action for that reason. */
  readonly holds: (fleet: Fleet, guard: string) => Promise<string>;
  readonly released: (fleet: Fleet) => Promise<void>;
  /** The executor knows from the status branch that the other one has the key. */
  readonly hasSeen: (fleet: Fleet, holder: Fleet) => Promise<void>;
  /** Ends its controllers. */
  readonly stop: (fleet: Fleet) => Promise<void>;
  /** The executor carries out a deletion of `val` that it planned when the node was its own. Gives what failed. */
  readonly deletesLate: (fleet: Fleet, uid: string) => Promise<readonly unknown[]>;
  readonly close: () => Promise<void>;
}

export interface TwoOptions extends Pick<FleetOptions, 'guards'> {
  readonly kubeconfig: string;
  /** Of the second executor. */
  readonly otherKubeconfig: string;
}

const ENOUGH = { maxDeletions: 5, maxDeletionPercent: 100 };

export async function twoExecutors({
  kubeconfig,
  otherKubeconfig,
  guards = ENOUGH,
}: TwoOptions): Promise<TwoExecutors> {
  const paris = await startFleet({ kubeconfig, nodes: 0, guards });
  const cluster = connectCluster({ kubeconfig: otherKubeconfig });
  const tokyo: Fleet = { ...paris, kubeconfig: otherKubeconfig, cluster, executor: `${paris.executor}-b` };
  const { repo, namespace } = paris;
  const validators = makeValidators({ chainId: 'moving-1', namespace, names: ['val'] });
  for (const fleet of kubeconfig === otherKubeconfig ? [paris] : [paris, tokyo]) await install(fleet, validators);
  const fleetFile = (more: readonly string[]): string =>
    paris.fleetFile(more).replace('executors: [', `executors: [{ name: ${tokyo.executor} }, `);
  const runnings: { readonly fleet: Fleet; readonly running: Running }[] = [];
  paris.commit({ 'fleet.yaml': fleetFile([]) });
  const show = (path: string): string => {
    try {
      return git(repo, ['show', `${STATUS_BRANCH}:${path}`]);
    } catch {
      return '';
    }
  };
  return {
    paris,
    tokyo,
    at: ({ executor }, spec) => nodeFile('val', { executor, ...validators.validator('val'), ...spec }),
    neighbour: (fleet) => nodeFile(`by-${fleet.executor}`, { executor: fleet.executor, ...validators.follower() }),
    copy: ({ executor }, secretName, spec) =>
      nodeFile('copy', { executor, ...validators.validator('val'), identity: { secretName }, ...spec }),
    approving: (...digests) => ({
      'fleet.yaml': fleetFile([`approvals: [${digests.map((digest) => `{ digest: "${digest}" }`).join(', ')}]`]),
    }),
    async run(fleet) {
      const running = await runController(fleet, { settings: { statusLookMs: 1000 } });
      runnings.push({ fleet, running });
      return running;
    },
    async propose(files) {
      moveBranch(repo, 'proposal', git(repo, ['rev-parse', BRANCH]));
      commitFiles(repo, files, { branch: 'proposal' });
      const args = ['plan', repo, '--from', BRANCH, '--to', 'proposal', '--namespace', namespace];
      const status = show('README.md') === '' ? [] : ['--status-from', STATUS_BRANCH];
      const { stdout } = await runCommand(process.execPath, [MAIN, ...args, ...status], { accept: [0, 1, 2] });
      return stdout;
    },
    planInCluster: async (fleet, files, options = ['--executor', fleet.executor]) =>
      await planInCluster(fleet, files, options),
    merge() {
      moveBranch(repo, BRANCH, git(repo, ['rev-parse', 'proposal']));
      for (const { running } of runnings) running.controller.requestSync();
    },
    show,
    object,
    async mayRun(fleet) {
      const statefulSet = await object(fleet, 'StatefulSet');
      const pod = await object(fleet, 'Pod');
      return pod !== undefined || valueAt(statefulSet, ['spec', 'replicas']) === 1;
    },
    runs: async (fleet, node = 'val') =>
      await waitFor(`${node} runs on ${fleet.executor}`, async () => await object(fleet, 'Pod', node), PATIENCE_MS),
    async isGone(fleet) {
      const isAbsent = async (kind: keyof typeof VERSIONS): Promise<boolean> =>
        (await object(fleet, kind)) === undefined;
      const all = async (): Promise<boolean> =>
        (await isAbsent('BlockchainNode')) && (await isAbsent('StatefulSet')) && (await isAbsent('Pod'));
      await waitFor(`val is gone from ${fleet.executor}`, all, PATIENCE_MS);
    },
    waits: async (fleet, reason) =>
      await waitFor(`val on ${fleet.executor}: ${reason}`, async () => await messageOf(fleet, reason), PATIENCE_MS),
    holds: async (fleet, guard) =>
      await waitFor(
        `${fleet.executor} holds an action: ${guard}`,
        () => {
          const text = show(`${fleet.executor}/sync.yaml`);
          return text.includes(`guard: ${guard}`) && text;
        },
        PATIENCE_MS,
      ),
    async released(fleet) {
      const path = `${fleet.executor}/keys.yaml`;
      await waitFor(
        `${fleet.executor} has released the key`,
        () => show(path).includes('state: Released'),
        PATIENCE_MS,
      );
    },
    hasSeen,
    async stop(fleet) {
      for (const one of runnings.filter((each) => each.fleet === fleet)) await one.running.stop();
    },
    deletesLate: async (fleet, uid) => await deletesLate(fleet, uid),
    async close() {
      for (const { running } of runnings.splice(0)) await running.stop();
      await tokyo.cluster.close();
      await paris.close();
    },
  };
}

/** The files are checked out, as a person who asks has them. */
export async function planInCluster(
  { repo, kubeconfig, namespace }: Pick<Fleet, 'repo' | 'kubeconfig' | 'namespace'>,
  files: Files,
  options: readonly string[],
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'nodewright-plan-'));
  try {
    moveBranch(repo, 'checkout', git(repo, ['rev-parse', BRANCH]));
    commitFiles(repo, files, { branch: 'checkout' });
    git(repo, ['clone', '-q', '-b', 'checkout', repo, folder]);
    const args = ['plan', folder, '--kubeconfig', kubeconfig, '--namespace', namespace, ...options];
    const { stdout, stderr } = await runCommand(process.execPath, [MAIN, ...args], { accept: [0, 1, 2] });
    return `${stderr}${stdout}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function install(fleet: Fleet, { objects }: Validators): Promise<void> {
  await prepare(fleet);
  for (const object of objects as readonly KubeObject[])
    await fleet.cluster.create({ ...object, metadata: { ...object.metadata, namespace: fleet.namespace } });
}

function nodeFile(name: string, spec: object): Files {
  const head = { apiVersion: VERSIONS.BlockchainNode, kind: 'BlockchainNode', metadata: { name } };
  return { [`nodes/${name}.yaml`]: JSON.stringify({ ...head, spec }) };
}

async function object(fleet: Fleet, kind: keyof typeof VERSIONS, node = 'val'): Promise<KubeObject | undefined> {
  const name = { Pod: `${node}-0`, PersistentVolumeClaim: `data-${node}-0`, BlockchainNode: node, StatefulSet: node }[
    kind
  ];
  return await fleet.cluster.get({ apiVersion: VERSIONS[kind], kind, namespace: fleet.namespace, name });
}

async function messageOf(fleet: Fleet, reason: string): Promise<string | undefined> {
  const node = await object(fleet, 'BlockchainNode');
  // The edge: the CRD fixes the shape.
  const ready = findCondition(valueAt(node, ['status', 'conditions']) as never, 'Ready');
  return ready?.reason === reason ? ready.message : undefined;
}

/** With the parts of the controller that a deletion of a stopped node needs, and a watch that is behind. */
async function deletesLate({ cluster, executor, namespace }: Fleet, uid: string): Promise<readonly unknown[]> {
  const ref = { apiVersion: VERSIONS.BlockchainNode, kind: 'BlockchainNode', namespace, name: 'val' };
  const action = { do: 'delete', ref, uid, keepsVolumes: true, because: 'its executor is now another one' } as const;
  const deps = {
    cluster,
    settings: { executor },
    fleet: createFleetState(undefined),
    watches: { nodes: { get: () => undefined, list: () => [] } },
    memory: { current: { deletions: {} } },
    runtime: { log: pino({ level: 'silent' }) },
  };
  const plan = { revision: '', actions: [action], kept: [], jobs: [], heldDigest: undefined, released: {} };
  return await applyPlan(plan, deps as unknown as FleetDeps, new AbortController().signal);
}

async function hasSeen({ cluster, executor, namespace }: Fleet, holder: Fleet): Promise<void> {
  const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace, name: `nodewright-${executor}` };
  const knows = async (): Promise<boolean> =>
    textAt(await cluster.get(ref), ['data', 'keys'])?.includes(`${holder.executor} sha256:`) ?? false;
  await waitFor(`${executor} has seen the reservation`, knows, PATIENCE_MS);
}
