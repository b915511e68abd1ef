// Makes OCI images from programs on this machine and imports them: no image registry, no container engine.

import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { arch } from 'node:os';
import { join, posix } from 'node:path';

import { binary, type BinaryName } from './binaries.ts';
import { run } from './command.ts';
import { containerdSocket } from './containerd.ts';
import type { ImageRecipe } from './image-list.ts';
import type { ClusterState } from './state.ts';
import { tar, type TarEntry } from './tar.ts';
import { SetupError } from './setup-error.ts';

/** Imports the images that containerd does not have yet; resolves to their references. */
export async function importMissing(state: ClusterState, recipes: readonly ImageRecipe[]): Promise<readonly string[]> {
  const present = (await ctr(state, ['images', 'ls', '-q'])).split('\n');
  const missing = recipes.filter(({ reference }) => !present.includes(reference));
  for (const recipe of missing) await importImage(state, recipe);
  return missing.map(({ reference }) => reference);
}

/** Makes one image and gives it to containerd under its reference; an older one of that name is replaced. */
export async function importImage(state: ClusterState, recipe: ImageRecipe): Promise<void> {
  // Of its own: two test files may bring their images at the same time.
  const archive = join(state.directory, `image-${randomUUID()}.tar`);
  writeFileSync(archive, await imageArchive(recipe));
  try {
    await ctr(state, ['images', 'import', archive]);
  } finally {
    rmSync(archive, { force: true });
  }
}

/** The image as an OCI layout in a tar archive: what `ctr image import`, `docker load` and `skopeo` read. */
export async function imageArchive(recipe: ImageRecipe): Promise<Buffer> {
  const layer = tar(await rootFilesystem(recipe));
  const platform = { architecture: arch() === 'arm64' ? 'arm64' : 'amd64', os: 'linux' };
  const config = json({
    ...platform,
    config: runConfiguration(recipe),
    rootfs: { type: 'layers', diff_ids: [digest(layer)] },
  });
  const manifest = json({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: descriptor('application/vnd.oci.image.config.v1+json', config),
    layers: [descriptor('application/vnd.oci.image.layer.v1.tar', layer)],
  });
  const annotations = {
    'io.containerd.image.name': recipe.reference,
    'org.opencontainers.image.ref.name': recipe.reference.slice(recipe.reference.lastIndexOf(':') + 1),
  };
  const entry = { ...descriptor('application/vnd.oci.image.manifest.v1+json', manifest), platform, annotations };
  return tar([
    file('oci-layout', json({ imageLayoutVersion: '1.0.0' })),
    file('index.json', json({ schemaVersion: 2, manifests: [entry] })),
    ...[layer, config, manifest].map((blob) => file(`blobs/sha256/${digest(blob).slice('sha256:'.length)}`, blob)),
  ]);
}

function runConfiguration(recipe: ImageRecipe): object {
  const environment = { PATH: '/usr/local/bin:/usr/bin:/bin', ...recipe.environment };
  return {
    Entrypoint: recipe.entrypoint,
    Cmd: recipe.command ?? [],
    Env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
    WorkingDir: recipe.workingDirectory ?? '/',
    ...(recipe.user === undefined ? {} : { User: recipe.user }),
    ...(recipe.labels === undefined ? {} : { Labels: recipe.labels }),
  };
}

async function rootFilesystem(recipe: ImageRecipe): Promise<readonly TarEntry[]> {
  const names = Object.entries(recipe.programs) as [BinaryName, string][];
  const programs = await Promise.all(
    names.map(async ([name, path]) => file(relative(path), readFileSync(await binary(name)), 0o755)),
  );
  const extra = Object.entries(recipe.files ?? {}).map(([path, text]) =>
    file(relative(path), Buffer.from(text), 0o755),
  );
  const trees = Object.entries(recipe.trees ?? {}).flatMap(([path, from]) => treeEntries(from, relative(path)));
  const base = recipe.bare === true ? [] : [...(await busyboxEntries()), ...userEntries()];
  const content = [...base, ...programs, ...extra, ...trees];
  return [...folderEntries(content, recipe.workingDirectory), ...content];
}

/** Every folder on the way to a file, and /tmp for everybody: containers run as users that own nothing here. */
function folderEntries(content: readonly TarEntry[], workingDirectory?: string): readonly TarEntry[] {
  const folders = new Set<string>();
  const add = (path: string): void => {
    if (path === '.' || path === '' || folders.has(path)) return;
    add(posix.dirname(path));
    folders.add(path);
  };
  for (const entry of content) add(posix.dirname(entry.path));
  if (workingDirectory !== undefined) add(relative(workingDirectory));
  const ordinary = [...folders].map((path): TarEntry => ({ type: 'directory', path, mode: 0o755 }));
  return [...ordinary, { type: 'directory', path: 'tmp', mode: 0o1777 }];
}

async function busyboxEntries(): Promise<readonly TarEntry[]> {
  const path = ['/usr/bin/busybox', '/bin/busybox'].find((candidate) => existsSync(candidate));
  if (path === undefined)
    throw new SetupError('MISSING_PACKAGES', 'busybox is missing: apt-get install -y busybox-static');
  const applets = (await run(path, ['--list']))
    .trim()
    .split('\n')
    .filter((name) => name !== 'busybox');
  return [
    file('bin/busybox', readFileSync(path), 0o755),
    ...applets.map((name): TarEntry => ({ type: 'link', path: `bin/${name}`, target: 'busybox' })),
  ];
}

function userEntries(): readonly TarEntry[] {
  return [
    file('etc/passwd', Buffer.from('root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n')),
    file('etc/group', Buffer.from('root:x:0:\nnogroup:x:65534:\n')),
  ];
}

export function treeEntries(from: string, to: string): readonly TarEntry[] {
  const entries = readdirSync(from, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile());
  return entries.map((entry) => {
    const source = join(entry.parentPath, entry.name);
    const executable = (statSync(source).mode & 0o111) !== 0;
    return file(
      posix.join(to, source.slice(from.length).replace(/^\/+/, '')),
      readFileSync(source),
      executable ? 0o755 : 0o644,
    );
  });
}

function ctr(state: ClusterState, args: readonly string[]): Promise<string> {
  return run('ctr', ['-a', containerdSocket(state.name), '-n', 'k8s.io', ...args], { timeoutMs: 300_000 });
}

function file(path: string, data: Uint8Array, mode = 0o644): TarEntry {
  return { type: 'file', path, mode, data };
}

function descriptor(mediaType: string, data: Uint8Array): object {
  return { mediaType, digest: digest(data), size: data.length };
}

function digest(data: Uint8Array): string {
  return `sha256:${createHash('sha256').update(data).digest('hex')}`;
}

function json(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function relative(path: string): string {
  return path.replace(/^\/+/, '');
}
