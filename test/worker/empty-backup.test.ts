// A copy without a database of the chain is no backup: it fails, and leaves nothing that looks whole.

import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { copy } from '../../src/worker/backup/copy.ts';
import { Dir } from '../../src/worker/files/dir.ts';
import { MANIFEST_FORMAT, MANIFEST_NAME } from '../../src/worker/manifest/manifest.ts';
import { ManifestWriter } from '../../src/worker/manifest/manifest-writer.ts';
import { restore } from '../../src/worker/restore/restore.ts';
import { copyParams, ORIGIN, quiet, restoreParams } from './support/params.ts';
import { tempDir } from './support/tree.ts';

function source(files: Readonly<Record<string, string>>): string {
  const dir = tempDir();
  mkdirSync(join(dir, 'source', 'geth', 'chaindata'), { recursive: true });
  for (const [path, text] of Object.entries(files)) writeFileSync(join(dir, 'source', path), text);
  return dir;
}

const markers = [{ volume: 'data', anyOf: ['geth/chaindata', 'geth/nodekey'] }];

it.each([
  { because: 'no file at all', files: {}, with: {} },
  { because: 'only empty files', files: { LOCK: '' }, with: {} },
  { because: 'other files, but an empty database', files: { 'config.toml': 'x' }, with: { markers } },
  { because: 'a marker that is an empty file', files: { 'config.toml': 'x', 'geth/nodekey': '' }, with: { markers } },
])('refuses a volume with $because', async ({ files, with: more }) => {
  const dir = source(files);
  const params = { ...copyParams(join(dir, 'source'), join(dir, 'backup')), ...more };
  await expect(copy(params, quiet())).rejects.toMatchObject({ code: 'EmptyBackup' });
  expect(existsSync(join(dir, 'backup'))).toBe(false);
});

it('does not follow a link that stands where the database is expected', async () => {
  const dir = source({ 'config.toml': 'x' });
  symlinkSync('/etc', join(dir, 'source', 'database'));
  const params = copyParams(join(dir, 'source'), join(dir, 'backup'));
  const linked = { ...params, markers: [{ volume: 'data', anyOf: ['database', 'database/passwd'] }] };
  await expect(copy(linked, quiet())).rejects.toMatchObject({ code: 'EmptyBackup' });
});

it.each([
  { because: 'a folder with an entry', files: { 'geth/chaindata/CURRENT': 'x' } },
  { because: 'the other path', files: { 'geth/nodekey': 'x' } },
])('copies a volume whose database shows by $because', async ({ files }) => {
  const dir = source(files);
  const params = { ...copyParams(join(dir, 'source'), join(dir, 'backup')), markers };
  await expect(copy(params, quiet())).resolves.toMatchObject({ ok: true, files: 1, bytes: 1 });
});

it('refuses to restore a backup whose manifest lists no file, and leaves the data as it was', async () => {
  const dir = tempDir();
  const [backup, target] = [join(dir, 'backup'), join(dir, 'target')];
  for (const path of [join(backup, 'volumes', 'data'), target]) mkdirSync(path, { recursive: true });
  writeFileSync(join(target, 'precious'), 'old data');
  const root = Dir.openRoot(backup);
  const writer = new ManifestWriter(root, MANIFEST_NAME, {
    format: MANIFEST_FORMAT,
    layout: 'volumes',
    origin: ORIGIN,
    createdAt: new Date(0).toISOString(),
    volumes: ['data'],
    ownersKept: true,
  });
  writer.entry({ volume: 'data', path: '.', type: 'dir', mode: '0755', uid: 0, gid: 0, mtimeUs: 0 });
  writer.finish({ skipped: [], skippedCount: 0, changedWhileCopying: [], changedCount: 0 });
  writer.close();
  root.closeAll();
  await expect(restore(restoreParams(backup, target), quiet())).rejects.toMatchObject({
    code: 'EmptyBackup',
    swapped: false,
  });
  expect(readFileSync(join(target, 'precious'), 'utf8')).toBe('old data');
});
