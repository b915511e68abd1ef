// The pod's command line: exit codes, and a termination message that always fits.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import * as fc from 'fast-check';
import { expect, it } from 'vitest';

import { runJobVerb } from '../../src/work/run-job-verb.ts';
import { MAX_TERMINATION_BYTES, terminationText } from '../../src/work/termination.ts';
import { tempDir } from './support/tree.ts';

async function run(
  argv: readonly string[],
  signal = new AbortController().signal,
): Promise<{ exit: number; message: unknown }> {
  const log = join(tempDir(), 'termination-log');
  const exit = await runJobVerb([...argv, '--result', log], { say: () => undefined, signal });
  return { exit, message: JSON.parse(readFileSync(log, 'utf8')) };
}

it('runs a verb and leaves its result', async () => {
  const dir = tempDir();
  mkdirSync(join(dir, 'v'));
  writeFileSync(join(dir, 'v', 'file'), 'four');
  const { exit, message } = await run(['usage', JSON.stringify({ volumes: [{ name: 'v', path: join(dir, 'v') }] })]);
  expect(exit).toBe(0);
  expect(message).toMatchObject({ verb: 'usage', ok: true, volumes: [{ name: 'v', bytes: 4 }] });
});

it.each([
  { argv: ['destroy', '{}'], reason: /"destroy" is no verb/, because: 'the verb does not exist' },
  { argv: ['constructor', '{}'], reason: /is no verb/, because: 'a name of every object is no verb' },
  { argv: ['usage', '{'], reason: /no JSON/, because: 'the parameters are cut off' },
  { argv: ['usage', '{}'], reason: /volumes/, because: 'a parameter is missing' },
  { argv: ['usage', '{"volumes":[],"x":1}'], reason: /x/, because: 'a parameter is unknown' },
  {
    argv: ['usage', '{"volumes":[{"name":"v","path":"/a/../b"}]}'],
    reason: /must be absolute/,
    because: 'a path leaves its directory',
  },
])('exit code 2 when $because', async ({ argv, reason }) => {
  const { exit, message } = await run(argv);
  expect(exit).toBe(2);
  expect(message).toMatchObject({ ok: false, code: 'bad-parameters', reason: expect.stringMatching(reason) });
});

it('exit code 1 with a reason when the work fails', async () => {
  const { exit, message } = await run(['usage', '{"volumes":[{"name":"v","path":"/no/such/place"}]}']);
  expect({ exit, message }).toMatchObject({ exit: 1, message: { ok: false, code: 'missing-source' } });
});

it('exit code 143 when it was told to stop', async () => {
  const params = JSON.stringify({ command: ['sleep', '60'], timeoutSeconds: 60 });
  const { exit, message } = await run(['exec', params], AbortSignal.timeout(300));
  expect({ exit, message }).toMatchObject({ exit: 143, message: { ok: false, code: 'interrupted' } });
});

it('shows the output of a command that failed', async () => {
  const params = {
    command: ['sh', '-c', 'echo height: 5; exit 1'],
    timeoutSeconds: 9,
    markers: [{ name: 'h', pattern: '(\\d+)' }],
  };
  const { message } = await run(['exec', JSON.stringify(params)]);
  expect(message).toMatchObject({ ok: false, code: 'command-failed', tail: 'height: 5', markers: { h: '5' } });
});

it('fits into 4096 bytes, stays JSON, and keeps what the controller decides by', () => {
  const text = fc.string({ unit: 'binary', maxLength: 3000 });
  const rows = fc.array(fc.record({ volume: text, path: text }), { maxLength: 20 });
  const result = fc.record({
    ok: fc.boolean(),
    code: fc.constant('failed'),
    bytes: fc.nat(),
    reason: text,
    tail: text,
    rows,
  });
  fc.assert(
    fc.property(result, (value) => {
      const message = terminationText(value);
      expect(Buffer.byteLength(message)).toBeLessThanOrEqual(MAX_TERMINATION_BYTES);
      expect(JSON.parse(message)).toMatchObject({ ok: value.ok, code: 'failed', bytes: value.bytes });
    }),
    { numRuns: 200 },
  );
});
