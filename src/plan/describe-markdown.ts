// A plan as Markdown: the comment on a pull request.

import { clip } from '../lib/clip.ts';
import type { Plan } from './action.ts';
import { actionLines, jobLines, releasedLines, releaseLines, summarizePlan } from './describe.ts';
import { describeRef } from '../api/objects.ts';

/** Sections whose lists can be of any length. */
const SECTIONS = 5;

/**
 * A summary, the actions as a diff that forges colour, what is held and how to release it. Everything that comes from
 * files is inside fenced blocks with a fence longer than any in the text, so that it cannot become a link, an image or a mention.
 */
export function planToMarkdown(plan: Plan, maxLength: number): string {
  const section = (title: string, blocks: readonly (readonly string[])[]): string =>
    listSection(title, blocks, maxLength / SECTIONS);
  const held = plan.actions.filter(({ hold }) => hold !== undefined);
  const free = plan.actions.filter(({ hold }) => hold === undefined);
  const sections = [
    `### Plan\n\n${fenced([summarizePlan(plan)], 'text')}`,
    section('To do', free.map(actionLines)),
    section('Held', held.map(actionLines)),
    plan.heldDigest === undefined ? '' : fenced(releaseLines(plan.heldDigest), 'yaml'),
    section('Released', plan.releasedHold === undefined ? [] : [releasedLines(plan.releasedHold)]),
    section('Jobs', plan.jobs.map(jobLines)),
    section(
      'Kept unchanged',
      plan.kept.map(({ ref, because }) => [`= ${describeRef(ref)}`, `    ${clip(because, 600)}`]),
    ),
  ];
  return `${sections.filter((text) => text !== '').join('\n\n')}\n`;
}

function listSection(title: string, blocks: readonly (readonly string[])[], maxLength: number): string {
  if (blocks.length === 0) return '';
  const shown: string[] = [];
  let length = 0;
  for (const block of blocks) {
    length += block.reduce((sum, line) => sum + line.length + 1, 0);
    if (length > maxLength) break;
    shown.push(...block.map(outdentSign), '');
  }
  const rest = blocks.length - shown.filter((line) => line === '').length;
  const parts = [
    ...(shown.length === 0 ? [] : [fenced(shown.slice(0, -1), 'diff')]),
    ...(rest > 0 ? [`${rest} more not shown; \`nodewright plan\` shows all.`] : []),
  ];
  return `#### ${title}\n\n${parts.join('\n\n')}`;
}

/** Forges colour a line of a diff by its first character. */
function outdentSign(line: string): string {
  return /^ {4}[-+] /.test(line) ? `${line.slice(4, 6)}  ${line.slice(6)}` : line.replace(/^~/, '!');
}

function fenced(lines: readonly string[], language: string): string {
  const text = lines.join('\n');
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}
