// `nodewright job run`: the command of worker pods. A program of its own, so that it loads nothing of the controller.

import { Command } from 'commander';

import { option } from './option.ts';

interface JobOptions {
  readonly parameters: string;
  readonly result: string;
}

/** Tells `exit` its code: 0 done, 1 failed, 2 wrong parameters, 143 told to stop. */
export function createJobProgram(exit: (code: number) => void): Command {
  const program = new Command('nodewright').exitOverride().showHelpAfterError('(add --help for the options)');
  program
    .command('job')
    .description('Used by the controller in worker pods.')
    .helpCommand(false)
    .command('run')
    .description('Do one piece of work on mounted volumes and leave its result.')
    .addHelpText('after', '\nExit codes: 0 done, 1 failed, 2 wrong parameters, 143 told to stop.')
    .addOption(option('--parameters <json>', 'what to do: TaskParameters of src/api/job-work.ts').makeOptionMandatory())
    .addOption(option('--result <file>', 'where the result goes').default('/dev/termination-log'))
    .action(async (options: JobOptions) => exit(await run(options)));
  return program;
}

async function run({ parameters, result }: JobOptions): Promise<number> {
  const { runWork, stopSignals } = await import('../worker/run-task.ts');
  const { signal, release } = stopSignals();
  try {
    const context = { signal, say: (line: string) => void process.stdout.write(`${line}\n`) };
    return await runWork({ parameters, resultPath: result, context });
  } finally {
    release();
  }
}
