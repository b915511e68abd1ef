// Locks between processes, and the identities they rest on.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { identityOf, isAlive, parseIdentity } from './identity.ts';
import { withLock } from './lock.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nodewright-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('lets one at a time do its work, and all of them in the end', async () => {
  const path = join(folder, 'lock');
  let [inside, most, done] = [0, 0, 0];
  const work = async (): Promise<void> => {
    inside += 1;
    most = Math.max(most, inside);
    await new Promise((resolve) => setImmediate(resolve));
    inside -= 1;
    done += 1;
  };
  await Promise.all(Array.from({ length: 5 }, () => withLock(path, work)));
  expect({ most, done, left: existsSync(path) }).toEqual({ most: 1, done: 5, left: false });
});

it('is free after its work failed', async () => {
  const path = join(folder, 'lock');
  await expect(withLock(path, () => Promise.reject(new Error('work failed')))).rejects.toThrow('work failed');
  await expect(withLock(path, async () => 'next')).resolves.toBe('next');
});

it('takes over from a process that was killed', async () => {
  const path = join(folder, 'lock');
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  writeFileSync(path, JSON.stringify(identityOf(child.pid ?? 0)));
  child.kill('SIGKILL');
  await once(child, 'exit');
  await expect(withLock(path, async () => 'mine', 5_000)).resolves.toBe('mine');
});

it('waits for a living holder, and says which one when it gives up', async () => {
  const path = join(folder, 'lock');
  writeFileSync(path, JSON.stringify(identityOf(process.pid)));
  await expect(withLock(path, async () => undefined, 300)).rejects.toMatchObject({
    code: 'LOCKED',
    message: expect.stringContaining(String(process.pid)),
  });
});

it('does not take a later process for an earlier one with the same id', () => {
  const me = identityOf(process.pid);
  if (me === undefined) throw new Error('this process must have an identity');
  expect(isAlive(me)).toBe(true);
  expect(isAlive({ ...me, startTime: String(Number(me.startTime) - 1) })).toBe(false);
  expect(isAlive({ ...me, boot: 'another boot' })).toBe(false);
});

it('reads what a server wrote about itself, also when its name has spaces and parentheses', () => {
  const stat = readFileSync('/proc/self/stat', 'utf8').replace(/\(.*\)/, '(a (b) c 1 2 3)');
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8');
  expect(parseIdentity(`${stat}${boot}`)).toEqual(identityOf(process.pid));
  expect(parseIdentity('')).toBeUndefined();
});
