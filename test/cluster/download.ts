// Downloads a program of an official release and checks it against the checksum published beside it.

import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, mkdirSync, renameSync, rmSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { run } from './command.ts';
import { SetupError } from './setup-error.ts';

export interface Release {
  readonly url: string;
  /** A text with the SHA-256 of the file: alone, or in lines of `SUM  NAME`. */
  readonly checksums: string;
  /** Path of the program inside, when `url` is an archive. */
  readonly member?: string;
}

const reachable = new Map<string, Promise<boolean>>();

/** Whether the release site answers within five seconds; asked once per site and run. */
export function isReachable(release: Release): Promise<boolean> {
  const { host } = new URL(release.url);
  const known = reachable.get(host) ?? answers(release.checksums);
  reachable.set(host, known);
  return known;
}

/** Leaves the checked program at `target`, complete or not at all. Throws BAD_CHECKSUM or what the network says. */
export async function download(release: Release, target: string): Promise<void> {
  mkdirSync(dirname(target), { recursive: true });
  const partial = `${target}.${process.pid}.partial`;
  try {
    const expected = checksumOf(await fetchText(release.checksums), basename(release.url));
    await save(release.url, partial);
    const actual = await sha256OfFile(partial);
    if (actual !== expected)
      throw new SetupError('BAD_CHECKSUM', `${release.url} has SHA-256 ${actual}, published is ${expected}`);
    if (release.member !== undefined) await unpack(partial, release.member);
    await chmod(partial, 0o755);
    renameSync(partial, target);
  } finally {
    rmSync(partial, { force: true });
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(5_000) });
    return response.ok;
  } catch {
    return false;
  }
}

async function fetchText(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(30_000) });
  if (!response.ok) throw new SetupError('DOWNLOAD_FAILED', `${url}: HTTP ${response.status}`);
  return response.text();
}

function checksumOf(text: string, name: string): string {
  const lines = text
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  const line = lines.find(([, file]) => file === undefined || file.replace(/^\*/, '') === name);
  const sum = line?.[0]?.toLowerCase() ?? '';
  if (!/^[0-9a-f]{64}$/.test(sum)) throw new SetupError('BAD_CHECKSUM', `no SHA-256 for ${name} was published`);
  return sum;
}

async function save(url: string, path: string): Promise<void> {
  const response = await fetch(url, { signal: AbortSignal.timeout(15 * 60_000) });
  if (!response.ok || response.body === null)
    throw new SetupError('DOWNLOAD_FAILED', `${url}: HTTP ${response.status}`);
  await pipeline(Readable.fromWeb(response.body), createWriteStream(path));
}

async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** Replaces the archive by the one program in it. */
async function unpack(archive: string, member: string): Promise<void> {
  const folder = `${archive}.d`;
  mkdirSync(folder, { recursive: true });
  try {
    await run('tar', ['-xzf', archive, '-C', folder, member]);
    renameSync(`${folder}/${member}`, archive);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
