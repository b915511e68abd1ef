// What the chapters work with: a cluster, a Git server, a clone, a controller.

import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { defined } from '../../src/lib/defined.ts';
import { basic, type GitServer, startGitServer } from '../support/git-server.ts';
import { type ChartOptions, type DemoController, installController, runControllerBeside } from './controller.ts';
import { runCommand } from './run-command.ts';

export const NAMESPACE = 'novacula-system';
export const EXECUTOR = 'primary';

export interface Stage {
  readonly kubeconfig: string;
  readonly cloneUrl: string;
  /** A clone of the desired branch, as an author has it. */
  readonly clone: string;
  readonly controller: DemoController;
  readonly kubectlPath: string;
  /** Nodewright's own, which worker pods run; undefined where the cluster has none. */
  readonly workerImage: string | undefined;
  /** kubectl with the demo's cluster. */
  kubectl(args: readonly string[], input?: string): Promise<string>;
  git(args: readonly string[]): Promise<string>;
  /** nodewright, as an author calls it. Codes 0 and 1 are answers. */
  nodewright(args: readonly string[]): Promise<{ readonly code: number; readonly stdout: string }>;
  /** A file of the status branch as the server has it now; undefined when it is not there. */
  statusFile(path: string): Promise<string | undefined>;
  close(): Promise<void>;
}

export interface StageOptions {
  readonly kubeconfig: string;
  readonly kubectl: string;
  /** Undefined: the controller runs beside the cluster. */
  readonly chart: ChartOptions | undefined;
  /** Where pods reach servers of this machine; default: loopback. */
  readonly address?: string;
}

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname;

/** Git server, repository from the template, controller: everything but the cluster, which must be up. */
export async function setStage(options: StageOptions): Promise<Stage> {
  const dir = await mkdtemp(join(tmpdir(), 'nodewright-demo-'));
  await mkdir(join(dir, 'server'));
  const server = await startGitServer({
    ...defined({ host: options.address }),
    accept: [basic('demo', 'demo')],
    root: join(dir, 'server'),
  });
  const bare = server.createRepo('fleet');
  const clone = join(dir, 'fleet');
  const git = async (args: readonly string[]): Promise<string> =>
    (await runCommand('git', ['-C', clone, ...args])).stdout;
  await createRepository({ server, clone, git });
  const cloneUrl = server.url('fleet');
  const made = { ...options, url: cloneUrl, executor: EXECUTOR, namespace: NAMESPACE, folder: dir };
  const { chart } = options;
  const controller = chart === undefined ? await runControllerBeside(made) : await installController(made, chart);
  return {
    kubeconfig: options.kubeconfig,
    cloneUrl,
    clone,
    controller,
    git,
    kubectlPath: options.kubectl,
    workerImage: chart?.image,
    kubectl: async (args, input = '') =>
      (await runCommand(options.kubectl, args, { input, env: { KUBECONFIG: options.kubeconfig } })).stdout,
    nodewright: async (args) => await runCommand('node', [MAIN, ...args], { accept: [0, 1] }),
    statusFile: async (path) => await showFile(bare, path),
    async close() {
      await controller.stop();
      await server.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

interface NewRepository {
  readonly server: GitServer;
  readonly clone: string;
  readonly git: (args: readonly string[]) => Promise<string>;
}

async function createRepository({ server, clone, git }: NewRepository): Promise<void> {
  await runCommand('node', [MAIN, 'init', clone]);
  const url = new URL(server.url('fleet'));
  Object.assign(url, { username: 'demo', password: 'demo' });
  await git(['init', '-q', '-b', 'main']);
  await git(['config', 'user.name', 'Demo author']);
  await git(['config', 'user.email', 'author@example.com']);
  await git(['remote', 'add', 'origin', url.href]);
  await git(['add', '.']);
  await git(['commit', '-q', '-m', 'Start the fleet from the template']);
  await git(['push', '-q', '-u', 'origin', 'main']);
}

async function showFile(bare: string, path: string): Promise<string | undefined> {
  const shown = await runCommand('git', ['-C', bare, 'show', `nodewright-status:${path}`], { accept: [0, 128] });
  return shown.code === 0 ? shown.stdout : undefined;
}

/** Changes one file of the clone, or makes it: `edit` gets its text and gives the new one. */
export async function editFile(stage: Stage, path: string, edit: (text: string) => string): Promise<void> {
  const file = join(stage.clone, path);
  const text = await readFile(file, 'utf8').catch(() => '');
  const next = edit(text);
  if (next === text) throw new Error(`the edit of ${path} changed nothing`);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, next);
}

/** Commits everything in the clone and pushes the branch that is checked out. */
export async function commitAndPush(stage: Stage, message: string): Promise<string> {
  await stage.git(['add', '-A']);
  await stage.git(['commit', '-q', '-m', message]);
  await stage.git(['push', '-q', 'origin', 'HEAD']);
  return (await stage.git(['rev-parse', 'HEAD'])).trim();
}
