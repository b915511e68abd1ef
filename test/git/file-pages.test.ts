// Reading a file in pages gives what reading it at once gives.

import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';

import { FilePages } from '../../src/git/pack/pages.ts';

async function fileOf(length: number): Promise<{ pages: FilePages; content: Buffer; reads: () => number }> {
  const folder = await mkdtemp(join(tmpdir(), 'nodewright-pages-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'pack');
  await writeFile(path, Buffer.from(Uint8Array.from({ length }, (_, at) => (at * 7 + (at >> 8)) % 251)));
  const file = await open(path);
  let count = 0;
  const counted = new Proxy(file, {
    get(target, name) {
      if (name === 'read') count += 1;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  const pages = new FilePages(counted);
  onTestFinished(() => pages.close());
  return { pages, content: await readFile(path), reads: () => count };
}

test('any range of a file of many pages is what the file holds there', async () => {
  const { pages, content } = await fileOf(1_500_000);
  await fc.assert(
    fc.asyncProperty(fc.nat(content.length - 1), fc.integer({ min: 1, max: 200_000 }), async (start, length) => {
      const read = await pages.read(start, start + length);
      expect(read.equals(content.subarray(start, start + length))).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test('the edges of pages, and the end of the file', async () => {
  const { pages, content } = await fileOf(2 * 65_536 + 10);
  for (const [start, end] of [
    [0, 65_536],
    [65_535, 65_537],
    [65_536, 131_072],
    [65_537, 131_073],
    [131_072, 131_082],
    [131_081, 140_000],
    [131_082, 131_090],
  ] as const)
    expect((await pages.read(start, end)).equals(content.subarray(start, end)), `${start} to ${end}`).toBe(true);
});

test('neighbours cost one read of the file', async () => {
  const { pages, reads } = await fileOf(60_000);
  await Promise.all(Array.from({ length: 100 }, (_, at) => pages.read(at * 500, at * 500 + 400)));
  expect(reads()).toBe(1);
});
