// What is backed up comes back the same: names, contents, modes, owners, times, links, holes.

import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  lstatSync,
  openSync,
  closeSync,
  ftruncateSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as fc from 'fast-check';
import { expect, it } from 'vitest';

import { copy } from '../../src/worker/backup/copy.ts';
import { Dir } from '../../src/worker/files/dir.ts';
import { restore } from '../../src/worker/restore/restore.ts';
import { removeTree } from '../../src/worker/files/tree.ts';
import { verify } from '../../src/worker/restore/verify.ts';
import { NOT_ROOT } from '../support/not-root.ts';
import { copyParams, quiet, restoreParams, verifyParams } from './support/params.ts';
import { anyTree, picture, plant, tempDir } from './support/tree.ts';

it.skipIf(NOT_ROOT)('holds for any tree, over any other tree', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(anyTree, anyTree, async (before, after) => {
      const dir = mkdtempSync(join(tmpdir(), 'nodewright-work-'));
      try {
        const [source, target] = [join(dir, 'source'), join(dir, 'target')];
        for (const [path, tree] of [
          [source, before],
          [target, after],
        ] as const) {
          mkdirSync(path);
          plant(path, tree);
        }
        // An empty tree is refused as a backup.
        writeFileSync(join(source, 'a file with content'), 'x');
        const made = await copy(copyParams(source, join(dir, 'backup')), quiet());
        const checked = await verify(verifyParams(join(dir, 'backup')), quiet());
        expect(checked).toMatchObject({ manifestSha256: made.manifestSha256, files: made.files, extra: 0 });
        await restore(restoreParams(join(dir, 'backup'), target), quiet());
        expect(picture(target)).toEqual(picture(source));
      } finally {
        rmSync(dir, { recursive: true, force: true });
      }
    }),
    { numRuns: 25 },
  );
});

it('keeps holes, hard links and empty directories, skips pipes, and counts what it did', async () => {
  const dir = tempDir();
  const source = join(dir, 'source');
  mkdirSync(join(source, 'empty'), { recursive: true });
  const sparse = openSync(join(source, 'sparse'), 'w');
  writeSync(sparse, 'start', 0);
  writeSync(sparse, 'end', 40 << 20);
  ftruncateSync(sparse, 64 << 20);
  closeSync(sparse);
  writeFileSync(join(source, 'a'), 'one content');
  mkdirSync(join(source, 'checkpoint'));
  linkSync(join(source, 'a'), join(source, 'checkpoint', 'a'));
  execFileSync('mkfifo', [join(source, 'pipe')]);
  mkdirSync(join(source, 'lost+found'));

  const made = await copy(copyParams(source, join(dir, 'backup')), quiet());
  expect(made).toMatchObject({ files: 2, skipped: 1, skippedSample: [{ path: 'pipe', why: 'pipe' }] });
  mkdirSync(join(dir, 'target', 'lost+found'), { recursive: true });
  writeFileSync(join(dir, 'target', 'lost+found', 'found'), 'x');
  await restore(restoreParams(join(dir, 'backup'), join(dir, 'target')), quiet());

  const at = (...parts: string[]): string => join(dir, 'target', ...parts);
  expect(readFileSync(at('sparse')).equals(readFileSync(join(source, 'sparse')))).toBe(true);
  expect(lstatSync(at('sparse')).blocks * 512).toBeLessThan(1 << 20);
  expect(lstatSync(at('checkpoint', 'a')).ino).toBe(lstatSync(at('a')).ino);
  expect(lstatSync(at('empty')).isDirectory()).toBe(true);
  expect(readFileSync(at('lost+found', 'found'), 'utf8')).toBe('x');
  expect(picture(join(dir, 'backup', 'volumes', 'data'))).not.toHaveProperty('lost+found');
});

it('copies a tree deeper than the longest path', async () => {
  const dir = tempDir();
  mkdirSync(join(dir, 'source'));
  // 40 directories of 200 letters: over 8000 bytes, twice what one call may name.
  const parts = Array.from({ length: 40 }, () => 'd'.repeat(200));
  const root = Dir.openRoot(join(dir, 'source'));
  const deepest = parts.reduce((at, part) => at.make(part), root);
  writeFileSync(deepest.at('file'), 'deep');
  root.closeAll();
  const made = await copy(copyParams(join(dir, 'source'), join(dir, 'backup')), quiet());
  mkdirSync(join(dir, 'target'));
  await restore(restoreParams(join(dir, 'backup'), join(dir, 'target')), quiet());
  const target = Dir.openRoot(join(dir, 'target'));
  const found = parts.reduce((at, part) => at.open(part), target);
  expect(readFileSync(found.at('file'), 'utf8')).toBe('deep');
  expect(made).toMatchObject({ files: 1, volumes: { data: { dirs: 41 } } });
  target.closeAll();
  for (const name of ['source', 'backup', 'target']) {
    const parent = Dir.openRoot(dir);
    await removeTree(parent, name);
    parent.closeAll();
    expect(existsSync(join(dir, name))).toBe(false);
  }
});
