// Runs one command without a shell: its output to the log, its end and its markers into the result.

import { spawn, type ChildProcess } from 'node:child_process';

import { codeOf } from '../lib/errors.ts';
import { redact } from '../lib/redact.ts';
import type { WorkContext } from './context.ts';
import { OutputReader } from './output-reader.ts';
import type { ExecParams } from './params.ts';
import { toWorkError, WorkError } from './work-error.ts';

export interface ExecResult {
  readonly ok: true;
  readonly exitCode: number;
  /** Name → first group of the last line that matched. */
  readonly markers: Readonly<Record<string, string>>;
  /** The last 2 KiB of output, redacted. */
  readonly tail: string;
  readonly seconds: number;
}

/** A failure that has output to show. */
export class ExecError extends WorkError {
  readonly markers: Readonly<Record<string, string>>;
  readonly tail: string;

  constructor(code: ConstructorParameters<typeof WorkError>[0], message: string, output: OutputReader) {
    super(code, message);
    this.markers = output.markers();
    this.tail = output.tail();
  }
}

interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly why?: 'timed-out' | 'interrupted';
}

/** The command gets a process group of its own, so that a time-out or a SIGTERM also ends what it started. */
export async function exec(params: ExecParams, context: WorkContext): Promise<ExecResult> {
  const started = performance.now();
  const output = new OutputReader(params.markers, context.say);
  const ending = await run(params, context, output);
  const { code } = ending;
  const name = params.command[0] ?? '';
  if (ending.why === 'timed-out')
    throw new ExecError('timed-out', `${name} did not end within ${params.timeoutSeconds} s and was stopped`, output);
  if (ending.why === 'interrupted')
    throw new ExecError('interrupted', `${name} was stopped because the pod was told to end`, output);
  if (code === null || !params.okCodes.includes(code))
    throw new ExecError(
      'command-failed',
      `${name} ended with ${code === null ? ending.signal : `code ${code}`}`,
      output,
    );
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  return { ok: true, exitCode: code, markers: output.markers(), tail: output.tail(), seconds };
}

async function run(params: ExecParams, context: WorkContext, output: OutputReader): Promise<Ending> {
  const [program = '', ...args] = params.command;
  context.say(`running ${redact(params.command.join(' '))}`);
  const child = spawn(program, args, {
    ...(params.cwd === undefined ? {} : { cwd: params.cwd }),
    env: { ...process.env, ...params.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const stop = stopper(child, params.graceSeconds);
  const timer = setTimeout(() => stop.now('timed-out'), params.timeoutSeconds * 1000);
  const onAbort = (): void => stop.now('interrupted');
  if (context.signal.aborted) onAbort();
  context.signal.addEventListener('abort', onAbort, { once: true });
  child.stdout?.on('data', (chunk: Buffer) => output.take('stdout', chunk));
  child.stderr?.on('data', (chunk: Buffer) => output.take('stderr', chunk));
  try {
    const ending = await ended(child, program);
    output.end();
    return { ...ending, ...(stop.why() === undefined ? {} : { why: stop.why() }) } as Ending;
  } finally {
    clearTimeout(timer);
    stop.clear();
    context.signal.removeEventListener('abort', onAbort);
  }
}

/** `exit`, not `close`: a daemon that the command left behind may hold the pipes open for ever. */
function ended(child: ChildProcess, program: string): Promise<Ending> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      const known = codeOf(error) === 'ENOENT';
      reject(
        known
          ? new WorkError('command-not-found', `${program} (or its working directory) is not in this image`, {
              cause: error,
            })
          : toWorkError(error, `running ${program}`),
      );
    });
    child.once('exit', (code, signal) => {
      const done = (): void => {
        clearTimeout(patience);
        kill(child, 'SIGKILL');
        resolve({ code, signal });
      };
      const patience = setTimeout(done, 1000);
      child.once('close', done);
    });
  });
}

interface Stopper {
  now(why: 'timed-out' | 'interrupted'): void;
  why(): Ending['why'];
  clear(): void;
}

function stopper(child: ChildProcess, graceSeconds: number): Stopper {
  let reason: Ending['why'];
  let timer: NodeJS.Timeout | undefined;
  return {
    now(why) {
      if (reason !== undefined) return;
      reason = why;
      kill(child, 'SIGTERM');
      timer = setTimeout(() => kill(child, 'SIGKILL'), graceSeconds * 1000);
    },
    why: () => reason,
    clear: () => clearTimeout(timer),
  };
}

function kill(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group is gone already.
  }
}
