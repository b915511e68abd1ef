// A process of its own that does one piece of work and can kill itself, without any warning, after the n-th step on disk.
// Arguments: parameters as JSON, n (0: never). Prints `step <name>` for each step and `result <json>` at the end.

import { TaskParameters } from '../../../src/api/worker-task.ts';
import { perform } from '../../../src/worker/perform.ts';
import { stopSignals } from '../../../src/worker/run-task.ts';
import { testEngine } from './params.ts';

const [json = '{}', last = '0'] = process.argv.slice(2);
let steps = 0;

function onStep(step: string): void {
  steps += 1;
  process.stdout.write(`step ${step}\n`);
  if (steps === Number(last)) process.kill(process.pid, 'SIGKILL');
}

const { signal, release } = stopSignals();
try {
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  const result = await perform(TaskParameters.parse(JSON.parse(json)), { signal, say, onStep, ...testEngine() });
  process.stdout.write(`result ${JSON.stringify(result)}\n`);
} catch (error) {
  const code = error instanceof Error && 'code' in error ? error.code : 'thrown';
  const swapped = error instanceof Error && 'swapped' in error ? error.swapped : undefined;
  process.stdout.write(`result ${JSON.stringify({ ok: false, code, swapped, reason: String(error) })}\n`);
}
release();
