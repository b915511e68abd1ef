// Takes a cluster apart, however far it had come: servers, containers, mounts, network, files.

import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { cgroupLeftovers, killNow, removeCgroups } from './cgroups.ts';
import { tryRun } from './command.ts';
import { containerdSocket, runDirectory } from './containerd.ts';
import { bridgeName, networkLeftovers, stopNetwork } from './network.ts';
import { recordedServers, stopServer } from './processes.ts';
import { clusterDirectory, readState } from './state.ts';
import { SetupError } from './setup-error.ts';

/** Where every kubelet puts the sockets of device plugins. */
export const KUBELET_FOLDER = '/var/lib/kubelet';

/** Leaves nothing of the cluster. Throws LEFTOVERS, naming them, when something could not be removed. */
export async function removeCluster(name: string): Promise<void> {
  const directory = clusterDirectory(name);
  const state = readState(name);
  // The kubelet and containerd first: they would start again what is being ended.
  await stopServer(directory, 'kubelet', 5_000);
  await stopServer(directory, 'containerd', 5_000);
  await Promise.all(recordedServers(directory).map((server) => stopServer(directory, server, 1_000)));
  const hadPods = state === undefined || state.mode === 'pods';
  if (hadPods && process.getuid?.() === 0) {
    await removePods(name, directory);
    if (state?.hadKubeletFolder === false) rmSync(KUBELET_FOLDER, { recursive: true, force: true });
    await stopNetwork(state ?? { name });
    const left = [
      ...(await networkLeftovers(name)),
      ...cgroupLeftovers(name),
      ...mountsBelow(directory),
      ...mountsBelow(runDirectory(name)),
    ];
    if (left.length > 0) throw new SetupError('LEFTOVERS', `of cluster ${name} there is still: ${left.join(', ')}`);
  }
  rmSync(directory, { recursive: true, force: true });
}

async function removePods(name: string, directory: string): Promise<void> {
  await removeCgroups(name);
  const sockets = shimSockets(name);
  for (const pid of shimsOf(name)) killNow(pid);
  await unmountBelow(directory);
  await unmountBelow(runDirectory(name));
  rmSync(runDirectory(name), { recursive: true, force: true });
  for (const socket of sockets) rmSync(socket, { force: true });
  removeTraces(name, directory);
}

/** containerd's helpers outlive it; each carries the address of its containerd in its command line. */
function shimsOf(name: string): readonly number[] {
  const socket = containerdSocket(name);
  return readdirSync('/proc')
    .filter((entry) => /^[0-9]+$/.test(entry))
    .map(Number)
    .filter((pid) => {
      const words = commandLine(pid);
      return (words[0] ?? '').includes('containerd-shim') && words[words.indexOf('-address') + 1] === socket;
    });
}

function commandLine(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

/** The helpers' sockets lie in one folder for the whole machine; each helper's own folder names them. */
function shimSockets(name: string): readonly string[] {
  const tasks = join(runDirectory(name), 'containerd', 'io.containerd.runtime.v2.task', 'k8s.io');
  if (!existsSync(tasks)) return [];
  const files = readdirSync(tasks)
    .map((task) => join(tasks, task, 'address'))
    .filter((file) => existsSync(file));
  return files.map((file) => readFileSync(file, 'utf8').trim().replace('unix://', ''));
}

/** What kubelet and CNI write to fixed places of the machine: only entries of this cluster, and folders that are then empty. */
function removeTraces(name: string, directory: string): void {
  const results = '/var/lib/cni/results';
  const sandboxes = entriesOf(results)
    .map((entry) => sandboxOf(entry, name))
    .filter((id) => id !== undefined);
  removeEntries(results, (entry) => sandboxes.some((id) => entry.includes(id)));
  const logs = '/var/log/containers';
  removeEntries(logs, (entry) => {
    const path = join(logs, entry);
    return lstatSync(path).isSymbolicLink() && readlinkSync(path).startsWith(`${directory}/`);
  });
  for (const folder of [
    results,
    '/var/lib/cni/cache',
    '/var/lib/cni',
    logs,
    '/run/containerd/s',
    '/run/containerd',
    '/run/nodewright',
  ])
    removeIfEmpty(folder);
}

/** A plugin's result is called NETWORK-SANDBOX-INTERFACE; the one for the loopback interface carries the sandbox's id alone. */
function sandboxOf(entry: string, name: string): string | undefined {
  const prefix = `${bridgeName(name)}-`;
  return entry.startsWith(prefix) ? entry.slice(prefix.length, entry.lastIndexOf('-')) : undefined;
}

function removeEntries(folder: string, isOurs: (entry: string) => boolean): void {
  for (const entry of entriesOf(folder)) if (isOurs(entry)) rmSync(join(folder, entry), { force: true });
}

function entriesOf(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // In use by others, or never made.
  }
}

async function unmountBelow(directory: string): Promise<void> {
  for (const point of mountsBelow(directory)) await tryRun('umount', ['--lazy', point]);
}

/** Mount points at or below a directory, the deepest first. */
function mountsBelow(directory: string): readonly string[] {
  const points = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => unescape(line.split(' ')[4] ?? ''));
  const below = points.filter((point) => point === directory || point.startsWith(`${directory}/`));
  return below.toSorted((a, b) => b.length - a.length);
}

/** mountinfo writes space, tab, newline and backslash as octal. */
function unescape(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
