#!/usr/bin/env node
// The command line: `nodewright COMMAND`. Exit codes follow kubectl diff: 0 success, 1 problems or changes, 2 error.

import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

import { CommanderError, type Command } from 'commander';

import { describeError } from '../lib/errors.ts';
import { redact } from '../lib/redact.ts';
import { callersFolder, settleEnvironment } from './environment.ts';

/** Runs one command line; resolves to the exit code. */
async function main(argv: readonly string[]): Promise<number> {
  let code = 0;
  settleEnvironment(process.env);
  const program = await programFor(argv, (result) => {
    code = result;
  });
  const folder = callersFolder(process.env);
  try {
    if (folder !== undefined) process.chdir(folder);
    await program.parseAsync(argv);
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    process.stderr.write(`error: ${redact(describeError(error))}\n`);
    return 2;
  }
}

/**
 * From source, half of the start is the removal of types. Not in the temporary folder, where others could plant code;
 * where the folder cannot be written, as in the image, nothing is kept.
 */
function keepCompiledCode({ HOME: home, XDG_CACHE_HOME: cache }: NodeJS.ProcessEnv): void {
  const folder = cache ?? (home === undefined || home === '' ? undefined : join(home, '.cache'));
  if (folder !== undefined) enableCompileCache(join(folder, 'nodewright', 'compiled'));
}

/** Worker pods start often and are small, so `job` is a separate program and only one of the two is loaded. */
async function programFor(argv: readonly string[], exit: (code: number) => void): Promise<Command> {
  if (argv[2] === 'job') return (await import('./job.ts')).createJobProgram(exit);
  return await (await import('./program.ts')).createProgram(exit, argv[2]);
}

keepCompiledCode(process.env);
// Each look into the real environment is a call out of the engine, and the reader of YAML looks there at every token.
process.env = { ...process.env };
// `nodewright render … | head` closes the pipe: the exit code is that of a program ended by SIGPIPE, 128 + 13.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(141);
  process.stderr.write(`error: cannot write the output: ${redact(describeError(error))}\n`);
  process.exit(2);
});
process.stderr.on('error', () => process.exit(2));
process.exitCode = await main(process.argv);
