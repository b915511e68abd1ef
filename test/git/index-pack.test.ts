// The index of a pack must be the one that git itself makes.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';

import { describe, expect, it } from 'vitest';

import { encodePackIndex } from '../../src/git/encode-pack-index.ts';
import { indexPack } from '../../src/git/index-pack.ts';
import { commitFiles, createBareRepo, git } from '../support/git-repo.ts';
import { failureOf, never, temporaryFolder } from './world.ts';

const store = { has: async () => false, read: () => Promise.reject(new Error('nothing is here')) };

/** Ten versions of a long file, packed with `options`. */
function packed(...options: readonly string[]): { readonly pack: string; readonly index: string } {
  const repo = createBareRepo(join(temporaryFolder(), 'a.git'));
  for (let version = 0; version < 10; version++)
    commitFiles(repo, { 'a.yaml': `${'line of a file\n'.repeat(2000)}version: ${version}\n` });
  git(repo, ['prune-packed']);
  const objects = git(repo, ['rev-list', '--objects', '--all']);
  git(repo, ['pack-objects', '-q', ...options, join(repo, 'made')], objects);
  const name = readdirSync(repo).find((file) => file.startsWith('made-') && file.endsWith('.pack')) ?? '';
  return { pack: join(repo, name), index: join(repo, name.replace('.pack', '.idx')) };
}

async function indexOf(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    return encodePackIndex(await indexPack(file, size, { store, signal: never }), readFileSync(path).subarray(-20));
  } finally {
    await file.close();
  }
}

describe('the index of a pack', () => {
  it.each([
    { deltas: 'by offset', options: ['--delta-base-offset'] },
    { deltas: 'by name', options: [] },
    { deltas: 'in short chains', options: ['--depth=1'] },
  ])('is that of git, with deltas $deltas', async ({ options }) => {
    const { pack, index } = packed(...options);
    expect((await indexOf(pack)).equals(readFileSync(index))).toBe(true);
  });

  it('is refused when the base of a delta is nowhere', async () => {
    const repo = createBareRepo(join(temporaryFolder(), 'b.git'));
    const text = 'line of a file\n'.repeat(2000);
    const first = commitFiles(repo, { 'a.yaml': text });
    const second = commitFiles(repo, { 'a.yaml': `${text}more: 1\n` });
    const args = ['pack-objects', '-q', '--thin', '--revs', '--stdout'];
    const path = join(repo, 'thin.pack');
    git(repo, ['config', 'alias.thin', `!git ${args.join(' ')} > ${path}`]);
    git(repo, ['thin'], `${second}\n^${first}\n`);
    expect(await failureOf(indexOf(path))).toMatchObject({ code: 'TRANSFER_INCOMPLETE' });
  });

  it('is refused when there are more objects than can be kept track of', async () => {
    const path = join(temporaryFolder(), 'many.pack');
    const pack = Buffer.alloc(1_000_001 * 9 + 32);
    pack.write('PACK\0\0\0\u0002', 'latin1');
    pack.writeUInt32BE(1_000_001, 8);
    writeFileSync(path, pack);
    expect(await failureOf(indexOf(path))).toMatchObject({ code: 'TOO_LARGE' });
  });

  it('is refused when a delta has the object of zeros as its base, which no object is', async () => {
    const path = join(temporaryFolder(), 'zeros.pack');
    const delta = Buffer.from([4, 4, 0x90, 4]);
    const entry = Buffer.concat([Buffer.from([0x70 | delta.length]), Buffer.alloc(20), deflateSync(delta)]);
    writeFileSync(
      path,
      Buffer.concat([Buffer.from('PACK\0\0\0\u0002\0\0\0\u0001', 'latin1'), entry, Buffer.alloc(20)]),
    );
    expect(await failureOf(indexOf(path))).toMatchObject({ code: 'TRANSFER_INCOMPLETE' });
  });
});
