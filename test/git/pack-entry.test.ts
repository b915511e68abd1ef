// Sizes are known before anything is inflated, also when the compressed data begins with long code tables.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constants, deflateSync, inflateSync } from 'node:zlib';

import { describe, expect, it } from 'vitest';

import { ObjectStore } from '../../src/git/object-store.ts';
import { deltaResultSize } from '../../src/git/pack-entry.ts';
import { createBareRepo, git } from '../support/git-repo.ts';

/** Bytes of all 256 values, some far more frequent than others: their code tables are as long as tables get. */
function skewed(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0, state = 1; at < length; at++) {
    state = (state * 48_271) % 2_147_483_647;
    bytes[at] = Math.floor(256 * (state / 2_147_483_647) ** 4);
  }
  return bytes;
}

/** A delta that inserts `content`, from a base of 0 bytes (gitformat-pack). */
function insertion(content: Buffer): Buffer {
  const size = Buffer.from([0, (content.length & 0x7f) | 0x80, content.length >> 7]);
  const pieces: Buffer[] = [size];
  for (let at = 0; at < content.length; at += 127) {
    const piece = content.subarray(at, at + 127);
    pieces.push(Buffer.from([piece.length]), piece);
  }
  return Buffer.concat(pieces);
}

describe('the size of what a delta makes', () => {
  it.each([200, 1000, 5000, 16_000])('is read from a delta that inserts %i bytes', (length) => {
    expect(deltaResultSize(deflateSync(insertion(skewed(length))))).toBe(length);
  });

  it('is read although the first 64 bytes hold nothing but tables', () => {
    const data = deflateSync(insertion(skewed(16_000)));
    expect(inflateSync(data.subarray(0, 64), { finishFlush: constants.Z_SYNC_FLUSH })).toHaveLength(0);
    expect(deltaResultSize(data)).toBe(16_000);
  });
});

describe('a loose object', () => {
  it.each([200, 1000, 5000, 16_000])('of %i skewed bytes is read as Git wrote it', async (length) => {
    const folder = mkdtempSync(join(tmpdir(), 'nodewright-loose-'));
    try {
      const repo = createBareRepo(join(folder, 'repo'));
      const content = skewed(length);
      const oid = git(repo, ['hash-object', '-w', '--stdin'], content);
      const store = new ObjectStore(repo);
      expect((await store.read(oid)).content.equals(content)).toBe(true);
      await store.close();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
