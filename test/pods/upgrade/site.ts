// The chart with self-update in a cluster, and what an upgrade does there.

import { setTimeout as sleep } from 'node:timers/promises';

import { containerdSocket } from '../../cluster/containerd.ts';
import { run } from '../../cluster/command.ts';
import type { ClusterState } from '../../cluster/state.ts';
import { waitFor } from '../../demo/wait-for.ts';
import { readUpgradeState, UPGRADE_ANNOTATION, type UpgradeState } from '../../../src/upgrade/state.ts';
import { fleetFile, type Installation, openInstallation, RELEASE_NAMESPACE } from '../installation.ts';
import { startImageRegistry, type ImageRegistry } from './registry.ts';
import { FIRST, putVersions } from './versions.ts';

export interface UpgradeSite extends Installation {
  readonly registry: ImageRegistry;
  /** Installs the chart as at the beginning. */
  install(): Promise<void>;
  /** Asks for a version in fleet.yaml. */
  ask(version: string, attempt?: number): void;
  upgrade(): Promise<UpgradeState | undefined>;
  /** As soon as the state of this version has one of the phases. */
  reached(version: string, ...phases: readonly UpgradeState['phase'][]): Promise<UpgradeState>;
  /** The image of the Deployment. */
  image(): Promise<string>;
  /** Pods of the controller, those that end left out. */
  controllers(): Promise<readonly ControllerPod[]>;
  /** Ends the process of a pod, as the kernel does. */
  kill(pod: ControllerPod): Promise<void>;
  /** The pod that holds the Lease. */
  leader(): Promise<string>;
  /** Resolves when one pod runs the image, leads and is ready, and no other is left. */
  settled(image: string): Promise<void>;
}

export interface ControllerPod {
  readonly name: string;
  readonly image: string;
  readonly containerId: string;
  readonly isReady: boolean;
}

interface PodItem {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly spec: { readonly containers: readonly { readonly image: string }[] };
  readonly status: {
    readonly containerStatuses?: readonly { readonly containerID?: string; readonly ready: boolean }[];
  };
}

const TIMEOUT_MS = 300_000;

/** More values of the chart, `name=value`. */
type Values = readonly string[] | ((state: ClusterState) => Promise<readonly string[]>);

export async function openUpgradeSite(values: Values = []): Promise<UpgradeSite> {
  let registry: ImageRegistry | undefined;
  const site = await openInstallation({
    name: `p-upgrade-${process.pid}`,
    async provide(state) {
      registry = await startImageRegistry(state);
      return `${await putVersions(registry)}:${FIRST}`;
    },
  });
  if (registry === undefined) throw new Error('the registry was not started');
  site.commit({ 'fleet.yaml': fleetFile() });
  const sets = ['selfUpdate.enabled=true', 'selfUpdate.confirmSeconds=10', 'selfUpdate.registry.allowHttp=true'];
  const own = typeof values === 'function' ? await values(site.state) : values;
  const more = [...sets, ...own].map((value) => `--set ${value}`).join(' ');
  const install = async (): Promise<void> => void (await site.follow('Installing', { more }));
  await install();
  return { ...site, registry, install, ...upgradeView(site), close: closing(site, registry) };
}

function closing(site: Installation, registry: ImageRegistry): () => Promise<void> {
  return async () => {
    await registry.close();
    await site.close();
  };
}

function upgradeView(site: Installation): Omit<UpgradeSite, keyof Installation | 'install' | 'registry'> {
  const json = async <T>(...args: readonly string[]): Promise<T> =>
    JSON.parse(await site.kubectl(...args, '-n', RELEASE_NAMESPACE, '-o', 'json')) as T;
  const deployment = async () =>
    await json<{
      readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
      readonly spec: { readonly template: { readonly spec: PodItem['spec'] } };
    }>('get', 'deployment', 'nodewright');
  const state = async () => readUpgradeState((await deployment()).metadata.annotations[UPGRADE_ANNOTATION]);
  const image = async () => (await deployment()).spec.template.spec.containers[0]?.image ?? '';
  const controllers = async () =>
    (await json<{ readonly items: readonly PodItem[] }>('get', 'pods')).items.flatMap(viewOf);
  const leader = async () => {
    const lease = ['lease', 'nodewright-primary', '-n', 'novacula-system', '-o', 'jsonpath={.spec.holderIdentity}'];
    return (await site.kubectl('get', ...lease)).trim();
  };
  return {
    ask: (version, attempt) =>
      void site.commit({ 'fleet.yaml': fleetFile({ version, ...(attempt === undefined ? {} : { attempt }) }) }),
    upgrade: state,
    image,
    controllers,
    leader,
    reached: async (version, ...phases) =>
      await waitFor({ what: `version ${version} to be ${phases.join(' or ')}`, timeoutMs: TIMEOUT_MS }, async () => {
        const now = await state();
        if (now?.version === version && phases.includes(now.phase)) return now;
        throw new Error(JSON.stringify({ now, pods: await controllers() }));
      }),
    async kill({ containerId }) {
      const socket = containerdSocket(site.state.name);
      await run('ctr', ['-a', socket, '-n', 'k8s.io', 'tasks', 'kill', '-s', 'SIGKILL', containerId]);
      await sleep(0);
    },
    settled: async (wanted) =>
      void (await waitFor({ what: `one controller of ${wanted}`, timeoutMs: TIMEOUT_MS }, async () => {
        const [pods, holder] = [await controllers(), await leader()];
        const [only, ...more] = pods;
        const isWell = only?.image === wanted && only.isReady && holder === only.name && more.length === 0;
        if (isWell) return true;
        throw new Error(JSON.stringify({ pods, holder, state: await state() }));
      })),
  };
}

function viewOf({ metadata, spec, status }: PodItem): readonly ControllerPod[] {
  if (metadata.deletionTimestamp !== undefined) return [];
  const [container] = status.containerStatuses ?? [];
  return [
    {
      name: metadata.name,
      image: spec.containers[0]?.image ?? '',
      containerId: (container?.containerID ?? '').replace('containerd://', ''),
      isReady: container?.ready === true,
    },
  ];
}
