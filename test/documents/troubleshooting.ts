// The page that explains every code an operator may meet.

import { CODE_LISTS, type CodeList } from './code-lists.ts';
import { formatted, table } from './sections.ts';

export const TROUBLESHOOTING = 'repo-template/docs/troubleshooting.md';

/** The whole page; nothing on it is written by hand. */
export async function troubleshooting(): Promise<string> {
  return await formatted(TROUBLESHOOTING, [HEAD, ...CODE_LISTS.map(section)].join('\n\n'));
}

const HEAD = `# Troubleshooting

Every code that Nodewright reports, what it means, and what to do. The message beside a code names the object and the values.
This page is generated from the controller's own lists.

Start with \`nodewright status\`, or with the \`README.md\` of the status branch: both show the nodes and jobs that need attention, with
their codes; \`held\` in \`sync.yaml\` has those of held actions. \`kubectl describe bn NAME\` shows the conditions and Events of one node.`;

function section({ title, where, codes }: CodeList): string {
  const rows = Object.entries(codes)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, { meaning, action }]) => [`\`${code}\``, meaning, action]);
  return [`## ${title}`, where, table(['Code', 'Meaning', 'What to do'], rows)].join('\n\n');
}
