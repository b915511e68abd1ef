// Every reader of outside input, with inputs that a seed makes: a value or a documented error, quickly, and nothing else.

import { afterAll, describe, expect, it } from 'vitest';

import { failureOf, inputOf } from './check.ts';
import type { Reader } from './reader.ts';
import { allReaders } from './readers.ts';
import { removeScratchFolders } from './scratch-folder.ts';

const readers = await allReaders();
const CASES = 150;
/** Another start gives other inputs. */
const FIRST = Number(process.env['FUZZ_SEED'] ?? 1);

afterAll(removeScratchFolders);

it('has readers with names of their own', () => {
  expect(new Set(readers.map(({ name }) => name)).size).toBe(readers.length);
});

describe.each(readers)('the reader $name', (reader) => {
  it('accepts what is valid', async () => {
    for (const valid of reader.corpus) expect(await failureOf(reader, Buffer.from(valid))).toBeUndefined();
  });

  it('withstands what is not', async () => {
    expect(await firstFailure(reader)).toBeUndefined();
  });
});

async function firstFailure(reader: Reader): Promise<string | undefined> {
  for (let seed = FIRST; seed < FIRST + (reader.cases ?? CASES); seed++) {
    const why = await failureOf(reader, inputOf(reader, seed));
    if (why !== undefined) return `${why}\nReplay it: npm run fuzz -- ${reader.name} --seed ${seed}`;
  }
  return undefined;
}
