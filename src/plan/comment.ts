// The plans of all executors and the problems of the files as one comment on a pull request.

import type { FleetSpec } from '../api/fleet.ts';
import { clip } from '../lib/clip.ts';
import type { Plan } from './action.ts';
import { planToMarkdown } from './describe-markdown.ts';

/** Forges refuse a comment of more than 65,536 characters. */
export const MAX_COMMENT = 65_536;
/** Kept free for headings and for the notes on what is left out. */
const RESERVE = 4096;
const MAX_PROBLEMS = 16_000;

interface Comment {
  readonly plans: readonly {
    readonly executor: string;
    readonly title?: string;
    readonly policy?: string;
    /** What else changes. */
    readonly note?: string;
    readonly plan: Plan;
  }[];
  /** One line each. */
  readonly problems: readonly string[];
}

/** `demo`, or `demo: The cluster in Frankfurt` when the Fleet describes the executor. */
export function titleOfExecutor({ executors }: FleetSpec, executor: string): string {
  const description = executors?.find(({ name }) => name === executor)?.description;
  return description === undefined ? executor : `${executor}: ${clip(description, 500)}`;
}

/** The same input gives the same text. What does not fit is left out from the end, and the text says how to see it. */
export function planComment({ plans, problems }: Comment): string {
  const listed = problemSection(problems);
  const free = MAX_COMMENT - RESERVE - listed.length;
  const share = Math.floor(free / Math.max(1, plans.length));
  const whole = plans.map((one) => executorSection(one, free));
  const sections = lengthOf(whole) <= free ? whole : plans.map((one) => executorSection(one, share / 2));
  const shown: string[] = [];
  for (const section of sections) {
    if (lengthOf(shown) + section.length > free) break;
    shown.push(section);
  }
  const left = plans.slice(shown.length).map(({ executor }) => executor);
  if (plans.length === 0) shown.push('Nothing to do.\n');
  if (left.length > 0)
    shown.push(
      `The plans of ${left.length} more executors are not shown; \`nodewright plan --executor ${left[0]}\` shows the next.\n`,
    );
  return [...shown, ...(listed === '' ? [] : [listed])].join('\n');
}

function executorSection(
  { executor, title: given = executor, policy, note, plan }: Comment['plans'][number],
  maxLength: number,
): string {
  const title = clip(given, 600).replaceAll('`', "'");
  const more = note === undefined ? '' : `\`${clip(note, 600).replaceAll('`', "'")}\`\n\n`;
  return `### Executor \`${title}\`\n\n${more}${planToMarkdown(plan, maxLength)}${policy === undefined ? '' : `\nJudged by \`${clip(policy, 200).replaceAll('`', "'")}\`\n`}`;
}

function problemSection(problems: readonly string[]): string {
  if (problems.length === 0) return '';
  const lines: string[] = [];
  let length = 0;
  for (const problem of problems) {
    const line = `- \`${problem.replaceAll('`', "'")}\``;
    length += line.length + 1;
    if (length > MAX_PROBLEMS) break;
    lines.push(line);
  }
  const left = problems.length - lines.length;
  const note = left === 0 ? '' : `\n\n${left} more not shown; \`nodewright validate\` shows all.`;
  return `### Problems\n\n${lines.join('\n')}${note}\n`;
}

function lengthOf(sections: readonly string[]): number {
  return sections.reduce((sum, section) => sum + section.length + 1, 0);
}
