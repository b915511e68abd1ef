// Runs a program to its end; its output is the result, its failure an error that shows what it said.

import { spawn } from 'node:child_process';
import { basename } from 'node:path';

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Exit codes that are no failure. Default: 0 only. */
  readonly accept?: readonly number[];
  readonly timeoutMs?: number;
}

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Resolves when the program ended with an accepted code. */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    signal: AbortSignal.timeout(options.timeoutMs ?? 120_000),
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  const code = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve(status ?? -1));
  });
  const result = { code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() };
  if ((options.accept ?? [0]).includes(code)) return result;
  const said = `${result.stderr}\n${result.stdout}`.trim().split('\n').slice(-12).join('\n');
  throw new Error(`${basename(command)} ${args.slice(0, 4).join(' ')} ended with code ${code}:\n${said}`);
}
