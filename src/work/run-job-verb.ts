// `nodewright job <verb> <json> [--result <path>]`: runs one verb and leaves its result for the controller.

import { redact } from '../lib/redact.ts';
import type { WorkContext } from './context.ts';
import { ExecError } from './exec.ts';
import { TERMINATION_LOG, writeTermination } from './termination.ts';
import { verbs } from './verbs.ts';
import { toWorkError, WorkError } from './work-error.ts';

export const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 143 } as const;

/** What a failed verb leaves: the code for the controller, the reason for people. */
export interface WorkFailure {
  readonly ok: false;
  readonly code: string;
  readonly reason: string;
  readonly tail?: string;
  readonly markers?: Readonly<Record<string, string>>;
}

/** What the glue needs from the process. */
export interface JobProcess {
  readonly say: (line: string) => void;
  /** Fires on SIGTERM and SIGINT. */
  readonly signal: AbortSignal;
}

/**
 * `argv` starts with the verb. Gives the exit code: 0 done, 1 failed, 2 wrong parameters, 143 interrupted. The result,
 * `{ok: true, verb, …}` or `{ok: false, verb, code, reason}`, is the last line said and the termination message.
 */
export async function runJobVerb(argv: readonly string[], job: JobProcess): Promise<number> {
  const [name = '', json = '', flag, path = TERMINATION_LOG] = argv;
  const context: WorkContext = { signal: job.signal, say: job.say };
  const result = await outcomeOf(async () => {
    if (flag !== undefined && flag !== '--result')
      throw new WorkError(
        'bad-parameters',
        `"${flag}" is not known; after the parameters only --result <path> may come`,
      );
    return act(name, json, context);
  });
  const message = { verb: name, ...result };
  job.say(JSON.stringify(message));
  try {
    writeTermination(path, message);
  } catch (error) {
    job.say(`the result could not be written to ${path}: ${toWorkError(error, 'termination message').message}`);
    return EXIT.failed;
  }
  return exitCode(result);
}

/** SIGTERM and SIGINT of this process as a signal; `release` stops listening. */
export function stopSignals(): { readonly signal: AbortSignal; readonly release: () => void } {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  process.on('SIGTERM', stop).on('SIGINT', stop);
  return {
    signal: controller.signal,
    release: () => void process.off('SIGTERM', stop).off('SIGINT', stop),
  };
}

async function act(name: string, json: string, context: WorkContext): Promise<{ readonly ok: true }> {
  const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
  if (verb === undefined)
    throw new WorkError('bad-parameters', `"${name}" is no verb; there are ${Object.keys(verbs).join(', ')}`);
  let params: unknown;
  try {
    params = JSON.parse(json);
  } catch (error) {
    throw new WorkError('bad-parameters', 'the parameters are no JSON', { cause: error });
  }
  return verb(params, context);
}

async function outcomeOf(run: () => Promise<{ readonly ok: true }>): Promise<{ readonly ok: true } | WorkFailure> {
  try {
    return await run();
  } catch (error) {
    const { code, message } = toWorkError(error, 'job');
    const output = error instanceof ExecError ? { tail: error.tail, markers: error.markers } : {};
    return { ok: false, code, reason: redact(message), ...output };
  }
}

function exitCode(result: { readonly ok: true } | WorkFailure): number {
  if (result.ok) return EXIT.ok;
  if (result.code === 'interrupted') return EXIT.interrupted;
  return result.code === 'bad-parameters' ? EXIT.usage : EXIT.failed;
}
