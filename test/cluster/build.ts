// Builds one program of a Go module, statically linked, so that it also runs alone in an image.

import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { run, tryRun } from './command.ts';
import { moduleDirectory, type GoModule } from './modules.ts';
import { SetupError } from './setup-error.ts';

export interface Build {
  readonly module: GoModule;
  /** Import path of the main package. */
  readonly command: string;
  /** `v1.36.3` */
  readonly version: string;
  readonly target: string;
  /** Build tags, as the Dockerfile gives them. */
  readonly tags?: string;
}

const MINIMUM_MINOR = 26;

/** Leaves the program at `target`, complete or not at all. The caller holds the lock for it. Throws NO_GO without Go. */
export async function buildBinary(build: Build): Promise<void> {
  await requireGo();
  const folder = dirname(build.target);
  mkdirSync(folder, { recursive: true });
  removePartials(folder, basename(build.target));
  const partial = `${build.target}.${process.pid}.partial`;
  await run(
    'go',
    [
      'build',
      ...(build.tags === undefined ? [] : ['-tags', build.tags]),
      '-trimpath',
      '-buildvcs=false',
      '-ldflags',
      linkerFlags(build),
      '-o',
      partial,
      build.command,
    ],
    {
      cwd: moduleDirectory(build.module),
      env: { CGO_ENABLED: '0', GOFLAGS: '-mod=readonly' },
      timeoutMs: 45 * 60_000,
    },
  );
  renameSync(partial, build.target);
}

/**
 * What only the linker gives a program: without it the API server calls itself v0.0.0, and Helm 3 takes every cluster that
 * it does not ask for 1.20 (Makefile of helm/helm).
 */
const VARIABLES: Readonly<Record<string, (version: readonly string[]) => Readonly<Record<string, string>>>> = {
  'k8s.io/kubernetes': ([major = '', minor = '', patch = '']) => {
    const known = { gitVersion: `v${major}.${minor}.${patch}`, gitMajor: major, gitMinor: minor };
    return inEach(['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'], known);
  },
  'helm.sh/helm/v3': () =>
    inEach(['helm.sh/helm/v3/pkg/chartutil', 'helm.sh/helm/v3/pkg/lint/rules'], {
      k8sVersionMajor: '1',
      k8sVersionMinor: '36',
    }),
};

function inEach(
  packages: readonly string[],
  variables: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const entries = Object.entries(variables);
  return Object.fromEntries(packages.flatMap((path) => entries.map(([name, value]) => [`${path}.${name}`, value])));
}

function linkerFlags({ module, version }: Build): string {
  const variables = VARIABLES[module.path]?.(version.slice(1).split('.')) ?? {};
  return ['-s -w', ...Object.entries(variables).map(([name, value]) => `-X ${name}=${value}`)].join(' ');
}

async function requireGo(): Promise<void> {
  const version = await goSetting('GOVERSION');
  const minor = Number(/^go1\.([0-9]+)/.exec(version)?.[1] ?? 0);
  const toolchain = await goSetting('GOTOOLCHAIN');
  // Go 1.21 and later fetch the toolchain a go.mod asks for, unless that is switched off.
  if (minor >= MINIMUM_MINOR || (minor >= 21 && toolchain !== 'local')) return;
  const found = version === '' ? 'Go is not installed' : `Go ${version} is too old`;
  throw new SetupError(
    'NO_GO',
    `${found}: install Go 1.${MINIMUM_MINOR} or newer from https://go.dev/dl and put it on the PATH`,
  );
}

/** Empty when Go is not installed. */
async function goSetting(name: string): Promise<string> {
  return (await tryRun('go', ['env', name]))?.trim() ?? '';
}

function removePartials(folder: string, name: string): void {
  for (const entry of readdirSync(folder))
    if (entry.startsWith(`${name}.`) && entry.endsWith('.partial')) rmSync(join(folder, entry), { force: true });
}
