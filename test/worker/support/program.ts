// A real program on loopback for a test: started, asked over HTTP, stopped as a kubelet stops it.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

import { waitFor } from '../../support/wait-for.ts';

export interface Program {
  readonly process: ChildProcess;
  /** What it wrote so far, both outputs. */
  output(): string;
}

export interface Start {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Resolves once it is true; a program that ends before fails the test. */
  readonly ready: () => Promise<boolean>;
}

const running = new Set<Program>();

export async function startProgram({ file, args, env, ready }: Start): Promise<Program> {
  const child = spawn(file, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let written = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (written += String(chunk)));
  const program = { process: child, output: () => written };
  running.add(program);
  await waitFor(`${file} answers`, async () => {
    if (child.exitCode !== null) throw new Error(`${file} ended with ${child.exitCode}: ${written.slice(-2000)}`);
    return ready().catch(() => false);
  });
  return program;
}

export async function stopProgram(program: Program): Promise<void> {
  running.delete(program);
  if (program.process.exitCode !== null || program.process.signalCode !== null) return;
  program.process.kill('SIGTERM');
  await once(program.process, 'exit');
}

/** For afterEach: nothing outlives a failed test. */
export async function stopAll(): Promise<void> {
  await Promise.all([...running].map(stopProgram));
}

export async function getJson(url: string, body?: unknown): Promise<unknown> {
  const request = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { ...request, headers, signal: AbortSignal.timeout(10_000) });
  return response.json();
}
