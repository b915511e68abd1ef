// The pod's command: exit codes, and a termination message that always fits.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import * as fc from 'fast-check';
import { expect, it } from 'vitest';

import { MAX_RESULT_BYTES, TaskResult } from '../../src/api/worker-task.ts';
import { parseResult } from '../../src/jobs/task/result.ts';
import { runTask } from '../../src/worker/run-task.ts';
import { terminationText } from '../../src/worker/termination.ts';
import { copyParams, quiet, restoreParams } from './support/params.ts';
import { tempDir } from './support/tree.ts';

async function run(parameters: string, signal = new AbortController().signal): Promise<{ exit: number; log: string }> {
  const resultPath = join(tempDir(), 'termination-log');
  const exit = await runTask({ parameters, resultPath, context: quiet({ signal }) });
  return { exit, log: existsSync(resultPath) ? readFileSync(resultPath, 'utf8') : '' };
}

it('leaves a result that the controller reads', async () => {
  const dir = tempDir();
  mkdirSync(join(dir, 'v'));
  writeFileSync(join(dir, 'v', 'file'), 'four');
  const { exit, log } = await run(JSON.stringify(copyParams(join(dir, 'v'), join(dir, 'backup'))));
  expect(exit).toBe(0);
  expect(parseResult(log)).toMatchObject({
    ok: true,
    bytes: 4,
    files: 1,
    manifestSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
});

it.each([
  { parameters: '{"verb":"destroy"}', reason: /verb/, because: 'the verb does not exist' },
  { parameters: '{', reason: /no JSON/, because: 'the parameters are cut off' },
  { parameters: '{"verb":"chown","uid":1,"gid":1}', reason: /volumes/, because: 'a parameter is missing' },
  { parameters: '{"verb":"done","x":1}', reason: /x/, because: 'a parameter is unknown' },
  {
    parameters: '{"verb":"chown","uid":1,"gid":1,"volumes":[{"name":"v","at":"/a/../b"}]}',
    reason: /volumes.0.at: must be an absolute path/,
    because: 'a path leaves its directory',
  },
])('exit code 2 when $because', async ({ parameters, reason }) => {
  const { exit, log } = await run(parameters);
  expect({ exit, ...parseResult(log) }).toMatchObject({
    exit: 2,
    ok: false,
    code: 'BadParameters',
    message: expect.stringMatching(reason),
    swapped: false,
  });
});

it('exit code 1 with a code and a reason when the work fails', async () => {
  const dir = tempDir();
  mkdirSync(join(dir, 'home'));
  const { exit, log } = await run(JSON.stringify(restoreParams(join(dir, 'none'), join(dir, 'home'))));
  expect({ exit, ...parseResult(log) }).toMatchObject({ exit: 1, ok: false, code: 'SourceMissing', swapped: false });
});

it('exit code 143 and no result when a signal stopped it, so that it counts as unclear', async () => {
  const dir = tempDir();
  mkdirSync(join(dir, 'v'));
  writeFileSync(join(dir, 'v', 'CURRENT'), 'x');
  const { exit, log } = await run(JSON.stringify(copyParams(join(dir, 'v'), join(dir, 'b'))), AbortSignal.abort());
  expect({ exit, log }).toEqual({ exit: 143, log: '' });
});

it('fits into 4096 bytes, stays JSON, and keeps what the controller decides by', () => {
  const message = fc.string({ unit: 'binary', maxLength: 6000 });
  fc.assert(
    fc.property(fc.boolean(), fc.nat(), message, (ok, bytes, text) => {
      const written = terminationText({ ok, code: 'Failed', bytes, swapped: false, message: text });
      expect(Buffer.byteLength(written)).toBeLessThanOrEqual(MAX_RESULT_BYTES);
      expect(TaskResult.parse(JSON.parse(written))).toMatchObject({ ok, code: 'Failed', bytes, swapped: false });
    }),
    { numRuns: 200 },
  );
});
