// `nodewright job run`: the command of worker pods. A separate program, so that it loads nothing of the controller.

import { Command } from 'commander';

import { option } from './option.ts';

interface JobOptions {
  readonly parameters: string;
  readonly result: string;
}

/** Calls `exit` with 0 (done), 1 (failed), 2 (wrong parameters) or 143 (stopped by a signal). */
export function createJobProgram(exit: (code: number) => void): Command {
  const program = new Command('nodewright').exitOverride().showHelpAfterError('(add --help for the options)');
  program
    .command('job')
    .description('Used by the controller in worker pods.')
    .helpCommand(false)
    .command('run')
    .description('Run one task on mounted volumes and write its result.')
    .addHelpText('after', '\nExit codes: 0 done, 1 failed, 2 wrong parameters, 143 stopped by a signal.')
    .addOption(
      option('--parameters <json>', 'the task: TaskParameters of src/api/worker-task.ts').makeOptionMandatory(),
    )
    .addOption(option('--result <file>', 'file for the result').default('/dev/termination-log'))
    .action(async (options: JobOptions) => exit(await run(options)));
  return program;
}

async function run({ parameters, result }: JobOptions): Promise<number> {
  const { runTask, stopSignals } = await import('../worker/run-task.ts');
  const { signal, release } = stopSignals();
  try {
    const context = { signal, say: (line: string) => void process.stdout.write(`${line}\n`) };
    return await runTask({ parameters, resultPath: result, context });
  } finally {
    release();
  }
}
