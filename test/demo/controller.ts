// The controller of the demo: installed by the chart in a cluster that has its image, else a process beside the cluster.

import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { stringify } from 'yaml';

import { startControllerProcess } from './controller-process.ts';
import { runCommand } from './run-command.ts';

export interface DemoController {
  /** How it was started, for the reader. */
  readonly commands: readonly string[];
  /** The file of values that the commands name; undefined without the chart. */
  readonly values?: string;
  /** A command that follows its log. */
  readonly follow: string;
  /** The last lines of the log, for a failure's explanation. */
  lastLog(lines: number): Promise<string>;
  stop(): Promise<void>;
}

export interface ControllerOptions {
  readonly kubeconfig: string;
  readonly kubectl: string;
  /** Of the repository. */
  readonly url: string;
  readonly executor: string;
  /** Of the nodes. */
  readonly namespace: string;
  /** For its values, or for its log and its copy of the repository. */
  readonly folder: string;
}

/** What the chart needs; only in a cluster of the project's own. */
export interface ChartOptions {
  readonly helm: string;
  /** Repository and tag; the cluster has it. */
  readonly image: string;
}

const RELEASE_NAMESPACE = 'nodewright-system';
const ROOT = new URL('../..', import.meta.url).pathname;
/** Short, so that the demo need not wait. */
const INTERVALS = { interval: '2s', observe: '1s', height: '3s' };

/** As the chart's page says. */
export async function installController(options: ControllerOptions, chart: ChartOptions): Promise<DemoController> {
  const { kubeconfig, kubectl, folder } = options;
  const path = [dirname(chart.helm), dirname(kubectl), process.env['PATH']].join(':');
  const env = { KUBECONFIG: kubeconfig, PATH: path };
  const sh = async (command: string): Promise<string> =>
    (await runCommand('sh', ['-c', command], { cwd: ROOT, env, timeoutMs: 120_000 })).stdout;
  const values = stringify(valuesOf(options, chart), { lineWidth: 0 });
  const file = join(folder, 'values.yaml');
  await writeFile(file, values);
  const commands = [
    `kubectl create namespace ${RELEASE_NAMESPACE}`,
    `kubectl label namespace ${RELEASE_NAMESPACE} pod-security.kubernetes.io/enforce=restricted`,
    `kubectl -n ${RELEASE_NAMESPACE} create secret generic nodewright-git --from-literal=password=demo`,
    `helm install nodewright charts/nodewright -n ${RELEASE_NAMESPACE} -f ${file}`,
  ];
  const removed = `helm uninstall nodewright -n ${RELEASE_NAMESPACE} --wait --ignore-not-found; kubectl delete namespace ${RELEASE_NAMESPACE} --ignore-not-found`;
  const stop = async (): Promise<void> => void (await sh(removed));
  const log = `kubectl logs -n ${RELEASE_NAMESPACE} deployment/nodewright`;
  try {
    for (const command of commands) await sh(command);
  } catch (error) {
    await stop();
    throw error;
  }
  return { commands, values, follow: `${log} -f`, lastLog: async (lines) => await sh(`${log} --tail=${lines}`), stop };
}

function valuesOf({ namespace, executor, url }: ControllerOptions, { image }: ChartOptions): object {
  const colon = image.lastIndexOf(':');
  return {
    namespace,
    executor,
    image: { repository: image.slice(0, colon), tag: image.slice(colon + 1) },
    git: {
      url,
      allowHttp: true,
      secretName: 'nodewright-git',
      tokenKey: '',
      username: 'demo',
      passwordKey: 'password',
      interval: INTERVALS.interval,
    },
    env: { NODEWRIGHT_OBSERVE_INTERVAL: INTERVALS.observe, NODEWRIGHT_HEIGHT_INTERVAL: INTERVALS.height },
  };
}

/** For a cluster that cannot get the image from here. */
export async function runControllerBeside(options: ControllerOptions): Promise<DemoController> {
  const { kubeconfig, url, executor, folder } = options;
  const controller = await startControllerProcess({
    args: [
      'run', '--repo', url, '--branch', 'main', '--executor', executor, '--interval', INTERVALS.interval,
      '--observe-interval', INTERVALS.observe, '--height-interval', INTERVALS.height, '--kubeconfig', kubeconfig], // prettier-ignore
    env: {
      NODEWRIGHT_GIT_USERNAME: 'demo',
      NODEWRIGHT_GIT_PASSWORD: 'demo',
      NODEWRIGHT_DATA_DIR: `${folder}/data`,
      NODEWRIGHT_LISTEN: '0',
    },
    logFile: `${folder}/controller.log`,
  });
  return {
    commands: [`nodewright run --repo ${url} --branch main --executor ${executor}`],
    follow: `tail -f ${controller.logFile}`,
    lastLog: async (lines) => await controller.lastLog(lines),
    stop: async () => void (await controller.stop()),
  };
}
