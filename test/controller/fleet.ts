// A repository of nodes for one test: an executor and a namespace that no other test uses, on a real Git server.

import { randomBytes } from 'node:crypto';

import type { BlockchainNode } from '../../src/api/blockchain-node.ts';
import { LABEL } from '../../src/api/group.ts';
import { type ApiCluster, connectCluster } from '../../src/kube/api-cluster.ts';
import { KINDS } from '../../src/kube/kinds.ts';
import { commitFiles, type CommitOptions, type FileChange, git, tipOf } from '../support/git-repo.ts';
import { type GitServer, type GitServerOptions, startGitServer } from '../support/git-server.ts';

export const BRANCH = 'main';
export const STATUS_BRANCH = 'nodewright-status';

export interface FleetOptions {
  readonly kubeconfig: string;
  /** How many nodes there are at first: n0, n1, … */
  readonly nodes: number;
  /** Spec fields of each of them, as YAML lines without indentation. */
  readonly spec?: readonly string[];
  readonly guards?: { readonly maxDeletions: number; readonly maxDeletionPercent: number };
  readonly git?: GitServerOptions;
}

/** A person's view: what they write, and what they can see. */
export interface Fleet {
  readonly kubeconfig: string;
  readonly executor: string;
  readonly namespace: string;
  readonly server: GitServer;
  /** Path of the bare repository. */
  readonly repo: string;
  readonly url: string;
  readonly cluster: ApiCluster;
  /** Commits to the desired branch; resolves to the commit's id. */
  commit(changes: Readonly<Record<string, FileChange>>, options?: CommitOptions): string;
  /** The Fleet's file with more lines below `spec:`. */
  fleetFile(more?: readonly string[]): string;
  /** The file of a node; `spec` are more lines. */
  nodeFile(name: string, spec?: readonly string[]): string;
  /** The BlockchainNodes in the cluster, by name. */
  nodes(): Promise<ReadonlyMap<string, BlockchainNode>>;
  /** A file of our folder on the status branch as the server has it now; undefined when it is not there. */
  statusFile(path: string): string | undefined;
  /** The commits of the status branch, newest first. */
  statusCommits(): readonly string[];
  close(): Promise<void>;
}

const STOPPED = ['desiredState: Stopped'];

export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const id = randomBytes(4).toString('hex');
  const [executor, namespace] = [`x-${id}`, `loops-${id}`];
  const server = await startGitServer(options.git);
  const repo = server.createRepo('fleet');
  const cluster = connectCluster({ kubeconfig: options.kubeconfig });
  const spec = options.spec ?? STOPPED;
  const fleetFile = (more: readonly string[] = []): string => fleetText(executor, options.guards, more);
  const nodeFile = (name: string, lines: readonly string[] = spec): string => nodeText(name, lines);
  const names = Array.from({ length: options.nodes }, (_, index) => `n${index}`);
  const files = Object.fromEntries(names.map((name) => [`nodes/${name}.yaml`, nodeFile(name)]));
  commitFiles(repo, { 'fleet.yaml': fleetFile(), ...files }, { branch: BRANCH });
  return {
    kubeconfig: options.kubeconfig,
    executor,
    namespace,
    server,
    repo,
    url: server.url('fleet'),
    cluster,
    commit: (changes, commitOptions) => commitFiles(repo, changes, { ...commitOptions, branch: BRANCH }),
    fleetFile,
    nodeFile,
    nodes: async () => await nodesOf(cluster, executor),
    statusFile: (path) => show(repo, `${STATUS_BRANCH}:${executor}/${path}`),
    statusCommits: () =>
      tipOf(repo, STATUS_BRANCH) === undefined ? [] : git(repo, ['rev-list', STATUS_BRANCH]).split('\n'),
    async close() {
      const namespaceRef = { apiVersion: 'v1', kind: 'Namespace', name: namespace };
      const live = await cluster.get(namespaceRef).catch(() => undefined);
      const uid = live?.metadata.uid;
      if (uid !== undefined)
        await cluster.remove(namespaceRef, { uid, propagation: 'Background' }).catch(() => undefined);
      await cluster.close();
      await server.close();
    },
  };
}

async function nodesOf(cluster: ApiCluster, executor: string): Promise<ReadonlyMap<string, BlockchainNode>> {
  const found = await cluster.list(KINDS.BlockchainNode, { labelSelector: `${LABEL.executor}=${executor}` });
  // The edge: the CRD fixes the shape.
  return new Map(found.map((object) => [object.metadata.name, object as unknown as BlockchainNode]));
}

function show(repo: string, what: string): string | undefined {
  try {
    return git(repo, ['show', what]);
  } catch {
    return undefined;
  }
}

function fleetText(executor: string, guards: FleetOptions['guards'], more: readonly string[]): string {
  const { maxDeletions, maxDeletionPercent } = guards ?? { maxDeletions: 1, maxDeletionPercent: 50 };
  return [
    'apiVersion: validatoros.com/v1alpha1',
    'kind: Fleet',
    'metadata: { name: fleet }',
    'spec:',
    `  executors: [{ name: ${executor} }]`,
    `  defaultExecutor: ${executor}`,
    `  guards: { maxDeletions: ${maxDeletions}, maxDeletionPercent: ${maxDeletionPercent} }`,
    ...more.map((line) => `  ${line}`),
    '',
  ].join('\n');
}

function nodeText(name: string, spec: readonly string[]): string {
  return [
    'apiVersion: validatoros.com/v1alpha1',
    'kind: BlockchainNode',
    `metadata: { name: ${name} }`,
    'spec:',
    '  chain: ethereum',
    '  network: dev',
    '  clients: { el: { name: geth, version: 1.16.7 } }',
    '  storage: { data: { size: 1Gi } }',
    ...spec.map((line) => `  ${line}`),
    '',
  ].join('\n');
}
