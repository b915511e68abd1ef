// What is known about one cluster: a small file in its directory, written before anything is started.

import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { inCache } from './cache.ts';
import { SetupError } from './setup-error.ts';

/** `pods` runs real containers; `simulated` has the same control plane with a simulated kubelet. */
export type Mode = 'pods' | 'simulated';

/** Addresses that belong to one cluster with real pods. */
export interface Network {
  /** Interface name: at most 15 characters. */
  readonly bridge: string;
  /** The node's and the API server's address; pods have their gateway there. */
  readonly address: string;
  readonly podRange: string;
}

export interface ClusterState {
  readonly name: string;
  readonly mode: Mode;
  readonly directory: string;
  /** Who started it: a cluster that tests started goes away with the last test run that uses it. */
  readonly startedBy: 'person' | 'tests';
  readonly phase: 'starting' | 'up';
  /** Where API server and kubelet listen. */
  readonly address: string;
  readonly ports: Ports;
  readonly network?: Network;
  /** Value of net.ipv4.ip_forward before this cluster, to be put back. */
  readonly forwarding?: string;
  /** Whether this host had a kubelet's folder before: a kubelet creates it, with any root of its own. */
  readonly hadKubeletFolder?: boolean;
}

export interface Ports {
  readonly etcd: number;
  readonly etcdPeer: number;
  readonly apiServer: number;
  readonly controllerManager: number;
  readonly scheduler: number;
  readonly kwok: number;
}

const NAME = /^[a-z0-9]([a-z0-9-]{0,28}[a-z0-9])?$/;

/** The directory of a cluster. Throws INVALID_NAME for what could not be a folder and a label. */
export function clusterDirectory(name: string): string {
  if (!NAME.test(name))
    throw new SetupError(
      'INVALID_NAME',
      `cluster name ${JSON.stringify(name)}: use a-z, 0-9 and "-", at most 30 characters`,
    );
  return inCache('clusters', name);
}

export function kubeconfigPath(state: Pick<ClusterState, 'directory'>): string {
  return join(state.directory, 'kubeconfig');
}

/** The state of a cluster, or undefined when there is none of this name. */
export function readState(name: string): ClusterState | undefined {
  const path = statePath(clusterDirectory(name));
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as ClusterState) : undefined;
}

/** Writes the state so that a kill leaves the old or the new one. */
export function writeState(state: ClusterState): void {
  mkdirSync(state.directory, { recursive: true, mode: 0o700 });
  const path = statePath(state.directory);
  writeFileSync(`${path}.new`, JSON.stringify(state, null, 2));
  renameSync(`${path}.new`, path);
}

/** Names of all clusters that have a directory, also of those left by a killed run. */
export function clusterNames(): readonly string[] {
  const folder = inCache('clusters');
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}

function statePath(directory: string): string {
  return join(directory, 'state.json');
}
