// The Go modules whose programs are built: versions are read from their go.mod files, so that they stand in one place.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface GoModule {
  /** Folder below `modules/`. */
  readonly folder: string;
  /** Module path as its go.mod requires it. */
  readonly path: string;
}

export const KUBERNETES: GoModule = { folder: 'kubernetes', path: 'k8s.io/kubernetes' };
/**
 * The oldest version that is supported; `NODEWRIGHT_TEST_KUBERNETES=1.27` makes a cluster of it. Without the code of cloud
 * providers: Go's checksum database does not have that module in this version.
 */
export const OLDEST_KUBERNETES: GoModule = { folder: 'kubernetes-1.27', path: 'k8s.io/kubernetes' };
export const ETCD: GoModule = { folder: 'etcd', path: 'go.etcd.io/etcd/server/v3' };
export const KWOK: GoModule = { folder: 'kwok', path: 'sigs.k8s.io/kwok' };
export const GETH: GoModule = { folder: 'geth', path: 'github.com/ethereum/go-ethereum' };
/** The SDK's own example application, as the IBC module builds it: the SDK publishes none that Go can build by itself. */
export const SIMD: GoModule = { folder: 'simd', path: 'github.com/cosmos/ibc-go/v8' };
export const BTCD: GoModule = { folder: 'btcd', path: 'github.com/btcsuite/btcd' };
/** Installs the chart in a test of the installation; in no cluster by itself. */
export const HELM: GoModule = { folder: 'helm', path: 'helm.sh/helm/v4' };
/** The engine that copies backups to object storage: part of the image, so its versions are those of the image. */
export const RESTIC: GoModule = { folder: '../../../src/image/restic', path: 'github.com/restic/restic' };
/** An S3 server on a folder, for tests of backups. */
export const VERSITYGW: GoModule = { folder: 'versitygw', path: 'github.com/versity/versitygw' };
/** Its definitions alone; nothing of it is built. */
export const EXTERNAL_SNAPSHOTTER: GoModule = {
  folder: 'external-snapshotter',
  path: 'github.com/kubernetes-csi/external-snapshotter/client/v8',
};
/** Judges the objects of the chart. */
export const KUBE_SCORE: GoModule = { folder: 'kube-score', path: 'github.com/zegl/kube-score' };
/** The version before; `NODEWRIGHT_TEST_HELM=3` lets it render the chart. */
export const HELM_3: GoModule = { folder: 'helm3', path: 'helm.sh/helm/v3' };
/**
 * Both controllers of Flux that sync a repository, which the benchmarks compare with. The Go module proxy lacks a
 * requirement of every source-controller after this one.
 */
export const FLUX_SOURCE: GoModule = { folder: 'flux-source-controller', path: 'github.com/fluxcd/source-controller' };
export const FLUX_KUSTOMIZE: GoModule = {
  folder: 'flux-kustomize-controller',
  path: 'github.com/fluxcd/kustomize-controller',
};
export const COMETBFT: GoModule = { folder: 'cometbft', path: 'github.com/cometbft/cometbft' };

/** The required version, e.g. `v1.36.3`. Throws when the go.mod does not require the module. */
export function versionOf(module: GoModule): string {
  const text = readFileSync(`${moduleDirectory(module)}/go.mod`, 'utf8');
  const line = text.split('\n').find((candidate) => candidate.trim().startsWith(`${module.path} v`));
  const version = line?.trim().split(' ')[1];
  if (version === undefined) throw new Error(`modules/${module.folder}/go.mod does not require ${module.path}`);
  return version;
}

export function moduleDirectory(module: GoModule): string {
  return fileURLToPath(new URL(`modules/${module.folder}`, import.meta.url));
}
