// A cluster of its own with nothing in it, and the chart's page: its commands, run as they are written there.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { parse, stringify } from 'yaml';

import { defined } from '../../src/lib/defined.ts';
import { binary } from '../cluster/binaries.ts';
import { release, up } from '../cluster/cluster.ts';
import { run } from '../cluster/command.ts';
import { containerdSocket } from '../cluster/containerd.ts';
import { kubeconfigPath, type ClusterState } from '../cluster/state.ts';
import { importWorkerImage } from '../cluster/worker-image.ts';
import { runCommand } from '../demo/run-command.ts';
import { waitFor } from '../demo/wait-for.ts';
import { commitFiles, git } from '../support/git-repo.ts';
import { basic, startGitServer } from '../support/git-server.ts';

export interface Installation {
  readonly state: ClusterState;
  /** Runs the commands of a section of the chart's page, with this installation's URL, image and token; gives their output. */
  follow(section: string, how?: Following): Promise<string>;
  helm(...args: readonly string[]): Promise<string>;
  kubectl(...args: readonly string[]): Promise<string>;
  /** Commits files to the desired branch; gives the commit. */
  commit(files: Readonly<Record<string, string>>): string;
  /** A file of the status branch, as soon as the fact holds of it. */
  published<T>(path: string, what: string, fact: (content: T) => boolean): Promise<T>;
  /** Pods of a namespace by name: which they are, how often their containers restarted, and what these run. */
  pods(namespace: string): Promise<Readonly<Record<string, PodSeen>>>;
  /** A metric of the controller: the sum of its series. */
  metric(name: string): Promise<number>;
  close(): Promise<void>;
}

export interface Following {
  /** More options of `helm install`. */
  readonly more?: string;
  /** Commands that are left out. */
  readonly without?: RegExp;
}

export interface PodSeen {
  readonly uid: string;
  readonly restarts: number;
  readonly phase: string;
  readonly images: readonly string[];
}

export const EXECUTOR = 'primary';
export const RELEASE_NAMESPACE = 'nodewright-system';
export const NODE_NAMESPACE = 'novacula-system';
/** The version that the page upgrades to: the same image under another tag. */
export const NEXT_VERSION = '0.2.0';

const ROOT = new URL('../..', import.meta.url).pathname;
const TOKEN = 'a-token-of-the-test';
const STATUS_BRANCH = 'nodewright-status';

interface How {
  /** Of the cluster. */
  readonly name?: string;
  /** Makes the image available, and gives its reference. Default: containerd gets it, and the next version too. */
  readonly provide?: (state: ClusterState) => Promise<string>;
}

/** A cluster with real pods, a Git server that they reach, and the image; nothing is installed yet. */
export async function openInstallation(how: How = {}): Promise<Installation> {
  const { name = `p-install-${process.pid}`, provide = importVersions } = how;
  const state = await up({ name, mode: 'pods', startedBy: 'tests' });
  const image = await provide(state);
  const folder = await mkdtemp(join(tmpdir(), 'nodewright-install-'));
  const server = await startGitServer({ host: state.address, accept: [basic('x-access-token', TOKEN)] });
  const repo = server.createRepo('fleet');
  const programs = [dirname(await binary('helm')), dirname(await binary('kubectl'))];
  const env = {
    PATH: [...programs, process.env['PATH']].join(':'),
    KUBECONFIG: kubeconfigPath(state),
    // Helm keeps its own files there.
    HOME: folder,
    XDG_CACHE_HOME: folder,
  };
  const command = async (program: string, args: readonly string[]): Promise<string> =>
    (await runCommand(program, args, { cwd: ROOT, env, timeoutMs: 300_000 })).stdout;
  const kubectl = async (...args: readonly string[]): Promise<string> => await command('kubectl', args);
  return {
    state,
    kubectl,
    helm: async (...args) => await command('helm', args),
    async follow(section, { more = '', without } = {}) {
      const site = { image: image.slice(0, image.lastIndexOf(':')), url: server.url('fleet'), more };
      const text = siteCommands(await commandsIn(section), site).replaceAll(without ?? /^$/g, '');
      return await command('sh', ['-euc', text]);
    },
    commit: (files) => commitFiles(repo, files),
    published: async (path, what, fact) =>
      await waitFor({ what: `${path} on the status branch: ${what}`, timeoutMs: 180_000 }, async () => {
        const text = git(repo, ['show', `${STATUS_BRANCH}:${EXECUTOR}/${path}`]);
        const content = parse(text);
        if (!fact(content)) throw new Error(text.replaceAll('\n', ' ').slice(0, 1500));
        return content;
      }),
    pods: async (namespace) => podsIn(await kubectl('get', 'pods', '-n', namespace, '-o', 'json')),
    async metric(metric) {
      const path = ['-o', 'jsonpath={.items[0].status.podIP}'];
      const address = await kubectl('get', 'pods', '-n', RELEASE_NAMESPACE, ...path);
      const response = await fetch(`http://${address}:8080/metrics`, { signal: AbortSignal.timeout(10_000) });
      return sumOf(metric, await response.text());
    },
    async close() {
      await server.close();
      await release(name);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function importVersions(state: ClusterState): Promise<string> {
  const image = await importWorkerImage(state);
  await run('ctr', ['-a', containerdSocket(state.name), '-n', 'k8s.io', 'images', 'tag', image, nextVersion(image)]);
  return image;
}

export function fleetFile(controller?: { readonly version: string; readonly attempt?: number }): string {
  const spec = { executors: [{ name: EXECUTOR }], defaultExecutor: EXECUTOR, ...defined({ controller }) };
  return stringify({ apiVersion: 'validatoros.com/v1alpha1', kind: 'Fleet', metadata: { name: 'fleet' }, spec });
}

/** The first block of shell commands below a heading of the chart's page. */
async function commandsIn(section: string): Promise<string> {
  const page = await readFile(join(ROOT, 'charts/nodewright/README.md'), 'utf8');
  const [, rest = ''] = page.split(`\n## ${section}\n`);
  const block = /^```sh\n(.*?)^```/ms.exec(rest.split(/^## /m)[0] ?? '')?.[1];
  if (block === undefined) throw new Error(`the chart's page has no commands below "${section}"`);
  return block;
}

interface Site {
  readonly image: string;
  readonly url: string;
  readonly more: string;
}

/** What a reader puts in their own place. The server of the test speaks plain HTTP. */
function siteCommands(text: string, { image, url, more }: Site): string {
  return text
    .replaceAll('images.example.com/nodewright', image)
    .replaceAll('token=…', `token=${TOKEN}`)
    .replaceAll(
      'https://git.example.com/us/fleet.git',
      `${url} --set git.allowHttp=true --set git.interval=1s ${more}`,
    );
}

function nextVersion(image: string): string {
  return `${image.slice(0, image.lastIndexOf(':'))}:${NEXT_VERSION}`;
}

interface PodItem {
  readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string };
  readonly spec: { readonly containers: readonly { readonly image: string }[] };
  readonly status: {
    readonly phase: string;
    readonly containerStatuses?: readonly { readonly restartCount: number }[];
  };
}

function podsIn(text: string): Readonly<Record<string, PodSeen>> {
  // The edge: what kubectl prints.
  const { items } = JSON.parse(text) as { readonly items: readonly PodItem[] };
  return Object.fromEntries(
    items.map(({ metadata, spec, status }) => [
      metadata.name,
      {
        uid: metadata.uid,
        restarts: (status.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0),
        phase: status.phase,
        images: spec.containers.map(({ image }) => image),
      },
    ]),
  );
}

function sumOf(metric: string, text: string): number {
  const lines = text.split('\n').filter((line) => line.startsWith(`${metric} `) || line.startsWith(`${metric}{`));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
