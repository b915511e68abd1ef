// The images of a cluster with real pods. To add one: add a row, and the program to binaries.ts if it is a new one.

import type { BinaryName } from './binaries.ts';
import { BITCOIND, debianTree } from './debian.ts';

export interface ImageRecipe {
  /** Full reference: what `ethereum/client-go:v1.16.7` in a pod stands for begins with docker.io/. */
  readonly reference: string;
  /** Absolute path in the image of each program, by name. All images also carry busybox: /bin/sh and the usual tools. */
  readonly programs: Readonly<Partial<Record<BinaryName, string>>>;
  /** Small extra files: absolute path in the image to their text; all executable and readable by everybody. */
  readonly files?: Readonly<Record<string, string>>;
  /** Folders to copy in: absolute path in the image to a directory here. */
  readonly trees?: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
  readonly command?: readonly string[];
  readonly workingDirectory?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  /** Nothing but the trees: no busybox, no shell, no users. */
  readonly bare?: boolean;
  /** `uid` or `uid:gid`; root when absent, as in the official images. */
  readonly user?: string;
}

export const PAUSE_IMAGE = 'nodewright.dev/test/pause:1.0';

export const IMAGES: readonly ImageRecipe[] = [
  { reference: PAUSE_IMAGE, programs: {}, entrypoint: ['/bin/sleep', 'infinity'], user: '65535:65535' },
  { reference: 'docker.io/library/busybox:1.36', programs: {}, entrypoint: [], command: ['sh'] },
  {
    reference: 'docker.io/ethereum/client-go:v1.16.7',
    programs: { geth: '/usr/local/bin/geth' },
    entrypoint: ['geth'],
  },
  {
    reference: 'docker.io/cometbft/cometbft:v1.0.1',
    programs: { cometbft: '/usr/bin/cometbft' },
    entrypoint: ['cometbft'],
    command: ['start'],
    workingDirectory: '/cometbft',
    environment: { CMTHOME: '/cometbft' },
  },
];

/** A Cosmos SDK application. Not in every cluster: its first build takes minutes; `importImage` brings it where it is needed. */
export const SIMD_IMAGE: ImageRecipe = {
  reference: 'nodewright.dev/test/simd:8.8.0',
  programs: { simd: '/usr/bin/simd' },
  entrypoint: ['simd'],
};

/** Bitcoin's second client, under the name and with the paths of its own image. Only where it is needed, too. */
export const BTCD_IMAGE: ImageRecipe = {
  reference: 'ghcr.io/btcsuite/btcd:v0.26.2',
  programs: { btcd: '/bin/btcd' },
  entrypoint: ['btcd'],
};

/** Bitcoin's first client, under the name of its own image. Only where it is needed; throws NOT_HAD as `debianTree` does. */
export async function bitcoindImage(): Promise<ImageRecipe> {
  const trees = { '/': await debianTree(BITCOIND) };
  return { reference: 'docker.io/bitcoin/bitcoin:29.0', programs: {}, trees, entrypoint: ['bitcoind'] };
}
