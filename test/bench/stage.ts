// What figures are measured on: a cluster of its own, a Git server with a fleet, the controller as its own process.

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { DEFAULT_NAMESPACE } from '../../src/api/group.ts';
import { crds } from '../../src/desired/crds.ts';
import { type ApiCluster, connectCluster } from '../../src/kube/api-cluster.ts';
import { loadConfig } from '../../src/kube/config.ts';
import { applyCrds } from '../../src/kube/crds.ts';
import { KINDS } from '../../src/kube/kinds.ts';
import { makeTransport, type Transport } from '../../src/kube/transport.ts';
import { ensureNamespace } from '../../src/controller/fleet/namespace.ts';
import { release, up } from '../cluster/cluster.ts';
import { kubeconfigPath } from '../cluster/state.ts';
import { type ControllerProcess, startControllerProcess } from '../demo/controller-process.ts';
import { commitFiles, type FileChange } from '../support/git-repo.ts';
import { type GitServer, startGitServer } from '../support/git-server.ts';
import { EXECUTOR, fleetFiles, type FleetShape } from './fleet.ts';
import { type Sightings, watchKind } from './sightings.ts';

/** So that a change is seen soon; the figures count from the look at the branch, not from the push. */
export const LOOK_OFTEN = ['--interval', '500ms'];

export interface Stage {
  readonly fleet: FleetShape;
  readonly cluster: ApiCluster;
  readonly transport: Transport;
  readonly server: GitServer;
  /** Path of the bare repository. */
  readonly repo: string;
  /** All BlockchainNodes, as this process sees them. */
  readonly nodes: Sightings;
  /** Moves the desired branch; when it returns, the server has the commit. */
  readonly push: (changes: Readonly<Record<string, FileChange>>) => string;
  /** Rejects when a controller ends by itself. */
  readonly failed: Promise<never>;
  /** The last lines of its log; empty before the first start. */
  lastLog(): Promise<string>;
  /** Starts `nodewright run`, in place of the one that ran. Without arguments it runs with its defaults. */
  start(args?: readonly string[]): Promise<ControllerProcess>;
  /** Ends everything; nothing is left behind. */
  close(): Promise<void>;
}

/** Brings everything up but the controller. */
export async function setStage(fleet: FleetShape): Promise<Stage> {
  const undo: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const step of undo.splice(0).toReversed()) await step().catch((error: unknown) => console.error(error));
  };
  try {
    return await build(fleet, { undo, close });
  } catch (error) {
    await close();
    throw error;
  }
}

interface Ending {
  /** Steps that undo what was done, in the order it was done. */
  readonly undo: (() => Promise<unknown>)[];
  readonly close: () => Promise<void>;
}

async function build(fleet: FleetShape, { undo, close }: Ending): Promise<Stage> {
  const name = `bench-${process.pid}`;
  undo.push(() => release(name));
  const kubeconfig = kubeconfigPath(await up({ name, mode: 'simulated', startedBy: 'tests' }));
  const cluster = connectCluster({ kubeconfig });
  undo.push(() => cluster.close());
  const transport = makeTransport(loadConfig({ kubeconfig }));
  undo.push(() => transport.close());
  const dir = await mkdtemp(join(tmpdir(), 'nodewright-bench-'));
  undo.push(() => rm(dir, { recursive: true, force: true }));
  await mkdir(join(dir, 'server'));
  const server = await startGitServer({ root: join(dir, 'server') });
  undo.push(() => server.close());
  const repo = server.createRepo('fleet');
  commitFiles(repo, fleetFiles(fleet));
  await applyCrds(cluster, crds());
  await ensureNamespace(cluster, DEFAULT_NAMESPACE);
  const nodes = await watchKind(cluster, KINDS.BlockchainNode);
  let controller: ControllerProcess | undefined;
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => undefined);
  async function stop(): Promise<void> {
    const ending = controller;
    controller = undefined;
    await ending?.stop();
  }
  undo.push(stop);
  return {
    fleet,
    cluster,
    transport,
    server,
    repo,
    nodes,
    push: (changes) => commitFiles(repo, changes),
    failed: failed.promise,
    lastLog: async () => (await controller?.lastLog(15)) ?? '',
    async start(args = []) {
      await stop();
      const started = await startControllerProcess({
        args: ['run', '--repo', server.url('fleet'), '--executor', EXECUTOR, '--kubeconfig', kubeconfig, ...args],
        env: { NODEWRIGHT_DATA_DIR: join(dir, 'data'), NODEWRIGHT_LISTEN: '0', ...profiling() },
        logFile: join(dir, 'controller.log'),
      });
      controller = started;
      void started.ended.then((code) => {
        if (controller === started) failed.reject(new Error(`the controller ended by itself with code ${code}`));
      });
      return started;
    },
    close,
  };
}

/** `BENCH_PROFILE=DIR` writes a CPU profile of every controller process there. */
function profiling(): Readonly<Record<string, string>> {
  const { BENCH_PROFILE: folder } = process.env;
  return folder === undefined ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${folder}` };
}
