// A lock between runs: held by a living process, free as soon as that process is gone.

import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { systemCodeOf } from '../../src/lib/errors.ts';
import { identityOf, isAlive, type Identity } from './identity.ts';
import { say } from './progress.ts';
import { SetupError } from './setup-error.ts';

/** Runs `work` while holding the lock file `path`. Waits for another holder; says whom it waits for. */
export async function withLock<T>(path: string, work: () => Promise<T>, timeoutMs = 30 * 60_000): Promise<T> {
  mkdirSync(dirname(path), { recursive: true });
  await acquire(path, Date.now() + timeoutMs);
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

async function acquire(path: string, deadline: number): Promise<void> {
  let isAnnounced = false;
  while (!tryAcquire(path)) {
    const holder = readHolder(path);
    if (holder !== undefined && !isAlive(holder)) {
      removeStale(path, holder);
      continue;
    }
    if (Date.now() > deadline)
      throw new SetupError(
        'LOCKED',
        `${path} is held by process ${holder?.pid}; end it, or wait for it, and try again`,
      );
    if (!isAnnounced && holder !== undefined)
      say(`waiting for process ${holder.pid}, which is at the same work (${path})`);
    isAnnounced = true;
    await wait(200);
  }
}

/** A link appears with its content, all at once: a reader never sees half a lock. */
function tryAcquire(path: string): boolean {
  const mine = `${path}.${process.pid}`;
  writeFileSync(mine, JSON.stringify(identityOf(process.pid)));
  try {
    linkSync(mine, path);
    return true;
  } catch (error) {
    if (systemCodeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Two waiters may find the same stale lock: the rename decides who removes it, and never takes a fresh one along. */
function removeStale(path: string, stale: Identity): void {
  const aside = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, aside);
    const taken = readHolder(aside);
    if (taken !== undefined && taken.pid !== stale.pid) linkSync(aside, path);
  } catch (error) {
    const code = systemCodeOf(error);
    if (code !== 'ENOENT' && code !== 'EEXIST') throw error;
  }
  rmSync(aside, { force: true });
}

function readHolder(path: string): Identity | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Identity;
  } catch {
    return undefined;
  }
}
