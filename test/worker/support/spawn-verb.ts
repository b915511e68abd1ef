// Runs a verb in a process of its own and says how it ended.

import { spawn, type ChildProcess } from 'node:child_process';

export interface Ended {
  readonly signal: NodeJS.Signals | null;
  readonly steps: readonly string[];
  readonly result: Readonly<Record<string, unknown>> | undefined;
}

/** `killAfter`: the process kills itself after this many steps; 0 lets it run. `onLine` sees each line and the process. */
export function spawnVerb(
  params: unknown,
  killAfter = 0,
  onLine: (line: string, child: ChildProcess) => void = () => undefined,
): Promise<Ended> {
  const file = new URL('run-verb.ts', import.meta.url).pathname;
  const args = [file, JSON.stringify(params), String(killAfter)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    for (const line of chunk.toString().split('\n')) onLine(line, child);
    text += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (_code, signal) => {
      const lines = text.split('\n');
      const steps = lines.filter((line) => line.startsWith('step ')).map((line) => line.slice(5));
      const result = lines.find((line) => line.startsWith('result '))?.slice(7);
      resolve({ signal, steps, result: result === undefined ? undefined : JSON.parse(result) });
    });
  });
}
