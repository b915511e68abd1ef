// All readers of outside input: every file of `readers/` brings some.

import { readdirSync } from 'node:fs';

import type { Reader } from './reader.ts';

export async function allReaders(): Promise<readonly Reader[]> {
  const folder = new URL('readers/', import.meta.url);
  const names = readdirSync(folder).toSorted();
  const modules = await Promise.all(
    names.map(async (name) => (await import(new URL(name, folder).href)) as { readers: readonly Reader[] }),
  );
  return modules.flatMap(({ readers }) => readers);
}
