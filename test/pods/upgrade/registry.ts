// A real registry of images on the address of the cluster's bridge, and how the container runtime reaches it.

import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { registryConfiguration } from '../../cluster/containerd.ts';
import { DOCKER_REGISTRY, debianTree } from '../../cluster/debian.ts';
import { freePorts } from '../../cluster/ports.ts';
import { startServer, stopServer } from '../../cluster/processes.ts';
import type { ClusterState } from '../../cluster/state.ts';
import { waitFor } from '../../demo/wait-for.ts';

export interface ImageRegistry {
  /** `10.0.0.1:5000` */
  readonly host: string;
  /** Stores bytes; gives their digest. Bytes that are there already are not sent again. */
  putBlob(repository: string, bytes: Buffer): Promise<string>;
  /** Stores a manifest under a tag; gives its digest. */
  putManifest(repository: string, tag: string, manifest: object): Promise<string>;
  /** Whether the container runtime may pull: if not, it has the wrong credentials. */
  letPull(allowed: boolean): void;
  close(): Promise<void>;
}

/** `puller:a-password`, as htpasswd writes it with bcrypt. */
const PASSWORDS = 'puller:$2b$05$s6EYI20lkK7TPk76MRZOS.txwshxl.DosN0QcCdyFVCTK4XvSU9nC\n';

/** Two servers over one folder: an open one, and one that asks for a password which the container runtime does not have. */
export async function startImageRegistry(state: ClusterState): Promise<ImageRegistry> {
  const program = join(await debianTree(DOCKER_REGISTRY), DOCKER_REGISTRY.programs[0] ?? '');
  const folder = join(state.directory, 'image-registry');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'passwords'), PASSWORDS);
  const [port = 0, closedPort = 0] = await freePorts(2, state.address);
  const host = `${state.address}:${port}`;
  const closed = `${state.address}:${closedPort}`;
  for (const [name, address, auth] of [
    ['image-registry', host, ''],
    ['closed-registry', closed, `auth: { htpasswd: { realm: test, path: ${join(folder, 'passwords')} } }\n`],
  ] as const) {
    const file = join(folder, `${name}.yaml`);
    const storage = `storage: { filesystem: { rootdirectory: ${join(folder, 'data')} } }`;
    writeFileSync(file, `version: 0.1\nlog: { level: warn }\n${storage}\nhttp: { addr: "${address}" }\n${auth}`);
    await startServer(state.directory, { name, program, args: ['serve', file] });
    await waitFor({ what: `${name} to answer`, timeoutMs: 20_000 }, async () =>
      (await fetch(`http://${address}/v2/`)).status < 500 ? true : undefined,
    );
  }
  const registry = {
    host,
    ...uploads(host),
    letPull: (allowed: boolean) => point(state, host, allowed ? host : closed),
  };
  registry.letPull(true);
  return {
    ...registry,
    close: async () => {
      for (const name of ['image-registry', 'closed-registry']) await stopServer(state.directory, name);
    },
  };
}

/** https://github.com/containerd/containerd/blob/main/docs/hosts.md; it is read for every pull. */
function point(state: ClusterState, host: string, target: string): void {
  const folder = join(registryConfiguration(state), host);
  mkdirSync(folder, { recursive: true });
  const server = `http://${target}`;
  writeFileSync(
    join(folder, 'hosts.toml'),
    `server = "${server}"\n[host."${server}"]\n  capabilities = ["pull", "resolve"]\n`,
  );
}

function uploads(host: string): Pick<ImageRegistry, 'putBlob' | 'putManifest'> {
  return {
    async putBlob(repository, bytes) {
      const digest = digestOf(bytes);
      const base = `http://${host}/v2/${repository}/blobs`;
      if ((await fetch(`${base}/${digest}`, { method: 'HEAD' })).ok) return digest;
      const begun = await fetch(`${base}/uploads/`, { method: 'POST' });
      const place = new URL(begun.headers.get('location') ?? '', base);
      place.searchParams.set('digest', digest);
      const headers = { 'content-type': 'application/octet-stream' };
      await expectCreated(await fetch(place, { method: 'PUT', headers, body: new Uint8Array(bytes) }));
      return digest;
    },
    async putManifest(repository, tag, manifest) {
      const body = Buffer.from(JSON.stringify(manifest));
      const headers = { 'content-type': 'application/vnd.oci.image.manifest.v1+json' };
      const url = `http://${host}/v2/${repository}/manifests/${tag}`;
      await expectCreated(await fetch(url, { method: 'PUT', headers, body: new Uint8Array(body) }));
      return digestOf(body);
    },
  };
}

async function expectCreated(response: Response): Promise<void> {
  if (response.status !== 201) throw new Error(`${response.url} answered ${response.status}: ${await response.text()}`);
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
