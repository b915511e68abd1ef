// Finds every program a cluster needs: KUBEBUILDER_ASSETS, the cache, the official release, a build with Go, in this order.

import { accessSync, constants } from 'node:fs';
import { arch } from 'node:os';
import { join } from 'node:path';

import { describeError } from '../../src/lib/errors.ts';
import { buildBinary } from './build.ts';
import { inCache } from './cache.ts';
import { download, isReachable, type Release } from './download.ts';
import { withLock } from './lock.ts';
import {
  BTCD,
  COMETBFT,
  ETCD,
  FLUX_KUSTOMIZE,
  FLUX_SOURCE,
  GETH,
  HELM,
  HELM_3,
  KUBE_SCORE,
  KUBERNETES,
  KWOK,
  OLDEST_KUBERNETES,
  RESTIC,
  SIMD,
  VERSITYGW,
  versionOf,
  type GoModule,
} from './modules.ts';
import { part, say } from './progress.ts';

export type BinaryName =
  | 'etcd'
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'kubelet'
  | 'kubectl'
  | 'kwok'
  | 'geth'
  | 'cometbft'
  | 'simd'
  | 'btcd'
  | 'helm'
  | 'kube-score'
  | 'restic'
  | 'versitygw'
  | 'source-controller'
  | 'kustomize-controller';

interface Source {
  /** Names the folder in the cache together with the version. */
  readonly folder: string;
  readonly version: string;
  readonly release?: Release;
  readonly build: { readonly module: GoModule; readonly command: string; readonly tags?: string };
}

const CPU = arch() === 'arm64' ? 'arm64' : 'amd64';

/** Where the program is; gets it first when it has to, saying how. Throws NO_GO when only a build is left and Go is missing. */
export async function binary(name: BinaryName): Promise<string> {
  const source = sourceOf(name);
  const ready = existing(name, source);
  if (ready !== undefined) return ready;
  const target = cachedPath(name, source);
  await withLock(inCache('locks', `binary-${name}`), async () => {
    if (!isExecutable(target)) await obtain(name, source, target);
  });
  return target;
}

/** Whether the program is there already, without a download or a build. */
export function isPresent(name: BinaryName): boolean {
  return existing(name, sourceOf(name)) !== undefined;
}

function existing(name: BinaryName, source: Source): string | undefined {
  const assets = process.env['KUBEBUILDER_ASSETS'];
  const candidates = [...(assets === undefined ? [] : [join(assets, name)]), cachedPath(name, source)];
  return candidates.find(isExecutable);
}

async function obtain(name: BinaryName, source: Source, target: string): Promise<void> {
  const { release, build } = source;
  if (release !== undefined && (await isReachable(release))) {
    try {
      await part(`download ${name} ${source.version} from ${new URL(release.url).host}`, () =>
        download(release, target),
      );
      return;
    } catch (error) {
      say(`download of ${name} did not work: ${describeError(error)}`);
    }
  } else if (release !== undefined) say(`${new URL(release.url).host} cannot be reached: building ${name} instead`);
  await part(`build ${name} ${source.version} with Go (a first build takes minutes)`, () =>
    buildBinary({ ...build, version: source.version, target }),
  );
}

/** Programs that are always built; the cache has a folder of the program's name. */
const BUILDS: Partial<Readonly<Record<BinaryName, Source['build']>>> = {
  kwok: { module: KWOK, command: `${KWOK.path}/cmd/kwok` },
  geth: { module: GETH, command: `${GETH.path}/cmd/geth` },
  cometbft: { module: COMETBFT, command: `${COMETBFT.path}/cmd/cometbft` },
  simd: { module: SIMD, command: `${SIMD.path}/testing/simapp/simd` },
  btcd: { module: BTCD, command: BTCD.path },
  restic: { module: RESTIC, command: `${RESTIC.path}/cmd/restic`, tags: 'disable_grpc_modules' },
  'kube-score': { module: KUBE_SCORE, command: `${KUBE_SCORE.path}/cmd/kube-score` },
  versitygw: { module: VERSITYGW, command: `${VERSITYGW.path}/cmd/versitygw` },
  'source-controller': { module: FLUX_SOURCE, command: FLUX_SOURCE.path },
  'kustomize-controller': { module: FLUX_KUSTOMIZE, command: FLUX_KUSTOMIZE.path },
};

function sourceOf(name: BinaryName): Source {
  const build = BUILDS[name];
  if (build !== undefined) return { folder: name, version: versionOf(build.module), build };
  if (name === 'helm') return helmSource();
  if (name !== 'etcd') return kubernetesSource(name);
  return {
    folder: 'etcd',
    version: versionOf(ETCD),
    release: etcdRelease(),
    build: { module: ETCD, command: ETCD.path },
  };
}

/** What an older cluster has of its own; kubectl and the simulated kubelet are those of the usual one. */
const SERVERS: readonly BinaryName[] = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];

/** The minor version that the tests ask for, or undefined for the usual one. */
export function otherKubernetes(): '1.27' | undefined {
  const wanted = process.env['NODEWRIGHT_TEST_KUBERNETES'] ?? '';
  if (wanted === '' || versionOf(KUBERNETES).startsWith(`v${wanted}.`)) return undefined;
  if (wanted === '1.27') return wanted;
  throw new Error(`NODEWRIGHT_TEST_KUBERNETES=${wanted}: tests run with 1.27 and with ${versionOf(KUBERNETES)}`);
}

function kubernetesSource(name: BinaryName): Source {
  const module = SERVERS.includes(name) && otherKubernetes() !== undefined ? OLDEST_KUBERNETES : KUBERNETES;
  const version = versionOf(module);
  const url = `https://dl.k8s.io/release/${version}/bin/linux/${CPU}/${name}`;
  return {
    folder: 'kubernetes',
    version,
    release: { url, checksums: `${url}.sha256` },
    build: {
      module,
      command: `${module.path}/cmd/${name}`,
      ...(module === OLDEST_KUBERNETES ? { tags: 'providerless' } : {}),
    },
  };
}

/** Not the distribution's etcd: before 3.5.13 it lacks what the API server needs to begin a watch with a list. */
function etcdRelease(): Release {
  const version = versionOf(ETCD);
  const base = `https://github.com/etcd-io/etcd/releases/download/${version}`;
  const folder = `etcd-${version}-linux-${CPU}`;
  return { url: `${base}/${folder}.tar.gz`, checksums: `${base}/SHA256SUMS`, member: `${folder}/etcd` };
}

function helmSource(): Source {
  const module = process.env['NODEWRIGHT_TEST_HELM'] === '3' ? HELM_3 : HELM;
  const version = versionOf(module);
  const archive = `helm-${version}-linux-${CPU}.tar.gz`;
  const url = `https://get.helm.sh/${archive}`;
  return {
    folder: 'helm',
    version,
    release: { url, checksums: `${url}.sha256sum`, member: `linux-${CPU}/helm` },
    build: { module, command: `${module.path}/cmd/helm` },
  };
}

function cachedPath(name: BinaryName, source: Source): string {
  return inCache('bin', `${source.folder}@${source.version}`, name);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
