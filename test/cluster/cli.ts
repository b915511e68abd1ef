// `npm run cluster -- up|down|status|kubeconfig`: a real Kubernetes cluster on this machine, for tests and experiments.

import { parseArgs } from 'node:util';

import { describeError } from '../../src/lib/errors.ts';
import { binary, isPresent } from './binaries.ts';
import { down, isUp, serversOf, up } from './cluster.ts';
import { runningServer } from './processes.ts';
import { clusterNames, kubeconfigPath, readState, type ClusterState, type Mode } from './state.ts';
import { serveServices } from './services.ts';
import { serveVolumes } from './volumes.ts';
import { SetupError } from './setup-error.ts';

const USAGE = `Usage: npm run cluster -- <command> [options]

Commands:
  up [--pods | --simulated] [--name NAME]  start a cluster, or reuse the one that is running
  down [--name NAME]                       stop the cluster and delete everything that belongs to it
  status                                   list all clusters and their servers
  kubeconfig [--name NAME]                 print the path of the administrator's kubeconfig

Options:
  --pods       run real containers; needs root on Linux
  --simulated  run the same control plane with simulated pods; needs no root
  --name NAME  name of the cluster (default: nodewright)
  --help       print this text`;

try {
  await main();
} catch (error) {
  process.exitCode = explain(error);
}

/** Prints what went wrong and returns the exit code: 2 for a wrong command line, 1 for everything else. */
function explain(error: unknown): number {
  if (error instanceof SetupError) {
    process.stderr.write(`error: ${describeLong(error)}\n`);
    return error.code === 'USAGE' ? 2 : 1;
  }
  if (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')) {
    process.stderr.write(`error: ${error.message}\n\n${USAGE}\n`);
    return 2;
  }
  process.stderr.write(`${(error as Error).stack}\n`);
  return 1;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      name: { type: 'string', default: 'nodewright' },
      pods: { type: 'boolean', default: false },
      simulated: { type: 'boolean', default: false },
    },
  });
  const mode = modeOf(values);
  const [command] = positionals;
  if (values.help || command === undefined) return console.log(USAGE);
  switch (command) {
    case 'up':
      return showUp(await up({ name: values.name, startedBy: 'person', ...(mode === undefined ? {} : { mode }) }));
    case 'down':
      return down(values.name);
    case 'status':
      return showStatus();
    case 'kubeconfig':
      return console.log(kubeconfigPath(existing(values.name)));
    case 'serve-volumes':
      return serveVolumes(existing(values.name));
    case 'serve-services':
      return serveServices(existing(values.name));
    default:
      throw new SetupError('USAGE', `unknown command "${command}"\n\n${USAGE}`);
  }
}

function modeOf(values: { readonly pods: boolean; readonly simulated: boolean }): Mode | undefined {
  if (values.pods && values.simulated)
    throw new SetupError('USAGE', '--pods and --simulated exclude each other: give one of them');
  if (values.pods) return 'pods';
  return values.simulated ? 'simulated' : undefined;
}

async function showUp(state: ClusterState): Promise<void> {
  console.log(`export KUBECONFIG=${kubeconfigPath(state)}`);
  if (isPresent('kubectl')) console.log(`# kubectl: ${await binary('kubectl')}`);
}

async function showStatus(): Promise<void> {
  const states = clusterNames()
    .map((name) => readState(name))
    .filter((state) => state !== undefined);
  if (states.length === 0) console.log('no cluster');
  for (const state of states) {
    const condition = (await isUp(state)) ? 'up' : 'not working: `up` starts a new one, `down` deletes it';
    console.log(
      `${state.name} (${state.mode}, started by ${state.startedBy === 'tests' ? 'tests' : 'hand'}): ${condition}`,
    );
    for (const server of serversOf(state.mode)) {
      const identity = runningServer(state.directory, server);
      console.log(`  ${server.padEnd(24)} ${identity === undefined ? 'not running' : `process ${identity.pid}`}`);
    }
  }
}

function existing(name: string): ClusterState {
  const state = readState(name);
  if (state === undefined)
    throw new SetupError(
      'NO_CLUSTER',
      `cluster ${name} does not exist: start it with npm run cluster -- up --name ${name}`,
    );
  return state;
}

function describeLong(error: SetupError): string {
  const cause = error.cause === undefined ? '' : `: ${describeError(error.cause)}`;
  return `${error.message}${cause}`;
}
