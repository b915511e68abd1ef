// Reads what the checks need of a Markdown document: headings, links, code blocks, code spans.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { ROOT } from './sections.ts';

export interface Located {
  readonly line: number;
  readonly text: string;
}

export interface CodeBlock extends Located {
  readonly language: string;
}

export interface Markdown {
  /** Path from the top of the repository. */
  readonly path: string;
  /** The names that a link can point to, as GitHub makes them from headings. */
  readonly anchors: ReadonlySet<string>;
  readonly links: readonly Located[];
  readonly blocks: readonly CodeBlock[];
  readonly spans: readonly Located[];
}

const SKIPPED: ReadonlySet<string> = new Set(['node_modules', '.git', 'dist', 'golden', 'fixtures', 'clusters']);

/** All Markdown documents of the repository, sorted by path. */
export async function markdownDocuments(folder = ''): Promise<readonly Markdown[]> {
  const entries = await readdir(join(ROOT, folder), { withFileTypes: true });
  const found = entries.map(async (entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : await markdownDocuments(path);
    return entry.name.endsWith('.md') ? [parse(path, await readFile(join(ROOT, path), 'utf8'))] : [];
  });
  return (await Promise.all(found)).flat().toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function parse(path: string, text: string): Markdown {
  const prose: Located[] = [];
  const blocks: CodeBlock[] = [];
  let block: { language: string; line: number; indent: number; lines: string[] } | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const fence = /^( *)```(\S*)/.exec(line);
    if (fence !== null && block === undefined) {
      block = { language: fence[2] ?? '', line: index + 1, indent: fence[1]?.length ?? 0, lines: [] };
    } else if (fence !== null && block !== undefined) {
      blocks.push({ language: block.language, line: block.line, text: block.lines.join('\n') });
      block = undefined;
    } else if (block === undefined) prose.push({ line: index + 1, text: line });
    else block.lines.push(line.slice(block.indent));
  }
  return { path, anchors: anchorsOf(prose), links: matches(prose, LINK), blocks, spans: matches(prose, SPAN) };
}

const LINK = /(?<!`)\[[^\]]*\]\(([^)\s]+)\)/g;
const SPAN = /`([^`]+)`/g;

function matches(prose: readonly Located[], pattern: RegExp): readonly Located[] {
  return prose.flatMap(({ line, text }) =>
    [...text.matchAll(pattern)].map(([, found = '']) => ({ line, text: found })),
  );
}

/** GitHub: lower case, without punctuation, spaces as hyphens; the second of one name gets `-1`. */
function anchorsOf(prose: readonly Located[]): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const { text } of prose) {
    const [, heading] = /^#{1,6} +(.*?) *#*$/.exec(text) ?? [];
    if (heading === undefined) continue;
    const slug = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
      .replaceAll(' ', '-');
    let name = slug;
    for (let count = 1; anchors.has(name); count++) name = `${slug}-${count}`;
    anchors.add(name);
  }
  return anchors;
}
