// Programs that come from the Linux distribution: installs them on Debian as root, otherwise says what to install.

import { existsSync } from 'node:fs';

import { run } from './command.ts';
import { part, say } from './progress.ts';
import type { Mode } from './state.ts';
import { SetupError } from './setup-error.ts';

interface Package {
  readonly name: string;
  /** One of these files shows that it is there. */
  readonly files: readonly string[];
}

const ANY_CLUSTER: readonly Package[] = [{ name: 'openssl', files: ['/usr/bin/openssl', '/usr/local/bin/openssl'] }];

const PODS: readonly Package[] = [
  { name: 'containerd', files: ['/usr/bin/containerd', '/usr/local/bin/containerd'] },
  { name: 'runc', files: ['/usr/sbin/runc', '/usr/bin/runc', '/usr/local/sbin/runc'] },
  { name: 'containernetworking-plugins', files: ['/usr/lib/cni/bridge', '/opt/cni/bin/bridge'] },
  { name: 'iproute2', files: ['/usr/sbin/ip', '/sbin/ip', '/usr/bin/ip'] },
  { name: 'iptables', files: ['/usr/sbin/iptables', '/sbin/iptables'] },
  { name: 'conntrack', files: ['/usr/sbin/conntrack'] },
  { name: 'socat', files: ['/usr/bin/socat'] },
  { name: 'ethtool', files: ['/usr/sbin/ethtool', '/sbin/ethtool'] },
  { name: 'busybox-static', files: ['/usr/bin/busybox', '/bin/busybox'] },
];

/** What the tests call beside clusters: a Git server, and the two kinds of signatures. */
const TESTS: readonly Package[] = [
  { name: 'git', files: ['/usr/lib/git-core/git-http-backend', '/usr/libexec/git-core/git-http-backend'] },
  { name: 'gnupg', files: ['/usr/bin/gpg', '/usr/local/bin/gpg'] },
  { name: 'openssh-client', files: ['/usr/bin/ssh-keygen', '/usr/local/bin/ssh-keygen'] },
];

const PACKAGES = { simulated: ANY_CLUSTER, pods: [...ANY_CLUSTER, ...PODS], tests: TESTS } as const;

export type Purpose = Mode | 'tests';

/** Makes sure that the distribution's programs for this purpose are there. Throws MISSING_PACKAGES with the command to run. */
export async function ensurePackages(purpose: Purpose): Promise<void> {
  const missing = missingPackages(purpose);
  if (missing.length === 0) return;
  const command = `apt-get update && apt-get install -y --no-install-recommends ${missing.join(' ')}`;
  if (!canInstall())
    throw new SetupError(
      'MISSING_PACKAGES',
      `missing: ${missing.join(', ')}. As root on Debian or Ubuntu run: ${command}`,
    );
  say(`installing Debian packages as root: ${missing.join(' ')}`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await part('apt-get update', () => run('apt-get', ['update', '-q'], { env, timeoutMs: 300_000 }));
  await part(`apt-get install ${missing.join(' ')}`, () => install(missing, env));
}

/** Debian package names that this purpose needs and that are not there. */
export function missingPackages(purpose: Purpose): readonly string[] {
  return PACKAGES[purpose].filter(({ files }) => !files.some((file) => existsSync(file))).map(({ name }) => name);
}

/** Whether this process may install Debian packages. */
export function canInstall(): boolean {
  return process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
}

/** Installs without starting the packages' own services: a cluster runs its own containerd. */
async function install(names: readonly string[], env: Readonly<Record<string, string>>): Promise<void> {
  const policy = '/usr/sbin/policy-rc.d';
  const guard = !existsSync(policy);
  if (guard) await run('sh', ['-c', `printf '#!/bin/sh\\nexit 101\\n' > ${policy} && chmod 755 ${policy}`]);
  try {
    await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...names], { env, timeoutMs: 600_000 });
  } finally {
    if (guard) await run('rm', ['-f', policy]);
  }
}
