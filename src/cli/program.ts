// The program that main.ts runs. The table of options in the documentation is generated from it.

import { Command } from 'commander';

import { redact } from '../lib/redact.ts';
import type { SetExitCode } from './option.ts';
import { version } from './version.ts';

type AddCommand = (program: Command, exit: SetExitCode) => void;

/** Command → what adds it. Each is loaded only when it runs: the controller alone needs more than all others together. */
const COMMANDS: Readonly<Record<string, () => Promise<AddCommand>>> = {
  init: async () => (await import('./init.ts')).addInit,
  validate: async () => (await import('./validate.ts')).addValidate,
  plan: async () => (await import('./plan.ts')).addPlan,
  render: async () => (await import('./render.ts')).addRender,
  run: async () => (await import('./run.ts')).addRun,
  status: async () => (await import('./status.ts')).addStatus,
  schema: async () => (await import('./schema.ts')).addSchema,
  adopt: async () => (await import('./adopt/adopt.ts')).addAdopt,
  crds: async () => (await import('./crds.ts')).addCrds,
};

/**
 * The program with the command that `first`, the first argument, names: with all of them for help and for a name that
 * does not exist. A command calls `exit` with its code, or throws.
 */
export async function createProgram(exit: SetExitCode, first?: string): Promise<Command> {
  const program = new Command('nodewright')
    .description('Runs blockchain nodes on Kubernetes from a Git repository.')
    .version(version())
    .helpCommand('help [command]', 'Print the help of a command.')
    .addHelpText('after', '\nExit codes: 0 success, 1 problems, changes or nodes that are not ready, 2 error.')
    .addHelpText('after', 'Every option is also a variable: --status-branch is NODEWRIGHT_STATUS_BRANCH.')
    .exitOverride()
    .showHelpAfterError('(add --help for the options)')
    // The error repeats a wrong value, which may be a URL with a password.
    .configureOutput({ writeErr: (text) => void process.stderr.write(redact(text)) });
  // Subcommands inherit settings that were made before them.
  for (const add of await Promise.all(loadersFor(first).map((load) => load()))) add(program, exit);
  return program;
}

function loadersFor(first: string | undefined): readonly (() => Promise<AddCommand>)[] {
  if (first === '--version' || first === '-V') return [];
  const one = first !== undefined && Object.hasOwn(COMMANDS, first) ? COMMANDS[first] : undefined;
  return one === undefined ? Object.values(COMMANDS) : [one];
}
