#!/usr/bin/env node
// The command line: `nodewright COMMAND`. Exit codes follow kubectl diff: 0 fine, 1 problems or changes, 2 error.

import { Command, CommanderError } from 'commander';

import { describeError } from '../lib/errors.ts';
import { redact } from '../lib/redact.ts';
import { addCrds } from './crds.ts';
import { addInit } from './init.ts';
import { addPlan } from './plan.ts';
import { addRender } from './render.ts';
import { addRun } from './run.ts';
import { addSchema } from './schema.ts';
import { addStatus } from './status.ts';
import { addValidate } from './validate.ts';
import { version } from './version.ts';

const ADDERS = [addInit, addValidate, addPlan, addRender, addRun, addStatus, addSchema, addCrds];

/** Runs one command line; resolves to the exit code. */
async function main(argv: readonly string[]): Promise<number> {
  let code = 0;
  const program = new Command('nodewright')
    .description('Runs blockchain nodes on Kubernetes from a Git repository.')
    .version(version())
    .exitOverride()
    .showHelpAfterError('(add --help for the options)');
  for (const add of ADDERS) {
    add(program, (result) => {
      code = result;
    });
  }
  try {
    await program.parseAsync(argv);
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    process.stderr.write(`error: ${redact(describeError(error))}\n`);
    return 2;
  }
}

process.exitCode = await main(process.argv);
