// The files that are made from the code: what `npm run generate` writes and a test compares with what is committed.

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Command } from 'commander';
import { format, resolveConfig } from 'prettier';

import { createProgram } from '../src/cli/program.ts';
import { runCommand } from './demo/run-command.ts';

export const ROOT = new URL('..', import.meta.url).pathname;
const MAIN = join(ROOT, 'src/cli/main.ts');

/** Folders that hold nothing else. */
export const GENERATED_FOLDERS = ['charts/nodewright/crds', 'repo-template/schemas'] as const;

/** Path from the top → content. */
export async function generatedFiles(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ...(await written('charts/nodewright/crds', ['crds'])),
    ...(await written('repo-template/schemas', ['schema'])),
    ...(await written('repo-template/schemas', ['schema', '--format', 'markdown'])),
    ['README.md', await readmeWithOptions()],
  ]);
}

/** What a command writes with `--out`, as if it had gone to `folder`. */
async function written(folder: string, command: readonly string[]): Promise<(readonly [string, string])[]> {
  const out = await mkdtemp(join(tmpdir(), 'nodewright-generated-'));
  try {
    await runCommand(process.execPath, [MAIN, ...command, '--out', out]);
    const names = await readdir(out);
    return await Promise.all(
      names.map(async (name) => [`${folder}/${name}`, await readFile(join(out, name), 'utf8')] as const),
    );
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}

const BEGIN = '<!-- options: written by npm run generate -->';
const END = '<!-- end of options -->';

async function readmeWithOptions(): Promise<string> {
  const path = join(ROOT, 'README.md');
  const text = await readFile(path, 'utf8');
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`README.md lacks the lines "${BEGIN}" and "${END}"`);
  const whole = `${text.slice(0, begin)}${BEGIN}\n\n${optionsTable()}\n\n${text.slice(end)}`;
  return await format(whole, { ...(await resolveConfig(path)), filepath: path });
}

/** One row for every option; commands that share one share its row. */
function optionsTable(): string {
  const rows = new Map<string, { readonly row: string; readonly commands: string[] }>();
  for (const command of createProgram(() => undefined).commands) {
    for (const [key, row] of rowsOf(command)) {
      const known = rows.get(key) ?? { row, commands: [] };
      known.commands.push(command.name());
      rows.set(key, known);
    }
  }
  const lines = [...rows.values()].map(({ row, commands }) => `| ${commands.join(', ')} | ${row} |`);
  return ['| Command | Option | Variable | Default | Meaning |', '| --- | --- | --- | --- | --- |', ...lines].join(
    '\n',
  );
}

function rowsOf(command: Command): (readonly [string, string])[] {
  return command.options.map((option) => {
    const { flags, envVar, defaultValue, defaultValueDescription, description, argChoices } = option;
    const preset = defaultValueDescription ?? defaultValue;
    const fallback = typeof preset === 'string' ? `\`${preset}\`` : '';
    const shown = option.mandatory ? '(required)' : fallback;
    const choices = argChoices === undefined ? '' : `: ${argChoices.map((choice) => `\`${choice}\``).join(', ')}`;
    const cells = [`\`${flags}\``, `\`${envVar}\``, option.negate ? '' : shown, `${description}${choices}`];
    const row = cells.join(' | ');
    return [row, row] as const;
  });
}
