// Everything gets the owner, nothing outside does.

import { lchownSync, lstatSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { chown } from '../../src/worker/chown.ts';
import { NOT_ROOT } from '../support/not-root.ts';
import { quiet } from './support/params.ts';
import { spawnVerb } from './support/spawn-verb.ts';
import { tempDir } from './support/tree.ts';

function volume(): {
  dir: string;
  params: { verb: 'chown'; volumes: { name: string; at: string }[]; uid: number; gid: number };
} {
  const dir = tempDir();
  mkdirSync(join(dir, 'v', 'a', 'b'), { recursive: true });
  mkdirSync(join(dir, 'v', 'lost+found'));
  writeFileSync(join(dir, 'outside'), 'not yours');
  writeFileSync(join(dir, 'v', 'a', 'b', 'file'), 'x'.repeat(5000));
  symlinkSync(join(dir, 'outside'), join(dir, 'v', 'link'));
  symlinkSync('nowhere', join(dir, 'v', 'a', 'dangling'));
  return { dir, params: { verb: 'chown', volumes: [{ name: 'v', at: join(dir, 'v') }], uid: 1000, gid: 1001 } };
}

function owners(dir: string): string[] {
  const below = readdirSync(dir, { recursive: true, encoding: 'utf8' });
  return ['.', ...below].map((name) => {
    const { uid, gid } = lstatSync(join(dir, name));
    return `${name} ${uid}:${gid}`;
  });
}

it.skipIf(NOT_ROOT)('changes links themselves, not what they point to, and nothing that is right already', async () => {
  const { dir, params } = volume();
  lchownSync(join(dir, 'v', 'a'), 1000, 1001);
  expect(await chown(params, quiet())).toEqual({ ok: true, changed: 5, unchanged: 1, vanished: 0, mounts: 0 });
  expect(owners(join(dir, 'v')).toSorted()).toEqual([
    '. 1000:1001',
    'a 1000:1001',
    'a/b 1000:1001',
    'a/b/file 1000:1001',
    'a/dangling 1000:1001',
    'link 1000:1001',
    'lost+found 0:0',
  ]);
  expect(lstatSync(join(dir, 'outside'))).toMatchObject({ uid: 0, gid: 0 });
  expect(await chown(params, quiet())).toMatchObject({ changed: 0, unchanged: 6 });
});

it.skipIf(NOT_ROOT)('continues when files and directories vanish in the meantime', async () => {
  const { dir, params } = volume();
  let first = true;
  const onStep = (): void => {
    if (first) rmSync(join(dir, 'v', 'a'), { recursive: true });
    first = false;
  };
  expect(await chown(params, quiet({ onStep }))).toMatchObject({ ok: true, changed: 2, vanished: 1 });
});

it.skipIf(NOT_ROOT)('killed at any step, the next run ends it', { timeout: 240_000 }, async () => {
  const { dir, params } = volume();
  const { steps } = await spawnVerb({ ...params, uid: 7 });
  for (let step = 1; step <= steps.length; step++) {
    await spawnVerb({ ...params, uid: step * 100 }, step);
    expect((await spawnVerb({ ...params, uid: step * 100 })).result).toMatchObject({ ok: true });
    expect(new Set(owners(join(dir, 'v')).map((line) => line.split(' ')[1]))).toEqual(
      new Set([`${step * 100}:1001`, '0:0']),
    );
  }
});
