// Command lines of `nodewright` in documents and workflows.

import type { Command } from 'commander';

import { createProgram } from '../../src/cli/program.ts';
import type { Markdown } from './markdown.ts';

const commands = new Map<string, Command>(
  (await createProgram(() => undefined)).commands.map((one) => [one.name(), one]),
);

/** One line for each command or option that a document names and that does not exist. */
export function wrongCommands(documents: readonly Markdown[]): readonly string[] {
  return documents.flatMap(({ path, spans, blocks }) =>
    [...spans, ...blocks].flatMap(({ line, text }) => wrongCommandsIn(text).map((why) => `${path}:${line} ${why}`)),
  );
}

/** `nodewright plan --from main` at the start of a line, or behind `npm run -s nodewright --`. */
const CALL = /(?:^|\n|\$\()\s*(?:npm run (?:-s|--silent) nodewright -- |nodewright )([a-z][\w-]*)([^\n|&;)]*)/g;

/** The same for one text. */
export function wrongCommandsIn(text: string): readonly string[] {
  const joined = text.replaceAll(/\\\n\s*/g, ' ');
  return [...joined.matchAll(CALL)].flatMap(([, name = '', rest = '']) => {
    // What worker pods run is a program of its own, not for users.
    if (name === 'job') return [];
    const command = commands.get(name);
    if (command === undefined) return [`nodewright ${name}: there is no such command`];
    const known = new Set(command.options.map(({ long }) => long));
    const given = [...rest.matchAll(/(?<=\s)--[a-z][a-z-]*/g)].map(([option]) => option);
    const unknown = given.filter((option) => !known.has(option));
    return [
      ...unknown.map((option) => `nodewright ${name} has no option ${option}`),
      ...missingOptions(command, given).map((option) => `nodewright ${name} needs ${option}`),
    ];
  });
}

/** Of a line that gives one required option, and so is meant to be run as it is: the others. */
function missingOptions(command: Command, given: readonly string[]): readonly string[] {
  const required = command.options.flatMap(({ mandatory, long }) => (mandatory && long ? [long] : []));
  return required.some((option) => given.includes(option)) ? required.filter((option) => !given.includes(option)) : [];
}
