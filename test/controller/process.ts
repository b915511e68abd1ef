// The controller as a process of its own on a test's repository: for signals, probes and crashes.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type ControllerProcess, startControllerProcess } from '../demo/controller-process.ts';
import { waitFor } from '../support/wait-for.ts';
import type { Fleet } from './fleet.ts';

export interface Process extends ControllerProcess {
  /** What a probe answers. */
  probe(path: '/healthz' | '/readyz' | '/metrics'): Promise<{ readonly status: number; readonly text: string }>;
  /** The whole log so far. */
  log(): Promise<string>;
  /** Kills it when it still runs, and removes its folder. */
  cleanUp(): Promise<void>;
}

export interface ProcessOptions {
  readonly kubeconfig?: string;
  readonly password?: string;
  readonly dataDir?: string;
  /** The same over restarts: then the lease of a dead process is free at once. */
  readonly podName?: string;
  /** Of worker pods. */
  readonly image?: string;
  /** More options, each one word. */
  readonly args?: readonly string[];
}

export async function startProcess(fleet: Fleet, options: ProcessOptions = {}): Promise<Process> {
  const folder = await mkdtemp(join(tmpdir(), 'nodewright-process-'));
  const controller = await startControllerProcess({
    // One option a word, no option with a space.
    args: [
      `run --repo ${fleet.url} --executor ${fleet.executor} --namespace ${fleet.namespace}`,
      '--interval 1s --observe-interval 1s --listen 0 --git-username git',
      `--kubeconfig ${options.kubeconfig ?? fleet.kubeconfig}`,
      ...(options.image === undefined ? [] : [`--image ${options.image}`]),
      ...(options.args ?? []),
    ].flatMap((line) => line.split(' ')),
    env: {
      NODEWRIGHT_DATA_DIR: options.dataDir ?? join(folder, 'data'),
      ...(options.podName === undefined ? {} : { POD_NAME: options.podName }),
      ...(options.password === undefined ? {} : { NODEWRIGHT_GIT_PASSWORD: options.password }),
    },
    logFile: join(folder, 'log'),
  });
  let hasEnded = false;
  void controller.ended.then(() => (hasEnded = true));
  const log = async (): Promise<string> => await readFile(controller.logFile, 'utf8').catch(() => '');
  const port = await waitFor('it says its port', async () => {
    if (hasEnded) throw new Error(`it ended: ${await log()}`);
    return /"port":(\d+)/.exec(await log())?.[1];
  });
  return {
    ...controller,
    log,
    async probe(path) {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`);
      return { status: answer.status, text: await answer.text() };
    },
    async cleanUp() {
      if (!hasEnded) await controller.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
