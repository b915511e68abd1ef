// Generated sections of documents that are otherwise written by hand.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { format, resolveConfig } from 'prettier';

export const ROOT = new URL('../..', import.meta.url).pathname;

/** The document with the text between the comments `generated: NAME …` and `end of NAME` replaced, formatted. */
export async function withSection(document: string, name: string, content: string): Promise<string> {
  const text = await readFile(join(ROOT, document), 'utf8');
  const comment = (words: string): string => (document.endsWith('.yaml') ? `# ${words}` : `<!-- ${words} -->`);
  const begin = comment(`generated: ${name}, by npm run generate`);
  const end = comment(`end of ${name}`);
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${document} lacks the lines "${begin}" and "${end}"`);
  return await formatted(document, `${text.slice(0, from)}${begin}\n\n${content}\n\n${text.slice(to)}`);
}

/** The text as `npm run check` wants it. */
export async function formatted(document: string, text: string): Promise<string> {
  const filepath = join(ROOT, document);
  return await format(text, { ...(await resolveConfig(filepath)), filepath });
}

/** A Markdown table; a cell is one line, and a bar would end it. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function cell(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll(/(?<!\\)\|/g, String.raw`\|`);
}
