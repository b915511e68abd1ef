// A fleet of its own for one test file: namespace, Git server, controller process, and an observer of what really runs.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { parse, stringify } from 'yaml';

import { binary } from '../cluster/binaries.ts';
import type { ClusterState } from '../cluster/state.ts';
import { type ControllerProcess, startControllerProcess } from '../demo/controller-process.ts';
import { type CommandResult, runCommand } from '../demo/run-command.ts';
import { waitFor as waitForFact } from '../demo/wait-for.ts';
import { testCluster, testNamespace, type TestCluster } from '../support/cluster.ts';
import { commitFiles, git } from '../support/git-repo.ts';
import { basic, type GitServer, startGitServer } from '../support/git-server.ts';
import { type Observer, openObserver } from './observer.ts';
import { nodeFile, type NodeFields } from './node-file.ts';

export interface PodsWorld extends Observer {
  readonly namespace: string;
  readonly executor: string;
  /** Its Git repository. */
  readonly repository: Repository;
  readonly state: ClusterState;
  readonly kubeconfig: string;
  /** The process that runs now, or the one that ran last. */
  readonly controller: ControllerProcess;
  /** Starts the controller again, as it was started first, after its end. */
  restart(): Promise<void>;
  /** Commits files to the desired branch by their paths; null removes one. Gives the commit. */
  commit(message: string, files: Readonly<Record<string, string | null>>): string;
  /** Commits node files to the desired branch; undefined removes one. Gives the commit. */
  change(message: string, nodes: Readonly<Record<string, NodeFields | undefined>>): string;
  /** Commits fleet.yaml with these fields of its spec beside the usual ones. Gives the commit. */
  changeFleet(more: object): string;
  /** kubectl in the namespace; throws on failure. */
  kubectl(args: readonly string[], objects?: readonly object[]): Promise<string>;
  /** Resolves with the status branch's file of a node once the fact holds of it. */
  published(name: string, what: string, fact: (file: StatusFile) => boolean): Promise<StatusFile>;
  /** Whether a revision like `main@sha1:…` is of this commit or a later one: two commits may be read as one. */
  isSince(revision: string | undefined, commit: string): boolean;
  /** Resolves with the text of the status branch's sync.yaml once the fact holds of it. */
  publishedSync(what: string, fact: (text: string) => boolean): Promise<string>;
  /** Text of a file of the status branch, by its path below the executor's folder. Throws while it is not there. */
  statusFile(path: string): string;
  /** The subjects of the commits on the status branch, newest first. */
  statusSubjects(): readonly string[];
  /** `nodewright validate` of a folder with these nodes, and other files by their paths. */
  validate(
    nodes: Readonly<Record<string, NodeFields>>,
    files?: Readonly<Record<string, string>>,
  ): Promise<CommandResult>;
  /** `nodewright plan` of the desired branch as it is now, against the cluster. */
  plan(): Promise<CommandResult>;
  /** Runs when the world closes, also after a failure; the last one first. */
  atEnd(undo: () => void | Promise<void>): void;
  close(): Promise<void>;
}

/** What the tests read from a node's file on the status branch. */
export interface StatusFile {
  readonly status: {
    readonly phase: string;
    readonly conditions: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason: string;
      readonly message: string;
    }[];
  };
}

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname;
const POLICY = new URL('policy.yaml', import.meta.url).pathname;
const EXECUTOR = 'pods';
const STATUS_BRANCH = 'nodewright-status';

/** The cluster of our own that these tests need, for what must be there before the controller is. */
export async function podsCluster(): Promise<TestCluster & { readonly state: ClusterState }> {
  const cluster = await testCluster();
  if (cluster.state === undefined || cluster.mode !== 'pods')
    throw new Error('these tests reach into volumes and processes: they need a cluster with pods of our own');
  return { ...cluster, state: cluster.state };
}

export interface Repository {
  readonly url: string;
  /** Bare, on this machine. */
  readonly folder: string;
}

/**
 * Resolves when the controller's process runs; `more` are further options of its command line. With a `shared` repository
 * it is one executor more of that fleet, which `fleet.yaml` must list.
 */
export async function startWorld(label: string, more: readonly string[] = [], shared?: Repository): Promise<PodsWorld> {
  const cluster = await podsCluster();
  const executor = `${EXECUTOR}-${label}`;
  const namespace = await testNamespace(cluster, label);
  const folder = await mkdtemp(join(tmpdir(), `nodewright-${label}-`));
  const server = shared === undefined ? await startGitServer({ accept: [basic('demo', 'demo')] }) : undefined;
  const repository = shared ?? newRepository(server, executor);
  const repo = repository.folder;
  const options = {
    args: ['run', '--repo', repository.url, '--branch', 'main', '--executor', executor, ...INTERVALS,
      '--namespace', namespace.name, '--kubeconfig', cluster.kubeconfigPath, '--policy', POLICY, ...more], // prettier-ignore
    env: {
      NODEWRIGHT_GIT_USERNAME: 'demo',
      NODEWRIGHT_GIT_PASSWORD: 'demo',
      NODEWRIGHT_DATA_DIR: join(folder, 'data'),
      NODEWRIGHT_LISTEN: '0',
      // The same over restarts: then the lease of a killed process is free at once.
      POD_NAME: `controller-${namespace.name}`,
    },
    logFile: join(folder, 'controller.log'),
  };
  let controller = await startControllerProcess(options);
  const observer = openObserver({ kubeconfig: cluster.kubeconfigPath, namespace: namespace.name, controller });
  const undos: (() => void | Promise<void>)[] = [];
  const show = (path: string): string => git(repo, ['show', `${STATUS_BRANCH}:${executor}/${path}`]);
  return {
    ...observer,
    namespace: namespace.name,
    executor,
    repository,
    state: cluster.state,
    kubeconfig: cluster.kubeconfigPath,
    get controller() {
      return controller;
    },
    restart: async () => void (controller = await startControllerProcess(options)),
    commit: (message, files) => commitFiles(repo, files, { message }),
    change: (message, nodes) => commitFiles(repo, filesOf(nodes), { message }),
    changeFleet: (more) =>
      commitFiles(repo, { 'fleet.yaml': fleet(executor, more) }, { message: `Fleet: ${JSON.stringify(more)}` }),
    kubectl: kubectlFor(await binary('kubectl'), cluster.kubeconfigPath, namespace.name),
    published: (name, what, fact) =>
      waitForFact({ what: `${name} on the status branch: ${what}`, timeoutMs: 40_000 }, async () => {
        const file = parse(show(`nodes/${namespace.name}/${name}.yaml`)) as StatusFile;
        return fact(file) ? file : undefined;
      }),
    publishedSync: (what, fact) =>
      waitForFact({ what: `sync.yaml on the status branch: ${what}`, timeoutMs: 30_000 }, async () => {
        const text = show('sync.yaml');
        if (!fact(text)) throw new Error(text.replaceAll('\n', ' '));
        return text;
      }),
    isSince(revision, commit) {
      const [, seen] = /@sha1:([0-9a-f]{40})/.exec(revision ?? '') ?? [];
      return seen !== undefined && git(repo, ['rev-list', '-1', commit, `^${seen}`]) === '';
    },
    statusFile: show,
    statusSubjects: () => git(repo, ['log', '--format=%s', STATUS_BRANCH]).split('\n'),
    validate: (nodes, files = {}) =>
      validate(join(folder, 'candidate'), { 'fleet.yaml': fleet(executor), ...filesOf(nodes), ...files }),
    plan: () =>
      plan({
        repo,
        folder: join(folder, 'clone'),
        kubeconfig: cluster.kubeconfigPath,
        namespace: namespace.name,
        executor,
      }),
    atEnd: (undo) => void undos.unshift(undo),
    async close() {
      for (const undo of undos) await undo();
      await controller.stop();
      observer.closeObserver();
      await server?.close();
      await namespace.remove();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function newRepository(server: GitServer | undefined, executor: string): Repository {
  if (server === undefined) throw new Error('a repository needs a server');
  const folder = server.createRepo('fleet');
  commitFiles(folder, { 'fleet.yaml': fleet(executor) }, { message: 'Start the fleet' });
  return { url: server.url('fleet'), folder };
}

const INTERVALS = ['--interval', '1s', '--observe-interval', '1s', '--height-interval', '2s'] as const;

function fleet(executor: string, more: object = {}): string {
  const guards = { maxDeletions: 100, maxDeletionPercent: 100 };
  const spec = { executors: [{ name: executor }], defaultExecutor: executor, guards, ...more };
  return stringify({ apiVersion: 'validatoros.com/v1alpha1', kind: 'Fleet', metadata: { name: 'fleet' }, spec });
}

function filesOf(nodes: Readonly<Record<string, NodeFields | undefined>>): Record<string, string | null> {
  const entries = Object.entries(nodes);
  return Object.fromEntries(
    entries.map(([name, fields]) => [`nodes/${name}.yaml`, fields === undefined ? null : nodeFile(name, fields)]),
  );
}

function kubectlFor(program: string, kubeconfig: string, namespace: string): PodsWorld['kubectl'] {
  return async (args, objects) => {
    const list = { apiVersion: 'v1', kind: 'List', items: objects };
    const options = objects === undefined ? {} : { input: JSON.stringify(list) };
    return (await runCommand(program, ['--kubeconfig', kubeconfig, '-n', namespace, ...args], options)).stdout;
  };
}

interface PlanPlace {
  readonly repo: string;
  /** For a clone of the repository. */
  readonly folder: string;
  readonly kubeconfig: string;
  readonly namespace: string;
  readonly executor: string;
}

async function plan({ repo, folder, kubeconfig, namespace, executor }: PlanPlace): Promise<CommandResult> {
  await rm(folder, { recursive: true, force: true });
  git(repo, ['clone', '--quiet', '--branch', 'main', repo, folder]);
  const args = ['--kubeconfig', kubeconfig, '--namespace', namespace, '--executor', executor, '--policy', POLICY];
  return await runCommand(process.execPath, [MAIN, 'plan', folder, ...args], { accept: [0, 1, 2] });
}

async function validate(folder: string, files: Readonly<Record<string, string | null>>): Promise<CommandResult> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text ?? '');
  }
  return await runCommand(process.execPath, [MAIN, 'validate', folder], { accept: [0, 1, 2] });
}
