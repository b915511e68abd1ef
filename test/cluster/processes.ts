// Starts and ends the servers of a cluster; a server writes down who it is before it becomes the server.

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, closeSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { isAlive, parseIdentity, type Identity } from './identity.ts';
import { SetupError } from './setup-error.ts';

export interface Server {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

// The shell records its own identity and then turns into the server: a kill between the two leaves no unknown process.
const RECORD_THEN_BECOME = 'record=$1; shift; cat /proc/$$/stat /proc/sys/kernel/random/boot_id >"$record"; exec "$@"';

/** Starts a server that outlives this process, with its output in `logs/NAME.log`; does nothing when it already runs. */
export async function startServer(directory: string, server: Server): Promise<void> {
  if (runningServer(directory, server.name) !== undefined) return;
  mkdirSync(join(directory, 'processes'), { recursive: true });
  mkdirSync(join(directory, 'logs'), { recursive: true });
  const record = recordPath(directory, server.name);
  rmSync(record, { force: true });
  const log = openSync(logPath(directory, server.name), 'a');
  const child = spawn('/bin/sh', ['-c', RECORD_THEN_BECOME, 'sh', record, server.program, ...server.args], {
    cwd: directory,
    env: { ...process.env, ...server.env },
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  child.on('error', () => undefined);
  child.unref();
  await waitFor(
    { what: `${server.name} to start`, timeoutMs: 10_000 },
    () => existsSync(record) && readIdentity(record) !== undefined,
  );
}

/** The identity of a running server of this cluster, or undefined. */
export function runningServer(directory: string, name: string): Identity | undefined {
  const identity = readIdentity(recordPath(directory, name));
  return identity !== undefined && isAlive(identity) ? identity : undefined;
}

/** Names of all servers that were ever started in this cluster's directory, running or not. */
export function recordedServers(directory: string): readonly string[] {
  const folder = join(directory, 'processes');
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** Ends a server: asks, waits `graceMs`, then insists. Resolves once it is gone. A foreign process is never touched. */
export async function stopServer(directory: string, name: string, graceMs = 10_000): Promise<void> {
  const identity = runningServer(directory, name);
  if (identity !== undefined) {
    signal(identity, 'SIGTERM');
    const gone = await becomes(graceMs, () => !isAlive(identity));
    if (!gone) signal(identity, 'SIGKILL');
    await waitFor({ what: `${name} to end`, timeoutMs: 10_000 }, () => !isAlive(identity));
  }
  rmSync(recordPath(directory, name), { force: true });
}

interface Waiting {
  readonly what: string;
  readonly timeoutMs: number;
  /** Servers without which the fact cannot become true. */
  readonly needed?: { readonly directory: string; readonly servers: readonly string[] };
}

/** Waits until `fact` holds. Throws when a needed server ends meanwhile, with the end of its log, or after `timeoutMs`. */
export async function waitFor(
  { what, timeoutMs, needed }: Waiting,
  fact: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await fact())) {
    const dead = needed?.servers.find((name) => runningServer(needed.directory, name) === undefined);
    if (needed !== undefined && dead !== undefined)
      throw new SetupError(
        'SERVER_ENDED',
        `${dead} ended while waiting for ${what}:\n${logTail(needed.directory, dead)}`,
      );
    if (Date.now() > deadline) {
      const logs = needed?.servers.map((name) => `--- ${name}\n${logTail(needed.directory, name)}`).join('\n') ?? '';
      throw new SetupError('TIMEOUT', `waited ${timeoutMs / 1000} s for ${what}\n${logs}`);
    }
    await wait(100);
  }
}

/** Sends a signal to exactly this process, and not to a later one with the same id. */
export function signal(identity: Identity, name: 'SIGTERM' | 'SIGKILL'): void {
  if (!isAlive(identity)) return;
  try {
    process.kill(identity.pid, name);
  } catch {
    // It ended by itself between the two lines.
  }
}

async function becomes(timeoutMs: number, fact: () => boolean): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (!fact()) {
    if (Date.now() > deadline) return false;
    await wait(50);
  }
  return true;
}

function logTail(directory: string, name: string): string {
  const path = logPath(directory, name);
  return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n').slice(-12).join('\n') : '(no log)';
}

function readIdentity(path: string): Identity | undefined {
  return existsSync(path) ? parseIdentity(readFileSync(path, 'utf8')) : undefined;
}

function recordPath(directory: string, name: string): string {
  return join(directory, 'processes', name);
}

function logPath(directory: string, name: string): string {
  return join(directory, 'logs', `${name}.log`);
}
