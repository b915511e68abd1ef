// Runs one program to its end: no shell, no stdin, a time limit, and an error that says what it printed.

import { spawn } from 'node:child_process';
import { SetupError } from './setup-error.ts';

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  readonly input?: string;
}

const KEPT_CHARACTERS = 1_000_000;

/** What the program wrote to stdout. Throws COMMAND_FAILED with the end of its stderr when it does not exit with 0. */
export async function run(program: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const timeoutMs = options.timeoutMs ?? 60_000;
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout = (stdout + text).slice(-KEPT_CHARACTERS)));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-KEPT_CHARACTERS)));
  child.stdin?.end(options.input);
  const end = await new Promise<{ code: number | null; signal: string | null }>((resolve, reject) => {
    child.once('error', (cause) => reject(new SetupError('COMMAND_FAILED', `cannot run ${program}`, { cause })));
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  if (end.code === 0) return stdout;
  const how = end.signal === null ? `exit code ${end.code}` : `ended by ${end.signal} (limit ${timeoutMs / 1000} s)`;
  const said = (stderr || stdout).trim().split('\n').slice(-15).join('\n');
  throw new SetupError('COMMAND_FAILED', `${program} ${args.slice(0, 4).join(' ')}: ${how}\n${said}`);
}

/** Like run, but resolves to undefined when the program is missing or fails: for questions and for cleaning up. */
export async function tryRun(program: string, args: readonly string[]): Promise<string | undefined> {
  try {
    return await run(program, args);
  } catch {
    return undefined;
  }
}
