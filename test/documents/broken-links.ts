// Links between documents, and from documents to files.

import { existsSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';

import type { Markdown } from './markdown.ts';
import { ROOT } from './sections.ts';

/** What `nodewright init` copies: a link from there must not leave it. */
const TEMPLATE = 'repo-template/';

/** One line for each link that leads nowhere; links to other hosts are not asked for. */
export function brokenLinks(documents: readonly Markdown[]): readonly string[] {
  const byPath = new Map(documents.map((document) => [document.path, document]));
  return documents.flatMap((document) =>
    document.links.flatMap(({ line, text }) => {
      const why = whyBroken(document.path, text, byPath);
      return why === undefined ? [] : [`${document.path}:${line} ${text}: ${why}`];
    }),
  );
}

function whyBroken(from: string, link: string, documents: ReadonlyMap<string, Markdown>): string | undefined {
  if (/^[a-z]+:/.test(link)) return undefined;
  const [target = '', anchor] = link.split('#');
  const path = target === '' ? from : normalize(join(dirname(from), target));
  const noFile = whyNoFile(from, path);
  if (noFile !== undefined || anchor === undefined) return noFile;
  const document = documents.get(path);
  if (document === undefined) return `${path} has no headings`;
  return document.anchors.has(anchor) ? undefined : `${path} has no heading #${anchor}`;
}

function whyNoFile(from: string, path: string): string | undefined {
  if (path.startsWith('..')) return 'leaves the repository';
  if (from.startsWith(TEMPLATE) && !path.startsWith(TEMPLATE)) return 'leaves the template, which is copied alone';
  return existsSync(join(ROOT, path)) ? undefined : `${relative('.', path)} does not exist`;
}
