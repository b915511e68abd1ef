// `npm run cluster -- up|down|status|kubeconfig`: a real Kubernetes on this machine, for tests and for trying things out.

import { parseArgs } from 'node:util';

import { describeError } from '../../src/lib/errors.ts';
import { binary, isPresent } from './binaries.ts';
import { down, isUp, serversOf, up } from './cluster.ts';
import { runningServer } from './processes.ts';
import { clusterNames, kubeconfigPath, readState, type ClusterState, type Mode } from './state.ts';
import { serveServices } from './services.ts';
import { serveVolumes } from './volumes.ts';
import { SetupError } from './setup-error.ts';

const USAGE = `npm run cluster -- up [--pods | --simulated] [--name NAME]   bring a cluster up, or use the one that is
npm run cluster -- down [--name NAME]                        take it down and leave nothing behind
npm run cluster -- status                                    all clusters and their servers
npm run cluster -- kubeconfig [--name NAME]                  path of the administrator's kubeconfig

--pods       real containers; needs root on Linux
--simulated  the same control plane, pods that are only simulated; needs no root
NAME is "nodewright" unless given.`;

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof SetupError ? describeLong(error) : (error as Error).stack}\n`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      name: { type: 'string', default: 'nodewright' },
      pods: { type: 'boolean', default: false },
      simulated: { type: 'boolean', default: false },
    },
  });
  const mode = modeOf(values);
  switch (positionals[0]) {
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
      console.log(USAGE);
      if (positionals.length > 0) process.exitCode = 2;
  }
}

function modeOf(values: { readonly pods: boolean; readonly simulated: boolean }): Mode | undefined {
  if (values.pods && values.simulated) throw new SetupError('USAGE', 'give --pods or --simulated, not both');
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
    const condition = (await isUp(state)) ? 'up' : 'not working: `up` makes it anew, `down` removes it';
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
      `there is no cluster ${name}; bring it up with: npm run cluster -- up --name ${name}`,
    );
  return state;
}

function describeLong(error: SetupError): string {
  const cause = error.cause === undefined ? '' : `: ${describeError(error.cause)}`;
  return `${error.message}${cause}`;
}
