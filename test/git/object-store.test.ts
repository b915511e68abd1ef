// Our object reader against git's own packs: every object, every kind of delta, and every kind of damage.

import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it, onTestFinished } from 'vitest';

import { ObjectStore, objectId } from '../../src/git/object-store.ts';
import { applyDelta, parseEntryHeader } from '../../src/git/pack-entry.ts';
import { commitFiles, createBareRepo, git } from '../support/git-repo.ts';
import { failureOf, temporaryFolder } from './world.ts';

describe('every object that git packed can be read', () => {
  it.each([
    { because: 'with offset deltas', config: { 'repack.useDeltaBaseOffset': 'true' } },
    { because: 'with deltas that name their base', config: { 'repack.useDeltaBaseOffset': 'false' } },
    { because: 'uncompressed', config: { 'core.compression': '0' } },
  ])('$because', async ({ config }) => {
    const repo = repository(config);
    git(repo, ['repack', '-a', '-d', '-f', '-q', '--depth=50', '--window=50']);
    const store = await openStore(repo);
    const objects = git(repo, ['cat-file', '--batch-all-objects', '--batch-check']).split('\n');
    expect(objects.length).toBeGreaterThan(100);
    for (const line of objects) {
      const [oid = '', type, size] = line.split(' ');
      const object = await store.read(oid); // also compares the content with its id
      expect([object.type, String(object.content.length)]).toEqual([type, size]);
    }
    const deltas = git(repo, ['cat-file', '--batch-all-objects', '--batch-check=%(deltabase)']).split('\n');
    expect(deltas.filter((base) => !/^0+$/.test(base)).length).toBeGreaterThan(20);
  });

  it('also as loose files, and large ones', async () => {
    const repo = repository({});
    const big = git(repo, ['hash-object', '-w', '--stdin'], 'x'.repeat(3_000_000));
    const store = await openStore(repo);
    expect((await store.read(big)).content).toHaveLength(3_000_000);
  });
});

describe('the size limit', () => {
  it.each([
    // Two threads may each get one of the two texts, and find nothing that it resembles.
    { kind: 'delta', repack: ['-c', 'pack.threads=1', 'repack', '-adfq'], isDelta: true },
    { kind: 'whole', repack: ['repack', '-adfq', '--window=0'], isDelta: false },
    { kind: 'loose', repack: ['count-objects'], isDelta: false },
  ])('holds to the byte for a $kind object', async ({ kind, repack, isDelta }) => {
    const repo = repository({});
    const text = Buffer.from(`${lines(400)}end of ${kind}`);
    const oid = git(repo, ['hash-object', '-w', '--stdin'], text);
    commitFiles(repo, { big: `${lines(400)}a longer ending, which becomes the base`, [kind]: text });
    git(repo, repack);
    expect(/^0+$/.test(git(repo, ['cat-file', '--batch-check=%(deltabase)'], oid))).toBe(!isDelta);
    const store = await openStore(repo);
    expect((await store.read(oid, text.length)).content).toEqual(text);
    const error = await failureOf((await openStore(repo)).read(oid, text.length - 1));
    expect(error.code).toBe('FILE_TOO_LARGE');
    expect(error.message).toContain(`${text.length} bytes`);
  });
});

describe('damage', () => {
  it('is found wherever a byte of a pack changes', async () => {
    const repo = repository({});
    git(repo, ['repack', '-adfq']);
    const tip = git(repo, ['rev-parse', 'main']);
    const path = join(repo, 'objects/pack', packName(repo));
    const data = readFileSync(path);
    chmodSync(path, 0o644);
    const ids = git(repo, ['rev-list', '--objects', '--no-object-names', tip]).split('\n');
    let unseen = 0;
    let places = 0;
    for (let at = 12; at < data.length - 20; at += 97, places++) {
      const copy = Buffer.from(data);
      copy.writeUInt8(copy.readUInt8(at) ^ 0x10, at);
      writeFileSync(path, copy);
      const store = await openStore(repo);
      const results = await Promise.allSettled(ids.map((oid) => store.read(oid)));
      const codes = results.flatMap((result) => (result.status === 'rejected' ? [result.reason.code] : []));
      for (const code of codes) expect(['STORE_CORRUPT', 'FILE_TOO_LARGE', 'OBJECT_MISSING']).toContain(code);
      const read = results.flatMap((result, i) =>
        result.status === 'fulfilled' ? [{ oid: ids[i], ...result.value }] : [],
      );
      for (const { oid, type, content } of read) expect(objectId(type, content)).toBe(oid);
      if (codes.length === 0) unseen += 1;
    }
    // Deflate leaves a few bits unused: a flip there changes no object, so it may go unseen.
    expect(unseen).toBeLessThan(places / 20);
  });

  it('in a delta or a header is an error, not a hang or a wild read', () => {
    for (const delta of ['', '05', '0505', '058001', '05057f', '050500', '0505ff'])
      expect(() => applyDelta(Buffer.from('hello'), Buffer.from(delta, 'hex'))).toThrow(/A pack holds/);
    for (const entry of ['', 'ff', '00', '50', 'e0ffff'])
      expect(() => parseEntryHeader(Buffer.from(entry, 'hex'))).toThrow(/A pack holds/);
  });
});

it('an object written twice is one file, with the id that git gives it', async () => {
  const repo = repository({});
  const store = await openStore(repo);
  const oid = await store.write('blob', Buffer.from('hello'));
  expect(oid).toBe(git(repo, ['hash-object', '--stdin'], 'hello'));
  expect(await store.write('blob', Buffer.from('hello'))).toBe(oid);
  expect(store.written).toBe(1);
  expect(git(repo, ['cat-file', 'blob', oid])).toBe('hello');
  expect(objectId('blob', Buffer.from('hello'))).toBe(oid);
});

function repository(config: Readonly<Record<string, string>>): string {
  const repo = createBareRepo(join(temporaryFolder(), 'r.git'), { config });
  for (let i = 0; i < 40; i++)
    commitFiles(repo, { [`nodes/n${i % 4}.yaml`]: `${lines(60 + i)}round ${i}\n${lines(60)}` });
  return repo;
}

async function openStore(repo: string): Promise<ObjectStore> {
  const store = new ObjectStore(repo);
  await store.refresh();
  onTestFinished(() => store.close());
  return store;
}

function packName(repo: string): string {
  return readFileSync(join(repo, 'objects/info/packs'), 'utf8').trim().replace(/^P /, '');
}

function lines(count: number): string {
  return Array.from({ length: count }, (_, i) => `line ${i} ${(i * 7919) % 104_729}\n`).join('');
}
