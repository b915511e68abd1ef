// Brings a cluster up and takes it down; what is there already is used, what a killed run left is removed first.

import { existsSync } from 'node:fs';

import { getObject, isReady } from './api.ts';
import { binary, type BinaryName } from './binaries.ts';
import { inCache } from './cache.ts';
import { ensureCertificates } from './certificates.ts';
import { startContainerd } from './containerd.ts';
import { startControlPlane } from './control-plane.ts';
import { IMAGES } from './image-list.ts';
import { importMissing } from './images.ts';
import { writeAdminKubeconfig } from './kubeconfig.ts';
import { POD_NODE, startKubelet } from './kubelet.ts';
import { heldClusters, hold, isHeld, removeFinalizer } from './holders.ts';
import { withLock } from './lock.ts';
import { chooseNetwork, forwardingNow, startNetwork } from './network.ts';
import { canInstall, ensurePackages, missingPackages } from './packages.ts';
import { freePorts } from './ports.ts';
import { runningServer, waitFor } from './processes.ts';
import { part, say } from './progress.ts';
import { KUBELET_FOLDER, removeCluster } from './remove.ts';
import { startServices } from './services.ts';
import { SIMULATED_NODE, startSimulatedNode } from './simulated.ts';
import { clusterDirectory, clusterNames, readState, writeState, type ClusterState, type Mode } from './state.ts';
import { startStorage } from './storage-classes.ts';
import { SetupError } from './setup-error.ts';

export interface UpOptions {
  readonly name: string;
  /** Default: what this machine can do. */
  readonly mode?: Mode;
  readonly startedBy: ClusterState['startedBy'];
}

const CONTROL_PLANE: readonly BinaryName[] = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];
const EXTRA: Readonly<Record<Mode, readonly BinaryName[]>> = {
  pods: ['kubelet', 'kubectl', 'geth', 'cometbft'],
  simulated: ['kwok', 'kubectl'],
};

/**
 * A cluster that is up, started now or before. When tests ask, this process holds it until it releases it or ends.
 * Throws WRONG_MODE when one of this name runs in the other mode.
 */
export function up(options: UpOptions): Promise<ClusterState> {
  return withLock(lockPath(options.name), async () => {
    if (options.startedBy === 'tests') hold(options.name);
    const existing = readState(options.name);
    if (existing !== undefined && (await isUp(existing))) return reuse(existing, options);
    if (existsSync(clusterDirectory(options.name)))
      await part(`remove what an earlier run of cluster ${options.name} left`, () => removeCluster(options.name));
    return create(options.name, options.mode ?? bestMode(), options.startedBy);
  });
}

/** Ends and removes a cluster with everything that belongs to it; nothing happens when there is none. */
export function down(name: string): Promise<void> {
  return withLock(lockPath(name), async () => {
    removeFinalizer(name);
    await part(`remove cluster ${name}`, () => removeCluster(name));
  });
}

/** This process needs the cluster no longer. One that tests started goes away with the last process that held it. */
export function release(name: string): Promise<void> {
  return withLock(lockPath(name), async () => {
    removeFinalizer(name);
    await removeIfAbandoned(name);
  });
}

/** Removes the clusters of test runs that were killed. */
export async function removeAbandoned(): Promise<void> {
  for (const name of new Set([...clusterNames(), ...heldClusters()]))
    await withLock(lockPath(name), () => removeIfAbandoned(name));
}

/** Names of the servers a cluster of this mode consists of. */
export function serversOf(mode: Mode): readonly string[] {
  const shared = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'volumes'];
  return mode === 'pods' ? [...shared, 'services', 'containerd', 'kubelet'] : [...shared, 'kwok'];
}

/** Whether it was brought up completely, all its servers run, and the API server answers. */
export async function isUp(state: ClusterState): Promise<boolean> {
  if (state.phase !== 'up') return false;
  return (
    serversOf(state.mode).every((name) => runningServer(state.directory, name) !== undefined) && (await isReady(state))
  );
}

/** Real pods need root and some packages; without them there are simulated ones. */
export function bestMode(): Mode {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'simulated';
  return canInstall() || missingPackages('pods').length === 0 ? 'pods' : 'simulated';
}

/** Gets every program a mode needs, one line for each that is not there. */
export async function ensureTools(mode: Mode): Promise<void> {
  if (process.platform !== 'linux')
    throw new SetupError('NOT_LINUX', 'a test cluster needs Linux; set KUBECONFIG to use another one');
  await ensurePackages(mode);
  for (const name of [...CONTROL_PLANE, ...EXTRA[mode]]) await binary(name);
}

async function removeIfAbandoned(name: string): Promise<void> {
  const held = isHeld(name);
  if (readState(name)?.startedBy === 'tests' && !held) await part(`remove cluster ${name}`, () => removeCluster(name));
}

async function reuse(state: ClusterState, options: UpOptions): Promise<ClusterState> {
  if (options.mode !== undefined && options.mode !== state.mode)
    throw new SetupError(
      'WRONG_MODE',
      `cluster ${state.name} is up with ${state.mode}; take it down first, or give --name`,
    );
  if (state.mode === 'pods') await importMissing(state, IMAGES);
  say(`cluster ${state.name} is up (${state.mode})`);
  if (options.startedBy === 'tests' || state.startedBy === 'person') return state;
  const kept: ClusterState = { ...state, startedBy: 'person' };
  writeState(kept);
  return kept;
}

async function create(name: string, mode: Mode, startedBy: ClusterState['startedBy']): Promise<ClusterState> {
  await ensureTools(mode);
  const state = await newState(name, mode, startedBy);
  writeState(state);
  const { network } = state;
  if (network !== undefined)
    await part(`network: bridge ${network.bridge}, ${network.podRange}`, () => startNetwork(state, network));
  await part('certificates', () => ensureCertificates(state, mode === 'pods' ? POD_NODE : SIMULATED_NODE));
  writeAdminKubeconfig(state);
  await Promise.all([
    part(`control plane: https://${state.address}:${state.ports.apiServer}`, () => startServers(state)),
    ...(mode === 'pods' ? [part('containerd and images', () => startImages(state))] : []),
  ]);
  if (mode === 'pods') await part('kubelet: node ready', () => startKubelet(state));
  else await part('kwok: simulated node ready', () => startSimulatedNode(state));
  const ready: ClusterState = { ...state, phase: 'up' };
  writeState(ready);
  return ready;
}

async function startServers(state: ClusterState): Promise<void> {
  await startControlPlane(state);
  await startStorage(state);
  if (state.mode === 'pods') await startServices(state);
  // Without this account the API server refuses every pod of the namespace.
  const account = '/api/v1/namespaces/default/serviceaccounts/default';
  const needed = {
    directory: state.directory,
    servers: ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'volumes'],
  };
  await waitFor(
    { what: 'the controller manager to work', timeoutMs: 60_000, needed },
    async () => (await getObject(state, account)) !== undefined,
  );
}

async function startImages(state: ClusterState): Promise<void> {
  await startContainerd(state);
  await importMissing(state, IMAGES);
}

async function newState(name: string, mode: Mode, startedBy: ClusterState['startedBy']): Promise<ClusterState> {
  const network = mode === 'pods' ? await chooseNetwork(name) : undefined;
  return {
    name,
    mode,
    directory: clusterDirectory(name),
    startedBy,
    phase: 'starting',
    address: network?.address ?? '127.0.0.1',
    ports: await choosePorts(),
    ...(network === undefined
      ? {}
      : { network, forwarding: forwardingNow(), hadKubeletFolder: existsSync(KUBELET_FOLDER) }),
  };
}

async function choosePorts(): Promise<ClusterState['ports']> {
  const [etcd = 0, etcdPeer = 0, apiServer = 0, controllerManager = 0, scheduler = 0, kwok = 0] = await freePorts(
    6,
    '127.0.0.1',
  );
  return { etcd, etcdPeer, apiServer, controllerManager, scheduler, kwok };
}

function lockPath(name: string): string {
  clusterDirectory(name);
  return inCache('locks', `cluster-${name}`);
}
