// How long a command of ours takes as a process of its own.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { median } from './figure.ts';

const ROUNDS = 3;
const LIMIT_MS = 5 * 60_000;
const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname;

/** Median of three, in milliseconds. */
export async function timeCommand(args: readonly string[]): Promise<number> {
  const samples: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const began = performance.now();
    await run(args);
    samples.push(performance.now() - began);
  }
  return median(samples);
}

/** Exit code 1 of `plan` says that there are changes. */
async function run(args: readonly string[]): Promise<void> {
  const options = { timeout: LIMIT_MS, maxBuffer: 256 * 2 ** 20 };
  try {
    await promisify(execFile)(process.execPath, [MAIN, ...args], options);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 1 && args[0] === 'plan')) throw error;
  }
}
