// A planned take-over as text.

import { cleanLine } from '../lib/clean-text.ts';
import type { Adoption } from './adoption.ts';
import type { Command, Step } from './steps.ts';

/** For a terminal. `written` is where the node file was written to. */
export function describeAdoption(adoption: Adoption, written: string | undefined): string {
  const { foreign, file, differences, restart, signers, problems, steps } = adoption;
  const sections: readonly (readonly [string, readonly string[]])[] = [
    [`Node file${written === undefined ? ' (not written: --write FILE writes it)' : `, written to ${written}`}`, [file.trimEnd()]],
    ['Problems', problems.map((text) => `- ${cleanLine(text, 2000)}`)],
    ['What differs', differences.map(({ what, now, then }) => `- ${cleanLine(`${what}: ${now} → ${then}`, 2000)}`)],
    ['Restart', [restart]],
    ['Signing key', signers.length === 0 ? ['None is expected here.'] : signers.map((text) => `- ${cleanLine(text, 2000)}`)],
    ['Steps', steps.flatMap(describeStep)],
  ]; // prettier-ignore
  const shown = sections.filter(([, lines]) => lines.length > 0);
  const head = `Take-over of ${foreign}. Nothing was changed in the cluster.`;
  return [head, ...shown.map(([title, lines]) => `\n${title}\n${lines.join('\n')}`)].join('\n');
}

function describeStep({ title, note, commands }: Step, index: number): readonly string[] {
  return [`${index + 1}. ${cleanLine(title, 500)}. ${cleanLine(note, 1000)}`, ...commands.map(describeCommand)];
}

function describeCommand({ argv, object }: Command): string {
  const line = `   ${argv.map(quoted).join(' ')}`;
  return object === undefined ? line : `${line} <<'END'\n${JSON.stringify(object)}\nEND`;
}

/** For a POSIX shell. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
