// The table of the command line's options.

import type { Command } from 'commander';

import { createProgram } from '../../src/cli/program.ts';
import { table } from './sections.ts';

/** One row for every option; commands that share one share its row. */
export async function optionsTable(): Promise<string> {
  const rows = new Map<string, { readonly cells: readonly string[]; readonly commands: string[] }>();
  for (const command of (await createProgram(() => undefined)).commands) {
    for (const cells of rowsOf(command)) {
      const key = JSON.stringify(cells);
      const known = rows.get(key) ?? { cells, commands: [] };
      known.commands.push(command.name());
      rows.set(key, known);
    }
  }
  return table(
    ['Command', 'Option', 'Variable', 'Default', 'Meaning'],
    [...rows.values()].map(({ cells, commands }) => [commands.join(', '), ...cells]),
  );
}

function rowsOf(command: Command): readonly string[][] {
  return command.options.map((option) => {
    const { flags, envVar, defaultValue, defaultValueDescription, description, argChoices } = option;
    const preset = defaultValueDescription ?? defaultValue;
    const fallback = typeof preset === 'string' ? `\`${preset}\`` : '';
    const shown = option.mandatory ? '(required)' : fallback;
    const choices = argChoices === undefined ? '' : `: ${argChoices.map((choice) => `\`${choice}\``).join(', ')}`;
    return [`\`${flags}\``, `\`${envVar}\``, option.negate ? '' : shown, `${description}${choices}`];
  });
}
