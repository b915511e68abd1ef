// A command's end, its markers and its last words; nothing it started survives it.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { exec } from '../../src/work/exec.ts';
import { ExecParams } from '../../src/work/params.ts';
import { quiet } from './support/params.ts';
import { tempDir } from './support/tree.ts';

function sh(script: string, more: object = {}): ExecParams {
  return ExecParams.parse({ command: ['sh', '-c', script], timeoutSeconds: 20, ...more });
}

it('reads markers from both streams; the last match counts', async () => {
  const markers = [
    { name: 'current', pattern: String.raw`current height: (\d+)` },
    { name: 'rollback', pattern: String.raw`rollback height: (\d+)` },
    { name: 'absent', pattern: 'never' },
  ];
  const script = 'echo current height: 5; echo current height: 7 >&2; printf "rollback height: 3"';
  const said: string[] = [];
  const result = await exec(sh(script, { markers }), quiet({ say: (line) => said.push(line) }));
  expect(result).toMatchObject({ ok: true, exitCode: 0, markers: { rollback: '3' } });
  expect(['5', '7']).toContain(result.markers['current']);
  expect(result.markers).not.toHaveProperty('absent');
  expect(said).toContain('rollback height: 3');
});

it('keeps the last 2 KiB, without secrets and terminal escapes', async () => {
  const script = String.raw`i=0; while [ $i -lt 500 ]; do echo "line $i"; i=$((i+1)); done; printf '\033[31mred\033[0m\n'; echo password=hunter22`;
  const { tail } = await exec(sh(script), quiet());
  expect(Buffer.byteLength(tail)).toBeLessThanOrEqual(2048);
  expect(tail).toMatch(/^line \d+\n/);
  expect(tail).toMatch(/line 499\nred\npassword=\[redacted\]$/);
});

it('gives the arguments as they are: no shell reads them', async () => {
  const command = ['echo', '$HOME; `id` && echo "x" > /nowhere'];
  expect(await exec(sh('', { command }), quiet())).toMatchObject({ tail: command[1] });
});

it.each([
  { command: ['sh', '-c', 'echo broken; exit 3'], code: 'command-failed', reason: /ended with code 3/, tail: 'broken' },
  { command: ['sh', '-c', 'kill -SEGV $$'], code: 'command-failed', reason: /SIGSEGV/, tail: '' },
])('fails with $reason', async ({ command, code, reason, tail }) => {
  const refusal = expect.objectContaining({ code, tail, message: expect.stringMatching(reason) });
  await expect(exec(sh('', { command }), quiet())).rejects.toEqual(refusal);
});

it('says so when the image does not have the command', async () => {
  const command = ['no-such-program'];
  await expect(exec(sh('', { command }), quiet())).rejects.toMatchObject({ code: 'command-not-found' });
});

function isAlive(pid: number): boolean {
  try {
    // A dead process that nobody has waited for yet is a zombie.
    return !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

it.each(['timed-out', 'interrupted'] as const)('%s: ends the command and all it started', async (code) => {
  const file = join(tempDir(), 'pid');
  const stop = new AbortController();
  const script = `sleep 300 & echo $! > ${file}.new; mv ${file}.new ${file}; echo started; trap '' TERM; wait; sleep 300`;
  const params = sh(script, { timeoutSeconds: code === 'timed-out' ? 1 : 60, graceSeconds: 0.2 });
  const say = (line: string): void => {
    if (line === 'started' && code === 'interrupted') stop.abort();
  };
  await expect(exec(params, quiet({ signal: stop.signal, say }))).rejects.toMatchObject({ code, tail: 'started' });
  expect(existsSync(file)).toBe(true);
  const pid = Number(readFileSync(file, 'utf8'));
  await expect.poll(() => isAlive(pid)).toBe(false);
});

it('does not wait for a daemon that keeps the output open', async () => {
  const started = performance.now();
  await exec(sh('sleep 300 & echo done'), quiet());
  expect(performance.now() - started).toBeLessThan(15_000);
});
