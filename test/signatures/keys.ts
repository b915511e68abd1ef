// Keys and signatures made by the programs that people use: ssh-keygen and gpg.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SshKey {
  readonly file: string;
  /** `ssh-ed25519 AAAA…` */
  readonly publicKey: string;
}

export function makeSshKey(type: string, bits?: number): SshKey {
  const file = join(mkdtempSync(join(tmpdir(), 'nodewright-key-')), 'key');
  const size = bits === undefined ? [] : ['-b', String(bits)];
  execFileSync('ssh-keygen', ['-q', '-t', type, ...size, '-N', '', '-C', 'test', '-f', file]);
  return { file, publicKey: readFileSync(`${file}.pub`, 'utf8').split(' ').slice(0, 2).join(' ') };
}

export function sshSign({ file }: SshKey, payload: string, namespace = 'git'): string {
  const target = join(mkdtempSync(join(tmpdir(), 'nodewright-signed-')), 'payload');
  writeFileSync(target, payload);
  execFileSync('ssh-keygen', ['-q', '-Y', 'sign', '-n', namespace, '-f', file, target], { stdio: 'ignore' });
  return readFileSync(`${target}.sig`, 'utf8');
}

export interface PgpHome {
  readonly home: string;
}

export function makePgpHome(): PgpHome {
  return { home: mkdtempSync(join(tmpdir(), 'nodewright-gpg-')) };
}

interface GpgCall {
  /** What it reads. */
  readonly input?: string;
  /** Stands in for its clock: seconds since the epoch. */
  readonly at?: number;
}

/** Runs gpg in its own home. */
export function gpg({ home }: PgpHome, args: readonly string[], { input = '', at }: GpgCall = {}): string {
  const clock = at === undefined ? [] : ['--faked-system-time', `${at}!`];
  const options = ['--homedir', home, '--batch', '--yes', '--quiet', '--pinentry-mode', 'loopback', '--passphrase', ''];
  return execFileSync('gpg', [...options, ...clock, ...args], {
    encoding: 'utf8',
    input,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
}

export function hasGpg(): boolean {
  try {
    execFileSync('gpg', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
