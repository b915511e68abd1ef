// Reads a directory as the source files of a revision, so that `validate` and `plan` work before a commit.

import { createHash } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { lstat, readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import type { ProblemCode } from '../api/codes/problems.ts';
import type { SourceFile } from '../desired/desired-set.ts';
import { holdsOurs } from '../desired/stray-files.ts';
import { decodeSource, notAFile } from '../desired/source-text.ts';
import { isInPlace, isWanted, mayHoldWanted, meantFolder } from '../desired/wanted.ts';
import { judgeName, tooDeep } from '../lib/entry-name.ts';

const MAX_FILE_BYTES = 1 << 20;
const MAX_FILES = 100_000;
const MAX_DEPTH = 32;

/**
 * The files below `root` that the controller would read from a commit, sorted by path; no other file is opened. Links
 * are listed as problems and never followed, except `root` itself. Throws when `root` cannot be read.
 */
export async function readDirectory(root: string): Promise<readonly SourceFile[]> {
  const info = await stat(root).catch((cause: unknown) => {
    throw new Error(`cannot read ${root}`, { cause });
  });
  if (!info.isDirectory()) throw new Error(`${root} is not a directory`);
  const files: SourceFile[] = [];
  await readFolder({ root, folder: '', depth: 0, submodules: await submodulesOf(root) }, files);
  if (!files.some(({ path, text }) => isInPlace(path) || isMisplaced(path, text)))
    throw new Error(
      `${resolve(root)} has no fleet.yaml and none of the folders nodes/, patches/, jobs/ and schedules/. Give the top folder of the repository.`,
    );
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Ours, at the top or in a folder there that is named almost like one of ours. */
function isMisplaced(path: string, text: string | undefined): boolean {
  return meantFolder(path.split('/').slice(0, -1))?.isTop !== false && holdsOurs(text);
}

interface Place {
  readonly root: string;
  /** Empty, or with a slash at its end. */
  readonly folder: string;
  readonly depth: number;
  /** Folders whose files are in other repositories. */
  readonly submodules: ReadonlySet<string>;
}

async function readFolder(place: Place, files: SourceFile[]): Promise<void> {
  const { root, folder } = place;
  // As bytes: Node.js replaces what is not valid UTF-8.
  const entries = readdir(join(root, folder), { withFileTypes: true, encoding: 'buffer' });
  for (const entry of await (isInPlace(folder) || folder === '' ? entries : entries.catch(() => []))) {
    const { path, problem } = judgeName(entry.name, folder, NONE);
    if (!(entry.isDirectory() ? mayHoldWanted(path) : isWanted(path))) continue;
    if (problem !== undefined) files.push(trouble(path, 'BadFileName', problem));
    else if (entry.isDirectory()) await enter(place, path, files);
    else {
      if (files.length >= MAX_FILES) throw new Error(`${root} has more than ${MAX_FILES} files`);
      files.push(entry.isFile() ? await readOne(root, path) : notRegular(path, entry));
    }
  }
}

const NONE: ReadonlySet<string> = new Set();

async function enter(place: Place, path: string, files: SourceFile[]): Promise<void> {
  const { root, depth, submodules } = place;
  // The controller does not read submodules either.
  if (submodules.has(path) || (await isRepository(join(root, path)))) files.push(notAFile(path, '', 'submodule'));
  else if (depth >= MAX_DEPTH) files.push(trouble(path, 'BadFileName', tooDeep(MAX_DEPTH)));
  else await readFolder({ ...place, folder: `${path}/`, depth: depth + 1 }, files);
}

function notRegular(path: string, entry: Dirent<Buffer>): SourceFile {
  return notAFile(path, '', entry.isSymbolicLink() ? 'symlink' : 'special file');
}

/** Also one that is not checked out: its folder is empty then. https://git-scm.com/docs/gitmodules */
async function submodulesOf(root: string): Promise<ReadonlySet<string>> {
  const text = await readFile(join(root, '.gitmodules'), 'utf8').catch(() => '');
  return new Set([...text.matchAll(/^\s*path\s*=\s*"?([^"\n]*?)"?\s*$/gm)].map(([, path = '']) => path));
}

async function isRepository(folder: string): Promise<boolean> {
  return await lstat(join(folder, '.git')).then(
    () => true,
    () => false,
  );
}

async function readOne(root: string, path: string): Promise<SourceFile> {
  const { size } = await lstat(join(root, path));
  if (size > MAX_FILE_BYTES) {
    return trouble(path, 'FileTooLarge', `has ${size} bytes; at most ${MAX_FILE_BYTES} are read`);
  }
  let content: Buffer;
  try {
    content = await readFile(join(root, path));
  } catch (error) {
    // Only the code: the message of Node.js repeats the path.
    return trouble(path, 'Unreadable', `cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`);
  }
  const oid = createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
  return decodeSource(path, oid, content);
}

function trouble(path: string, code: ProblemCode, message: string): SourceFile {
  return { path, oid: '', trouble: { code, message } };
}
