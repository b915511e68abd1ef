// Many texts at once: how much is held in memory is limited, and which are left out does not depend on what answers first.

import { expect, it } from 'vitest';

import type { TreeEntry } from '../../src/git/engine.ts';
import { DEFAULT_LIMITS } from '../../src/git/limits.ts';
import type { ObjectStore } from '../../src/git/object-store.ts';
import { readTexts } from '../../src/git/read-texts.ts';

const entries = Array.from({ length: 100 }, (_, index): TreeEntry => ({
  path: `p${index}`,
  oid: `o${index}`,
  type: 'file',
}));

it('reads files in their order up to the limit, and not all that are beyond it', async () => {
  const asked: string[] = [];
  const store = {
    read: async (oid: string) => {
      asked.push(oid);
      for (let turns = (asked.length * 7) % 5; turns > 0; turns--) await Promise.resolve();
      return { type: 'blob', content: Buffer.from('0123456789') };
    },
  } as unknown as ObjectStore;
  const options = { limits: DEFAULT_LIMITS, cache: new Map(), lenient: true };
  const found = await readTexts(store, entries, { ...options, most: 305 });
  expect([...found.keys()]).toEqual(entries.slice(0, 30).map(({ path }) => path));
  expect(asked.length).toBeLessThan(60);
  expect((await readTexts(store, entries, options)).size).toBe(100);
});
