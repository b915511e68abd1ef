// JSON pointers (RFC 6901) and paths as arrays.

import { clipJson } from './clip.ts';

export type Path = readonly (string | number)[];

/** `['spec', 'args', 0]` → `/spec/args/0`. */
export function toPointer(path: Path): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** Longest path in a message, and longest name in it. */
const MAX_DOTTED = 300;
const MAX_NAME = 100;

/** `['spec', 'args', 0, 'a.b']` → `spec.args[0]["a.b"]`: the form for messages, on one line and not long. */
export function toDotted(path: Path): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[A-Za-z_][\w-]{0,99}$/.test(part)) text += text === '' ? part : `.${part}`;
    else text += `[${clipJson(part, MAX_NAME)}]`;
    if (text.length > MAX_DOTTED) return `${text.slice(0, MAX_DOTTED)}…`;
  }
  return text;
}
