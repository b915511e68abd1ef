// The controller as a user runs it: a process of its own, its log in a file.

import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';

export interface ControllerProcess {
  readonly logFile: string;
  readonly pid: number;
  /** Resolves with the exit code when it ends. */
  readonly ended: Promise<number>;
  /** The last lines of the log, for a failure's explanation. */
  lastLog(lines: number): Promise<string>;
  /** SIGTERM, and the wait for its clean end; SIGKILL after 20 s. */
  stop(): Promise<number>;
  /** SIGKILL: what a crash looks like from outside. */
  kill(): Promise<number>;
}

export interface ControllerProcessOptions {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
}

/** The one that `importWorkerImage` makes, unless a test gives another. */
const IMAGE = 'nodewright/nodewright:0.1.0';
const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname;

/** Starts `nodewright …`; resolves when the process runs. */
export async function startControllerProcess({
  args,
  env,
  logFile,
}: ControllerProcessOptions): Promise<ControllerProcess> {
  const log = createWriteStream(logFile, { flags: 'a' });
  const child = spawn(process.execPath, [MAIN, ...args], {
    // As in the image.
    env: { ...process.env, MALLOC_ARENA_MAX: '1', NODEWRIGHT_IMAGE: IMAGE, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const ended = new Promise<number>((resolve) => {
    child.on('close', (code) => {
      log.end();
      resolve(code ?? -1);
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  async function end(signal: NodeJS.Signals): Promise<number> {
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
    try {
      return await ended;
    } finally {
      clearTimeout(timer);
    }
  }
  const lastLog = async (lines: number): Promise<string> =>
    (await readFile(logFile, 'utf8')).trimEnd().split('\n').slice(-lines).join('\n');
  return {
    logFile,
    pid: child.pid ?? 0,
    ended,
    lastLog,
    stop: async () => await end('SIGTERM'),
    kill: async () => await end('SIGKILL'),
  };
}
