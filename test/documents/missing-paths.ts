// Files that documents name in code spans.

import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import type { Markdown } from './markdown.ts';
import { ROOT } from './sections.ts';

const FOLDERS = /^(src|test|charts|repo-template|\.github|\.ci)\//;
const SOURCE = /^[\w.-]+(\/[\w.-]+)*\.ts$/;
/** Stands for a name that the reader fills in. */
const PLACEHOLDER = /[*<>…{}\s]/;

/** One line for each file that a document names and that is not there. */
export function missingPaths(documents: readonly Markdown[]): readonly string[] {
  return documents.flatMap(({ path, spans }) =>
    spans
      .filter(({ text }) => (FOLDERS.test(text) || SOURCE.test(text)) && !PLACEHOLDER.test(text))
      .filter(({ text }) => !isThere(text, path))
      .map(({ line, text }) => `${path}:${line} ${text} does not exist`),
  );
}

/** From the top, from `src`, from the document's folder; a bare file name anywhere below the document's folder. */
function isThere(text: string, document: string): boolean {
  const folder = dirname(document);
  if ([ROOT, join(ROOT, 'src'), join(ROOT, folder)].some((from) => existsSync(join(from, text)))) return true;
  return basename(text) === text && namesBelow(folder).has(text);
}

const known = new Map<string, ReadonlySet<string>>();

function namesBelow(folder: string): ReadonlySet<string> {
  const names =
    known.get(folder) ??
    new Set(readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((path) => basename(path)));
  known.set(folder, names);
  return names;
}
