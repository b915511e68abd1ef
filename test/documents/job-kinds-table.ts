// The table of the kinds of job in the handbook.

import { jobKinds } from '../../src/jobs/kinds/index.ts';
import { table } from './sections.ts';

/** The name of a kind's page in `repo-template/docs/kinds/`: `block-height-fallback`. */
export function pageOf(kind: string): string {
  return kind.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase();
}

export function jobKindsTable(): string {
  const rows = jobKinds.map(({ kind, shortNames, summary }) => [
    `[${kind}](kinds/${pageOf(kind)}.md)`,
    shortNames.map((name) => `\`${name}\``).join(', '),
    summary,
  ]);
  return table(['Job', 'Short name', 'What it does'], rows);
}
