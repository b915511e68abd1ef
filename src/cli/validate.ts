// `nodewright validate [DIR]`: checks the files offline, with the same result as the controller.

import type { Command } from 'commander';

import { describeProblem, type Problem } from '../desired/text/problem.ts';
import { readDesired } from '../desired/read.ts';
import { cleanLine } from '../lib/clean-text.ts';
import { readDirectory } from './directory.ts';
import { nameArgument, namespaceOption, option, type SetExitCode } from './option.ts';
import { addPolicyOptions, policyFor, type PolicyOptions } from './policy-option.ts';
import { problemsToJson } from './problems-json.ts';

type Format = 'text' | 'json' | 'github';

interface ValidateOptions extends PolicyOptions {
  readonly format: Format;
}

export function addValidate(program: Command, exit: SetExitCode): void {
  const command = program
    .command('validate')
    .description('Check every file of a repository. Exit code 0: valid, 1: problems, 2: could not be checked.')
    .argument('[dir]', "the repository's top folder", '.')
    .addOption(option('--format <format>', 'output format').choices(['text', 'json', 'github']).default('text'))
    .addOption(
      option('--executor <name>', 'with --policy-from: the controller whose policy is taken').argParser(nameArgument),
    )
    .addOption(namespaceOption());
  addPolicyOptions(command).action(async (dir: string, options: ValidateOptions) => exit(await validate(dir, options)));
}

async function validate(dir: string, options: ValidateOptions): Promise<0 | 1> {
  const { format, namespace } = options;
  const policy = await policyFor(dir, options);
  const { problems, counts } = readDesired(await readDirectory(dir), { defaultNamespace: namespace, policy });
  process.stdout.write(`${PRINT[format](problems, counts.objects)}\n`);
  return problems.some(({ level }) => level === 'error') ? 1 : 0;
}

const PRINT: Readonly<Record<Format, (problems: readonly Problem[], objects: number) => string>> = {
  text: (problems, objects) =>
    [...problems.map((problem) => cleanLine(describeProblem(problem), 2000)), summary(problems, objects)].join('\n'),
  json: (problems, objects) => JSON.stringify({ objects, ...problemsToJson(problems) }, null, 2),
  github: (problems, objects) => [...problems.map(annotation), summary(problems, objects)].join('\n'),
};

function summary(problems: readonly Problem[], objects: number): string {
  const errors = problems.filter(({ level }) => level === 'error').length;
  return `${count(objects, 'object')}, ${count(errors, 'error')}, ${count(problems.length - errors, 'warning')}`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

/** A workflow command of GitHub. Its escapes prevent that a message ends the command or starts another. */
function annotation({ level, file, line, column, code, message }: Problem): string {
  return `::${level} file=${property(file)},line=${line},col=${column},title=${property(code)}::${data(message)}`;
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
