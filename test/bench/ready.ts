// When a controller that was just started says that it is ready: that everything in the cluster is as desired.

import { readFile } from 'node:fs/promises';

import type { ControllerProcess } from '../demo/controller-process.ts';
import { until } from './wait.ts';

/** Waits until the probe of readiness says so; performance.now() of that moment. */
export async function untilReady(controller: ControllerProcess, timeoutMs = 60_000): Promise<number> {
  const port = await until('the port of the probes', 60_000, async () =>
    portIn(await readFile(controller.logFile, 'utf8')),
  );
  await until('the controller to be ready', timeoutMs, async () => await isReady(port));
  return performance.now();
}

/** Of the line that says that the process has started. */
function portIn(log: string): number | undefined {
  const line = log.split('\n').find((one) => one.includes('"msg":"Started"'));
  return line === undefined ? undefined : Number(/"port":(\d+)/.exec(line)?.[1]);
}

async function isReady(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/readyz`)).ok;
  } catch {
    return false;
  }
}
