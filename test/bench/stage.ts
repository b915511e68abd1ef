// What figures are measured on: a cluster of its own, a Git server with a fleet, the controller as its own process.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
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
  /** Of the cluster: what `startServer` starts there ends with it. */
  readonly directory: string;
  readonly kubeconfig: string;
  /** A folder for files, removed at the end. */
  readonly folder: string;
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
  /** One more controller, with a data folder of that name; it may end by itself. Arguments as of `nodewright run`. */
  startBeside(name: string, args?: readonly string[]): Promise<ControllerProcess>;
  /** Ends the controller that `start` started, if it runs. */
  stop(): Promise<void>;
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
  const state = await up({ name, mode: 'simulated', startedBy: 'tests' });
  const kubeconfig = kubeconfigPath(state);
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
  const launch = launcher({ folder: dir, repo: server.url('fleet'), kubeconfig });
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
    directory: state.directory,
    kubeconfig,
    folder: dir,
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
      const started = await launch('data', args);
      controller = started;
      void started.ended.then((code) => {
        if (controller === started) failed.reject(new Error(`the controller ended by itself with code ${code}`));
      });
      return started;
    },
    async startBeside(name, args = []) {
      const started = await launch(name, args);
      undo.push(() => started.stop());
      return started;
    },
    stop,
    close,
  };
}

interface Place {
  readonly folder: string;
  /** URL of the repository. */
  readonly repo: string;
  readonly kubeconfig: string;
}

/** Starts controllers, each with a log of its own. */
function launcher({ folder, repo, kubeconfig }: Place) {
  let starts = 0;
  return async (name: string, args: readonly string[]): Promise<ControllerProcess> => {
    const logFile = join(folder, `controller-${++starts}.log`);
    // There from the beginning, for those who wait for a line of it.
    await writeFile(logFile, '');
    return await startControllerProcess({
      args: ['run', '--repo', repo, '--executor', EXECUTOR, '--kubeconfig', kubeconfig, ...args],
      env: { NODEWRIGHT_DATA_DIR: join(folder, name), NODEWRIGHT_LISTEN: '0', ...profiling() },
      logFile,
    });
  };
}

/** `BENCH_PROFILE=DIR` writes a CPU profile of every controller process there. */
function profiling(): Readonly<Record<string, string>> {
  const { BENCH_PROFILE: folder } = process.env;
  return folder === undefined ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${folder}` };
}
