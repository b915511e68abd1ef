// A containerd of the cluster's own: its root, state, socket and configuration have nothing to do with the machine's.

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { machineName } from './cache.ts';
import { tryRun } from './command.ts';
import { PAUSE_IMAGE } from './image-list.ts';
import { startServer, waitFor } from './processes.ts';
import type { ClusterState } from './state.ts';
import { SetupError } from './setup-error.ts';

/** containerd's state, sockets and mounts: in memory, and short enough for a socket's path. */
export function runDirectory(cluster: string): string {
  return join('/run/nodewright', machineName(cluster));
}

export function containerdSocket(cluster: string): string {
  return join(runDirectory(cluster), 'containerd.sock');
}

/** Starts it; resolves once it answers. */
export async function startContainerd(state: ClusterState): Promise<void> {
  const socket = containerdSocket(state.name);
  mkdirSync(runDirectory(state.name), { recursive: true, mode: 0o711 });
  const file = join(state.directory, 'containerd.toml');
  writeFileSync(file, configuration(state));
  await startServer(state.directory, { name: 'containerd', program: 'containerd', args: ['--config', file] });
  const needed = { directory: state.directory, servers: ['containerd'] };
  await waitFor(
    { what: 'containerd to answer', timeoutMs: 30_000, needed },
    async () => (await tryRun('ctr', ['-a', socket, 'version'])) !== undefined,
  );
}

function configuration(state: ClusterState): string {
  const runtime = join(runDirectory(state.name), 'containerd');
  const kept = join(state.directory, 'containerd');
  return `version = 2
root = ${quote(kept)}
state = ${quote(runtime)}
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.tracing.processor.v1.otlp"]

[grpc]
  address = ${quote(containerdSocket(state.name))}
[ttrpc]
  address = ${quote(`${containerdSocket(state.name)}.ttrpc`)}
[debug]
  address = ""
[metrics]
  address = ""

[plugins."io.containerd.internal.v1.opt"]
  path = ${quote(join(kept, 'opt'))}

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = ${quote(PAUSE_IMAGE)}
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"
  enable_tls_streaming = false
  # Without CAP_SYS_RESOURCE a sandbox cannot lower its own out-of-memory score and would not start.
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = ${quote(pluginDirectory())}
    conf_dir = ${quote(join(state.directory, 'cni'))}
    max_conf_num = 1
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = ${quote(registryConfiguration(state))}
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      Root = ${quote(join(runDirectory(state.name), 'runc'))}
`;
}

/** A folder where a test may allow an image registry on the bridge address, as containerd's hosts.toml describes. */
export function registryConfiguration(state: Pick<ClusterState, 'directory'>): string {
  const folder = join(state.directory, 'registries');
  mkdirSync(folder, { recursive: true });
  return folder;
}

function pluginDirectory(): string {
  const found = ['/usr/lib/cni', '/opt/cni/bin'].find((folder) => existsSync(join(folder, 'bridge')));
  if (found === undefined)
    throw new SetupError(
      'MISSING_PACKAGES',
      'no CNI plugins in /usr/lib/cni or /opt/cni/bin: install containernetworking-plugins',
    );
  return found;
}

function quote(text: string): string {
  return JSON.stringify(text);
}
