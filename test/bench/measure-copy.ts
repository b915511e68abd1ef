// The copying of a Backup and a Restore against `cp -a` and `sha256sum` of the same tree on the same volume.

import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { TaskParameters } from '../../src/api/worker-task.ts';
import { type Figure, median } from './figure.ts';

export interface CopySize {
  readonly title: string;
  readonly files: number;
  readonly bytesEach: number;
}

const MIB = 2 ** 20;

/** Small enough for every run; `--full` takes the promised sizes. */
export const COPY_SIZES: Readonly<Record<'short' | 'full', readonly CopySize[]>> = {
  short: [
    { title: '512 MiB in 200 files', files: 200, bytesEach: (512 * MIB) / 200 },
    { title: '100 MiB in 20,000 files', files: 20_000, bytesEach: (100 * MIB) / 20_000 },
  ],
  full: [
    { title: '5 GiB in 2,000 files', files: 2000, bytesEach: (5 * 1024 * MIB) / 2000 },
    { title: '1 GiB in 200,000 files', files: 200_000, bytesEach: (1024 * MIB) / 200_000 },
  ],
};

const ROUNDS = 3;
/**
 * ext4 without a journal does not use a file's number again for 60 s after its removal, 360 s until the removal is on disk, and
 * searches long for others (`recently_deleted` in Linux's `fs/ext4/ialloc.c`). The first of two writers would pay for that.
 */
const NUMBERS_FREE_MS = 65_000;
const ROOT = new URL('../..', import.meta.url).pathname;
/** As the Job sets them for the working pod. */
const NODE_OPTIONS = '--max-semi-space-size=2 --max-old-space-size=160';

/** Compiled, as in the image. Each round does the reference and ours one after the other, so that a slow disk slows both. */
export async function measureCopy(sizes: readonly CopySize[]): Promise<readonly Figure[]> {
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: ROOT, timeout: 120_000 });
  const figures: Figure[] = [];
  for (const [index, size] of sizes.entries()) {
    if (index > 0) await sleep(NUMBERS_FREE_MS);
    figures.push(...(await measureSize(size)));
  }
  return figures;
}

async function measureSize(size: CopySize): Promise<readonly Figure[]> {
  const dir = mkdtempSync(join(tmpdir(), 'nodewright-copy-'));
  try {
    makeTree(join(dir, 'source'), size);
    const backups: number[] = [];
    const restores: number[] = [];
    let peak = 0;
    for (let round = 0; round < ROUNDS; round++) {
      // Each in a folder of its own, all removed at the end: no round begins with files that were just removed.
      const place = join(dir, `round-${round}`);
      mkdirSync(place);
      const reference = timeReference(dir, place);
      const backup = await timeWork(backupOf(dir, place, round));
      const restore = await timeWork(restoreOf(place, round));
      backups.push(backup.seconds / reference);
      restores.push(restore.seconds / reference);
      peak = Math.max(peak, backup.peakMb, restore.peakMb);
    }
    return [
      { name: `Backup of ${size.title} vs cp -a and sha256sum`, value: median(backups), unit: 'times', limit: 1.3 },
      { name: `Restore of ${size.title} vs cp -a and sha256sum`, value: median(restores), unit: 'times', limit: 1.3 },
      { name: `peak memory of the working process, ${size.title}`, value: peak, unit: 'MB', limit: 256 },
    ];
  } finally {
    rmSync(dir, { recursive: true, force: true });
    finishWrites();
  }
}

function makeTree(root: string, { files, bytesEach }: CopySize): void {
  // Noise: zeros are written as holes, which would flatter the copy, and some disks compress.
  const block = randomBytes(Math.min(bytesEach, MIB));
  for (let index = 0; index < files; index++) {
    const folder = join(root, String(index % 100));
    if (index < 100) mkdirSync(folder, { recursive: true });
    const file = openSync(join(folder, `${index}.dat`), 'w');
    // Different in every file, so that no file system can share them.
    block.writeUInt32LE(index, 0);
    for (let left = Math.floor(bytesEach); left > 0; left -= block.length)
      writeSync(file, block, 0, Math.min(left, block.length));
    closeSync(file);
  }
}

/** Seconds; both programs as a person would run them, and the data on disk at the end, as ours is. */
function timeReference(dir: string, place: string): number {
  finishWrites();
  const started = performance.now();
  execFileSync('cp', ['-a', join(dir, 'source'), join(place, 'reference')]);
  execFileSync('sh', ['-c', 'find . -type f -print0 | xargs -0 sha256sum > ../sums && sync -f ../sums'], {
    cwd: join(place, 'reference'),
  });
  return (performance.now() - started) / 1000;
}

/** What was written and removed before would slow down the next user of the disk. */
function finishWrites(): void {
  execFileSync('sync');
}

function backupOf(dir: string, place: string, round: number): TaskParameters {
  mkdirSync(join(place, 'backup'), { recursive: true });
  const origin = {
    job: 'Backup bench/copy',
    uid: `bench-${round}`,
    node: 'bench',
    chain: 'ethereum',
    images: [],
    live: false,
  };
  return {
    verb: 'backup',
    volumes: [{ name: 'data', from: join(dir, 'source') }],
    to: join(place, 'backup', 'backup'),
    origin,
  };
}

function restoreOf(place: string, round: number): TaskParameters {
  mkdirSync(join(place, 'target'), { recursive: true });
  return {
    verb: 'restore',
    id: `bench-${round}`,
    from: join(place, 'backup', 'backup'),
    volumes: [{ name: 'data', to: join(place, 'target') }],
    scope: 'volume',
    keep: [],
    signerState: [],
    expect: { chain: 'ethereum' },
  };
}

async function timeWork(parameters: TaskParameters): Promise<{ readonly seconds: number; readonly peakMb: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'nodewright-copy-result-'));
  const result = join(folder, 'result');
  finishWrites();
  const started = performance.now();
  const args = [
    join(ROOT, 'dist/cli/main.js'),
    'job',
    'run',
    '--parameters',
    JSON.stringify(parameters),
    '--result',
    result,
  ];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, NODE_OPTIONS },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  let peakMb = 0;
  const watch = setInterval(() => (peakMb = Math.max(peakMb, peakOf(child.pid))), 50);
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve(status ?? -1));
  });
  clearInterval(watch);
  if (code !== 0) throw new Error(`${parameters.verb} ended with code ${code}: ${readFileSync(result, 'utf8')}`);
  const seconds = (performance.now() - started) / 1000;
  rmSync(folder, { recursive: true, force: true });
  return { seconds, peakMb };
}

function peakOf(pid: number | undefined): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
