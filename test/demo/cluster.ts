// The cluster of the demo: one of its own, or the one that KUBECONFIG names.

import { binary } from '../cluster/binaries.ts';
import { down, up } from '../cluster/cluster.ts';
import { type ClusterState, kubeconfigPath } from '../cluster/state.ts';
import { importWorkerImage } from '../cluster/worker-image.ts';
import { runCommand } from './run-command.ts';
import { NAMESPACE, type StageOptions } from './stage.ts';
import { SetupError } from '../cluster/setup-error.ts';

export interface DemoCluster {
  /** Stands in the heading. */
  readonly title: string;
  /** Resolves once it is up. Throws IN_USE before anything was changed in a cluster that is not free for the demo. */
  open(): Promise<StageOptions>;
  /** Leaves nothing behind, however far `open` came. */
  close(): Promise<void>;
}

const OWN = 'nodewright-demo';
const GROUP = '.validatoros.com';

/** `existing` is the path of a kubeconfig, or empty. */
export function demoCluster(existing: string): DemoCluster {
  return existing === '' ? ownCluster() : existingCluster(existing);
}

/** The controller is installed by the chart. */
export async function stageIn(state: ClusterState): Promise<StageOptions> {
  const chart = { helm: await binary('helm'), image: await importWorkerImage(state) };
  return { kubeconfig: kubeconfigPath(state), kubectl: await binary('kubectl'), chart, address: state.address };
}

function ownCluster(): DemoCluster {
  return {
    title: 'a real Kubernetes cluster',
    async open() {
      const state = await up({ name: OWN, startedBy: 'person', mode: 'pods' });
      return await stageIn(state);
    },
    close: async () => await down(OWN),
  };
}

/** What the demo makes there goes with its namespace and its kinds, so neither may exist before. */
function existingCluster(kubeconfig: string): DemoCluster {
  let isOurs = false;
  const ask = async (...args: readonly string[]): Promise<string> =>
    (await runCommand(await binary('kubectl'), ['--kubeconfig', kubeconfig, ...args])).stdout;
  const kinds = async (): Promise<readonly string[]> =>
    (await ask('get', 'crds', '-o', 'name')).split('\n').filter((name) => name.endsWith(GROUP));
  return {
    title: `in the cluster of ${kubeconfig}`,
    async open() {
      const place = await ask('get', 'namespace', NAMESPACE, '--ignore-not-found', '-o', 'name');
      if (place !== '' || (await kinds()).length > 0)
        throw new SetupError(
          'IN_USE',
          `the cluster of KUBECONFIG already has the namespace ${NAMESPACE} or kinds of *${GROUP}: use another cluster, or unset KUBECONFIG to let the demo start its own`,
        );
      isOurs = true;
      return { kubeconfig, kubectl: await binary('kubectl'), chart: undefined };
    },
    async close() {
      if (!isOurs) return;
      await ask('delete', 'namespace', NAMESPACE, '--ignore-not-found', '--wait');
      const left = await kinds();
      if (left.length > 0) await ask('delete', ...left);
    },
  };
}
