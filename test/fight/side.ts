// One of the clusters that fight: real pods, two controller processes of one executor, and ways to Git and the API server that can be cut.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { binary } from '../cluster/binaries.ts';
import { release, up } from '../cluster/cluster.ts';
import { kubeconfigPath, type ClusterState } from '../cluster/state.ts';
import { type ControllerProcess, startControllerProcess } from '../demo/controller-process.ts';
import { runCommand } from '../demo/run-command.ts';
import { breakableKubeconfig } from '../pods/breakable-kubeconfig.ts';
import { type Gate, openGate } from '../support/gate.ts';

export const NAMESPACE = 'fight';

const POLICY = new URL('../pods/policy.yaml', import.meta.url).pathname;
const INTERVALS = ['--interval', '1s', '--observe-interval', '2s', '--height-interval', '10s'] as const;

export interface Side {
  readonly executor: string;
  readonly state: ClusterState;
  readonly kubeconfig: string;
  /** The controllers' ways. */
  readonly api: Gate;
  readonly git: Gate;
  /** kubectl in the namespace, past the gates. */
  readonly kubectl: (args: readonly string[], objects?: readonly object[]) => Promise<string>;
  /** Starts the controllers; each starts again whenever it ends. */
  start(): void;
  /** SIGKILL to one of them, which starts again after a pause. */
  readonly kill: (index: number, pauseMs: number) => void;
  /** SIGSTOP for so long: a process that continues with what it knew before. */
  readonly freeze: (index: number, forMs: number) => void;
  /** How many controller processes were started. */
  readonly starts: number;
  close(): Promise<void>;
}

/** Two of them: the second one waits for the lease, as it does in a highly available installation. */
const CONTROLLERS = [0, 1] as const;

export async function openSide(executor: string, gitPort: number): Promise<Side> {
  const name = `p-${executor}-${process.pid}`;
  const state = await up({ name, mode: 'pods', startedBy: 'tests' });
  const folder = await mkdtemp(join(tmpdir(), `nodewright-${executor}-`));
  const kubectlProgram = await binary('kubectl');
  const kubeconfig = kubeconfigPath(state);
  const way = await breakableKubeconfig(kubeconfig);
  const gitGate = await openGate('127.0.0.1', gitPort);
  const running = new Map<number, ControllerProcess>();
  const loops: Promise<void>[] = [];
  const ending = new AbortController();
  let starts = 0;
  let pauseMs = 500;

  async function keepRunning(index: number): Promise<void> {
    while (!ending.signal.aborted) {
      starts += 1;
      const controller = await startControllerProcess({
        args: ['run', '--repo', `http://127.0.0.1:${gitGate.port}/fleet`, '--branch', 'main', '--executor', executor,
          ...INTERVALS, '--namespace', NAMESPACE, '--kubeconfig', way.kubeconfig, '--policy', POLICY], // prettier-ignore
        env: {
          NODEWRIGHT_GIT_USERNAME: 'demo',
          NODEWRIGHT_GIT_PASSWORD: 'demo',
          NODEWRIGHT_DATA_DIR: join(folder, `data-${index}`),
          NODEWRIGHT_LISTEN: '0',
          POD_NAME: `${executor}-${index}`,
        },
        logFile: join(folder, `controller-${index}.log`),
      });
      running.set(index, controller);
      await controller.ended;
      await wait(ending.signal.aborted ? 0 : pauseMs);
      pauseMs = 500;
    }
  }

  const kubectl: Side['kubectl'] = async (args, objects) => {
    const list = { apiVersion: 'v1', kind: 'List', items: objects };
    const options = objects === undefined ? {} : { input: JSON.stringify(list) };
    const place = ['--kubeconfig', kubeconfig, '-n', NAMESPACE];
    return (await runCommand(kubectlProgram, [...place, ...args], options)).stdout;
  };
  await kubectl(['create', 'namespace', NAMESPACE]);
  return {
    executor,
    state,
    kubeconfig,
    api: way.gate,
    git: gitGate,
    kubectl,
    start: () => void loops.push(...CONTROLLERS.map(keepRunning)),
    kill(index, pause) {
      pauseMs = pause;
      send(running.get(index), 'SIGKILL');
    },
    freeze(index, forMs) {
      const frozen = running.get(index);
      send(frozen, 'SIGSTOP');
      setTimeout(() => send(frozen, 'SIGCONT'), forMs).unref();
    },
    get starts() {
      return starts;
    },
    async close() {
      ending.abort();
      for (const controller of running.values()) {
        send(controller, 'SIGCONT');
        await controller.stop();
      }
      await Promise.all(loops);
      gitGate.close();
      await way.close();
      await release(name);
      if (process.env['FIGHT_KEEP'] === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

function send(controller: ControllerProcess | undefined, signal: NodeJS.Signals): void {
  try {
    if (controller !== undefined) process.kill(controller.pid, signal);
  } catch {
    // It has ended by itself.
  }
}
