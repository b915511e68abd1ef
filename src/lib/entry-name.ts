// Which names of files and folders are used, for trees and for folders on a disk.

const MAX_PATH = 4096;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export interface JudgedName {
  /** Undefined when it is not valid UTF-8. */
  readonly name: string | undefined;
  /** From the root; escaped and cut when there is a problem. */
  readonly path: string;
  /** Why the entry must not be used. */
  readonly problem?: string;
}

/** `above` is empty or ends with a slash; `seen` has the names of the same folder before this one. */
export function judgeName(bytes: Buffer, above: string, seen: ReadonlySet<string>): JudgedName {
  const name = decode(bytes);
  const path = above + (name ?? '');
  const problem = name === undefined ? 'its name is not valid UTF-8; rename it' : nameProblem(name, path, seen);
  if (problem === undefined) return { name, path };
  const shown = above + (name === undefined ? escapeBytes(bytes) : escapeText(name));
  return { name, path: shown.slice(0, MAX_PATH), problem };
}

/** Of a folder that is not entered. */
export function tooDeep(maxDepth: number): string {
  return `lies deeper than ${maxDepth} folders; move it up`;
}

function nameProblem(name: string, path: string, seen: ReadonlySet<string>): string | undefined {
  if (name === '' || name === '.' || name === '..') return 'its name is not a file name; rename it';
  if (/^(\.git|git~\d+)$/i.test(name)) return 'its name is reserved by Git; rename it';
  if (name.includes('/') || name.includes('\\')) return 'its name contains a slash; rename it';
  if (UNPRINTABLE.test(name)) return 'its name contains control characters; rename it';
  if (seen.has(name)) return 'its folder lists the name twice; run git fsck on the repository';
  if (Buffer.byteLength(path) > MAX_PATH) return `its path is longer than ${MAX_PATH} bytes; shorten it`;
  return undefined;
}

// Line breaks and direction marks as well: they forge lines and names in logs and tables.
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

function decode(name: Buffer): string | undefined {
  try {
    return UTF8.decode(name);
  } catch {
    return undefined;
  }
}

function escapeBytes(name: Buffer): string {
  return name.toString('latin1').replaceAll(/[^\u0020-\u007e]|\\/g, hex);
}

function escapeText(name: string): string {
  return name.replaceAll(new RegExp(UNPRINTABLE, 'g'), hex);
}

function hex(char: string): string {
  const code = char.charCodeAt(0);
  return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
}
