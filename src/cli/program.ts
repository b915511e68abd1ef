// The program that main.ts runs. The table of options in the documentation is generated from it.

import { Command } from 'commander';

import { redact } from '../lib/redact.ts';
import { addCrds } from './crds.ts';
import { addInit } from './init.ts';
import type { SetExitCode } from './option.ts';
import { addPlan } from './plan.ts';
import { addRender } from './render.ts';
import { addRun } from './run.ts';
import { addSchema } from './schema.ts';
import { addStatus } from './status.ts';
import { addValidate } from './validate.ts';
import { version } from './version.ts';

const ADDERS = [addInit, addValidate, addPlan, addRender, addRun, addStatus, addSchema, addCrds];

/** All commands. A command calls `exit` with its code, or throws. */
export function createProgram(exit: SetExitCode): Command {
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
  for (const add of ADDERS) add(program, exit);
  return program;
}
