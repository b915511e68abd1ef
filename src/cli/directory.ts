// A directory on disk as the source files of a revision: what `validate` and `plan` read before anything is committed.

import { createHash } from 'node:crypto';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { SourceFile } from '../desired/desired-set.ts';

const MAX_FILE_BYTES = 1 << 20;
const MAX_FILES = 100_000;
const MAX_DEPTH = 32;

/** All files below `root` that could matter, sorted by path. Links are listed as trouble, never followed. */
export async function readDirectory(root: string): Promise<readonly SourceFile[]> {
  const info = await lstat(root).catch(() => undefined);
  if (info === undefined || !info.isDirectory()) throw new Error(`${root} is not a directory`);
  const files: SourceFile[] = [];
  await readFolder({ root, folder: '', depth: 0 }, files);
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

interface Place {
  readonly root: string;
  readonly folder: string;
  readonly depth: number;
}

async function readFolder({ root, folder, depth }: Place, files: SourceFile[]): Promise<void> {
  if (depth > MAX_DEPTH) {
    files.push({
      path: folder,
      oid: '',
      trouble: { code: 'TooDeep', message: `is nested deeper than ${MAX_DEPTH} folders` },
    });
    return;
  }
  const entries = await readdir(join(root, folder), { withFileTypes: true });
  for (const entry of entries) {
    if (entry.name === '.git' || entry.name === 'node_modules') continue;
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (files.length >= MAX_FILES) throw new Error(`${root} holds more than ${MAX_FILES} files`);
    if (entry.isDirectory()) await readFolder({ root, folder: path, depth: depth + 1 }, files);
    else if (entry.isFile()) files.push(await readOne(root, path));
    else
      files.push({
        path,
        oid: '',
        trouble: { code: 'NotAFile', message: 'is not a regular file; only regular files are read' },
      });
  }
}

async function readOne(root: string, path: string): Promise<SourceFile> {
  const { size } = await lstat(join(root, path));
  if (size > MAX_FILE_BYTES) {
    return {
      path,
      oid: '',
      trouble: { code: 'FileTooLarge', message: `has ${size} bytes; at most ${MAX_FILE_BYTES} are read` },
    };
  }
  const content = await readFile(join(root, path));
  const oid = createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
  try {
    return { path, oid, text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content) };
  } catch {
    return { path, oid, trouble: { code: 'NotUtf8', message: 'is not UTF-8 text; save it as UTF-8' } };
  }
}
