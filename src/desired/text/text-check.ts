// Recognizes texts that are not YAML documents before they are parsed.

import type { ProblemCode } from '../../api/codes/problems.ts';
import type { Problem } from './problem.ts';

/** Largest file that is parsed, in characters. A node's file is about one kilobyte. */
export const MAX_FILE_LENGTH = 1024 * 1024;

type Check = (text: string) => Trouble | undefined;
type Trouble = { readonly code: ProblemCode; readonly message: string; readonly line?: number };

/** Why a whole file cannot be read, or undefined. Only the first reason is reported. */
export function checkText(file: string, text: string): Problem | undefined {
  for (const check of CHECKS) {
    const trouble = check(text);
    if (trouble === undefined) continue;
    return { level: 'error', file, line: 1, column: 1, ...trouble };
  }
  return undefined;
}

const CHECKS: readonly Check[] = [tooLarge, notText, lfsPointer, conflictMarkers];

function tooLarge(text: string): Trouble | undefined {
  if (text.length <= MAX_FILE_LENGTH) return undefined;
  return {
    code: 'FileTooLarge',
    message: `the file has ${text.length} characters, and the limit is ${MAX_FILE_LENGTH}; split it`,
  };
}

/** UTF-16 decoded as UTF-8 has many NULs and replacement characters; so has a picture. */
function notText(text: string): Trouble | undefined {
  const found = /[\0\uFFFD]/.exec(text);
  if (found === null) return undefined;
  const line = lineOf(text, found.index);
  return {
    code: 'NotText',
    line,
    message: 'the file is not UTF-8 text (binary, or saved as UTF-16 or Latin-1); save it as UTF-8',
  };
}

function lfsPointer(text: string): Trouble | undefined {
  if (!text.startsWith('version https://git-lfs.github.com/spec/')) return undefined;
  return {
    code: 'LfsPointer',
    message: 'the file is a Git LFS pointer, not its content; remove the path from .gitattributes and commit the YAML',
  };
}

/** Git writes its markers at the start of a line; in a YAML text block they would be indented. */
function conflictMarkers(text: string): Trouble | undefined {
  const found = /^(?:<{7} |>{7} |={7}\r?$)/m.exec(text);
  if (found === null) return undefined;
  return {
    code: 'MergeConflict',
    line: lineOf(text, found.index),
    message: 'unresolved merge conflict: choose one side and remove the lines with <<<<<<<, ======= and >>>>>>>',
  };
}

function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line += 1;
  return line;
}
