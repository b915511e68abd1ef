// Counts and times one exchange with the Git host.

import type { Runtime } from './runtime.ts';

/** Runs `work`; its duration and result go to the metrics under the operation's name. */
export async function timed<T>({ telemetry, now }: Runtime, operation: string, work: () => Promise<T>): Promise<T> {
  const started = now();
  try {
    const result = await work();
    telemetry.gitOperation(operation, 'success', (now() - started) / 1000);
    return result;
  } catch (error) {
    telemetry.gitOperation(operation, 'error', (now() - started) / 1000);
    throw error;
  }
}
