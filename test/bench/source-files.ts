// Files in memory as the source files of a commit.

import { createHash } from 'node:crypto';

import type { SourceFile } from '../../src/desired/desired-set.ts';

/** With the blob ids that Git would give them. */
export function sourceFiles(files: Readonly<Record<string, string>>): readonly SourceFile[] {
  return Object.entries(files).map(([path, text]) => {
    const oid = createHash('sha1')
      .update(`blob ${Buffer.byteLength(text)}\0${text}`)
      .digest('hex');
    return { path, oid, text };
  });
}
