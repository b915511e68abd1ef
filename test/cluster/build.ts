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

/** Kubernetes learns its own version from the linker; without it the API server calls itself v0.0.0. */
function linkerFlags(build: Build): string {
  if (build.module.path !== 'k8s.io/kubernetes') return '-s -w';
  const [major = '', minor = ''] = build.version.slice(1).split('.');
  const variables = { gitVersion: build.version, gitMajor: major, gitMinor: minor };
  const packages = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'];
  const flags = packages.flatMap((path) =>
    Object.entries(variables).map(([name, value]) => `-X ${path}.${name}=${value}`),
  );
  return ['-s -w', ...flags].join(' ');
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
