// Versions of the controller's image in a registry: the real one, and the same files with something wrong in it.

import { arch } from 'node:os';

import { IMAGE_CONFIG } from '../../../src/image/config.ts';
import { tar, type TarEntry } from '../../cluster/tar.ts';
import { treeEntries } from '../../cluster/images.ts';
import { imageRoot } from '../../cluster/worker-image.ts';
import type { ImageRegistry } from './registry.ts';

export const REPOSITORY = 'nodewright';
export const FIRST = '0.1.0';

const [NODE, MAIN] = IMAGE_CONFIG.entrypoint;

/** Runs the controller in the same process, after `code`. */
function controllerWith(code: string): readonly string[] {
  return [NODE, '-e', `process.argv.splice(1, 0, '${MAIN}'); ${code}; import('${MAIN}');`];
}

const SERVE_HEALTH = `require('node:http').createServer((q, a) => a.writeHead(q.url === '/healthz' ? 200 : 503).end()).listen(8081)`;
/** Ends a moment after it was ready for the first time: as a leader that has synced. */
const DIE_WHEN_READY = `setInterval(() => fetch('http://127.0.0.1:8081/readyz').then((a) => a.ok && setTimeout(() => process.exit(7), 1000), () => 0), 500)`;
/** Waits for the Lease as any other, and ends when it works. */
const DIE_AS_LEADER = `const { write } = process.stdout; process.stdout.write = function (...a) { if (String(a[0]).includes('Read revision')) process.exit(8); return write.apply(this, a); }`;

interface Version {
  readonly entrypoint?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly architecture?: string;
}

/** By tag. */
const VERSIONS: Readonly<Record<string, Version>> = {
  [FIRST]: {},
  '0.2.0': {},
  '0.3.0': {},
  crashing: { entrypoint: [NODE, '-e', 'process.exit(3)'] },
  silent: { entrypoint: [NODE, '-e', SERVE_HEALTH] },
  dying: { entrypoint: controllerWith(DIE_WHEN_READY) },
  'dying-leader': { entrypoint: controllerWith(DIE_AS_LEADER) },
  'no-program': { entrypoint: ['/no/such/program'] },
  unlabelled: { labels: {} },
  'other-platform': { architecture: 's390x' },
};

/** Stores all of them; gives the name of the image without a tag. */
export async function putVersions(registry: ImageRegistry): Promise<string> {
  const layer = tar(withFolders(treeEntries(await imageRoot(), '')));
  const layers = [
    {
      mediaType: 'application/vnd.oci.image.layer.v1.tar',
      digest: await registry.putBlob(REPOSITORY, layer),
      size: layer.length,
    },
  ];
  for (const [tag, version] of Object.entries(VERSIONS)) {
    const config = configOf(tag, version, layers[0]?.digest ?? '');
    const digest = await registry.putBlob(REPOSITORY, config);
    await registry.putManifest(REPOSITORY, tag, {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest, size: config.length },
      layers,
    });
  }
  return `${registry.host}/${REPOSITORY}`;
}

function configOf(tag: string, { entrypoint, labels, architecture }: Version, layer: string): Buffer {
  const { environment, workingDirectory, user } = IMAGE_CONFIG;
  return Buffer.from(
    JSON.stringify({
      os: 'linux',
      architecture: architecture ?? (arch() === 'arm64' ? 'arm64' : 'amd64'),
      config: {
        Entrypoint: entrypoint ?? IMAGE_CONFIG.entrypoint,
        Env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
        WorkingDir: workingDirectory,
        User: user,
        Labels: labels ?? { ...IMAGE_CONFIG.labels, 'org.opencontainers.image.version': tag },
      },
      rootfs: { type: 'layers', diff_ids: [layer] },
    }),
  );
}

function withFolders(files: readonly TarEntry[]): readonly TarEntry[] {
  const folders = new Set(['tmp', IMAGE_CONFIG.workingDirectory.slice(1)]);
  for (const { path } of files)
    for (let at = path.indexOf('/'); at > 0; at = path.indexOf('/', at + 1)) folders.add(path.slice(0, at));
  const entries = [...folders]
    .sort()
    .map((path): TarEntry => ({ type: 'directory', path, mode: path === 'tmp' ? 0o1777 : 0o755 }));
  return [...entries, ...files];
}
