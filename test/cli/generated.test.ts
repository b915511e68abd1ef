// Generated files equal what the code generates.

import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { ROOT } from '../documents/sections.ts';
import { generatedFiles, GENERATED_FOLDERS } from '../generated.ts';

it('is up to date: run `npm run generate` and commit what it writes', { timeout: 120_000 }, async () => {
  const files = await generatedFiles();
  const stale: string[] = [];
  for (const [path, content] of files) {
    const committed = existsSync(join(ROOT, path)) ? await readFile(join(ROOT, path), 'utf8') : '';
    if (committed !== content) stale.push(path);
  }
  const extra = GENERATED_FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .map((name) => `${folder}/${name}`)
      .filter((path) => !files.has(path)),
  );
  expect({ stale, extra }).toEqual({ stale: [], extra: [] });
});
