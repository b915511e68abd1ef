// Runs restic as a child process: what it prints as JSON lines, how it ended as a code, and never longer than it may.

import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';

import type { EngineRepository } from '../../api/worker-task.ts';
import { clip } from '../../lib/clip.ts';
import { defined } from '../../lib/defined.ts';
import { member } from '../../lib/json-value.ts';
import { redact } from '../../lib/redact.ts';
import type { TaskContext } from '../context.ts';
import { throwIfStopped, TaskError } from '../task-error.ts';
import { engineError, isPermanent } from './engine-error.ts';
import { eachLine } from './lines.ts';

/** What every call of the engine needs. */
export interface Engine {
  readonly repository: EngineRepository;
  /** A folder with space for temporary files and the cache of the engine. */
  readonly scratch: string;
  readonly context: TaskContext;
}

export interface EngineCall {
  readonly args: readonly string[];
  /** Each line of the output; absent: the output is collected. */
  readonly onLine?: (line: string) => void;
  /** Takes the bytes of the output in place of `onLine`. */
  readonly into?: (bytes: Buffer) => void;
  readonly cwd?: string;
  /** Ends a call that only asks: the engine itself tries for 15 minutes. Milliseconds. */
  readonly limitMs?: number;
  /** Exit codes that are an answer and no failure. */
  readonly accepts?: readonly number[];
}

export interface EngineEnd {
  readonly code: number;
  readonly output: string;
}

/** Beside the worker in its image. Never from the environment: a pod that names another program would pass as the worker's. */
const PROGRAM = '/usr/local/bin/restic';
const MAX_OUTPUT = 64 << 20;
/** How long the engine may take to remove its lock after it was asked to stop. */
const STOP_MS = 20_000;

/** Throws a `TaskError` for every end that the call does not accept. */
export async function runEngine(engine: Engine, call: EngineCall): Promise<EngineEnd> {
  const { context } = engine;
  throwIfStopped(context.signal);
  const child = spawn(context.engine ?? PROGRAM, argumentsOf(engine, call), {
    env: environmentOf(engine),
    stdio: ['ignore', 'pipe', 'pipe'],
    ...defined({ cwd: call.cwd }),
  });
  const stop = (): void => {
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGKILL'), STOP_MS).unref();
  };
  context.signal.addEventListener('abort', stop, { once: true });
  const timer = call.limitMs === undefined ? undefined : setTimeout(stop, call.limitMs);
  const troubles = followErrors(child.stderr, { context, stop });
  const outputDone = readOutput(child.stdout, call);
  try {
    const code = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (exit) => resolve(exit ?? -1));
    }).catch((error: unknown) => {
      throw new TaskError('EngineFailed', `restic cannot be started: ${String(error)}`, { cause: error });
    });
    throwIfStopped(context.signal);
    if (code !== 0 && call.accepts?.includes(code) !== true)
      throw engineError({ code, location: engine.repository.location, ...troubles });
    return { code, output: outputDone() };
  } finally {
    clearTimeout(timer);
    context.signal.removeEventListener('abort', stop);
  }
}

function argumentsOf({ repository, scratch }: Engine, { args }: EngineCall): string[] {
  const common = ['--json', '--repo', repository.url, '--cache-dir', `${scratch}/cache`, '--retry-lock', '10m'];
  return [...common, ...(repository.ca === undefined ? [] : ['--cacert', repository.ca]), ...args];
}

const PASSED = [
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'RESTIC_PASSWORD',
  'HTTPS_PROXY',
  'HTTP_PROXY',
  'NO_PROXY',
];

/** Only what it needs. Its pack files are too large for the pod's /tmp. */
function environmentOf({ repository, scratch }: Engine): Record<string, string> {
  const given = PASSED.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(given),
    HOME: scratch,
    TMPDIR: scratch,
    RESTIC_PROGRESS_FPS: '0.2',
    ...defined({ AWS_DEFAULT_REGION: repository.region }),
  };
}

interface Troubles {
  /** The last message of the engine's own end. */
  message?: string;
  /** The last failed request that it tried again. */
  retried?: string;
}

/** Some refusals are final, although the engine would try again for a quarter of an hour. */
function followErrors(stderr: Readable, { context, stop }: { context: TaskContext; stop: () => void }): Troubles {
  const troubles: Troubles = {};
  eachLine(stderr, (line) => {
    const said = messageIn(line);
    const text = clip(redact(said ?? line), 300);
    if (said !== undefined) troubles.message = text;
    // What it says of being stopped is not why it was stopped.
    if (said !== undefined || /signal .* received/.test(text)) return;
    troubles.retried = text;
    context.say(`restic: ${text}`);
    if (isPermanent(text)) stop();
  });
  return troubles;
}

/** The message of a JSON line; undefined for a plain one. */
function messageIn(line: string): string | undefined {
  const json = parseLine(line);
  const message = member(json, 'message') ?? member(member(json, 'error'), 'message');
  return typeof message === 'string' ? message : undefined;
}

/** Gives the function that returns what was collected. */
function readOutput(stdout: Readable, { onLine, into }: EngineCall): () => string {
  let output = '';
  if (into !== undefined) stdout.on('data', into);
  else if (onLine !== undefined) eachLine(stdout, onLine);
  else stdout.on('data', (chunk: Buffer) => (output += output.length > MAX_OUTPUT ? '' : chunk.toString('utf8')));
  return () => output;
}

/** Undefined for a line that is no JSON. */
export function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
