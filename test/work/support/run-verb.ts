// A process of its own that runs one verb and can kill itself, without any warning, after the n-th step on disk.
// Arguments: verb, parameters as JSON, n (0: never). Prints `step <name>` for each step and the result at the end.

import { stopSignals } from '../../../src/work/run-job-verb.ts';
import { verbs } from '../../../src/work/verbs.ts';

const [verb = '', json = '{}', last = '0'] = process.argv.slice(2);
let steps = 0;

function onStep(step: string): void {
  steps += 1;
  process.stdout.write(`step ${step}\n`);
  if (steps === Number(last)) process.kill(process.pid, 'SIGKILL');
}

const { signal, release } = stopSignals();
try {
  const result = await verbs[verb]?.(JSON.parse(json), {
    signal,
    say: (line) => process.stdout.write(`${line}\n`),
    onStep,
  });
  process.stdout.write(`result ${JSON.stringify(result)}\n`);
} catch (error) {
  const code = error instanceof Error && 'code' in error ? error.code : 'thrown';
  process.stdout.write(`result ${JSON.stringify({ ok: false, code, reason: String(error) })}\n`);
}
release();
